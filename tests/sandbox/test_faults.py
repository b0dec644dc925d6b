"""Each kind of scheduled fault happens when it is due, to whom it is due, and is written down."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tenure_sandbox.serve import build

API = "/jira/rest/api/2"
MWOLF = {"username": "mwolf"}
OFF = {"active": False}


async def schedule(jira: Any, *faults: dict[str, Any]) -> None:
    answer = await jira.post("/_faults", json=list(faults))
    assert answer.status_code == 200, answer.text


async def fired(jira: Any) -> list[tuple[str, int]]:
    return [(entry["kind"], entry["call"]) for entry in (await jira.get("/_faults")).json()["fired"]]


async def writes(jira: Any) -> int:
    return (await jira.get("/_state/jira")).json()["writes"]


async def test_a_fault_waits_for_its_method_path_query_and_turn(jira):
    due = {"kind": "status", "status": 500, "method": "put", "path": f"{API}/user", "query": MWOLF, "nth": [2, 3]}
    await schedule(jira, due)

    async def rename(name: str) -> int:
        answer = await jira.put(f"{API}/user", params={"username": name}, json={"displayName": "Somebody"})
        return answer.status_code

    assert (await jira.get(f"{API}/user", params=MWOLF)).status_code == 200
    assert [await rename(name) for name in ("mwolf", "tbecker", "mwolf", "mwolf", "mwolf")] == [200, 200, 500, 500, 200]
    shown = (await jira.get("/_faults")).json()
    assert shown["faults"][0] == due | {"id": 1, "method": "PUT", "retry_after": None, "when": "before", "seen": 4}
    assert shown["fired"][0] == {
        "n": 1,
        "fault": 1,
        "kind": "status",
        "call": 2,
        "method": "PUT",
        "path": f"{API}/user",
        "query": "username=mwolf",
    }
    assert await writes(jira) == 3


async def test_paths_match_by_expression_too(jira):
    await schedule(jira, {"kind": "status", "path_regex": r"/jira/rest/api/2/user(/list)?"})
    answers = [await jira.get(f"{API}/{end}", params=MWOLF) for end in ("user", "user/list", "user/search")]
    assert [answer.status_code for answer in answers] == [503, 503, 200]


async def test_post_adds_put_replaces_delete_clears(jira):
    one, two = {"kind": "status", "path": "/jira/a"}, {"kind": "status", "path": "/jira/b"}
    await schedule(jira, one)
    await schedule(jira, two)
    assert [fault["id"] for fault in (await jira.get("/_faults")).json()["faults"]] == [1, 2]
    assert [fault["id"] for fault in (await jira.put("/_faults", json=[one])).json()["faults"]] == [3]
    assert (await jira.delete("/_faults")).json() == {"faults": [], "fired": []}


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "gremlin"},
        {"kind": "drop", "status": 500},
        {"kind": "status", "status": 42},
        {"kind": "status", "nth": 0},
        {"kind": "status", "nth": "2"},
        {"kind": "drop", "when": "during"},
        {"kind": "status", "path_regex": "("},
        {"kind": "status", "method": 3},
        {"kind": "status", "query": ["a"]},
        {"kind": "latency", "ms": -1},
        {"kind": "rate_limit", "fill_rate": 0},
        {"kind": "read_only", "status": 409},
        "status",
    ],
)
async def test_a_wrong_fault_schedules_nothing_and_says_why(jira, fault):
    answer = await jira.put("/_faults", json=[{"kind": "status"}, fault])
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("nothing was scheduled: ")
    assert (await jira.get("/_faults")).json()["faults"] == []
    assert (await jira.post("/_faults", json={"kind": "status"})).status_code == 400


@pytest.mark.parametrize(("when", "count"), [("before", 0), ("after", 1)])
async def test_a_dropped_connection_loses_the_answer_not_always_the_write(jira, when, count):
    await schedule(jira, {"kind": "drop", "when": when, "method": "PUT", "nth": 1})
    with pytest.raises(httpx2.TransportError):
        await jira.put(f"{API}/user", params=MWOLF, json=OFF)
    assert await writes(jira) == count
    assert (await jira.put(f"{API}/user", params=MWOLF, json=OFF)).status_code == 200
    assert await fired(jira) == [("drop", 1)]


@pytest.mark.parametrize(("when", "count"), [("before", 0), ("after", 1)])
@pytest.mark.parametrize("status", [500, 503])
async def test_a_server_error_may_hide_a_write(jira, status, when, count):
    await schedule(jira, {"kind": "status", "status": status, "when": when, "method": "POST"})
    answer = await jira.post(f"{API}/group", json={"name": "x"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html;charset=UTF-8")
    assert await writes(jira) == count


async def test_a_429_says_when_to_come_back(jira):
    await schedule(jira, {"kind": "status", "status": 429, "retry_after": 3, "nth": 1})
    answer = await jira.get(f"{API}/myself")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert (await jira.get(f"{API}/myself")).status_code == 200


@pytest.mark.parametrize("status", [200, 404])
async def test_a_proxy_answers_in_place_of_the_application(jira, status):
    await schedule(jira, {"kind": "proxy_html", "status": status, "path": "/jira"})
    answer = await jira.delete(f"{API}/user", params=MWOLF)
    assert (answer.status_code, "<html" in answer.text) == (status, True)
    assert await writes(jira) == 0


async def test_a_truncated_body_is_no_json(jira):
    await schedule(jira, {"kind": "truncate", "nth": 1}, {"kind": "truncate", "keep": 7, "nth": 2})
    half = await jira.get(f"{API}/user/search", params={"username": "."})
    assert half.status_code == 200
    with pytest.raises(ValueError, match=r".+"):
        half.json()
    assert len((await jira.get(f"{API}/user/search", params={"username": "."})).content) == 7
    assert (await jira.get(f"{API}/user/search", params={"username": "."})).json()


async def test_a_listing_cut_short_breaks_off_in_the_middle(jira):
    await schedule(jira, {"kind": "cut_short", "path": f"{API}/user/list", "nth": 2})
    page = (await jira.get(f"{API}/user/list", params={"maxResults": 4})).json()
    with pytest.raises(httpx2.TransportError):
        await jira.get(page["nextPage"])
    assert (await jira.get(page["nextPage"])).status_code == 200


async def test_a_page_token_that_never_changes_brings_the_same_page(jira):
    await schedule(jira, {"kind": "repeat_page"})
    first = (await jira.get(f"{API}/user/list", params={"maxResults": 4})).json()
    assert await fired(jira) == []  # there was no token to forget yet
    second = (await jira.get(first["nextPage"])).json()
    assert (second["values"], second["nextCursor"]) == (first["values"], first["nextCursor"])
    members = {"groupname": "jira-software-users", "maxResults": 3, "startAt": 3}
    assert (await jira.get(f"{API}/group/member", params=members)).json()["startAt"] == 0


async def test_a_capped_listing_says_nothing_of_those_it_leaves_out(jira):
    await schedule(jira, {"kind": "cap", "keep": 2})
    page = (await jira.get(f"{API}/user/list")).json()
    assert (len(page["values"]), page["isLast"]) == (2, True)
    page = (await jira.get(f"{API}/group/member", params={"groupname": "jira-software-users"})).json()
    assert (len(page["values"]), page["total"], page["isLast"]) == (2, 2, True)
    assert len((await jira.get(f"{API}/user/search", params={"username": "."})).json()) == 2
    assert (await jira.get(f"{API}/groups/picker")).json()["total"] == 2


async def test_fewer_permissions_refuse_or_just_find_nobody(jira):
    await schedule(jira, {"kind": "forbidden"})
    assert (await jira.put(f"{API}/user", params=MWOLF, json=OFF)).status_code == 403
    assert (await jira.get(f"{API}/user", params=MWOLF)).status_code == 403
    assert (await jira.get(f"{API}/user/list")).status_code == 403
    assert (await jira.get(f"{API}/user/search", params={"username": "."})).json() == []
    assert (await jira.get(f"{API}/groups/picker")).json()["total"] == 0
    permissions = (await jira.get(f"{API}/mypermissions")).json()["permissions"]
    assert permissions["ADMINISTER"]["havePermission"] is False
    assert (await jira.get(f"{API}/myself")).status_code == 200


async def test_a_read_only_directory_refuses_its_own_accounts(jira):
    await schedule(jira, {"kind": "read_only", "query": MWOLF})
    refused = await jira.put(f"{API}/user", params=MWOLF, json=OFF)
    assert (refused.status_code, set(refused.json())) == (403, {"errorMessages", "errors"})
    assert (await jira.put(f"{API}/user", params={"username": "tbecker"}, json=OFF)).status_code == 200
    assert (await jira.put(f"{API}/user/properties/p", params=MWOLF, json=1)).status_code == 201
    await jira.put("/_faults", json=[{"kind": "read_only", "status": 400}])
    assert (await jira.post(f"{API}/group", json={"name": "x"})).status_code == 400


async def test_a_full_licence(jira):
    await schedule(jira, {"kind": "licence_full"})
    person = {"name": "x", "emailAddress": "x@example.com", "displayName": "X"}
    assert (await jira.post(f"{API}/user", json=person)).status_code == 400
    assert (await jira.post(f"{API}/user", json=person | {"applicationKeys": []})).status_code == 201
    role = (await jira.get(f"{API}/applicationrole/jira-software")).json()
    assert (role["remainingSeats"], role["numberOfSeats"] == role["userCount"]) == (0, True)


async def test_a_captcha_denies_the_sign_in(jira):
    await schedule(jira, {"kind": "captcha"})
    answer = await jira.get(f"{API}/myself")
    assert answer.status_code == 403
    assert answer.headers["x-authentication-denied-reason"].startswith(
        "CAPTCHA_CHALLENGE; login-url=http://jira.test/jira/"
    )
    assert answer.headers["x-seraph-loginreason"] == "AUTHENTICATION_DENIED"


async def test_a_rate_limit_lets_through_and_refills_as_the_vendor_measured(opened):
    now = [0.0]
    jira = opened(build(clock=lambda: now[0]))
    await schedule(jira, {"kind": "rate_limit", "limit": 15, "fill_rate": 5, "interval_seconds": 60})
    first = await jira.get(f"{API}/myself")
    assert {name: first.headers[name] for name in first.headers if name.startswith(("x-rate", "retry"))} == {
        "x-ratelimit-limit": "15",
        "x-ratelimit-remaining": "14",
        "x-ratelimit-interval-seconds": "60",
        "x-ratelimit-fillrate": "5",
        "retry-after": "0",
    }
    statuses = [first.status_code]
    for _ in range(17):
        now[0] += 1
        statuses.append((await jira.get(f"{API}/myself")).status_code)
    assert statuses == [200] * 16 + [429] * 2
    late = await jira.get(f"{API}/myself")
    now[0] += int(late.headers["retry-after"])
    assert (await jira.get(f"{API}/myself")).status_code == 200


async def test_latency_and_several_faults_at_once(jira, monkeypatch):
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("tenure_sandbox.misbehaviour.asyncio.sleep", wait)
    await schedule(jira, {"kind": "latency", "ms": 250}, {"kind": "status", "status": 503, "retry_after": 1})
    assert (await jira.get(f"{API}/myself")).status_code == 503
    assert waited == [0.25]
    assert await fired(jira) == [("latency", 1), ("status", 1)]


async def test_latency_of_the_whole_sandbox(opened, monkeypatch):
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("tenure_sandbox.misbehaviour.asyncio.sleep", wait)
    jira = opened(latency_ms=40)
    await jira.get(f"{API}/myself")
    await jira.get("/_state/jira")
    assert waited == [0.04]


async def test_a_task_that_fails_says_so_at_its_end_and_nothing_is_done(jira):
    await schedule(jira, {"kind": "task_fails", "message": "The index was locked."})
    task = "/jira/rest/api/2/user/anonymization"
    key = (await jira.get(f"{API}/user", params=MWOLF)).json()["key"]
    begun = (await jira.post(task, json={"userKey": key, "newOwnerKey": "admin"})).json()
    assert (begun["status"], begun["errors"]) == ("IN_PROGRESS", {})
    for _ in range(3):
        told = (await jira.get(f"{task}/progress")).json()
    assert (told["status"], [e["errorMessages"] for e in told["errors"].values()]) == (
        "COMPLETED",
        [["The index was locked."]],
    )
    assert (await jira.get(f"{API}/user", params=MWOLF)).json()["key"] == key
    wiki = "/confluence/rest/api"
    begun = (await jira.delete(f"{wiki}/admin/user/mwolf")).json()
    for _ in range(3):
        told = (await jira.get(f"{wiki}/longtask/{begun['id']}")).json()
    assert (told["percentageComplete"], told["successful"]) == (100, False)
    assert [one["translation"] for one in told["messages"]] == ["The index was locked."]
    assert (await jira.get(f"{wiki}/user", params=MWOLF)).status_code == 200

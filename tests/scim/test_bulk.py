"""POST /Bulk: many requests in one (RFC 7644 section 3.7), and /Me, behind which there is nobody (section 3.11)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from .conftest import ENTERPRISE, Provider

REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BASE = "http://tenure.test/scim/okta/v2"


async def bulk(provider: Provider, *operations: Any, **more: Any) -> list[dict[str, Any]]:
    body = {"schemas": [REQUEST], "Operations": list(operations), **more}
    answer = await provider.ask("POST", "/Bulk", body, 200)
    assert answer["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]
    found: list[dict[str, Any]] = answer["Operations"]
    return found


async def refused(provider: Provider, body: Any, status: int = 400) -> str:
    answer = await provider.ask("POST", "/Bulk", body, status)
    assert answer["status"] == str(status)
    return str(answer["detail"])


def post(bulk_id: str, path: str = "/Users", **data: Any) -> dict[str, Any]:
    return {"method": "POST", "path": path, "bulkId": bulk_id, "data": data}


def person(bulk_id: str, **data: Any) -> dict[str, Any]:
    return post(bulk_id, userName=uuid4().hex, **data)


def group(bulk_id: str, *members: str) -> dict[str, Any]:
    return post(bulk_id, "/Groups", displayName=bulk_id, members=[{"value": one} for one in members])


def key(done: dict[str, Any]) -> str:
    return str(done["location"].rpartition("/")[2])


def statuses(done: list[dict[str, Any]]) -> list[str]:
    return [one["status"] for one in done]


async def test_create_replace_change_and_delete_as_in_section_3_7_3(provider: Provider) -> None:
    """One of each method, answered with where the resource is and its version."""
    bob, dave, gone = [await provider.user() for _ in range(3)]
    done = await bulk(
        provider,
        person("qwerty"),
        {
            "method": "PUT",
            "path": f"/Users/{bob['id']}",
            "version": bob["meta"]["version"],
            "data": {"userName": "bob"},
        },
        {
            "method": "PATCH",
            "path": f"/Users/{dave['id']}",
            "data": {"Operations": [{"op": "add", "path": "nickName", "value": "Davy"}]},
        },
        {"method": "DELETE", "path": f"/Users/{gone['id']}", "version": gone["meta"]["version"]},
        failOnErrors=1,
    )
    assert statuses(done) == ["201", "200", "200", "204"]
    assert [one["method"] for one in done] == ["POST", "PUT", "PATCH", "DELETE"]
    assert [one.get("bulkId") for one in done] == ["qwerty", None, None, None]
    assert [one["location"] for one in done[1:]] == [f"{BASE}/Users/{one['id']}" for one in (bob, dave, gone)]
    assert not any("response" in one for one in done)
    for one in done[:3]:
        now = await provider.ask("GET", f"/Users/{key(one)}", status=200)
        assert (now["meta"]["location"], now["meta"]["version"]) == (one["location"], one["version"])
    assert (await provider.ask("GET", f"/Users/{dave['id']}"))["nickName"] == "Davy"
    assert "version" not in done[3]
    await provider.ask("GET", f"/Users/{gone['id']}", status=404)


async def test_group_operations_tell_where_the_group_is_and_its_version(provider: Provider) -> None:
    alice = (await provider.user())["id"]
    there = await provider.group()
    add = {"Operations": [{"op": "add", "path": "members", "value": [{"value": alice}]}]}
    done = await bulk(provider, group("g", alice), {"method": "PATCH", "path": f"/Groups/{there['id']}", "data": add})
    assert statuses(done) == ["201", "200"]
    for one in done:
        assert await provider.members(key(one)) == [alice]
        assert (await provider.ask("GET", f"/Groups/{key(one)}"))["meta"]["version"] == one["version"]


async def test_a_member_is_named_by_its_bulk_id(provider: Provider) -> None:
    done = await bulk(provider, person("qwerty"), group("ytrewq", "bulkId:qwerty"))
    assert statuses(done) == ["201", "201"]
    assert await provider.members(key(done[1])) == [key(done[0])]


async def test_a_reference_to_a_later_operation_makes_it_come_first(provider: Provider) -> None:
    """The answers stand in the order of the request all the same."""
    done = await bulk(
        provider, group("outer", "bulkId:inner"), group("inner", "bulkId:alice"), person("alice"), person("bob")
    )
    assert [one["bulkId"] for one in done] == ["outer", "inner", "alice", "bob"]
    assert statuses(done) == ["201"] * 4
    assert await provider.members(key(done[0])) == [key(done[1])]
    assert await provider.members(key(done[1])) == [key(done[2])]


async def test_a_bulk_id_may_stand_in_a_path_and_in_an_extension(provider: Provider) -> None:
    done = await bulk(
        provider,
        person("boss"),
        person("report", **{ENTERPRISE: {"manager": {"value": "bulkId:boss"}}}),
        {
            "method": "PATCH",
            "path": "/Users/bulkId:boss",
            "data": {"Operations": [{"op": "add", "value": {"title": "Boss"}}]},
        },
    )
    assert statuses(done) == ["201", "201", "200"]
    report = await provider.ask("GET", f"/Users/{key(done[1])}")
    assert report[ENTERPRISE]["manager"]["value"] == key(done[0])
    assert (await provider.ask("GET", f"/Users/{key(done[0])}"))["title"] == "Boss"


async def test_a_chain_of_a_thousand_references_is_resolved(provider: Provider) -> None:
    chain = [person(str(i), **{ENTERPRISE: {"manager": {"value": f"bulkId:{i + 1}"}}}) for i in range(999)]
    done = await bulk(provider, *chain, person("999"))
    assert set(statuses(done)) == {"201"}
    first = await provider.ask("GET", f"/Users/{key(done[0])}")
    assert first[ENTERPRISE]["manager"]["value"] == key(done[1])


async def test_a_circle_is_refused_for_those_in_it_and_those_who_need_them(provider: Provider) -> None:
    done = await bulk(
        provider,
        group("a", "bulkId:b"),
        group("b", "bulkId:a"),
        group("self", "bulkId:self"),
        group("needs", "bulkId:a"),
        person("other"),
    )
    assert statuses(done) == ["409", "409", "409", "409", "201"]
    assert "circle" in done[0]["response"]["detail"]
    assert "failed" in done[3]["response"]["detail"]
    assert "location" not in done[0]
    assert (await provider.ask("GET", "/Groups"))["totalResults"] == 0


async def test_a_failed_operation_undoes_no_other_and_fails_what_needs_it(provider: Provider) -> None:
    taken = await provider.user("taken")
    done = await bulk(
        provider,
        person("x"),
        post("y", userName="TAKEN"),
        group("g", "bulkId:y"),
        group("h", "bulkId:nobody"),
        person("z"),
    )
    assert statuses(done) == ["201", "409", "409", "400", "201"]
    assert done[1]["response"] == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409",
        "scimType": "uniqueness",
        "detail": "Another User has this userName already.",
    }
    assert "'nobody'" in done[3]["response"]["detail"]
    assert (await provider.ask("GET", "/Users"))["totalResults"] == 3
    assert (await provider.ask("GET", f"/Users/{taken['id']}"))["userName"] == "taken"


@pytest.mark.parametrize(("most", "shown"), [(1, 2), (2, 4), (3, 5)])
async def test_fail_on_errors_stops_after_so_many(provider: Provider, most: int, shown: int) -> None:
    wrong = {"method": "DELETE", "path": f"/Users/{uuid4()}"}
    done = await bulk(provider, person("a"), wrong, person("b"), wrong, person("c"), failOnErrors=most)
    assert statuses(done) == ["201", "404", "201", "404", "201"][:shown]
    assert done[1]["location"] == f"{BASE}{wrong['path']}"
    assert (await provider.ask("GET", "/Users"))["totalResults"] == (shown + 1) // 2


async def test_an_old_version_is_refused_for_its_operation_alone(provider: Provider) -> None:
    user, there = await provider.user("amy"), await provider.group()
    change = {"Operations": [{"op": "replace", "path": "displayName", "value": "New"}]}
    done = await bulk(
        provider,
        {"method": "PATCH", "path": f"/Users/{user['id']}", "version": 'W/"7"', "data": change},
        {"method": "PATCH", "path": f"/Groups/{there['id']}", "version": "newest", "data": change},
        {"method": "PATCH", "path": f"/Groups/{there['id']}", "version": there["meta"]["version"], "data": change},
    )
    assert statuses(done) == ["412", "400", "200"]
    assert "displayName" not in await provider.ask("GET", f"/Users/{user['id']}")


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"method": "GET", "path": "/Users"}, "400"),
        ({"path": "/Users", "bulkId": "a", "data": {}}, "400"),
        ({"method": ["POST"], "path": "/Users"}, "400"),
        ({"method": "POST", "path": "/Users", "data": {"userName": "a"}}, "400"),
        ({"method": "POST", "bulkId": "a", "data": {"userName": "a"}}, "400"),
        ({"method": "POST", "bulkId": "a", "path": 7, "data": {"userName": "a"}}, "400"),
        ({"method": "POST", "bulkId": "a", "path": "/Users"}, "400"),
        ({"method": "POST", "bulkId": "a", "path": "/Users", "data": [1]}, "400"),
        ({"method": "POST", "bulkId": "a", "path": "/Users", "data": {"userName": ""}}, "400"),
        ({"method": "PATCH", "path": f"/Users/{uuid4()}", "data": {"Operations": 1}}, "400"),
        ({"method": "PATCH", "path": f"/Users/{uuid4()}", "version": 1, "data": {"Operations": []}}, "400"),
        ({"method": "POST", "bulkId": "a", "path": "/Devices", "data": {}}, "404"),
        ({"method": "POST", "bulkId": "a", "path": "/Bulk", "data": {}}, "404"),
        ({"method": "DELETE", "path": "/Users/a/b"}, "404"),
        ({"method": "DELETE", "path": "/Users/\u00fc"}, "404"),
        ({"method": "DELETE", "path": "/Users"}, "405"),
        ({"method": "POST", "bulkId": "a", "path": "/Users/a", "data": {}}, "405"),
    ],
)
async def test_a_wrong_operation_is_told_among_the_others(
    provider: Provider, operation: dict[str, Any], status: str
) -> None:
    done = await bulk(provider, operation, person("right"))
    assert statuses(done) == [status, "201"]
    assert done[0]["response"]["status"] == status
    assert done[0]["response"]["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"Operations": {}},
        {"Operations": ["POST"]},
        {"Operations": [person("a"), person("a")]},
        {"Operations": [{**person("a"), "bulkId": 7}]},
        {"Operations": [{**person("a"), "bulkId": ""}]},
        {"Operations": [person("a")], "failOnErrors": 0},
        {"Operations": [person("a")], "failOnErrors": "1"},
        {"Operations": [person("a")], "failOnErrors": True},
        [person("a")],
    ],
)
async def test_a_body_that_cannot_be_read_does_nothing(provider: Provider, body: Any) -> None:
    assert await refused(provider, body)
    assert (await provider.ask("GET", "/Users"))["totalResults"] == 0


async def test_limits_are_announced_and_held(provider: Provider) -> None:
    told = (await provider.ask("GET", "/ServiceProviderConfig"))["bulk"]
    assert told == {"supported": True, "maxOperations": 1000, "maxPayloadSize": 8 * 2**20}
    delete = {"method": "DELETE", "path": f"/Users/{uuid4()}"}
    many = await provider.ask("POST", "/Bulk", {"Operations": [delete] * 1000}, 200)
    assert len(many["Operations"]) == 1000
    assert "1000 operations" in await refused(provider, {"Operations": [delete] * 1001}, 413)
    await refused(provider, {"Operations": [person("a", title="x" * 8 * 2**20)]}, 413)
    assert (await provider.ask("GET", "/Users"))["totalResults"] == 0


async def test_each_operation_is_audited_and_marked_as_if_it_came_alone(provider: Provider) -> None:
    done = await bulk(provider, person("a"), {"method": "DELETE", "path": "/Users/bulkId:a"})
    assert [(one["action"], one["facts"]["method"]) for one in provider.audit()] == [
        ("identity.created", "POST"),
        ("identity.removed", "DELETE"),
    ]
    assert provider.marks().keys() == {key(done[0])}
    assert len(provider.commits) == 2


async def test_bulk_is_only_posted(provider: Provider) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        await provider.ask(method, "/Bulk", status=405)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_there_is_nobody_behind_me(provider: Provider, method: str) -> None:
    told = await provider.ask(method, "/Me", status=501)
    assert told["status"] == "501"
    assert "identity provider" in told["detail"]
    await provider.ask(method, "/Me", status=401, headers={"Authorization": "Bearer wrong"})


@pytest.mark.parametrize("depth", [70, 1_000])
async def test_data_that_is_nested_without_end_is_refused(provider: Provider, depth: int) -> None:
    data = '{"userName": "a", "deep": ' + '{"a": ' * depth + "1" + "}" * depth + "}"
    body = '{"Operations": [{"method": "POST", "bulkId": "q", "path": "/Users", "data": ' + data + "}]}"
    answer = await provider.client.post("/Bulk", content=body)
    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")
    assert "nested deeper than 64 levels" in answer.json()["detail"]

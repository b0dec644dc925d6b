"""The stand-in of a SCIM server: filters, PATCH, versions, pages and errors, as RFC 7644 has them."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tenure_sandbox.scim import VARIANTS

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
MAILS = [{"value": "p@work.example", "type": "work", "primary": True}, {"value": "p@home.example", "type": "home"}]
PIA = {
    "schemas": [USER, ENTERPRISE],
    "userName": "Pia",
    "name": {"givenName": "Pia", "familyName": "Quist"},
    "title": "Lead",
    "emails": MAILS,
    ENTERPRISE: {"department": "Sails", "manager": {"value": "m1"}},
}


@pytest.fixture
async def pia(jira: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await jira.post("/scim/Users", json=PIA)
    assert answer.status_code == 201
    return answer.json()


def error(answer: httpx2.Response, status: int, kind: str | None = None) -> None:
    told = answer.json()
    assert (answer.status_code, told["schemas"], told["status"]) == (status, [ERROR], str(status))
    assert told.get("scimType") == kind
    assert answer.headers["content-type"] == "application/scim+json"


FINDS = [
    'userName eq "PIA"',
    'USERNAME Eq "pia"',
    f'{USER}:userName eq "pia"',
    'userName sw "pi" and userName ew "IA"',
    'userName eq "nobody" or title eq "lead"',
    'title co "ea" and not (userName eq "mwolf")',
    'emails[type eq "home" and value co "home"]',
    'emails.value eq "p@HOME.example"',
    'emails eq "p@home.example"',
    'emails.type eq "work" and emails.value eq "p@home.example"',
    f'{ENTERPRISE}:department eq "sails"',
    "title pr",
    'meta.created gt "2000-01-01T00:00:00Z" and title pr',
    'active eq true and name.familyName eq "quist"',
    f'schemas eq "{ENTERPRISE}"',
    'title ne "x" and title pr',
]
FINDS_NOT = [
    'emails[type eq "work" and value co "home"]',
    'id eq "NO-SUCH-ID"',
    'userName eq "mwolf" and title pr',
    "active eq false and title pr",
    'title eq null and userName eq "pia"',
    'title gt "z"',
]
WRONG = [
    "userName",
    'userName is "x"',
    'userName eq "x" and',
    "userName eq x",
    'shoeSize eq "4"',
    "active gt true",
    '(userName eq "x"',
    'userName eq "x")',
    'emails[shoe eq "x"]',
    'not userName eq "x"',
]


@pytest.mark.parametrize("text", FINDS)
async def test_a_filter_finds(jira: httpx2.AsyncClient, pia: dict[str, Any], text: str) -> None:
    found = (await jira.get("/scim/Users", params={"filter": text})).json()
    assert [row["id"] for row in found["Resources"]] == [pia["id"]]
    assert found["totalResults"] == 1


@pytest.mark.parametrize("text", FINDS_NOT)
async def test_a_filter_does_not_find(jira: httpx2.AsyncClient, pia: dict[str, Any], text: str) -> None:
    answer = await jira.get("/scim/Users", params={"filter": text})
    assert (answer.status_code, answer.json()["totalResults"], answer.json()["Resources"]) == (200, 0, [])
    assert pia


@pytest.mark.parametrize("text", WRONG)
async def test_a_filter_that_cannot_be_read_is_refused(jira: httpx2.AsyncClient, text: str) -> None:
    error(await jira.get("/scim/Users", params={"filter": text}), 400, "invalidFilter")


CHANGES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"op": "replace", "path": "title", "value": "Chief"}, {"title": "Chief"}),
    ({"op": "Add", "path": "nickName", "value": "P"}, {"nickName": "P"}),
    ({"op": "remove", "path": "title"}, {"title": None}),
    ({"op": "replace", "value": {"title": "Chief", "active": False}}, {"title": "Chief", "active": False}),
    ({"op": "add", "path": "name", "value": {"middleName": "M"}}, {"name": {**PIA["name"], "middleName": "M"}}),
    (
        {"op": "replace", "path": "name.familyName", "value": "Berg"},
        {"name": {"givenName": "Pia", "familyName": "Berg"}},
    ),
    ({"op": "remove", "path": 'emails[type eq "home"]'}, {"emails": MAILS[:1]}),
    (
        {"op": "replace", "path": 'emails[type eq "home"].value', "value": "n@home.example"},
        {"emails": [MAILS[0], {"value": "n@home.example", "type": "home"}]},
    ),
    (
        {"op": "add", "path": "emails", "value": [{"value": "x@x.example", "primary": True}]},
        {"emails": [{"value": "p@work.example", "type": "work"}, MAILS[1], {"value": "x@x.example", "primary": True}]},
    ),
    (
        {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "R"},
        {ENTERPRISE: {**PIA[ENTERPRISE], "department": "R"}},
    ),
    ({"op": "remove", "path": f"{ENTERPRISE}:manager.value"}, {ENTERPRISE: {"department": "Sails"}}),
    ({"op": "remove", "path": ENTERPRISE}, {ENTERPRISE: None}),
]
REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"op": "move", "path": "title", "value": "x"}, 400, "invalidSyntax"),
    ({"op": "replace", "path": "shoeSize", "value": "4"}, 400, "invalidPath"),
    ({"op": "replace", "path": "title"}, 400, "invalidValue"),
    ({"op": "remove"}, 400, "noTarget"),
    ({"op": "replace", "path": 'emails[type eq "fax"].value', "value": "x"}, 400, "noTarget"),
    ({"op": "replace", "path": "emails.value", "value": "x"}, 400, "invalidPath"),
    ({"op": "replace", "path": "id", "value": "x"}, 400, "mutability"),
    ({"op": "replace", "path": "groups", "value": []}, 400, "mutability"),
    ({"op": "replace", "path": "active", "value": "False"}, 400, "invalidValue"),
    ({"op": "remove", "path": "userName"}, 400, "invalidValue"),
    ({"op": "replace", "path": "userName", "value": "MWOLF"}, 409, "uniqueness"),
]


@pytest.mark.parametrize(("step", "wanted"), CHANGES)
async def test_a_patch_changes_what_it_names(
    jira: httpx2.AsyncClient, pia: dict[str, Any], step: dict[str, Any], wanted: dict[str, Any]
) -> None:
    body = {"schemas": [PATCH], "Operations": [step]}
    changed = (await jira.patch(f"/scim/Users/{pia['id']}", json=body)).json()
    rest = {name: value for name, value in pia.items() if name not in ("meta", "schemas")}
    kept = {name: value for name, value in {**rest, **wanted}.items() if value is not None}
    assert {name: value for name, value in changed.items() if name not in ("meta", "schemas")} == kept


@pytest.mark.parametrize(("step", "status", "kind"), REFUSED)
async def test_a_patch_is_refused_as_a_whole(
    jira: httpx2.AsyncClient, pia: dict[str, Any], step: dict[str, Any], status: int, kind: str
) -> None:
    first = {"op": "replace", "path": "nickName", "value": "not kept"}
    error(
        await jira.patch(f"/scim/Users/{pia['id']}", json={"schemas": [PATCH], "Operations": [first, step]}),
        status,
        kind,
    )
    assert (await jira.get(f"/scim/Users/{pia['id']}")).json() == pia


async def test_a_put_clears_what_it_leaves_out_and_passes_over_what_only_the_server_writes(
    jira: httpx2.AsyncClient, pia: dict[str, Any]
) -> None:
    body = {"schemas": [USER], "userName": "pia", "active": True, "id": "x", "meta": {}, "groups": [], "title": None}
    put = (await jira.put(f"/scim/Users/{pia['id']}", json=body)).json()
    assert {name for name in put if name not in ("meta", "schemas")} == {"id", "userName", "active"}
    assert put["id"] == pia["id"]


async def test_a_version_guards_a_write(jira: httpx2.AsyncClient, pia: dict[str, Any]) -> None:
    path, tag = f"/scim/Users/{pia['id']}", pia["meta"]["version"]
    step = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "Chief"}]}
    assert (await jira.get(path, headers={"If-None-Match": tag})).status_code == 304
    answer = await jira.patch(path, json=step, headers={"If-Match": tag})
    assert answer.headers["etag"] == answer.json()["meta"]["version"] != tag
    error(await jira.patch(path, json=step, headers={"If-Match": tag}), 412)
    error(await jira.request("DELETE", path, headers={"If-Match": tag}), 412)


async def test_members_are_people_or_groups_who_are_there(jira: httpx2.AsyncClient, pia: dict[str, Any]) -> None:
    body = {"schemas": [GROUP], "displayName": "Sails", "members": [{"value": "nobody"}]}
    error(await jira.post("/scim/Groups", json=body), 400, "invalidValue")
    group = (await jira.post("/scim/Groups", json={**body, "members": [{"value": pia["id"]}] * 2})).json()
    assert [(one["value"], one["type"]) for one in group["members"]] == [(pia["id"], "User")]
    assert (await jira.get(f"/scim/Users/{pia['id']}")).json()["groups"][0]["display"] == "Sails"
    await jira.delete(f"/scim/Users/{pia['id']}")
    assert "members" not in (await jira.get(f"/scim/Groups/{group['id']}")).json()


async def test_pages_go_on_where_the_last_one_ended(opened: Any) -> None:
    for version in ("2.0", "2.0-cursor"):
        client = opened(users=61, scim_version=version)
        whole = (await client.get("/scim/Users")).json()
        assert whole["totalResults"] == len(whole["Resources"]) == 71
        rows: list[Any] = []
        where: dict[str, Any] = {"cursor": ""} if version == "2.0-cursor" else {"startIndex": 1}
        while where:
            page = (await client.get("/scim/Users", params={**where, "count": 20})).json()
            rows += page["Resources"]
            cursor = page.get("nextCursor")
            more = {"startIndex": len(rows) + 1} if version == "2.0" and len(rows) < 71 else {}
            where = {"cursor": cursor} if cursor else more
        assert [row["id"] for row in rows] == [row["id"] for row in whole["Resources"]]
        clamped = (await client.get("/scim/Users", params={"startIndex": -3, "count": -1})).json()
        assert (clamped["startIndex"], clamped["Resources"], clamped["totalResults"]) == (1, [], 71)


async def test_errors_are_scims_own_everywhere(opened: Any) -> None:
    client = opened()
    error(await client.get("/scim/Users/nobody"), 404)
    error(await client.get("/scim/nothing"), 404)
    error(await client.post("/scim/Users", content=b"{"), 415)
    error(
        await client.post("/scim/Users", content=b"{", headers={"Content-Type": "application/json"}),
        400,
        "invalidSyntax",
    )
    error(await client.post("/scim/Users", json={"schemas": [USER], "userName": "MWOLF"}), 409, "uniqueness")
    error(await client.post("/scim/Users", json={"schemas": [USER], "userName": "x", "shoe": 1}), 400, "invalidSyntax")
    error(await client.post("/scim/Users", json={"userName": "x"}), 400, "invalidSyntax")
    error(await client.post("/scim/Bulk", json={}), 501)
    error(await opened(scim_version="2.0-put").patch("/scim/Users/x", json={}), 501)
    refused = await opened(auth=("admin", "wrong")).get("/scim/Users")
    error(refused, 401)
    assert refused.headers["www-authenticate"]


def test_there_are_servers_that_can_less() -> None:
    assert {one.patch for one in VARIANTS.values()} == {True, False}
    assert {one.filter for one in VARIANTS.values()} == {True, False}
    assert {one.cursor for one in VARIANTS.values()} == {True, False}

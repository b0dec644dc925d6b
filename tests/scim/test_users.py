"""People: made, read, changed and deleted through the door, and what that leaves in the database."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from .conftest import ENTERPRISE, USER, Provider

ODD = [
    "a@b+c/d\\e f'g,h%2Fi#j?k", "emoji \N{GRINNING FACE}", "e\N{COMBINING ACUTE ACCENT}",
    "\N{LATIN SMALL LETTER E WITH ACUTE}x",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}stanbul \N{LATIN SMALL LETTER DOTLESS I}",
    "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}",
    "x" * 255, "\N{LATIN SMALL LIGATURE FFI}" * 255, 'quote"s', "%_\\%", "null", "true", "5", "- (or) [and]",
]  # fmt: skip


async def test_a_created_user_is_answered_whole(provider: Provider) -> None:
    body = {
        "schemas": [USER, "urn:unknown"], "id": "mine", "meta": {"resourceType": "User"}, "groups": [], "roles": [],
        "username": "A@x.y", "password": "secret", "NAME": {"givenname": "A", "familyName": None, "odd": 1},
        "emails": {"value": "a@x.y", "primary": "True"}, "nickName": None, "unknown": {"deep": [1]},
        ENTERPRISE.lower(): {"Department": "D", "manager": "m1"},
    }  # fmt: skip
    answer = await provider.client.post("/Users", json=body)
    made = answer.json()
    assert answer.status_code == 201
    assert made.pop("id") != "mine"
    meta = made.pop("meta")
    assert made == {
        "schemas": [USER, ENTERPRISE], "userName": "A@x.y", "active": True, "groups": [], "name": {"givenName": "A"},
        "emails": [{"value": "a@x.y", "primary": True}],
        ENTERPRISE: {"department": "D", "manager": {"value": "m1"}},
    }  # fmt: skip
    assert meta["resourceType"] == "User"
    assert meta["created"] == meta["lastModified"] == "2026-01-01T00:00:01.000000Z"
    assert meta["location"] == answer.headers["location"]
    assert meta["location"].startswith("http://tenure.test/scim/okta/v2/Users/")
    assert meta["version"] == answer.headers["etag"] == 'W/"1"'
    assert "secret" not in str(provider.rows("SELECT doc, doc_canon FROM identity")) + str(provider.audit())
    again = await provider.client.get(meta["location"])
    assert again.json() == answer.json()


async def test_creation_leaves_record_audit_and_marks(provider: Provider) -> None:
    made = await provider.user("a", displayName="A", active=False)
    assert provider.marks() == {made["id"]: 5}
    assert len(provider.commits) == 1
    (entry,) = provider.audit()
    assert (entry["actor"], entry["action"], entry["subject"]) == ("source:okta", "identity.created", made["id"])
    assert entry["facts"] == {"method": "POST", "attributes": ["active", "displayName", "userName"]}
    assert orjson.loads(entry["fields"])["userName"] == "a"
    assert provider.rows("SELECT cause FROM due") == [{"cause": entry["id"]}] * 2


@pytest.mark.parametrize("name", ODD)
async def test_odd_names_are_kept_found_and_unique(provider: Provider, name: str) -> None:
    made = await provider.user(name, externalId=name)
    assert made["userName"] == made["externalId"] == name
    quoted = orjson.dumps(name).decode()
    for filter in (f"userName eq {quoted}", f"externalId eq {quoted}", f"userName sw {quoted}"):
        assert (await provider.found(filter))["totalResults"] == 1, filter
    await provider.ask("POST", "/Users", {"userName": f" {name} "}, 409)


async def test_a_name_is_taken_in_any_case_and_normal_form(provider: Provider) -> None:
    await provider.user("Jos\N{LATIN SMALL LETTER E WITH ACUTE}@X.y")
    other = await provider.user("other")
    spelled = "JOSE\N{COMBINING ACUTE ACCENT}@x.Y"
    before = provider.audit()
    for method, path, body in (
        ("POST", "/Users", {"userName": spelled}),
        ("PUT", f"/Users/{other['id']}", {"userName": spelled}),
        ("PATCH", f"/Users/{other['id']}", {"Operations": [{"op": "replace", "value": {"userName": spelled}}]}),
    ):
        error = await provider.ask(method, path, body, 409)
        assert error["scimType"] == "uniqueness"
        assert error["status"] == "409"
    assert provider.audit() == before
    assert (await provider.ask("GET", f"/Users/{other['id']}"))["userName"] == "other"
    await provider.client.post("http://tenure.test/scim/entra/v2/Users", json={"userName": spelled})


async def test_of_two_simultaneous_creations_of_a_name_one_succeeds(provider: Provider) -> None:
    answers = await asyncio.gather(*(provider.client.post("/Users", json={"userName": "Same"}) for _ in range(8)))
    assert sorted(a.status_code for a in answers) == [201] + [409] * 7
    assert len(provider.audit()) == 1


async def test_a_put_clears_what_it_leaves_out_and_keeps_what_is_not_its_own(provider: Provider) -> None:
    made = await provider.user("a", title="T", externalId="e", emails=[{"value": "a@x.y"}])
    group = await provider.group("g", made["id"])
    whole = await provider.ask("GET", f"/Users/{made['id']}", status=200)
    assert [g["value"] for g in whole["groups"]] == [group["id"]]
    put = await provider.ask("PUT", f"/Users/{made['id']}", {**whole, "title": None, "emails": []}, 200)
    assert "title" not in put
    assert "emails" not in put
    assert put["externalId"] == "e"
    assert put["groups"] == whole["groups"]
    assert put["id"] == made["id"]
    put = await provider.ask("PUT", f"/Users/{made['id']}", {"userName": "a"}, 200)
    assert put["active"] is True
    assert "externalId" not in put


async def test_an_update_that_changes_nothing_writes_nothing(provider: Provider) -> None:
    made = await provider.user("a", emails=[{"value": "a@x.y", "type": "work"}], **{ENTERPRISE: {"department": "D"}})
    provider.forget_marks()
    before = provider.audit()
    path = f"/Users/{made['id']}"
    assert await provider.ask("PUT", path, made, 200) == made
    assert await provider.patch(path, status=200) == made
    assert await provider.patch(path, {"op": "replace", "path": "active", "value": "True"}, status=200) == made
    assert await provider.patch(path, {"op": "add", "path": "emails", "value": made["emails"]}, status=200) == made
    assert provider.audit() == before
    assert provider.marks() == {}
    assert provider.commits == []


async def test_what_changed_is_audited_and_a_leaver_comes_first(provider: Provider) -> None:
    made = await provider.user("a", title="T")
    path = f"/Users/{made['id']}"
    await provider.patch(path, {"op": "replace", "path": "title", "value": "U"}, status=200)
    assert provider.marks() == {made["id"]: 5}
    gone = await provider.patch(path, {"op": "Replace", "path": "active", "value": "False"}, status=200)
    assert gone["active"] is False
    assert gone["meta"]["version"] == 'W/"3"'
    assert gone["meta"]["lastModified"] > gone["meta"]["created"]
    assert provider.marks() == {made["id"]: 0}
    await provider.ask("PUT", path, {**gone, "active": True, "title": "V"}, 200)
    entries = provider.audit()[1:]
    assert [e["action"] for e in entries] == ["identity.changed", "identity.deactivated", "identity.reactivated"]
    assert entries[2]["facts"] == {"method": "PUT", "attributes": ["active", "title"]}
    assert orjson.loads(entries[0]["fields"]) == {"userName": "a", "old": {"title": "T"}, "new": {"title": "U"}}
    assert (await provider.found("userName eq a"))["totalResults"] == 1


async def test_a_deleted_user_is_gone_and_frees_the_name(provider: Provider) -> None:
    made = await provider.user("a")
    group = await provider.group("g", made["id"])
    provider.forget_marks()
    path = f"/Users/{made['id']}"
    assert await provider.ask("DELETE", path, status=204) is None
    assert provider.marks() == {made["id"]: 0}
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"userName": "a"}), ("PATCH", {"Operations": []})):
        error = await provider.ask(method, path, body, 404)
        assert error["status"] == "404"
        assert error["detail"]
    assert (await provider.found("userName eq a"))["Resources"] == []
    after = await provider.ask("GET", f"/Groups/{group['id']}", status=200)
    assert after["members"] == []
    assert after["meta"]["version"] != group["meta"]["version"]
    assert provider.audit()[-1]["action"] == "identity.removed"
    again = await provider.user("a")
    assert again["id"] != made["id"]


async def test_a_failed_operation_undoes_the_whole_patch(provider: Provider) -> None:
    made = await provider.user("a", title="T")
    before = provider.audit()
    error = await provider.patch(
        f"/Users/{made['id']}",
        {"op": "replace", "path": "title", "value": "U"},
        {"op": "replace", "path": "active", "value": "maybe"},
        status=400,
    )
    assert error["scimType"] == "invalidValue"
    assert await provider.ask("GET", f"/Users/{made['id']}") == made
    assert provider.audit() == before


async def test_record_audit_and_marks_are_one_transaction(provider: Provider) -> None:
    made = await provider.user("a")
    group = await provider.group("g")
    provider.forget_marks()
    before = provider.audit()
    provider.run("ALTER TABLE due ADD CONSTRAINT broken CHECK (false) NOT VALID")
    failing: list[tuple[str, str, Any]] = [
        ("POST", "/Users", {"userName": "b"}),
        ("PATCH", f"/Users/{made['id']}", {"Operations": [{"op": "replace", "path": "active", "value": False}]}),
        ("DELETE", f"/Users/{made['id']}", None),
        ("PATCH", f"/Groups/{group['id']}", {"Operations": [{"op": "add", "path": "members", "value": made["id"]}]}),
    ]
    try:
        for method, path, body in failing:
            error = await provider.ask(method, path, body, 500)
            assert error["status"] == "500"
            assert "broken" not in error["detail"]
    finally:
        provider.run("ALTER TABLE due DROP CONSTRAINT broken")
    assert provider.audit() == before
    assert provider.commits == []
    assert await provider.ask("GET", f"/Users/{made['id']}") == made
    assert (await provider.ask("GET", "/Users"))["totalResults"] == 1
    assert await provider.members(group["id"]) == []


async def test_simultaneous_patches_of_one_user_lose_nothing(provider: Provider) -> None:
    made = await provider.user("a")
    path = f"/Users/{made['id']}"
    names = ["title", "nickName", "displayName", "locale", "timezone", "userType"]
    await asyncio.gather(*(provider.patch(path, {"op": "add", "path": n, "value": n}, status=200) for n in names))
    after = await provider.ask("GET", path)
    assert {n: after[n] for n in names} == {n: n for n in names}
    assert after["meta"]["version"] == 'W/"7"'


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "userName"),
        ({"userName": "  "}, "userName"),
        ({"userName": None}, "userName"),
        ({"userName": ["a", "b"]}, "userName"),
        ({"userName": "x" * 401}, "userName"),
        ({"userName": "nul\0"}, "NUL"),
        ({"userName": "a", "active": "maybe"}, "active"),
        ({"userName": "a", "title": {"x": 1}}, "title"),
        ({"userName": "a", "name": "A B"}, "name"),
        ({"userName": "a", "emails": [5]}, "emails"),
        ({"userName": "a", "emails": [{"value": "x"}] * 1001}, "emails"),
        ({"userName": "a", ENTERPRISE: "D"}, "enterprise"),
    ],
)
async def test_values_that_cannot_be_are_refused(provider: Provider, body: Any, word: str) -> None:
    error = await provider.ask("POST", "/Users", body, 400)
    assert error["scimType"] == "invalidValue"
    assert word in error["detail"]
    assert provider.audit() == []


async def test_attributes_and_excluded_attributes(provider: Provider) -> None:
    made = await provider.user(
        "a", title="T", name={"givenName": "G", "familyName": "F"},
        emails=[{"value": "a@x.y", "type": "work"}], **{ENTERPRISE: {"department": "D", "division": "V"}},
    )  # fmt: skip
    path = f"/Users/{made['id']}"

    async def keys(query: str) -> dict[str, Any]:
        found: dict[str, Any] = await provider.ask("GET", f"{path}?{query}", status=200)
        assert found.pop("id") == made["id"]
        assert found.pop("schemas")[0] == USER
        return found

    assert await keys("attributes=id") == {}
    assert await keys("attributes=USERNAME,name.givenName") == {"userName": "a", "name": {"givenName": "G"}}
    assert await keys("attributes=emails.value,nonsense") == {"emails": [{"value": "a@x.y"}]}
    assert await keys(f"attributes={ENTERPRISE}:department") == {ENTERPRISE: {"department": "D"}}
    assert await keys(f"attributes={ENTERPRISE}") == {ENTERPRISE: {"department": "D", "division": "V"}}
    assert await keys("attributes=password,groups") == {"groups": []}
    left = await keys(f"excludedAttributes=id,groups,meta,name.givenName,emails,{ENTERPRISE}:division")
    assert left == {
        "userName": "a", "title": "T", "active": True, "name": {"familyName": "F"}, ENTERPRISE: {"department": "D"}
    }  # fmt: skip
    put = await provider.ask("PUT", f"{path}?attributes=title", {**made, "title": "U"}, 200)
    assert put.keys() == {"schemas", "id", "title"}
    posted = await provider.ask("POST", "/Users?excludedAttributes=meta", {"userName": "b"}, 201)
    assert "meta" not in posted


async def test_pages_are_stable_and_counted(provider: Provider) -> None:
    made = [(await provider.user(f"u{i}"))["id"] for i in range(7)]

    async def page(query: str) -> tuple[list[str], int, int, int]:
        found = await provider.ask("GET", f"/Users?{query}", status=200)
        ids = [r["id"] for r in found["Resources"]]
        return ids, found["totalResults"], found["startIndex"], found["itemsPerPage"]

    assert await page("") == (made, 7, 1, 7)
    assert await page("startIndex=3&count=2") == (made[2:4], 7, 3, 2)
    assert await page("startIndex=0&count=3") == (made[:3], 7, 1, 3)
    assert await page("startindex=-5&count=-1") == ([], 7, 1, 0)
    assert await page("startIndex=7&count=100000") == (made[6:], 7, 7, 1)
    assert await page("startIndex=99999999999999999999") == ([], 7, 2**31, 0)
    assert await page("startIndex=6&count=2&filter=userName+sw+u") == (made[5:], 7, 6, 2)
    assert await page("count=0&foo=bar") == ([], 7, 1, 0)
    await provider.ask("GET", "/Users?count=many", status=400)


async def test_a_version_that_is_known_is_not_sent_again(provider: Provider) -> None:
    made = await provider.user("a")
    for tag, status in (('W/"1"', 304), ('"1"', 304), ('W/"2"', 200), ('W/"7", W/"1"', 304)):
        answer = await provider.client.get(f"/Users/{made['id']}", headers={"If-None-Match": tag})
        assert answer.status_code == status


async def test_only_a_word_reopens_somebody_who_left(provider: Provider) -> None:
    user = await provider.user()
    path, removal = f"/Users/{user['id']}", {"op": "remove", "path": "active"}

    async def standing() -> tuple[object, int]:
        found = await provider.ask("GET", "/Users?filter=active+eq+false")
        return (await provider.ask("GET", path)).get("active"), found["totalResults"]

    await provider.patch(path, removal, status=200)
    assert await standing() == (None, 0)
    await provider.patch(path, {"op": "replace", "path": "active", "value": False}, status=200)
    await provider.patch(path, removal, status=200)
    assert await standing() == (None, 1)
    await provider.ask("PUT", path, {"userName": user["userName"]}, status=200)
    assert await standing() == (False, 1)
    await provider.patch(path, {"op": "replace", "path": "active", "value": True}, status=200)
    assert await standing() == (True, 0)

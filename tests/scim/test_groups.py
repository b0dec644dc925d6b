"""Groups: made, read, renamed and deleted, many members at once, and that only those concerned are marked."""

from __future__ import annotations

import asyncio

import pytest

from .conftest import GROUP, Provider, join, leave, people


async def test_a_group_is_answered_with_its_members(provider: Provider) -> None:
    named = await provider.user("a", displayName="Ann")
    plain = await provider.user("b")
    answer = await provider.client.post(
        "/Groups",
        json={
            "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
            "displayName": "G", "externalId": "e1", "meta": {"resourceType": "Group"},
            "members": [{"value": named["id"], "display": None, "$ref": None}, {"value": plain["id"], "display": "x"}],
        },
    )  # fmt: skip
    made = answer.json()
    assert answer.status_code == 201
    location = f"http://tenure.test/scim/okta/v2/Groups/{made['id']}"
    assert answer.headers["location"] == made["meta"]["location"] == location
    assert answer.headers["etag"] == made["meta"]["version"]
    assert (made["schemas"], made["displayName"], made["externalId"]) == ([GROUP], "G", "e1")
    shown = {m["value"]: m for m in made["members"]}
    assert shown[named["id"]] == {
        "value": named["id"], "type": "User", "$ref": named["meta"]["location"]
    }  # fmt: skip
    asked = await provider.ask("GET", f"/Groups/{made['id']}", params={"attributes": "members.value,members.display"})
    assert {m["value"]: m["display"] for m in asked["members"]} == {named["id"]: "Ann", plain["id"]: "b"}
    assert (await provider.client.get(location)).json() == made
    person = await provider.ask("GET", f"/Users/{plain['id']}")
    assert person["groups"] == [{"value": made["id"], "$ref": location, "display": "G", "type": "direct"}]


async def test_lists_show_each_group_with_its_own_members(provider: Provider) -> None:
    ids = await people(provider, 3)
    first, empty = await provider.group("first", *ids[:2]), await provider.group("empty")
    last = await provider.group("last", ids[2])
    found = await provider.ask("GET", "/Groups", status=200)
    assert found["Resources"] == [first, empty, last]
    assert (found["totalResults"], found["startIndex"], found["itemsPerPage"]) == (3, 1, 3)
    found = await provider.ask("GET", "/Groups?startIndex=2&count=1", status=200)
    assert found["Resources"] == [empty]
    found = await provider.ask("GET", "/Groups?attributes=members.value", status=200)
    assert [sorted(m["value"] for m in g["members"]) for g in found["Resources"]] == [sorted(ids[:2]), [], [ids[2]]]
    assert found["Resources"][2]["members"] == [{"value": ids[2]}]
    without = await provider.ask("GET", '/Groups?excludedAttributes=members&filter=displayName eq "FIRST"', status=200)
    assert [g["id"] for g in without["Resources"]] == [first["id"]]
    assert "members" not in without["Resources"][0]


async def test_a_large_group_is_streamed_whole(provider: Provider) -> None:
    provider.run(
        """INSERT INTO identity (id, source, user_name, user_name_canon, active, doc, created_at, modified_at)
        SELECT gen_random_uuid(), %s, 'p' || n, 'p' || n, true, jsonb_build_object('userName', 'p' || n), now(), now()
        FROM generate_series(1, 5000) n""",
        provider.sources["okta"].id,
    )
    group = await provider.group("big")
    small = await provider.group("small")
    provider.run("INSERT INTO member SELECT %s, id, now() FROM identity", group["id"])
    everybody = sorted(str(r["id"]) for r in provider.rows("SELECT id FROM identity"))
    assert await provider.members(group["id"]) == everybody
    found = await provider.ask("GET", "/Groups", status=200)
    assert [len(g["members"]) for g in found["Resources"]] == [5000, 0]
    assert found["Resources"][1] == small


async def test_a_rename_leaves_one_scope_mark_and_keeps_the_members(provider: Provider) -> None:
    (one,) = await people(provider, 1)
    group = await provider.group("g", one)
    provider.forget_marks()
    renamed = {"op": "replace", "value": {"id": group["id"], "displayName": "h"}}
    await provider.patch(f"/Groups/{group['id']}", renamed, status=204)
    (mark,) = provider.rows("SELECT DISTINCT subject, shard FROM due")
    assert mark == {"subject": f"scope:{group['id']}", "shard": 17}
    after = await provider.ask("GET", f"/Groups/{group['id']}")
    assert (after["displayName"], [m["value"] for m in after["members"]]) == ("h", [one])
    assert after["meta"]["version"] != group["meta"]["version"]
    entry = provider.audit()[-1]
    assert entry["action"] == "group.renamed"
    assert (entry["facts"]["old"]["displayName"], entry["facts"]["new"]["displayName"]) == ("g", "h")
    assert (await provider.ask("GET", f"/Users/{one}"))["groups"][0]["display"] == "h"


async def test_a_put_is_the_whole_group(provider: Provider) -> None:
    one, two, three = await people(provider, 3)
    group = await provider.group("g", one, two)
    provider.forget_marks()
    path = f"/Groups/{group['id']}"
    body = {**group, "members": [{"value": two, "display": "new label"}, {"value": three}]}
    put = await provider.ask("PUT", path, body, 200)
    assert sorted(m["value"] for m in put["members"]) == sorted([two, three])
    assert provider.marks() == {one: 1, three: 5}
    entries = provider.audit()
    again = await provider.ask("PUT", path, put, 200)
    assert again == put
    assert provider.audit() == entries
    put = await provider.ask("PUT", path, {"displayName": "g", "members": []}, 200)
    assert put["members"] == []


async def test_a_deleted_group_marks_its_members(provider: Provider) -> None:
    one, two = await people(provider, 2)
    group = await provider.group("g", one, two)
    provider.forget_marks()
    path = f"/Groups/{group['id']}"
    await provider.ask("DELETE", path, status=204)
    assert provider.marks() == {one: 1, two: 1}
    entry = provider.audit()[-1]
    assert entry["action"] == "group.removed"
    assert entry["facts"]["removed"] == sorted([one, two])
    for method, body in (("GET", None), ("DELETE", None), ("PUT", {"displayName": "g"}), ("PATCH", {"Operations": []})):
        await provider.ask(method, path, body, 404 if method != "PATCH" else None)
    await provider.patch(path, join(one), status=404)
    assert (await provider.ask("GET", f"/Users/{one}"))["groups"] == []
    assert (await provider.ask("GET", "/Groups"))["totalResults"] == 0


async def test_a_request_that_touches_many_is_a_bulk(provider: Provider) -> None:
    ids = await people(provider, 101)
    group = await provider.group()
    provider.forget_marks()
    await provider.patch(f"/Groups/{group['id']}", join(*ids), status=204)
    assert provider.marks() == dict.fromkeys(ids, 9)
    assert len(provider.commits) == 1
    provider.forget_marks()
    await provider.ask(
        "PATCH", f"/Users/{ids[0]}", {"Operations": [{"op": "replace", "value": {"active": False}}]}, 200
    )
    await provider.patch(f"/Groups/{group['id']}", leave(*ids), status=204)
    assert provider.marks() == {**dict.fromkeys(ids, 9), ids[0]: 0}


@pytest.mark.parametrize(("leaving", "scope"), [(False, "group"), (True, "all")])
async def test_a_request_that_touches_a_multitude_leaves_a_scope_mark(
    provider: Provider, leaving: bool, scope: str
) -> None:
    provider.run(
        """INSERT INTO identity (id, source, user_name, user_name_canon, active, doc, created_at, modified_at)
        SELECT gen_random_uuid(), %s, 'p' || n, 'p' || n, true, jsonb_build_object('userName', 'p' || n), now(), now()
        FROM generate_series(1, 50001) n""",
        provider.sources["okta"].id,
    )
    group = await provider.group()
    ids = [str(r["id"]) for r in provider.rows("SELECT id FROM identity")]
    path = f"/Groups/{group['id']}"
    if leaving:
        provider.run("INSERT INTO member SELECT %s, id, now() FROM identity", group["id"])
        await provider.patch(path, {"op": "remove", "path": "members"}, status=204)
    else:
        await provider.patch(path, join(*ids), status=204)
    assert provider.marks() == {"scope:all" if scope == "all" else f"scope:{group['id']}": 5}
    assert provider.rows("SELECT count(*) AS n FROM member")[0]["n"] == (0 if leaving else 50001)


async def test_simultaneous_changes_of_one_group_lose_nothing(provider: Provider) -> None:
    ids = await people(provider, 40)
    group = await provider.group("g", *ids[:20])
    path = f"/Groups/{group['id']}"
    changes = [provider.patch(path, join(one), status=204) for one in ids[20:]]
    changes += [provider.patch(path, leave(one), status=204) for one in ids[:20]]
    changes += [
        provider.patch(path, {"op": "replace", "value": {"displayName": f"g{n}"}}, status=204) for n in range(5)
    ]
    await asyncio.gather(*changes)
    assert await provider.members(group["id"]) == sorted(ids[20:])
    after = await provider.ask("GET", path)
    assert after["meta"]["version"] == f'W/"{int(group["meta"]["version"][3:-1]) + 45}"'


async def test_members_cannot_join_while_they_or_the_group_are_deleted(provider: Provider) -> None:
    for _ in range(5):
        one, two = await people(provider, 2)
        group = await provider.group("g", two)
        await asyncio.gather(
            provider.patch(f"/Groups/{group['id']}", join(one)),
            provider.ask("DELETE", f"/Users/{one}", status=204),
            provider.patch(f"/Groups/{group['id']}", join(two)),
            provider.ask("DELETE", f"/Groups/{group['id']}", status=204),
        )
    assert provider.rows("SELECT * FROM member") == []


async def test_two_groups_may_share_a_name_and_a_group_needs_one(provider: Provider) -> None:
    await provider.group("same")
    group = await provider.group("same")
    assert (await provider.found('displayName eq "SAME"', "Groups"))["totalResults"] == 2
    for body in ({}, {"displayName": " "}, {"displayName": None}, {"displayName": "x" * 401}):
        assert (await provider.ask("POST", "/Groups", body, 400))["scimType"] == "invalidValue"
        assert (await provider.ask("PUT", f"/Groups/{group['id']}", body, 400))["scimType"] == "invalidValue"
    error = await provider.patch(f"/Groups/{group['id']}", {"op": "remove", "path": "displayName"}, status=400)
    assert error["scimType"] == "mutability"


async def test_a_patch_answers_with_a_body_when_attributes_are_asked_for(provider: Provider) -> None:
    (one,) = await people(provider, 1)
    group = await provider.group()
    body = {"Operations": [join(one)]}
    path = f"/Groups/{group['id']}"
    found = await provider.ask("PATCH", f"{path}?attributes=members", body, 200)
    assert [m["value"] for m in found["members"]] == [one]
    found = await provider.ask("PATCH", f"{path}?excludedAttributes=members", body, 200)
    assert found["displayName"] == "g"
    assert "members" not in found

"""Groups inside groups: at the door, and for the accounts of those who are in them."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.engine.world import World, person
from tests.scim.conftest import Provider, join, leave, people

from tenure.store import nesting


async def shown(provider: Provider, group: str) -> list[tuple[str, str, str]]:
    asked = {"attributes": "members.value,members.type,members.display"}
    found = await provider.ask("GET", f"/Groups/{group}", params=asked, status=200)
    return [(m["value"], m["type"], m["display"]) for m in found.get("members", ())]


async def test_a_group_is_a_member_like_a_person(provider: Provider) -> None:
    ann = await provider.user("ann")
    inner = await provider.group("Inner")
    outer = await provider.group("Outer", ann["id"], inner["id"])
    assert await shown(provider, outer["id"]) == [(inner["id"], "Group", "Inner"), (ann["id"], "User", "ann")]
    assert outer["members"][0]["$ref"].endswith(f"/Groups/{inner['id']}")
    found = await provider.found(f'members.value eq "{inner["id"]}"', "Groups")
    assert [g["id"] for g in found["Resources"]] == [outer["id"]]
    found = await provider.found('members[type eq "Group" and display eq "inner"]', "Groups")
    assert [g["id"] for g in found["Resources"]] == [outer["id"]]
    version = (await provider.ask("GET", f"/Groups/{outer['id']}"))["meta"]["version"]
    await provider.patch(f"/Groups/{outer['id']}", leave(inner["id"]), status=204)
    assert [m[0] for m in await shown(provider, outer["id"])] == [ann["id"]]
    assert (await provider.ask("GET", f"/Groups/{outer['id']}"))["meta"]["version"] != version


async def test_whoever_is_in_the_inner_group_is_in_the_outer_one(provider: Provider) -> None:
    ann = await provider.user("ann")
    inner = await provider.group("Inner", ann["id"])
    middle = await provider.group("Middle", inner["id"])
    outer = await provider.group("Outer", middle["id"], ann["id"])
    groups = (await provider.ask("GET", f"/Users/{ann['id']}"))["groups"]
    assert {(g["value"], g["type"]) for g in groups} == {
        (inner["id"], "direct"), (middle["id"], "indirect"), (outer["id"], "direct"),
    }  # fmt: skip


async def test_a_put_without_the_inner_group_takes_it_out(provider: Provider) -> None:
    [ann, bob] = await people(provider, 2)
    inner, other = await provider.group("Inner"), await provider.group("Other")
    outer = await provider.group("Outer", ann, inner["id"])
    body = {"displayName": "Outer", "members": [{"value": one} for one in (bob, other["id"])]}
    await provider.ask("PUT", f"/Groups/{outer['id']}", body, 200)
    assert [m[0] for m in await shown(provider, outer["id"])] == [other["id"], bob]
    await provider.ask("PUT", f"/Groups/{outer['id']}", {"displayName": "Outer"}, 200)
    assert await shown(provider, outer["id"]) == []


async def test_no_group_is_inside_itself(provider: Provider) -> None:
    inner = await provider.group("Inner")
    middle = await provider.group("Middle", inner["id"])
    outer = await provider.group("Outer", middle["id"])
    for into, what in ((inner, inner), (inner, middle), (inner, outer)):
        told = await provider.patch(f"/Groups/{into['id']}", join(what["id"]), status=400)
        assert told["scimType"] == "invalidValue"
        assert f"{what['id']} would be inside itself" in told["detail"]
    assert await shown(provider, inner["id"]) == []


async def test_two_requests_cannot_close_a_circle_together(provider: Provider) -> None:
    for _ in range(5):
        one, other = await provider.group("One"), await provider.group("Other")
        done = await asyncio.gather(
            provider.patch(f"/Groups/{one['id']}", join(other["id"])),
            provider.patch(f"/Groups/{other['id']}", join(one["id"])),
        )
        assert sorted(str((d or {}).get("status")) for d in done) == ["400", "None"]


async def test_what_is_neither_a_user_nor_a_group_here_is_refused(provider: Provider) -> None:
    [ann] = await people(provider, 1)
    inner, outer = await provider.group("Inner"), await provider.group("Outer")
    gone = await provider.group("Gone")
    await provider.ask("DELETE", f"/Groups/{gone['id']}", status=204)
    told = await provider.patch(f"/Groups/{outer['id']}", join(ann, inner["id"], gone["id"]), status=400)
    assert gone["id"] in told["detail"]
    assert await shown(provider, outer["id"]) == []


async def test_a_group_that_is_deleted_leaves_the_others(provider: Provider) -> None:
    [ann] = await people(provider, 1)
    inner = await provider.group("Inner", ann)
    middle = await provider.group("Middle", inner["id"])
    outer = await provider.group("Outer", middle["id"])
    provider.forget_marks()
    await provider.ask("DELETE", f"/Groups/{middle['id']}", status=204)
    assert await shown(provider, outer["id"]) == []
    assert list(provider.marks()) == [f"scope:{inner['id']}"]
    entries = [e for e in provider.audit() if e["facts"].get("removed_from")]
    assert entries[-1]["facts"]["removed_groups"] == [inner["id"]]
    assert entries[-1]["facts"]["removed_from"] == [outer["id"]]


async def test_a_member_of_people_alone_stays_one_statement(provider: Provider, monkeypatch: Any) -> None:
    [ann] = await people(provider, 1)
    group = await provider.group("Outer")
    monkeypatch.setattr(nesting, "nest", None)
    await provider.patch(f"/Groups/{group['id']}", join(ann), status=204)
    await provider.patch(f"/Groups/{group['id']}", leave(ann), status=204)


async def test_accounts_follow_groups_inside_groups(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = {}
        for name in ("ada", "bob"):
            answer = await client.post("/Users", json=person(f"{name}@x.example", name.title()))
            ids[name] = answer.json()["id"]
        for name, member in (("Inner", "ada"), ("Middle", "Inner"), ("Outer", "Middle")):
            body = {"displayName": name, "members": [{"value": ids[member]}]}
            ids[name] = (await client.post("/Groups", json=body)).json()["id"]
        await world.finish(tenure)
        assert sorted((await world.account("ada") or {})["groups"]) == ["Inner", "Middle", "Outer"]

        await client.patch(f"/Groups/{ids['Inner']}", json={"Operations": [join(ids["bob"])]})
        await world.finish(tenure)
        assert sorted((await world.account("bob") or {})["groups"]) == ["Inner", "Middle", "Outer"]

        await client.patch(f"/Groups/{ids['Outer']}", json={"Operations": [leave(ids["Middle"])]})
        await world.finish(tenure)
        for name in ("ada", "bob"):
            assert sorted((await world.account(name) or {})["groups"]) == ["Inner", "Middle"]

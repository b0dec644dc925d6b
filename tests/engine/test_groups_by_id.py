"""Groups of a provider are followed by their ids: renamed ones, and two of one name."""

from __future__ import annotations

from typing import Any

import httpx2

from .world import World, patch, person


async def group(client: httpx2.AsyncClient, name: str, *members: str) -> str:
    made = await client.post(
        "/Groups", json={"schemas": [], "displayName": name, "members": [{"value": m} for m in members]}
    )
    return str(made.json()["id"])


async def names(world: World) -> set[str]:
    return {g["name"] for g in (await world.jira())["groups"]}


async def groups_of(world: World, name: str) -> list[str]:
    account: Any = await world.account(name)
    return list(account["groups"])


async def test_a_renamed_group_leads_where_it_led(database: str) -> None:
    world = World(database)
    before = await names(world)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = [(await client.post("/Users", json=person(f"{n}@x.example", n))).json()["id"] for n in ("ada", "ben")]
        fly, mapped = await group(client, "Marketing", ids[0]), await group(client, "Dev users", ids[0])
        await world.finish(tenure)
        for one, name in ((fly, "Growth"), (mapped, "Engineering")):
            renamed = patch({"op": "replace", "path": "displayName", "value": name})
            assert (await client.patch(f"/Groups/{one}", json=renamed)).status_code < 300
            joins = patch({"op": "add", "path": "members", "value": [{"value": ids[1]}]})
            assert (await client.patch(f"/Groups/{one}", json=joins)).status_code < 300
        await world.finish(tenure)
    assert await names(world) - before == {"Marketing"}
    assert await groups_of(world, "ada") == await groups_of(world, "ben") == ["Marketing", "software_dev"]


async def test_a_renamed_group_that_is_excluded_now_leads_nowhere(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        ada = (await client.post("/Users", json=person("ada@x.example", "Ada"))).json()["id"]
        one = await group(client, "Marketing", ada)
        await world.finish(tenure)
        assert await groups_of(world, "ada") == ["Marketing"]
        renamed = patch({"op": "replace", "path": "displayName", "value": "tmp-marketing"})
        await client.patch(f"/Groups/{one}", json=renamed)
        await world.finish(tenure)
    assert await groups_of(world, "ada") == []


async def test_of_two_groups_of_one_name_the_first_is_followed(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = [(await client.post("/Users", json=person(f"{n}@x.example", n))).json()["id"] for n in ("ada", "ben")]
        first = await group(client, "Team", ids[0])
        await world.finish(tenure)
        second = await group(client, "TEAM", ids[1])
        await world.finish(tenure)
        assert (await groups_of(world, "ada"), await groups_of(world, "ben")) == (["Team"], [])
        renamed = patch({"op": "replace", "path": "displayName", "value": "Team B"})
        await client.patch(f"/Groups/{second}", json=renamed)
        await world.finish(tenure)
        assert (await groups_of(world, "ada"), await groups_of(world, "ben")) == (["Team"], ["Team B"])
        assert first != second

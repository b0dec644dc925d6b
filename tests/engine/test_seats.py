"""Seats of a licence: nobody is given one that is not there, and whoever waits gets the next one that is."""

from __future__ import annotations

from datetime import timedelta

from tenure_sandbox.serve import build

from .world import ESTATE, World, patch, person

LICENSED = ESTATE.replace("{Dev users: [software_dev]}", "{Dev users: [software_dev, jira-software-users]}")
FIRST = LICENSED + "    seats: {first: title == 'Lead'}\n"
NAMES = ["ada", "ben", "cyd", "dan"]


async def world_with(database: str, left: int, estate: str = LICENSED) -> World:
    """A Jira whose licence has so many seats left."""
    world = World(database, estate)
    roles = await world.sandbox_call("GET", "/jira/rest/api/2/applicationrole", auth=True)
    used = next(role["userCount"] for role in roles if role["key"] == "jira-software")
    world.sandbox = build(seats=used + left)
    return world


async def push(world: World, names: list[str], leads: tuple[str, ...] = ()) -> dict[str, str]:
    """These people join, all in the group that gives the licence; gives their ids at the provider."""
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        await world.finish(tenure)
        for name in names:
            one = person(f"{name}@x.example", name.title()) | ({"title": "Lead"} if name in leads else {})
            ids[name] = (await client.post("/Users", json=one)).json()["id"]
        members = [{"value": ids[name]} for name in names]
        made = await client.post("/Groups", json={"schemas": [], "displayName": "Dev users", "members": members})
        ids["Dev users"] = made.json()["id"]
        await world.finish(tenure)
    return ids


async def seated(world: World) -> list[str]:
    """Who of them has the licence; all of them have an account and the group that gives none."""
    found = {a["name"]: a["groups"] for a in (await world.jira())["accounts"]}
    assert all("software_dev" in found[name] for name in NAMES if name in found)
    return [name for name in NAMES if "jira-software-users" in found.get(name, ())]


async def after(world: World, minutes: float) -> None:
    world.clock.at += timedelta(minutes=minutes)
    async with world.house() as tenure:
        await world.finish(tenure)


async def held(world: World) -> list[str]:
    async with world.house() as tenure:
        found = await tenure.database.rows(
            """SELECT i.user_name FROM seat_queue q JOIN identity i ON i.id::text = q.subject
            ORDER BY q.first DESC, q.since"""
        )
    return [row["user_name"].partition("@")[0] for row in found]


async def test_no_more_get_a_licence_than_there_are_seats(database: str) -> None:
    world = await world_with(database, 2)
    await push(world, NAMES)
    assert len(await seated(world)) == 2
    assert len(await held(world)) == 2
    assert len((await world.jira())["accounts"]) >= len(NAMES)


async def test_a_leaver_frees_a_seat_and_the_next_one_gets_it(database: str) -> None:
    world = await world_with(database, 2)
    ids = await push(world, NAMES)
    had, waited = await seated(world), await held(world)
    world.clock.at += timedelta(seconds=1)
    async with world.house() as tenure, world.provider(tenure) as client:
        gone = patch({"op": "replace", "path": "active", "value": False})
        assert (await client.patch(f"/Users/{ids[had[0]]}", json=gone)).status_code == 200
        await world.finish(tenure)
        await tenure.engine.settle()
    await after(world, 0)
    assert set(await seated(world)) >= {had[1], waited[0]}
    assert await held(world) == waited[1:]


async def test_those_whom_the_estate_puts_first_come_first(database: str) -> None:
    world = await world_with(database, 0, FIRST)
    await push(world, NAMES, leads=("dan",))
    assert await seated(world) == []
    assert (await held(world))[0] == "dan"
    world.sandbox.state.world.applications["jira"].roles["jira-software"].seats += 1
    await after(world, 2)
    assert await seated(world) == ["dan"]


async def test_a_newcomer_does_not_overtake_who_waits(database: str) -> None:
    world = await world_with(database, 1)
    ids = await push(world, NAMES[:3])
    waited = await held(world)
    world.sandbox.state.world.applications["jira"].roles["jira-software"].seats += 1
    async with world.house() as tenure, world.provider(tenure) as client:
        made = await client.post("/Users", json=person("dan@x.example", "Dan"))
        joins = {"op": "add", "path": "members", "value": [{"value": made.json()["id"]}]}
        assert (await client.patch(f"/Groups/{ids['Dev users']}", json=patch(joins))).status_code == 204
        world.clock.at += timedelta(seconds=61)
        await world.finish(tenure)
    await after(world, 2)
    assert waited[0] in await seated(world)
    assert "dan" not in await seated(world)
    assert await held(world) == [waited[1], "dan"]


async def test_what_the_plan_says_of_who_waits(database: str) -> None:
    world = await world_with(database, 0)
    await push(world, ["ada"])
    async with world.house() as tenure:
        plans = await tenure.database.rows("SELECT verdicts::text AS body FROM plan ORDER BY id DESC LIMIT 1")
    assert "no seat of the licence Jira Software is left" in plans[0]["body"]


async def test_a_licence_without_a_limit_holds_nobody(database: str) -> None:
    world = World(database, LICENSED)
    await push(world, NAMES)
    assert await seated(world) == NAMES


async def test_who_no_longer_asks_does_not_wait(database: str) -> None:
    world = await world_with(database, 0)
    ids = await push(world, ["ada", "ben"])
    assert sorted(await held(world)) == ["ada", "ben"]
    async with world.house() as tenure, world.provider(tenure) as client:
        path = f'members[value eq "{ids["ada"]}"]'
        answer = await client.patch(f"/Groups/{ids['Dev users']}", json=patch({"op": "remove", "path": path}))
        assert answer.status_code == 204
        await world.finish(tenure)
    assert await held(world) == ["ben"]

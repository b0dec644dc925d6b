"""Who takes a seat of a licence and does not come is proposed to give it back: nothing happens without a person."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.engine.test_decision_commands import held, tenure

from tenure_sandbox.serve import build

from .world import ESTATE, World, patch, person

LICENSED = ESTATE.replace("{Dev users: [software_dev]}", "{Staff: [jira-software-users]}")
PAULA, OSKAR, TOM = "pkowal", "oivanov", "tbecker"
NAMES = {PAULA: "Paula Kowal", OSKAR: "Oskar Ivanov", TOM: "Tom Becker"}
LICENCE = "jira-software-users"


async def begin(database: str, estate: str = LICENSED) -> World:
    """A Jira where Paula was last there 200 days ago, Oskar 130 and Tom 3, and all three are at the provider."""
    world = World(database, estate)
    world.sandbox, world.clock.at = build(seats=20), datetime.now(UTC)  # it counts days back from when it was opened
    async with world.house() as house:
        await world.finish(house)
    async with world.house() as house, world.provider(house) as client:
        ids = []
        for name, shown in NAMES.items():
            mail = shown.lower().replace(" ", ".") + "@example.com"
            one = (await client.post("/Users", json=person(f"{name}@x.example", shown, mail=mail))).json()
            ids.append({"value": one["id"]})
        await client.post("/Groups", json={"schemas": [], "displayName": "Staff", "members": ids})
        await world.finish(house)
    return world


async def work(world: World, after: timedelta = timedelta(0)) -> None:
    world.clock.at += after
    async with world.house() as house:
        await world.finish(house)


async def groups(world: World, name: str) -> set[str]:
    account = await world.account(name)
    assert account is not None
    return set(account["groups"])


async def proposed(database: str) -> dict[str, Any] | None:
    return next((one for one in await held(database) if one["class"] == "idle"), None)


async def decide(database: str, decision: str, *more: str) -> str:
    plan = await proposed(database)
    assert plan is not None
    return await tenure(database, decision, plan["id"], "--revision", str(plan["revision"]), *more)


async def test_idle_seats_are_proposed_and_freed_by_a_person_alone(database: str) -> None:
    world = await begin(database)
    plan = await proposed(database)
    assert plan is not None
    assert set(plan["people"]) == {"pkowal@x.example", "oivanov@x.example"}, "not Tom, who was there"
    assert "takes a seat of Jira Software, and last signed in" in plan["reason"]
    assert "People who take a seat and do not come at jira: 2 people" in await tenure(database, "plan", "--held")
    await work(world, timedelta(days=2))
    assert LICENCE in await groups(world, PAULA), "nothing happens by itself"

    await decide(database, "approve", "--only", "pkowal@x.example", "--ticket", "CHG-1")
    await work(world)
    assert LICENCE not in await groups(world, PAULA)
    assert "software_dev" in await groups(world, PAULA), "other groups stay"
    assert LICENCE in await groups(world, OSKAR)
    await work(world, timedelta(days=45))
    assert LICENCE not in await groups(world, PAULA), "nor is it given again by the rule that leads there"
    account = await world.account(PAULA)
    assert account is not None
    assert account["active"]

    await tenure(database, "release", "pkowal@x.example", "--target", "jira")
    await work(world, timedelta(hours=7))
    assert LICENCE in await groups(world, PAULA), "a person gives it back"
    await work(world, timedelta(days=7))
    plan = await proposed(database)
    assert plan is not None
    assert "pkowal@x.example" not in plan["people"], "and then she has 90 days to come"


async def test_a_rejection_keeps_the_seat_until_they_come_and_go_again(database: str) -> None:
    world = await begin(database)
    await decide(database, "reject", "--reason", "on parental leave", "--only", "oivanov@x.example")
    await work(world, timedelta(days=2))
    plan = await proposed(database)
    assert plan is not None
    assert plan["people"] == ["pkowal@x.example"]
    assert LICENCE in await groups(world, OSKAR)
    await work(world, timedelta(days=30))
    plan = await proposed(database)
    assert plan is not None
    assert "oivanov@x.example" in plan["people"], "an old rejection is asked again"


async def test_a_group_that_is_ours_is_left_once_and_for_the_seat(database: str) -> None:
    """The rule gave the membership, and still asks for it; one change takes it, and it passes no other gate."""
    world = await begin(database, LICENSED + "    limits: {licences: {people: 0}, losers: {people: 0}}\n")
    await decide(database, "approve")
    await work(world)
    async with world.house() as house:
        done = await house.database.rows(
            "SELECT change FROM journal WHERE change->>'kind' = 'leave-groups' AND outcome = 'applied'"
        )
    assert [one["change"]["groups"] for one in done] == [[LICENCE], [LICENCE]]
    assert [one for one in await held(database) if one["class"] in ("licences", "losers", "idle")] == []


@pytest.mark.parametrize("more", ["    seats: {idle: false}\n", "    seats: {idle: after 300d}\n"])
async def test_the_estate_says_who_is_idle_or_that_nobody_is(database: str, more: str) -> None:
    await begin(database, LICENSED + more)
    assert await proposed(database) is None


async def test_whoever_leaves_or_is_protected_is_not_proposed(database: str) -> None:
    world = await begin(database, LICENSED.replace("'svc-*'", "'svc-*', oivanov"))
    plan = await proposed(database)
    assert plan is not None
    assert plan["people"] == ["pkowal@x.example"]
    async with world.house() as house, world.provider(house) as client:
        found = await client.get("/Users", params={"filter": 'userName eq "pkowal@x.example"'})
        who = found.json()["Resources"][0]["id"]
        await client.patch(f"/Users/{who}", json=patch({"op": "replace", "path": "active", "value": False}))
        await world.finish(house)
    assert await proposed(database) is None


async def test_what_seats_cost_what_is_proposed_and_what_was_saved(database: str) -> None:
    world = await begin(database, LICENSED + "    seats: {price: 10}\n")
    await decide(database, "approve", "--only", "pkowal@x.example")
    await work(world)
    told = json.loads(await tenure(database, "report", "seats", "--json"))
    software = next(one for one in told if "Software" in one["licence"])
    assert {name: software[name] for name in ("proposed", "freed", "price", "saved")} == {
        "proposed": 1, "freed": 1, "price": 10.0, "saved": 10.0,
    }  # fmt: skip
    assert software["idle_costs"] == software["idle"] * 10
    shown = (await tenure(database, "report", "seats", "--price", "5")).splitlines()
    assert shown[0].split("\t")[-4:] == ["Proposed", "Freed", "Idle seats cost", "Saved"]
    assert next(line for line in shown if "Software" in line).split("\t")[-1] == "5.00"


async def push(world: World, name: str, active: bool) -> None:
    async with world.house() as house, world.provider(house) as client:
        found = await client.get("/Users", params={"filter": f'userName eq "{name}@x.example"'})
        who = found.json()["Resources"][0]["id"]
        await client.patch(f"/Users/{who}", json=patch({"op": "replace", "path": "active", "value": active}))
        await world.finish(house)


async def decisions(world: World) -> list[str]:
    """What still stands of what was decided: what is approved and not done, and what is refused."""
    async with world.house() as house:
        approved = await house.database.rows("SELECT class AS what FROM held WHERE state = 'approved'")
        refused = await house.database.rows("SELECT cell AS what FROM veto WHERE ended_at IS NULL")
    return [one["what"] for one in approved + refused]


@pytest.mark.parametrize("done", [False, True], ids=["not yet done", "done"])
async def test_an_approval_ends_with_the_time_that_it_was_about(database: str, done: bool) -> None:
    """Who comes back begins anew: the rules give the seat, and a person decides about that time by itself."""
    world = await begin(database)
    await decide(database, "approve", "--only", "pkowal@x.example")
    if done:
        await work(world)
        assert LICENCE not in await groups(world, PAULA)
    await push(world, PAULA, False)
    assert (LICENCE in await groups(world, PAULA)) is not done
    assert await decisions(world) == []
    await push(world, PAULA, True)
    assert LICENCE in await groups(world, PAULA)
    await work(world, timedelta(days=89))
    assert LICENCE in await groups(world, PAULA)
    plan = await proposed(database)
    assert plan is not None
    assert "pkowal@x.example" not in plan["people"]
    await work(world, timedelta(days=2))
    plan = await proposed(database)
    assert plan is not None
    assert "pkowal@x.example" in plan["people"], "asked again, and not done by what was said then"
    assert LICENCE in await groups(world, PAULA)


async def test_a_rejection_ends_with_the_time_that_it_was_about(database: str) -> None:
    world = await begin(database, LICENSED + "    seats: {idle: after 10d}\n")
    await decide(database, "reject", "--reason", "on leave", "--only", "pkowal@x.example")
    await push(world, PAULA, False)
    assert await decisions(world) == []
    await push(world, PAULA, True)
    await work(world, timedelta(days=12))
    plan = await proposed(database)
    assert plan is not None
    assert "pkowal@x.example" in plan["people"]

"""Movers in all four Data Center applications: what the old group gave goes before what the new one gives comes."""

from __future__ import annotations

import httpx2
import pytest

from tenure.app import Tenure
from tenure.engine import decide
from tenure.store import holding
from tenure.store.decisions import Decider

from .test_group_mapping import ESTATE, KINDS
from .world import World, patch, person

BO = Decider("cli:bo", "an exercise")
HELD = "    limits: {losers: {people: 0}, licences: {people: 0}, administrators: {people: 0}}\n"
REMOVAL = {
    "jira": ("DELETE", "/jira/rest/api/2/group/user"),
    "confluence": ("DELETE", "/confluence/rest/api/user/ada/group/"),
    "bitbucket": ("POST", "/bitbucket/rest/api/latest/admin/users/remove-group"),
    "crowd": ("DELETE", "/crowd/rest/usermanagement/1/user/group/direct"),
}
LEAVES, JOINS = "leave software_dev", "join sales"


def estate(kind: str) -> str:
    return ESTATE.format(kind=kind, auth=KINDS[kind].replace("ADMIN", "BITBUCKET"))


async def begun(world: World, tenure: Tenure, client: httpx2.AsyncClient) -> dict[str, str]:
    """Ada is a developer, and Bob is in Sales; gives the ids at the provider."""
    ids = {}
    for name in ("Ada", "Bob"):
        body = person(f"{name.lower()}@x.example", name)
        ids[name] = (await client.post("/Users", json=body)).json()["id"]
    for group, name in (("Dev users", "Ada"), ("Sales", "Bob")):
        body = {"schemas": [], "displayName": group, "members": [{"value": ids[name]}]}
        ids[group] = (await client.post("/Groups", json=body)).json()["id"]
    await world.finish(tenure)
    assert await inside(world) == {"software_dev"}
    return ids


async def moves(client: httpx2.AsyncClient, ids: dict[str, str]) -> None:
    """Ada goes from the developers to Sales: told the other way round, as some providers do."""
    ada = [{"value": ids["Ada"]}]
    for group, op in (("Sales", "add"), ("Dev users", "remove")):
        answer = await client.patch(f"/Groups/{ids[group]}", json=patch({"op": op, "path": "members", "value": ada}))
        assert answer.status_code < 300, answer.text


async def inside(world: World) -> set[str]:
    """The groups that Ada is in, of the two that she moves between."""
    (ada,) = [a for a in (await world.jira())["accounts"] if a["name"] == "ada"]
    return {group.lower() for group in ada["groups"]} & {"software_dev", "sales"}


async def written(world: World, since: int) -> list[str]:
    """What was done with Ada's memberships since, in order; Bitbucket joins several at once."""
    found = [w["what"] for w in (await world.jira())["journal"][since:] if w["subject"] == "ada"]
    return [what.lower().replace("['", "").replace("']", "") for what in found]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_old_group_is_left_before_the_new_one_is_joined(database: str, kind: str) -> None:
    world = World(database, estate(kind), kind)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await begun(world, tenure, client)
        since = (await world.jira())["writes"]
        await moves(client, ids)
        await world.finish(tenure)
    assert await written(world, since) == [LEAVES, JOINS]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_gained_while_nobody_knows_whether_the_old_group_was_left(
    database: str, kind: str, when: str
) -> None:
    world = World(database, estate(kind), kind)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await begun(world, tenure, client)
        since = (await world.jira())["writes"]
        method, path = REMOVAL[kind]
        await world.faults({"kind": "drop", "when": when, "method": method, "path": path, "nth": 1})
        await moves(client, ids)
        await tenure.engine.settle()
        assert len((await world.sandbox_call("GET", "/_faults"))["fired"]) == 1
        assert JOINS not in await written(world, since), "the answer was lost: she may have both"
        await world.finish(tenure)
    assert await written(world, since) == [LEAVES, JOINS]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_loss_that_a_gate_holds_does_not_keep_what_is_gained(database: str, kind: str) -> None:
    """A hold stops what it names and nothing else: she has both until a person decides, and the plan says so."""
    world = World(database, estate(kind) + HELD, kind)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await begun(world, tenure, client)
        since = (await world.jira())["writes"]
        await moves(client, ids)
        await world.finish(tenure)
        assert await inside(world) == {"software_dev", "sales"}
        async with tenure.database.transaction() as connection:
            (plan,) = [p for p in await holding.held_plans(connection) if p.name != "groups"]
        assert [leaf.person for leaf in plan.leaves] == ["ada@x.example"]
        await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, BO)
        await world.finish(tenure)
    assert await written(world, since) == [JOINS, LEAVES]

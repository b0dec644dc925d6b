"""A leaver's farewell at work: the account at once, groups in a month, and the end when a person says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenure.engine import decide
from tenure.store.decisions import Decider

from .world import ESTATE, World, ensure, patch, person

DAY = timedelta(days=1)
LEAVER = "    leaver: {action: deactivate, new_lead: tbecker, remove_groups: after 30d, delete: after 365d}\n"


async def joined(world: World) -> dict[str, str]:
    """Ada, in a group that she has from us and in one that she has from others; gives the ids of the provider's."""
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, ids, "Users", "userName", person("ada@x.example", "Ada"))
        members = {"displayName": "Dev users", "members": [{"value": ids["ada@x.example"]}]}
        await ensure(client, ids, "Groups", "displayName", {"schemas": [], **members})
        await world.finish(tenure)
    await world.sandbox_call("POST", "/jira/rest/api/2/group/user?groupname=helpdesk", {"name": "ada"}, auth=True)
    return ids


async def leave(world: World, ids: dict[str, str]) -> None:
    async with world.house() as tenure, world.provider(tenure) as client:
        gone = patch({"op": "replace", "path": "active", "value": False})
        assert (await client.patch(f"/Users/{ids['ada@x.example']}", json=gone)).status_code == 200
        await world.finish(tenure)


async def wait(world: World, days: float) -> None:
    """Let so many days pass, with a house that was not open meanwhile."""
    world.clock.at += days * DAY
    async with world.house() as tenure:
        await world.finish(tenure, within=timedelta(hours=2))


async def ada(world: World) -> tuple[bool, list[str]] | None:
    account = await world.account("ada")
    return (account["active"], account["groups"]) if account else None


async def done(world: World) -> list[str]:
    """What was written about Ada since she was made, in order."""
    return [w["what"] for w in (await world.jira())["journal"] if w["subject"] == "ada"][1:]


async def test_each_step_comes_in_its_time_and_once(database: str) -> None:
    world = World(database, ESTATE + LEAVER)
    ids = await joined(world)
    before = len(await done(world))
    await leave(world, ids)
    assert await ada(world) == (False, ["helpdesk", "software_dev"])
    assert (await done(world))[before:].count("end sessions") == 1
    await wait(world, 29)
    assert await ada(world) == (False, ["helpdesk", "software_dev"])
    await wait(world, 2)
    assert await ada(world) == (False, ["helpdesk"]), "what others gave is theirs"
    assert (await done(world)).count("end sessions") == 1
    async with world.house() as tenure:
        assert await tenure.database.rows("SELECT * FROM plan WHERE current AND waiting") == []


async def test_a_lead_is_relieved_and_then_shut(database: str) -> None:
    world = World(database, ESTATE + LEAVER)
    ids = await joined(world)
    await world.sandbox_call("PUT", "/jira/rest/api/2/project/OPS", {"lead": "ada"}, auth=True)
    await leave(world, ids)
    project = await world.sandbox_call("GET", "/jira/rest/api/2/project/OPS", auth=True)
    assert project["lead"]["name"] == "tbecker"
    shut = await ada(world)
    assert shut is not None
    assert not shut[0]
    async with world.house() as tenure:
        assert await tenure.database.rows("SELECT * FROM plan WHERE current AND waiting") == []


async def test_who_comes_back_gets_the_groups_back_and_no_later_step_follows(database: str) -> None:
    world = World(database, ESTATE + LEAVER)
    ids = await joined(world)
    await leave(world, ids)
    await wait(world, 31)
    async with world.house() as tenure, world.provider(tenure) as client:
        back = patch({"op": "replace", "path": "active", "value": True})
        await client.patch(f"/Users/{ids['ada@x.example']}", json=back)
        await world.finish(tenure)
    assert await ada(world) == (True, ["helpdesk", "software_dev"])
    await wait(world, 400)
    assert await ada(world) == (True, ["helpdesk", "software_dev"])


@pytest.mark.parametrize("approved", [True, False])
async def test_to_delete_waits_for_a_person(database: str, approved: bool) -> None:
    world = World(database, ESTATE + LEAVER)
    ids = await joined(world)
    await leave(world, ids)
    await wait(world, 366)
    assert await ada(world) == (False, ["helpdesk"]), "all but what cannot be undone"
    async with world.house() as tenure:
        (held,) = await tenure.database.rows("SELECT revision FROM held WHERE class = 'erasures' AND state = 'held'")
        say = decide.approve if approved else decide.reject
        await say(tenure.database, world.clock.now(), "jira:erasures", held["revision"], Decider("cli:bo", "as agreed"))
        await world.finish(tenure)
    await wait(world, 3)
    assert (await ada(world) is None) is approved
    async with world.house() as tenure:
        assert await tenure.database.rows("SELECT * FROM held") == []
        links = await tenure.database.rows("SELECT end_cause FROM link WHERE ended_at IS NOT NULL")
    assert [link["end_cause"] for link in links] == (["the account was deleted"] if approved else [])

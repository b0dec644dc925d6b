"""Accidents of a thousand wrong changes, taken back: Jira is as it was before, byte for byte, and stays so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from tests.engine.test_gates import hire
from tests.engine.world import ESTATE, World

from tenure.app import Tenure
from tenure.engine import decide
from tenure.model.undoing import Undoing
from tenure.store import holding, marks
from tenure.store.decisions import Decider
from tenure.store.undoing import What

ADA = Decider("cli:ada", "the configuration was wrong")
WIDE = ESTATE.replace("per_second: 200, concurrency: 8", "per_second: 1000, concurrency: 16").replace(
    "Dev users: [software_dev]", "Dev users: [software_dev], Staff: [staff-here]"
)
VETOES = "SELECT count(*) AS n FROM veto WHERE ended_at IS NULL"


def jira_of(state: dict[str, Any], *, without: tuple[str, ...] = ()) -> bytes:
    """All accounts and groups of Jira, as bytes."""
    groups = [group for group in state["groups"] if group["name"] not in without]
    return orjson.dumps({"accounts": state["accounts"], "groups": groups})


def later(world: World) -> datetime:
    """An hour later: a time since when nothing was done yet."""
    world.clock.at += timedelta(hours=1)
    return world.clock.at


async def approve_all(world: World, tenure: Tenure) -> int:
    """Approve whatever the gates hold, until they hold nothing; gives how many people that were."""
    people = 0
    for _ in range(10):
        await world.finish(tenure)
        async with tenure.database.transaction() as connection:
            plans = [plan for plan in await holding.held_plans(connection) if plan.leaves]
        if not plans:
            return people
        for plan in plans:
            done = await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, ADA)
            people += len(done.people)
    raise AssertionError("the gates hold something again and again")


async def compare(world: World, tenure: Tenure) -> None:
    async with tenure.database.transaction() as connection:
        await marks.mark_subject(connection, list(tenure.house.targets), "reading", marks.READINGS, None)
    await world.finish(tenure)


async def undo(world: World, tenure: Tenure, what: What) -> Undoing:
    _, undoing = await decide.undo(tenure.database, world.clock.now(), what, ADA)
    await approve_all(world, tenure)
    return undoing


async def vetoes(tenure: Tenure) -> int:
    return int((await tenure.database.rows(VETOES))[0]["n"])


@pytest.mark.parametrize("people", [60, pytest.param(250, marks=pytest.mark.long)])  # 250: a thousand wrong changes
async def test_wrong_changes_are_undone_and_the_mended_rules_win(database: str, people: int) -> None:
    good = WIDE.replace("Staff: [staff-here]", "Staff: [helpdesk]")
    bad = (
        good.replace("Staff: [helpdesk]", "Staff: [helpdesk, software_dev, jira-software-users]")
        .replace("display_name: displayName", "display_name: \"'X ' + displayName\"")
        .replace("email: emails.primary", "email: \"'x-' + emails.primary\"")
    )
    assert bad != good
    world = World(database, good)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, people)
        members = [{"value": one} for one in ids.values()]
        assert (await client.post("/Groups", json={"displayName": "Staff", "members": members})).status_code == 201
        await world.finish(tenure)
        before = await world.jira()
    world.estate, began = bad, later(world)
    async with world.house() as tenure:
        await approve_all(world, tenure)
        wrong = await world.jira()
        changed = [j["change"] for j in await tenure.database.rows(
            "SELECT change FROM journal WHERE answered_at >= %s AND outcome = 'applied'", began)]  # fmt: skip
        cells = sum(len(change.get("fields", ())) + len(change.get("groups", ())) for change in changed)
        assert cells == 4 * people
        undoing = await undo(world, tenure, What(since=began))
        assert len(undoing.backward) == cells
        assert jira_of(await world.jira()) == jira_of(before) != jira_of(wrong)
        writes = (await world.jira())["writes"]
        await compare(world, tenure)
        assert (await world.jira())["writes"] == writes, "the next comparison leaves it so"
        assert await vetoes(tenure) == cells
    world.estate = good
    async with world.house() as tenure:
        await compare(world, tenure)
        await approve_all(world, tenure)
        assert jira_of(await world.jira()) == jira_of(before)
        assert (await world.jira())["writes"] == writes
        assert await vetoes(tenure) == 0, "the mistake was mended: nothing is left to refuse"


async def test_a_group_that_was_made_stays_and_is_named(database: str) -> None:
    bad = ESTATE.replace("except: '^tmp-', name: '$0'", "except: '^tmp-', name: 'Wrong $0'")
    world = World(database, ESTATE)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 30)
        members = [{"value": one} for one in ids.values()]
        await client.post("/Groups", json={"displayName": "Readers", "members": members})
        await world.finish(tenure)
        before = await world.jira()
    world.estate, began = bad, later(world)
    async with world.house() as tenure:
        await approve_all(world, tenure)
        wrong = {a["name"]: a["groups"] for a in (await world.jira())["accounts"]}
        assert wrong["p000"] == ["Wrong Readers"]
        undoing = await undo(world, tenure, What(since=began))
        assert ["Wrong Readers" in stays.why for stays in undoing.stays] == [True]
        after = await world.jira()
        assert jira_of(after, without=("Wrong Readers",)) == jira_of(before)
        assert {"name": "Wrong Readers", "members": []} in after["groups"]
    world.estate = ESTATE
    async with world.house() as tenure:
        await compare(world, tenure)
        assert await vetoes(tenure) == 0
        assert jira_of(await world.jira(), without=("Wrong Readers",)) == jira_of(before)


async def test_a_property_that_was_not_there_goes_again(database: str) -> None:
    world = World(database, ESTATE)
    async with world.house() as tenure, world.provider(tenure) as client:
        await hire(client, 60)
        await world.finish(tenure)
        before = await world.jira()
    world.estate = ESTATE.replace("phone: phoneNumbers.work", "phone: phoneNumbers.work, desk: userName")
    began = later(world)
    async with world.house() as tenure:
        await approve_all(world, tenure)
        await undo(world, tenure, What(since=began))
        assert jira_of(await world.jira()) == jira_of(before)

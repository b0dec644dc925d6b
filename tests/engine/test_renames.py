"""Renames across all applications of a person, on a real database: rings, chains, obstacles, and deaths on the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from tests.engine.world import Killed, World, ensure, patch, person

from tenure.app import Tenure
from tenure.engine import beforehand, decide
from tenure.model.held import HeldPlan
from tenure.planning.renames import is_temporary
from tenure.report import why
from tenure.report.plan import held_lines, plan_lines
from tenure.store import holding, marks, overview
from tenure.store.decisions import Decider
from tenure.store.story import stories_of
from tenure.store.undoing import What

TARGET = """
  {0}:
    kind: {0}
    url: http://jira.test/{0}
    auth: {1}
    source: okta
    mode: full
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
    rate: {{per_second: 200, concurrency: 8}}
"""
AUTH = {"jira": "{bearer: {env: JIRA}}", "confluence": "{bearer: {env: JIRA}}"}
ADA = Decider("cli:ada", "for a test")


def estate(*targets: str) -> str:
    parts = (TARGET.format(one, AUTH.get(one, "{username: admin, password: {env: BITBUCKET}}")) for one in targets)
    return "sources:\n  okta: {kind: scim, token: {env: OKTA}}\ntargets:" + "".join(parts)


TWO = estate("crowd", "jira")


async def hire(client: httpx2.AsyncClient, *names: str) -> dict[str, str]:
    """People of these names; gives their ids at the source by the names before the @."""
    ids: dict[str, str] = {}
    for name in names:
        await ensure(
            client, ids, "Users", "userName", person(f"{name}@x", f"First {name}", mail=f"m{len(ids)}@x.example")
        )
    return {name.partition("@")[0]: one for name, one in ids.items()}


async def call(client: httpx2.AsyncClient, who: str, name: str) -> None:
    answer = await client.patch(
        f"/Users/{who}", json=patch({"op": "replace", "path": "userName", "value": f"{name}@x"})
    )
    assert answer.status_code < 300, answer.text


async def shift(client: httpx2.AsyncClient, ids: dict[str, str], names: dict[str, str]) -> None:
    """Give these people other names, of which some are those of each other: a source, too, has each name once."""
    for old in names:
        await call(client, ids[old], f"between-{old}".replace(" ", "-"))
    for old, new in names.items():
        await call(client, ids[old], new)


async def names(world: World, target: str, *mails: str) -> list[str]:
    """What the accounts of the people who were hired first, second ... are called at a target."""
    found = {a["email"]: a["name"] for a in (await world.state(target))["accounts"]}
    return [found[mail] for mail in (mails or sorted(mail for mail in found if mail.startswith("m") and "@x" in mail))]


async def waiting(tenure: Tenure) -> dict[tuple[str, str], str]:
    """The reasons for which renames wait, by target and person."""
    async with tenure.database.transaction() as connection:
        plans = await overview.waiting(connection)
    return {
        (planned.target, planned.person.partition("@")[0]): verdict.reason
        for planned in plans
        for verdict in planned.plan.verdicts
        if verdict.change.kind == "rename-account"
    }


async def held(tenure: Tenure) -> dict[str, HeldPlan]:
    async with tenure.database.transaction() as connection:
        return {plan.id: plan for plan in await holding.held_plans(connection)}


def renamed(state: dict[str, Any]) -> list[str]:
    """The names that accounts were given, in order."""
    return [w["what"].partition(" to ")[2] for w in state["journal"] if w["what"].startswith("rename")]


RINGS = [
    pytest.param({"ann": "bob", "bob": "ann"}, 3, id="swap"),
    pytest.param({"ann": "bob", "bob": "cy", "cy": "ann"}, 4, id="ring of three"),
    pytest.param({"ann": "bob", "bob": "cy", "cy": "dee"}, 3, id="chain"),
    pytest.param({"o'brien": "anna+test", "anna+test": "party🎉", "party🎉": "o'brien"}, 4, id="odd names"),
]


@pytest.mark.parametrize(("shifted", "writes"), RINGS)
async def test_names_change_places_at_every_application(database: str, shifted: dict[str, str], writes: int) -> None:
    world = World(database, estate("bitbucket", "crowd", "jira"))
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, *shifted)
        await world.finish(tenure)
        await shift(client, ids, shifted)
        await world.finish(tenure)
        assert await waiting(tenure) == {}
        for target in ("bitbucket", "crowd", "jira"):
            assert await names(world, target) == list(shifted.values())
            given = renamed(await world.state(target)) if target != "jira" else []
            assert len(given) == (writes if given else 0)
            assert sum(map(is_temporary, given)) == (1 if given and writes > len(shifted) else 0)
        async with tenure.database.transaction() as connection:
            await marks.mark_subject(connection, list(tenure.house.targets), "reading", marks.READINGS, None)
        before = [(await world.state(target))["writes"] for target in ("bitbucket", "crowd", "jira")]
        await world.finish(tenure)
        assert before == [(await world.state(target))["writes"] for target in ("bitbucket", "crowd", "jira")]


async def test_a_name_that_is_taken_at_one_application_is_given_at_none_until_it_is_free(database: str) -> None:
    world = World(database, TWO)
    taken = {"name": "new", "email": "other@x.example", "first-name": "O", "last-name": "T", "active": True,
             "display-name": "Other", "password": {"value": "x"}}  # fmt: skip
    await world.sandbox_call("POST", "/crowd/rest/usermanagement/1/user", taken, auth=True)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, "ann", "bob")
        await world.finish(tenure)
        await shift(client, ids, {"ann": "new", "bob": "ann"})
        await world.finish(tenure)
        assert await names(world, "jira") == await names(world, "crowd") == ["ann", "bob"]
        told = await waiting(tenure)
        assert told["crowd", "new"] == "the name new is taken by another account, which keeps it"
        assert "crowd: the name new is taken by another account" in told["jira", "new"]
        assert "let crowd keep its names" in told["jira", "new"]
        assert "crowd: the name new is taken by another account" in told["jira", "ann"], "it needs the name ann"
        await world.sandbox_call("DELETE", "/crowd/rest/usermanagement/1/user?username=new", auth=True)
        world.clock.at += timedelta(hours=1)
        async with tenure.database.transaction() as connection:
            there = [t.id for t in tenure.house.targets.values() if t.name == "crowd"]
            await marks.mark_subject(connection, there, "reading", marks.READINGS, None)
        await world.finish(tenure)
        assert await waiting(tenure) == {}
        assert await names(world, "jira") == await names(world, "crowd") == ["new", "ann"]


async def test_an_application_that_renames_nobody_holds_the_others_until_it_may_keep_its_names(database: str) -> None:
    world = World(database, estate("confluence", "jira"))
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, "ann")
        await world.finish(tenure)
        await call(client, ids["ann"], "new")
        await world.finish(tenure)
        told = await waiting(tenure)
        assert told["confluence", "new"] == "the application cannot rename-account"
        assert "confluence: the application cannot rename-account. Mend that, or let confluence" in told["jira", "new"]
        assert await names(world, "jira") == ["ann"]
    mode = "    mode: full\n"
    world.estate = world.estate.replace(mode, f"{mode}    rename: {{made: never}}\n", 1)
    async with world.house() as tenure:
        await world.finish(tenure)
        assert await waiting(tenure) == {}
        assert await names(world, "jira") == ["new"]


async def test_a_frozen_application_holds_the_others_until_it_is_unfrozen(database: str) -> None:
    world = World(database, TWO)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, "ann")
        await world.finish(tenure)
        await beforehand.freeze(tenure.database, world.clock.now(), "crowd", ADA)
        await call(client, ids["ann"], "new")
        await world.finish(tenure)
        assert "crowd: frozen by cli:ada" in (await waiting(tenure))["jira", "new"]
        assert await names(world, "jira") == ["ann"]
        await beforehand.unfreeze(tenure.database, world.clock.now(), "crowd", ADA)
        await world.finish(tenure)
        assert await names(world, "jira") == await names(world, "crowd") == ["new"]


@pytest.mark.parametrize(("mode", "name"), [("observe", "new"), ("create-only", "ann")])
async def test_a_preview_blocks_nobody_and_one_that_only_adds_does(database: str, mode: str, name: str) -> None:
    world = World(database, TWO)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, "ann")
        await world.finish(tenure)
    world.estate = TWO.replace("mode: full", f"mode: {mode}", 1)
    async with world.house() as tenure, world.provider(tenure) as client:
        await call(client, ids["ann"], "new")
        await world.finish(tenure)
        assert await names(world, "jira") == [name]
        assert await names(world, "crowd") == ["ann"]


async def test_a_limit_at_one_application_holds_the_name_at_all_until_a_person_decides(database: str) -> None:
    world = World(database, TWO.replace("    rate:", "    limits: {renames: {people: 1}}\n    rate:", 1))
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, "ann", "bob", "cy")
        await world.finish(tenure)
        await shift(client, ids, {"ann": "bob", "bob": "ann", "cy": "new"})
        await world.finish(tenure)
        assert await names(world, "jira") == await names(world, "crowd") == ["ann", "bob", "cy"]
        plan = (await held(tenure))["crowd:renames"]
        assert {leaf.person for leaf in plan.leaves} == {"ann@x", "bob@x", "new@x"}
        assert "crowd:renames" in (await waiting(tenure))["jira", "new"]
        async with tenure.database.transaction() as connection:
            plans, planned = await holding.held_plans(connection), await overview.waiting(connection)
            (story,) = [s for s in await stories_of(connection, UUID(ids["cy"])) if s.target.name == "jira"]
        by_crowd, by_jira = "not renamed with it: what applications attached to Crowd", "not renamed with it: JQL"
        assert any(line.text.startswith(by_crowd) for line in held_lines(plans, planned))
        for lines in (plan_lines(planned), why.lines(story)):
            assert any(line.text.startswith(by_jira) for line in lines)
        await decide.reject(tenure.database, world.clock.now(), plan.id, plan.revision, ADA, only=["new@x"])
        await world.finish(tenure)
        assert "the new name is refused there by reject" in (await waiting(tenure))["jira", "new"]
        await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, ADA)
        await world.finish(tenure)
        assert await names(world, "jira") == await names(world, "crowd") == ["bob", "ann", "cy"]
        await beforehand.release(tenure.database, world.clock.now(), "new@x", ADA, None)
        await world.finish(tenure)
        assert await names(world, "jira") == await names(world, "crowd") == ["bob", "ann", "new"]


async def test_an_undo_lets_the_names_change_places_again(database: str) -> None:
    world = World(database, TWO)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, "ann", "bob", "cy")
        await world.finish(tenure)
        world.clock.at += timedelta(hours=1)
        began = world.clock.at
        await shift(client, ids, {"ann": "bob", "bob": "cy", "cy": "ann"})
        await world.finish(tenure)
        assert await names(world, "jira") == await names(world, "crowd") == ["bob", "cy", "ann"]
        await decide.undo(tenure.database, world.clock.now(), What(since=began), ADA)
        await world.finish(tenure)
        assert await waiting(tenure) == {}
        assert await names(world, "jira") == await names(world, "crowd") == ["ann", "bob", "cy"]


async def swap(world: World, kill_at: int | None) -> tuple[list[list[str]], int]:
    """Two people change names, with one death on the way; gives the names at the end, and the points passed."""
    ids: dict[str, str] = {}
    points, told = 0, False
    while True:
        try:
            async with world.house(kill_at if ids else None) as tenure, world.provider(tenure) as client:
                if not ids:
                    ids = await hire(client, "ann", "bob")
                    await world.finish(tenure)
                if not told:
                    world.fuse.count, world.fuse.kill_at = 0, None
                    await shift(client, ids, {"ann": "bob", "bob": "ann"})
                    told, world.fuse.count, world.fuse.kill_at = True, 0, kill_at
                await world.finish(tenure)
                left = await tenure.database.rows("SELECT count(*) AS n FROM intent WHERE state = 'open'")
                assert left[0]["n"] == 0
                assert await waiting(tenure) == {}
            return [await names(world, "crowd"), await names(world, "jira")], points + world.fuse.count
        except Killed:
            points, kill_at = points + world.fuse.count, None


@pytest.mark.parametrize("first", [pytest.param(n, marks=() if n == 5 else pytest.mark.long) for n in range(1, 7)])
async def test_killed_in_the_middle_of_a_swap_it_ends_all_the_same(
    make_database: Callable[[], str], first: int
) -> None:
    untroubled, points = await swap(World(make_database(), TWO), None)
    assert untroubled == [["bob", "ann"], ["bob", "ann"]]
    assert points > 30
    for kill_at in range(first, points + 1, 6):
        ended, _ = await swap(World(make_database(), TWO), kill_at)
        assert ended == untroubled, f"killed at point {kill_at}"

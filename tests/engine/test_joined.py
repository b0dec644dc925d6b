"""A team joins Bitbucket and Atlassian Cloud: few requests, and the right end whatever becomes of them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from tenure.app import Tenure
from tenure.clock import SystemClock
from tenure_sandbox.atlassian.cloud import DIRECTORY

from .world import Killed, World, ensure, person

ESTATE = """
sources:
  okta: {{kind: scim, token: {{env: OKTA}}}}
targets:
  target:
    kind: {kind}
    url: http://jira.test/{path}
    auth: {auth}
    source: okta
    mode: full
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
    groups: {{mapping: {{Team: [helpdesk]}}}}
    rate: {{per_second: 200, concurrency: 8}}
"""
CLOUD = f"/cloud/scim/directory/{DIRECTORY}"
ESTATES = {
    "bitbucket": ESTATE.format(
        kind="bitbucket", path="bitbucket", auth="{username: admin, password: {env: BITBUCKET}}"
    ),
    "cloud": ESTATE.format(kind="atlassian-cloud", path=CLOUD[1:], auth="{bearer: {env: JIRA}}"),
}
JOINS = {"bitbucket": ("POST", ".*/groups/add-users"), "cloud": ("PATCH", f"{CLOUD}/Groups/.*")}
TEAM = [f"p{number:02}" for number in range(40)]
ONE, SOME = ["helpdesk"], TEAM[:24]
"""Of two dozen in one group, some are in one shard, and go together whatever the clock says."""


async def pushed(world: World, house: Tenure, team: list[str], ids: dict[str, str]) -> None:
    """The team with its group."""
    async with world.provider(house) as client:
        for name in team:
            await ensure(client, ids, "Users", "userName", person(f"{name}@example.com", f"Person {name}"))
        members = [{"value": ids[f"{name}@example.com"]} for name in team]
        await ensure(client, ids, "Groups", "displayName", {"displayName": "Team", "members": members})


async def memberships(world: World, team: list[str]) -> dict[str, list[str]]:
    accounts = {one["name"]: one for one in (await world.jira())["accounts"]}
    return {name: accounts[name]["groups"] for name in team}


class Counting:
    """The sandbox, and how often each request was made."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.state, self.calls = inner, inner.state, Counter[tuple[str, str]]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls[scope["method"], scope["path"]] += 1
        await self.inner(scope, receive, send)

    def joins(self, target: str) -> int:
        method, path = JOINS[target]
        alone = ".*/users/add-groups"
        return sum(n for (m, p), n in self.calls.items() if m == method and re.fullmatch(f"{path}|{alone}", p))


@pytest.mark.parametrize("target", ESTATES)
async def test_a_team_joins_by_a_request_for_many(database: str, target: str) -> None:
    world = World(database, ESTATES[target], target)
    world.sandbox = counting = Counting(world.sandbox)  # type: ignore[assignment]
    world.clock = SystemClock()  # type: ignore[assignment]  # they wait for each other in earnest
    async with world.house() as house:
        await pushed(world, house, TEAM, {})
        await house.engine.settle()
        rows = await house.database.rows(
            "SELECT count(DISTINCT subject) AS n FROM journal"
            " WHERE change->>'kind' = 'join-groups' AND outcome = 'applied'"
        )
    assert await memberships(world, TEAM) == dict.fromkeys(TEAM, ONE)
    assert counting.joins(target) <= 24, "one for each of the sixteen shards at most, and a few who come later"
    assert rows[0]["n"] == len(TEAM), "and each is told of by itself"


@pytest.mark.parametrize("target", ESTATES)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 400},
        {"kind": "status", "status": 404},
        {"kind": "status", "status": 429, "retry_after": 1},
        {"kind": "status", "status": 503},
        {"kind": "drop", "when": "after"},
        {"kind": "drop", "when": "before"},
    ],
)
async def test_whatever_becomes_of_a_request_for_many_all_are_in_at_the_end(
    database: str, target: str, fault: dict[str, Any]
) -> None:
    world = World(database, ESTATES[target], target)
    method, path = JOINS[target]
    await world.faults({**fault, "method": method, "path_regex": path, "nth": 1})
    async with world.house() as house:
        await pushed(world, house, SOME, {})
        await world.finish(house)
        left = await house.database.rows("SELECT count(*) AS n FROM intent WHERE state = 'open'")
    assert await memberships(world, SOME) == dict.fromkeys(SOME, ONE)
    assert left[0]["n"] == 0
    assert (await world.sandbox_call("GET", "/_faults"))["fired"]


@pytest.mark.parametrize("target", ESTATES)
async def test_one_who_vanished_keeps_nobody_else_out(database: str, target: str) -> None:
    """Between the creation and the request for many, an administrator deletes the first account that was made."""
    world = World(database, ESTATES[target], target)
    inner = world.sandbox
    method, path = JOINS[target]

    async def deleting(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == method and re.fullmatch(path, scope["path"]) and not gone:
            gone.append(await delete(inner, target))
        await inner(scope, receive, send)

    gone: list[str] = []
    world.sandbox = deleting  # type: ignore[assignment]
    async with world.house() as house:
        await pushed(world, house, SOME, {})
        await house.engine.settle()
    world.sandbox = inner
    others = [name for name in SOME if name != gone[0]]
    assert await memberships(world, others) == dict.fromkeys(others, ONE)


async def delete(sandbox: Any, target: str) -> str:
    world = sandbox.state.world.applications[target]
    if target == "bitbucket":
        account = next(one for one in world.accounts.values() if one.name in TEAM)
        world.remove(account)
        return str(account.name)
    gone = next(one for one in world.found["User"].values() if one.document["userName"] in TEAM)
    world.remove(gone)
    return str(gone.document["userName"])


@pytest.mark.parametrize("target", ESTATES)
async def test_killed_after_a_request_for_many_nobody_is_left_out(database: str, target: str) -> None:
    world = World(database, ESTATES[target], target)
    ids, (method, path) = dict[str, str](), JOINS[target]
    before = len((await world.jira())["accounts"])

    async def killed() -> None:
        async with world.house() as house:
            world.fuse.dies_after = f"{method} {path}"
            await pushed(world, house, SOME, ids)
            await world.finish(house)

    with pytest.raises(Killed):
        await killed()
    async with world.house() as house:
        await pushed(world, house, SOME, ids)
        await world.finish(house)
    assert await memberships(world, SOME) == dict.fromkeys(SOME, ONE)
    assert len((await world.jira())["accounts"]) == before + len(SOME)

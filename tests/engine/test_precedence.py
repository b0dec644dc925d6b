"""While somebody who leaves is due, what can wait does not begin."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tenure.app import running
from tenure.engine import send
from tenure.engine.precedence import Precedence, priority, shard
from tenure.store import marks

from .world import ESTATE, World, patch, person

TWO = (
    ESTATE
    + """\
  crowd:
    kind: crowd
    url: http://jira.test/crowd
    auth: {username: admin, password: {env: BITBUCKET}}
    source: okta
    mode: full
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
    rate: {per_second: 200, concurrency: 8}
"""
)
PEOPLE = 200


def yields(precedence: Precedence, target: int, in_shard: int | None, prio: int) -> bool:
    shard.set(in_shard)
    priority.set(prio)
    return precedence.yields(target)


async def test_what_can_wait_yields_to_who_leaves_and_to_nobody_else() -> None:
    precedence = Precedence()
    assert not yields(precedence, 1, 4, marks.BULK)
    precedence.tell(1, [3])
    assert yields(precedence, 1, 4, marks.BULK)
    assert yields(precedence, 2, 3, marks.SINGLE), "the processor is shared with every other target"
    assert not yields(precedence, 1, 3, marks.BULK), "the pass that has the leaver's shard comes to its end"
    assert not yields(precedence, 2, 7, marks.LEAVER)
    assert not yields(precedence, 2, None, marks.SINGLE), "whether the application is well is asked for the leaver too"
    precedence.tell(2, [7])
    precedence.tell(1, [])
    assert yields(precedence, 1, 4, marks.BULK)
    precedence.tell(2, [])
    assert not yields(precedence, 1, 4, marks.BULK)


async def test_it_goes_on_at_once_and_in_any_case_after_five_seconds() -> None:
    precedence = Precedence()
    assert not yields(precedence, 1, 4, marks.BULK)
    precedence.tell(1, [3])
    waiting = asyncio.create_task(precedence.give_way(1))
    await asyncio.sleep(0)
    precedence.tell(1, [])
    until = await asyncio.wait_for(waiting, 1)
    precedence.tell(1, [3])
    assert await precedence.give_way(1, until) == until <= asyncio.get_running_loop().time() < until + 3


async def test_who_waits_for_a_leaver_elsewhere_goes_on_when_one_comes_into_its_own_shard() -> None:
    precedence = Precedence()
    precedence.tell(2, [7])
    assert yields(precedence, 1, 4, marks.BULK)
    waiting = asyncio.create_task(precedence.give_way(1))
    await asyncio.sleep(0)
    precedence.tell(1, [4])
    await asyncio.wait_for(waiting, 1)


CLOSING = [("PUT", "/jira/rest/api/2/user"), ("PUT", "/crowd/rest/usermanagement/1/user")]


class Watched:
    """The applications, 10 ms away; to close an account takes longer, and what else is begun meanwhile is counted.

    `begun` is set when the load has begun.
    """

    def __init__(self, inner: Any) -> None:
        self.inner, self.state = inner, inner.state
        self.creations = 0
        self.begun = asyncio.Event()
        self.beside: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (scope["method"], scope["path"]) in CLOSING:
            await asyncio.sleep(0.1)  # what was under way when the leaver came
            before = self.creations
            await asyncio.sleep(0.4)
            await self.inner(scope, receive, send)
            self.beside.append(self.creations - before)
            return
        if scope["method"] == "POST":
            self.creations += 1
            if self.creations == PEOPLE // 5:
                self.begun.set()
            await asyncio.sleep(0.01)
        await self.inner(scope, receive, send)


async def test_a_load_into_two_applications_stands_still_while_one_leaves(database: str) -> None:
    world = World(database, TWO)
    async with world.house() as house, world.provider(house) as client:
        ben = (await client.post("/Users", json=person("ben@x.example", "Ben"))).json()["id"]
        await world.finish(house)
    applications = Watched(world.sandbox)
    world.sandbox = applications  # type: ignore[assignment]
    async with world.house() as house, world.provider(house) as client:
        for number in range(PEOPLE):
            await client.post("/Users", json=person(f"p{number}@x.example", f"Person {number}"))
        async with running(house), asyncio.timeout(60):
            await applications.begun.wait()
            gone = patch({"op": "replace", "path": "active", "value": False})
            assert (await client.patch(f"/Users/{ben}", json=gone)).status_code == 200
            while len(applications.beside) < len(CLOSING):
                await asyncio.sleep(0.01)
            assert applications.creations < 2 * PEOPLE, "the load was not over before"
    assert applications.beside[-1] == 0, "the last that closes is alone: the pass before it in its shard has ended"


async def test_the_time_that_a_change_has_does_not_run_while_it_waits_for_a_place(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of 60 that takes two seconds, where each may take half a second."""
    monkeypatch.setattr(send, "SEND_SECONDS", 0.5)
    world = World(database, ESTATE.replace("concurrency: 8", "concurrency: 2"))

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "POST":
            await asyncio.sleep(0.06)
        await inner(scope, receive, send)

    inner = world.sandbox
    async with world.house() as house, world.provider(house) as client:
        await world.finish(house)
    world.sandbox = slow  # type: ignore[assignment]
    async with world.house() as house, world.provider(house) as client:
        for number in range(60):
            await client.post("/Users", json=person(f"p{number}@x.example", f"Person {number}"))
        await house.engine.settle()
        left = await house.database.rows("SELECT count(*) AS n FROM intent WHERE state = 'open'")
    assert left[0]["n"] == 0, "none was given up, to be looked for"

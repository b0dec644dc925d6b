"""The limiter that all processes share: places, rate, priority, and what is cancelled on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import psycopg
import pytest
from tests.engine.world import VirtualClock

from tenure.engine.limiter import SharedLimiter
from tenure.engine.precedence import priority
from tenure.store.database import Database
from tenure.store.locks import Locks


class RealClock(VirtualClock):
    """Time that passes, since these tests are about waiting."""

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        await asyncio.sleep(seconds)


@pytest.fixture
async def limiters(database: str) -> AsyncIterator[tuple[SharedLimiter, SharedLimiter]]:
    """The limiters of two processes for one target with three places."""
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO target (name, kind, mode, made_at) VALUES ('jira', 'jira', 'full', now())")
    pool = Database(database, connections=4)
    await pool.open()
    locks = [Locks(pool), Locks(pool)]
    for one in locks:
        await one.open()
    first, second = (SharedLimiter(pool, one, RealClock(), 1, 10_000, 3) for one in locks)
    yield first, second
    for one in locks:
        await one.close()
    await pool.close()


async def test_no_more_at_once_than_there_are_places_in_all_processes(
    limiters: tuple[SharedLimiter, SharedLimiter],
) -> None:
    now, most, done = 0, 0, 0

    async def request(limiter: SharedLimiter) -> None:
        nonlocal now, most, done
        async with limiter.slot():
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.002)
            now -= 1
            done += 1

    await asyncio.wait_for(asyncio.gather(*(request(limiters[n % 2]) for n in range(400))), 60)
    assert (most, done) == (3, 400)


async def test_a_long_row_with_cancellations_and_pauses_comes_to_its_end(
    limiters: tuple[SharedLimiter, SharedLimiter],
) -> None:
    limiter, done = limiters[0], 0

    async def request(number: int) -> None:
        nonlocal done
        async with limiter.slot():
            await asyncio.sleep(0.4 if number % 50 == 0 else 0.001)
            done += 1

    tasks = [asyncio.create_task(request(number)) for number in range(300)]
    await asyncio.sleep(0.05)
    for task in tasks[10::3]:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)
    assert done >= 190
    async with asyncio.timeout(5), limiter.slot():  # nothing was lost on the way
        pass


async def test_the_urgent_are_served_first(limiters: tuple[SharedLimiter, SharedLimiter]) -> None:
    limiter, order = limiters[0], list[int]()

    async def request(urgency: int) -> None:
        priority.set(urgency)
        async with limiter.slot():
            order.append(urgency)
            await asyncio.sleep(0.01)

    bulk = [asyncio.create_task(request(9)) for _ in range(20)]
    await asyncio.sleep(0.03)
    await asyncio.gather(request(0), *bulk)
    assert order.index(0) < 15


async def test_a_place_that_comes_back_is_taken_while_another_is_leased(
    limiters: tuple[SharedLimiter, SharedLimiter], monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter, leased = limiters[0], asyncio.Event()
    order: list[str] = []

    async def request(name: str, ends: asyncio.Event) -> None:
        async with limiter.slot():
            order.append(name)
            await ends.wait()

    async def slow(self: SharedLimiter) -> int | None:
        await leased.wait()
        return await lease(self)

    lease, first, later = SharedLimiter._lease, asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(request("first", first))]
    while not order:
        await asyncio.sleep(0.01)
    monkeypatch.setattr(SharedLimiter, "_lease", slow)
    tasks += [asyncio.create_task(request(name, later)) for name in ("second", "third")]
    await asyncio.sleep(0.05)
    first.set()
    await asyncio.sleep(0.05)
    assert order == ["first", "second"]
    leased.set()
    later.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)

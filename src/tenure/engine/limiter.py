"""How many requests a target gets, and how many at once: shared by all processes through the database."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from tenure.model.clock import Clock
from tenure.store import marks
from tenure.store.database import Database
from tenure.store.locks import Locks
from tenure.store.targets import take_tokens

priority: ContextVar[int] = ContextVar("priority", default=marks.SINGLE)
"""The priority of the mark that the current task works on: the urgent are served first."""

_LEASE_SECONDS = 0.25
_HOLD_SECONDS = 1.0
_FIRST_PLACE = 1000


class SharedLimiter:
    """A rate (token bucket in the target's row) and a number of places (advisory locks), for one target.

    Tokens are taken a quarter of a second's worth at a time. A place is a lock, kept while there is work and given
    back after a second at the latest, so that another process gets its turn. After the application asked to slow
    down, the pace is halved, and recovers by a tenth with each request that succeeds.
    """

    def __init__(
        self, database: Database, locks: Locks, clock: Clock, target: int, per_second: float, concurrency: int
    ) -> None:
        self._database, self._locks, self._clock, self._target = database, locks, clock, target
        self._per_second, self._concurrency = per_second, concurrency
        self._pace = 1.0
        self._not_before = 0.0
        self._tokens = 0.0
        self._held: dict[int, float] = {}
        self._queue: list[tuple[int, int, asyncio.Future[int]]] = []
        self._turns = 0
        self._feeding = asyncio.Lock()
        self._leasing = asyncio.Lock()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a place and a token; the place is kept for the length of the block."""
        place = await self._place()
        try:
            await self._token()
            yield
            self._pace = min(1.0, self._pace * 1.1)
        finally:
            await self._give_back(place)

    def slow_down(self, retry_after: float | None = None) -> None:
        """The application asks for less: halve the pace, and wait as long as it said (at most a minute)."""
        self._pace = max(0.05, self._pace / 2)
        self._not_before = self._clock.monotonic() + min(60.0, retry_after or 1.0)

    async def _token(self) -> None:
        async with self._feeding:
            while True:
                pause = self._not_before - self._clock.monotonic()
                if pause <= 0 and self._tokens >= 1:
                    self._tokens -= 1
                    return
                if pause > 0:
                    await self._clock.sleep(pause)
                    continue
                rate = self._per_second * self._pace
                burst = max(1.0, rate)
                async with self._database.transaction() as connection:
                    self._tokens += await take_tokens(
                        connection, self._target, rate, burst, max(1.0, rate * _LEASE_SECONDS), self._clock.now()
                    )
                if self._tokens < 1:
                    await self._clock.sleep((1 - self._tokens) / rate)

    async def _place(self) -> int:
        if not self._queue:
            place = await self._lease()
            if place is not None:
                return place
        self._turns += 1
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (priority.get(), self._turns, waiting))
        try:
            return await self._wait(waiting)
        except BaseException:
            if waiting.done() and not waiting.cancelled():
                await self._give_back(waiting.result())
            waiting.cancel()
            raise

    async def _wait(self, waiting: asyncio.Future[int]) -> int:
        while True:
            done, _ = await asyncio.wait([waiting], timeout=0.05)
            if done:
                return waiting.result()
            # nothing was given back in this process: another process may have let go of a place
            if self._queue and self._queue[0][2] is waiting and (place := await self._lease()) is not None:
                if waiting.done():
                    await self._give_back(place)
                    return waiting.result()
                waiting.set_result(place)
                return place

    async def _lease(self) -> int | None:
        async with self._leasing:
            for place in range(self._concurrency):
                if place not in self._held and await self._locks.try_lock(self._target, _FIRST_PLACE + place):
                    self._held[place] = self._clock.monotonic()
                    return place
        return None

    async def _give_back(self, place: int) -> None:
        while self._queue and self._clock.monotonic() - self._held.get(place, 0.0) < _HOLD_SECONDS:
            _, _, waiting = heapq.heappop(self._queue)
            if not waiting.done():  # else it was served, or its task was cancelled
                waiting.set_result(place)
                return
        self._held.pop(place, None)
        await self._locks.unlock(self._target, _FIRST_PLACE + place)

"""How many requests a target gets, and how many at once: shared by all processes through the database."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tenure.engine.active import Brake
from tenure.engine.precedence import priority
from tenure.model.clock import Clock
from tenure.store.database import Database
from tenure.store.locks import Locks, LocksLost
from tenure.store.targets import take_tokens

_LEASE_SECONDS = 0.25
_HOLD_SECONDS = 1.0
_REST_SECONDS = 0.2
_LOOK_SECONDS = 0.05
_FIRST_PLACE = 1000


class SharedLimiter:
    """A rate (token bucket in the target's row) and a number of places (advisory locks), for one target.

    Tokens are taken a quarter of a second's worth at a time. A place is a lock, kept while there is work and a moment
    longer, and given back after a second at the latest, so that another process gets its turn. After the application
    asked to slow down, the pace is halved, and recovers by a tenth with each request that succeeds.
    """

    def __init__(
        self,
        database: Database,
        locks: Locks,
        clock: Clock,
        target: int,
        per_second: float,
        concurrency: int,
        brake: Brake | None = None,
    ) -> None:
        self._brake = brake or Brake()
        self._database, self._locks, self._clock, self._target = database, locks, clock, target
        self._per_second, self._concurrency = per_second, concurrency
        self._pace = 1.0
        self._not_before = 0.0
        self._tokens = 0.0
        self._held: dict[int, float] = {}
        self._free: list[int] = []
        self._queue: list[tuple[int, int, asyncio.Future[int]]] = []
        self._turns = 0
        self._feeding = asyncio.Lock()
        self._gone = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    @property
    def closed(self) -> str | None:
        """Why no write is sent now, or None."""
        return self._brake.closed

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
        self._turns += 1
        waiting: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (priority.get(), self._turns, waiting))
        self._hand_out()
        try:
            return await waiting
        except BaseException:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                await self._give_back(waiting.result())
            waiting.cancel()
            raise

    def _hand_out(self) -> None:
        """Give the places that are free to those who wait, the urgent first; for the others, more are looked for."""
        while self._free and (waiting := self._next()) is not None:
            waiting.set_result(self._free.pop())
        if self._next() is not None and self._looking is None:
            self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        """While somebody waits: another process may have let go of a place. A loss of the locks is told to all."""
        try:
            while self._next() is not None:
                self._gone.clear()
                place = await self._lease() if len(self._held) < self._concurrency else None
                if place is not None:
                    self._rest(place)
                    self._hand_out()
                    continue
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._gone.wait(), _LOOK_SECONDS)
        except LocksLost as lost:
            while (waiting := self._next()) is not None:
                waiting.set_exception(LocksLost(str(lost)))
        finally:
            self._looking = None

    def _next(self) -> asyncio.Future[int] | None:
        while self._queue and self._queue[0][2].done():
            heapq.heappop(self._queue)
        return self._queue[0][2] if self._queue else None

    async def _lease(self) -> int | None:
        for place in range(self._concurrency):
            if place not in self._held and await self._locks.try_lock(self._target, _FIRST_PLACE + place):
                self._held[place] = self._clock.monotonic()
                return place
        return None

    async def _give_back(self, place: int) -> None:
        if self._clock.monotonic() - self._held.get(place, 0.0) > _HOLD_SECONDS:
            await self._let_go(place)
            self._gone.set()
        else:
            self._rest(place)
        self._hand_out()

    def _rest(self, place: int) -> None:
        """Keep a place for what comes next, for a moment."""
        self._free.append(place)
        asyncio.get_running_loop().call_later(_REST_SECONDS, self._end_rest, place)

    def _end_rest(self, place: int) -> None:
        if place in self._free:
            self._free.remove(place)
            self._ending = asyncio.ensure_future(self._let_go(place))

    async def _let_go(self, place: int) -> None:
        self._held.pop(place, None)
        with suppress(LocksLost):  # then it is let go already
            await self._locks.unlock(self._target, _FIRST_PLACE + place)

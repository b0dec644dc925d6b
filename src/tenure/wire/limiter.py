"""The limiter paces requests to a target: a rate, a number at once, and backing off when the target slows down."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from tenure.model.clock import Clock

TOLERANCE_S = 0.05  # how far requests may bunch up, so that a sleep that ends late costs no throughput
LONGEST_PAUSE_S = 60.0  # a longer Retry-After is the engine's to wait for
RESTORE_S = 60.0  # from the lowest pace back to the full one
LOWEST = 1 / 16
SLOW_S, SLOW_TIMES = 1.0, 4.0  # "slowing down": this many seconds, and this many times the usual


class Limiter(Protocol):
    """Paces the requests of one target; the engine has one that shares its numbers between processes.

    `closed` says why no write leaves now, whatever asks for it; readings do.
    """

    @property
    def closed(self) -> str | None:
        """Why no write is sent now, or None."""
        ...

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Wait for a place among the requests under way and for the rate, then hold the place for one request."""
        ...

    def slow_down(self, retry_after: float | None) -> None:
        """The target said 429: nothing is sent for `retry_after` seconds, then less than before for a while."""
        ...


class PacedLimiter:
    """A limiter for one process: never above `per_second` and `concurrency`, less while the target suffers.

    `slow_down`, or answers that take four times the usual and over a second, halve both numbers; they come back
    evenly within a minute.
    """

    closed: str | None = None

    def __init__(self, clock: Clock, per_second: float = 10.0, concurrency: int = 4) -> None:
        """Start at the full pace; raises ValueError for numbers that are none."""
        if per_second <= 0 or concurrency < 1:
            raise ValueError("rate.per_second must be above 0 and rate.concurrency at least 1")
        self._clock = clock
        self._per_second = per_second
        self._concurrency = concurrency
        self._active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._next = 0.0  # when the next request may leave
        self._paused_until = 0.0
        self._factor, self._slowed_at = 1.0, 0.0
        self._usual: float | None = None
        self._recent = 0.0

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a place and for the rate, then hold the place for one request."""
        await self._enter()
        try:
            await self._pace()
            began = self._clock.monotonic()
            try:
                yield
            finally:
                self._measure(self._clock.monotonic() - began)
        finally:
            self._leave()

    def slow_down(self, retry_after: float | None) -> None:
        """Halve the pace (once a second at most), and send nothing for `retry_after` seconds."""
        now = self._clock.monotonic()
        if self._factor == 1.0 or now - self._slowed_at >= 1.0:
            self._factor = max(LOWEST, self.factor() / 2)
            self._slowed_at = now
        if retry_after:
            self._paused_until = max(self._paused_until, now + min(retry_after, LONGEST_PAUSE_S))

    def factor(self) -> float:
        """The share of the full pace that is allowed now, from 1/16 to 1."""
        return min(1.0, self._factor + (self._clock.monotonic() - self._slowed_at) / RESTORE_S)

    def _limit(self) -> int:
        return max(1, int(self._concurrency * self.factor()))

    async def _enter(self) -> None:
        if not self._waiting and self._active < self._limit():
            self._active += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif turn.done() and not turn.cancelled():
                self._leave()  # the place came as we gave up: hand it on
            raise

    def _leave(self) -> None:
        self._active -= 1
        while self._waiting and self._active < self._limit():
            turn = self._waiting.popleft()
            if not turn.done():
                self._active += 1  # the place is given, so that no newcomer takes it before the waiter wakes
                turn.set_result(None)

    async def _pace(self) -> None:
        while True:
            while (pause := self._paused_until - self._clock.monotonic()) > 0:
                await self._clock.sleep(pause)
            now, paused = self._clock.monotonic(), self._paused_until
            start = max(now - TOLERANCE_S, self._next)
            self._next = start + 1 / (self._per_second * self.factor())
            if start > now:
                await self._clock.sleep(start - now)
            if self._paused_until == paused:
                return  # else a pause began while we waited, and all that waited take new turns after it

    def _measure(self, seconds: float) -> None:
        if self._usual is None:
            self._usual = self._recent = seconds
        self._recent += (seconds - self._recent) * 0.3
        if self._recent > SLOW_S and self._recent > SLOW_TIMES * self._usual:
            self.slow_down(None)
        else:
            self._usual += (seconds - self._usual) * 0.02

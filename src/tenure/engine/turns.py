"""Turns: how many may go at once, and who of those that wait is next."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count


class Turns:
    """So many at once; of those who wait, the one with the lowest rank, and who came first among equals.

    `ranks` gives one after the other.
    """

    def __init__(self, at_once: int) -> None:
        """All turns are free."""
        self.ranks = count()
        self._free = at_once
        self._came = count()
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def one(self, rank: int) -> AsyncIterator[None]:
        """Wait for a turn, and have it for the length of the block."""
        if self._free > 0:
            self._free -= 1
        else:
            await self._wait(rank)
        try:
            yield
        finally:
            self._hand_on()

    async def _wait(self, rank: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (rank, next(self._came), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._hand_on()  # it came as we gave up
            raise

    def _hand_on(self) -> None:
        while self._queue:
            turn = heapq.heappop(self._queue)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

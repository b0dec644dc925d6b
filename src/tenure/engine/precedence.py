"""Precedence: the urgent go first, and while somebody who leaves is due, what can wait stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar

from tenure.engine.turns import Turns
from tenure.store import marks

priority: ContextVar[int] = ContextVar("priority", default=marks.SINGLE)
"""The priority of the mark that the current task works on."""

shard: ContextVar[int | None] = ContextVar("shard", default=None)
"""The shard that the current task works on; None outside of a pass, where whoever asks is waited for."""

rank: ContextVar[int] = ContextVar("rank", default=0)
"""Where the pass that the current task works for stands among those at its target: who began first ends first."""

_PATIENCE_S = 5.0
"""So long one request, or one pass, waits for those who leave, in seconds: an application that keeps them waiting holds
up the others no longer than that."""


def goes_first(prio: int) -> bool:
    """Whether a mark of this priority is of somebody who just lost access."""
    return prio <= marks.LOSS


class Precedence:
    """Where, in this process, somebody who lost access is due: by target and shard.

    That a limiter serves the urgent first does not help with what is between their requests: reading, planning and
    writing down share one processor with all the others. So for the moment that a leaver takes, the rest of the process
    begins nothing, except in the leaver's own shard, which has to come to the end of its pass.
    """

    def __init__(self) -> None:
        self._shards: dict[int, frozenset[int]] = {}
        self._changed = asyncio.Event()

    def tell(self, target: int, shards: Collection[int]) -> None:
        """These are the target's shards in which somebody who lost access is due now."""
        if self._shards.get(target, frozenset()) != frozenset(shards):
            self._shards[target] = frozenset(shards)
            self._changed.set()
            self._changed = asyncio.Event()

    @property
    def due(self) -> bool:
        """Whether somebody who lost access is due anywhere."""
        return any(self._shards.values())

    def yields(self, target: int) -> bool:
        """Whether what the current task is about to ask of the target has to wait."""
        if goes_first(priority.get()) or shard.get() is None or not self.due:
            return False
        return shard.get() not in self._shards.get(target, ())

    async def give_way(self, target: int, until: float | None = None) -> float:
        """Wait as long as the current task yields, but not beyond `until`, and give that again.

        It is in seconds of the event loop's clock; without it, five seconds from now.
        """
        end = asyncio.get_running_loop().time() + _PATIENCE_S if until is None else until
        with suppress(TimeoutError):
            while self.yields(target):
                await asyncio.wait_for(self._changed.wait(), max(0.0, end - asyncio.get_running_loop().time()))
        return end

    @asynccontextmanager
    async def turn(self, target: int, turns: Turns) -> AsyncIterator[None]:
        """Wait for one of the target's turns, and hand it on while the current task yields.

        Who goes first needs none.
        """
        if goes_first(priority.get()):
            yield
            return
        until = None
        while True:
            async with turns.one(rank.get()):
                if not self.yields(target) or (until is not None and asyncio.get_running_loop().time() >= until):
                    yield
                    return
            until = await self.give_way(target, until)

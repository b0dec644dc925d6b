"""Gathering: what many ask for one by one at the same time is read for all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathering(Generic[K, V]):
    """Reads things by key, one reading at a time.

    Who asks while a reading is under way is answered by the next one: nobody gets what was read before they asked.
    Under load a reading costs the database and this process little more than one of a single thing would.
    """

    def __init__(self, read: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]) -> None:
        """`read` gives what there is of these keys."""
        self._read = read
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """What there is under the key, or None. Raises what the reading raised."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_all())
        return await asyncio.shield(answer)  # who gives up does not take it from the others

    async def _read_all(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, {}
                try:
                    found = await self._read(asked.keys())
                except Exception as problem:
                    for answer in asked.values():
                        answer.set_exception(problem)
                    continue
                for key, answer in asked.items():
                    answer.set_result(found.get(key))
        finally:
            self._reading = None

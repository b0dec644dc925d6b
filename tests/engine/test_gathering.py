"""What is asked for at the same time is read at once, and nobody is answered with what was read before they asked."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import pytest

from tenure.engine.gathering import Gathering


class Shelf:
    """Things by key that change, and a reading that takes as long as the test wants."""

    def __init__(self) -> None:
        self.things = {"a": 1, "b": 2}
        self.readings: list[set[str]] = []
        self.gate = asyncio.Event()
        self.problem: Exception | None = None

    async def read(self, keys: Collection[str]) -> dict[str, int]:
        self.readings.append(set(keys))
        found = {key: self.things[key] for key in keys if key in self.things}
        await self.gate.wait()
        if self.problem:
            raise self.problem
        return found


async def test_many_are_read_at_once_and_what_is_not_there_is_none() -> None:
    shelf = Shelf()
    gathering = Gathering(shelf.read)
    asked = [asyncio.create_task(gathering.get(key)) for key in ("a", "b", "a", "nothing")]
    await asyncio.sleep(0)
    shelf.gate.set()
    assert await asyncio.gather(*asked) == [1, 2, 1, None]
    assert len(shelf.readings) == 1


async def test_who_asks_during_a_reading_gets_what_is_read_after() -> None:
    shelf = Shelf()
    gathering = Gathering(shelf.read)
    early = asyncio.create_task(gathering.get("a"))
    await asyncio.sleep(0.01)
    shelf.things["a"] = 10
    late = asyncio.create_task(gathering.get("a"))
    await asyncio.sleep(0)
    shelf.gate.set()
    assert (await early, await late) == (1, 10)
    assert shelf.readings == [{"a"}, {"a"}]


async def test_a_reading_that_fails_fails_those_who_asked_and_nobody_after() -> None:
    shelf = Shelf()
    gathering = Gathering(shelf.read)
    shelf.problem = ConnectionError("away")
    shelf.gate.set()
    results = await asyncio.gather(gathering.get("a"), gathering.get("b"), return_exceptions=True)
    assert [type(one) for one in results] == [ConnectionError, ConnectionError]
    shelf.problem = None
    assert await gathering.get("a") == 1


async def test_who_gives_up_does_not_take_it_from_the_others() -> None:
    shelf = Shelf()
    gathering = Gathering(shelf.read)
    first, second = (asyncio.create_task(gathering.get("a")) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    shelf.gate.set()
    assert await second == 1
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await gathering.get("b") == 2

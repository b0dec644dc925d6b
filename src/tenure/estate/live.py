"""Asking targets, and sources that are read, whether we can work there and what groups open.

Nothing is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from tenure.estate.document import Estate, TargetEstate
from tenure.model.capability import Mode
from tenure.model.clock import Clock
from tenure.model.error import NotFound
from tenure.model.seen import (
    GroupByName,
    GroupOpens,
    Health,
    NotThere,
    ReadComplete,
    RightSeen,
    RightsOfGroups,
    Seen,
    Unread,
)
from tenure.sources import SOURCES
from tenure.targets import TARGETS, TargetKind

CHECK_SECONDS = 60.0


async def ask(estate: Estate, clock: Clock, kinds: Mapping[str, TargetKind] | None = None) -> dict[str, Health]:
    """What each target says of itself, all asked at once, each within 60 seconds; `kinds` stands for the registry.

    The estate has to be loaded with its secrets. Whatever its mode, a target is opened to be read only.
    """
    known = TARGETS if kinds is None else kinds
    asked = (_ask(known[target.kind], target, clock) for target in estate.targets.values())
    return dict(zip(estate.targets, await asyncio.gather(*asked), strict=True))


async def ask_sources(estate: Estate) -> dict[str, Health]:
    """What each source that we read says of itself; those that push to us cannot be asked."""
    opened = {name: SOURCES[source.kind].open for name, source in estate.sources.items()}
    return {name: await opens(estate.sources[name].settings).check() for name, opens in opened.items() if opens}


async def rights(target: TargetEstate, clock: Clock, group: str) -> tuple[list[RightSeen], tuple[str, ...]]:
    """What a group opens at a target, read now, and what the application does not tell of it, or was not read.

    The same conditions as for `ask`. Raises the errors of `tenure.model.error`, and ValueError where the application
    cannot be asked that.
    """
    limiter = _OneAtATime(clock, target.rate.per_second)
    kind = TARGETS[target.kind]
    opened = kind.open(target.settings, mode=Mode.OBSERVE, limiter=limiter, clock=clock, name=target.name)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(opened.aclose)
        if not opened.capabilities.tells_rights:
            raise ValueError("this kind of application does not tell it")
        canon, found, unknown = opened.capabilities.group.canon, list[RightSeen](), list[str]()
        if any(isinstance(one, NotThere) for one in [one async for one in opened.read(GroupByName(group))]):
            raise NotFound(f"the group {group} is not there")
        async for one in opened.read(RightsOfGroups()):
            if isinstance(one, GroupOpens) and canon(one.group) == canon(group):
                found.append(one.right)
            unknown += _untold(one)
    return found, tuple(unknown)


def _untold(one: Seen) -> list[str]:
    """What this says that is not told, or was not read."""
    if isinstance(one, Unread):
        return [f"{one.what}: not read"]
    return [str(what) for what in _listed(one.proof.get("unknown"))] if isinstance(one, ReadComplete) else []


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else ()


async def _ask(kind: TargetKind, target: TargetEstate, clock: Clock) -> Health:
    limiter = _OneAtATime(clock, target.rate.per_second)
    opened = kind.open(target.settings, mode=Mode.OBSERVE, limiter=limiter, clock=clock, name=target.name)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(opened.aclose)
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return await opened.check()
        except TimeoutError:
            return Health(False, f"no answer within {CHECK_SECONDS:.0f} seconds")


class _OneAtATime:
    """Paces the few requests of a check: one after the other, at the target's rate."""

    closed = "a check writes nothing"

    def __init__(self, clock: Clock, per_second: float) -> None:
        self._clock, self._pause = clock, 1 / per_second
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        async with self._turn:
            yield
            await self._clock.sleep(min(1.0, self._pause))

    def slow_down(self, retry_after: float | None) -> None:
        self._pause = max(self._pause, min(10.0, retry_after or 1.0))

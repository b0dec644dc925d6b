"""What groups open at a target: read of all groups in one pass, on a shard of its own, when somebody needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from tenure.engine.active import ActiveTarget, House
from tenure.engine.precedence import priority
from tenure.engine.send import Stopped, stop
from tenure.engine.work import backoff
from tenure.model.error import RateLimited, Recovery, TargetError
from tenure.model.seen import GroupOpens, ReadComplete, RightsOfGroups, Unread
from tenure.planning.opening import NOT_TOLD
from tenure.store import marks, rights, seen

log = structlog.get_logger()
SUBJECT = rights.POPULATION
_BATCH = 500
_FIRST_GROUPS = timedelta(seconds=5)
_JUST = timedelta(seconds=60)
"""Who asked while it was being read is answered by that."""
_TRIES = 3
_LONGEST_S = 1800.0
_TOLD = 3
"""So many of the parts that were not read are named."""


@dataclass(slots=True)
class _Pass:
    number: int
    started: datetime
    count: int = 0
    proof: Mapping[str, object] | None = None
    unread: list[str] = field(default_factory=list)
    batch: list[GroupOpens] = field(default_factory=list)


async def read(house: House, target: ActiveTarget, mark: marks.Mark) -> None:
    """Read what all groups of the target open, and look again at the groups that wait.

    A part that cannot be looked into leaves what was known; why it was not whole is kept. Requests go out behind all
    others. Raises Stopped.
    """
    priority.set(marks.BULK)
    async with house.database.transaction() as connection:
        if await seen.last_count(connection, target.id, "groups") is None:  # else none would be known to be covered
            again = house.clock.now() + _FIRST_GROUPS
            await marks.mark_subject(connection, [target.id], SUBJECT, marks.RIGHTS, mark.cause, not_before=again)
            return
        just = await rights.covers_all(connection, target.id, since=house.clock.now() - _JUST)
    pause = None if just else await _read(house, target, mark)
    async with house.database.transaction() as connection:
        if pause is not None:
            again = house.clock.now() + timedelta(seconds=pause)
            await marks.release(connection, target.id, (), [(mark, again)])
            return
        await marks.release(connection, target.id, [mark])
        for subject in await rights.groups_that_wait(connection, target.id):
            await marks.mark_subject(connection, [target.id], subject, marks.GROUPS, mark.cause)


async def _read(house: House, target: ActiveTarget, mark: marks.Mark) -> float | None:
    """One pass; gives the seconds until another try is worth it, None when this one ended, whole or not."""
    async with house.database.transaction() as connection:
        started = house.clock.now()
        one = _Pass(await seen.begin_reading(connection, target.id, rights.POPULATION, started), started)
    if not target.connector.capabilities.tells_rights:
        await _end(house, target, one, NOT_TOLD)
        return None
    problem, pause = "", None
    try:
        async with asyncio.timeout(_LONGEST_S):
            await _stream(house, target, one)
    except TargetError as error:
        if error.recovery is Recovery.STOP:
            await stop(house, target, str(error))
            raise Stopped(str(error)) from error
        problem = str(error)
        if error.recovery is Recovery.RETRY and mark.attempts + 1 < _TRIES:
            pause = error.retry_after if isinstance(error, RateLimited) else None
            pause = max(pause or 0.0, backoff(mark.attempts))
    except TimeoutError:
        problem = f"it took longer than {_LONGEST_S / 60:.0f} minutes"
    await _save(house, target, one)
    if pause is None:
        await _end(house, target, one, problem or _missing(one))
    return pause


async def _stream(house: House, target: ActiveTarget, one: _Pass) -> None:
    async for thing in target.connector.read(RightsOfGroups()):
        if isinstance(thing, ReadComplete):
            one.proof = {**thing.proof, "count": thing.count}
        elif isinstance(thing, Unread):
            one.unread.append(thing.what)
        elif isinstance(thing, GroupOpens):
            one.count += 1
            one.batch.append(thing)
            if len(one.batch) >= _BATCH:
                await _save(house, target, one)


async def _save(house: House, target: ActiveTarget, one: _Pass) -> None:
    batch, one.batch = one.batch, []
    async with house.database.transaction() as connection:
        await rights.save(connection, target.id, batch, target.connector.capabilities.group.canon, one.started)


def _missing(one: _Pass) -> str:
    if one.proof is not None:
        return ""
    more = f" and {len(one.unread) - _TOLD} more" if len(one.unread) > _TOLD else ""
    return "; ".join(one.unread[:_TOLD]) + more or "it ended without a proof that it was whole"


async def _end(house: House, target: ActiveTarget, one: _Pass, problem: str) -> None:
    log.info("what groups open", target=target.name, rights=one.count, whole=not problem, problem=problem or None)
    async with house.database.transaction() as connection:
        if not problem:
            await rights.end_whole(connection, target.id, one.started)
        proof = None if problem else one.proof
        now = house.clock.now()
        await seen.end_reading(connection, one.number, now, count=one.count, proof=proof, problem=problem)

"""Who drains which marks: a shard at a time under an advisory lock, the urgent first, until nothing is due."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog

from tenure.engine import precedence, rights, seating
from tenure.engine.active import ActiveTarget, House
from tenure.engine.foresight import foresee
from tenure.engine.reading import check, read_whole
from tenure.engine.recovery import recover
from tenure.engine.run import run
from tenure.engine.send import Stopped
from tenure.engine.waking import Waking
from tenure.engine.work import backoff
from tenure.model.access import Silence
from tenure.store import audit, authority, marks, sources, targets
from tenure.store.database import Connection, DatabaseAway
from tenure.store.locks import Locks, LocksLost
from tenure.store.marks import Mark

log = structlog.get_logger()
_LOOK_EVERY = 1.0
_ROUNDS_APART = 0.02
_LISTEN_EVERY = timedelta(seconds=1)
_TURN_SECONDS = 2.0
_FEW = 50
_BULK_CHUNKS = 2
_READS = (marks.READINGS, marks.RIGHTS)
"""Shards on which nothing is sent that could change a target."""
_PROBE_EVERY = timedelta(seconds=30)
_CHECK_LASTS_S = 60.0
"""How long a server that answered for itself is taken for the one that it was, in seconds: keys of accounts are counted
alike everywhere, and at another server they are other people's."""


def _silence(silence: Silence) -> str:
    return f"the source {silence.name} was not heard since {silence.since:%Y-%m-%d %H:%M} UTC: nothing is taken away"


class Engine:
    """Drains the marks of every target, in this process, beside any number of other processes.

    A shard belongs to a process for as long as it works on it: at most two seconds for bulk, so that what is urgent
    in the shard, and other processes, get their turn. The epoch that each owner begins keeps a stalled one from
    writing.
    """

    def __init__(self, house: House, locks: Locks, waking: Waking) -> None:
        self._house, self._locks, self._waking = house, locks, waking
        self._busy: dict[tuple[int, int], asyncio.Task[bool]] = {}
        self._bulk: dict[tuple[int, int], bool] = {}
        self._outdated: set[int] = set()

    async def run(self) -> None:
        """Work until cancelled."""
        loops = [asyncio.create_task(self._follow(target)) for target in self._house.targets.values()]
        try:
            await asyncio.gather(*loops)
        finally:
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)
            await self.close()

    def hangs(self, seconds: float) -> list[str]:
        """The targets whose loop began and has not come round for so many seconds."""
        before = self._house.clock.monotonic() - seconds
        there = self._house.targets.values()
        return sorted(t.name for t in there if t.alive_at is not None and t.alive_at < before)

    async def close(self) -> None:
        """Break off what is under way, and let go of every lock."""
        busy = list(self._busy.values())
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
        for target in self._house.targets.values():
            if target.joins is not None:
                await target.joins.close()
        await self._locks.close()

    async def settle(self) -> None:
        """Work until nothing is due at this moment (what was put off stays put off, a stopped target stays stopped)."""
        while True:
            started = [await self._round(target) for target in self._house.targets.values()]
            if not any(started) and not self._busy:
                return
            if self._busy:
                done, _ = await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)
                worked = [task.result() for task in done]
                if not any(worked):
                    await asyncio.sleep(0.01)  # another process has the shard

    async def _follow(self, target: ActiveTarget) -> None:
        woken = self._waking.subscribe()
        while True:
            woken.clear()
            target.alive_at = self._house.clock.monotonic()
            try:
                await self._round(target)
            except (LocksLost, DatabaseAway) as error:
                log.warning("the database is away", why=str(error))
                await asyncio.sleep(_LOOK_EVERY)
                with contextlib.suppress(DatabaseAway):
                    await self._reconnect()
            await asyncio.sleep(_ROUNDS_APART)  # a burst of pushes wakes it once, and the first of them at once
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), _LOOK_EVERY)

    async def _reconnect(self) -> None:
        await self._locks.close()
        await self._locks.open()

    async def _round(self, target: ActiveTarget) -> bool:
        """Start a task for each shard that is due and free here; gives whether any was started."""
        if target.id in self._outdated:
            return False
        now = self._house.clock.now()
        async with self._house.database.transaction() as connection:
            state = await targets.state(connection, target.id)
            if target.checked_at is not None:  # not every application says as whom we are signed in
                target.brake.closed = targets.why_closed(state)
            if state["state"] == "stopped" and state["probe_at"] > now:
                self._house.precedence.tell(target.id, ())
                return False
            await self._listen(connection, target, now)
            due = await marks.due_shards(connection, target.id, now)
        self._house.precedence.tell(target.id, [shard for shard, prio in due.items() if precedence.goes_first(prio)])
        stopped, last = state["state"] == "stopped", target.checked_at
        unsure = stopped or last is None or self._house.clock.monotonic() - last > _CHECK_LASTS_S
        if due and unsure:
            if not await self._probe(target):
                return False
            if stopped:
                log.info("target runs again", target=target.name)
        if due and not await self._foreseen(target):
            return False
        started = False
        for shard, prio in due.items():
            place = (target.id, shard)
            bulk = prio >= marks.BULK
            if place in self._busy or (bulk and self._bulk_chunks(target) >= _BULK_CHUNKS):
                continue
            task = asyncio.create_task(self._drain(target, shard))
            self._busy[place], self._bulk[place] = task, bulk
            task.add_done_callback(partial(self._done, place))
            started = True
        return started

    async def _listen(self, connection: Connection, target: ActiveTarget, now: datetime) -> None:
        """Once a second: know which sources are silent, and mark those for whom a silence or a wait has ended."""
        if target.listened_at is not None and now - target.listened_at < _LISTEN_EVERY:
            return
        silent = {s.name: _silence(s) for s in await sources.silent_sources(connection, now)}
        if target.silent.keys() - silent.keys():
            await marks.mark_subject(connection, [target.id], "scope:all", marks.READINGS, None)
        await marks.sweep(connection, target.id, now)
        await authority.sweep(connection, target.id, now)
        target.silent, target.listened_at = silent, now

    async def _foreseen(self, target: ActiveTarget) -> bool:
        """See to it that nobody is planned for before all that the rules of this estate lead to is known."""
        try:
            if not target.foreseen:
                await foresee(self._house, target)
            target.foreseen = True
        except targets.Outdated as end:
            self._outdate(target, end)
        return target.foreseen

    def _outdate(self, target: ActiveTarget, end: targets.Outdated) -> None:
        self._outdated.add(target.id)
        self._house.precedence.tell(target.id, ())
        log.error("this process works by an older estate: it writes nothing more", target=target.name, why=str(end))

    def _bulk_chunks(self, target: ActiveTarget) -> int:
        return sum(bulk for (number, _), bulk in self._bulk.items() if number == target.id)

    def _done(self, place: tuple[int, int], task: asyncio.Task[bool]) -> None:
        self._busy.pop(place, None)
        self._bulk.pop(place, None)
        if not task.cancelled() and task.exception() is None and task.result():
            self._waking.wake_here()  # there may be more; where nothing could be done, the next look is soon enough

    async def _probe(self, target: ActiveTarget) -> bool:
        try:
            await check(self._house, target)
        except Stopped as stopped:
            async with self._house.database.transaction() as connection:
                again = self._house.clock.now() + _PROBE_EVERY
                await targets.stop(connection, target.id, str(stopped), again)
            return False
        return True

    async def _drain(self, target: ActiveTarget, shard: int) -> bool:
        """Drain a shard if nobody else does; gives whether that was done."""
        try:
            if not await self._locks.try_lock(target.id, shard):
                return False
        except LocksLost:
            return False
        try:
            await self._drain_owned(target, shard)
            return True
        except targets.Outdated as end:
            self._outdate(target, end)
        except (Stopped, targets.Stolen, LocksLost) as end:
            log.info("shard given up", target=target.name, shard=shard, why=str(end))
        except DatabaseAway as error:
            log.warning("the database is away", why=str(error))
        finally:
            with contextlib.suppress(LocksLost):
                await self._locks.unlock(target.id, shard)
        return False

    async def _drain_owned(self, target: ActiveTarget, shard: int) -> None:
        clock, began = self._house.clock, self._house.clock.monotonic()
        async with self._house.database.transaction() as connection:
            epoch = await targets.begin_epoch(connection, target.id, shard)
        while clock.monotonic() - began < _TURN_SECONDS:
            blocked = set() if shard in _READS else await recover(self._house, target, shard, epoch)
            async with self._house.database.transaction() as connection:
                due = await marks.drain(connection, target.id, shard, clock.now(), target.chunk)
                few = await marks.are_few(connection, target.id, clock.now(), _FEW)
                stuck = [mark for mark in due if mark.subject in blocked]
                await marks.release(connection, target.id, (), [(m, clock.now() + timedelta(seconds=1)) for m in stuck])
            due = [mark for mark in due if mark.subject not in blocked]
            if not due:
                return
            leaving = [mark for mark in due if precedence.goes_first(mark.prio)]
            precedence.shard.set(shard)
            precedence.priority.set(due[0].prio)
            await self._house.precedence.give_way(target.id)
            await self._pass(target, shard, epoch, leaving or due, few)

    async def _pass(self, target: ActiveTarget, shard: int, epoch: int, due: list[Mark], few: bool) -> None:
        try:
            if shard == marks.READINGS:
                for mark in due:
                    await self._whole(target, mark)
            elif shard == marks.RIGHTS:
                for mark in due:
                    await rights.read(self._house, target, mark)
            else:
                await run(self._house, target, shard, epoch, due, few=few)
        except (Stopped, targets.Stolen, targets.Outdated, LocksLost, DatabaseAway):
            raise
        except Exception:
            log.exception("a pass failed", target=target.name, shard=shard, subjects=[m.subject for m in due])
            now = self._house.clock.now()
            later = [(mark, now + timedelta(seconds=backoff(mark.attempts))) for mark in due]
            async with self._house.database.transaction() as connection:
                await marks.release(connection, target.id, (), later)

    async def _whole(self, target: ActiveTarget, mark: Mark) -> None:
        """Read the target whole, or its seats alone, or expand a scope mark into marks of its people."""
        now = self._house.clock.now()
        if mark.subject == seating.SUBJECT:
            await seating.read_again(self._house, target, mark)
            return
        if mark.subject != "reading":
            scope = mark.subject.partition(":")[2]
            group = None if scope == "all" else UUID(scope)
            async with self._house.database.transaction() as connection:
                await marks.expand(connection, target.id, target.source_ids, group, mark.cause)
                await marks.release(connection, target.id, [mark])
            return
        entry = audit.Entry(at=now, actor="engine", action="target.read", target=target.id, cause=mark.cause)
        async with self._house.database.transaction() as connection:
            cause = await audit.record(connection, entry)
        whole = await read_whole(self._house, target, cause)
        pause = target.compare if whole else timedelta(seconds=15 * backoff(mark.attempts))
        again = self._house.clock.now() + pause
        attempts = 0 if whole else mark.attempts + 1
        async with self._house.database.transaction() as connection:
            await marks.release(connection, target.id, [mark])
            await marks.bring_forward(connection, target.id, "reading", marks.READINGS, again, attempts)

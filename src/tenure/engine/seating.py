"""Seats at work: nobody is given a licence of which no seat is left; who comes first waits shortest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from tenure.engine.active import ActiveTarget, House
from tenure.engine.work import Work
from tenure.model.change import Change, JoinGroups
from tenure.model.error import TargetError
from tenure.model.gate import digest_of
from tenure.model.plan import Decision, Verdict
from tenure.model.seen import ReadComplete, Seats, SeatsSeen
from tenure.planning.seats import frees, takes
from tenure.store import marks, seats
from tenure.store.database import Connection
from tenure.store.seats import CLASS, Licence, Waiting

log = structlog.get_logger()
SUBJECT = "seats"
_FRESH = timedelta(seconds=60)
"""How old the numbers may be when somebody is to take a seat; what we did ourselves since is counted."""
_WAIT = timedelta(seconds=60)
"""How often they are read again while somebody waits."""


@dataclass(slots=True)
class _Row:
    """A licence within one transaction: seats that are left, who has one of them, and who waits."""

    licence: Licence
    left: int
    has: set[str]
    waiting: list[Waiting]

    def has_one_for(self, who: Waiting) -> bool:
        """Whether a seat is left for somebody: not for who waits, when others who wait come before."""
        ahead = sum(other.place < who.place for other in self.waiting if other.subject != who.subject)
        return who.subject in self.has or self.left > ahead

    def give(self, subject: str) -> None:
        """Let somebody take a seat."""
        self.left -= subject not in self.has
        self.has.add(subject)


async def read(house: House, target: ActiveTarget) -> None:
    """Read the licences, and look again at as many of those who wait as there are seats.

    What an application does not tell limits nobody; a reading that fails leaves the one before.
    """
    began, found, whole = house.clock.now(), list[SeatsSeen](), False
    try:
        async for one in target.connector.read(Seats()):
            if isinstance(one, SeatsSeen):
                found.append(one)
            whole = whole or isinstance(one, ReadComplete)
    except TargetError as problem:
        log.info("the seats could not be read", target=target.name, why=str(problem))
    if not whole:
        return
    async with house.database.transaction() as connection:
        before = {one.name: one for one in await seats.licences(connection, target.id)}
        woken = [
            who
            for gone in before.keys() - {one.licence for one in found}
            for who in await seats.next_in_line(connection, target.id, replace(before[gone], total=None))
        ]
        await seats.save(connection, target.id, found, target.connector.capabilities.group.canon, began)
        for licence in await seats.licences(connection, target.id):
            woken += await seats.next_in_line(connection, target.id, licence)
        if woken:
            await marks.mark_identities(connection, [target.id], sorted(set(woken), key=str), marks.SINGLE, None)


async def read_again(house: House, target: ActiveTarget, mark: marks.Mark) -> None:
    """Read the licences because somebody waits, and again later while somebody does."""
    await read(house, target)
    async with house.database.transaction() as connection:
        await marks.release(connection, target.id, [mark])
        if any(one.waiting for one in await seats.licences(connection, target.id)):
            await _soon(connection, target, house.clock.now() + _WAIT)


async def freshen(house: House, target: ActiveTarget, works: Sequence[Work]) -> None:
    """Read the licences when somebody is about to take a seat and the numbers are old."""
    async with house.database.transaction() as connection:
        known = await seats.licences(connection, target.id)
    oldest = house.clock.now() - _FRESH
    if any(one.limited and one.seen_at < oldest and any(_asks(target, w, one) for w in works) for one in known):
        await read(house, target)


async def judge(connection: Connection, house: House, target: ActiveTarget, works: Sequence[Work]) -> None:
    """Hold whoever would take a seat that is not there, or that somebody before them waits for.

    In the intent's transaction, after the gates. Locks the licences that are asked for until it ends.
    """
    limited = [one for one in await seats.licences(connection, target.id) if one.limited]
    if not limited:
        return
    asked = [one for one in limited if any(_asks(target, work, one) for work in works)]
    await seats.lock(connection, target.id, [one.name for one in asked])
    there = [await _row(connection, target, one) for one in asked]
    now, still = house.clock.now(), list[tuple[str, Waiting]]()
    since = {w.subject: w.since for row in there for w in row.waiting}
    people = {work.mark.subject: work for work in works if work.identity is not None}
    line = [Waiting(name, _first(work), since.get(name, now)) for name, work in people.items()]
    for who in sorted(line, key=lambda one: one.place):
        work = people[who.subject]
        work.plan = replace(work.plan, verdicts=tuple(_seated(target, work, who, there, still)))
    for licence, who in still:
        await seats.wait(connection, target.id, licence, who)
    await seats.leave(connection, target.id, list(people), [(who.subject, licence) for licence, who in still])
    if still:
        await _soon(connection, target, now + _WAIT)


async def freed(connection: Connection, house: House, target: ActiveTarget, work: Work) -> None:
    """After changes were carried out: when one of them may have freed a seat that somebody waits for, look at once."""
    changes = [entry.intent.change for entry in work.settled]
    canon = target.connector.capabilities.group.canon
    for licence in await seats.licences(connection, target.id) if changes else ():
        if licence.waiting and any(frees(change, work.account, licence.groups, canon) for change in changes):
            await _soon(connection, target, house.clock.now())
            return


async def _soon(connection: Connection, target: ActiveTarget, when: datetime) -> None:
    await marks.bring_forward(connection, target.id, SUBJECT, marks.READINGS, when)


def _first(work: Work) -> bool:
    return work.asked is not None and work.asked.first


async def _row(connection: Connection, target: ActiveTarget, licence: Licence) -> _Row:
    has = await seats.taken(connection, target.id, licence)
    left = (licence.total or 0) - (licence.used or 0) - len(has)
    return _Row(licence, left, has, await seats.queue(connection, target.id, licence.name))


def _asks(target: ActiveTarget, work: Work, licence: Licence) -> bool:
    canon = target.connector.capabilities.group.canon
    return any(takes(change, work.account, licence.groups, canon) for change in work.plan.go)


def _seated(
    target: ActiveTarget, work: Work, who: Waiting, there: Sequence[_Row], still: list[tuple[str, Waiting]]
) -> Iterator[Verdict]:
    """The verdicts of one person, those held that would take a seat which is not there for them."""
    for verdict in work.plan.verdicts:
        if verdict.decision is not Decision.GO:
            yield verdict
            continue
        full = [row for row in there if not row.has_one_for(who) and _takes(target, work, verdict.change, row)]
        held, goes = _divided(target, work, verdict.change, full)
        if held is not None:
            still += [(row.licence.name, who) for row in full]
            licence = full[0].licence
            told = f"no seat of the licence {licence.name} is left ({licence.total}): waits for one"
            yield Verdict(held, Decision.HOLD, told)
        if goes is not None:
            for row in there:
                if _takes(target, work, goes, row):
                    row.give(who.subject)
                    work.through.setdefault(digest_of(goes), {})[CLASS + row.licence.name] = False
            yield replace(verdict, change=goes)


def _divided(
    target: ActiveTarget, work: Work, change: Change, full: Sequence[_Row]
) -> tuple[Change | None, Change | None]:
    """The part of a change that needs a seat which is not there, and the rest: a full licence keeps no other group."""
    if not full:
        return None, change
    if not isinstance(change, JoinGroups):
        return change, None
    alone = {name: replace(change, groups=(name,)) for name in change.groups}
    held = [name for name, one in alone.items() if any(_takes(target, work, one, row) for row in full)]
    goes = [name for name in change.groups if name not in held]
    return replace(change, groups=tuple(held)), replace(change, groups=tuple(goes)) if goes else None


def _takes(target: ActiveTarget, work: Work, change: Change, row: _Row) -> bool:
    return takes(change, work.account, row.licence.groups, target.connector.capabilities.group.canon)

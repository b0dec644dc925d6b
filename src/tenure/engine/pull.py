"""One whole reading of a source that we read: the same events into the same intake, and who is gone only by proof."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar
from uuid import UUID

from tenure.connector import Source
from tenure.engine.delivery import Delivery, PushSource
from tenure.engine.intake import Intake
from tenure.engine.meant import take_groups, take_people
from tenure.model.error import TargetError
from tenure.model.event import (
    PEOPLE_AND_GROUPS,
    GroupGone,
    GroupSeen,
    IdentityGone,
    IdentitySeen,
    MemberGone,
    MemberSeen,
    ReadComplete,
    SourceEvent,
)
from tenure.model.reading import Extent, NotRead
from tenure.store import audit, pulls, sources
from tenure.store.pulls import LastPull
from tenure.store.statistics import analyse_grown

_METHOD = "PULL"
_CHUNK = 200
_SHRINKS_FROM = 10
"""People, groups or memberships below which one that is gone is no sign of a reading that was cut short."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PulledSource:
    """A source that we read, opened. `told` is what the intake knows of it.

    `every` is how often it is read by itself, None: when a person says so. A reading that shows less than the last one
    by more than the share `shrink` takes nobody away until a person agrees.
    """

    told: PushSource
    reader: Source
    every: timedelta | None
    shrink: float


@dataclass(slots=True)
class Pulled:
    """What a reading came to. `missing` were not in it for the first time, `gone` for the second.

    `waiting` are userNames that somebody else has at this source. `held` says why nobody was taken away.
    """

    extent: Extent = field(default_factory=lambda: Extent(0))
    new: int = 0
    changed: int = 0
    missing: int = 0
    gone: int = 0
    waiting: tuple[str, ...] = ()
    held: str | None = None


async def count(reader: Source) -> Extent:
    """How much the source shows now; nothing is taken. Raises NotRead, TargetError."""
    people = groups = members = 0
    population = ""
    async for event in reader.read(None):
        people += isinstance(event, IdentitySeen)
        groups += isinstance(event, GroupSeen)
        members += isinstance(event, MemberSeen)
        population = event.population if isinstance(event, ReadComplete) else population
    return Extent(people, groups, members) if population == PEOPLE_AND_GROUPS else Extent(people)


async def pull(intake: Intake, source: PulledSource, by: str = "engine", accept: int | None = None) -> Pulled:
    """Read the source whole, and take in what it shows.

    `accept` is the number of people whom a person, `by`, has seen in a reading that shrank: then it is believed. Raises
    BeingRead, and NotRead and TargetError when the source cannot be read: then that is kept, and nobody is missing.
    """
    async with pulls.alone(intake.database, source.told.id):
        try:
            return await _Pull(intake, source).run(by, accept)
        except (NotRead, TargetError) as problem:
            await _not_believed(intake, source, str(problem))
            raise


async def _not_believed(intake: Intake, source: PulledSource, problem: str) -> None:
    async with intake.database.transaction() as connection:
        await pulls.not_believed(connection, source.told.id, problem, intake.clock.now())


class _Pull:
    """One reading while it is taken in.

    `_ids` are ours by those of the reading, `_shown` those of people among them; `_groups` has, by our id of a group,
    the reading's ids of those in it.
    """

    def __init__(self, intake: Intake, source: PulledSource) -> None:
        self._intake, self._source, self._told = intake, source, source.told
        self._ids: dict[UUID, UUID] = {}
        self._shown: set[UUID] = set()
        self._groups: dict[UUID, set[UUID]] = {}
        self._aside: list[IdentitySeen] = []
        self._batch: list[SourceEvent] = []
        self._people = self._members = 0
        self._complete: ReadComplete | None = None
        self._found = Pulled()

    async def run(self, by: str, accept: int | None) -> Pulled:
        async for event in self._source.reader.read(None):
            await self._take(event)
        await self._flush()
        await self._again()
        found, whole = self._found, self._complete
        with_groups = whole is not None and whole.population == PEOPLE_AND_GROUPS
        found.extent = Extent(self._people, len(self._groups), self._members) if with_groups else Extent(self._people)
        found.held = await self._doubt(by, accept)
        absent: list[UUID] = []
        if found.held is None:
            absent, found.gone = await self._without(pulls.absent_people, self._shown, _end_person)
            await self._again()
        await self._join(believed=found.held is None and with_groups)
        if found.held is None and with_groups:
            absent += (await self._without(pulls.absent_groups, self._groups, _end_group))[0]
        found.waiting = tuple(sorted(str(event.attributes["userName"]) for event in self._aside))
        await self._end(absent)
        return found

    async def _take(self, event: SourceEvent | ReadComplete) -> None:
        if isinstance(event, ReadComplete):
            self._complete = event
        elif isinstance(event, MemberSeen):
            await self._flush()
            self._members += 1
            self._groups[self._ids[event.group]].add(event.identity)
        else:
            if self._batch and (len(self._batch) >= _CHUNK or type(self._batch[0]) is not type(event)):
                await self._flush()
            self._batch.append(event)

    async def _flush(self) -> None:
        """Take in the batch, in one transaction."""
        people = [event for event in self._batch if isinstance(event, IdentitySeen)]
        groups = [event for event in self._batch if isinstance(event, GroupSeen)]
        self._batch = []
        self._people += len(people)
        if people:
            await self._people_seen(people)
        if groups:
            taken = await self._deliver(lambda delivery: take_groups(delivery, groups))
            self._ids |= taken.ids
            self._groups |= {ours: set() for ours in taken.ids.values()}

    async def _people_seen(self, people: Sequence[IdentitySeen]) -> None:
        taken = await self._deliver(lambda delivery: take_people(delivery, people, self._shown))
        self._shown.update(taken.ids.values())
        self._ids |= taken.ids
        self._aside += taken.aside
        self._found.new += taken.new
        self._found.changed += taken.changed
        if taken.new:
            await analyse_grown(self._intake.database)  # else each chunk of a first load reads all that came before

    async def _again(self) -> None:
        """Try those again whose name somebody else had, for as long as names become free."""
        left = len(self._aside) + 1
        while 0 < len(self._aside) < left:
            left, again, self._aside = len(self._aside), self._aside, []
            for event in again:
                if event.id in self._ids:
                    self._shown.discard(self._ids.pop(event.id))
            for place in range(0, left, _CHUNK):
                await self._people_seen(again[place : place + _CHUNK])

    async def _doubt(self, by: str, accept: int | None) -> str | None:
        """Why nobody is taken away by this reading; None when it is believed."""
        if self._complete is None:
            return "the reading ended without a proof that it was whole"
        now, extent = self._intake.clock.now(), self._found.extent
        async with self._intake.database.transaction() as connection:
            last = await pulls.last(connection, self._told.id)
            said = shrunk(last, extent, self._source.shrink)
            if said is not None and accept == extent.people:
                facts = {"accepted": said}
                await audit.record(
                    connection, audit.Entry(now, by, "source.accepted", source=self._told.id, facts=facts)
                )
                return None
        return said

    async def _without(
        self,
        absent_of: Callable[..., Awaitable[list[UUID]]],
        present: Iterable[UUID],
        end: Callable[[Delivery, UUID], Awaitable[None]],
    ) -> tuple[list[UUID], int]:
        """End what the last whole reading lacked and this one lacks too; gives what is lacked for the first time, and
        how many are gone.
        """
        async with self._intake.database.transaction() as connection:
            absent = await absent_of(connection, self._told.id, set(present))
            missed = await pulls.missed(connection, self._told.id)
        gone = [one for one in absent if one in missed]

        async def work(some: Sequence[UUID], delivery: Delivery) -> None:
            for one in some:
                await end(delivery, one)

        for place in range(0, len(gone), _CHUNK):
            await self._deliver(partial(work, gone[place : place + _CHUNK]))
        return [one for one in absent if one not in missed], len(gone)

    async def _join(self, *, believed: bool) -> None:
        """Put people into their groups; when the reading is believed, take those out whom it shows without them.

        Somebody whom it does not show at all stays where they are.
        """
        wanted = {
            group: {self._ids[one] for one in people if one in self._ids} for group, people in self._groups.items()
        }
        if believed:
            async with self._intake.database.transaction() as connection:
                others = await pulls.absent_groups(connection, self._told.id, wanted)
            wanted |= {group: set() for group in others}
        for group in sorted(wanted):
            async with self._intake.database.transaction() as connection:
                there = await pulls.members_of(connection, group)
            seen = [MemberSeen(group, one) for one in wanted[group] - there]
            leaving = (there - wanted[group]) & self._shown if believed else set()
            if seen or leaving:
                gone = [MemberGone(group, one) for one in leaving]
                await self._intake.change_members(self._told, _METHOD, group, seen, gone)

    async def _end(self, absent: Sequence[UUID]) -> None:
        now, found, number = self._intake.clock.now(), self._found, self._told.id
        async with self._intake.database.transaction() as connection:
            if found.held is not None:
                await pulls.not_believed(connection, number, found.held, now)
                return
            found.missing = len(absent)
            await pulls.believed(connection, number, found.extent, absent, now)
            await sources.heard(connection, {number: now})

    async def _deliver(self, work: Callable[[Delivery], Awaitable[T]]) -> T:
        return await self._intake.deliver(self._told, _METHOD, work)


async def _end_person(delivery: Delivery, identity: UUID) -> None:
    before = await delivery.identity(identity, ending=True)
    if before is not None:
        await delivery.identity_gone(IdentityGone(identity), before)


async def _end_group(delivery: Delivery, group: UUID) -> None:
    before = await delivery.group(group, "UPDATE")
    if before is not None:
        await delivery.group_gone(GroupGone(group), before)


def shrunk(last: LastPull | None, extent: Extent, shrink: float) -> str | None:
    """Why a reading is not believed beside the last one that was: it shows far less, or nobody."""
    before = last.extent.parts() if last and last.extent else {}
    for name, now in extent.parts().items():
        was = before.get(name, 0)
        if (was >= _SHRINKS_FROM and now < was * (1 - shrink)) or (name == "people" and was and not now):
            return f"{was} {name} were there at the last reading, {now} are in this one: nobody is taken away by it"
    return None

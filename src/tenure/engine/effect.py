"""The effect of a configuration on real people, before it is used: every plan is made, and nothing is kept or sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tenure.engine.active import ActiveTarget, House
from tenure.engine.look import Subject, look
from tenure.engine.planned import plan
from tenure.model.change import Change
from tenure.model.plan import Decision
from tenure.planning.gates import losses
from tenure.store import directory, gates
from tenure.store.database import Connection, Database
from tenure.store.marks import SINGLE, Mark

_CHUNK = 200
_SAMPLES = 5


class Unkept(Database):
    """A database of which nothing that is written stays."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction, rolled back at its end."""
        async with super().transaction() as connection:
            yield connection
            await connection.rollback()


@dataclass(slots=True)
class Effect:
    """What a configuration would do at one target.

    `changes` counts by (kind, decision); `samples` names a few of the people of each kind. `losing` counts, by the
    class of the gate, how many people would lose something; `allowed` is what each gate lets pass unasked.
    """

    people: int = 0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[str, list[tuple[str, Change]]] = field(default_factory=dict)
    losing: Counter[str] = field(default_factory=Counter)
    allowed: dict[str, int | None] = field(default_factory=dict)
    problems: Counter[str] = field(default_factory=Counter)


async def effect(house: House, target: ActiveTarget) -> Effect:
    """What the rules of this target would do, by what was last seen of the people and accounts.

    Collisions between people are seen within a chunk of 200 alone. The house has to be on an `Unkept` database.
    """
    found = Effect()
    async with house.database.transaction() as connection:
        opens = await gates.opens(connection, target.id)
        base = await gates.active_linked(connection, target.id)
    async for chunk in _people(house, target):
        for subject in await look(house, target, chunk):
            _take(found, target, subject, opens)
    for name in found.losing:
        limit = target.rules.limits.of(name)
        if limit is not None:
            found.allowed[name] = limit.allows(base)
            continue
        async with house.database.transaction() as connection:
            size = await gates.group_size(connection, target.id, name.partition(":")[2])
        found.allowed[name] = target.rules.limits.group.allows(size)
    return found


async def _people(house: House, target: ActiveTarget) -> AsyncIterator[list[Mark]]:
    after = None
    while True:
        async with house.database.transaction() as connection:
            ids = await directory.ids_after(connection, target.source_ids, after, _CHUNK)
        if not ids:
            return
        yield [Mark(str(one), SINGLE, 0, 0, None) for one in ids]
        after = ids[-1]


def _take(found: Effect, target: ActiveTarget, subject: Subject, opens: dict[str, frozenset[str]]) -> None:
    made = plan(target, subject)
    found.people += 1
    found.problems.update(made.problems)
    classes: set[str] = set()
    for verdict in made.verdicts:
        kind = verdict.change.kind.value
        found.changes[kind, verdict.decision.value] += 1
        some = found.samples.setdefault(kind, [])
        if len(some) < _SAMPLES:
            some.append((subject.identity.user_name, verdict.change))
        if verdict.decision is not Decision.REFUSE:
            classes.update(_losing(target, subject, verdict.change, opens))
    found.losing.update(classes)


def _losing(target: ActiveTarget, subject: Subject, change: Change, opens: dict[str, frozenset[str]]) -> Iterator[str]:
    canon = target.connector.capabilities.group.canon
    yield from losses(change, subject.sight.linked, opens, canon, subject.desired.standing)

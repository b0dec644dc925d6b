"""Fifty seeded normal weeks are not held once with the defaults, and a disaster in week 30 is.

One person in twenty is touched each week (see `weeks.py`). What is real: PostgreSQL, the gates' tables, and the
functions that lock, count and judge (`store.gates`, `planning.gates`), with the default limits and a clock of the test.
What is not: no request is sent, and no identity provider pushes; each change is judged, counted and applied by this
file, in the order in which the engine does it, in transactions of some people each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from tests.scenarios.weeks import Day, Firm

from tenure.model.capability import canon_name
from tenure.model.change import Change, DeactivateAccount, Handle, LeaveGroups, RenameAccount, UpdateAccount
from tenure.model.gate import GROUP
from tenure.model.seen import AccountSeen
from tenure.planning.gates import Limits, Use, blocked, losses
from tenure.store import gates
from tenure.store.database import Connection, Database

WEEKS, CHUNK = 50, 32
LIMITS = Limits()
NOTHING: frozenset[str] = frozenset()


@dataclass
class Gatekeeper:
    """The gates of one target, passed as the engine passes them."""

    database: Database
    firm: Firm
    now: datetime = datetime(2026, 1, 5, 8, tzinfo=UTC)
    held: list[tuple[datetime, str]] = field(default_factory=list)
    intents: int = 0
    target: int = 0
    sizes: dict[str, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """A target with everybody's account."""
        found = await self.database.rows(
            "INSERT INTO target (name, kind, mode, made_at) VALUES ('jira', 'jira', 'full', %s) RETURNING id", self.now
        )
        self.target = found[0]["id"]
        await self.database.rows("ALTER TABLE gate_use DROP CONSTRAINT gate_use_intent_fkey")  # there are no intents
        for group in self.firm.people.values():
            self._enter(group)

    def _enter(self, group: int, by: int = 1) -> None:
        self.sizes[f"g{group}"] = self.sizes.get(f"g{group}", 0) + by

    async def day(self, day: Day) -> None:
        """One day's changes, in the order of their urgency, spread over the working hours."""
        for who in day.join:
            self._enter(self.firm.people.get(who, 0))
        changes: list[tuple[int, Change]] = [(n, DeactivateAccount(_handle(n))) for n in day.leave]
        changes += [(n, LeaveGroups(_handle(n), (f"g{old}",))) for n, old, new in day.move if old != new]
        changes += [(n, UpdateAccount(_handle(n), {"phone": "+1"}, {"phone": "+2"})) for n in day.phone]
        changes += [(n, UpdateAccount(_handle(n), {"email": "new"}, {"email": "old"})) for n in day.email]
        changes += [(n, RenameAccount(_handle(n), f"new{n}")) for n in day.rename]
        for at in range(0, len(changes), CHUNK):
            await self.chunk(changes[at : at + CHUNK])
            self.now += timedelta(minutes=1)

    async def chunk(self, changes: Sequence[tuple[int, Change]]) -> None:
        asked = [(n, c, losses(c, _account(n), {}, canon_name)) for n, c in changes]
        names = sorted({name for _, _, several in asked for name in several})
        if not names:
            return
        async with self.database.transaction() as connection:
            shut = await gates.lock(connection, self.target, names)
            since = {name: self.now - LIMITS.window(name) for name in names}
            through = await gates.passed(connection, self.target, since)
            for who, change, several in asked:
                await self._pass(connection, str(who), change, several, shut, through)

    async def _pass(
        self, connection: Connection, who: str, change: Change, names: Sequence[str], shut: dict[str, bool],
        through: dict[str, set[str]],
    ) -> None:  # fmt: skip
        for name in names:
            people = through[name]
            why = blocked(name, Use(self._allowed(name, people), len(people), who in people, 1, shut[name]))
            if why is not None:
                self.held.append((self.now, name))
                await gates.fill(connection, self.target, name, why, self.now)
                shut[name] = True
                return
        self.intents += 1
        await gates.use(connection, self.target, who, self.intents, dict.fromkeys(names, False), self.now)
        for name in names:
            through[name].add(who)
        if isinstance(change, LeaveGroups):
            self.sizes[change.groups[0]] -= 1

    def _allowed(self, name: str, people: set[str]) -> int | None:
        limit = LIMITS.of(name)
        if limit is not None:
            return limit.allows(len(self.firm.people))
        return LIMITS.group.allows(self.sizes[name.removeprefix(GROUP)] + len(people))


def _handle(number: int) -> Handle:
    return Handle(f"K{number}", f"p{number}")


def _account(number: int) -> AccountSeen:
    return AccountSeen(f"K{number}", f"p{number}", True, {"email": "old", "phone": "+2"}, NOTHING)


async def weeks_of(dsn: str, size: int, seed: int, disaster: str | None = None) -> Gatekeeper:
    """Fifty weeks; or the same from week 28 to 31, with a disaster on the Wednesday of week 30."""
    database = Database(dsn, connections=2)
    await database.open()
    try:
        keeper = Gatekeeper(database, Firm.of(size, seed))
        await keeper.begin()
        for week in range(1, WEEKS + 1):
            monday = keeper.now
            for number, day in enumerate(keeper.firm.week()):
                if disaster and week not in range(28, 32):
                    continue
                keeper.now = monday + timedelta(days=number)
                if disaster and (week, number) == (30, 2):
                    strike(day, disaster, keeper)
                await keeper.day(day)
            keeper.now = monday + timedelta(days=7)
        return keeper
    finally:
        await database.close()


def strike(day: Day, disaster: str, keeper: Gatekeeper) -> None:
    people = keeper.firm.people
    some = Random(7).sample(sorted(people), round(len(people) * 0.12))
    if disaster == "group":
        day.move += [(n, group, group + 1) for n, group in people.items() if group == 0]
    elif disaster == "losers":
        day.move += [(n, people[n], people[n] + 1) for n in some]
    else:
        getattr(day, disaster).extend(some)


@pytest.mark.parametrize(("size", "seed"), [(1000, 1), (1000, 2), (1000, 3), (10_000, 1)])
async def test_fifty_normal_weeks_are_not_held_once(database: str, size: int, seed: int) -> None:
    keeper = await weeks_of(database, size, seed)
    assert keeper.held == []
    assert keeper.intents > size  # something was asked of the gates


@pytest.mark.parametrize("size", [1000, 10_000])
@pytest.mark.parametrize(
    ("disaster", "gate"),
    [("leave", "leavers"), ("email", "emails"), ("rename", "renames"), ("losers", "losers"), ("group", "group:g0")],
)
async def test_the_same_weeks_with_a_disaster_in_week_30_are(
    database: str, size: int, disaster: str, gate: str
) -> None:
    keeper = await weeks_of(database, size, 1, disaster)
    assert keeper.held, "held"
    first, name = keeper.held[0]
    assert (first - datetime(2026, 1, 5, tzinfo=UTC)).days == 29 * 7 + 2
    assert name == gate
    through = await weeks_of_used(database, gate, first)
    limit = LIMITS.of(gate)
    half = (keeper.sizes["g0"] + through) // 2
    assert 0 < through <= (limit.allows(len(keeper.firm.people) + size // 50) if limit else half)


async def weeks_of_used(dsn: str, gate: str, at: datetime) -> int:
    database = Database(dsn, connections=1)
    await database.open()
    try:
        query = "SELECT count(DISTINCT subject) AS n FROM gate_use WHERE class = %s AND at > %s AND at <= %s"
        found = await database.rows(query, gate, at - timedelta(hours=24), at + timedelta(hours=8))
        return int(found[0]["n"])
    finally:
        await database.close()

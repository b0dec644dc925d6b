"""Seats of licences as last read, who took one since, and who waits for one, in the order in which they get it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenure.model.seen import SeatsSeen
from tenure.store.database import Connection, rows

CLASS = "seats:"
"""Begins the class under which the intents that take a seat of a licence are counted."""


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as last read: `total` None for no limit, `used` None where it cannot be known.

    `groups` are canonical names; who is in one of them takes a seat. `waiting` is how many wait for one.
    """

    name: str
    total: int | None
    used: int | None
    groups: frozenset[str]
    seen_at: datetime
    waiting: int = 0

    @property
    def limited(self) -> bool:
        """Whether it can be full."""
        return self.total is not None and self.used is not None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Somebody who waits for a seat; those of whom the estate says so come `first`, then who has waited longest."""

    subject: str
    first: bool
    since: datetime

    @property
    def place(self) -> tuple[bool, datetime, str]:
        """What the queue is ordered by."""
        return (not self.first, self.since, self.subject)


async def save(
    connection: Connection, target: int, read: Sequence[SeatsSeen], canon: Callable[[str], str], now: datetime
) -> None:
    """Keep the licences of a target as a reading that began at `now` showed them; others are gone."""
    await connection.execute(
        "DELETE FROM seat WHERE target = %s AND NOT licence = ANY(%s)", (target, [one.licence for one in read])
    )
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """INSERT INTO seat AS s (target, licence, total, used, groups, seen_at) VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (target, licence) DO UPDATE SET total = excluded.total, used = excluded.used,
                groups = excluded.groups, seen_at = excluded.seen_at WHERE s.seen_at <= excluded.seen_at""",
            [(target, one.licence, one.total, one.used, sorted(map(canon, one.groups)), now) for one in read],
        )


async def licences(connection: Connection, target: int) -> list[Licence]:
    """The licences of a target, by name."""
    found = await rows(
        connection,
        """SELECT s.*, (SELECT count(*) FROM seat_queue q
                        WHERE q.target = s.target AND q.licence = s.licence) AS waiting
        FROM seat s WHERE s.target = %s ORDER BY s.licence""",
        target,
    )
    return [
        Licence(r["licence"], r["total"], r["used"], frozenset(r["groups"]), r["seen_at"], r["waiting"]) for r in found
    ]


async def lock(connection: Connection, target: int, licences: Sequence[str]) -> None:
    """Lock these licences until the transaction ends, in the order of their names: nobody else gives a seat of them."""
    await connection.execute(
        "SELECT FROM seat WHERE target = %s AND licence = ANY(%s) ORDER BY licence FOR UPDATE",
        (target, list(licences)),
    )


async def taken(connection: Connection, target: int, licence: Licence) -> set[str]:
    """Who took a seat since the licence was read, or is about to."""
    found = await rows(
        connection,
        """SELECT DISTINCT subject FROM gate_use
        WHERE target = %s AND class = %s AND (state = 'reserved' OR state = 'applied' AND settled_at >= %s)""",
        target,
        CLASS + licence.name,
        licence.seen_at,
    )
    return {r["subject"] for r in found}


async def queue(connection: Connection, target: int, licence: str, limit: int | None = None) -> list[Waiting]:
    """Who waits for a seat of the licence, the next one first."""
    found = await rows(
        connection,
        """SELECT subject, first, since FROM seat_queue WHERE target = %s AND licence = %s
        ORDER BY first DESC, since, subject LIMIT %s""",
        target,
        licence,
        limit,
    )
    return [Waiting(r["subject"], r["first"], r["since"]) for r in found]


async def wait(connection: Connection, target: int, licence: str, who: Waiting) -> None:
    """Let somebody wait; who waits already keeps the place."""
    await connection.execute(
        """INSERT INTO seat_queue (target, licence, subject, first, since) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (target, subject, licence) DO UPDATE SET first = excluded.first""",
        (target, licence, who.subject, who.first, who.since),
    )


async def leave(connection: Connection, target: int, subjects: Sequence[str], still: Sequence[tuple[str, str]]) -> None:
    """Of these subjects, those who do not wait any more leave the queue; `still` are (subject, licence) that do."""
    await connection.execute(
        """DELETE FROM seat_queue q WHERE target = %s AND subject = ANY(%s) AND NOT EXISTS (
            SELECT FROM unnest(%s::text[], %s::text[]) s(subject, licence)
            WHERE s.subject = q.subject AND s.licence = q.licence)""",
        (target, list(subjects), [subject for subject, _ in still], [licence for _, licence in still]),
    )


async def next_in_line(connection: Connection, target: int, licence: Licence) -> list[UUID]:
    """Who is to be looked at again after a reading: as many as there are seats, or all when there is no limit."""
    if not licence.waiting:
        return []
    free = None
    if licence.total is not None and licence.used is not None:
        free = max(0, licence.total - licence.used)
    return [UUID(one.subject) for one in await queue(connection, target, licence.name, free)]

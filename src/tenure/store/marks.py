"""Marks: "look at this subject at this target". State, never an instruction; a newer mark outlives an older answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenure.store.database import Connection, rows

LEAVER, LOSS, SWEPT_LEAVER, SINGLE, BULK = 0, 1, 3, 5, 9
"""Priorities, most urgent first; a request that touched more than 100 people marks them BULK (leavers stay LEAVER).
SWEPT_LEAVER: somebody who left and whom a sweep of everybody comes across."""

SHARDS = 16
GROUPS = 16
"""The shard of a target on which groups are made: one at a time, so that none is made twice."""
READINGS = 17
"""The shard of a target that reads it whole and expands scope marks."""
RIGHTS = 18
"""The shard of a target on which what its groups open is read, which takes long and keeps nobody waiting."""

SWEPT = 1_000
"""So many are marked at a time of those for whom time has changed something."""

_SHARD = "('x' || right(i.id::text, 1))::bit(4)::int"
_UPSERT = """
ON CONFLICT (target, subject) DO UPDATE SET
    seq = excluded.seq, prio = least(due.prio, excluded.prio), not_before = excluded.not_before,
    attempts = 0, cause = excluded.cause
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A subject that is due: an identity's id, or `group:<name>`, `reading`, `rights`, `scope:all`, or
    `scope:<source group>`."""

    subject: str
    prio: int
    seq: int
    attempts: int
    cause: int | None


def shard_of(identity: UUID) -> int:
    """The shard of an identity: the last hexadecimal digit of its id."""
    return int(str(identity)[-1], 16)


async def mark_identities(
    connection: Connection, targets: Sequence[int], identities: Sequence[UUID], prio: int, cause: int | None
) -> None:
    """Mark identities at each of the targets, in key order so that two writers cannot lock each other out."""
    await connection.execute(
        f"""INSERT INTO due (target, subject, shard, prio, seq, cause)
        SELECT t, i.id::text, {_SHARD}, %s, nextval('due_seq'), %s
        FROM unnest(%s::smallint[]) t, unnest(%s::uuid[]) i(id) ORDER BY t, i.id::text COLLATE "C" {_UPSERT}""",
        (prio, cause, list(targets), list(identities)),
    )


async def mark_subject(
    connection: Connection,
    targets: Sequence[int],
    subject: str,
    shard: int,
    cause: int | None,
    *,
    prio: int = SINGLE,
    not_before: datetime | None = None,
) -> None:
    """Mark something that is not an identity (a group, a reading, a scope)."""
    await connection.execute(
        f"""INSERT INTO due (target, subject, shard, prio, seq, cause, not_before)
        SELECT t, %s, %s, %s, nextval('due_seq'), %s, %s FROM unnest(%s::smallint[]) t ORDER BY t {_UPSERT}""",
        (subject, shard, prio, cause, not_before, list(targets)),
    )


async def mark_once(
    connection: Connection, targets: Sequence[int], subject: str, shard: int, cause: int | None
) -> None:
    """Mark something that is not an identity, unless it is marked: what was put off stays so.

    The mark stays locked until the transaction ends: who releases it sees what was written here.
    """
    await connection.execute(
        """INSERT INTO due (target, subject, shard, prio, seq, cause)
        SELECT t, %s, %s, %s, nextval('due_seq'), %s FROM unnest(%s::smallint[]) t ORDER BY t
        ON CONFLICT (target, subject) DO UPDATE SET cause = due.cause""",
        (subject, shard, SINGLE, cause, list(targets)),
    )


async def expand(
    connection: Connection, target: int, sources: Sequence[int], group: UUID | None, cause: int | None
) -> int:
    """Turn a scope mark into marks of its people: everybody of the sources, or of one group, however deep."""
    where = (
        "i.source = ANY(%s)" if group is None else "i.id IN (SELECT identity FROM belonging WHERE source_group = %s)"
    )
    cursor = await connection.execute(
        f"""INSERT INTO due (target, subject, shard, prio, seq, cause)
        SELECT %s, i.id::text, {_SHARD}, CASE WHEN i.active AND i.gone_at IS NULL THEN {BULK} ELSE {SWEPT_LEAVER} END,
               nextval('due_seq'), %s
        FROM identity i WHERE {where} ORDER BY i.id::text COLLATE "C"
        ON CONFLICT (target, subject) DO UPDATE SET seq = excluded.seq, prio = least(due.prio, excluded.prio),
            not_before = NULL""".encode(),
        (target, cause, list(sources) if group is None else group),
    )
    return cursor.rowcount


async def sweep(connection: Connection, target: int, now: datetime) -> int:
    """Mark those for whom time alone has changed what is desired; gives how many were not marked already."""
    cursor = await connection.execute(
        f"""INSERT INTO due (target, subject, shard, prio, seq)
        SELECT d.target, i.id::text, {_SHARD}, %s, nextval('due_seq')
        FROM desired d JOIN identity i ON i.id = d.identity WHERE d.target = %s AND d.look_again_at <= %s
        ORDER BY i.id::text COLLATE "C" LIMIT %s ON CONFLICT DO NOTHING""".encode(),
        (SINGLE, target, now, SWEPT),
    )
    return cursor.rowcount


async def due_shards(connection: Connection, target: int, now: datetime) -> dict[int, int]:
    """The shards of a target that have something to look at, each with its most urgent priority, urgent first."""
    found = await rows(
        connection,
        """SELECT s AS shard, d.prio FROM generate_series(0, %s) s CROSS JOIN LATERAL (
            SELECT prio, seq FROM due WHERE target = %s AND shard = s AND coalesce(not_before, '-infinity') <= %s
            ORDER BY prio, seq LIMIT 1) d
        ORDER BY d.prio, d.seq""",
        RIGHTS,
        target,
        now,
    )
    return {r["shard"]: r["prio"] for r in found}


async def drain(connection: Connection, target: int, shard: int, now: datetime, limit: int) -> list[Mark]:
    """The most urgent marks of a shard; they stay until `release`."""
    found = await rows(
        connection,
        """SELECT subject, prio, seq, attempts, cause FROM due
        WHERE target = %s AND shard = %s AND coalesce(not_before, '-infinity') <= %s ORDER BY prio, seq LIMIT %s""",
        target,
        shard,
        now,
        limit,
    )
    return [Mark(**r) for r in found]


async def are_few(connection: Connection, target: int, now: datetime, most: int) -> bool:
    """True when no more than `most` subjects of a target are due."""
    found = await rows(
        connection,
        """SELECT count(*) AS n FROM (SELECT 1 FROM due
        WHERE target = %s AND coalesce(not_before, '-infinity') <= %s LIMIT %s) d""",
        target,
        now,
        most + 1,
    )
    return int(found[0]["n"]) <= most


async def release(
    connection: Connection, target: int, done: Sequence[Mark], again: Sequence[tuple[Mark, datetime]] = ()
) -> None:
    """Remove the marks that were looked at, and put the others off, counting the attempt.

    One that was set again meanwhile stays as it is. The rows are locked in key order, as by those who set marks, so
    that neither can lock the other out.
    """
    released = [*((mark, None) for mark in done), *again]
    await connection.execute(
        """WITH said AS (SELECT * FROM unnest(%s::text[], %s::bigint[], %s::timestamptz[]) m(subject, seq, until)),
        locked AS (SELECT u.subject, m.until FROM due u JOIN said m ON u.subject = m.subject COLLATE "C"
            AND u.seq = m.seq WHERE u.target = %s ORDER BY u.subject FOR UPDATE OF u),
        gone AS (DELETE FROM due USING locked l WHERE due.target = %s AND due.subject = l.subject AND l.until IS NULL)
        UPDATE due SET not_before = l.until, attempts = due.attempts + 1
        FROM locked l WHERE due.target = %s AND due.subject = l.subject AND l.until IS NOT NULL""",
        (
            [mark.subject for mark, _ in released],
            [mark.seq for mark, _ in released],
            [until for _, until in released],
            target,
            target,
            target,
        ),
    )


async def bring_forward(
    connection: Connection, target: int, subject: str, shard: int, by: datetime, attempts: int = 0
) -> None:
    """Look at the subject by then at the latest; if it is due sooner, that stands."""
    await connection.execute(
        """INSERT INTO due (target, subject, shard, prio, seq, not_before, attempts)
        VALUES (%s, %s, %s, %s, nextval('due_seq'), %s, %s)
        ON CONFLICT (target, subject) DO UPDATE SET not_before =
            CASE WHEN due.not_before IS NULL THEN NULL ELSE least(due.not_before, excluded.not_before) END""",
        (target, subject, shard, BULK, by, attempts),
    )

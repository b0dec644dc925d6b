"""The numbers that are watched: how much is due, waits or is under way, read in short queries that end in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tenure.store.authority import LATE
from tenure.store.database import Connection, Row, row, rows
from tenure.store.findings import OVERDUE
from tenure.store.promises import BROKEN

RECENT = timedelta(hours=1)
"""Changes that were answered within this time are counted."""

_TARGETS = """
SELECT t.name, t.state = 'running' AS running, d.due, d.put_off, m.at AS oldest_due_at, o.n AS open_intents,
       l.n AS linked, p.n AS waiting, r.ended_at AS read_at, w.awaited, w.late
FROM target t
CROSS JOIN LATERAL (SELECT count(*) AS awaited, count(*) FILTER (WHERE since <= %s) AS late
                    FROM awaited WHERE target = t.id) w
CROSS JOIN LATERAL (SELECT count(*) AS due, count(*) FILTER (WHERE not_before > %s) AS put_off
                    FROM due WHERE target = t.id AND subject NOT IN ('reading', 'seats')) d
CROSS JOIN LATERAL (SELECT count(*) AS n FROM intent WHERE target = t.id AND state = 'open') o
CROSS JOIN LATERAL (SELECT count(*) AS n FROM link WHERE target = t.id AND ended_at IS NULL) l
CROSS JOIN LATERAL (SELECT count(*) AS n FROM plan WHERE target = t.id AND current AND waiting) p
LEFT JOIN LATERAL (SELECT a.at FROM (SELECT cause FROM due WHERE target = t.id AND subject NOT IN ('reading', 'seats')
                                     AND cause IS NOT NULL ORDER BY seq LIMIT 1) x
                   JOIN audit a ON a.id = x.cause) m ON true
LEFT JOIN LATERAL (SELECT ended_at FROM reading WHERE target = t.id AND population = 'accounts' AND complete
                   ORDER BY id DESC LIMIT 1) r ON true
WHERE t.retired_at IS NULL ORDER BY t.name
"""
_CHANGES = """
SELECT t.name, j.change->>'kind' AS kind, j.outcome, count(*) AS n FROM journal j JOIN target t ON t.id = j.target
WHERE j.answered_at > %s AND t.retired_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
_OVERDUE = f"SELECT target, count(*) AS n FROM ({OVERDUE}) late GROUP BY target"
_BROKEN = f"SELECT target, count(*) AS n FROM ({BROKEN}) broken GROUP BY target"
_SOURCES = """
SELECT s.name, s.last_heard_at, s.confirmed_at IS NOT NULL OR NOT s.pushes AS confirmed,
       s.heartbeat IS NOT NULL AND coalesce(s.last_heard_at, s.made_at) < %s::timestamptz - s.heartbeat AS silent,
       (SELECT max(coalesce(expires_at, 'infinity')) FROM source_token WHERE source = s.id) = 'infinity' AS endless,
       (SELECT max(expires_at) FROM source_token WHERE source = s.id) AS tokens_end_at
FROM source s WHERE s.retired_at IS NULL ORDER BY s.name
"""


@dataclass(frozen=True, slots=True)
class TargetVitals:
    """One target in numbers.

    `due` counts its marks (without that for the next whole reading), `put_off` those of them that wait for a moment;
    `oldest_due_at` is when what led to the oldest happened. `overdue` counts people who left, whose account is still
    open, and for whom that is too long. `awaited` counts people for whom something is done at the target that keeps the
    accounts here and does not show yet, `late` those of them for whom that is so for longer than a day. `broken` counts
    what the application said that it would do later, and did not, or not for long. `changes`: what was answered within
    the last hour, by kind of change and outcome.
    """

    name: str
    running: bool
    due: int
    put_off: int
    oldest_due_at: datetime | None
    open_intents: int
    linked: int
    waiting: int
    read_at: datetime | None
    awaited: int = 0
    late: int = 0
    overdue: int = 0
    broken: int = 0
    changes: Mapping[tuple[str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SourceVitals:
    """One source; `tokens_end_at` is when the last of its tokens ends, None when one has no end or it has none."""

    name: str
    last_heard_at: datetime | None
    confirmed: bool
    silent: bool
    tokens_end_at: datetime | None


async def vitals(
    connection: Connection, now: datetime, most: timedelta
) -> tuple[tuple[TargetVitals, ...], tuple[SourceVitals, ...]]:
    """Every target and source that is not retired. Each query ends with DatabaseAway after `most`."""
    await connection.execute(f"SET LOCAL statement_timeout = {int(most.total_seconds() * 1000)}".encode())
    changes: dict[str, dict[tuple[str, str], int]] = {}
    for r in await rows(connection, _CHANGES, now - RECENT):
        changes.setdefault(r["name"], {})[r["kind"], r["outcome"]] = r["n"]
    late = {r["target"]: r["n"] for r in await rows(connection, _OVERDUE, now)}
    broken = {r["target"]: r["n"] for r in await rows(connection, _BROKEN, now)}
    targets = [
        TargetVitals(
            **r, overdue=late.get(name := r["name"], 0), broken=broken.get(name, 0), changes=changes.get(name, {})
        )
        for r in await rows(connection, _TARGETS, now - LATE, now)
    ]
    sources = []
    for r in await rows(connection, _SOURCES, now):
        end = None if r.pop("endless") else r["tokens_end_at"]
        sources.append(SourceVitals(**{**r, "tokens_end_at": end}))
    return tuple(targets), tuple(sources)


async def migrated_to(connection: Connection) -> str | None:
    """The migration that the database is at; None when it has none at all."""
    there = await row(connection, "SELECT to_regclass('alembic_version') IS NOT NULL AS there")
    if there is None or not there["there"]:
        return None
    found = await row(connection, "SELECT version_num FROM alembic_version")
    return str(found["version_num"]) if found else None


async def gate_vitals(connection: Connection) -> list[Row]:
    """For each target and class of gate (those of groups together): gates that are shut, people held."""
    return await rows(
        connection,
        """SELECT t.name, split_part(g.class, ':', 1) AS class, count(*) FILTER (WHERE g.state = 'filled') AS shut,
            coalesce(sum(h.people), 0)::int AS people
        FROM gate g JOIN target t ON t.id = g.target AND t.retired_at IS NULL
        LEFT JOIN LATERAL (SELECT count(*) AS people FROM held
            WHERE target = g.target AND class = g.class AND state = 'held') h ON true
        GROUP BY 1, 2 ORDER BY 1, 2""",
    )

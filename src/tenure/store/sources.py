"""How the sources stand: when each was last heard and refused, whether its first load is confirmed, who is silent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tenure.model.access import Silence, SourceStanding
from tenure.store import audit
from tenure.store.database import Connection, row, rows
from tenure.store.tokens import NoSuchSource

_SILENT = "s.heartbeat IS NOT NULL AND coalesce(s.last_heard_at, s.made_at) < %s::timestamptz - s.heartbeat"
_STANDING = f"""
SELECT s.id, s.name, s.kind, i.people, g.groups, s.last_heard_at, s.refused_at, s.confirmed_at, s.confirmed_by,
       s.heartbeat, {_SILENT} AS silent, s.pushes, p.read_at, p.problem FROM source s
LEFT JOIN pull p ON p.source = s.id
CROSS JOIN LATERAL (SELECT count(*) AS people FROM identity WHERE source = s.id AND gone_at IS NULL) i
CROSS JOIN LATERAL (SELECT count(*) AS groups FROM source_group WHERE source = s.id AND gone_at IS NULL) g
WHERE s.retired_at IS NULL ORDER BY s.name
"""
AUDIT_EVERY = timedelta(minutes=1)
"""Refused sign-ins are audited together, at most so often a source."""


class NothingToConfirm(Exception):
    """The source is read: a whole reading shows by itself who is there."""


async def standing(connection: Connection, now: datetime) -> tuple[SourceStanding, ...]:
    """Every source that is not retired, by name."""
    return tuple(SourceStanding(**r) for r in await rows(connection, _STANDING, now))


async def silent_sources(connection: Connection, now: datetime) -> tuple[Silence, ...]:
    """The sources that were not heard for longer than the heartbeat that the estate gives them.

    One that was never heard is silent from when it was made. What was heard may be known here a minute late.
    """
    query = f"""SELECT s.id, s.name, coalesce(s.last_heard_at, s.made_at) AS since, s.heartbeat FROM source s
        WHERE s.retired_at IS NULL AND {_SILENT} ORDER BY s.id"""
    return tuple(Silence(**r) for r in await rows(connection, query, now))


async def confirm(connection: Connection, source: str, by: str, now: datetime) -> bool:
    """A person says that the source's first load is done; False when that was said before.

    Raises NoSuchSource, NothingToConfirm.
    """
    found = await row(
        connection,
        """UPDATE source SET confirmed_at = %s, confirmed_by = %s
        WHERE name = %s AND retired_at IS NULL AND confirmed_at IS NULL AND pushes RETURNING id""",
        now,
        by,
        source,
    )
    if found is not None:
        await audit.record(connection, audit.Entry(now, by, "source.confirmed", source=found["id"]))
        return True
    known = await rows(connection, "SELECT name, pushes FROM source WHERE retired_at IS NULL ORDER BY name")
    names = {r["name"]: r["pushes"] for r in known}
    if not names.get(source, True):
        raise NothingToConfirm(f"{source} is read whole each time: there is nothing to confirm")
    if source not in names:
        raise NoSuchSource(f"there is no source {source}; there are: {', '.join(names) or 'none'}")
    return False


async def heard(connection: Connection, times: Mapping[int, datetime]) -> None:
    """Write when sources, by number, were last heard."""
    await connection.execute(
        """UPDATE source s SET last_heard_at = n.at FROM unnest(%s::smallint[], %s::timestamptz[]) n(id, at)
        WHERE s.id = n.id AND coalesce(s.last_heard_at, '-infinity') < n.at""",
        (list(times), list(times.values())),
    )


async def refused(connection: Connection, source: int, attempts: Mapping[str, int], now: datetime) -> bool:
    """Audit refused sign-ins, counted by why, unless that was done within the last minute by any process: then False.

    Nothing that was offered is kept.
    """
    found = await row(
        connection,
        "UPDATE source SET refused_at = %s WHERE id = %s AND coalesce(refused_at, '-infinity') <= %s RETURNING name",
        now,
        source,
        now - AUDIT_EVERY,
    )
    if found is None:
        return False
    entry = audit.Entry(
        now, f"source:{found['name']}", "source.refused", source=source, facts={"attempts": {**attempts}}
    )
    await audit.record(connection, entry)
    return True


async def write_ways(connection: Connection, ways: Mapping[int, tuple[timedelta | None, bool]]) -> None:
    """How long each source, by number, may be silent, and whether it pushes."""
    await connection.execute(
        """UPDATE source s SET heartbeat = n.heartbeat, pushes = n.pushes
        FROM unnest(%s::smallint[], %s::interval[], %s::boolean[]) n(id, heartbeat, pushes)
        WHERE s.id = n.id AND (s.heartbeat, s.pushes) IS DISTINCT FROM (n.heartbeat, n.pushes)""",
        (list(ways), [heartbeat for heartbeat, _ in ways.values()], [pushes for _, pushes in ways.values()]),
    )

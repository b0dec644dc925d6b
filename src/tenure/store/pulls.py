"""Sources that we read: who of theirs is known, what their readings came to, and whom the last whole one lacked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenure.model.reading import Extent
from tenure.store.database import Connection, Database, DatabaseAway, row, rows
from tenure.store.directory import GROUP_COLUMNS, IDENTITY_COLUMNS, GroupRow, IdentityRow, identity_row

_READING = 0x7E4E0002
"""The advisory lock, with a source's number, under which one process at a time reads the source."""


class BeingRead(Exception):
    """Another process is reading this source now."""


@dataclass(frozen=True, slots=True)
class LastPull:
    """What the readings of a source came to so far.

    `read_at` is when the last ended, `problem` why nothing or not all of it was taken. `extent` is that of the last one
    that was whole and believed, `whole_at` when that was; None before the first.
    """

    read_at: datetime
    problem: str | None
    whole_at: datetime | None
    extent: Extent | None


@asynccontextmanager
async def alone(database: Database, source: int) -> AsyncIterator[None]:
    """Nobody else reads the source meanwhile. Raises BeingRead."""
    connection = await database.session()
    async with connection:
        cursor = await connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_READING, source))
        found = await cursor.fetchone()
        if not found or not found[0]:
            raise BeingRead
        try:
            yield
        finally:  # with the connection it would end a moment later, and refuse whoever is next
            with suppress(DatabaseAway):
                await connection.execute("SELECT pg_advisory_unlock(%s, %s)", (_READING, source))


async def last(connection: Connection, source: int) -> LastPull | None:
    """What the readings of a source came to; None when it was never read."""
    found = await row(connection, "SELECT * FROM pull WHERE source = %s", source)
    if found is None:
        return None
    told = Extent(found["people"], found["groups"], found["memberships"]) if found["whole_at"] else None
    return LastPull(found["read_at"], found["problem"], found["whole_at"], told)


async def not_believed(connection: Connection, source: int, problem: str, now: datetime) -> None:
    """A reading ended of which nothing, or not all, was taken: nobody is missing by it."""
    await connection.execute(
        """INSERT INTO pull (source, read_at, problem) VALUES (%s, %s, %s)
        ON CONFLICT (source) DO UPDATE SET read_at = excluded.read_at, problem = excluded.problem""",
        (source, now, problem),
    )


async def believed(connection: Connection, source: int, extent: Extent, absent: Sequence[UUID], now: datetime) -> None:
    """A whole reading was taken; `absent` are the people and groups that it lacked and that are not gone yet."""
    await connection.execute(
        """INSERT INTO pull (source, read_at, whole_at, people, groups, memberships) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (source) DO UPDATE SET read_at = excluded.read_at, whole_at = excluded.whole_at, problem = NULL,
            people = excluded.people, groups = excluded.groups, memberships = excluded.memberships""",
        (source, now, now, extent.people, extent.groups, extent.memberships),
    )
    await connection.execute("DELETE FROM missed WHERE source = %s AND NOT id = ANY(%s)", (source, list(absent)))
    await connection.execute(
        "INSERT INTO missed (id, source, since) SELECT id, %s, %s FROM unnest(%s::uuid[]) id ON CONFLICT DO NOTHING",
        (source, now, list(absent)),
    )


async def missed(connection: Connection, source: int) -> set[UUID]:
    """The people and groups that the last whole reading lacked."""
    return {r["id"] for r in await rows(connection, "SELECT id FROM missed WHERE source = %s", source)}


async def people_known_by(
    connection: Connection, source: int, external_ids: Sequence[str], names: Sequence[str]
) -> list[IdentityRow]:
    """The live identities with one of these externalIds or canonical userNames.

    They are not locked: nobody else writes people of a source that is read, and a change is refused where they did.
    """
    cursor = await connection.execute(
        f"""SELECT {IDENTITY_COLUMNS}, NULL FROM identity r WHERE r.source = %s AND r.gone_at IS NULL
        AND (r.external_id = ANY(%s) OR r.user_name_canon = ANY(%s))""".encode(),
        (source, list(external_ids), list(names)),
    )
    return [identity_row(found, groups=False) for found in await cursor.fetchall()]


async def groups_known_by(
    connection: Connection, source: int, external_ids: Sequence[str], names: Sequence[str]
) -> list[GroupRow]:
    """The live groups with one of these externalIds or canonical names, locked until the transaction ends."""
    cursor = await connection.execute(
        f"""SELECT {GROUP_COLUMNS} FROM source_group r WHERE r.source = %s AND r.gone_at IS NULL
        AND (r.external_id = ANY(%s) OR r.display_name_canon = ANY(%s)) ORDER BY r.id FOR NO KEY UPDATE""".encode(),
        (source, list(external_ids), list(names)),
    )
    return [GroupRow(*found) for found in await cursor.fetchall()]


async def absent_people(connection: Connection, source: int, present: Collection[UUID]) -> list[UUID]:
    """The live identities of the source that are not among these, in order."""
    return await _absent(connection, "identity", source, present)


async def absent_groups(connection: Connection, source: int, present: Collection[UUID]) -> list[UUID]:
    """The live groups of the source that are not among these, in order."""
    return await _absent(connection, "source_group", source, present)


async def members_of(connection: Connection, group: UUID) -> set[UUID]:
    """Who is in a group itself."""
    found = await rows(connection, "SELECT identity FROM member WHERE source_group = %s", group)
    return {r["identity"] for r in found}


async def _absent(connection: Connection, table: str, source: int, present: Collection[UUID]) -> list[UUID]:
    found = await rows(
        connection,
        f"""SELECT r.id FROM {table} r LEFT JOIN unnest(%s::uuid[]) p(id) ON p.id = r.id
        WHERE r.source = %s AND r.gone_at IS NULL AND p.id IS NULL ORDER BY r.id""",
        list(present),
        source,
    )
    return [r["id"] for r in found]

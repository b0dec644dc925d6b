"""Reads the directory for those who ask from outside: one record, a page of a list, the members of groups in chunks."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any
from uuid import UUID

from psycopg import AsyncServerCursor

from tenure.store.database import Connection, Database
from tenure.store.directory import GROUP_COLUMNS, GROUPS_OF_ROW, IDENTITY_COLUMNS, GroupRow, IdentityRow, identity_row
from tenure.store.filters import Condition, compile_condition

Member = tuple[int, str, str, str]
"""A member: the place of the group in the list that was asked for, the id, the name, `User` or `Group`."""
CHUNK = 2_000
"""Members fetched at a time."""


@asynccontextmanager
async def autocommit(database: Database) -> AsyncIterator[Connection]:
    """A connection on which each statement stands alone: a single query needs no transaction around it."""
    async with database.transaction() as connection:
        await connection.set_autocommit(True)
        try:
            yield connection
        finally:
            if not connection.closed:
                await connection.set_autocommit(False)


@asynccontextmanager
async def snapshot(database: Database) -> AsyncIterator[Connection]:
    """A transaction whose statements all see the same state."""
    async with database.transaction() as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield connection


async def identity(connection: Connection, source: int, key: UUID, *, groups: bool) -> IdentityRow | None:
    """A live identity of the source, with its groups if they are asked for."""
    cursor = await connection.execute(
        f"""SELECT {IDENTITY_COLUMNS}, {GROUPS_OF_ROW if groups else "NULL"} FROM identity r
        WHERE r.id = %s AND r.source = %s AND r.gone_at IS NULL""".encode(),
        (key, source),
    )
    row = await cursor.fetchone()
    return identity_row(row, groups=groups) if row else None


async def group(connection: Connection, source: int, key: UUID) -> GroupRow | None:
    """A live group of the source, without its members."""
    cursor = await connection.execute(
        f"SELECT {GROUP_COLUMNS} FROM source_group r WHERE r.id = %s AND r.source = %s AND r.gone_at IS NULL".encode(),
        (key, source),
    )
    row = await cursor.fetchone()
    return GroupRow(*row) if row else None


async def identities(
    connection: Connection, source: int, condition: Condition | None, offset: int, limit: int, *, groups: bool
) -> tuple[int, list[IdentityRow]]:
    """How many live identities of the source satisfy the condition, and a page of them, oldest first."""
    columns = f"{IDENTITY_COLUMNS}, {GROUPS_OF_ROW if groups else 'NULL'}"
    total, found = await _page(connection, "identity", columns, source, condition, offset, limit)
    return total, [identity_row(row, groups=groups) for row in found]


async def groups(
    connection: Connection, source: int, condition: Condition | None, offset: int, limit: int
) -> tuple[int, list[GroupRow]]:
    """How many live groups of the source satisfy the condition, and a page of them, oldest first."""
    total, found = await _page(connection, "source_group", GROUP_COLUMNS, source, condition, offset, limit)
    return total, [GroupRow(*row) for row in found]


async def members(connection: Connection, groups: Sequence[UUID]) -> AsyncGenerator[list[Member], None]:
    """The members of these groups in chunks, group after group, the groups in a group before the people.

    Needs a transaction.
    """
    cursor = await connection.execute(
        """SELECT g.place - 1, r.id::text, r.display_name, 'Group' FROM unnest(%s::uuid[]) WITH ORDINALITY g(id, place)
        JOIN nested_group n ON n.parent = g.id JOIN source_group r ON r.id = n.child ORDER BY g.place, n.child""",
        (list(groups),),
    )
    nested = deque(await cursor.fetchall())
    async with aclosing(_people(connection, groups)) as chunks:
        async for chunk in chunks:
            yield list(_before(nested, chunk)) if nested else chunk
    if nested:
        yield list(nested)


def _before(nested: deque[Member], people: Sequence[Member]) -> Iterator[Member]:
    """The people, those groups before them that are in the same group or in an earlier one."""
    for one in people:
        while nested and nested[0][0] <= one[0]:
            yield nested.popleft()
        yield one


async def _people(connection: Connection, groups: Sequence[UUID]) -> AsyncGenerator[list[Member], None]:
    async with AsyncServerCursor(connection, "members") as cursor:
        await cursor.execute(
            """SELECT g.place - 1, r.id::text, coalesce(r.display_name, r.user_name), 'User'
            FROM unnest(%s::uuid[]) WITH ORDINALITY g(id, place)
            JOIN member m ON m.source_group = g.id JOIN identity r ON r.id = m.identity
            ORDER BY g.place, m.identity""",
            (list(groups),),
        )
        while chunk := await cursor.fetchmany(CHUNK):
            yield chunk


async def _page(
    connection: Connection,
    table: str,
    columns: str,
    source: int,
    condition: Condition | None,
    offset: int,
    limit: int,
) -> tuple[int, list[Any]]:
    """The number of hits and one page, found as ids first: skipping reads an index alone.

    The hits of a condition are gathered before they are put in order; else the planner, which cannot know how rare
    they are, may walk through everybody in order until it has a page of them.
    """
    values: list[Any] = [source]
    hits = f"FROM {table} r WHERE r.source = %s AND r.gone_at IS NULL"
    if condition is None:
        gathered, page, total = "", f"SELECT r.id, r.created_at {hits} ORDER BY r.created_at, r.id", "0"
    else:
        where, said = compile_condition(condition)
        values, hits = [source, *said], f"{hits} AND {where}"
        gathered = f"WITH hit AS MATERIALIZED (SELECT r.id, r.created_at {hits})"
        page, total = "SELECT id, created_at FROM hit ORDER BY created_at, id", "(SELECT count(*) FROM hit)"
    found: list[Any] = []
    if limit:
        query = f"""{gathered} SELECT {total}, {columns} FROM ({page} LIMIT %s OFFSET %s) p
        JOIN {table} r ON r.id = p.id ORDER BY p.created_at, p.id"""
        cursor = await connection.execute(query.encode(), (*values, limit, offset))
        found = await cursor.fetchall()
        if len(found) < limit and (found or not offset):
            return offset + len(found), [row[1:] for row in found]
    if found and condition is not None:
        return found[0][0], [row[1:] for row in found]
    cursor = await connection.execute(f"SELECT count(*) {hits}".encode(), values)
    counted = await cursor.fetchone()
    assert counted is not None
    return counted[0], [row[1:] for row in found]

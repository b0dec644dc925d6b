"""Reads the directory for those who ask from outside: one record, a page of a list, the members of groups in chunks."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from uuid import UUID

from psycopg import AsyncServerCursor

from tenure.store.database import Connection, Database
from tenure.store.directory import GROUP_COLUMNS, GROUPS_OF_ROW, IDENTITY_COLUMNS, GroupRow, IdentityRow, identity_row
from tenure.store.filters import Column, Condition
from tenure.store.paging import Order, Page, Window, page

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


async def live_identities(
    database: Database, keys: Collection[tuple[int, UUID]]
) -> dict[tuple[int, UUID], IdentityRow]:
    """The live identities with these numbers of a source and ids, with their groups."""
    ids = [key for _, key in keys]
    wanted, values = ("r.id = %s", ids[0]) if len(ids) == 1 else ("r.id = ANY(%s)", ids)  # of one, a plan is kept
    async with autocommit(database) as connection:
        cursor = await connection.execute(
            f"""SELECT r.source, {IDENTITY_COLUMNS}, {GROUPS_OF_ROW} FROM identity r
            WHERE {wanted} AND r.gone_at IS NULL""".encode(),
            (values,),
        )
        return {(row[0], row[1]): identity_row(row[1:], groups=True) for row in await cursor.fetchall()}


async def identities_known_by(
    database: Database, column: Column, keys: Collection[tuple[int, str]]
) -> dict[tuple[int, str], list[IdentityRow]]:
    """The live identities with these numbers of a source and values of the column, with their groups.

    Of several that share a value two are read: enough to see that it is not one.
    """
    sources, values = zip(*keys, strict=True)
    found: dict[tuple[int, str], list[IdentityRow]] = {}
    async with autocommit(database) as connection:
        cursor = await connection.execute(
            f"""SELECT k.source, k.value, {IDENTITY_COLUMNS}, {GROUPS_OF_ROW}
            FROM unnest(%s::int[], %s::text[]) k(source, value) CROSS JOIN LATERAL (
                SELECT r.* FROM identity r
                WHERE r.source = k.source AND {column.sql} = k.value AND r.gone_at IS NULL LIMIT 2
            ) r""".encode(),
            (list(sources), list(values)),
        )
        for row in await cursor.fetchall():
            found.setdefault((row[0], row[1]), []).append(identity_row(row[2:], groups=True))
    return found


async def group(connection: Connection, source: int, key: UUID) -> GroupRow | None:
    """A live group of the source, without its members."""
    cursor = await connection.execute(
        f"SELECT {GROUP_COLUMNS} FROM source_group r WHERE r.id = %s AND r.source = %s AND r.gone_at IS NULL".encode(),
        (key, source),
    )
    row = await cursor.fetchone()
    return GroupRow(*row) if row else None


async def identities(
    connection: Connection, source: int, condition: Condition | None, order: Order, window: Window, *, groups: bool
) -> Page[IdentityRow]:
    """How many live identities of the source satisfy the condition, and a page of them."""
    columns = f"{IDENTITY_COLUMNS}, {GROUPS_OF_ROW if groups else 'NULL'}"
    found = await page(connection, "identity", columns, source, condition, order, window)
    return found.of(lambda row: identity_row(row, groups=groups))


async def groups(
    connection: Connection, source: int, condition: Condition | None, order: Order, window: Window
) -> Page[GroupRow]:
    """How many live groups of the source satisfy the condition, and a page of them."""
    found = await page(connection, "source_group", GROUP_COLUMNS, source, condition, order, window)
    return found.of(lambda row: GroupRow(*row))


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

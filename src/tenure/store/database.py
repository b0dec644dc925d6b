"""A pool of connections to PostgreSQL, and transactions that are whole or nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from psycopg import AsyncConnection
from psycopg import OperationalError as DatabaseAway
from psycopg.errors import DeadlockDetected, SerializationFailure, UniqueViolation
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import AsyncConnectionPool

__all__ = [
    "Connection",
    "Database",
    "DatabaseAway",
    "DeadlockDetected",
    "Row",
    "SerializationFailure",
    "UniqueViolation",
    "connect",
    "row",
    "rows",
]

Connection = AsyncConnection[TupleRow]
Row = dict[str, Any]

_STALLED = "SET idle_in_transaction_session_timeout = '60s'"

set_json_dumps(orjson.dumps)
set_json_loads(orjson.loads)


class Database:
    """Connections to one PostgreSQL database (15 or later)."""

    def __init__(self, dsn: str, connections: int = 10) -> None:
        """`connections` is the size of the pool; a caller waits up to 30 seconds for one."""
        self.dsn = dsn
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            dsn, min_size=connections, max_size=connections, open=False, timeout=30, configure=_configure, name="tenure"
        )

    async def open(self) -> None:
        """Open the pool; raises psycopg_pool.PoolTimeout when the server cannot be reached."""
        await self._pool.open(wait=True, timeout=30)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close(timeout=5)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._pool.connection() as connection:
            yield connection

    async def session(self) -> Connection:
        """A connection of its own, outside the pool and in autocommit, for advisory locks and LISTEN."""
        return await connect(self.dsn, autocommit=True)

    async def rows(self, query: str, *values: Any) -> list[Row]:
        """Every row of one query, as dicts, in a transaction of its own."""
        async with self.transaction() as connection:
            return await rows(connection, query, *values)


async def connect(dsn: str, *, autocommit: bool = False) -> Connection:
    """A connection by itself; raises DatabaseAway when there is none within 10 seconds.

    Like those of the pool, it is closed by the server when it stalls for a minute inside a transaction: an audit entry
    that was begun and not committed holds up the sealing of all that come after it.
    """
    connection = await AsyncConnection.connect(dsn, autocommit=True, connect_timeout=10)
    await connection.execute(_STALLED)
    await connection.set_autocommit(autocommit)
    return connection


async def rows(connection: Connection, query: str, *values: Any) -> list[Row]:
    """Every row of one query, as dicts."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query.encode(), values)
        return await cursor.fetchall() if cursor.description else []


async def row(connection: Connection, query: str, *values: Any) -> Row | None:
    """The first row of one query, as a dict, or None."""
    found = await rows(connection, query, *values)
    return found[0] if found else None


async def _configure(connection: Connection) -> None:
    connection.prepare_threshold = 2
    await connection.execute("SET statement_timeout = '60s'")
    await connection.execute(_STALLED)
    await connection.commit()

"""Advisory locks on a session connection of their own: they end with the process, at the latest."""

from __future__ import annotations

import asyncio
import contextlib

from tenure.store.database import Connection, Database, DatabaseAway

_CLOSE_SECONDS = 5.0


class LocksLost(Exception):
    """The connection that held the locks broke: nothing that they guarded may go on."""


class Locks:
    """The locks that this process holds, by (target, number): shards, and places for requests under way."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Connect; raises DatabaseAway when that fails."""
        self._connection = await self._database.session()

    async def close(self) -> None:
        """Let go of every lock; what is being asked is answered first, within five seconds."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS), self._turn:
                pass  # a connection that is closed while it is read breaks in ways that nobody can catch
        await connection.close()

    async def try_lock(self, target: int, number: int) -> bool:
        """Take a lock if nobody has it. Raises LocksLost."""
        return await self._ask("SELECT pg_try_advisory_lock(%s, %s)", target, number)

    async def unlock(self, target: int, number: int) -> None:
        """Let go of a lock. Raises LocksLost."""
        await self._ask("SELECT pg_advisory_unlock(%s, %s)", target, number)

    async def _ask(self, query: str, target: int, number: int) -> bool:
        async with self._turn:
            if self._connection is None:
                raise LocksLost("no connection for locks")
            try:
                cursor = await self._connection.execute(query.encode(), (target, number))
                found = await cursor.fetchone()
            except DatabaseAway as error:
                raise LocksLost(str(error)) from error
            return bool(found and found[0])

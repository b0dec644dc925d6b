"""Telling other processes, through PostgreSQL, that something may be due."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tenure.store.database import Connection

_CHANNEL = "tenure_due"


async def tell(connection: Connection) -> None:
    """Tell every process that listens. Outside any transaction: a NOTIFY in a commit makes commits queue."""
    await connection.execute(f"NOTIFY {_CHANNEL}".encode())


async def listen(connection: Connection) -> AsyncIterator[None]:
    """Yield each time that a process tells. The connection must be one of our own, in autocommit."""
    await connection.execute(f"LISTEN {_CHANNEL}".encode())
    async for _ in connection.notifies():
        yield

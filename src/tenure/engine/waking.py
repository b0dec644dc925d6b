"""Waking: who waits for marks is told at once in this process, and through the database in the others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from tenure.store import notices
from tenure.store.database import Connection, Database, DatabaseAway

log = structlog.get_logger()
_PAUSE = 0.02
_RETRY = 1.0


class Waking:
    """An event for this process, and a NOTIFY for the others: outside of any transaction, at most every 20 ms.

    A wake that is lost costs a second: the engine looks that often by itself.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events: list[asyncio.Event] = []
        self._to_tell = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def subscribe(self) -> asyncio.Event:
        """An event that is set when something may be due."""
        event = asyncio.Event()
        self._events.append(event)
        return event

    def wake(self) -> None:
        """Something was marked and committed."""
        self.wake_here()
        self._to_tell.set()

    def wake_here(self) -> None:
        """Look in this process alone."""
        for event in self._events:
            event.set()

    def start(self) -> None:
        """Begin to tell and to listen."""
        self._tasks = [asyncio.create_task(self._keep(self._tell)), asyncio.create_task(self._keep(self._listen))]

    async def stop(self) -> None:
        """End telling and listening."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _keep(self, work: Callable[[Connection], Awaitable[None]]) -> None:
        while True:
            try:
                connection = await self._database.session()
                async with connection:
                    await work(connection)
            except DatabaseAway as error:
                log.warning("waking lost its connection", why=str(error))
                await asyncio.sleep(_RETRY)

    async def _tell(self, connection: Connection) -> None:
        while True:
            await self._to_tell.wait()
            self._to_tell.clear()
            await notices.tell(connection)
            await asyncio.sleep(_PAUSE)

    async def _listen(self, connection: Connection) -> None:
        async for _ in notices.listen(connection):
            self.wake_here()

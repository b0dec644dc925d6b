"""Who may come in at the SCIM door: knows the tokens, and notes who knocked, without a query in a request."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import structlog

from tenure.model.clock import Clock
from tenure.scim.tokens import find, offered
from tenure.store import sources, tokens
from tenure.store.database import Database
from tenure.store.tokens import Known

FRESH_SECONDS, STALE_SECONDS = 2.0, 4.0
"""Tokens read so long ago are read again beside the requests; those read so long ago are not believed any more."""
_LOOK_SECONDS = 1.0
_WRITE_SECONDS = 60.0

_log = structlog.get_logger(__name__)
_Use = tuple[int, bytes]
_What = TypeVar("_What")


class Doorkeeper:
    """The tokens of every source, as the database had them at most four seconds ago, and what to write of their use.

    Read again by the requests that need them: a process that nobody calls asks nothing. What is to be written (last
    use, last heard, refused sign-ins) is written by `start`'s task, each at most once a minute.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.clock = clock
        self._database = database
        self._tokens: Mapping[int, tuple[Known, ...]] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._uses: dict[_Use, datetime] = {}
        self._heard: dict[int, datetime] = {}
        self._refused: dict[int, Counter[str]] = {}
        self._written: dict[object, float] = {}
        self._writing: asyncio.Task[None] | None = None

    async def admits(self, source: int, header: str | None) -> bool:
        """Whether this Authorization header opens the door of this source, which is noted either way.

        Raises DatabaseAway when the tokens are too old to be believed and cannot be read.
        """
        age = self.clock.monotonic() - self._read_at
        if age > FRESH_SECONDS:
            reading = self._read_again()
            if age > STALE_SECONDS:
                await asyncio.shield(reading)
        digest = offered(header)
        token = find(digest, self._tokens.get(source, ())) if digest is not None else None
        now = self.clock.now()
        if token is None or (token.expires_at is not None and token.expires_at <= now):
            why = "missing" if digest is None else "wrong" if token is None else "expired"
            self._refused.setdefault(source, Counter())[why] += 1
            return False
        self._uses[source, token.hash] = self._heard[source] = now
        return True

    def start(self) -> None:
        """Begin to write what was noted."""
        self._writing = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """End writing; what was noted within the last minute may be lost."""
        for task in (self._writing, self._reading):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def _read_again(self) -> asyncio.Task[None]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_told)
        return self._reading

    async def _read(self) -> None:
        began = self.clock.monotonic()
        async with self._database.transaction() as connection:
            self._tokens = await tokens.known(connection)
        self._read_at = began

    async def _keep_writing(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                await self._write()
            except Exception as problem:  # whatever it is, the next look tries again; notes are kept until written
                _log.warning("scim.notes", problem=type(problem).__name__)

    async def _write(self) -> None:
        """Write what is due. One short transaction each: no two of our locks are ever held at once."""
        now = self.clock.monotonic()
        uses = {use: at for use, at in self._uses.items() if self._due(use, now)}
        heard = {source: at for source, at in self._heard.items() if self._due(source, now)}
        if uses:
            async with self._database.transaction() as connection:
                await tokens.used(connection, uses)
            self._done(uses, self._uses, now)
        if heard:
            async with self._database.transaction() as connection:
                await sources.heard(connection, heard)
            self._done(heard, self._heard, now)
        for source, attempts in list(self._refused.items()):
            if self._due(("refused", source), now):
                await self._tell_refused(source, Counter(attempts), now)

    async def _tell_refused(self, source: int, attempts: Counter[str], now: float) -> None:
        async with self._database.transaction() as connection:
            told = await sources.refused(connection, source, attempts, self.clock.now())
        if told:
            self._written["refused", source] = now
            left = self._refused.pop(source) - attempts
            if left:
                self._refused[source] = left

    def _due(self, what: object, now: float) -> bool:
        return now - self._written.get(what, float("-inf")) >= _WRITE_SECONDS

    def _done(self, written: Mapping[_What, datetime], notes: dict[_What, datetime], now: float) -> None:
        for what, at in written.items():
            self._written[what] = now
            if notes.get(what) == at:
                del notes[what]


def _told(reading: asyncio.Task[None]) -> None:
    """Log why tokens could not be read beside the requests; who waits for them is told anyway."""
    with contextlib.suppress(asyncio.CancelledError):
        problem = reading.exception()
        if problem is not None:
            _log.warning("scim.tokens", problem=type(problem).__name__)

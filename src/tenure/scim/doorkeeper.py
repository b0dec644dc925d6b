"""Who may come in at the SCIM door: knows the credentials, and notes who knocked, without a query in a request."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import structlog

from tenure.engine.delivery import PushSource
from tenure.model.access import Credential, CredentialKind
from tenure.model.clock import Clock
from tenure.scim.errors import ScimError
from tenure.scim.limits import FAILURES, Buckets, neighbourhood
from tenure.scim.tokens import find
from tenure.store import sources, tokens
from tenure.store.database import Database
from tenure.store.tokens import Known

FRESH_SECONDS, STALE_SECONDS = 2.0, 4.0
"""Credentials read so long ago are read again beside the requests; those read so long ago are not believed any more."""
BASIC_CHALLENGE = 'Basic realm="Tenure", charset="UTF-8"'
_LOOK_SECONDS = 1.0
_WRITE_SECONDS = 60.0

_log = structlog.get_logger(__name__)
_Use = tuple[int, bytes]
_What = TypeVar("_What")


class Doorkeeper:
    """The credentials of every source, as the database had them at most four seconds ago, and how they are used.

    Read again by the requests that need them: a process that nobody calls asks nothing. What is to be written (last
    use, last heard, refused sign-ins) is written by `start`'s task, each at most once a minute. Limits are counted in
    this process alone.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.clock = clock
        self._database = database
        self._known: Mapping[int, tuple[Known, ...]] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._uses: dict[_Use, datetime] = {}
        self._heard: dict[int, datetime] = {}
        self._refused: dict[int, Counter[str]] = {}
        self._written: dict[object, float] = {}
        self._writing: asyncio.Task[None] | None = None
        self._requests, self._failures = Buckets(), Buckets()

    async def admit(self, source: PushSource, offers: Sequence[Credential], address: str) -> tuple[Credential, Known]:
        """Let somebody in who offers one of these; gives the one that is right, and what is known of it.

        From an address that guesses, a password is not heard even if it is right; a token, which nobody guesses, is:
        else whoever shares an address with the provider, behind one proxy, could lock it out.

        Raises ScimError: 401 when none is right, 429 when too many came; DatabaseAway when what is known is too old
        to be believed and cannot be read.
        """
        await self._read_if_old()
        if not offers:
            raise self._refusal(source, "missing")
        now, caller = self.clock.monotonic(), (source.id, neighbourhood(address))
        known = self._known.get(source.id, ())
        right = next(((offer, one) for offer in offers if (one := find(offer, known)) is not None), None)
        wait = self._failures.wait(caller, FAILURES, now)
        if wait and (right is None or right[1].kind is CredentialKind.BASIC):
            self._note_refused(source, "not heard")
            raise _too_many("failed sign-ins from this address; wait, and then send a right credential", wait)
        if right is None:
            self._failures.take(caller, FAILURES, now)
            raise self._refusal(source, "wrong")
        one = right[1]
        if not self._live(one):  # whoever has it did not guess it: no failure of the address
            raise self._refusal(source, "expired")
        self._uses[source.id, one.hash] = self._heard[source.id] = self.clock.now()
        wait = self._requests.take((source.id, one.hash), source.limit, now)
        if wait:
            raise _too_many("requests with this credential; wait, and send this one again", wait)
        return right

    def kinds(self, source: PushSource) -> tuple[CredentialKind, ...]:
        """The kinds of credential that open this source's door now, as far as is known."""
        live = {one.kind for one in self._known.get(source.id, ()) if self._live(one)}
        return tuple(kind for kind in CredentialKind if kind in live)

    def start(self) -> None:
        """Begin to write what was noted."""
        self._writing = asyncio.create_task(self._keep_writing())

    async def stop(self) -> None:
        """End writing; what was noted within the last minute may be lost."""
        for task in (self._writing, self._reading):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _read_if_old(self) -> None:
        age = self.clock.monotonic() - self._read_at
        if age > FRESH_SECONDS:
            reading = self._read_again()
            if age > STALE_SECONDS:
                await asyncio.shield(reading)

    def _live(self, one: Known) -> bool:
        return one.expires_at is None or one.expires_at > self.clock.now()

    def _note_refused(self, source: PushSource, why: str) -> None:
        self._refused.setdefault(source.id, Counter())[why] += 1

    def _refusal(self, source: PushSource, why: str) -> ScimError:
        """The answer to somebody who is not let in, which is noted (RFC 7235 section 4.1, RFC 7644 section 2)."""
        self._note_refused(source, why)
        kinds = self.kinds(source)
        bearer = "Bearer" if why == "missing" else 'Bearer error="invalid_token"'  # RFC 6750 section 3.1
        schemes = [bearer] if {CredentialKind.TOKEN, CredentialKind.CLIENT} & set(kinds) or not kinds else []
        schemes += [BASIC_CHALLENGE] if CredentialKind.BASIC in kinds else []
        detail = "The credential is missing, wrong or at its end; `tenure token list` shows what opens this source."
        return ScimError(401, detail, headers={"WWW-Authenticate": ", ".join(schemes)})

    def _read_again(self) -> asyncio.Task[None]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_told)
        return self._reading

    async def _read(self) -> None:
        began = self.clock.monotonic()
        async with self._database.transaction() as connection:
            self._known = await tokens.known(connection)
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


def _too_many(what: str, seconds: int) -> ScimError:
    return ScimError(429, f"Too many {what}.", headers={"Retry-After": str(seconds)})


def _told(reading: asyncio.Task[None]) -> None:
    """Log why credentials could not be read beside the requests; who waits for them is told anyway."""
    with contextlib.suppress(asyncio.CancelledError):
        problem = reading.exception()
        if problem is not None:
            _log.warning("scim.tokens", problem=type(problem).__name__)

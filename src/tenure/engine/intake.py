"""Intake: the one way in for what sources tell; a request is one transaction with its audit entry and its marks."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TypeVar
from uuid import UUID

from tenure.engine.delivery import Delivery, NeedsTransaction, Overtaken, PushSource
from tenure.engine.gathering import Gathering
from tenure.model.clock import Clock
from tenure.model.event import IdentitySeen, MemberGone, MemberSeen
from tenure.store import listing
from tenure.store.catalogues import KNOWN_BY
from tenure.store.database import Database, DeadlockDetected, SerializationFailure, UniqueViolation
from tenure.store.directory import IdentityRow
from tenure.store.filters import Column

T = TypeVar("T")

SLOTS = 32
"""Parts of a group's version: writers that pick different ones do not wait for each other."""
_ATTEMPTS = 4

Decide = Callable[[IdentityRow | None], IdentitySeen]
"""What a request says of an identity, by what is there; raises when there is none, or when it is not as expected."""


class NameTaken(Exception):
    """Another identity of the source has this userName."""


class Intake:
    """Takes in the events of any source."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        on_commit: Callable[[], None],
        slot: Callable[[], int] = lambda: secrets.randbelow(SLOTS),
    ) -> None:
        """`on_commit` is called after each commit that left a mark; `slot` picks the part of a group's version."""
        self.database = database
        self.clock, self._on_commit, self._slot = clock, on_commit, slot
        self._identities = Gathering(partial(listing.live_identities, database))
        self._known = {column: Gathering(partial(listing.identities_known_by, database, column)) for column in KNOWN_BY}

    async def deliver(self, source: PushSource, method: str, work: Callable[[Delivery], Awaitable[T]]) -> T:
        """Run the work of one request in one transaction; what it raises undoes all of it.

        When the database ends it for a deadlock, it is run again. Raises NameTaken, UnknownMembers.
        """
        return await self._deliver(source, method, work, alone=False)

    async def new_identity(self, source: PushSource, method: str, event: IdentitySeen) -> IdentityRow:
        """A request that tells of a new identity: one statement. Raises NameTaken."""

        async def work(delivery: Delivery) -> IdentityRow:
            return await delivery.identity_seen(event, None)

        return await self._deliver(source, method, work, alone=True)

    async def identity(self, source: PushSource, key: UUID) -> IdentityRow | None:
        """A live identity of the source as it is now, with its groups. Those asked for at once are read at once."""
        return await self._identities.get((source.id, key))

    async def known_by(self, source: PushSource, column: Column, value: str) -> list[IdentityRow]:
        """The live identities of the source with this value in one of KNOWN_BY's columns, as they are now, with their
        groups; two of them when there are more. Those asked for at once are read at once.
        """
        return await self._known[column].get((source.id, value)) or []

    async def change_identity(self, source: PushSource, method: str, key: UUID, decide: Decide) -> IdentityRow:
        """A request that changes one identity: read and written by a statement each, with nothing locked between them.

        `decide` is asked again when somebody else changed the identity meanwhile, at last under a lock. Raises
        NameTaken and what `decide` raises.
        """

        async def write(delivery: Delivery) -> IdentityRow:
            assert before is not None
            return await delivery.identity_seen(event, before)

        async def under_lock(delivery: Delivery) -> IdentityRow:
            locked = await delivery.identity(key)
            said = decide(locked)
            assert locked is not None
            return await delivery.identity_seen(said, locked)

        for _ in range(_ATTEMPTS):
            before = await self.identity(source, key)
            event = decide(before)
            try:
                return await self._deliver(source, method, write, alone=True)
            except Overtaken:
                continue
        return await self._deliver(source, method, under_lock, alone=False)

    async def change_members(
        self,
        source: PushSource,
        method: str,
        group: UUID,
        seen: Iterable[MemberSeen],
        gone: Iterable[MemberGone] | None,
    ) -> bool:
        """A request that changes who is in a group and nothing else (see `Delivery.members`): one statement.

        Only where groups are inside groups it takes a transaction. False when there is no such group. Raises
        UnknownMembers, NestedInItself.
        """

        async def work(delivery: Delivery) -> bool:
            return await delivery.members(group, joining, leaving)

        joining, leaving = list(seen), None if gone is None else list(gone)
        try:
            return await self._deliver(source, method, work, alone=True)
        except NeedsTransaction:
            return await self._deliver(source, method, work, alone=False)

    async def _deliver(
        self, source: PushSource, method: str, work: Callable[[Delivery], Awaitable[T]], *, alone: bool
    ) -> T:
        """`alone`: the work writes by a single statement, which needs no transaction around it."""
        for attempt in range(_ATTEMPTS):
            try:
                return await self._once(source, method, work, alone)
            except (DeadlockDetected, SerializationFailure):
                if attempt == _ATTEMPTS - 1:
                    raise
            except UniqueViolation as violation:
                if violation.diag.constraint_name == "identity_user_name":
                    raise NameTaken from None
                raise
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, source: PushSource, method: str, work: Callable[[Delivery], Awaitable[T]], alone: bool) -> T:
        opened = listing.autocommit(self.database) if alone else self.database.transaction()
        async with opened as connection:
            delivery = Delivery(connection, source, method, self.clock.now(), self._slot(), alone)
            done = await work(delivery)
        if delivery.marked:
            self._on_commit()
        return done

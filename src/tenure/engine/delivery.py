"""One request of one source while it is written: what it tells becomes records, audit entries and marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tenure.model.access import DEFAULT_LIMIT, RequestLimit
from tenure.model.event import GroupGone, GroupSeen, IdentityGone, IdentitySeen, MemberGone, MemberSeen
from tenure.model.extension import Extension
from tenure.store import directory, marks, nesting
from tenure.store.audit import Entry, record
from tenure.store.database import Connection
from tenure.store.directory import GroupRow, IdentityRow
from tenure.store.recording import MembersWritten, write_identity, write_members


@dataclass(frozen=True, slots=True)
class PushSource:
    """A source as the intake knows it: number and name, the targets it feeds; of one that calls us also how often it
    may call and what it adds to a User.

    `announce_pagination` is False where its client would refuse a configuration that tells of RFC 9865.
    """

    id: int
    name: str
    targets: tuple[int, ...]
    limit: RequestLimit = DEFAULT_LIMIT
    extensions: tuple[Extension, ...] = ()
    announce_pagination: bool = True


class UnknownMembers(Exception):
    """Somebody who is not an identity of the source was to be put into a group; `ids` says who."""

    def __init__(self, ids: Sequence[UUID]) -> None:
        """`ids`: those that are unknown."""
        super().__init__(f"{len(ids)} unknown members")
        self.ids = ids


class NeedsTransaction(Exception):
    """The work is more than the one statement that stands alone."""


class Overtaken(Exception):
    """Somebody else changed the identity after it was read."""


class Delivery:
    """One request of one source while its transaction is open."""

    def __init__(
        self, connection: Connection, source: PushSource, method: str, now: datetime, slot: int, alone: bool
    ) -> None:
        """Everything that is written bears the time `now`; `method` is told in the audit; `alone`: no transaction."""
        self.connection, self.source, self.marked = connection, source, False
        self._method, self._now, self._slot, self._alone = method, now, slot, alone

    async def identity(self, identity: UUID, *, ending: bool = False) -> IdentityRow | None:
        """A live identity of the source, locked; `ending` when it is to be deleted."""
        return await directory.lock_identity(self.connection, self.source.id, identity, ending=ending)

    async def group(self, group: UUID, strength: str) -> GroupRow | None:
        """A live group of the source, locked (see `directory.lock_group`)."""
        return await directory.lock_group(self.connection, self.source.id, group, strength)

    async def identity_seen(self, event: IdentitySeen, before: IdentityRow | None) -> IdentityRow:
        """Store a new identity, or what changed in the one that was read; nothing is written when nothing did."""
        said = dict(event.attributes)
        if before is None:
            facts, personal = {"attributes": sorted(said)}, {"userName": said["userName"], "new": said}
            entry = self._entry("identity.created", event.id, facts, personal)
            await self._write(directory.adding(self.source.id, event, self._now), entry, marks.SINGLE)
            active = directory.standing(event, None)
            left_at = None if active else self._now
            return IdentityRow(event.id, said, active, 1, self._now, self._now, left_at, [])
        if said == before.document:
            return before
        active = directory.standing(event, before)
        after = replace(before, document=said, active=active, version=before.version + 1, modified_at=self._now)
        entry = self._entry(_action(before, after), event.id, *_difference(before.document, said))
        prio = marks.LEAVER if before.active and not after.active else marks.SINGLE
        await self._write(directory.changing(event, before, self._now), entry, prio)
        return after

    async def identity_gone(self, event: IdentityGone, before: IdentityRow) -> None:
        """Leave a tombstone of the identity that was locked; its memberships end."""
        groups = await directory.end_memberships(self.connection, event.id)
        if groups:
            await directory.bump(self.connection, groups, self._slot, self._now)
        facts = {"groups": [str(group) for group in groups]}
        entry = self._entry("identity.removed", event.id, facts, {"userName": before.user_name})
        await self._write(directory.burying(event.id, self._now), entry, marks.LEAVER)

    async def group_seen(self, event: GroupSeen, before: GroupRow | None) -> None:
        """Store a new group, or what changed in the one that was locked; a rename concerns all its members."""
        document = directory.group_document(event)
        if before is None:
            await directory.add_group(self.connection, self.source.id, event, self._now)
            await record(self.connection, self._entry("group.created", event.id, {"displayName": event.display_name}))
        elif document != before.document:
            renamed = event.display_name != before.display_name
            await directory.change_group(self.connection, event)
            await directory.bump(self.connection, [event.id], self._slot, self._now)
            facts = {"old": before.document, "new": document}
            entry = self._entry("group.renamed" if renamed else "group.changed", event.id, facts)
            cause = await record(self.connection, entry)
            if renamed and self.source.targets:
                scope = f"scope:{event.id}"
                await marks.mark_subject(self.connection, self.source.targets, scope, marks.READINGS, cause)
                self.marked = True

    async def group_gone(self, event: GroupGone, before: GroupRow) -> None:
        """Leave a tombstone of the group that was locked; its memberships end, and its place in others."""
        await directory.bury_group(self.connection, event.id, self._now)
        entry = self._entry("group.removed", event.id, {"displayName": before.display_name})
        await self._write_members(entry, event.id, [], None, ended=True)
        parting = self._entry("group.members", event.id)
        self.marked |= await nesting.end(self.connection, parting, event.id, self.source.targets, self._slot)

    async def members(self, group: UUID, seen: Iterable[MemberSeen], gone: Iterable[MemberGone] | None) -> bool:
        """Put people and groups into a group and take others out; with `gone` None none stays but those seen.

        False when there is no such group. Raises UnknownMembers when one of those seen is neither a live identity nor a
        live group of the source, NestedInItself: then nothing is written.
        """
        joining = sorted({event.identity for event in seen})
        leaving = None if gone is None else sorted({event.identity for event in gone})
        written = await self._write_members(self._entry("group.members", group), group, joining, leaving)
        if written.unknown or written.nested:
            if self._alone:
                raise NeedsTransaction
            await self._members_and_groups(group, joining, leaving)
        return written.found

    async def _members_and_groups(self, group: UUID, joining: Sequence[UUID], leaving: Sequence[UUID] | None) -> None:
        connection, source = self.connection, self.source
        groups = await nesting.groups_among(connection, source.id, joining)
        people = [one for one in joining if one not in groups]
        written = await self._write_members(self._entry("group.members", group), group, people, leaving, people=True)
        if written.unknown:
            raise UnknownMembers(await directory.unknown_identities(connection, source.id, people))
        entry, inner = self._entry("group.members", group), [one for one in joining if one in groups]
        self.marked |= await nesting.nest(
            connection, entry, group, join=inner, leave=leaving, targets=source.targets, slot=self._slot
        )

    async def _write_members(
        self,
        entry: Entry,
        group: UUID,
        join: Sequence[UUID],
        leave: Sequence[UUID] | None,
        *,
        ended: bool = False,
        people: bool = False,
    ) -> MembersWritten:
        written = await write_members(
            self.connection, entry, group,
            join=join, leave=leave, targets=self.source.targets, slot=self._slot, ended=ended, people=people,
        )  # fmt: skip
        self.marked |= written.touched > 0 and bool(self.source.targets)
        return written

    async def _write(self, statement: tuple[str, Sequence[Any]], entry: Entry, prio: int) -> None:
        if not await write_identity(self.connection, statement, entry, self.source.targets, prio):
            raise Overtaken
        self.marked |= bool(self.source.targets)

    def _entry(
        self,
        action: str,
        subject: UUID,
        facts: Mapping[str, Any] | None = None,
        personal: Mapping[str, Any] | None = None,
    ) -> Entry:
        return Entry(
            at=self._now, actor=f"source:{self.source.name}", action=action, subject=str(subject),
            source=self.source.id, facts={"method": self._method, **(facts or {})}, personal=personal or {},
        )  # fmt: skip


def _action(before: IdentityRow, after: IdentityRow) -> str:
    if before.active == after.active:
        return "identity.changed"
    return "identity.reactivated" if after.active else "identity.deactivated"


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The names of the attributes that differ, for the facts, and their values, which are personal."""
    names = sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    both = {"old": old, "new": new}
    values = {word: {name: document[name] for name in names if name in document} for word, document in both.items()}
    return {"attributes": names}, {"userName": new["userName"], **values}

"""Who the sources say there is: identities, their groups and who is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from tenure.model.capability import canon_name
from tenure.model.event import GroupSeen, IdentitySeen
from tenure.model.identity import Identity, SourceGroup
from tenure.store.catalogues import GROUP_MODIFIED, GROUP_VERSION
from tenure.store.database import Connection
from tenure.store.filters import folded

Document = dict[str, Any]

GROUPS_OF_ROW = """
CASE WHEN EXISTS (SELECT FROM nested_group) THEN groups_through(r.id)
ELSE (SELECT jsonb_agg(jsonb_build_array(g.id, g.display_name, true) ORDER BY g.created_at, g.id)
      FROM member m JOIN source_group g ON g.id = m.source_group WHERE m.identity = r.id) END
"""
"""The groups of a row `r` as [id, name, whether it is in it directly]; nearly nobody has groups inside groups."""
IDENTITY_COLUMNS = "r.id, r.doc, r.active, r.version, r.created_at, r.modified_at, r.left_at"
GROUP_COLUMNS = f"r.id, r.doc, {GROUP_VERSION}, r.created_at, {GROUP_MODIFIED}"


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """A live identity as it is stored. `groups` are (id, name, directly), None when they were not asked for.

    `active` is what the source last said of it: a document that no longer says it changes nothing.
    """

    id: UUID
    document: Document
    active: bool
    version: int
    created_at: datetime
    modified_at: datetime
    left_at: datetime | None = None
    groups: list[tuple[str, str, bool]] | None = None

    @property
    def user_name(self) -> str:
        """The name by which the source knows the person."""
        return str(self.document["userName"])


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A live group as it is stored, without its members."""

    id: UUID
    document: Document
    version: int
    created_at: datetime
    modified_at: datetime

    @property
    def display_name(self) -> str:
        """The group's name."""
        return str(self.document["displayName"])


# What the engine reads ----------------------------------------------------------------------------------------------


async def identities(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Identity]:
    """The identities with these ids, gone ones included."""
    cursor = await connection.execute(
        """SELECT r.id, s.name, r.user_name, r.external_id, r.active, r.gone_at IS NOT NULL, r.doc,
            NULL, r.left_at
        FROM identity r JOIN source s ON s.id = r.source WHERE r.id = ANY(%s)""",
        (list(ids),),
    )
    return {row[0]: Identity(*row) for row in await cursor.fetchall()}


_KNOWN = """
(SELECT t.source_name FROM target_group t
 WHERE t.target = %s AND t.source_group = g.id AND t.origin <> 'foreign' ORDER BY t.since, t.canon LIMIT 1) AS known_as,
EXISTS (SELECT FROM source_group o JOIN target_group t ON t.source_group = o.id
        WHERE t.target = %s AND t.origin <> 'foreign' AND o.source = g.source AND o.id <> g.id AND o.gone_at IS NULL
        AND o.display_name_canon = g.display_name_canon
        AND NOT EXISTS (SELECT FROM target_group m WHERE m.target = t.target AND m.source_group = g.id)) AS apart
"""
"""How a source group `g` is known at a target, which both parameters name."""


async def groups_of(connection: Connection, ids: Sequence[UUID], target: int) -> dict[UUID, tuple[SourceGroup, ...]]:
    """The groups of each of these identities, in the order of their ids, as they are known at the target.

    An identity without groups has none; who is in a group inside another one is in both (`store.nesting`).
    """
    found: dict[UUID, list[SourceGroup]] = {one: [] for one in ids}
    cursor = await connection.execute(
        f"""SELECT m.identity, g.id, s.name, g.display_name, g.external_id, {_KNOWN}
        FROM belonging m JOIN source_group g ON g.id = m.source_group JOIN source s ON s.id = g.source
        WHERE m.identity = ANY(%s) ORDER BY g.id""".encode(),
        (target, target, list(ids)),
    )
    for identity, *group in await cursor.fetchall():
        found[identity].append(SourceGroup(*group))
    return {identity: tuple(groups) for identity, groups in found.items()}


async def groups_of_sources(connection: Connection, sources: Sequence[int], target: int) -> tuple[SourceGroup, ...]:
    """Every group that these sources have now, in the order of their ids, as it is known at the target."""
    cursor = await connection.execute(
        f"""SELECT g.id, s.name, g.display_name, g.external_id, {_KNOWN}
        FROM source_group g JOIN source s ON s.id = g.source
        WHERE g.source = ANY(%s) AND g.gone_at IS NULL ORDER BY g.id""".encode(),
        (target, target, list(sources)),
    )
    return tuple(SourceGroup(*row) for row in await cursor.fetchall())


async def ids_after(connection: Connection, sources: Sequence[int], after: UUID | None, limit: int) -> list[UUID]:
    """The next ids, in their order, of everybody whom these sources have or had."""
    cursor = await connection.execute(
        "SELECT id FROM identity WHERE source = ANY(%s) AND (%s::uuid IS NULL OR id > %s) ORDER BY id LIMIT %s",
        (list(sources), after, after, limit),
    )
    return [row[0] for row in await cursor.fetchall()]


# Identities ---------------------------------------------------------------------------------------------------------


async def lock_identity(connection: Connection, source: int, identity: UUID, *, ending: bool) -> IdentityRow | None:
    """A live identity with its groups, locked until the transaction ends; `ending` also keeps new memberships out."""
    strength = "UPDATE" if ending else "NO KEY UPDATE"
    cursor = await connection.execute(
        f"""SELECT {IDENTITY_COLUMNS}, {GROUPS_OF_ROW} FROM identity r
        WHERE r.id = %s AND r.source = %s AND r.gone_at IS NULL FOR {strength}""".encode(),
        (identity, source),
    )
    row = await cursor.fetchone()
    return identity_row(row, groups=True) if row else None


def identity_row(row: Sequence[Any], *, groups: bool) -> IdentityRow:
    """A row of IDENTITY_COLUMNS and the groups, when these were asked for."""
    key, document, active, version, created_at, modified_at, left_at, found = row
    shown = (found or []) if groups else None
    return IdentityRow(key, document, active, version, created_at, modified_at, left_at, shown)


def adding(source: int, event: IdentitySeen, now: datetime) -> tuple[str, tuple[Any, ...]]:
    """The statement that stores a new identity; it raises UniqueViolation when the name is taken."""
    active = standing(event, None)
    return (
        """INSERT INTO identity (user_name, user_name_canon, external_id, active, display_name, doc, doc_canon,
                                 id, source, created_at, modified_at, left_at)
        VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s, %s, %s, %s)""",
        (*_identity_values(event, active), event.id, source, now, now, None if active else now),
    )


def changing(event: IdentitySeen, before: IdentityRow, now: datetime) -> tuple[str, tuple[Any, ...]]:
    """The statement that stores what the source now says of an identity, if it still is as it was before."""
    active = standing(event, before)
    left_at = None if active else before.left_at or now
    return (
        """UPDATE identity SET user_name = %s, user_name_canon = %s, external_id = %s, active = %s, display_name = %s,
            doc = %s::jsonb, doc_canon = %s::jsonb, version = version + 1, modified_at = %s,
            left_at = %s
        WHERE id = %s AND version = %s AND gone_at IS NULL""",
        (*_identity_values(event, active), now, left_at, event.id, before.version),
    )


def burying(identity: UUID, now: datetime) -> tuple[str, tuple[Any, ...]]:
    """The statement that leaves a tombstone, which frees the name."""
    return (
        """UPDATE identity SET gone_at = %s, modified_at = %s, left_at = coalesce(left_at, %s), version = version + 1
        WHERE id = %s""",
        (now, now, now, identity),
    )


def standing(event: IdentitySeen, before: IdentityRow | None) -> bool:
    """Whether the person is active: as the source says, else as they were, so that silence reopens nobody."""
    return bool(event.attributes.get("active", before is None or before.active))


def _identity_values(event: IdentitySeen, active: bool) -> tuple[Any, ...]:
    said = event.attributes
    return (
        said["userName"],
        canon_name(said["userName"]),
        said.get("externalId"),
        active,
        said.get("displayName"),
        orjson.dumps(said).decode(),
        orjson.dumps(folded(said)).decode(),
    )


async def end_memberships(connection: Connection, identity: UUID) -> list[UUID]:
    """Take an identity out of all its groups; gives these, in order."""
    cursor = await connection.execute("DELETE FROM member WHERE identity = %s RETURNING source_group", (identity,))
    return sorted(row[0] for row in await cursor.fetchall())


# Groups -------------------------------------------------------------------------------------------------------------


async def lock_group(connection: Connection, source: int, group: UUID, strength: str) -> GroupRow | None:
    """A live group, locked: `KEY SHARE` lets others change its members meanwhile, `NO KEY UPDATE` also keeps changes
    of its attributes out, `UPDATE` everything."""
    cursor = await connection.execute(
        f"""SELECT {GROUP_COLUMNS} FROM source_group r
        WHERE r.id = %s AND r.source = %s AND r.gone_at IS NULL FOR {strength}""".encode(),
        (group, source),
    )
    row = await cursor.fetchone()
    return GroupRow(*row) if row else None


async def group_version(connection: Connection, group: UUID) -> int:
    """The version of a group that is locked: what the lock waited for is counted, as no earlier statement could."""
    cursor = await connection.execute(f"SELECT {GROUP_VERSION} FROM source_group r WHERE r.id = %s".encode(), (group,))
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def add_group(connection: Connection, source: int, event: GroupSeen, now: datetime) -> None:
    """Store a new group without members."""
    await connection.execute(
        """INSERT INTO source_group (display_name, display_name_canon, external_id, doc, id, source, created_at)
        VALUES (%s, %s, %s, %s::jsonb, %s, %s, %s)""",
        (*_group_values(event), event.id, source, now),
    )


async def change_group(connection: Connection, event: GroupSeen) -> None:
    """Store what the source now says of a group that is locked."""
    await connection.execute(
        """UPDATE source_group SET display_name = %s, display_name_canon = %s, external_id = %s, doc = %s::jsonb
        WHERE id = %s""",
        (*_group_values(event), event.id),
    )


def group_document(event: GroupSeen) -> Document:
    """The attributes of a group beside its members."""
    document = {"displayName": event.display_name}
    return document | {"externalId": event.external_id} if event.external_id is not None else document


def _group_values(event: GroupSeen) -> tuple[Any, ...]:
    document = orjson.dumps(group_document(event)).decode()
    return event.display_name, canon_name(event.display_name), event.external_id, document


async def bury_group(connection: Connection, group: UUID, now: datetime) -> None:
    """Leave a tombstone of a group that is locked."""
    await connection.execute("UPDATE source_group SET gone_at = %s WHERE id = %s", (now, group))


async def bump(connection: Connection, groups: Sequence[UUID], slot: int, now: datetime) -> None:
    """Count a change of each of the groups (given in order) in one of the slots that their versions are sums of."""
    await connection.execute(
        """INSERT INTO group_version (source_group, slot, n, modified_at)
        SELECT g, %s, 1, %s FROM unnest(%s::uuid[]) g
        ON CONFLICT (source_group, slot) DO UPDATE
        SET n = group_version.n + 1, modified_at = greatest(group_version.modified_at, excluded.modified_at)""",
        (slot, now, list(groups)),
    )


# Memberships --------------------------------------------------------------------------------------------------------


async def present_members(connection: Connection, group: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these people and groups are in the group, not counting who is in them."""
    cursor = await connection.execute(
        """SELECT identity FROM member WHERE source_group = %s AND identity = ANY(%s)
        UNION ALL SELECT child FROM nested_group WHERE parent = %s AND child = ANY(%s)""",
        (group, list(ids), group, list(ids)),
    )
    return {row[0] for row in await cursor.fetchall()}


async def unknown_identities(connection: Connection, source: int, ids: Sequence[UUID]) -> list[UUID]:
    """Which of these ids are not live identities of the source."""
    cursor = await connection.execute(
        """SELECT a FROM unnest(%s::uuid[]) a
        WHERE NOT EXISTS (SELECT FROM identity i WHERE i.id = a AND i.source = %s AND i.gone_at IS NULL) ORDER BY a""",
        (list(ids), source),
    )
    return [row[0] for row in await cursor.fetchall()]

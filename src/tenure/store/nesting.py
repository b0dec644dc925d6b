"""Groups inside groups: who is in the inner one is in the outer one too, however deep, and no group is in itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from tenure.store import audit, marks
from tenure.store.audit import Entry
from tenure.store.database import Connection, rows
from tenure.store.directory import bump

_ONE_AT_A_TIME = 7_164_003
"""Nestings of one source are written one at a time: else two of them could close a circle together."""


class NestedInItself(Exception):
    """A group was to be put into one that is inside it, or into itself; `group` is the one that was to go in."""

    def __init__(self, group: UUID) -> None:
        """`group`: the inner one."""
        super().__init__(f"{group} would be inside itself")
        self.group = group


async def groups_among(connection: Connection, source: int, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are live groups of the source."""
    found = await rows(
        connection,
        "SELECT id FROM source_group WHERE id = ANY(%s) AND source = %s AND gone_at IS NULL",
        list(ids),
        source,
    )
    return {r["id"] for r in found}


async def below(connection: Connection, groups: Sequence[UUID]) -> list[UUID]:
    """These groups and all that are inside them, however deep."""
    found = await rows(
        connection,
        """WITH RECURSIVE inside(id) AS (SELECT unnest(%s::uuid[])
            UNION SELECT n.child FROM inside JOIN nested_group n ON n.parent = inside.id)
        SELECT id FROM inside""",
        list(groups),
    )
    return [r["id"] for r in found]


async def nest(
    connection: Connection,
    entry: Entry,
    group: UUID,
    *,
    join: Sequence[UUID],
    leave: Sequence[UUID] | None,
    targets: Sequence[int],
    slot: int,
) -> bool:
    """Put live groups of the source into a group of it and take others out; gives whether that changed anything.

    With `leave` None none stays but those that join. Everybody who is in one of them is marked through its scope.
    Raises NestedInItself.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_ONE_AT_A_TIME, entry.source))
    for one in join:
        if group in await below(connection, [one]):
            raise NestedInItself(one)
    cursor = await connection.execute(
        """DELETE FROM nested_group WHERE parent = %s AND CASE WHEN %s THEN NOT child = ANY(%s) ELSE child = ANY(%s) END
        RETURNING child""",
        (group, leave is None, list(join), list(leave or ())),
    )
    removed = sorted(found[0] for found in await cursor.fetchall())
    cursor = await connection.execute(
        """INSERT INTO nested_group (parent, child, since) SELECT %s, c, %s FROM unnest(%s::uuid[]) c
        ON CONFLICT DO NOTHING RETURNING child""",
        (group, entry.at, list(join)),
    )
    added = sorted(found[0] for found in await cursor.fetchall())
    if not added and not removed:
        return False
    facts = {"added_groups": [str(g) for g in added], "removed_groups": [str(g) for g in removed]}
    cause = await audit.record(connection, replace(entry, facts={**entry.facts, **facts}))
    await bump(connection, [group], slot, entry.at)
    await _mark(connection, targets, {*added, *removed}, cause)
    return bool(targets)


async def end(connection: Connection, entry: Entry, group: UUID, targets: Sequence[int], slot: int) -> bool:
    """A group that is deleted is in no other one, and none is in it; gives whether anybody was marked for that.

    Who was in it is marked with the end of the memberships.
    """
    cursor = await connection.execute(
        "DELETE FROM nested_group WHERE parent = %s OR child = %s RETURNING parent, child", (group, group)
    )
    ended = await cursor.fetchall()
    if not ended:
        return False
    outer = sorted(parent for parent, _ in ended if parent != group)
    inner = sorted(child for _, child in ended if child != group)
    facts = {"removed_groups": [str(g) for g in inner], "removed_from": [str(g) for g in outer]}
    cause = await audit.record(connection, replace(entry, facts={**entry.facts, **facts}))
    await bump(connection, outer, slot, entry.at)
    await _mark(connection, targets, set(inner), cause)
    return bool(inner and targets)


async def _mark(connection: Connection, targets: Sequence[int], groups: set[UUID], cause: int) -> None:
    for group in sorted(groups, key=str):
        await marks.mark_subject(connection, targets, f"scope:{group}", marks.READINGS, cause)

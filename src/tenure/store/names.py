"""Account names that were chosen because the computed ones were taken: whose each is, and which are free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tenure.model.desired import Choice
from tenure.store.database import Connection, Row, rows

_CHOOSING = 0x7E4E0017
"""The advisory lock, with a target's number, under which names are chosen there and handed on: one at a time."""


async def lock(connection: Connection, target: int) -> None:
    """Let nobody else choose a name at this target until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (_CHOOSING, target))


async def remembered(
    connection: Connection, target: int, identities: Sequence[UUID], bases: Sequence[str]
) -> list[Row]:
    """The names that these identities have, and those that identities that are gone had for these computed names."""
    return await rows(
        connection,
        """SELECT n.*, i.gone_at, i.external_id, i.user_name_canon, i.doc FROM chosen_name n
        JOIN identity i ON i.id = n.identity
        WHERE n.target = %s AND (n.identity = ANY(%s) OR (n.base = ANY(%s) AND i.gone_at IS NOT NULL))
        ORDER BY n.identity""",
        target,
        list(identities),
        list(bases),
    )


async def forget(connection: Connection, target: int, identities: Sequence[UUID]) -> None:
    """These identities have no chosen name any more."""
    await connection.execute(
        "DELETE FROM chosen_name WHERE target = %s AND identity = ANY(%s)", (target, list(identities))
    )


async def hand_on(connection: Connection, target: int, former: UUID, identity: UUID) -> None:
    """What was chosen for a record that is gone is the same person's new record's from now on."""
    await connection.execute(
        "UPDATE chosen_name SET identity = %s WHERE target = %s AND identity = %s", (identity, target, former)
    )


async def take(
    connection: Connection, target: int, identity: UUID, base: str, name: str, canon: str, choice: Choice, now: datetime
) -> bool:
    """Give the identity this name, in the place of the one that was chosen before, if it is nobody else's."""
    await connection.execute(
        """DELETE FROM chosen_name n USING identity i WHERE i.id = n.identity AND n.target = %s
        AND (n.identity = %s OR (n.canon = %s AND i.gone_at IS NOT NULL))""",
        (target, identity, canon),
    )
    cursor = await connection.execute(
        """INSERT INTO chosen_name (target, identity, base, name, canon, rule, taken_by, chosen_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        (target, identity, base, name, canon, choice.rule, choice.taken_by, now),
    )
    return cursor.rowcount == 1


async def taken(connection: Connection, target: int, identity: UUID, canons: Sequence[str]) -> set[str]:
    """Which of these canonical names an account bears, or another living identity is to have."""
    found = await rows(
        connection,
        """SELECT c FROM unnest(%s::text[]) c WHERE EXISTS (
            SELECT FROM seen_account a WHERE a.target = %s AND a.canon @> jsonb_build_object('username', c))
        OR EXISTS (SELECT FROM desired d JOIN identity i ON i.id = d.identity AND i.gone_at IS NULL
            WHERE d.target = %s AND d.username_canon = c AND d.identity <> %s)
        OR EXISTS (SELECT FROM chosen_name n JOIN identity i ON i.id = n.identity AND i.gone_at IS NULL
            WHERE n.target = %s AND n.canon = c AND n.identity <> %s)""",
        *(list(canons), target, target, identity, target, identity),
    )
    return {r["c"] for r in found}


async def rivals(connection: Connection, target: int, identity: UUID, canon: str) -> list[Row]:
    """The other living identities that are to have this account name, those first to whom it goes.

    That is who was given it, then who has an account, then who came first. `ahead`: it goes to them rather than to this
    identity. `same_source` and `same_email` tell what both have alike; `same_email` is None when it is not known.
    """
    return await rows(
        connection,
        """WITH who AS (
            SELECT i.id, i.user_name, s.name AS source, i.source AS number, d.email_canon, i.created_at,
                   n.identity IS NOT NULL AS given, l.id IS NOT NULL AS linked
            FROM identity i JOIN source s ON s.id = i.source
            JOIN desired d ON d.target = %s AND d.identity = i.id AND (d.username_canon = %s OR i.id = %s)
            LEFT JOIN chosen_name n ON n.target = d.target AND n.identity = i.id AND n.canon = %s
            LEFT JOIN link l ON l.target = d.target AND l.identity = i.id AND l.ended_at IS NULL
            WHERE i.gone_at IS NULL)
        SELECT w.id, w.user_name, w.source, w.number = me.number AS same_source,
               w.email_canon = me.email_canon AS same_email,
               (NOT w.given, NOT w.linked, w.created_at, w.id)
                   < (NOT me.given, NOT me.linked, me.created_at, me.id) AS ahead
        FROM who w JOIN who me ON me.id = %s WHERE w.id <> me.id
        ORDER BY NOT w.given, NOT w.linked, w.created_at, w.id""",
        *(target, canon, identity, canon, identity),
    )

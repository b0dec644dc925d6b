"""Who is known to be about to lose the same, by what the rules ask of everybody, before the first has lost it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from tenure.model.desired import Standing
from tenure.model.gate import GateClass
from tenure.store.database import Connection, rows
from tenure.store.marks import SHARDS

_ALONE = "(SELECT count(*) FROM desired o WHERE o.target = d.target AND o.{0} = d.{0} AND o.identity <> d.identity) < 2"
"""Many who are to have the same are held by name, whatever the gate says: they are not about to pass it."""
_FREE = """NOT EXISTS (SELECT FROM seen_account t WHERE t.target = s.target AND t.key <> s.key
    AND t.canon @> jsonb_build_object('username', d.username_canon) AND NOT EXISTS (
        SELECT FROM link o JOIN desired w ON w.target = o.target AND w.identity = o.identity
        WHERE o.target = t.target AND o.key = t.key AND o.ended_at IS NULL AND o.adopted = ANY(%(follow)s)
        AND w.username_canon <> t.canon->>'username'))"""
"""Nor is who is to have the name of another account that keeps it."""

_ABOUT: Mapping[str, tuple[str, str]] = {
    GateClass.OUT_OF_SCOPE: (
        "state",
        f"""d.cells->>'standing' = '{Standing.OUT_OF_SCOPE.value}' AND CASE
            WHEN %(closes)s THEN s.active AND s.writable ELSE EXISTS (
            SELECT FROM given_member g JOIN seen_member m ON m.target = g.target AND m.canon = g.canon AND m.key = g.key
            WHERE g.target = l.target AND g.key = l.key) END""",
    ),
    GateClass.RENAMES: (
        "attr:username",
        f"""s.writable AND d.username_canon <> s.canon->>'username' AND l.adopted = ANY(%(follow)s)
        AND {_ALONE.format("username_canon")} AND {_FREE}""",
    ),
    GateClass.EMAILS: (
        "attr:email",
        f"""s.writable AND d.cells->'fields' ? 'email' AND d.email_canon <> s.canon->>'email'
        AND {_ALONE.format("email_canon")}
        AND NOT EXISTS (SELECT FROM echo e WHERE e.target = l.target AND e.key = l.key AND e.field = 'email'
                        AND e.seen IS NOT DISTINCT FROM s.fields->>'email')""",
    ),
}
CLASSES = frozenset(_ABOUT)
"""The classes whose losses can be foreseen here; of a group `gates.group_leavers` knows."""


async def pending(connection: Connection, target: int, name: str, *, closes: bool, follow: Sequence[bool]) -> set[str]:
    """Who is linked, has not left, and would pass this gate by what is desired of them and was last seen.

    `closes`: who is out of scope loses the account, else the groups. `follow`: whether accounts that we made (False)
    and those taken over (True) are renamed. Left out are those whose loss a person approved or refused, those whom
    another gate holds, and what cannot be written at their account: none of them is about to pass.
    """
    cell, condition = _ABOUT[name]
    values: dict[str, Any] = {
        "target": target, "class": name, "cell": cell, "closes": closes, "follow": list(follow),
    }  # fmt: skip
    cursor = await connection.execute(
        f"""SELECT i.id::text FROM desired d
        JOIN link l ON l.target = d.target AND l.identity = d.identity AND l.ended_at IS NULL
        JOIN identity i ON i.id = l.identity AND i.active AND i.gone_at IS NULL
        JOIN seen_account s ON s.target = l.target AND s.key = l.key
        WHERE d.target = %(target)s AND {condition}
        AND NOT EXISTS (SELECT FROM veto v WHERE v.target = l.target AND v.identity = i.id AND v.ended_at IS NULL
                        AND v.cell = %(cell)s)
        AND NOT EXISTS (SELECT FROM held h WHERE h.target = l.target AND h.subject = i.id::text
                        AND (h.state = 'approved') = (h.class = %(class)s))""".encode(),
        values,
    )
    return {found[0] for found in await cursor.fetchall()}


async def due_identities(connection: Connection, target: int, after: int, limit: int) -> list[tuple[int, UUID]]:
    """The people who were marked after that place in the order of marks, each with their place."""
    found = await rows(
        connection,
        "SELECT seq, subject FROM due WHERE target = %s AND shard < %s AND seq > %s ORDER BY seq LIMIT %s",
        target,
        SHARDS,
        after,
        limit,
    )
    return [(r["seq"], UUID(r["subject"])) for r in found]

"""Held plans, read and decided on: the leaves that a gate holds, and the latch that a decision opens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tenure.model.capability import canon_name
from tenure.model.change import ChangeKind, decode
from tenure.model.gate import GateClass
from tenure.model.held import HeldLeaf, HeldPlan, Possible
from tenure.store.database import Connection, Row, row, rows

_POSSIBLE = 10
"""So many of the accounts that could be somebody's are told."""
_LEAVES = f"""
SELECT h.target, h.class, h.subject, h.changes, h.inverses, h.reason, h.revision, h.since,
       coalesce(i.user_name, g.seen_name, regexp_replace(h.subject, '^group:', '')) AS person,
       coalesce(a.actor, 'engine') AS asked_by, coalesce((p.verdicts->>'drift')::boolean, false) AS drift,
       p.verdicts->'notes' AS notes,
       coalesce(NOT i.active OR i.gone_at IS NOT NULL OR EXISTS (SELECT FROM clearance c
           WHERE c.identity = i.id AND c.kind = 'leave' AND c.ended_at IS NULL), false) AS gone, f.possible
FROM held h
LEFT JOIN identity i ON i.id::text = h.subject
LEFT JOIN seen_group s ON s.target = h.target AND 'group:' || s.canon = h.subject
LEFT JOIN LATERAL (SELECT s.name AS seen_name) g ON true
LEFT JOIN audit a ON a.id = h.cause
LEFT JOIN plan p ON p.id = h.plan
LEFT JOIN LATERAL (SELECT json_agg(json_build_array(c.key, c.name, c.email, c.active, c.held_by)) AS possible FROM (
    SELECT s.key, s.name, s.fields->>'email' AS email, s.active, o.user_name AS held_by
    FROM desired d JOIN seen_account s ON s.target = d.target
        AND (s.canon @> jsonb_build_object('username', d.username_canon)
             OR (d.email_canon IS NOT NULL AND s.canon @> jsonb_build_object('email', d.email_canon)))
    LEFT JOIN link l ON l.target = s.target AND l.key = s.key AND l.ended_at IS NULL
    LEFT JOIN identity o ON o.id = l.identity
    WHERE h.class = '{GateClass.ADOPTIONS.value}' AND h.changes @> '[{{"kind": "{ChangeKind.CREATE_ACCOUNT.value}"}}]'
    AND d.target = h.target AND d.identity = i.id ORDER BY s.key LIMIT {_POSSIBLE}) c) f ON true
WHERE h.state = 'held' AND h.target = %s AND h.class = %s
ORDER BY h.revision, h.subject COLLATE "C"
"""


async def held_plans(connection: Connection, target: str | None = None) -> tuple[HeldPlan, ...]:
    """Every gate that is shut or holds something, with what it holds."""
    found = await rows(
        connection,
        """SELECT t.name AS target, t.id, g.class, g.state, g.revision, g.reason FROM gate g
        JOIN target t ON t.id = g.target WHERE t.retired_at IS NULL AND (%s::text IS NULL OR t.name = %s)
        AND (g.state = 'filled' OR EXISTS (SELECT FROM held h
             WHERE h.target = g.target AND h.class = g.class AND h.state = 'held'))
        ORDER BY t.name, g.class""",
        target,
        target,
    )
    return tuple([await _plan(connection, r) for r in found])


async def held_count(connection: Connection) -> int:
    """How many held plans there are."""
    found = await row(
        connection,
        """SELECT count(*) AS n FROM gate g JOIN target t ON t.id = g.target WHERE t.retired_at IS NULL
        AND (g.state = 'filled' OR EXISTS (SELECT FROM held h
             WHERE h.target = g.target AND h.class = g.class AND h.state = 'held'))""",
    )
    return int(found["n"]) if found else 0


async def held_numbers(connection: Connection) -> list[Row]:
    """Every held plan in numbers: target, name, whether it is shut, how many people wait there."""
    return await rows(
        connection,
        """SELECT t.name AS target, g.class AS name, g.state = 'filled' AS shut, count(h.subject) AS people
        FROM gate g JOIN target t ON t.id = g.target
        LEFT JOIN held h ON h.target = g.target AND h.class = g.class AND h.state = 'held'
        WHERE t.retired_at IS NULL GROUP BY t.name, g.target, g.class, g.state
        HAVING g.state = 'filled' OR count(h.subject) > 0 ORDER BY t.name, g.state, g.class""",
    )


async def locked_plan(connection: Connection, target: str, name: str) -> tuple[int, HeldPlan] | None:
    """The target's number and what one gate of it holds, locked until the transaction ends; None for no such gate."""
    found = await row(
        connection,
        """SELECT t.name AS target, t.id, g.class, g.state, g.revision, g.reason FROM gate g
        JOIN target t ON t.id = g.target WHERE t.name = %s AND g.class = %s FOR UPDATE OF g""",
        target,
        name,
    )
    return (int(found["id"]), await _plan(connection, found)) if found else None


async def _plan(connection: Connection, gate: Row) -> HeldPlan:
    leaves = tuple(_leaf(r) for r in await rows(connection, _LEAVES, gate["id"], gate["class"]))
    reason = gate["reason"] if gate["state"] == "filled" and gate["reason"] else "; ".join(_reasons(leaves))
    return HeldPlan(gate["target"], gate["class"], gate["revision"], gate["state"] == "filled", reason, leaves)


def _reasons(leaves: Sequence[HeldLeaf]) -> list[str]:
    return list(dict.fromkeys(leaf.reason for leaf in leaves))[:3]


def _leaf(found: Row) -> HeldLeaf:
    return HeldLeaf(
        subject=found["subject"],
        person=found["person"],
        changes=tuple(decode(change) for change in found["changes"]),
        inverses=tuple(found["inverses"]),
        reason=found["reason"],
        revision=found["revision"],
        since=found["since"],
        asked_by=found["asked_by"],
        left=found["gone"],
        drift=found["drift"],
        possible=tuple(Possible(*one) for one in found["possible"] or ()),
        notes=tuple(found["notes"] or ()),
    )


async def approve_leaves(
    connection: Connection, target: int, name: str, subjects: Sequence[str], decision: int
) -> None:
    """These leaves of a gate that is locked may pass it, as they are now."""
    await connection.execute(
        """UPDATE held SET state = 'approved', decision = %s
        WHERE target = %s AND class = %s AND subject = ANY(%s) AND state = 'held'""",
        (decision, target, name, list(subjects)),
    )


async def drop_leaves(connection: Connection, target: int, name: str, subjects: Sequence[str]) -> None:
    """These leaves of a gate that is locked are no longer held there."""
    await connection.execute(
        "DELETE FROM held WHERE target = %s AND class = %s AND subject = ANY(%s) AND state = 'held'",
        (target, name, list(subjects)),
    )


async def open_if_decided(connection: Connection, target: int, name: str) -> bool:
    """Open a gate that is locked when nothing is held there any more; gives whether it is open."""
    cursor = await connection.execute(
        """UPDATE gate SET state = 'open', filled_at = NULL, reason = NULL WHERE target = %s AND class = %s
        AND NOT EXISTS (SELECT FROM held WHERE target = %s AND class = %s AND state = 'held')""",
        (target, name, target, name),
    )
    return cursor.rowcount > 0


async def approval_rules(connection: Connection, target: int) -> tuple[bool, bool]:
    """Whether an approval needs another person than the one who asked, and a ticket."""
    found = await row(connection, "SELECT approve_by_another, approve_with_ticket FROM target WHERE id = %s", target)
    assert found is not None
    return found["approve_by_another"], found["approve_with_ticket"]


async def people_named(connection: Connection, name: str) -> list[Row]:
    """The identities that a person means by a name: a userName, an id of ours, or the name of a linked account."""
    return await rows(
        connection,
        """SELECT DISTINCT i.id, i.user_name, s.name AS source, i.active, i.gone_at FROM identity i
        JOIN source s ON s.id = i.source
        LEFT JOIN link l ON l.identity = i.id AND l.ended_at IS NULL
        LEFT JOIN seen_account a ON a.target = l.target AND a.key = l.key
        WHERE i.gone_at IS NULL AND (i.user_name_canon = %s OR i.id::text = %s OR a.canon->>'username' = %s)
        ORDER BY i.user_name, i.id""",
        canon_name(name),
        name,
        canon_name(name),
    )


async def leavers_named(connection: Connection, name: str) -> list[Row]:
    """Who has left and is still linked to an account, by a name as for `people_named`; a deleted record counts too."""
    return await rows(
        connection,
        """SELECT DISTINCT i.id, i.user_name FROM identity i
        JOIN link l ON l.identity = i.id AND l.ended_at IS NULL
        LEFT JOIN seen_account a ON a.target = l.target AND a.key = l.key
        WHERE (i.user_name_canon = %s OR i.id::text = %s OR a.canon->>'username' = %s)
        AND (NOT i.active OR i.gone_at IS NOT NULL OR EXISTS (
            SELECT FROM clearance c WHERE c.identity = i.id AND c.kind = 'leave' AND c.ended_at IS NULL))
        ORDER BY i.user_name, i.id""",
        canon_name(name),
        name,
        canon_name(name),
    )


async def places_of(connection: Connection, identities: Sequence[UUID]) -> list[int]:
    """The numbers of the targets that these identities concern: there is an account of theirs, or one was computed."""
    found = await rows(
        connection,
        """SELECT DISTINCT t.id FROM target t WHERE t.retired_at IS NULL AND (
            EXISTS (SELECT FROM link l WHERE l.target = t.id AND l.identity = ANY(%s) AND l.ended_at IS NULL)
            OR EXISTS (SELECT FROM desired d WHERE d.target = t.id AND d.identity = ANY(%s))) ORDER BY t.id""",
        list(identities),
        list(identities),
    )
    return [r["id"] for r in found]


async def freeze(connection: Connection, target: str | None, by: str, now: datetime) -> list[Row]:
    """Nothing is written at the target, or at all of them, until it is unfrozen; gives those that were not frozen."""
    return await rows(
        connection,
        """UPDATE target SET frozen_at = %s, frozen_by = %s WHERE retired_at IS NULL AND frozen_at IS NULL
        AND (%s::text IS NULL OR name = %s) RETURNING id, name""",
        now,
        by,
        target,
        target,
    )


async def unfreeze(connection: Connection, target: str | None, *, repin: bool) -> list[Row]:
    """Writing goes on; with `repin` the server that answers now is the one that is meant. Gives those concerned."""
    return await rows(
        connection,
        """UPDATE target SET frozen_at = NULL, frozen_by = NULL,
            pinned_server_id = CASE WHEN %s THEN server_id ELSE pinned_server_id END,
            caution = CASE WHEN %s THEN NULL ELSE caution END
        WHERE retired_at IS NULL AND (frozen_at IS NOT NULL OR (%s AND caution IS NOT NULL))
        AND (%s::text IS NULL OR name = %s) RETURNING id, name""",
        repin,
        repin,
        repin,
        target,
        target,
    )


async def known_targets(connection: Connection) -> list[Row]:
    """Every target that is not retired: number, name, why nothing is written there, whether another server answers."""
    return await rows(
        connection,
        """SELECT id, name, frozen_at, frozen_by, caution,
            caution IS NOT NULL AND pinned_server_id IS DISTINCT FROM server_id AS another_server
        FROM target WHERE retired_at IS NULL ORDER BY name""",
    )


async def waiting_changes(connection: Connection, target: str | None) -> dict[str, int]:
    """How many changes of each kind the current plans hold back."""
    found = await rows(
        connection,
        """SELECT v->'change'->>'kind' AS kind, count(*) AS n FROM plan p JOIN target t ON t.id = p.target,
            jsonb_array_elements(p.verdicts->'verdicts') v
        WHERE p.current AND p.waiting AND (%s::text IS NULL OR t.name = %s) GROUP BY 1 ORDER BY 1""",
        target,
        target,
    )
    return {r["kind"]: r["n"] for r in found}

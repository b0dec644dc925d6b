"""Who takes a seat of a licence and was long not there; reads only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tenure.planning.idle import IdleSeat
from tenure.store.database import Connection, row, rows

_IDLE = """
SELECT l.identity, a.last_used, array_agg(DISTINCT s.licence) AS licences, array_agg(DISTINCT g.name) AS groups
FROM link l JOIN seen_account a ON a.target = l.target AND a.key = l.key AND a.active
JOIN seat s ON s.target = l.target
JOIN seen_member m ON m.target = l.target AND m.key = l.key AND m.canon = ANY(s.groups)
JOIN seen_group g ON g.target = m.target AND g.canon = m.canon
WHERE l.target = %(target)s AND l.identity = ANY(%(identities)s) AND l.ended_at IS NULL
AND coalesce(a.last_used, l.made_at) < %(before)s AND coalesce(cardinality(a.permissions), 0) = 0
AND EXISTS (SELECT FROM seen_account o WHERE o.target = l.target AND o.last_used IS NOT NULL)
AND NOT EXISTS (SELECT FROM journal j WHERE j.target = l.target AND j.subject = l.identity::text
    AND j.answered_at >= %(before)s AND j.outcome IN ('applied', 'already')
    AND j.change->>'kind' IN ('create-account', 'join-groups', 'reactivate-account'))
GROUP BY l.identity, a.last_used HAVING bool_and(m.direct) AND NOT bool_or('administration' = ANY(g.gives))
"""


async def seats(
    connection: Connection, target: int, identities: Sequence[UUID], before: datetime
) -> dict[UUID, IdleSeat]:
    """Of these identities, whose linked account takes a seat that would come free, and was not used since `before`.

    Nobody of whom the application does not tell, to whom we gave something since, who administers, or who is in a group
    of the licence through another one.
    """
    given = {"target": target, "identities": list(identities), "before": before}
    cursor = await connection.execute(_IDLE.encode(), given)
    found = await cursor.fetchall()
    return {
        who: IdleSeat(tuple(sorted(licences)), tuple(sorted(groups)), used) for who, used, licences, groups in found
    }


async def last_used(connection: Connection, target: int, identity: UUID) -> datetime | None:
    """When somebody last came, by what was last seen of their linked account."""
    found = await row(
        connection,
        """SELECT a.last_used FROM link l JOIN seen_account a ON a.target = l.target AND a.key = l.key
        WHERE l.target = %s AND l.identity = %s AND l.ended_at IS NULL""",
        target,
        identity,
    )
    return found["last_used"] if found else None


async def freed(connection: Connection, targets: Sequence[int], since: datetime) -> dict[tuple[str, str], int]:
    """How many people gave a seat back by a change of ours since then, and take none now; by target and licence."""
    found = await rows(
        connection,
        """SELECT t.name, s.licence, count(DISTINCT j.key) AS n FROM seat s JOIN target t ON t.id = s.target
        JOIN journal j ON j.target = s.target AND j.answered_at >= %s AND j.outcome IN ('applied', 'already')
        JOIN seen_group g ON g.target = s.target AND g.canon = ANY(s.groups) AND j.before->'groups' ? g.name
        WHERE s.target = ANY(%s) AND (j.before->>'active')::boolean
        AND (j.change->>'kind' IN ('deactivate-account', 'delete-account')
             OR j.change->>'kind' = 'leave-groups' AND j.change->'groups' ? g.name)
        AND NOT EXISTS (SELECT FROM seen_account a JOIN seen_member m ON m.target = a.target AND m.key = a.key
            WHERE a.target = s.target AND a.key = j.key AND a.active AND m.canon = ANY(s.groups))
        GROUP BY t.name, s.licence""",
        since,
        list(targets),
    )
    return {(r["name"], r["licence"]): r["n"] for r in found}

"""The journal as a story to follow: what was done since, and whether anything is left to do."""

from __future__ import annotations

from tenure.store.database import Connection, Row, row, rows


async def last_number(connection: Connection) -> int:
    """The number of the newest entry, or 0."""
    found = await row(connection, "SELECT coalesce(max(id), 0) AS n FROM journal")
    return int(found["n"]) if found else 0


async def entries_after(connection: Connection, number: int) -> list[Row]:
    """Entries after a number, in order, each with the target's name, the plan's situation, and its cause."""
    return await rows(
        connection,
        """SELECT j.id, j.key, j.subject, j.change, j.before, j.outcome, j.evidence, j.detail, t.name AS target,
            p.situation, a.actor, a.action, d.cells
        FROM journal j JOIN target t ON t.id = j.target JOIN plan p ON p.id = j.plan
        LEFT JOIN audit a ON a.id = j.cause
        LEFT JOIN desired d ON d.target = j.target AND d.identity::text = j.subject
        WHERE j.id > %s ORDER BY j.id""",
        number,
    )


async def left_to_do(connection: Connection) -> bool:
    """True when something is due by now, is being retried soon, or may be under way."""
    found = await row(
        connection,
        """SELECT EXISTS (SELECT 1 FROM intent WHERE state = 'open')
        OR EXISTS (SELECT 1 FROM due WHERE subject <> 'reading' OR not_before IS NULL) AS busy""",
    )
    return bool(found and found["busy"])

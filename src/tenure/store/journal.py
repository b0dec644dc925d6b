"""The journal as a story to follow: what was done since, and whether anything is left to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from tenure.model.capability import Capabilities
from tenure.model.change import FAREWELL, ChangeKind, decode
from tenure.planning.evidence import canonical_cell, canonical_value, cells
from tenure.store.database import Connection, Row, row, rows

TIMES = 3
"""A cell that we set to the same value so often within a day has another writer."""


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
        OR EXISTS (SELECT 1 FROM due WHERE subject NOT IN ('reading', 'seats')
                   OR (subject = 'reading' AND not_before IS NULL)) AS busy""",
    )
    return bool(found and found["busy"])


async def set_back(
    connection: Connection, target: int, subjects: Sequence[str], since: datetime, capabilities: Capabilities
) -> dict[str, dict[str, str | None]]:
    """The cells of these subjects that were set to one value three times since then: cell -> that value, canonical."""
    found = await rows(
        connection,
        """SELECT j.subject, array_agg(j.change) AS changes FROM journal j
        WHERE j.target = %s AND j.subject = ANY(%s) AND j.answered_at > %s AND j.outcome = 'applied'
        GROUP BY j.subject HAVING count(*) >= %s""",
        target,
        list(subjects),
        since,
        TIMES,
    )
    back: dict[str, dict[str, str | None]] = {}
    for r in found:
        times = Counter(
            (canonical_cell(cell, capabilities), canonical_value(cell, value, capabilities))
            for change in map(decode, r["changes"])
            for cell, value in cells(change).items()
        )
        again = {cell: value for (cell, value), n in times.items() if n >= TIMES}
        if again:
            back[r["subject"]] = again
    return back


async def done_since(
    connection: Connection, target: int, since: Mapping[str, datetime]
) -> dict[str, frozenset[ChangeKind]]:
    """Which steps of a farewell were made, or are under way, for these subjects since the time given for each."""
    if not since:
        return {}
    found = await rows(
        connection,
        """SELECT j.subject, array_agg(DISTINCT j.change->>'kind') AS kinds
        FROM unnest(%s::text[], %s::timestamptz[]) s(subject, at)
        JOIN journal j ON j.target = %s AND j.subject = s.subject AND j.answered_at >= s.at
        WHERE j.outcome IN ('applied', 'already', 'pending') AND j.change->>'kind' = ANY(%s) GROUP BY j.subject""",
        list(since),
        list(since.values()),
        target,
        sorted(FAREWELL),
    )
    return {r["subject"]: frozenset(map(ChangeKind, r["kinds"])) for r in found}

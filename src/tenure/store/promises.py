"""Promises: changes that an application took on and does later, by its own task, until it is known how that ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenure.model.change import Change, ChangeKind, Outcome, decode
from tenure.store.database import Connection, rows

LATE = timedelta(hours=1)
"""What is not known to be done so long after it was promised is an alarm."""
NO_TASK = ""
"""The name of a task that nobody knows, since the answer that told it was lost: it may be there, or not."""
BROKEN = f"""
SELECT t.name AS target, i.user_name, j.change->>'kind' AS kind, j.outcome, j.detail, j.answered_at FROM journal j
JOIN target t ON t.id = j.target AND t.retired_at IS NULL LEFT JOIN identity i ON i.id::text = j.subject
WHERE j.task IS NOT NULL AND (
    (j.outcome = 'pending' AND j.answered_at < %s::timestamptz - interval '{LATE.total_seconds():.0f} s')
    OR (j.outcome = 'failed' AND j.id = (SELECT max(n.id) FROM journal n WHERE n.target = j.target
            AND n.subject = j.subject AND n.change->>'kind' = j.change->>'kind')
        AND EXISTS (SELECT FROM held h WHERE h.target = j.target AND h.subject = j.subject AND h.class = 'erasures')))
"""
"""What was promised and failed, as long as a person has not decided what now, and what is late; one parameter: now."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One change that the application said it would do later, or may have said so.

    `journal` is its entry there, `task` its task's name, or `NO_TASK`.
    """

    journal: int
    plan: int
    subject: str
    key: str
    change: Change
    task: str
    promised_at: datetime
    cause: int | None


async def outstanding(connection: Connection, target: int, subjects: Sequence[str]) -> list[Promise]:
    """What was promised to these subjects and is not known to have ended, in order."""
    found = await rows(
        connection,
        """SELECT id, plan, subject, key, change, task, answered_at, cause FROM journal
        WHERE target = %s AND subject = ANY(%s) AND outcome = 'pending' AND task IS NOT NULL ORDER BY id""",
        target,
        list(subjects),
    )
    return [
        Promise(
            r["id"], r["plan"], r["subject"], r["key"], decode(r["change"]), r["task"], r["answered_at"], r["cause"]
        )
        for r in found
    ]


async def end(connection: Connection, promise: Promise, outcome: Outcome, detail: str, now: datetime) -> bool:
    """Write down how it ended: APPLIED was seen by reading again. False when somebody else did."""
    seen = outcome is Outcome.APPLIED
    cursor = await connection.execute(
        """UPDATE journal SET outcome = %s, detail = %s, evidence = %s, seen_at = %s
        WHERE id = %s AND outcome = 'pending'""",
        (outcome.value, detail, "re-read" if seen else None, now if seen else None, promise.journal),
    )
    return cursor.rowcount == 1


async def broken(
    connection: Connection, target: int, since: Mapping[str, datetime]
) -> dict[str, dict[ChangeKind, str]]:
    """What failed the last time that it was promised to these subjects since the time given for each, and its end."""
    if not since:
        return {}
    found = await rows(
        connection,
        """SELECT DISTINCT ON (j.subject, j.change->>'kind') j.subject, j.change->>'kind' AS kind, j.outcome, j.detail
        FROM unnest(%s::text[], %s::timestamptz[]) s(subject, at)
        JOIN journal j ON j.target = %s AND j.subject = s.subject AND j.answered_at >= s.at AND j.task IS NOT NULL
        ORDER BY j.subject, j.change->>'kind', j.id DESC""",
        list(since),
        list(since.values()),
        target,
    )
    told: dict[str, dict[ChangeKind, str]] = {}
    for r in found:
        if r["outcome"] == Outcome.FAILED.value:
            told.setdefault(r["subject"], {})[ChangeKind(r["kind"])] = r["detail"]
    return told

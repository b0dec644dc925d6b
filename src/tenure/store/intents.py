"""Intents, committed before anything is sent, and the journal of what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tenure.model.change import Answer, Change, Outcome, decode, encode
from tenure.planning.inversion import CannotUndo, Inverse
from tenure.store.database import Connection, Row, row, rows


@dataclass(frozen=True, slots=True)
class Intent:
    """A change that is about to be sent, or may have been. `absence_proof`: when it was proven that nobody is there."""

    id: int
    plan: int
    subject: str
    change: Change
    key: str | None
    before: Mapping[str, Any]
    absence_proof: datetime | None
    deadline: datetime
    cause: int | None


async def open_intents(
    connection: Connection,
    *,
    plan: int,
    target: int,
    subject: str,
    changes: Sequence[Change],
    key: str | None,
    before: Mapping[str, Any],
    absence_proof: datetime | None,
    deadline: datetime,
    shard: int,
    epoch: int,
    revision: int,
    cause: int | None,
    now: datetime,
) -> list[Intent]:
    """Write down what is about to be sent for one subject, in order."""
    made = []
    for change in changes:
        found = await row(
            connection,
            """INSERT INTO intent (plan, target, subject, key, change, before, absence_proof, deadline, shard, epoch,
                revision, cause, made_at)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id""",
            plan, target, subject, key, Jsonb(encode(change)), Jsonb(before), absence_proof, deadline, shard, epoch,
            revision, cause, now,
        )  # fmt: skip
        assert found is not None
        made.append(Intent(found["id"], plan, subject, change, key, before, absence_proof, deadline, cause))
    return made


async def still_open(connection: Connection, target: int, shard: int) -> list[Intent]:
    """The intents of a shard that nobody settled: each may have been sent."""
    found = await rows(
        connection,
        "SELECT * FROM intent WHERE target = %s AND shard = %s AND state = 'open' ORDER BY id",
        target,
        shard,
    )
    return [_intent(r) for r in found]


def _intent(found: Row) -> Intent:
    return Intent(
        found["id"], found["plan"], found["subject"], decode(found["change"]), found["key"], found["before"],
        found["absence_proof"], found["deadline"], found["cause"],
    )  # fmt: skip


async def postpone_intents(connection: Connection, intents: Sequence[Intent], deadline: datetime) -> None:
    """No request for these can be under way any more after `deadline`."""
    await connection.execute(
        "UPDATE intent SET deadline = %s WHERE id = ANY(%s) AND state = 'open'", (deadline, [i.id for i in intents])
    )


async def settle(
    connection: Connection,
    target: int,
    intent: Intent,
    answer: Answer,
    evidence: str | None,
    inverses: tuple[Inverse, ...] | CannotUndo,
    now: datetime,
) -> int | None:
    """Close an intent and write the journal; gives the journal's number, or None when somebody else closed it.

    `inverses` are what undoing it means.
    """
    cursor = await connection.execute(
        "UPDATE intent SET state = 'settled' WHERE id = %s AND state = 'open'", (intent.id,)
    )
    if cursor.rowcount == 0:
        return None
    key = answer.account.key if answer.account else intent.key
    seen_at = now if evidence is not None and answer.outcome in (Outcome.APPLIED, Outcome.ALREADY) else None
    found = await row(
        connection,
        """INSERT INTO journal (intent, plan, target, subject, key, change, before, outcome, shown, detail, evidence,
            cause, answered_at, seen_at, inverses, cannot_undo, task)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id""",
        intent.id, intent.plan, target, intent.subject, key, Jsonb(encode(intent.change)), Jsonb(intent.before),
        answer.outcome.value, Jsonb(dict(answer.shown)), answer.detail, evidence, intent.cause, now, seen_at,
        Jsonb([i.as_data() for i in inverses] if not isinstance(inverses, CannotUndo) else []),
        inverses.why if isinstance(inverses, CannotUndo) else None,
        answer.task,
    )  # fmt: skip
    assert found is not None
    return int(found["id"])


async def unseen(connection: Connection, target: int, before: datetime, after: int, limit: int) -> list[Row]:
    """Journal entries, in order after number `after`, whose effect nobody has seen yet."""
    return await rows(
        connection,
        """SELECT id, key, subject, change FROM journal WHERE target = %s AND evidence IS NULL AND answered_at < %s
        AND outcome IN ('applied', 'already') AND id > %s ORDER BY id LIMIT %s""",
        target,
        before,
        after,
        limit,
    )


async def mark_seen(connection: Connection, numbers: Sequence[int], evidence: str, now: datetime) -> None:
    """The effect of these journal entries was seen."""
    await connection.execute(
        "UPDATE journal SET evidence = %s, seen_at = %s WHERE id = ANY(%s) AND evidence IS NULL",
        (evidence, now, list(numbers)),
    )

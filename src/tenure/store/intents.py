"""Intents, committed before anything is sent, and the journal of what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tenure.model.change import Answer, Change, Outcome, decode, encode
from tenure.planning.inversion import CannotUndo, Inverse
from tenure.store.database import Connection, Row, rows


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


@dataclass(frozen=True, slots=True)
class Opening:
    """What is about to be sent for one subject, in order: the changes of its plan, and what they rest on."""

    plan: int
    subject: str
    changes: Sequence[Change]
    key: str | None
    before: Mapping[str, Any]
    absence_proof: datetime | None
    cause: int | None


async def open_intents(
    connection: Connection,
    target: int,
    openings: Sequence[Opening],
    *,
    deadline: datetime,
    shard: int,
    epoch: int,
    revision: int,
    now: datetime,
) -> dict[str, list[Intent]]:
    """Write down what is about to be sent; gives the intents of each subject, in order."""
    if not openings:
        return {}
    told = [_as_told(opening, change) for opening in openings for change in opening.changes]
    found = await rows(
        connection,
        """INSERT INTO intent (plan, target, subject, key, change, before, absence_proof, deadline, shard, epoch,
            revision, cause, made_at)
        SELECT plan, %s, subject, key, change, before, absence_proof, %s, %s, %s, %s, cause, %s
        FROM ROWS FROM (jsonb_to_recordset(%s) AS (plan bigint, subject text, key text, change jsonb, before jsonb,
            absence_proof timestamptz, cause bigint)) WITH ORDINALITY
            i(plan, subject, key, change, before, absence_proof, cause, n)
        ORDER BY n RETURNING id, subject""",
        target, deadline, shard, epoch, revision, now, Jsonb(told),
    )  # fmt: skip
    numbers: dict[str, list[int]] = {}
    for r in found:
        numbers.setdefault(r["subject"], []).append(r["id"])
    return {o.subject: _opened(o, sorted(numbers[o.subject]), deadline) for o in openings}


def _as_told(opening: Opening, change: Change) -> Row:
    told = {name: getattr(opening, name) for name in ("plan", "subject", "key", "before", "absence_proof", "cause")}
    return {**told, "change": encode(change)}


def _opened(opening: Opening, numbers: Sequence[int], deadline: datetime) -> list[Intent]:
    o = opening
    return [
        Intent(number, o.plan, o.subject, change, o.key, o.before, o.absence_proof, deadline, o.cause)
        for number, change in zip(numbers, o.changes, strict=True)
    ]


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


@dataclass(frozen=True, slots=True)
class Closing:
    """What became of an intent, and what undoing it means."""

    intent: Intent
    answer: Answer
    evidence: str | None
    inverses: tuple[Inverse, ...] | CannotUndo


async def settle(connection: Connection, target: int, closings: Sequence[Closing], now: datetime) -> dict[int, int]:
    """Close intents and write the journal; gives the journal's number for each intent.

    One that somebody else closed has none, and stays as it is.
    """
    found = await rows(
        connection,
        """WITH told AS (SELECT * FROM jsonb_to_recordset(%s) t(id bigint, key text, outcome text, shown jsonb,
                detail text, evidence text, seen boolean, inverses jsonb, cannot_undo text, task text)),
        closed AS (UPDATE intent SET state = 'settled' FROM told t WHERE intent.id = t.id AND intent.state = 'open'
            RETURNING intent.*)
        INSERT INTO journal (intent, plan, target, subject, key, change, before, outcome, shown, detail, evidence,
            cause, answered_at, seen_at, inverses, cannot_undo, task)
        SELECT c.id, c.plan, %s, c.subject, coalesce(t.key, c.key), c.change, c.before, t.outcome, t.shown, t.detail,
            t.evidence, c.cause, %s, CASE WHEN t.seen THEN %s END, t.inverses, t.cannot_undo,
            t.task
        FROM closed c JOIN told t USING (id) ORDER BY c.id RETURNING id, intent""",
        Jsonb([_told(closing) for closing in closings]), target, now, now,
    )  # fmt: skip
    return {r["intent"]: int(r["id"]) for r in found}


def _told(closing: Closing) -> Row:
    answer, back = closing.answer, closing.inverses
    stands = answer.outcome in (Outcome.APPLIED, Outcome.ALREADY)
    return {
        "id": closing.intent.id,
        "key": answer.account.key if answer.account else None,
        "outcome": answer.outcome.value,
        "shown": dict(answer.shown),
        "detail": answer.detail,
        "task": answer.task,
        "evidence": closing.evidence,
        "seen": closing.evidence is not None and stands,
        "inverses": [] if isinstance(back, CannotUndo) else [i.as_data() for i in back],
        "cannot_undo": back.why if isinstance(back, CannotUndo) else None,
    }


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

"""What people decided: approvals, rejections and clearances, each with who, why and its audit entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tenure.model.gate import GateClass
from tenure.model.veto import Veto
from tenure.store import audit
from tenure.store.database import Connection, row, rows

VETO_LASTS = timedelta(days=30)
"""After so long a veto no longer stands by itself: a person is asked again."""


@dataclass(frozen=True, slots=True)
class Decider:
    """Who decides, and what they bring: `by` in the form of audit actors (`cli:ada`, `console`)."""

    by: str
    reason: str | None = None
    ticket: str | None = None


async def write_decision(
    connection: Connection,
    kind: str,
    decider: Decider,
    now: datetime,
    *,
    target: int | None = None,
    name: str | None = None,
    revision: int | None = None,
    people: Sequence[str] = (),
) -> tuple[int, int]:
    """Write down a decision with its audit entry; gives both numbers. `people` are subjects."""
    facts = {
        "class": name, "revision": revision, "people": list(people), "ticket": decider.ticket,
    }  # fmt: skip
    entry = audit.Entry(
        at=now, actor=decider.by, action=f"decision.{kind}", target=target,
        subject=people[0] if len(people) == 1 else None,
        facts={k: v for k, v in facts.items() if v is not None},
        personal={"reason": decider.reason} if decider.reason else {},
    )  # fmt: skip
    number = await audit.record(connection, entry)
    found = await row(
        connection,
        """INSERT INTO decision (kind, target, class, revision, by_whom, reason, ticket, people, audit, at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id""",
        kind, target, name, revision, decider.by, decider.reason, decider.ticket, len(people), number, now,
    )  # fmt: skip
    assert found is not None
    return int(found["id"]), number


@dataclass(frozen=True, slots=True)
class Clearance:
    """What a person said beforehand of one identity: `leave`, `expected`, or `account` (whose account it is)."""

    kind: str
    identity: UUID
    by: str
    decision: int
    at: datetime
    account: str | None = None


async def clearances(
    connection: Connection, target: int, identities: Sequence[UUID], now: datetime
) -> dict[UUID, list[Clearance]]:
    """The clearances of these identities that stand now at this target."""
    found = await rows(
        connection,
        """SELECT c.kind, c.identity, c.account, c.decision, d.by_whom, d.at FROM clearance c
        JOIN decision d ON d.id = c.decision
        WHERE c.identity = ANY(%s) AND c.ended_at IS NULL AND (c.target IS NULL OR c.target = %s)
        AND (c.until IS NULL OR c.until > %s) ORDER BY c.id""",
        list(identities),
        target,
        now,
    )
    cleared: dict[UUID, list[Clearance]] = {}
    for r in found:
        one = Clearance(r["kind"], r["identity"], r["by_whom"], r["decision"], r["at"], r["account"])
        cleared.setdefault(one.identity, []).append(one)
    return cleared


async def clear(
    connection: Connection,
    kind: str,
    identity: UUID,
    decision: int,
    now: datetime,
    *,
    target: int | None = None,
    account: str | None = None,
    until: datetime | None = None,
) -> None:
    """Write down a clearance; an older one of the same kind and place ends."""
    await connection.execute(
        """UPDATE clearance SET ended_at = %s WHERE kind = %s AND identity = %s AND ended_at IS NULL
        AND target IS NOT DISTINCT FROM %s""",
        (now, kind, identity, target),
    )
    await connection.execute(
        """INSERT INTO clearance (kind, identity, target, account, decision, until, made_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)""",
        (kind, identity, target, account, decision, until, now),
    )


async def end_clearances(
    connection: Connection, kind: str, identities: Sequence[UUID], now: datetime, target: int | None = None
) -> int:
    """End the clearances of this kind; gives how many there were."""
    cursor = await connection.execute(
        """UPDATE clearance SET ended_at = %s WHERE kind = %s AND identity = ANY(%s) AND ended_at IS NULL
        AND (%s::smallint IS NULL OR target = %s)""",
        (now, kind, list(identities), target, target),
    )
    return cursor.rowcount


async def vetoes(connection: Connection, target: int, identities: Sequence[UUID]) -> dict[UUID, list[Veto]]:
    """The vetoes that stand for these identities at this target."""
    found = await rows(
        connection,
        """SELECT v.id, v.identity, v.cell, v.refused, v.restores, v.keep, v.expires_at, d.kind, d.id AS decision,
               d.by_whom, d.reason, coalesce(d.class = %s, false) AS of_seat
        FROM veto v JOIN decision d ON d.id = v.decision
        WHERE v.target = %s AND v.identity = ANY(%s) AND v.ended_at IS NULL ORDER BY v.id""",
        GateClass.IDLE,
        target,
        list(identities),
    )
    standing: dict[UUID, list[Veto]] = {}
    for r in found:
        because = f"{r['kind']} {r['decision']} of {r['by_whom']}" + (f" ({r['reason']})" if r["reason"] else "")
        cell, refused = r["cell"], bytes(r["refused"])
        veto = Veto(r["id"], cell, refused, because, r["expires_at"], r["keep"], r["restores"], r["of_seat"])
        standing.setdefault(r["identity"], []).append(veto)
    return standing


async def refuse(
    connection: Connection,
    target: int,
    identity: UUID,
    cell: str,
    refused: bytes,
    decision: int,
    now: datetime,
    *,
    keep: str | None = None,
    restores: bool = False,
    lasts: timedelta = VETO_LASTS,
) -> None:
    """Leave a veto; one that stood on the cell before ends."""
    await connection.execute(
        """UPDATE veto SET ended_at = %s, end_cause = 'replaced' WHERE target = %s AND identity = %s AND cell = %s
        AND ended_at IS NULL""",
        (now, target, identity, cell),
    )
    await connection.execute(
        """INSERT INTO veto (target, identity, cell, refused, restores, keep, decision, expires_at, made_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (target, identity, cell, refused, restores, keep, decision, now + lasts, now),
    )


async def end_vetoes(connection: Connection, ids: Sequence[int], cause: str, now: datetime) -> None:
    """These vetoes end, because the computed value is another one by now, or a person released them."""
    await connection.execute(
        "UPDATE veto SET ended_at = %s, end_cause = %s WHERE id = ANY(%s) AND ended_at IS NULL", (now, cause, list(ids))
    )


async def release_vetoes(connection: Connection, identities: Sequence[UUID], target: str | None, now: datetime) -> int:
    """End the vetoes about these identities, at one target or everywhere; gives how many there were."""
    cursor = await connection.execute(
        """UPDATE veto SET ended_at = %s, end_cause = 'released' FROM target t
        WHERE t.id = veto.target AND veto.identity = ANY(%s) AND veto.ended_at IS NULL
        AND (%s::text IS NULL OR t.name = %s)""",
        (now, list(identities), target, target),
    )
    return cursor.rowcount

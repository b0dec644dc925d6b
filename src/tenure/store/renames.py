"""What renames need to know of each other: who has an account where, who bears or wants a name, and who waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from tenure.model.change import ChangeKind
from tenure.model.plan import Verdict, decode_plan
from tenure.store import marks
from tenure.store.database import Connection, row, rows

REFUSED = f"{ChangeKind.RENAME_ACCOUNT.value} was refused"
"""Begins the problem that a plan has when the application refused its rename."""


async def places(connection: Connection, identities: Sequence[UUID]) -> dict[int, list[UUID]]:
    """At which targets these identities have linked accounts."""
    found = await rows(
        connection,
        "SELECT target, identity FROM link WHERE identity = ANY(%s) AND ended_at IS NULL ORDER BY identity",
        list(identities),
    )
    there: dict[int, list[UUID]] = {}
    for r in found:
        there.setdefault(r["target"], []).append(r["identity"])
    return there


async def bearers(
    connection: Connection, target: int, canons: Sequence[str]
) -> dict[str, list[tuple[str, UUID | None]]]:
    """The accounts that bear these names (canonical): key, and whose it is."""
    found = await rows(
        connection,
        """SELECT s.canon->>'username' AS name, s.key, l.identity FROM seen_account s
        LEFT JOIN link l ON l.target = s.target AND l.key = s.key AND l.ended_at IS NULL
        WHERE s.target = %s AND s.canon @> ANY(%s::jsonb[]) ORDER BY s.key""",
        target,
        [Jsonb({"username": canon}) for canon in canons],
    )
    there: dict[str, list[tuple[str, UUID | None]]] = {}
    for r in found:
        there.setdefault(r["name"], []).append((r["key"], r["identity"]))
    return there


async def rivals(connection: Connection, target: int, canon: str, identity: UUID) -> list[UUID]:
    """Who else is to have an account of this name (canonical) here."""
    found = await rows(
        connection,
        "SELECT identity FROM desired WHERE target = %s AND username_canon = %s AND identity <> %s ORDER BY identity",
        target,
        canon,
        identity,
    )
    return [r["identity"] for r in found]


async def refusals(connection: Connection, target: int, identities: Sequence[UUID]) -> dict[UUID, str]:
    """Of these identities, those whose rename the application refused when it was tried, with its words."""
    found = await rows(
        connection,
        """SELECT p.subject, problem FROM plan p, jsonb_array_elements_text(p.verdicts->'problems') problem
        WHERE p.target = %s AND p.subject = ANY(%s) AND p.current AND starts_with(problem, %s)""",
        target,
        [str(one) for one in identities],
        REFUSED,
    )
    return {UUID(r["subject"]): r["problem"] for r in found}


async def stopped_targets(connection: Connection) -> dict[int, str]:
    """The targets that are stopped, each with the reason."""
    found = await rows(connection, "SELECT id, stop_reason FROM target WHERE state = 'stopped' AND retired_at IS NULL")
    return {r["id"]: r["stop_reason"] or "" for r in found}


@dataclass(frozen=True, slots=True)
class Aside:
    """Between which names an account stands that bears a temporary one: the one that it had, and the one it was to get.

    Each is None where it is not known: the account was not renamed by us.
    """

    once: str | None = None
    towards: str | None = None


async def aside(connection: Connection, target: int, identity: UUID, name: str) -> Aside:
    """The names between which an account stands that bears this temporary one."""
    found = await row(
        connection,
        """SELECT before->>'name' AS once, change->>'towards' AS towards FROM journal
        WHERE target = %s AND subject = %s AND change->>'kind' = %s AND change->>'name' = %s
        ORDER BY id DESC LIMIT 1""",
        target,
        str(identity),
        ChangeKind.RENAME_ACCOUNT.value,
        name,
    )
    return Aside(found["once"], found["towards"]) if found else Aside()


def token(target: int, identity: UUID) -> str:
    """What a rename waits on: that this person's account there can be, or is, renamed."""
    return f"rename:{target}:{identity}"


def places_of(tokens: Sequence[str]) -> list[tuple[int, UUID]]:
    """The places that are waited on, of all that a plan waits on."""
    found = [one.split(":") for one in tokens if one.startswith("rename:")]
    return [(int(target), UUID(identity)) for _, target, identity in found]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A plan whose rename waits on one of the places that were asked about: `token` is that of the place."""

    target: int
    subject: str
    cause: int | None
    token: str
    verdict: Verdict


async def waiting(connection: Connection, tokens: Sequence[str]) -> list[Waiting]:
    """The current plans, at whatever target, of which a rename waits on one of these."""
    found = await rows(
        connection,
        """SELECT target, subject, cause, situation, verdicts FROM plan
        WHERE current AND waiting AND verdicts->'verdicts' @> '[{"change": {"kind": "rename-account"}}]'
        AND waits_on && %s ORDER BY target, subject""",
        list(tokens),
    )
    asked = set(tokens)
    return [
        Waiting(r["target"], r["subject"], r["cause"], verdict.waits_on, verdict)
        for r in found
        for verdict in decode_plan(r["situation"], r["verdicts"]).verdicts
        if verdict.waits_on in asked
    ]


async def wake(connection: Connection, those: Sequence[Waiting]) -> None:
    """Look at these again, each because of what it waits for already; in key order."""
    for one in sorted(those, key=lambda w: (w.target, w.subject)):
        await marks.mark_identities(connection, [one.target], [UUID(one.subject)], marks.SINGLE, one.cause)

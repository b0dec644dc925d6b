"""Desired states and plans, as they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb

from tenure.model.capability import Capabilities
from tenure.model.change import ChangeKind
from tenure.model.desired import Choice, Desired, DesiredGroup, Reason, Standing
from tenure.model.plan import Plan, encode_plan
from tenure.store.database import Connection, Row, rows


def encode_desired(desired: Desired) -> dict[str, Any]:
    """The desired state as JSON-ready data."""
    return {
        "fields": dict(desired.fields),
        "groups": desired.groups,  # dataclasses, which orjson writes as they are
        "reasons": desired.reasons,
        "faults": desired.faults,
        "first": desired.first,
        **({"choice": desired.choice} if desired.choice else {}),
        "standing": desired.standing.value,
        "steps": sorted(desired.steps),
    }


def decode_desired(found: Row) -> Desired:
    """The desired state that a row of `desired` keeps."""
    cells = found["cells"]
    groups = tuple(
        DesiredGroup(**{**g, "source_group": UUID(g["source_group"]) if g["source_group"] else None})
        for g in cells["groups"]
    )
    return Desired(
        identity=found["identity"],
        standing=Standing(cells["standing"]),
        fields=cells["fields"],
        groups=groups,
        reasons=tuple(Reason(**r) for r in cells["reasons"]),
        faults=tuple(cells["faults"]),
        look_again_at=found["look_again_at"],
        steps=frozenset(map(ChangeKind, cells.get("steps", ()))),
        reached=found["reached"],
        first=cells.get("first", False),
        choice=Choice(**cells["choice"]) if "choice" in cells else None,
    )


async def desired_of(connection: Connection, target: int, identities: Sequence[UUID]) -> dict[UUID, Row]:
    """The kept desired states of these identities, as rows (with the hash of what they were computed from)."""
    found = await rows(
        connection, "SELECT * FROM desired WHERE target = %s AND identity = ANY(%s)", target, list(identities)
    )
    return {r["identity"]: r for r in found}


async def not_computed(
    connection: Connection, target: int, sources: Sequence[int], revision: int, limit: int
) -> list[UUID]:
    """Some of those of whom nothing is kept that was computed by this revision's rules."""
    found = await rows(
        connection,
        """SELECT i.id FROM identity i LEFT JOIN desired d ON d.target = %s AND d.identity = i.id
        WHERE i.source = ANY(%s) AND i.gone_at IS NULL AND d.revision IS DISTINCT FROM %s ORDER BY i.id LIMIT %s""",
        target,
        list(sources),
        revision,
        limit,
    )
    return [r["id"] for r in found]


async def save_desired(
    connection: Connection,
    target: int,
    computed: Sequence[tuple[Desired, bytes]],
    revision: int,
    capabilities: Capabilities,
) -> None:
    """Keep desired states, each with the hash of what it was computed from.

    The canonical name and e-mail address that each asks for stand beside it, as others may ask for them too.
    """
    if not computed:
        return
    said = [
        {
            "identity": desired.identity,
            "input_hash": input_hash.hex(),
            "username": capabilities.canon("username", desired.fields.get("username")),
            "email": capabilities.canon("email", desired.fields.get("email")),
            "cells": encode_desired(desired),
            "look_again_at": desired.look_again_at,
        }
        for desired, input_hash in computed
    ]
    await connection.execute(
        """INSERT INTO desired (target, identity, input_hash, revision, username_canon, email_canon, cells,
            look_again_at)
        SELECT %s, d.identity, decode(d.input_hash, 'hex'), %s, d.username, d.email, d.cells, d.look_again_at
        FROM jsonb_to_recordset(%s) d(identity uuid, input_hash text, username text, email text, cells jsonb,
            look_again_at timestamptz)
        ORDER BY d.identity ON CONFLICT (target, identity) DO UPDATE SET
        input_hash = excluded.input_hash, revision = excluded.revision, username_canon = excluded.username_canon,
        email_canon = excluded.email_canon, cells = excluded.cells, look_again_at = excluded.look_again_at,
        reached = false""",
        (target, revision, Jsonb(said)),
    )


async def name_desired(connection: Connection, target: int, desired: Desired, capabilities: Capabilities) -> None:
    """Keep that another account name was chosen than the one that was computed."""
    await connection.execute(
        "UPDATE desired SET cells = %s, username_canon = %s, reached = false WHERE target = %s AND identity = %s",
        (
            Jsonb(encode_desired(desired)),
            capabilities.canon("username", desired.fields.get("username")),
            target,
            desired.identity,
        ),
    )


async def save_reached(connection: Connection, target: int, said: Sequence[tuple[Desired, bool]]) -> None:
    """Keep whether the accounts are as desired; not of those for whom something else is desired by now."""
    await connection.execute(
        """UPDATE desired d SET reached = r.reached
        FROM unnest(%s::uuid[], %s::jsonb[], %s::boolean[]) r(identity, cells, reached)
        WHERE d.target = %s AND d.identity = r.identity AND d.cells = r.cells""",
        (
            [desired.identity for desired, _ in said],
            [Jsonb(encode_desired(desired)) for desired, _ in said],
            [reached for _, reached in said],
            target,
        ),
    )


async def save_plans(
    connection: Connection,
    target: int,
    made: Sequence[tuple[str, Plan, int | None]],
    revision: int,
    now: datetime,
) -> dict[str, int]:
    """Make these the current plans of their subjects, each with its cause; gives the numbers of those with content.

    A plan that says what the current one says, and that only waits, is kept as it is.
    """
    found = await rows(
        connection,
        "SELECT id, subject, digest FROM plan WHERE target = %s AND subject = ANY(%s) AND current",
        target,
        [subject for subject, _, _ in made],
    )
    current, numbers, past, said = {r["subject"]: r for r in found}, dict[str, int](), list[int](), list[Row]()
    for subject, plan, cause in made:
        data, before = encode_plan(plan), current.get(subject)
        digest = hashlib.sha256(orjson.dumps([plan.situation, revision, data])).digest()
        if before is not None and before["digest"] == digest and not plan.go:
            numbers[subject] = int(before["id"])
            continue
        past += [before["id"]] if before is not None else []
        if plan.verdicts or plan.problems or plan.notes:
            said.append(_row(subject, plan, cause, data, digest))
    if past:
        await connection.execute("UPDATE plan SET current = false WHERE id = ANY(%s)", (past,))
    return numbers | (await _insert_plans(connection, target, said, revision, now) if said else {})


def _row(subject: str, plan: Plan, cause: int | None, verdicts: Any, digest: bytes) -> Row:
    told = {"situation": plan.situation, "waiting": plan.waiting, "waits_on": plan.waits_on}
    return {"subject": subject, "cause": cause, "verdicts": verdicts, "digest": digest.hex(), **told}


async def _insert_plans(
    connection: Connection, target: int, said: Sequence[Row], revision: int, now: datetime
) -> dict[str, int]:
    made = await rows(
        connection,
        """INSERT INTO plan (target, subject, revision, cause, situation, verdicts, digest, waiting, waits_on, made_at)
        SELECT %s, p.subject, %s, p.cause, p.situation, p.verdicts, decode(p.digest, 'hex'), p.waiting, p.waits_on, %s
        FROM jsonb_to_recordset(%s) p(subject text, cause bigint, situation text, verdicts jsonb, digest text,
            waiting boolean, waits_on text[]) RETURNING id, subject""",
        target,
        revision,
        now,
        Jsonb(said),
    )
    return {r["subject"]: int(r["id"]) for r in made}


async def made_now(connection: Connection, numbers: Sequence[int]) -> set[int]:
    """Those of these plans that were made in this transaction: the others stood before, and say nothing new."""
    found = await rows(
        connection, "SELECT id FROM plan WHERE id = ANY(%s) AND xmin = pg_current_xact_id()::xid", list(numbers)
    )
    return {r["id"] for r in found}


async def hold_plan(connection: Connection, number: int, problem: str) -> None:
    """The application refused a change of this plan: it waits for a person, with the refusal as the reason."""
    await connection.execute(
        """UPDATE plan SET waiting = true, verdicts = jsonb_set(verdicts, '{problems}', verdicts->'problems' || %s)
        WHERE id = %s""",
        (Jsonb([problem]), number),
    )


async def waiting_for(connection: Connection, target: int, subject: str) -> list[str]:
    """The subjects whose current plan waits for this one."""
    found = await rows(
        connection,
        "SELECT subject FROM plan WHERE target = %s AND current AND waiting AND waits_on @> %s",
        target,
        [subject],
    )
    return [r["subject"] for r in found]

"""Desired states and plans, as they stand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb

from tenure.model.capability import Capabilities
from tenure.model.change import ChangeKind
from tenure.model.desired import Desired, DesiredGroup, Reason, Standing
from tenure.model.plan import Plan, encode_plan
from tenure.store.database import Connection, Row, row, rows


def encode_desired(desired: Desired) -> dict[str, Any]:
    """The desired state as JSON-ready data."""
    found = asdict(desired)
    for group in found["groups"]:
        group["source_group"] = str(group["source_group"]) if group["source_group"] else None
    return {name: found[name] for name in ("fields", "groups", "reasons", "faults", "first")} | {
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
    desired: Desired,
    input_hash: bytes,
    revision: int,
    capabilities: Capabilities,
) -> None:
    """Keep a desired state, with the canonical name and e-mail address that it asks for, as others may too."""
    name, email = (capabilities.canon(f, desired.fields.get(f)) for f in ("username", "email"))
    await connection.execute(
        """INSERT INTO desired (target, identity, input_hash, revision, username_canon, email_canon, cells,
            look_again_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (target, identity) DO UPDATE SET
        input_hash = excluded.input_hash, revision = excluded.revision, username_canon = excluded.username_canon,
        email_canon = excluded.email_canon, cells = excluded.cells, look_again_at = excluded.look_again_at,
        reached = false""",
        (
            *(target, desired.identity, input_hash, revision, name, email),
            *(Jsonb(encode_desired(desired)), desired.look_again_at),
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


async def save_plan(
    connection: Connection, target: int, subject: str, plan: Plan, revision: int, cause: int | None, now: datetime
) -> int | None:
    """Make this the current plan of the subject; gives its number, or None when there is nothing to say.

    A plan that says what the current one says, and that only waits, is kept as it is.
    """
    data = encode_plan(plan)
    digest = hashlib.sha256(orjson.dumps([plan.situation, revision, data])).digest()
    current = await row(
        connection, "SELECT id, digest FROM plan WHERE target = %s AND subject = %s AND current", target, subject
    )
    if current is not None and current["digest"] == digest and not plan.go:
        return int(current["id"])
    if current is not None:
        await connection.execute("UPDATE plan SET current = false WHERE id = %s", (current["id"],))
    if not plan.verdicts and not plan.problems and not plan.notes:
        return None
    made = await row(
        connection,
        """INSERT INTO plan (target, subject, revision, cause, situation, verdicts, digest, waiting, waits_on, made_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id""",
        target,
        subject,
        revision,
        cause,
        plan.situation,
        Jsonb(data),
        digest,
        plan.waiting,
        list(plan.waits_on),
        now,
    )
    assert made is not None
    return int(made["id"])


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

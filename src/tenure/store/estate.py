"""The estate as the database knows it: its revisions, the numbers of sources and targets, and the installation."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid4

from tenure.model.access import Credential
from tenure.model.capability import Mode
from tenure.planning.rules import Approval
from tenure.store import audit, marks, tokens
from tenure.store.credentials import keep
from tenure.store.database import Connection, Database, Row, row, rows
from tenure.store.sources import write_ways

_ACTIVATING = 0x7E4E0001
"""The advisory lock under which one process at a time activates an estate."""


class SourcePart(Protocol):
    """What is stored of a source."""

    @property
    def kind(self) -> str:
        """Its kind; a name keeps its kind for ever."""
        ...

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """What it signs in with here; no secret of it is stored."""
        ...

    @property
    def heartbeat(self) -> timedelta | None:
        """How long it may be silent; None when that does not matter."""
        ...

    @property
    def pushes(self) -> bool:
        """Whether it calls us; False when we read it."""
        ...


class TargetPart(Protocol):
    """What is stored of a target."""

    @property
    def kind(self) -> str:
        """Its kind; a name keeps its kind for ever."""
        ...

    @property
    def mode(self) -> Mode:
        """How far Tenure may go there."""
        ...

    @property
    def approval(self) -> Approval:
        """What an approval has to bring."""
        ...

    @property
    def deadline(self) -> timedelta:
        """How long after somebody left an open account raises an alarm."""
        ...

    @property
    def authority(self) -> str | None:
        """The target that makes, changes and closes the accounts there; None: it does so itself."""
        ...

    @property
    def seat_price(self) -> float | None:
        """What a seat of its licence costs, or None."""
        ...


class EstateParts(Protocol):
    """What is stored of an estate."""

    @property
    def document(self) -> str:
        """The document, as it was written."""
        ...

    @property
    def digest(self) -> bytes:
        """The SHA-256 of the document."""
        ...

    @property
    def sources(self) -> Mapping[str, SourcePart]:
        """The sources by name."""
        ...

    @property
    def targets(self) -> Mapping[str, TargetPart]:
        """The targets by name."""
        ...


class NotActivated(Exception):
    """The estate contradicts what the database knows; nothing was changed. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Activation:
    """The active revision, and the numbers of its sources and targets by name."""

    revision: int
    sources: Mapping[str, int]
    targets: Mapping[str, int]


async def activate(database: Database, estate: EstateParts, by: str, now: datetime) -> Activation:
    """Make this the active estate, in one transaction; `by` is who does it.

    A document that differs from the latest becomes a revision, and everybody is marked at every target; either way
    each target is marked to be read whole. Sources and targets are known by name: one that is no longer named is
    retired, one that comes back is the same again. Raises NotActivated when a name has changed its kind.
    """
    async with database.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_ACTIVATING,))
        sources = await _numbers(connection, "source", estate.sources, now)
        targets = await _numbers(connection, "target", estate.targets, now)
        modes = {name: part.mode.value for name, part in estate.targets.items()}
        parts = list(estate.targets.values())
        await connection.execute(
            """UPDATE target SET mode = n.mode, approve_by_another = n.by_another, approve_with_ticket = n.ticket,
                leaver_deadline = n.deadline, authority = n.authority, seat_price = n.price
            FROM unnest(%s::text[], %s::text[], %s::boolean[], %s::boolean[], %s::interval[], %s::smallint[],
                %s::float8[]) n(name, mode, by_another, ticket, deadline, authority, price)
            WHERE target.name = n.name""",
            (
                *(list(modes), list(modes.values())),
                *([p.approval.by_another for p in parts], [p.approval.ticket for p in parts]),
                [p.deadline for p in parts],
                [targets.get(p.authority or "") for p in parts],
                [p.seat_price for p in parts],
            ),
        )
        await _write_sources(connection, {sources[name]: part for name, part in estate.sources.items()}, now)
        latest = await row(connection, "SELECT id, digest FROM estate_revision ORDER BY id DESC LIMIT 1")
        active = list(targets.values())
        if latest is not None and bytes(latest["digest"]) == estate.digest:
            await marks.mark_subject(connection, active, "reading", marks.READINGS, None)
            return Activation(int(latest["id"]), sources, targets)
        revision = await _write_revision(connection, estate, by, now)
        facts = {"revision": revision, "digest": estate.digest.hex(), "modes": modes}
        cause = await audit.record(connection, audit.Entry(now, by, "estate.activated", facts=facts))
        await marks.mark_subject(connection, active, "scope:all", marks.READINGS, cause)
        await marks.mark_subject(connection, active, "reading", marks.READINGS, cause)
        return Activation(revision, sources, targets)


async def installation(database: Database, now: datetime) -> UUID:
    """The id of this installation; made at the first call, with a console that opens to no token yet."""
    async with database.transaction() as connection:
        made = await row(
            connection,
            """INSERT INTO installation (id, console_token_hash, made_at) VALUES (%s, %s, %s)
            ON CONFLICT DO NOTHING RETURNING id""",
            uuid4(),
            secrets.token_bytes(32),
            now,
        )
        found = made or await row(connection, "SELECT id FROM installation")
        assert found is not None
        return UUID(str(found["id"]))


async def set_console_token(database: Database, digest: bytes, now: datetime) -> None:
    """From now on the console opens to the token with this SHA-256, and to no other."""
    async with database.transaction() as connection:
        await connection.execute(
            """INSERT INTO installation (id, console_token_hash, made_at) VALUES (%s, %s, %s)
            ON CONFLICT (one) DO UPDATE SET console_token_hash = excluded.console_token_hash""",
            (uuid4(), digest, now),
        )


async def installation_key(connection: Connection, purpose: str) -> bytes:
    """A key of 32 bytes that every process of this installation has, and nobody else; one for each purpose."""
    found = await row(connection, "SELECT console_token_hash FROM installation")
    assert found is not None, "the first `tenure serve` makes the installation"
    return hmac.digest(bytes(found["console_token_hash"]), purpose.encode(), "sha256")


async def _numbers(
    connection: Connection, table: str, parts: Mapping[str, SourcePart | TargetPart], now: datetime
) -> dict[str, int]:
    """The number of each name; new ones are entered, missing ones retired, returning ones taken back."""
    known: dict[str, Row] = {r["name"]: r for r in await rows(connection, f"SELECT id, name, kind FROM {table}")}
    for name, part in parts.items():
        if name in known and known[name]["kind"] != part.kind:
            was = known[name]["kind"]
            raise NotActivated(
                f"the {table} {name} was of kind {was} and is now of kind {part.kind}: what is known of the one must "
                f"not be taken for the other; give the new one another name"
            )
    mode = ", mode" if table == "target" else ""
    value = ", 'observe'" if table == "target" else ""
    await connection.execute(
        f"""INSERT INTO {table} (name, kind, made_at{mode})
        SELECT n.name, n.kind, %s{value} FROM unnest(%s::text[], %s::text[]) n(name, kind)
        WHERE NOT n.name = ANY(%s)""".encode(),
        (now, list(parts), [part.kind for part in parts.values()], list(known)),
    )
    await connection.execute(
        f"""UPDATE {table} SET retired_at = CASE WHEN name = ANY(%s) THEN NULL ELSE coalesce(retired_at, %s) END
        WHERE (retired_at IS NOT NULL) = (name = ANY(%s))""".encode(),
        (list(parts), now, list(parts)),
    )
    found = await rows(connection, f"SELECT id, name FROM {table} WHERE retired_at IS NULL")
    return {r["name"]: int(r["id"]) for r in found}


async def _write_sources(connection: Connection, parts: Mapping[int, SourcePart], now: datetime) -> None:
    kept = {number: [keep(one) for one in part.credentials] for number, part in parts.items()}
    await tokens.write_estate(connection, kept, now)
    await write_ways(connection, {number: (part.heartbeat, part.pushes) for number, part in parts.items()})


async def _write_revision(connection: Connection, estate: EstateParts, by: str, now: datetime) -> int:
    made = await row(
        connection,
        """INSERT INTO estate_revision (document, digest, activated_by, activated_at)
        VALUES (%s, %s, %s, %s) RETURNING id""",
        estate.document,
        estate.digest,
        by,
        now,
    )
    assert made is not None
    return int(made["id"])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


async def active_document(connection: Connection) -> str | None:
    """The document of the active estate, as it was written; None before the first."""
    found = await row(connection, "SELECT document FROM estate_revision ORDER BY id DESC LIMIT 1")
    return str(found["document"]) if found else None


async def numbers(database: Database) -> Activation:
    """The active revision (0 before the first), and the numbers of the sources and targets that are not retired."""
    async with database.transaction() as connection:
        known = {
            table: await rows(connection, f"SELECT id, name FROM {table} WHERE retired_at IS NULL")
            for table in ("source", "target")
        }
        latest = await row(connection, "SELECT max(id) AS id FROM estate_revision")
    sources, targets = ({r["name"]: int(r["id"]) for r in known[table]} for table in ("source", "target"))
    return Activation(int(latest["id"] or 0) if latest else 0, sources, targets)

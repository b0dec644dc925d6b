"""The audit trail: what happened, who did it and what caused it, with personal values set apart."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from psycopg.types.json import Jsonb

from tenure.store.database import Connection


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    `actor` is who did it (`source:okta`, `engine`, `console`, `cli:root`), `action` what (`identity.created`),
    `subject` on whom (an id of ours), `cause` the audit entry that led to it. `facts` must not hold personal values;
    those go into `personal`, and the row keeps sha256(salt || their JSON) of them alone.
    """

    at: datetime
    actor: str
    action: str
    subject: str | None = None
    source: int | None = None
    target: int | None = None
    cause: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] = field(default_factory=dict)


_PLAIN = """
INSERT INTO audit (at, actor, action, subject, source, target, cause, facts)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
"""
_WITH_PERSONAL = """
WITH entry AS (
    INSERT INTO audit (at, actor, action, subject, source, target, cause, facts, commitment)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
)
INSERT INTO audit_personal (audit, salt, fields) SELECT id, %s, %s FROM entry RETURNING audit
"""


async def record(connection: Connection, entry: Entry) -> int:
    """Write one entry in the caller's transaction; gives its number."""
    values: list[Any] = [
        entry.at, entry.actor, entry.action, entry.subject, entry.source, entry.target, entry.cause, Jsonb(entry.facts)
    ]  # fmt: skip
    if entry.personal:
        salt = secrets.token_bytes(16)
        text = orjson.dumps(entry.personal, option=orjson.OPT_SORT_KEYS)
        values += [commitment(salt, text), salt, text.decode()]
    cursor = await connection.execute(_WITH_PERSONAL if entry.personal else _PLAIN, values)
    found = await cursor.fetchone()
    assert found is not None
    number: int = found[0]
    return number


_MANY = """
WITH told AS (SELECT * FROM ROWS FROM (jsonb_to_recordset(%s) AS (at timestamptz, actor text, action text, subject text,
    source smallint, target smallint, cause bigint, facts jsonb, commitment text, salt text, fields text))
    WITH ORDINALITY t(at, actor, action, subject, source, target, cause, facts, commitment, salt, fields, n)),
entry AS (INSERT INTO audit (at, actor, action, subject, source, target, cause, facts, commitment)
    SELECT at, actor, action, subject, source, target, cause, facts, decode(commitment, 'hex') FROM told ORDER BY n
    RETURNING id, commitment)
INSERT INTO audit_personal (audit, salt, fields)
SELECT e.id, decode(t.salt, 'hex'), t.fields FROM entry e JOIN told t ON e.commitment = decode(t.commitment, 'hex')
"""
"""An entry's commitment is its own, for the salt in it is random: personal values find their entry by it."""


async def record_all(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write entries, in order, in the caller's transaction."""
    if entries:
        await connection.execute(_MANY, (Jsonb([_told(entry) for entry in entries]),))


def _told(entry: Entry) -> dict[str, Any]:
    told: dict[str, Any] = {
        "at": entry.at, "actor": entry.actor, "action": entry.action, "subject": entry.subject, "source": entry.source,
        "target": entry.target, "cause": entry.cause, "facts": entry.facts,
    }  # fmt: skip
    if entry.personal:
        salt, text = secrets.token_bytes(16), orjson.dumps(entry.personal, option=orjson.OPT_SORT_KEYS)
        told |= {"commitment": commitment(salt, text).hex(), "salt": salt.hex(), "fields": text.decode()}
    return told


def commitment(salt: bytes, fields: bytes) -> bytes:
    """What an audit row keeps of personal values: it binds them, and tells nothing once salt and values are gone."""
    return hashlib.sha256(salt + fields).digest()

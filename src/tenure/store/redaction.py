"""Redaction: what the trail says of one person is taken out of it, and the chain still verifies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenure.model.capability import canon_name
from tenure.store import audit
from tenure.store.check import REDACTED
from tenure.store.database import Connection, row, rows


@dataclass(frozen=True, slots=True)
class Person:
    """An identity that the trail may speak of; `entries` have personal values of it."""

    id: str
    user_name: str | None
    source: str | None
    gone: bool
    entries: int


_PEOPLE = """
SELECT i.id::text, i.user_name, s.name AS source, i.gone_at IS NOT NULL AS gone,
       (SELECT count(*) FROM audit a JOIN audit_personal p ON p.audit = a.id WHERE a.subject = i.id::text) AS entries
FROM identity i JOIN source s ON s.id = i.source WHERE i.id = %s OR i.user_name_canon = %s ORDER BY i.created_at, i.id
"""


async def people(connection: Connection, asked: str) -> list[Person]:
    """Whom a userName or an id means, those who are gone among them; there can be one at each source."""
    try:
        number: UUID | None = UUID(asked)
    except ValueError:
        number = None
    return [Person(**r) for r in await rows(connection, _PEOPLE, number, canon_name(asked))]


async def redact(connection: Connection, person: str, reason: str, by: str, now: datetime) -> int:
    """Remove the personal values and salts of the identity with this id from every entry there is, in the caller's
    transaction; gives how many entries had any.

    That it was done is an entry of its own, with the reason, which must name nobody.
    """
    found = await rows(
        connection,
        "SELECT p.audit FROM audit_personal p JOIN audit a ON a.id = p.audit WHERE a.subject = %s FOR UPDATE OF p",
        person,
    )
    numbers = [r["audit"] for r in found]
    facts = {"reason": reason, "entries": len(numbers)}
    entry = await audit.record(connection, audit.Entry(now, by, REDACTED, subject=person, facts=facts))
    await row(connection, "SELECT set_config('tenure.redaction', %s, true)", str(entry))
    await connection.execute("DELETE FROM audit_personal WHERE audit = ANY(%s)", (numbers,))
    return len(numbers)

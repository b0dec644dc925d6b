"""Whom a name means at a target: an account's name or key, an identity's userName or id. Reads only."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from uuid import UUID

from psycopg.types.json import Jsonb

from tenure.model.capability import canon_name
from tenure.model.story import Other
from tenure.store.database import Connection, Row, rows

_ACCOUNTS = """
SELECT a.*, l.identity FROM seen_account a
LEFT JOIN link l ON l.target = a.target AND l.key = a.key AND l.ended_at IS NULL
WHERE a.target = %s AND (a.key = %s OR a.canon @> ANY(%s::jsonb[]))
ORDER BY a.name = %s DESC, a.key = %s DESC, l.identity IS NULL, a.key LIMIT 20
"""
_IDENTITIES = """
WITH asked(target, id, owners, canons) AS (VALUES (%s::smallint, %s::uuid, %s::uuid[], %s::text[]))
SELECT i.id, i.user_name, s.name AS source, i.active, i.gone_at, i.id = asked.id AS by_id,
       i.user_name_canon = ANY(asked.canons) AS by_name
FROM asked CROSS JOIN identity i JOIN source s ON s.id = i.source
LEFT JOIN link l ON l.target = asked.target AND l.identity = i.id AND l.ended_at IS NULL
LEFT JOIN desired d ON d.target = asked.target AND d.identity = i.id
WHERE i.id IN (
    SELECT asked.id UNION ALL SELECT unnest(asked.owners)
    UNION ALL SELECT n.id FROM identity n WHERE n.user_name_canon = ANY(asked.canons)
    UNION ALL SELECT w.identity FROM desired w
              WHERE w.target = asked.target AND w.username_canon = ANY(asked.canons)
    UNION ALL SELECT k.identity FROM link k WHERE k.target = asked.target AND k.key = ANY(asked.canons)
              AND k.ended_at IS NULL)
ORDER BY i.id = ANY(asked.owners) DESC, l.id IS NOT NULL DESC, i.gone_at IS NOT NULL, d.identity IS NULL,
         i.created_at, i.id LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What the asked name fits best, and what else it fits. `by` says what the name was."""

    by: str
    identity: UUID | None
    account: Row | None = None
    others: tuple[Other, ...] = ()


async def find(connection: Connection, target: int, asked: str) -> Found | None:
    """Whom the name means; the owner of an account of that name goes before an identity of that name."""
    canons = _canons(asked)
    named = [Jsonb({"username": canon}) for canon in canons]
    accounts = await rows(connection, _ACCOUNTS, target, asked, named, asked, asked)
    owners = [a["identity"] for a in accounts if a["identity"] is not None]
    identities = await rows(connection, _IDENTITIES, target, _uuid(asked), owners, canons)
    if not accounts and not identities:
        return None
    identity = _best(accounts, identities, asked)
    account = next((a for a in accounts if identity is None or a["identity"] in (None, identity["id"])), None)
    others = [_other_identity(i) for i in identities if i is not identity]
    others += [_other_account(a) for a in accounts if a is not account and a["identity"] is None]
    return Found(_by(asked, account, identity), identity["id"] if identity else None, account, tuple(others))


def _best(accounts: list[Row], identities: list[Row], asked: str) -> Row | None:
    """The identity that is meant; None when an account was asked for by its key and nobody owns it."""
    if accounts and accounts[0]["identity"] is not None:
        return next(i for i in identities if i["id"] == accounts[0]["identity"])
    if accounts and accounts[0]["key"] == asked and accounts[0]["name"] != asked:
        return None
    return identities[0] if identities else None


def _by(asked: str, account: Row | None, identity: Row | None) -> str:
    if identity is not None and identity["by_id"]:
        return "id"
    if account is not None:
        return "key" if account["key"] == asked and account["name"] != asked else "account name"
    return "userName" if identity is not None and identity["by_name"] else "desired account name"


def _other_identity(found: Row) -> Other:
    state = "deleted at the source" if found["gone_at"] else "active" if found["active"] else "inactive"
    return Other(f"{found['user_name']} of {found['source']}, {state}", str(found["id"]))


def _other_account(found: Row) -> Other:
    return Other(f"the account {found['name']} with the key {found['key']}, not linked", found["key"])


def _canons(asked: str) -> list[str]:
    """The canonical forms that a target may give this name: as it is, trimmed, or without regard to letter case."""
    exact = unicodedata.normalize("NFC", asked)
    return sorted({exact, exact.strip(), canon_name(asked)})


def _uuid(asked: str) -> UUID | None:
    try:
        return UUID(asked)
    except ValueError:
        return None

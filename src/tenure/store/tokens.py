"""The credentials of the sources: those that stand in the estate, and those that people make, end and revoke here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tenure.model.access import CredentialKind, TokenState
from tenure.store import audit
from tenure.store.credentials import Kept
from tenure.store.database import Connection, Row, UniqueViolation, row, rows

ESTATE, COMMAND = "estate", "command"
_FORGOTTEN_AFTER = timedelta(days=30)


class NoSuchSource(Exception):
    """No source of this name is active; the message says which are."""


class NoSuchToken(Exception):
    """The source has no credential of this name that could be revoked here; the message says why."""


class NameInUse(Exception):
    """The source has a credential of this name already."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the door knows of a credential: whose it is, its kind, what is kept of it, and when it ends."""

    source: int
    kind: CredentialKind
    hash: bytes
    expires_at: datetime | None


async def known(connection: Connection) -> dict[int, tuple[Known, ...]]:
    """Every credential of every source that is not retired, those that have ended too, by the source's number."""
    found: dict[int, tuple[Known, ...]] = {}
    query = """SELECT t.source, t.kind, t.hash, t.expires_at
        FROM source_token t JOIN source s ON s.id = t.source WHERE s.retired_at IS NULL ORDER BY t.source, t.hash"""
    for r in await rows(connection, query):
        token = Known(r["source"], CredentialKind(r["kind"]), bytes(r["hash"]), r["expires_at"])
        found[token.source] = (*found.get(token.source, ()), token)
    return found


async def listed(connection: Connection, source: str | None = None) -> tuple[TokenState, ...]:
    """The credentials of one source or of all, with those that have ended. Raises NoSuchSource."""
    if source is not None:
        await _number(connection, source)
    query = """SELECT s.name AS source, t.name, t.kind, t.login, t.origin, t.since, t.expires_at, t.last_used_at
        FROM source_token t JOIN source s ON s.id = t.source
        WHERE s.retired_at IS NULL AND (%s::text IS NULL OR s.name = %s) ORDER BY s.name, t.since, t.name"""
    return tuple(
        TokenState(**{**r, "kind": CredentialKind(r["kind"])}) for r in await rows(connection, query, source, source)
    )


async def add(
    connection: Connection,
    source: str,
    name: str | None,
    kept: Kept,
    expires_at: datetime | None,
    by: str,
    now: datetime,
) -> str:
    """Let one more credential open the source's door; gives its name, which without one is the day.

    Raises NoSuchSource, NameInUse.
    """
    number = await _number(connection, source)
    if await row(connection, "SELECT id FROM source WHERE id = %s AND NOT pushes", number):
        raise NoSuchSource(f"{source} is read by us: nobody signs in for it")
    name = name or await _free_name(connection, number, now)
    try:
        async with connection.transaction():
            await connection.execute(
                """INSERT INTO source_token (source, kind, login, hash, since, name, origin, expires_at)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s)""",
                (number, kept.kind, kept.login, kept.digest, now, name, COMMAND, expires_at),
            )
    except UniqueViolation:
        raise NameInUse(f"{source} has a token {name} already: choose another --name") from None
    await connection.execute(
        "DELETE FROM source_token WHERE source = %s AND expires_at < %s", (number, now - _FORGOTTEN_AFTER)
    )
    facts = {"token": name, "kind": kept.kind, "expires_at": expires_at.isoformat() if expires_at else None}
    await audit.record(connection, audit.Entry(now, by, "token.added", source=number, facts=facts))
    return name


async def revoke(connection: Connection, source: str, name: str, by: str, now: datetime) -> None:
    """End a credential at once and forget it. Raises NoSuchSource, NoSuchToken; those of the estate end there alone."""
    number = await _number(connection, source)
    gone = await row(
        connection,
        "DELETE FROM source_token WHERE source = %s AND name = %s AND origin = %s RETURNING name",
        number,
        name,
        COMMAND,
    )
    if gone is None:
        names = await rows(connection, "SELECT name, origin FROM source_token WHERE source = %s ORDER BY name", number)
        if any(r["name"] == name for r in names):
            raise NoSuchToken(f"{name} stands in the estate: remove it there, and start `tenure serve` again with it")
        ours = ", ".join(r["name"] for r in names if r["origin"] == COMMAND)
        raise NoSuchToken(f"{source} has no token {name}; there are: {ours or 'none'}")
    await audit.record(connection, audit.Entry(now, by, "token.revoked", source=number, facts={"token": name}))


async def end_others(
    connection: Connection, source: str, kind: CredentialKind, kept: str, until: datetime, by: str, now: datetime
) -> tuple[str, ...]:
    """Let the others of this kind that were made here end at `until`, or earlier as they were to.

    `kept` is the one that stays; gives the names of those whose end that moved.

    Raises NoSuchSource.
    """
    number = await _number(connection, source)
    found = await rows(
        connection,
        """UPDATE source_token SET expires_at = %s
        WHERE source = %s AND origin = %s AND kind = %s AND name <> %s AND coalesce(expires_at, 'infinity') > %s
        RETURNING name""",
        until,
        number,
        COMMAND,
        kind,
        kept,
        until,
    )
    ended = tuple(sorted(r["name"] for r in found))
    facts = {"token": kept, "kind": kind, "others": list(ended), "until": until.isoformat()}
    await audit.record(connection, audit.Entry(now, by, "token.rotated", source=number, facts=facts))
    return ended


async def used(connection: Connection, uses: Mapping[tuple[int, bytes], datetime]) -> None:
    """Write when credentials, by source and what is kept of them, were last used."""
    numbers, hashes = [number for number, _ in uses], [digest for _, digest in uses]
    await connection.execute(
        """UPDATE source_token t SET last_used_at = n.at
        FROM unnest(%s::smallint[], %s::bytea[], %s::timestamptz[]) n(source, hash, at)
        WHERE t.source = n.source AND t.hash = n.hash AND coalesce(t.last_used_at, '-infinity') < n.at""",
        (numbers, hashes, list(uses.values())),
    )


async def write_estate(connection: Connection, credentials: Mapping[int, Sequence[Kept]], now: datetime) -> None:
    """The credentials that stand in the estate, by the source's number, are these; one that stays keeps its date.

    Those that were made here stay; one of them that the estate names now too is the estate's from here on.
    """
    places = [(number, kept, n) for number, several in credentials.items() for n, kept in enumerate(several, 1)]
    numbers, hashes = [number for number, _, _ in places], [kept.digest for _, kept, _ in places]
    kinds, logins = [kept.kind.value for _, kept, _ in places], [kept.login for _, kept, _ in places]
    names = [f"estate-{n}" for _, _, n in places]
    await connection.execute(
        """DELETE FROM source_token t WHERE t.origin = %s AND NOT EXISTS (
            SELECT FROM unnest(%s::smallint[], %s::bytea[]) n(source, hash)
            WHERE n.source = t.source AND n.hash = t.hash)""",
        (ESTATE, numbers, hashes),
    )
    await connection.execute(
        """INSERT INTO source_token (source, kind, login, hash, name, since, origin)
        SELECT n.source, n.kind, n.login, n.hash, n.name, %s, %s
        FROM unnest(%s::smallint[], %s::text[], %s::text[], %s::bytea[], %s::text[]) n(source, kind, login, hash, name)
        ON CONFLICT (source, hash) DO UPDATE SET name = excluded.name, origin = excluded.origin, expires_at = NULL""",
        (now, ESTATE, numbers, kinds, logins, hashes, names),
    )


async def _number(connection: Connection, source: str) -> int:
    found: list[Row] = await rows(connection, "SELECT id, name FROM source WHERE retired_at IS NULL ORDER BY name")
    for r in found:
        if r["name"] == source:
            return int(r["id"])
    names = ", ".join(r["name"] for r in found)
    raise NoSuchSource(f"there is no source {source}; there are: {names or 'none'}")


async def _free_name(connection: Connection, source: int, now: datetime) -> str:
    found = await rows(connection, "SELECT name FROM source_token WHERE source = %s", source)
    names = {r["name"] for r in found}
    day = now.date().isoformat()
    number = next(n for n in range(1, len(names) + 2) if (day if n == 1 else f"{day}-{n}") not in names)
    return day if number == 1 else f"{day}-{number}"

"""What is in our care at a target: links, groups, the memberships that we gave, and what came back for a field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from tenure.model.situation import Link
from tenure.planning.reconciliation import Care
from tenure.store.database import Connection, Row, row, rows


async def links(connection: Connection, target: int, identities: Sequence[UUID]) -> dict[UUID, Link]:
    """The active links of these identities."""
    found = await rows(
        connection,
        "SELECT * FROM link WHERE target = %s AND identity = ANY(%s) AND ended_at IS NULL",
        target,
        list(identities),
    )
    return {r["identity"]: Link(r["key"], r["identity"], r["evidence"], r["adopted"], r["external_id"]) for r in found}


async def holders(connection: Connection, target: int, keys: Sequence[str]) -> dict[str, Row]:
    """Who holds these accounts: key -> identity, its source's name, userName, externalId, whether it is gone."""
    found = await rows(
        connection,
        """SELECT l.key, i.id, s.name AS source, i.user_name_canon, i.external_id, i.gone_at, i.doc FROM link l
        JOIN identity i ON i.id = l.identity JOIN source s ON s.id = i.source
        WHERE l.target = %s AND l.key = ANY(%s) AND l.ended_at IS NULL""",
        target,
        list(keys),
    )
    return {r["key"]: r for r in found}


async def make_links(connection: Connection, target: int, links: Sequence[Link], now: datetime) -> set[str]:
    """Link accounts. One that a former identity of the same person held is taken over (a rehire).

    Gives the keys of those that are linked now; one that is linked to somebody else stays so.
    """
    rehires = [link.key for link in links if link.evidence.startswith("rehire")]
    if rehires:
        await connection.execute(
            """UPDATE link SET ended_at = %s, end_cause = 'rehire' FROM identity i
            WHERE link.target = %s AND link.key = ANY(%s) AND link.ended_at IS NULL AND i.id = link.identity
            AND i.gone_at IS NOT NULL""",
            (now, target, rehires),
        )
    made = await rows(
        connection,
        """INSERT INTO link (target, key, identity, evidence, adopted, made_at, external_id)
        SELECT %s, l.key, i.id, l.evidence, l.adopted, %s, i.external_id
        FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::boolean[]) l(key, identity, evidence, adopted)
        JOIN identity i ON i.id = l.identity ON CONFLICT DO NOTHING RETURNING key""",
        target,
        now,
        [link.key for link in links],
        [link.identity for link in links],
        [link.evidence for link in links],
        [link.adopted for link in links],
    )
    return {r["key"] for r in made}


async def know_person(connection: Connection, target: int, identity: UUID) -> None:
    """The source's own identifier of a linked person is, from now on, the one that the source gives now."""
    await connection.execute(
        """UPDATE link SET external_id = i.external_id FROM identity i
        WHERE link.target = %s AND link.identity = %s AND link.ended_at IS NULL AND i.id = link.identity""",
        (target, identity),
    )


async def end_link(connection: Connection, target: int, key: str, cause: str, now: datetime) -> None:
    """The account is not ours any more, nor are its memberships."""
    await connection.execute(
        "UPDATE link SET ended_at = %s, end_cause = %s WHERE target = %s AND key = %s AND ended_at IS NULL",
        (now, cause, target, key),
    )
    await connection.execute("DELETE FROM given_member WHERE target = %s AND key = %s", (target, key))


async def care_of(connection: Connection, target: int, keys: Sequence[str]) -> dict[str, Care]:
    """What is ours about each of these accounts."""
    groups = {r["canon"]: r["seen_name"] for r in await groups_in_care(connection, target)}
    given: dict[str, set[str]] = {}
    for r in await rows(
        connection, "SELECT key, canon FROM given_member WHERE target = %s AND key = ANY(%s)", target, list(keys)
    ):
        given.setdefault(r["key"], set()).add(r["canon"])
    echoes: dict[str, dict[str, tuple[bytes, str | None]]] = {}
    for r in await rows(connection, "SELECT * FROM echo WHERE target = %s AND key = ANY(%s)", target, list(keys)):
        echoes.setdefault(r["key"], {})[r["field"]] = (r["sent_hash"], r["seen"])
    return {key: Care(groups, frozenset(given.get(key, ())), echoes.get(key, {})) for key in ["", *keys]}


async def groups_in_care(connection: Connection, target: int) -> list[Row]:
    """The groups that we made or adopted."""
    return await rows(
        connection,
        "SELECT canon, seen_name, origin FROM target_group WHERE target = %s AND origin <> 'foreign' ORDER BY canon",
        target,
    )


async def take_group(
    connection: Connection, target: int, canon: str, name: str, source_group: UUID | None, origin: str, now: datetime
) -> None:
    """Take a group into care. The spelling that was seen first stays."""
    await connection.execute(
        """INSERT INTO target_group (target, canon, seen_name, source_group, source_name, origin, since)
        SELECT v.*, g.display_name, %s, %s FROM (VALUES (%s::smallint, %s, %s, %s::uuid)) v(target, canon, name, id)
        LEFT JOIN source_group g ON g.id = v.id ON CONFLICT (target, canon) DO UPDATE SET
        origin = CASE WHEN target_group.origin = 'foreign' THEN excluded.origin ELSE target_group.origin END""",
        (origin, now, target, canon, name, source_group),
    )


async def give_members(
    connection: Connection, target: int, given: Sequence[tuple[str, Sequence[str]]], now: datetime
) -> None:
    """These memberships of accounts (key, canonical names) are ours: desired, and made or found by us."""
    pairs = sorted({(key, canon) for key, canons in given for canon in canons})
    if pairs:
        await connection.execute(
            """INSERT INTO given_member (target, key, canon, since)
            SELECT %s, m.key, m.canon, %s FROM unnest(%s::text[], %s::text[]) m(key, canon) ON CONFLICT DO NOTHING""",
            (target, now, [key for key, _ in pairs], [canon for _, canon in pairs]),
        )


async def take_members(connection: Connection, target: int, key: str, canons: Sequence[str]) -> None:
    """These memberships of the account are no longer ours."""
    await connection.execute(
        "DELETE FROM given_member WHERE target = %s AND key = %s AND canon = ANY(%s)", (target, key, list(canons))
    )


async def save_echo(
    connection: Connection, target: int, key: str, field: str, sent: bytes, seen: str | None, now: datetime
) -> None:
    """What the application showed after we set a field to something else: it trimmed or rewrote our value."""
    await connection.execute(
        """INSERT INTO echo (target, key, field, sent_hash, seen, at) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (target, key, field) DO UPDATE SET sent_hash = excluded.sent_hash, seen = excluded.seen,
        at = excluded.at""",
        (target, key, field, sent, seen, now),
    )


async def rivals(connection: Connection, target: int, wanted: Mapping[UUID, str]) -> dict[UUID, str]:
    """Of identities with the canonical names that they want: those whose name another living identity wants, or has.

    Gives that in words. Who is refused that name, and keeps another, does not want it.
    """
    found = await rows(
        connection,
        """SELECT w.identity, r.user_name, r.source FROM unnest(%s::uuid[], %s::text[]) w(identity, name)
        CROSS JOIN LATERAL (SELECT i.user_name, s.name AS source FROM desired d JOIN identity i ON i.id = d.identity
            JOIN source s ON s.id = i.source
            WHERE d.target = %s AND d.username_canon = w.name AND d.identity <> w.identity AND i.gone_at IS NULL
            AND NOT EXISTS (SELECT FROM veto v WHERE v.target = d.target AND v.identity = d.identity
                            AND v.ended_at IS NULL AND v.cell = 'attr:username')
            ORDER BY i.created_at LIMIT 1) r""",
        list(wanted),
        list(wanted.values()),
        target,
    )
    return {r["identity"]: f"{r['user_name']} of {r['source']} wants an account of the same name" for r in found}


NAMESAKES, NAMESAKES_SHARE = 5, 0.01
"""So many other people, and such a share of all, who are to have the same display name make it a mistake."""
CROWD = 2
"""So many other people who are to have the same e-mail address make it a mistake rather than a shared mailbox."""


async def crowd(connection: Connection, target: int, identity: UUID, email_canon: str) -> str | None:
    """How many others are to have this e-mail address, in words, when it is a crowd."""
    found = await row(
        connection,
        """SELECT count(*) AS n FROM desired d JOIN identity i ON i.id = d.identity
        WHERE d.target = %s AND d.email_canon = %s AND d.identity <> %s AND i.gone_at IS NULL""",
        target,
        email_canon,
        identity,
    )
    others = int(found["n"]) if found else 0
    return f"{others} other people would have the same e-mail address" if others >= CROWD else None


async def namesakes(connection: Connection, target: int, identity: UUID, display_name: str) -> str | None:
    """How many others are to have this display name, in words, when they are too many to be namesakes."""
    found = await row(
        connection,
        """SELECT count(*) AS n, (SELECT coalesce(active_linked, 0) FROM target WHERE id = %s) AS everybody
        FROM desired d JOIN identity i ON i.id = d.identity
        WHERE d.target = %s AND d.cells->'fields'->>'display_name' = %s AND d.identity <> %s AND i.gone_at IS NULL""",
        target,
        target,
        display_name,
        identity,
    )
    others, everybody = (int(found["n"]), int(found["everybody"])) if found else (0, 0)
    many = others >= max(NAMESAKES, everybody * NAMESAKES_SHARE)
    return f"{others} other people would have the same display name" if many else None

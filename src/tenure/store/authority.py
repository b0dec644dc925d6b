"""How people stand at the target that keeps the accounts of another, and what is awaited there until it is seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.types.json import Jsonb

from tenure.model.capability import canon_name
from tenure.model.finding import Finding, FindingKind
from tenure.model.seen import AccountSeen
from tenure.planning.authority import Elsewhere
from tenure.planning.rules import Rules
from tenure.store import care, marks, plans, seen
from tenure.store.database import Connection, row, rows
from tenure.store.seen import account_of

LATE = timedelta(days=1)
"""How long something may be awaited before it is an alarm."""
OWNERS = ("crowd", "jira")
"""Kinds of application that others can take their accounts from."""


async def elsewhere(
    connection: Connection, target: int, rules: Rules, names: Mapping[UUID, Collection[str]], groups: Collection[str]
) -> dict[UUID, Elsewhere]:
    """How these identities stand at the target that is the authority.

    `names` are canonical names of accounts that matter for each, `groups` canonical names of groups that do.
    """
    who = list(names)
    read = await seen.last_reading(connection, target, "accounts") is not None
    desired = await plans.desired_of(connection, target, who)
    links = await care.links(connection, target, who)
    accounts = await seen.accounts_by_key(connection, target, [link.key for link in links.values()])
    known = await _ever(connection, target, who)
    there = await _groups(connection, target, groups)
    cared = {r["canon"]: r["seen_name"] for r in await care.groups_in_care(connection, target) if r["canon"] in groups}
    given = await care.care_of(connection, target, [link.key for link in links.values()])
    why = await _waits(connection, target, who)
    found = {}
    for one in who:
        link = links.get(one)
        named, others = await _named(connection, target, names[one], one) if link is None else ({}, frozenset())
        found[one] = Elsewhere(
            rules.target,
            rules,
            read,
            plans.decode_desired(desired[one]) if one in desired else None,
            accounts.get(link.key) if link else None,
            made=link is not None and not link.adopted,
            had=one in known,
            named=named,
            others=others,
            groups=there,
            cared=cared,
            given=given[link.key].given if link else frozenset(),
            why=why.get(str(one), ""),
        )
    return found


async def _ever(connection: Connection, target: int, who: Collection[UUID]) -> frozenset[UUID]:
    """Those of these identities who have, or had, an account there."""
    query = "SELECT DISTINCT identity FROM link WHERE target = %s AND identity = ANY(%s)"
    return frozenset(r["identity"] for r in await rows(connection, query, target, list(who)))


async def _groups(connection: Connection, target: int, canons: Collection[str]) -> frozenset[str]:
    """Those of these groups that were seen there."""
    query = "SELECT canon FROM seen_group WHERE target = %s AND canon = ANY(%s)"
    return frozenset(r["canon"] for r in await rows(connection, query, target, list(canons)))


async def _named(connection: Connection, target: int, names: Collection[str], who: UUID) -> tuple[
    Mapping[str, AccountSeen], frozenset[str]
]:  # fmt: skip
    """Accounts by canonical name, and the names of those that are linked to somebody else."""
    found = await rows(
        connection,
        """SELECT a.*, l.identity FROM seen_account a
        LEFT JOIN link l ON l.target = a.target AND l.key = a.key AND l.ended_at IS NULL
        WHERE a.target = %s AND a.canon @> ANY(%s::jsonb[])""",
        target,
        [Jsonb({"username": name}) for name in sorted(names)],
    )
    named = {canon_name(r["name"]): account_of(r) for r in found}
    return named, frozenset(canon_name(r["name"]) for r in found if r["identity"] not in (None, who))


async def _waits(connection: Connection, target: int, who: Collection[UUID]) -> dict[str, str]:
    """The first thing that the current plan of each of these waits for."""
    found = await rows(
        connection,
        """SELECT p.subject, coalesce(p.verdicts->'problems'->>0, (
            SELECT v->>'reason' FROM jsonb_array_elements(p.verdicts->'verdicts') v WHERE v->>'reason' <> '' LIMIT 1
        )) AS why FROM plan p WHERE p.target = %s AND p.subject = ANY(%s) AND p.current AND p.waiting""",
        target,
        [str(one) for one in who],
    )
    return {r["subject"]: r["why"] or "" for r in found}


async def expect(connection: Connection, target: int, subject: str, why: str, now: datetime, most: timedelta) -> None:
    """Something is awaited: look again after a minute, then after twice as long each time, `most` at the longest."""
    await connection.execute(
        """INSERT INTO awaited AS a (target, subject, since, look_at, why)
        VALUES (%(target)s, %(subject)s, %(now)s, %(now)s + interval '1 minute', %(why)s)
        ON CONFLICT (target, subject) DO UPDATE SET why = excluded.why, tries = least(a.tries + 1, 20),
            look_at = %(now)s + least(%(most)s, interval '1 minute' * 2 ^ least(a.tries + 1, 20))""",
        {"target": target, "subject": subject, "now": now, "why": why, "most": most},
    )


async def met(connection: Connection, target: int, subject: str) -> datetime | None:
    """Nothing is awaited any more; gives since when something was, None when nothing was."""
    found = await row(
        connection, "DELETE FROM awaited WHERE target = %s AND subject = %s RETURNING since", target, subject
    )
    return found["since"] if found else None


async def soon(connection: Connection, authority: int, subject: str, at: datetime) -> None:
    """Something was done at an authority: look then, at the latest, at the targets whose accounts it keeps."""
    await connection.execute(
        """UPDATE awaited a SET look_at = least(a.look_at, %s), tries = 0 FROM target t
        WHERE t.id = a.target AND t.authority = %s AND a.subject = %s""",
        (at, authority, subject),
    )


async def sweep(connection: Connection, target: int, now: datetime) -> None:
    """Mark those for whom it is time to look again whether what is awaited shows."""
    due = await rows(
        connection,
        "SELECT subject::uuid AS who FROM awaited WHERE target = %s AND look_at <= %s ORDER BY subject LIMIT %s",
        target,
        now,
        marks.SWEPT,
    )
    if due:
        await marks.mark_identities(connection, [target], [r["who"] for r in due], marks.SINGLE, None)
        await connection.execute(
            "UPDATE awaited SET look_at = %s WHERE target = %s AND look_at <= %s AND subject = ANY(%s)",
            (now + timedelta(minutes=5), target, now, [str(r["who"]) for r in due]),
        )


async def late(connection: Connection, now: datetime, targets: Collection[int] | None = None) -> list[Finding]:
    """What is awaited for longer than a day, the longest first; `targets` limits it to these."""
    found = await rows(
        connection,
        """SELECT t.name AS target, coalesce(s.name, i.user_name) AS account, coalesce(l.key, '') AS key,
            'since ' || to_char(a.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC: ' || a.why AS told
        FROM awaited a JOIN target t ON t.id = a.target AND t.retired_at IS NULL
        JOIN identity i ON i.id::text = a.subject
        LEFT JOIN link l ON l.target = a.target AND l.identity = i.id AND l.ended_at IS NULL
        LEFT JOIN seen_account s ON s.target = a.target AND s.key = l.key
        WHERE a.since + %s <= %s AND (%s::smallint[] IS NULL OR a.target = ANY(%s)) ORDER BY a.since, 1, 2""",
        LATE,
        now,
        *([None if targets is None else list(targets)] * 2),
    )
    return [Finding(r["target"], FindingKind.AWAITED, r["account"], r["key"], r["told"]) for r in found]


async def contradicted(connection: Connection) -> list[tuple[str, str, int, str]]:
    """Pairs of targets that seem to keep the same accounts: (this one, the other, accounts, the directory told).

    People with an account at both, whose account at the one cannot be changed there.
    """
    found = await rows(
        connection,
        """SELECT t.name, o.name AS other, count(*) AS n, min(a.authority) AS directory
        FROM link l JOIN seen_account a ON a.target = l.target AND a.key = l.key AND NOT a.writable
        JOIN target t ON t.id = l.target AND t.retired_at IS NULL
        JOIN link m ON m.identity = l.identity AND m.target <> l.target AND m.ended_at IS NULL
        JOIN seen_account b ON b.target = m.target AND b.key = m.key AND b.writable
        JOIN target o ON o.id = m.target AND o.retired_at IS NULL AND o.kind = ANY(%s)
        WHERE l.ended_at IS NULL GROUP BY t.name, o.name ORDER BY t.name, (min(o.kind) <> 'crowd'), o.name""",
        list(OWNERS),
    )
    return [(r["name"], r["other"], r["n"], r["directory"]) for r in found]

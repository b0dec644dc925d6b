"""What readings found at a target; a thing that a whole reading did not find is no longer here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tenure.model.capability import Capabilities
from tenure.model.seen import AccountSeen, Apart, GroupSeen, MemberSeen
from tenure.store.database import Connection, Row, row, rows


async def begin_reading(connection: Connection, target: int, population: str, now: datetime) -> int:
    """Start a reading of a population (`accounts`, `groups`, `members:<group>`); gives its number."""
    found = await row(
        connection,
        "INSERT INTO reading (target, population, started_at) VALUES (%s, %s, %s) RETURNING id",
        target,
        population,
        now,
    )
    assert found is not None
    return int(found["id"])


async def end_reading(
    connection: Connection, reading: int, now: datetime, *, count: int, proof: Mapping[str, object] | None, problem: str
) -> None:
    """A reading is complete when there is a proof; else `problem` says why it is not."""
    await connection.execute(
        "UPDATE reading SET ended_at = %s, complete = %s, count = %s, proof = %s, problem = %s WHERE id = %s",
        (now, proof is not None, count, Jsonb(proof) if proof is not None else None, problem or None, reading),
    )


async def last_reading(connection: Connection, target: int, population: str) -> Row | None:
    """The last complete reading of a population."""
    return await row(
        connection,
        "SELECT * FROM reading WHERE target = %s AND population = %s AND complete ORDER BY id DESC LIMIT 1",
        target,
        population,
    )


async def last_problem(connection: Connection, target: int) -> str | None:
    """Why the newest reading of the accounts was not whole, if it was not."""
    found = await row(
        connection,
        "SELECT problem FROM reading WHERE target = %s AND population = 'accounts' AND ended_at IS NOT NULL "
        "ORDER BY id DESC LIMIT 1",
        target,
    )
    return found["problem"] if found else None


async def last_count(connection: Connection, target: int, population: str) -> int | None:
    """How many things the newest reading that ended showed, whether it was believed or not."""
    found = await row(
        connection,
        """SELECT count FROM reading WHERE target = %s AND population = %s AND ended_at IS NOT NULL
        ORDER BY id DESC LIMIT 1""",
        target,
        population,
    )
    return found["count"] if found else None


async def known(connection: Connection, target: int, population: str) -> int:
    """How many things of a population are known: those of the last reading, and those seen or made since."""
    table = {"accounts": "seen_account", "groups": "seen_group"}.get(population)
    found = await row(connection, f"SELECT count(*) AS n FROM {table} WHERE target = %s", target) if table else None
    return int(found["n"]) if found else 0


async def count_active_linked(connection: Connection, target: int) -> None:
    """Keep how many active linked accounts there are now: shares of limits are shares of these."""
    await connection.execute(
        """UPDATE target SET active_linked = (
            SELECT count(*) FROM link l JOIN seen_account a ON a.target = l.target AND a.key = l.key AND a.active
            WHERE l.target = target.id AND l.ended_at IS NULL) WHERE id = %s""",
        (target,),
    )


async def save_accounts(
    connection: Connection,
    target: int,
    accounts: Sequence[AccountSeen],
    capabilities: Capabilities,
    reading: int | None,
    now: datetime,
) -> None:
    """Keep accounts as seen at `now`. Fields that were not shown keep what was seen of them before.

    A whole reading gives its start as `now`: what was seen of an account since then is newer than the listing, and
    stays.
    """
    if not accounts:
        return
    told = {a.key: _told(a, capabilities) for a in accounts}  # one that is listed twice is kept as it was shown last
    await connection.execute(
        """INSERT INTO seen_account AS s
            (target, key, name, active, fields, canon, authority, writable, groups_known, reading, seen_at,
             last_used, apart, permissions)
        SELECT %s, a.key, a.name, a.active, a.fields, a.canon, a.authority, a.writable, a.groups_known, %s, %s,
            a.last_used, a.apart, a.permissions
        FROM jsonb_to_recordset(%s) a(key text, name text, active boolean, fields jsonb, canon jsonb, authority text,
            writable boolean, groups_known boolean, last_used timestamptz, apart text, permissions text[])
        ORDER BY a.key COLLATE "C" ON CONFLICT (target, key) DO UPDATE SET
            name = excluded.name, active = excluded.active, fields = s.fields || excluded.fields,
            canon = s.canon || excluded.canon, authority = excluded.authority, writable = excluded.writable,
            groups_known = s.groups_known OR excluded.groups_known,
            reading = coalesce(excluded.reading, s.reading), seen_at = excluded.seen_at,
            last_used = coalesce(excluded.last_used, s.last_used), apart = excluded.apart,
            permissions = coalesce(excluded.permissions, s.permissions)
        WHERE excluded.reading IS NULL OR s.seen_at < excluded.seen_at""",
        (target, reading, now, Jsonb(list(told.values()))),
    )
    await _save_groups_of(connection, target, [a for a in accounts if a.groups is not None], capabilities, now)


def _told(account: AccountSeen, capabilities: Capabilities) -> dict[str, Any]:
    return {
        "key": account.key, "name": account.name, "active": account.active, "fields": dict(account.fields),
        "canon": _canon(account, capabilities), "authority": account.authority, "writable": account.writable,
        "groups_known": account.groups is not None, "last_used": account.last_used, "apart": account.apart,
        "permissions": None if account.permissions is None else sorted(account.permissions),
    }  # fmt: skip


async def _save_groups_of(
    connection: Connection, target: int, accounts: Sequence[AccountSeen], capabilities: Capabilities, now: datetime
) -> None:
    if not accounts:
        return
    canon, named = capabilities.group.canon, dict[str, str]()  # rows are locked in key order, as by everybody
    inside = {a.key: sorted({canon(name) for name in a.groups or ()}) for a in accounts}
    for account in accounts:
        named |= {canon(name): name for name in account.groups or ()}
    named = dict(sorted(named.items()))
    pairs = [(key, group) for key in sorted(inside) for group in inside[key]]
    keys, groups = [key for key, _ in pairs], [group for _, group in pairs]
    await connection.execute(
        """DELETE FROM seen_member WHERE target = %s AND key = ANY(%s)
        AND (canon, key) NOT IN (SELECT * FROM unnest(%s::text[], %s::text[]))""",
        (target, list(inside), groups, keys),
    )
    await connection.execute(
        """INSERT INTO seen_member (target, canon, key, seen_at)
        SELECT %s, m.canon, m.key, %s FROM unnest(%s::text[], %s::text[]) m(canon, key)
        ON CONFLICT (target, canon, key) DO UPDATE SET seen_at = excluded.seen_at""",
        (target, now, groups, keys),
    )
    await connection.execute(
        """INSERT INTO seen_group (target, canon, name, seen_at)
        SELECT %s, g.canon, g.name, %s FROM unnest(%s::text[], %s::text[]) g(canon, name) ON CONFLICT DO NOTHING""",
        (target, now, list(named), list(named.values())),
    )


async def exit_groups(connection: Connection, target: int, key: str, canons: Sequence[str]) -> None:
    """The account is no longer in these groups."""
    await connection.execute(
        "DELETE FROM seen_member WHERE target = %s AND key = %s AND canon = ANY(%s)", (target, key, list(canons))
    )


def _canon(account: AccountSeen, capabilities: Capabilities) -> dict[str, Any]:
    found = {name: capabilities.canon(name, value) for name, value in account.fields.items()}
    found["username"] = capabilities.canon("username", account.name)
    return found


async def forget_unread_accounts(connection: Connection, target: int, reading: int) -> None:
    """After a whole reading of the accounts: those that it did not find are not there."""
    await connection.execute(
        """WITH gone AS (DELETE FROM seen_account WHERE target = %s AND coalesce(reading, 0) < %s
                         AND seen_at < (SELECT started_at FROM reading WHERE id = %s) RETURNING key)
        DELETE FROM seen_member USING gone WHERE target = %s AND seen_member.key = gone.key""",
        (target, reading, reading, target),
    )


async def save_groups(
    connection: Connection,
    target: int,
    groups: Sequence[GroupSeen],
    capabilities: Capabilities,
    reading: int | None,
    now: datetime,
) -> None:
    """Keep groups as seen."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """INSERT INTO seen_group AS s (target, canon, name, gives, reading, seen_at) VALUES (%s,%s,%s,%s,%s,%s)
            ON CONFLICT (target, canon) DO UPDATE SET gives = excluded.gives, seen_at = excluded.seen_at,
                reading = coalesce(excluded.reading, s.reading)""",
            [(target, capabilities.group.canon(g.name), g.name, sorted(g.gives), reading, now) for g in groups],
        )


async def groups_that_give(connection: Connection, target: int) -> dict[str, str]:
    """The groups that give a licence or administration, as canonical name and name."""
    found = await rows(connection, "SELECT canon, name FROM seen_group WHERE target = %s AND gives <> '{}'", target)
    return {r["canon"]: r["name"] for r in found}


async def forget_unread_groups(connection: Connection, target: int, reading: int) -> None:
    """After a whole reading of the groups: those not found are not there."""
    await connection.execute(
        """DELETE FROM seen_group WHERE target = %s AND coalesce(reading, 0) < %s
        AND seen_at < (SELECT started_at FROM reading WHERE id = %s)""",
        (target, reading, reading),
    )


async def save_members(
    connection: Connection, target: int, canon: str, members: Sequence[MemberSeen], now: datetime
) -> None:
    """Keep members of one group, as seen."""
    await connection.execute(
        """INSERT INTO seen_member (target, canon, key, direct, seen_at)
        SELECT %s, %s, m.key, m.direct, %s FROM unnest(%s::text[], %s::boolean[]) m(key, direct)
        ON CONFLICT (target, canon, key) DO UPDATE SET direct = excluded.direct, seen_at = excluded.seen_at""",
        (target, canon, now, [m.key for m in members], [m.direct for m in members]),
    )


async def forget_unread_members(connection: Connection, target: int, canon: str, started: datetime) -> None:
    """After a whole reading of a group: who was not seen in it since the reading began is not in it."""
    await connection.execute(
        "DELETE FROM seen_member WHERE target = %s AND canon = %s AND seen_at < %s", (target, canon, started)
    )


async def accounts_by_key(connection: Connection, target: int, keys: Sequence[str]) -> dict[str, AccountSeen]:
    """Accounts as last seen, by key, with the groups of each as far as they are known."""
    found = await rows(connection, "SELECT * FROM seen_account WHERE target = %s AND key = ANY(%s)", target, list(keys))
    groups = await rows(
        connection,
        """SELECT m.key, g.name FROM seen_member m JOIN seen_group g USING (target, canon)
        WHERE m.target = %s AND m.key = ANY(%s) AND m.direct""",
        target,
        list(keys),
    )
    inside: dict[str, set[str]] = {}
    for r in groups:
        inside.setdefault(r["key"], set()).add(r["name"])
    return {r["key"]: account_of(r, inside.get(r["key"], set())) for r in found}


def account_of(found: Row, groups: set[str] | None = None) -> AccountSeen:
    """The account that a row of `seen_account` keeps."""
    return AccountSeen(
        key=found["key"],
        name=found["name"],
        active=found["active"],
        fields=found["fields"],
        groups=None if groups is None else frozenset(groups),
        authority=found["authority"],
        writable=found["writable"],
        last_used=found["last_used"],
        permissions=None if found["permissions"] is None else frozenset(found["permissions"]),
        apart=Apart(found["apart"]) if found["apart"] else None,
    )


async def accounts_like(
    connection: Connection, target: int, wanted: Mapping[UUID, Mapping[str, str]]
) -> dict[UUID, list[AccountSeen]]:
    """For each identity, the accounts in which any of its cells (canonical values) is equal; 20 at most."""
    cells = [(who, Jsonb({name: value})) for who, said in wanted.items() for name, value in said.items()]
    found = await rows(
        connection,
        """SELECT w.identity, a.* FROM unnest(%s::uuid[], %s::jsonb[]) w(identity, cell) CROSS JOIN LATERAL (
            SELECT * FROM seen_account WHERE target = %s AND canon @> w.cell ORDER BY key LIMIT 20) a ORDER BY a.key""",
        [who for who, _ in cells],
        [cell for _, cell in cells],
        target,
    )
    like: dict[UUID, dict[str, AccountSeen]] = {who: {} for who in wanted}
    for r in found:
        mine = like[r["identity"]]
        if len(mine) < 20:
            mine[r["key"]] = account_of(r)
    return {who: list(mine.values()) for who, mine in like.items()}


async def group_named(connection: Connection, target: int, canon: str) -> GroupSeen | None:
    """A group as last seen."""
    found = await row(connection, "SELECT name, gives FROM seen_group WHERE target = %s AND canon = %s", target, canon)
    return GroupSeen(found["name"], frozenset(found["gives"])) if found else None

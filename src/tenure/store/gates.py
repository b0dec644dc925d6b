"""Gates: who passed, what is held, and the latch that only a decision opens; counted in the intent's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from tenure.model.change import Change, Outcome, encode
from tenure.model.gate import GROUP, GateClass, digest_of
from tenure.store.database import Connection, Row, row, rows


@dataclass(frozen=True, slots=True)
class Leaf:
    """What one gate holds of one subject: the digests of its changes, and whether a person has approved them."""

    name: str
    subject: str
    digests: tuple[str, ...]
    approved: bool


async def lock(connection: Connection, target: int, names: Sequence[str]) -> dict[str, bool]:
    """Lock these gates until the transaction ends, in the order of their names; says of each whether it is shut."""
    if not names:
        return {}
    await connection.execute(
        """INSERT INTO gate (target, class) SELECT %s, c FROM unnest(%s::text[]) c ORDER BY c COLLATE "C"
        ON CONFLICT DO NOTHING""",
        (target, list(names)),
    )
    found = await rows(
        connection,
        "SELECT class, state FROM gate WHERE target = %s AND class = ANY(%s) ORDER BY class FOR UPDATE",
        target,
        list(names),
    )
    return {r["class"]: r["state"] == "filled" for r in found}


async def shut(connection: Connection, target: int, name: str) -> dict[str, bool]:
    """Whether this gate is shut, as it stands, without locking it."""
    found = await row(connection, "SELECT state FROM gate WHERE target = %s AND class = %s", target, name)
    return {name: found is not None and found["state"] == "filled"}


async def passed(connection: Connection, target: int, since: Mapping[str, datetime]) -> dict[str, set[str]]:
    """Who passed each gate since the moment given, approved ones apart."""
    found = await rows(
        connection,
        """SELECT DISTINCT u.class, u.subject FROM gate_use u
        JOIN unnest(%s::text[], %s::timestamptz[]) w(class, since) ON w.class = u.class
        WHERE u.target = %s AND u.at > w.since AND u.state <> 'released' AND NOT u.approved""",
        list(since),
        list(since.values()),
        target,
    )
    through: dict[str, set[str]] = {name: set() for name in since}
    for r in found:
        through[r["class"]].add(r["subject"])
    return through


async def fill(connection: Connection, target: int, name: str, reason: str, now: datetime) -> None:
    """Shut a gate that is locked: it opens when a person decides."""
    await connection.execute(
        "UPDATE gate SET state = 'filled', filled_at = %s, reason = %s WHERE target = %s AND class = %s",
        (now, reason, target, name),
    )


async def use(
    connection: Connection, target: int, subject: str, intent: int, through: Mapping[str, bool], now: datetime
) -> None:
    """This intent passes these gates; True for those that a person opened for it."""
    await connection.execute(
        """INSERT INTO gate_use (target, class, subject, intent, at, approved)
        SELECT %s, n.class, %s, %s, %s, n.approved FROM unnest(%s::text[], %s::boolean[]) n(class, approved)""",
        (target, subject, intent, now, list(through), list(through.values())),
    )


async def settle(
    connection: Connection, target: int, outcomes: Mapping[int, Outcome], now: datetime
) -> dict[int, list[str]]:
    """What became of intents counts, or does not; gives, by intent, the classes whose approval was used up by it."""
    counts = (Outcome.APPLIED, Outcome.PENDING)
    found = await rows(
        connection,
        """UPDATE gate_use SET state = o.state, settled_at = %s FROM unnest(%s::bigint[], %s::text[]) o(intent, state)
        WHERE gate_use.intent = o.intent AND gate_use.state = 'reserved'
        RETURNING gate_use.intent, class, subject, approved""",
        now,
        list(outcomes),
        ["applied" if outcome in counts else "released" for outcome in outcomes.values()],
    )
    used = [r for r in found if r["approved"] and outcomes[r["intent"]] is not Outcome.FAILED]
    if used:
        await connection.execute(
            """DELETE FROM held USING unnest(%s::text[], %s::text[]) u(subject, class)
            WHERE held.target = %s AND held.subject = u.subject AND held.class = u.class AND state = 'approved'""",
            ([r["subject"] for r in used], [r["class"] for r in used], target),
        )
    spent: dict[int, list[str]] = {}
    for r in used:
        spent.setdefault(r["intent"], []).append(r["class"])
    return spent


async def leaves(connection: Connection, target: int, subjects: Sequence[str]) -> dict[str, list[Leaf]]:
    """What is held or approved of these subjects."""
    found = await rows(
        connection,
        "SELECT class, subject, digests, state FROM held WHERE target = %s AND subject = ANY(%s) ORDER BY class",
        target,
        list(subjects),
    )
    kept: dict[str, list[Leaf]] = {}
    for r in found:
        leaf = Leaf(r["class"], r["subject"], tuple(r["digests"]), r["state"] == "approved")
        kept.setdefault(leaf.subject, []).append(leaf)
    return kept


async def hold(
    connection: Connection,
    target: int,
    subject: str,
    name: str,
    changes: Sequence[Change],
    inverses: Sequence[Mapping[str, Any]],
    reason: str,
    plan: int | None,
    cause: int | None,
    now: datetime,
    digests: Sequence[str] | None = None,
) -> int:
    """Put changes of one subject under a gate that is locked, as a new leaf or instead of its old one.

    `inverses` are what a rejection refuses (`planning.inversion`). Gives the gate's new revision.
    """
    cursor = await connection.execute(
        """WITH g AS (UPDATE gate SET revision = revision + 1 WHERE target = %(target)s AND class = %(class)s
                      RETURNING revision)
        INSERT INTO held (target, class, subject, plan, changes, inverses, digests, reason, revision, cause, since)
        SELECT %(target)s, %(class)s, %(subject)s, %(plan)s, %(changes)s, %(inverses)s, %(digests)s, %(reason)s,
               g.revision, %(cause)s, %(now)s FROM g
        ON CONFLICT (target, class, subject) DO UPDATE SET plan = excluded.plan, changes = excluded.changes,
            inverses = excluded.inverses, digests = excluded.digests, reason = excluded.reason,
            revision = excluded.revision, cause = excluded.cause, since = excluded.since, state = 'held',
            decision = NULL
        RETURNING revision""",
        {
            "target": target, "class": name, "subject": subject, "plan": plan, "reason": reason, "cause": cause,
            "changes": Jsonb([encode(change) for change in changes]), "inverses": Jsonb(list(inverses)), "now": now,
            "digests": sorted(digests or (digest_of(change) for change in changes)),
        },
    )  # fmt: skip
    found = await cursor.fetchone()
    assert found is not None
    return int(found[0])


async def drop(connection: Connection, target: int, subject: str, names: Sequence[str]) -> None:
    """What these gates held of a subject is no longer needed."""
    await connection.execute(
        "DELETE FROM held WHERE target = %s AND subject = %s AND class = ANY(%s)", (target, subject, list(names))
    )


async def opens(connection: Connection, target: int) -> dict[str, frozenset[str]]:
    """The groups that open something, by canonical name."""
    found = await rows(connection, "SELECT canon, gives FROM seen_group WHERE target = %s AND gives <> '{}'", target)
    return {r["canon"]: frozenset(r["gives"]) for r in found}


async def active_linked(connection: Connection, target: int) -> int | None:
    """How many active linked accounts there were at the last complete reading; None before the first."""
    found = await row(connection, "SELECT active_linked FROM target WHERE id = %s", target)
    return found["active_linked"] if found else None


async def group_size(connection: Connection, target: int, canon: str) -> int:
    """How many accounts were last seen in a group, those not counted who are on their way out of it."""
    found = await row(
        connection,
        """WITH going AS MATERIALIZED (SELECT l.key FROM gate_use u
            JOIN link l ON l.target = u.target AND l.identity = u.subject::uuid AND l.ended_at IS NULL
            WHERE u.target = %s AND u.class = %s AND u.state = 'reserved')
        SELECT count(*) AS n FROM seen_member WHERE target = %s AND canon = %s AND direct
        AND key NOT IN (SELECT key FROM going)""",
        target,
        GROUP + canon,
        target,
        canon,
    )
    return int(found["n"]) if found else 0


async def group_leavers(connection: Connection, target: int, canon: str, feeding: Sequence[object]) -> set[str]:
    """Who is in a group through us, has not left, and is in none of the source groups that lead there any more.

    They are about to lose it: a group that one request empties is known to be emptied before the first has left. Those
    whose loss a person approved or refused do not count.
    """
    found: list[Row] = await rows(
        connection,
        """SELECT i.id::text AS subject FROM given_member g
        JOIN link l ON l.target = g.target AND l.key = g.key AND l.ended_at IS NULL
        JOIN identity i ON i.id = l.identity AND i.active AND i.gone_at IS NULL
        JOIN seen_member s ON s.target = g.target AND s.canon = g.canon AND s.key = g.key
        WHERE g.target = %s AND g.canon = %s
        AND NOT EXISTS (SELECT FROM belonging m WHERE m.identity = i.id AND m.source_group = ANY(%s::uuid[]))
        AND NOT EXISTS (SELECT FROM veto v WHERE v.target = g.target AND v.identity = i.id AND v.ended_at IS NULL
                        AND v.cell = 'member:' || g.canon)
        AND NOT EXISTS (SELECT FROM held h WHERE h.target = g.target AND h.subject = i.id::text
                        AND h.class = %s AND h.state = 'approved')""",
        target,
        canon,
        list(feeding),
        GROUP + canon,
    )
    return {r["subject"] for r in found}


_READING = "reading"


async def doubt(
    connection: Connection, target: int, population: str, last: int, count: int, reason: str, now: datetime
) -> None:
    """Hold a reading that shows far less than the last one, until a person agrees that so much is gone."""
    await lock(connection, target, [GateClass.READINGS])
    known = f"{population}:{last}:{count}"
    found = await row(
        connection, "SELECT digests FROM held WHERE target = %s AND class = %s AND subject = %s AND state = 'held'",
        target, GateClass.READINGS, _READING,
    )  # fmt: skip
    if found is None or found["digests"] != [known]:
        await hold(connection, target, _READING, GateClass.READINGS, (), (), reason, None, None, now, digests=[known])


async def agreed_count(connection: Connection, target: int, population: str, last: int) -> int | None:
    """How much a person agreed to see after that complete reading, or None."""
    found = await row(
        connection,
        "SELECT digests FROM held WHERE target = %s AND class = %s AND subject = %s AND state = 'approved'",
        target, GateClass.READINGS, _READING,
    )  # fmt: skip
    known = next((d for d in (found["digests"] if found else ()) if d.startswith(f"{population}:{last}:")), None)
    return int(known.rpartition(":")[2]) if known else None


async def forget_doubt(connection: Connection, target: int, population: str) -> None:
    """The population is believed again: what was held about it drops out."""
    await connection.execute(
        "DELETE FROM held WHERE target = %s AND class = %s AND subject = %s AND digests[1] LIKE %s",
        (target, GateClass.READINGS, _READING, population + ":%"),
    )

"""What there is to find in the accounts that were last seen at the targets; nothing here changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tenure.model.farewell import Overdue
from tenure.model.finding import Finding, FindingKind, LicenceUse
from tenure.model.gate import GateClass
from tenure.model.plan import TWO_NAMES
from tenure.store.database import Connection, rows
from tenure.store.rights import POPULATION

_TELLS = "EXISTS (SELECT FROM seen_account o WHERE o.target = {} AND o.last_used IS NOT NULL)"
"""Whether a target tells when an account was last used: it has told of one."""
_DAY = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
_IDLE = "(a.last_used IS NULL OR a.last_used < %(since)s)"


_LEFT = """(SELECT x.*, coalesce(x.left_at, (SELECT min(c.made_at) FROM clearance c
    WHERE c.identity = x.id AND c.kind = 'leave' AND c.ended_at IS NULL)) AS gone_since FROM identity x)"""
"""Identities with when they left: the source said so, or a person closed them (`tenure leave`)."""
OVERDUE = f"""
SELECT t.name AS target, i.user_name, a.name AS account, i.gone_since AS left_at, coalesce(p.why, '') AS why
FROM {_LEFT} i JOIN link l ON l.identity = i.id AND l.ended_at IS NULL
JOIN target t ON t.id = l.target AND t.retired_at IS NULL AND t.mode <> 'observe'
JOIN seen_account a ON a.target = l.target AND a.key = l.key AND a.active
LEFT JOIN desired d ON d.target = t.id AND d.identity = i.id
LEFT JOIN LATERAL (SELECT v->>'reason' AS why FROM plan p, jsonb_array_elements(p.verdicts->'verdicts') v
                   WHERE p.target = t.id AND p.subject = i.id::text AND p.current AND v->>'reason' <> ''
                   LIMIT 1) p ON true
WHERE i.gone_since + t.leaver_deadline < %s AND NOT coalesce(d.reached, false)
"""
"""Who left longer ago than the deadline, and whose account is still open; one parameter, the time.

Where an application cannot close accounts, that is somebody from whom not everything was taken.
"""


async def overdue(connection: Connection, now: datetime) -> list[Overdue]:
    """Who should have been out by now, at every target that is written to, the longest first."""
    return [Overdue(**r) for r in await rows(connection, f"{OVERDUE} ORDER BY i.gone_since, t.name, a.name", now)]


async def named(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """The targets of these names, all of them when none is named, with their numbers."""
    found = await rows(
        connection, "SELECT id, name FROM target WHERE name = ANY(%s) OR %s ORDER BY name", list(names), not names
    )
    return {r["name"]: r["id"] for r in found}


async def licence_use(connection: Connection, targets: Sequence[int], since: datetime) -> list[LicenceUse]:
    """The seats of every licence of these targets; idle is who has not signed in since then."""
    found = await connection.execute(
        f"""SELECT t.name, s.licence, s.total, s.used,
            CASE WHEN {_TELLS.format("t.id")} THEN (
                SELECT count(*) FROM seen_account a WHERE a.target = s.target AND a.active AND {_IDLE}
                AND EXISTS (SELECT FROM seen_member m WHERE m.target = a.target AND m.key = a.key
                            AND m.canon = ANY(s.groups))) END,
            (SELECT count(*) FROM seat_queue q WHERE q.target = s.target AND q.licence = s.licence), s.seen_at,
            (SELECT count(*) FROM held h WHERE h.target = s.target AND h.class = '{GateClass.IDLE.value}'
             AND h.state = 'held' AND EXISTS (SELECT FROM link l JOIN seen_member m ON m.target = l.target
                 AND m.key = l.key AND m.canon = ANY(s.groups) WHERE l.target = h.target
                 AND l.identity::text = h.subject AND l.ended_at IS NULL)), t.seat_price
        FROM seat s JOIN target t ON t.id = s.target WHERE s.target = ANY(%(targets)s)
        ORDER BY t.name, s.licence""".encode(),
        {"targets": list(targets), "since": since},
    )
    return [LicenceUse(*row) for row in await found.fetchall()]


async def findings(connection: Connection, targets: Sequence[int], since: datetime) -> list[Finding]:
    """All findings about active accounts of these targets, and about groups, by target, kind and name.

    Where it is not known what groups open, that is said in the place of findings about them.
    """
    given = {"targets": list(targets), "since": since}
    found: list[Finding] = []
    for kind, query in _QUERIES.items():
        cursor = await connection.execute(query.encode(), given)
        found += [Finding(row[0], kind, *row[1:]) for row in await cursor.fetchall()]
    for name, told in await (await connection.execute(_RIGHTS, (list(targets),))).fetchall():
        found += [Finding(name, FindingKind.RIGHTS_NOT_READ, "", "", told)] if told else []
    for name, group, told in await (await connection.execute(_OPENS_NOTHING, (list(targets),))).fetchall():
        found.append(Finding(name, FindingKind.OPENS_NOTHING, "", "", told, group))
    return sorted(found, key=lambda one: (one.target, one.kind, one.account, one.group))


_RIGHTS = f"""
SELECT t.name, CASE WHEN r.id IS NULL THEN
    'what its groups open was not read yet: `tenure report findings --read-rights` has it read'
    ELSE 'what its groups open could not be read whole on ' || {_DAY.format("r.ended_at")} || ': ' || r.problem END
FROM target t LEFT JOIN LATERAL (
    SELECT id, ended_at, problem FROM reading WHERE target = t.id AND population = '{POPULATION}'
    AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1) r ON true
WHERE t.id = ANY(%s)
""".encode()
"""Of each target, why it is not known what its groups open; NULL where the last reading of that was whole."""
_OPENS_NOTHING = f"""
SELECT t.name, g.name, 'nothing that the application tells of, read on ' || {_DAY.format("g.rights_at")} || '; '
    || CASE WHEN EXISTS (SELECT FROM reading r WHERE r.target = g.target AND r.population = 'members:' || g.name
                         AND r.complete)
       THEN (SELECT count(*) FROM seen_member m WHERE m.target = g.target AND m.canon = g.canon) || ' in it'
       ELSE 'who is in it was not read' END
FROM seen_group g JOIN target t ON t.id = g.target
WHERE g.target = ANY(%s) AND g.rights_at IS NOT NULL AND g.gives = '{{}}'
AND NOT EXISTS (SELECT FROM seen_right o WHERE o.target = g.target AND o.canon = g.canon)
""".encode()
"""Groups that a whole reading covered and that open nothing, be there anybody in them or not."""


def _accounts(told: str, joins: str, where: str = "true") -> str:
    """A query for active accounts, with what is told of each; `joins` and `where` say which."""
    return f"""SELECT t.name, a.name, a.key, {told} FROM seen_account a JOIN target t ON t.id = a.target {joins}
        WHERE a.active AND a.target = ANY(%(targets)s) AND {where}"""


_QUERIES = {
    FindingKind.LEAVER_ACTIVE: _accounts(
        "i.user_name || ' left ' || to_char(i.gone_since AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
        f"""JOIN link l ON l.target = a.target AND l.key = a.key AND l.ended_at IS NULL
            JOIN {_LEFT} i ON i.id = l.identity AND i.gone_since IS NOT NULL""",
    ),
    FindingKind.TWICE: _accounts(
        "'the address ' || o.email || ' is also that of ' || array_to_string(array_remove(o.names, a.name), ', ')",
        """JOIN (SELECT target, lower(canon ->> 'email') AS email, array_agg(name ORDER BY name) AS names
            FROM seen_account WHERE active AND canon ->> 'email' <> '' GROUP BY 1, 2 HAVING count(*) > 1) o
            ON o.target = a.target AND o.email = lower(a.canon ->> 'email')""",
    ),
    FindingKind.UNKNOWN_ADMINISTRATOR: _accounts(
        "'is in ' || g.names",
        """JOIN LATERAL (SELECT string_agg(g.name, ', ' ORDER BY g.name) AS names FROM seen_member m
            JOIN seen_group g ON g.target = m.target AND g.canon = m.canon AND 'administration' = ANY(g.gives)
            WHERE m.target = a.target AND m.key = a.key) g ON g.names IS NOT NULL""",
        """a.name IS DISTINCT FROM t.account AND NOT EXISTS (
            SELECT FROM link l WHERE l.target = a.target AND l.key = a.key AND l.ended_at IS NULL)""",
    ),
    FindingKind.TWO_NAMES: _accounts(
        "p.why",
        f"""JOIN link l ON l.target = a.target AND l.key = a.key AND l.ended_at IS NULL
            JOIN LATERAL (SELECT v->>'reason' AS why FROM plan, jsonb_array_elements(verdicts->'verdicts') v
                WHERE target = a.target AND subject = l.identity::text AND current AND waiting
                AND v->>'decision' <> 'go' AND v->>'reason' LIKE '%%{TWO_NAMES}') p ON true""",
    ),
    FindingKind.UNUSED_LICENCE: _accounts(
        """s.names || ': ' || coalesce(
            'last signed in ' || to_char(a.last_used AT TIME ZONE 'UTC', 'YYYY-MM-DD'), 'never signed in')""",
        """JOIN LATERAL (SELECT string_agg(s.licence, ', ' ORDER BY s.licence) AS names FROM seat s
            WHERE s.target = a.target AND EXISTS (SELECT FROM seen_member m
                WHERE m.target = a.target AND m.key = a.key AND m.canon = ANY(s.groups))) s ON s.names IS NOT NULL""",
        f"{_IDLE} AND {_TELLS.format('a.target')}",
    ),
}

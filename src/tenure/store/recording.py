"""What a source tells, stored together with its audit entry and its marks in ONE statement.

A statement that stands alone is a transaction: a request costs one round trip, and half of it cannot happen.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from tenure.store import marks
from tenure.store.audit import Entry, commitment
from tenure.store.database import Connection

BULK_ABOVE = 100
"""A change of memberships that touches more people than this marks them as part of a bulk."""
SCOPE_ABOVE = 50_000
"""A change of memberships that touches more people than this leaves one scope mark instead."""

_ON_MARK = """
ON CONFLICT (target, subject) DO UPDATE SET
    seq = excluded.seq, prio = least(due.prio, excluded.prio), not_before = NULL, attempts = 0, cause = excluded.cause
"""
_ENTRY = """
INSERT INTO audit (at, actor, action, subject, source, facts, commitment)
SELECT %s, %s, %s, %s, %s, %s, %s FROM written RETURNING id
"""
_PERSONAL = "INSERT INTO audit_personal (audit, salt, fields) SELECT id, %s, %s FROM entry"
_SHARD = "('x' || right(identity::text, 1))::bit(4)::int"


async def write_identity(
    connection: Connection, statement: tuple[str, Sequence[Any]], entry: Entry, targets: Sequence[int], prio: int
) -> bool:
    """Run the one INSERT or UPDATE of an identity, with its audit entry and a mark of it at each of the targets.

    The identity is the subject of the entry, which has personal values. Gives False, and writes nothing, when there was
    nothing that the statement fits.
    """
    sql, values = statement
    salt = secrets.token_bytes(16)
    personal = orjson.dumps(entry.personal, option=orjson.OPT_SORT_KEYS)
    query = f"""WITH written AS ({sql} RETURNING 1), entry AS ({_ENTRY}), personal AS ({_PERSONAL}), marked AS (
        INSERT INTO due (target, subject, shard, prio, seq, cause)
        SELECT t, %s, %s, %s, nextval('due_seq'), entry.id FROM entry, unnest(%s::smallint[]) t ORDER BY t {_ON_MARK})
    SELECT EXISTS (SELECT FROM written)"""
    cursor = await connection.execute(
        query.encode(),
        (
            *values,
            *(entry.at, entry.actor, entry.action, entry.subject, entry.source, _json(entry.facts)),
            *(commitment(salt, personal), salt, personal.decode()),
            *(entry.subject, marks.shard_of(UUID(entry.subject or "")), prio, list(targets)),
        ),
    )
    found = await cursor.fetchone()
    return bool(found and found[0])


@dataclass(frozen=True, slots=True)
class MembersWritten:
    """What a change of memberships came to.

    `found` is False when there is no such group; `unknown` when somebody who is not an identity of the source was to
    join. `nested`: some of those who were to leave are groups. Either way nothing was written. `touched` counts who
    really joined or left.
    """

    found: bool
    unknown: bool
    nested: bool
    touched: int


_MANY, _ONE = "ANY(%({0})s)", "(%({0})s::uuid[])[1]"
"""How those who join or leave are looked up: of one at most, the planner then knows that it is one, so that it need not
plan anew each time, which would take longer than the work."""
_LEAVING = "SELECT identity FROM member, grp WHERE source_group = grp.id AND {} ORDER BY identity FOR UPDATE OF member"
_NAMED = _LEAVING.format("identity = {leaving}")
_OTHERS = _LEAVING.format("NOT EXISTS (SELECT FROM unnest(%(join)s::uuid[]) k WHERE k = identity)")
_MEMBERS = """
WITH grp AS (
    SELECT id FROM source_group WHERE id = %(group)s AND source = %(source)s AND {alive} FOR KEY SHARE
), live AS (
    SELECT i.id FROM identity i WHERE i.id = {joining} AND i.source = %(source)s AND i.gone_at IS NULL
    ORDER BY i.id FOR KEY SHARE
), nested AS (
    SELECT FROM nested_group n, grp WHERE n.parent = grp.id AND NOT %(people)s
    AND (%(leave)s::uuid[] IS NULL OR n.child = {leaving}) LIMIT 1
), ok AS (
    SELECT grp.id FROM grp
    WHERE (SELECT count(*) FROM live) = cardinality(%(join)s::uuid[]) AND NOT EXISTS (SELECT FROM nested)
), going AS ({going}), removed AS (
    DELETE FROM member m USING going, ok WHERE m.source_group = ok.id AND m.identity = going.identity
    RETURNING m.identity
), added AS (
    INSERT INTO member (source_group, identity, since) SELECT ok.id, live.id, %(at)s FROM ok, live ORDER BY live.id
    ON CONFLICT DO NOTHING RETURNING identity
), touched AS (
    SELECT identity, true AS lost FROM removed UNION ALL SELECT identity, false FROM added
), tally AS (
    SELECT count(*) AS n, count(*) FILTER (WHERE lost) AS lost FROM touched
), entry AS (
    INSERT INTO audit (at, actor, action, subject, source, facts)
    SELECT %(at)s, %(actor)s, %(action)s, %(group)s::uuid::text, %(source)s, %(facts)s::jsonb || jsonb_build_object(
        'added', array(SELECT identity FROM added ORDER BY 1),
        'removed', array(SELECT identity FROM removed ORDER BY 1))
    FROM ok, tally WHERE n > 0 OR %(always)s RETURNING id
), version AS (
    INSERT INTO group_version AS v (source_group, slot, n, modified_at)
    SELECT ok.id, %(slot)s, 1, %(at)s FROM ok, tally WHERE tally.n > 0
    ON CONFLICT (source_group, slot) DO UPDATE
    SET n = v.n + 1, modified_at = greatest(v.modified_at, excluded.modified_at)
), marked AS (
    INSERT INTO due (target, subject, shard, prio, seq, cause)
    SELECT t, subject, shard, prio, nextval('due_seq'), entry.id FROM entry, unnest(%(targets)s::smallint[]) t, (
        SELECT identity::text COLLATE "C" AS subject, {shard} AS shard,
               CASE WHEN n > {bulk_above} THEN {bulk} WHEN touched.lost THEN {loss} ELSE {single} END AS prio
        FROM touched, tally WHERE n <= {scope_above}
        UNION ALL
        SELECT CASE WHEN lost > 0 THEN 'scope:all' ELSE 'scope:' || %(group)s::uuid::text END, {readings}, {single}
        FROM tally WHERE n > {scope_above}
    ) due_now ORDER BY t, subject {on_mark}
)
SELECT EXISTS (SELECT FROM grp), (SELECT count(*) FROM live) = cardinality(%(join)s::uuid[]),
       EXISTS (SELECT FROM nested), (SELECT n FROM tally)
"""


async def write_members(
    connection: Connection,
    entry: Entry,
    group: UUID,
    *,
    join: Sequence[UUID],
    leave: Sequence[UUID] | None,
    targets: Sequence[int],
    slot: int,
    ended: bool = False,
    people: bool = False,
) -> MembersWritten:
    """Put people into a live group of the source and take others out, with the audit entry, the group's version and
    marks of those for whom that changed something; nothing is written when it did for nobody.

    `join` is in order and without repetitions. With `leave` None nobody stays but those who join. `people`: groups
    inside this one are left alone, whatever `leave` says. A group that has just been `ended` is emptied, and its entry
    is written even when nobody was in it. Above 50,000 people one scope
    mark is left: of the group, or of all when somebody left, whom the group's scope would not reach.
    """
    joining = (_ONE if len(join) <= 1 else _MANY).format("join")
    leaving = (_ONE if leave is not None and len(leave) <= 1 else _MANY).format("leave")
    query = _MEMBERS.format(
        alive="gone_at IS NOT NULL" if ended else "gone_at IS NULL",
        going=_OTHERS if leave is None else _NAMED.format(leaving=leaving), joining=joining, leaving=leaving,
        shard=_SHARD, on_mark=_ON_MARK, bulk=marks.BULK, loss=marks.LOSS, single=marks.SINGLE,
        readings=marks.READINGS, bulk_above=BULK_ABOVE, scope_above=SCOPE_ABOVE,
    )  # fmt: skip
    values = {
        "group": group, "source": entry.source, "join": list(join), "at": entry.at,
        "leave": None if leave is None else list(leave),
        "actor": entry.actor, "action": entry.action, "facts": _json(entry.facts), "always": ended, "slot": slot,
        "targets": list(targets), "people": people or ended,
    }  # fmt: skip
    cursor = await connection.execute(query.encode(), values)
    row = await cursor.fetchone()
    assert row is not None
    return MembersWritten(found=row[0], unknown=row[0] and not row[1], nested=row[2], touched=row[3])


def _json(facts: Mapping[str, Any]) -> str:
    return orjson.dumps(facts).decode()

"""The lists that screens show: sources and targets in numbers, people, last changes and what waits. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from tenure.model.change import Outcome, decode
from tenure.model.plan import decode_plan
from tenure.model.story import Overview, People, Person, Place, Planned, SourceState, Stop, TargetState, Write
from tenure.store.database import Connection, Row, rows

_SOURCES = """
SELECT s.name, s.kind, i.active, i.inactive, i.gone, g.groups, a.at AS last_event_at FROM source s
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE gone_at IS NULL AND active) AS active,
           count(*) FILTER (WHERE gone_at IS NULL AND NOT active) AS inactive,
           count(*) FILTER (WHERE gone_at IS NOT NULL) AS gone FROM identity WHERE source = s.id) i
CROSS JOIN LATERAL (SELECT count(*) AS groups FROM source_group WHERE source = s.id AND gone_at IS NULL) g
LEFT JOIN LATERAL (SELECT at FROM audit WHERE source = s.id ORDER BY id DESC LIMIT 1) a ON true
WHERE s.retired_at IS NULL ORDER BY s.name
"""
_TARGETS = """
SELECT t.name, t.kind, t.mode, t.state, t.stop_reason, t.version, l.linked, p.waiting, o.open_intents, d.due,
       w.ended_at AS read_at, w.count AS read_accounts, n.problem AS read_problem, j.answered_at AS changed_at
FROM target t
CROSS JOIN LATERAL (SELECT count(*) AS linked FROM link WHERE target = t.id AND ended_at IS NULL) l
CROSS JOIN LATERAL (SELECT count(*) AS waiting FROM plan WHERE target = t.id AND current AND waiting) p
CROSS JOIN LATERAL (SELECT count(*) AS open_intents FROM intent WHERE target = t.id AND state = 'open') o
CROSS JOIN LATERAL (SELECT count(*) AS due FROM due WHERE target = t.id AND subject <> 'reading') d
LEFT JOIN LATERAL (SELECT ended_at, count FROM reading WHERE target = t.id AND population = 'accounts' AND complete
                   ORDER BY id DESC LIMIT 1) w ON true
LEFT JOIN LATERAL (SELECT problem FROM reading WHERE target = t.id AND population = 'accounts'
                   AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1) n ON true
LEFT JOIN LATERAL (SELECT answered_at FROM journal WHERE target = t.id ORDER BY id DESC LIMIT 1) j ON true
WHERE t.retired_at IS NULL ORDER BY t.name
"""
_COUNT = """
SELECT count(*) AS n FROM identity i
WHERE %s = '' OR i.user_name ILIKE %s OR i.display_name ILIKE %s OR i.id::text = %s
"""
_PEOPLE = """
SELECT i.id, s.name AS source, i.user_name, i.display_name, i.active, i.gone_at IS NOT NULL AS gone
FROM identity i JOIN source s ON s.id = i.source
WHERE %s = '' OR i.user_name ILIKE %s OR i.display_name ILIKE %s OR i.id::text = %s
ORDER BY i.gone_at IS NOT NULL, i.user_name_canon, i.id OFFSET %s LIMIT %s
"""
_PLACES = """
SELECT i.id, t.name AS target, l.key, l.adopted, a.name AS account, a.active, p.waiting
FROM unnest(%s::uuid[]) i(id) CROSS JOIN target t
LEFT JOIN link l ON l.target = t.id AND l.identity = i.id AND l.ended_at IS NULL
LEFT JOIN seen_account a ON a.target = t.id AND a.key = l.key
LEFT JOIN plan p ON p.target = t.id AND p.subject = i.id::text AND p.current
WHERE t.retired_at IS NULL ORDER BY t.name
"""
_CHANGES = """
SELECT j.id, j.plan, t.name AS target, j.subject, j.change, j.outcome, j.detail, j.evidence, j.answered_at, j.seen_at,
       coalesce((p.verdicts->>'drift')::boolean, false) AS drift
FROM journal j JOIN target t ON t.id = j.target JOIN plan p ON p.id = j.plan WHERE j.id < %s ORDER BY j.id DESC LIMIT %s
"""
_WAITING = """
SELECT p.id, t.name AS target, p.subject, p.situation, p.verdicts, p.revision, p.made_at
FROM plan p JOIN target t ON t.id = p.target
WHERE p.current AND p.waiting AND t.retired_at IS NULL AND (%s::text IS NULL OR t.name = %s) ORDER BY t.name, p.id
"""
_STOPS = """
WITH waiting AS (
    SELECT t.name AS target, p.id, p.subject, p.verdicts FROM plan p JOIN target t ON t.id = p.target
    WHERE p.current AND p.waiting AND t.retired_at IS NULL
), stop AS (
    SELECT w.target, w.id, w.subject, v->>'reason' AS reason,
           CASE WHEN v->>'decision' = 'refuse' THEN 'refused' ELSE coalesce(c.class, 'removal') END AS kind
    FROM waiting w CROSS JOIN LATERAL jsonb_array_elements(w.verdicts->'verdicts') v
    LEFT JOIN unnest(%s::text[], %s::text[]) c(change, class) ON c.change = v->'change'->>'kind'
    WHERE v->>'decision' IN ('hold', 'refuse')
    UNION ALL
    SELECT w.target, w.id, w.subject, x, 'problem'
    FROM waiting w CROSS JOIN LATERAL jsonb_array_elements_text(w.verdicts->'problems') x
)
SELECT target, kind, reason, grouping(reason) = 1 AS whole, count(DISTINCT subject) AS people, max(id) AS newest,
       (array_agg(DISTINCT subject))[1:%s] AS some
FROM stop GROUP BY GROUPING SETS ((target, kind), (target, kind, reason))
ORDER BY target, kind, whole DESC, people DESC, reason
"""
_LAST = 2**62
_SOME = 6
_REASONS = 3


async def overview(connection: Connection) -> Overview:
    """Every source and target that is not retired, in numbers."""
    sources = await rows(connection, _SOURCES)
    return Overview(tuple(SourceState(**r) for r in sources), await target_states(connection))


async def target_states(connection: Connection) -> tuple[TargetState, ...]:
    """Every target that is not retired, in numbers."""
    return tuple(TargetState(**r) for r in await rows(connection, _TARGETS))


async def people(connection: Connection, search: str = "", offset: int = 0, limit: int = 50) -> People:
    """A page of people whose userName or displayName contains `search`, each with their place at every target."""
    pattern = "%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    told = (search, pattern, pattern, search)
    total = await rows(connection, _COUNT, *told)
    found = await rows(connection, _PEOPLE, *told, offset, limit)
    places = await places_of(connection, [r["id"] for r in found])
    return People(total[0]["n"], tuple(Person(**r, places=places.get(r["id"], ())) for r in found))


async def places_of(connection: Connection, identities: Sequence[UUID]) -> dict[UUID, tuple[Place, ...]]:
    """How each of these people stands at every target, by the target's name."""
    found: dict[UUID, tuple[Place, ...]] = {}
    for r in await rows(connection, _PLACES, list(identities)):
        found[r["id"]] = (*found.get(r["id"], ()), _place(r))
    return found


def _place(found: Row) -> Place:
    waiting = bool(found["waiting"])
    if found["key"] is None:
        return Place(found["target"], None, "waiting" if waiting else "none", False, waiting)
    state = "unseen" if found["account"] is None else "active" if found["active"] else "closed"
    return Place(found["target"], found["account"] or found["key"], state, found["adopted"], waiting)


async def changes(connection: Connection, limit: int = 50, before: int | None = None) -> tuple[Write, ...]:
    """The newest journal entries, newest first; `before` gives those with a smaller number."""
    found = await rows(connection, _CHANGES, _LAST if before is None else before, limit)
    names = await names_of(connection, [r["subject"] for r in found])
    return tuple(write_of(r, names) for r in found)


def write_of(found: Row, names: dict[str, str]) -> Write:
    """The journal entry that a row keeps."""
    return Write(
        id=found["id"],
        plan=found["plan"],
        target=found["target"],
        subject=found["subject"],
        person=_name(names, found["subject"]),
        change=decode(found["change"]),
        outcome=Outcome(found["outcome"]),
        detail=found["detail"],
        evidence=found["evidence"],
        answered_at=found["answered_at"],
        seen_at=found["seen_at"],
        drift=found["drift"],
    )


async def waiting(connection: Connection, target: str | None = None) -> tuple[Planned, ...]:
    """The current plans in which something waits for a person or for something else, or that have a problem."""
    found = await rows(connection, _WAITING, target, target)
    names = await names_of(connection, [r["subject"] for r in found])
    return tuple(planned_of(r, names) for r in found)


async def stops(connection: Connection, classes: Mapping[str, str]) -> tuple[Stop, ...]:
    """What waits for a person, counted by target and class; `classes` maps kinds of change to classes.

    Counted where the plans are: in a preview of a large application everybody has one.
    """
    found: list[Stop] = []
    for r in await rows(connection, _STOPS, list(classes), list(classes.values()), _SOME):
        if r["whole"]:
            found.append(
                Stop(r["target"], r["kind"], r["people"], r["newest"], tuple((s, s) for s in r["some"]), (), 0)
            )
        elif len(found[-1].reasons) < _REASONS:
            found[-1] = replace(found[-1], reasons=(*found[-1].reasons, r["reason"]))
        else:
            found[-1] = replace(found[-1], more=found[-1].more + 1)
    names = await names_of(connection, [subject for stop in found for subject, _ in stop.some])
    return tuple(replace(stop, some=tuple((s, _name(names, s)) for s, _ in stop.some)) for stop in found)


def planned_of(found: Row, names: dict[str, str]) -> Planned:
    """The plan that a row keeps."""
    return Planned(
        id=found["id"],
        target=found["target"],
        subject=found["subject"],
        person=_name(names, found["subject"]),
        plan=decode_plan(found["situation"], found["verdicts"]),
        revision=found["revision"],
        made_at=found["made_at"],
    )


def _name(names: dict[str, str], subject: str) -> str:
    return names.get(subject, subject)


async def names_of(connection: Connection, subjects: Sequence[str]) -> dict[str, str]:
    """What to call these subjects: an identity by its userName, `group:<name>` by the group's name."""
    found = {s: s.partition(":")[2] for s in subjects if s.startswith("group:")}
    ids = [UUID(s) for s in set(subjects) if len(s) == 36 and ":" not in s]
    for r in await rows(connection, "SELECT id, user_name FROM identity WHERE id = ANY(%s)", ids):
        found[str(r["id"])] = r["user_name"]
    return found


async def console_token_hash(connection: Connection) -> bytes | None:
    """The SHA-256 of the token that opens the console; None before there is one."""
    found = await rows(connection, "SELECT console_token_hash FROM installation")
    return bytes(found[0]["console_token_hash"]) if found else None

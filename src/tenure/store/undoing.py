"""Undo: the journal's entries of a run, a person, a group or a time, turned into the vetoes that take them back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenure.model.capability import canon_name
from tenure.model.undoing import Backward, Stays, Undoing
from tenure.model.veto import STATE
from tenure.store.database import Connection, Row, rows

_ENTRIES = """
SELECT j.id, t.name AS target, j.target AS target_id, j.subject, j.change, j.inverses, j.cannot_undo,
       coalesce(i.user_name, j.subject) AS person, i.id AS identity,
       coalesce(NOT i.active OR i.gone_at IS NOT NULL, false) AS gone
FROM journal j JOIN target t ON t.id = j.target LEFT JOIN identity i ON i.id::text = j.subject
WHERE j.outcome = 'applied'
AND (%(target)s::text IS NULL OR t.name = %(target)s)
AND (%(run)s::bigint IS NULL OR j.cause IN (
    WITH RECURSIVE led AS (SELECT %(run)s::bigint AS id UNION SELECT a.id FROM audit a JOIN led ON a.cause = led.id)
    SELECT id FROM led))
AND (%(people)s::uuid[] IS NULL OR i.id = ANY(%(people)s))
AND (%(group)s::text IS NULL OR EXISTS (SELECT FROM jsonb_array_elements(j.inverses) c
     WHERE c->>'cell' = 'member:' || %(group)s))
AND (%(since)s::timestamptz IS NULL OR j.answered_at >= %(since)s)
AND (%(until)s::timestamptz IS NULL OR j.answered_at < %(until)s)
ORDER BY j.id
"""


@dataclass(frozen=True, slots=True)
class What:
    """What is to be undone: all that followed from one audit entry (`run`), or is of these people, of one group, or of
    a time; at one target or at all."""

    target: str | None = None
    run: int | None = None
    people: tuple[UUID, ...] | None = None
    group: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def undoing(connection: Connection, what: What) -> Undoing:
    """What undoing this would do: of a cell that was set several times, the value before the first goes back."""
    values = {
        "target": what.target, "run": what.run, "since": what.since, "until": what.until,
        "people": list(what.people) if what.people is not None else None,
        "group": canon_name(what.group) if what.group is not None else None,
    }  # fmt: skip
    cursor = await connection.execute(_ENTRIES.encode(), values)
    names = [column.name for column in cursor.description or ()]
    entries = [dict(zip(names, found, strict=True)) for found in await cursor.fetchall()]
    cells: dict[tuple[int, UUID, str], Backward] = {}
    stays: list[Stays] = []
    for entry in entries:
        if entry["cannot_undo"] is not None or entry["identity"] is None:
            stays.append(Stays(entry["target"], entry["person"], entry["change"], entry["cannot_undo"] or "no person"))
            continue
        for inverse in entry["inverses"]:
            if what.group is not None and inverse["cell"] != f"member:{canon_name(what.group)}":
                continue
            if inverse["cell"] == STATE and entry["gone"]:
                why = "the source says that this person has left: mend it there"
                stays.append(Stays(entry["target"], entry["person"], entry["change"], why))
                continue
            _take(cells, entry, inverse)
    return Undoing(tuple(cells.values()), tuple(stays), tuple(e["id"] for e in entries))


def _take(cells: dict[tuple[int, UUID, str], Backward], entry: Row, inverse: Row) -> None:
    place = (entry["target_id"], entry["identity"], inverse["cell"])
    oldest = cells.get(place)
    cells[place] = Backward(
        target=entry["target"],
        target_id=entry["target_id"],
        identity=entry["identity"],
        person=entry["person"],
        cell=inverse["cell"],
        refused=bytes.fromhex(inverse["refused"]),  # the newest value is the one that the rules compute
        keep=oldest.keep if oldest else inverse["keep"],
        restores=oldest.restores if oldest else inverse["restores"],
        journal=entry["id"],
    )


async def runs(connection: Connection, limit: int) -> list[Row]:
    """The newest events that led to changes, with how many: what `--run` may name."""
    return await rows(
        connection,
        """SELECT a.id, a.at, a.actor, a.action, count(*) AS changes, count(DISTINCT j.subject) AS people
        FROM journal j JOIN audit a ON a.id = j.cause WHERE j.outcome = 'applied'
        GROUP BY a.id ORDER BY a.id DESC LIMIT %s""",
        limit,
    )

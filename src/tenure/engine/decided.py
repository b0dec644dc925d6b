"""What people decided of the identities of a chunk, and whose values somebody keeps setting back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

from tenure.engine.active import ActiveTarget, House
from tenure.model.identity import Identity
from tenure.model.veto import Veto
from tenure.store import decisions, gates, journal
from tenure.store.database import Connection
from tenure.store.decisions import Clearance

SET_BACK_WITHIN = timedelta(hours=24)
"""How far back a value that somebody keeps setting back is looked for."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of one identity at one target.

    `approved` are (class of the gate, digest of the change); `cleared` the clearances by kind; `set_back` the cells,
    with the value that we keep setting, which somebody set back three times within a day.
    """

    approved: frozenset[tuple[str, str]] = frozenset()
    cleared: Mapping[str, Clearance] = field(default_factory=dict)
    vetoes: Sequence[Veto] = ()
    set_back: Mapping[str, str | None] = field(default_factory=dict)


async def read(
    connection: Connection, house: House, target: ActiveTarget, identities: Mapping[UUID, Identity]
) -> dict[UUID, Decided]:
    """What was decided of these identities."""
    ids, now = list(identities), house.clock.now()
    subjects = [str(one) for one in ids]
    cleared = await decisions.clearances(connection, target.id, ids, now)
    kept = await gates.leaves(connection, target.id, subjects)
    vetoes = await decisions.vetoes(connection, target.id, ids)
    since = now - SET_BACK_WITHIN
    back = await journal.set_back(connection, target.id, subjects, since, target.connector.capabilities)
    return {
        who: Decided(
            frozenset((leaf.name, d) for leaf in kept.get(str(who), ()) if leaf.approved for d in leaf.digests),
            {clearance.kind: clearance for clearance in cleared.get(who, ())},
            vetoes.get(who, ()),
            back.get(str(who), {}),
        )
        for who in ids
    }


async def closed(
    connection: Connection, house: House, identities: Mapping[UUID, Identity], decided: Mapping[UUID, Decided]
) -> dict[UUID, Identity]:
    """The identities, those marked whom a person closed everywhere; that ends when the source says it too."""
    leaving = {who: one.cleared["leave"] for who, one in decided.items() if "leave" in one.cleared}
    told = [who for who in leaving if identities[who].left]
    if told:
        await decisions.end_clearances(connection, "leave", told, house.clock.now())
    return {
        who: replace(one, closed_by=leaving[who].by, left_at=leaving[who].at)
        if who in leaving and who not in told
        else one
        for who, one in identities.items()
    }

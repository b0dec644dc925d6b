"""Foresight: what the rules ask of people is computed, and kept, before anybody is planned for who depends on it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

import orjson

from tenure.engine import decided, naming
from tenure.engine.active import ActiveTarget, House
from tenure.model.desired import Desired
from tenure.model.identity import Identity, SourceGroup
from tenure.planning.assignment import assign
from tenure.store import ahead, directory, plans, targets
from tenure.store.database import Connection

_AT_ONCE = 500
_SETTLED_SECONDS = 30.0
"""A mark may be committed so long after the place in the order that it took."""


async def desired_of(
    house: House,
    connection: Connection,
    target: ActiveTarget,
    identities: dict[UUID, Identity],
) -> dict[UUID, Desired]:
    """What is desired of these identities: as it is kept, or computed anew where what it follows from changed."""
    groups = await directory.groups_of(connection, list(identities), target.id)
    kept = await plans.desired_of(connection, target.id, list(identities))
    now = house.clock.now()
    found: dict[UUID, Desired] = {}
    fresh: dict[UUID, Desired] = {}
    hashes: dict[UUID, bytes] = {}
    for who, identity in identities.items():
        told = _input_hash(identity, groups.get(who, ()))
        old = kept.get(who)
        if (
            old is not None
            and old["revision"] == target.revision
            and bytes(old["input_hash"]) == told
            and (old["look_again_at"] is None or old["look_again_at"] > now)
        ):
            found[who] = plans.decode_desired(old)
            continue
        fresh[who], hashes[who] = assign(identity, groups.get(who, ()), target.rules, now), told
    fresh = await naming.remember(connection, target, identities, fresh)
    computed = [(desired, hashes[who]) for who, desired in fresh.items()]
    await plans.save_desired(connection, target.id, computed, target.revision, target.connector.capabilities)
    return found | fresh


async def foresee(house: House, target: ActiveTarget) -> None:
    """Compute what is desired of everybody by these rules, before anybody's plan: a collision is seen by all or none.

    Raises Outdated when an estate newer than these rules was activated.
    """
    while True:
        target.alive_at = house.clock.monotonic()
        async with house.database.transaction() as connection:
            await targets.still_current(connection, target.revision)
            ids = await plans.not_computed(connection, target.id, target.source_ids, target.revision, _AT_ONCE)
            if not ids:
                return
            await _compute(house, connection, target, ids)


async def foresee_due(house: House, target: ActiveTarget) -> None:
    """Compute what is desired of everybody who is marked, before the first of them loses anything.

    So that a group emptied by one request is known to be empty for all who were in it. Marks are looked at once, those
    of the last half minute again: their places in the order were taken before they were committed.
    """
    began = house.clock.monotonic()
    after = max((place for at, place in target.looked_ahead if at <= began - _SETTLED_SECONDS), default=0)
    while True:
        async with house.database.transaction() as connection:
            due = await ahead.due_identities(connection, target.id, after, _AT_ONCE)
            await _compute(house, connection, target, [who for _, who in due])
        if due:
            after = due[-1][0]
        if len(due) < _AT_ONCE:
            break
    kept = [(at, place) for at, place in target.looked_ahead if at > began - 2 * _SETTLED_SECONDS]
    target.looked_ahead = (*kept, (began, after))


async def _compute(house: House, connection: Connection, target: ActiveTarget, ids: Sequence[UUID]) -> None:
    identities = await directory.identities(connection, ids)
    said = await decided.read(connection, house, target, identities)
    identities = await decided.closed(connection, house, identities, said)
    await desired_of(house, connection, target, identities)


def _input_hash(identity: Identity, groups: Sequence[SourceGroup]) -> bytes:
    """What a desired state was computed from, beside the rules."""
    told = sorted((str(g.id), g.display_name, g.known_as or "", g.apart) for g in groups)
    who = [identity.active, identity.gone, identity.closed_by, identity.user_name, identity.external_id]
    data = [*who, identity.left_at, identity.attributes, told]
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).digest()

"""Whom a reading means: the ids in it are the source's own, and people are known again by externalId, else by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tenure.engine.delivery import Delivery
from tenure.model.capability import canon_name
from tenure.model.event import GroupSeen, IdentitySeen
from tenure.store import pulls
from tenure.store.directory import IdentityRow


@dataclass(slots=True)
class Taken:
    """What became of a chunk: our ids by those of the reading, and who waits since somebody else has the name.

    One who waits and is known has an id too: the reading shows them.
    """

    ids: dict[UUID, UUID] = field(default_factory=dict)
    aside: list[IdentitySeen] = field(default_factory=list)
    new: int = 0
    changed: int = 0


async def take_people(delivery: Delivery, events: Sequence[IdentitySeen], others: Collection[UUID]) -> Taken:
    """Take in these people; `others` are ours whom this reading has shown already, and who cannot be two people."""
    known = await pulls.people_known_by(
        delivery.connection,
        delivery.source.id,
        [str(event.attributes["externalId"]) for event in events if "externalId" in event.attributes],
        [_name(event.attributes) for event in events],
    )
    people, taken = _Known(known), Taken()
    for event in events:
        before = people.meant(event, others)
        holder = people.names.get(_name(event.attributes))
        if holder is not None and (before is None or holder.id != before.id):
            taken.aside.append(event)
            if before is not None:
                taken.ids[event.id] = before.id
            continue
        ours = IdentitySeen(before.id if before else uuid4(), event.attributes)
        after = await delivery.identity_seen(ours, before)
        taken.ids[event.id] = after.id
        taken.new += before is None
        taken.changed += before is not None and after.version != before.version
        people.replace(before, after)
    return taken


async def take_groups(delivery: Delivery, events: Sequence[GroupSeen]) -> Taken:
    """Take in these groups, without their members."""
    known = await pulls.groups_known_by(
        delivery.connection,
        delivery.source.id,
        [event.external_id for event in events if event.external_id is not None],
        [canon_name(event.display_name) for event in events],
    )
    by_id = {group.document["externalId"]: group for group in known if "externalId" in group.document}
    by_name = {canon_name(group.display_name): group for group in known}
    taken = Taken()
    for event in events:
        before = by_id.get(event.external_id) or by_name.get(canon_name(event.display_name))
        ours = before.id if before else uuid4()
        await delivery.group_seen(GroupSeen(ours, event.display_name, event.external_id), before)
        taken.ids[event.id] = ours
    return taken


class _Known:
    """The identities that a chunk may mean, as they are while it is taken in."""

    def __init__(self, known: Sequence[IdentityRow]) -> None:
        self.names = {_name(one.document): one for one in known}
        self._ids = {one.document["externalId"]: one for one in known if "externalId" in one.document}

    def meant(self, event: IdentitySeen, others: Collection[UUID]) -> IdentityRow | None:
        """Who this is; None for somebody new. A name alone does not make two externalIds one person."""
        external_id = event.attributes.get("externalId")
        found = self._ids.get(external_id)
        named = self.names.get(_name(event.attributes))
        if found is None and named is not None:
            same = external_id is None or named.document.get("externalId") in (None, external_id)
            found = named if same else None
        return None if found is None or found.id in others else found

    def replace(self, before: IdentityRow | None, after: IdentityRow) -> None:
        """The identity is as it is after it was taken in."""
        if before is not None:
            self.names.pop(_name(before.document), None)
            self._ids.pop(before.document.get("externalId"), None)
        self.names[_name(after.document)] = after
        if "externalId" in after.document:
            self._ids[after.document["externalId"]] = after


def _name(attributes: Mapping[str, Any]) -> str:
    return canon_name(str(attributes["userName"]))

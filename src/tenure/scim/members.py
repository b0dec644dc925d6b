"""Operations on a group's members, folded into what has to be added and removed: never a document of all members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tenure.scim import dialects
from tenure.scim.definitions import GROUP
from tenure.scim.errors import ScimError, invalid_path, invalid_value, no_target
from tenure.scim.filters import Comparison, Filter, Or
from tenure.scim.patch import Step

MEMBERS = "members"


@dataclass(slots=True)
class MemberChange:
    """What a request does to a group's members.

    `whole`: nobody stays but those who join. `required` are people who must be members already.
    """

    join: set[UUID] = field(default_factory=set)
    leave: set[UUID] = field(default_factory=set)
    whole: bool = False
    required: set[UUID] = field(default_factory=set)

    def add(self, ids: Iterable[UUID]) -> None:
        """These people are members afterwards."""
        coming = set(ids)
        self.join |= coming
        self.leave -= coming

    def remove(self, ids: Iterable[UUID]) -> None:
        """These people are not members afterwards."""
        gone = set(ids)
        self.join -= gone
        if not self.whole:
            self.leave |= gone

    def replace(self, ids: Iterable[UUID]) -> None:
        """These people are the only members afterwards."""
        self.whole, self.leave, self.join = True, set(), set(ids)

    def require(self, ids: Iterable[UUID]) -> None:
        """Raises ScimError (400 noTarget) when one of these is known not to be a member at this point."""
        for one in ids:
            if one in self.leave or (self.whole and one not in self.join):
                raise no_target(f"{one} is not a member of the group.")
            if one not in self.join:
                self.required.add(one)


def taken_from(body: dict[str, Any]) -> list[UUID]:
    """Take the members out of the body of a POST or PUT; none when it has none."""
    found: list[UUID] = []
    for name in [n for n in body if (p := GROUP.find(n)) and p.attribute and p.attribute.name == MEMBERS]:
        found += given(body.pop(name))
    return found


def given(value: object) -> list[UUID]:
    """The ids of the members in a POST or PUT body. Raises ScimError (400 invalidValue) for one that is not ours."""
    found = []
    for member in dialects.member_ids(value):
        one = dialects.our_id(member)
        if one is None:
            raise unknown_member(member)
        found.append(one)
    return found


def unknown_member(member: object) -> ScimError:
    """What is neither a User nor a Group of this source was named as a member."""
    return invalid_value(f"{str(member)[:100]!r} is not the id of a User or Group here; nothing was changed.")


def fold(todo: Iterable[Step]) -> MemberChange:
    """What the steps on `members` come to, in their order. Raises ScimError (400)."""
    change = MemberChange()
    for step in todo:
        if step.filter is not None:
            _selected(change, step, step.filter)
        elif step.sub is not None and step.sub.name != "value":
            continue  # a member's label and type are ours to tell
        elif step.verb == "remove" and step.value not in (None, []):
            change.remove(_known(step.value))
        elif step.verb == "add":
            change.add(given(step.value))
        else:
            change.replace(() if step.verb == "remove" else given(step.value))
    return change


def _selected(change: MemberChange, step: Step, filter: Filter) -> None:
    ids = _named(filter)
    known = [one for name in ids if (one := dialects.our_id(name))]
    if step.verb == "remove":
        if step.sub is None or step.sub.name == "value":
            change.remove(known)
        return
    if len(known) < len(ids):
        raise no_target("No member matches the filter of the path.")
    change.require(known)
    if step.sub is None or step.sub.name == "value":
        joining = given(step.value)
        if step.verb == "replace" and joining:
            change.remove(set(known) - set(joining))
        change.add(joining)


def _named(filter: Filter) -> list[str]:
    """The ids that `value eq "..."` names, alternatives by `or`."""
    match filter:
        case Comparison(name, "eq", _, raw) if name.lower() == "value":
            return [raw]
        case Or(parts):
            return [one for part in parts for one in _named(part)]
    raise invalid_path('Members are selected by members[value eq "id"]; alternatives can be joined by or.')


def _known(value: object) -> list[UUID]:
    """The ids that may be members; to remove somebody unknown is to have removed them."""
    return [one for member in dialects.member_ids(value) if (one := dialects.our_id(member))]

"""Crowd's rules for groups: making and changing them, who is in them, and groups inside groups."""

from __future__ import annotations

from typing import Any

from .accounts import flag, proper_name, same_name, text
from .state import Account, Crowd, Group
from .texts import refused


def create(crowd: Crowd, body: dict[str, Any]) -> Group:
    """Make an empty group."""
    name = body.get("name")
    if not isinstance(name, str) or not proper_name(name):
        raise refused("group_name")
    if body.get("type") not in (None, "GROUP"):
        raise refused("group_type")
    if name.lower() in crowd.groups:
        raise refused("group_name_taken", name=name)
    made = crowd.groups[name.lower()] = Group(name, text(body, "description"), flag(body, "active"))
    return made


def update(group: Group, body: dict[str, Any]) -> None:
    """Set a group's description and flag; its name cannot be changed."""
    same_name(body, group.name)
    group.description, group.active = text(body, "description"), flag(body, "active")


def delete(crowd: Crowd, group: Group) -> None:
    """Delete a group and every membership in it and of it."""
    for account in list(group.members.values()):
        crowd.leave(account, group)
    for other in crowd.groups.values():
        other.children.discard(group.name.lower())
    del crowd.groups[group.name.lower()]


def join(crowd: Crowd, account: Account, group: Group) -> None:
    """Make an account a direct member; 409 if it is one already."""
    if account.name.lower() in group.members:
        raise refused("already_member", member=account.name, group=group.name)
    crowd.join(account, group)


def leave(crowd: Crowd, account: Account, group: Group) -> None:
    """End a direct membership; 404 if there is none, also where a group inside has the account."""
    if account.name.lower() not in group.members:
        raise refused("no_such_membership", member=account.name, group=group.name)
    crowd.leave(account, group)


def nest(crowd: Crowd, parent: Group, child: Group) -> None:
    """Put a group into another; no group can come to be inside itself."""
    if child.name.lower() in parent.children:
        raise refused("already_member", member=child.name, group=parent.name)
    if child is parent or parent in inside(crowd, child):
        raise refused("circle", member=child.name, group=parent.name)
    parent.children.add(child.name.lower())


def unnest(parent: Group, child: Group) -> None:
    """Take a group out of another."""
    if child.name.lower() not in parent.children:
        raise refused("no_such_membership", member=child.name, group=parent.name)
    parent.children.discard(child.name.lower())


def children(crowd: Crowd, group: Group, nested: bool) -> list[Group]:
    """The groups in a group, by name."""
    return _sorted(inside(crowd, group) if nested else {crowd.groups[name] for name in group.children})


def parents(crowd: Crowd, group: Group, nested: bool) -> list[Group]:
    """The groups that a group is in, by name."""
    direct = {other for other in crowd.groups.values() if group.name.lower() in other.children}
    return _sorted(_above(crowd, direct) if nested else direct)


def inside(crowd: Crowd, group: Group) -> set[Group]:
    """The groups in a group, and in those, all the way down."""
    found: set[Group] = set()
    waiting = list(group.children)
    while waiting:
        one = crowd.groups[waiting.pop()]
        if one not in found:
            found.add(one)
            waiting.extend(one.children)
    return found


def _above(crowd: Crowd, groups: set[Group]) -> set[Group]:
    """These groups and those that they are in, all the way up."""
    found: set[Group] = set()
    waiting = {group.name.lower() for group in groups}
    while waiting:
        found |= {crowd.groups[name] for name in waiting}
        waiting = {n for n, other in crowd.groups.items() if other not in found and other.children & waiting}
    return found


def members(crowd: Crowd, group: Group, nested: bool) -> list[Account]:
    """The accounts in a group, active or not, by name."""
    found = dict(group.members)
    for one in inside(crowd, group) if nested else ():
        found |= one.members
    return [found[name] for name in sorted(found)]


def groups_of(crowd: Crowd, account: Account, nested: bool) -> list[Group]:
    """The groups that an account is in, by name."""
    direct = {crowd.groups[name] for name in account.groups}
    return _sorted(_above(crowd, direct) if nested else direct)


def _sorted(groups: set[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: group.name.lower())

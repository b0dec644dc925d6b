"""Bitbucket's rules for groups: making and deleting them, joining and leaving them."""

from __future__ import annotations

from typing import Any

from .accounts import by_name as account_by_name
from .accounts import proper_name
from .permissions import level, place, room_for
from .state import Account, Bitbucket, Group
from .texts import refused


def by_name(bitbucket: Bitbucket, name: Any) -> Group:
    """Find a group by its name, in any case; 400 without a name, 404 if there is none."""
    if not isinstance(name, str) or not name:
        raise refused("no_name")
    group = bitbucket.groups.get(name.lower())
    if group is None:
        raise refused("no_such_group", name=name)
    return group


def create(bitbucket: Bitbucket, name: Any) -> Group:
    """Make an empty group."""
    if not isinstance(name, str) or not proper_name(name):
        raise refused("name")
    if name.lower() in bitbucket.groups:
        raise refused("group_taken", name=name)
    group = bitbucket.groups[name.lower()] = Group(name)
    return group


def delete(bitbucket: Bitbucket, group: Group, caller: Account) -> None:
    """Delete a group with the memberships in it and what it gives."""
    low, mine = group.name.lower(), level(bitbucket, caller)
    if place(bitbucket.grants, bitbucket.grants.groups.get(low)) > mine:
        raise refused("higher_delete", name=group.name)
    if level(bitbucket, caller, without=low) < mine:
        raise refused("own_level")
    for account in list(group.members.values()):
        bitbucket.leave(account, group)
    for grants in bitbucket.all_grants():
        grants.groups.pop(low, None)
    del bitbucket.groups[low]


def join(bitbucket: Bitbucket, names: list[Any], groups: list[Any], caller: Account, full: bool) -> None:
    """Put accounts into groups, all or none; who is in one already stays in it, without a word: a guess."""
    accounts = {account_by_name(bitbucket, name) for name in names}
    wanted = [by_name(bitbucket, name) for name in groups]
    for account in accounts:
        if not account.writable:
            raise refused("read_only", name=account.name)
    for group in wanted:
        _not_above(bitbucket, group, caller)
        if group.name.lower() in bitbucket.grants.groups:
            room_for(bitbucket, accounts, full)
    for group in wanted:
        for account in accounts:
            bitbucket.join(account, group)


def leave(bitbucket: Bitbucket, account: Account, group: Group, caller: Account) -> None:
    """Take an account out of a group; who is not in it is no error: a guess."""
    _not_above(bitbucket, group, caller)
    if not account.writable:
        raise refused("read_only", name=account.name)
    if account is caller and level(bitbucket, caller, without=group.name.lower()) < level(bitbucket, caller):
        raise refused("higher_delete", name=group.name)
    bitbucket.leave(account, group)


def _not_above(bitbucket: Bitbucket, group: Group, caller: Account) -> None:
    if place(bitbucket.grants, bitbucket.grants.groups.get(group.name.lower())) > level(bitbucket, caller):
        raise refused("higher_delete", name=group.name)

"""Bitbucket's rules for permissions: who holds what, whom the licence counts, and who may take what from whom."""

from __future__ import annotations

from .state import Account, Bitbucket, Grants, Group
from .texts import refused

ADMIN = 2  # the place of ADMIN among the global permissions


def place(grants: Grants, permission: str | None) -> int:
    """How high a permission is among those of its kind; -1 for none."""
    return grants.levels.index(permission) if permission in grants.levels else -1


def level(bitbucket: Bitbucket, account: Account, grants: Grants | None = None, without: str = "") -> int:
    """The highest permission of an account, its own or through a group other than `without`; -1 for none."""
    held = grants or bitbucket.grants
    mine = [held.groups.get(group) for group in account.groups if group != without]
    return max(place(held, one) for one in (held.users.get(account.id), held.everyone, *mine))


def licensed(bitbucket: Bitbucket) -> set[Account]:
    """Whom the licence counts: who is active and holds any global permission, in whatever way."""
    held = bitbucket.grants
    found = {account for name in held.groups for account in bitbucket.groups[name].members.values()}
    found |= {bitbucket.by_id[number] for number in held.users}
    return {account for account in found if account.active}


def room_for(bitbucket: Bitbucket, accounts: set[Account], full: bool) -> None:
    """403 unless the licence has room for these accounts, or counts them already."""
    seated = licensed(bitbucket)
    fresh = {account for account in accounts if account.active} - seated
    if fresh and (full or (bitbucket.seats is not None and len(seated) + len(fresh) > bitbucket.seats)):
        raise refused("licence_full")


def named(grants: Grants, permission: str | None) -> str:
    """The permission that a request names; 400 if there is none of that name here."""
    if permission not in grants.levels:
        raise refused("no_such_permission", name=permission)
    return permission


def grant_user(bitbucket: Bitbucket, account: Account, permission: str, caller: Account, full: bool) -> None:
    """Set the one global permission that an account holds itself."""
    held = bitbucket.grants
    wanted, mine = place(held, permission), level(bitbucket, caller)
    _may_set(bitbucket, account.name, level(bitbucket, account), mine, wanted)
    if account is caller and wanted < mine:
        raise refused("own_level")
    room_for(bitbucket, {account}, full)
    held.users[account.id] = permission


def grant_group(bitbucket: Bitbucket, group: Group, permission: str, caller: Account, full: bool) -> None:
    """Set the one global permission that a group gives."""
    held, low = bitbucket.grants, group.name.lower()
    wanted, mine = place(held, permission), level(bitbucket, caller)
    _may_set(bitbucket, group.name, place(held, held.groups.get(low)), mine, wanted)
    if max(wanted if low in caller.groups else -1, level(bitbucket, caller, without=low)) < mine:
        raise refused("own_level")
    room_for(bitbucket, set(group.members.values()), full)
    held.groups[low] = permission


def _may_set(bitbucket: Bitbucket, name: str, theirs: int, mine: int, wanted: int) -> None:
    if wanted > mine:
        raise refused("higher_grant")
    if theirs > mine:
        raise refused("higher_level", name=name)


def revoke_user(bitbucket: Bitbucket, account: Account, caller: Account) -> None:
    """Take from an account the global permission that it holds itself; none is no error."""
    if account is caller and account.id in bitbucket.grants.users:
        raise refused("own_level")
    if level(bitbucket, account) > level(bitbucket, caller):
        raise refused("higher_level", name=account.name)
    bitbucket.grants.users.pop(account.id, None)


def revoke_group(bitbucket: Bitbucket, group: Group, caller: Account) -> None:
    """Take from a group the global permission that it gives; none is no error."""
    low, mine = group.name.lower(), level(bitbucket, caller)
    if place(bitbucket.grants, bitbucket.grants.groups.get(low)) > mine:
        raise refused("higher_level", name=group.name)
    if level(bitbucket, caller, without=low) < mine:
        raise refused("own_level")
    bitbucket.grants.groups.pop(low, None)

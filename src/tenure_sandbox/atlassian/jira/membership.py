"""Jira's rules for groups: making and deleting them, joining and leaving them."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.people import ADMINISTRATORS

from . import directory
from .accounts import LONGEST
from .state import Account, Group, Jira
from .texts import refused


def by_name(jira: Jira, name: str | None) -> Group:
    """Find a group by its name, in any case; 400 if no name is given, 404 if there is no such group."""
    if not name:
        raise refused(400, "group_empty")
    group = jira.groups.get(name.lower())
    if group is None:
        raise refused(404, "no_such_group", name=name)
    return group


def create(jira: Jira, name: Any) -> Group:
    """Make an empty group; 400 if the name is empty, too long or taken."""
    if not isinstance(name, str) or not name.strip():
        raise refused(400, "group_empty")
    if len(name) > LONGEST:
        raise refused(400, "group_long")
    if name.lower() in jira.groups:
        raise refused(400, "group_taken")
    group = jira.groups[name.lower()] = Group(name)
    return group


def delete(jira: Jira, group: Group, swap_group: str | None) -> None:
    """Delete a group and all memberships in it; `swap_group` would inherit what the group alone could see."""
    low = group.name.lower()
    if low == ADMINISTRATORS:
        raise refused(400, "group_administers", name=group.name)
    if swap_group and (swap_group.lower() not in jira.groups or swap_group.lower() == low):
        raise refused(400, "swap_group", name=swap_group)
    for account in list(group.members):
        jira.leave(account, group)
    for other in jira.groups.values():
        other.nested.discard(low)
    jira.rights.forget("group", low)
    for role in jira.roles.values():
        role.groups = tuple(name for name in role.groups if name != low)
        role.default_groups = tuple(name for name in role.default_groups if name != low)
    del jira.groups[low]


def join(jira: Jira, group: Group, name: Any) -> Account:
    """Put an account into a group; 400 if no name is given or it is a member already, 404 if there is no account."""
    if not isinstance(name, str) or not name:
        raise refused(400, "name_empty")
    account = jira.accounts.get(name.lower())
    if account is None:
        raise refused(404, "no_such_member", name=name)
    if account in group.members:
        raise refused(400, "already_member", name=account.name, group=group.name)
    directory.joinable(jira, account, group)
    jira.join(account, group)
    return account


def leave(jira: Jira, group: Group, account: Account, caller: Account) -> None:
    """Take an account out of a group; 400 if it is not a direct member."""
    if account not in group.members:
        raise refused(400, "not_member", name=account.name, group=group.name)
    directory.joinable(jira, account, group)
    if account is caller and group.name == ADMINISTRATORS:
        raise refused(400, "last_administrator")
    jira.leave(account, group)


def matching(jira: Jira, query: str, exclude: list[str]) -> list[Group]:
    """The groups whose names hold `query`, in any case, without the excluded ones, by name."""
    low, left_out = query.lower(), {name.lower() for name in exclude}
    found = [group for name, group in jira.groups.items() if low in name and name not in left_out]
    return sorted(found, key=lambda group: group.name.lower())

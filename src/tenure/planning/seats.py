"""Seats: which changes take a seat of a licence, and which give one back."""

from __future__ import annotations

from collections.abc import Callable, Set

from tenure.model.change import (
    Change,
    DeactivateAccount,
    DeleteAccount,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RevokePermissions,
)
from tenure.model.seen import AccountSeen

Canon = Callable[[str], str]


def takes(change: Change, account: AccountSeen | None, groups: Set[str], canon: Canon) -> bool:
    """Whether the change makes its account take a seat of the licence that these groups (canonical names) give.

    `account` is the account as it is before, None when it is to be made. Who is in one of the groups takes no other
    seat by another one.
    """
    if isinstance(change, ReactivateAccount):
        return bool(_inside(account, canon) & groups)
    if not isinstance(change, JoinGroups):
        return False
    seated = account is not None and account.active and _inside(account, canon) & groups
    return not seated and bool({canon(name) for name in change.groups} & groups)


def frees(change: Change, account: AccountSeen | None, groups: Set[str], canon: Canon) -> bool:
    """Whether the change may give back the seat that its account takes by these groups."""
    if isinstance(change, LeaveGroups):
        return bool({canon(name) for name in change.groups} & groups)
    if isinstance(change, DeactivateAccount | DeleteAccount):
        return bool(_inside(account, canon) & groups)
    return isinstance(change, RevokePermissions)


def _inside(account: AccountSeen | None, canon: Canon) -> set[str]:
    return {canon(name) for name in account.groups or ()} if account else set()

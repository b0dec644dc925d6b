"""Gates, judged: which of them a change has to pass, and whether it may, by what was counted of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tenure.model.capability import LOSING
from tenure.model.change import (
    Change,
    DeactivateAccount,
    LeaveGroups,
    RenameAccount,
    RevokePermissions,
    UpdateAccount,
)
from tenure.model.desired import Standing
from tenure.model.gate import GROUP, GateClass
from tenure.model.seen import AccountSeen
from tenure.planning.renames import is_temporary

DAY = timedelta(hours=24)
SHARE_FROM = 40
"""People below which a share is not used: a tenth of nine is nobody."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many people may pass a gate within a window: a number, or a share of those who are there if that is more."""

    people: int
    share: float = 0.0
    window: timedelta = DAY

    def allows(self, base: int | None) -> int:
        """The number for `base` active linked accounts; None when they were never counted."""
        return max(self.people, int(base * self.share)) if base is not None and base >= SHARE_FROM else self.people


@dataclass(frozen=True, slots=True)
class GroupLimit:
    """How much of one group may leave it within a day: a share of its members, from so many members on."""

    share: float = 0.5
    members: int = 5
    window: timedelta = DAY

    def allows(self, size: int) -> int | None:
        """The number of people for a group of this size; None when it is too small to have a gate."""
        return int(size * self.share) if size >= self.members else None


@dataclass(frozen=True, slots=True)
class Limits:
    """The counted gates of a target. Field names are those of the estate file."""

    administrators: Limit = field(default_factory=lambda: Limit(0))
    licences: Limit = field(default_factory=lambda: Limit(25, 0.01))
    leavers: Limit = field(default_factory=lambda: Limit(25, 0.01))
    out_of_scope: Limit = field(default_factory=lambda: Limit(25, 0.01))
    losers: Limit = field(default_factory=lambda: Limit(50, 0.05))
    renames: Limit = field(default_factory=lambda: Limit(20))
    emails: Limit = field(default_factory=lambda: Limit(100, 0.02))
    group: GroupLimit = field(default_factory=GroupLimit)
    shrink: float = 0.2

    def of(self, name: str) -> Limit | None:
        """The limit of a counted class that is not a group's own gate."""
        found = getattr(self, name, None)
        return found if isinstance(found, Limit) else None

    def window(self, name: str) -> timedelta:
        """How far back a class counts."""
        limit = self.of(name)
        return limit.window if limit else self.group.window


@dataclass(frozen=True, slots=True)
class Use:
    """What was counted at one gate, in the transaction that decides.

    `people` passed within the window, `counted` says whether this person is one of them. `pending` people are known to
    be about to lose the same, this one included. `allowed` is None for a gate that does not apply.
    """

    allowed: int | None
    people: int = 0
    counted: bool = False
    pending: int = 0
    shut: bool = False


Opens = Mapping[str, frozenset[str]]
"""What a group opens (`administration`, `licence`), by its canonical name."""


def losses(
    change: Change,
    account: AccountSeen | None,
    opens: Opens,
    canon: Callable[[str], str],
    standing: Standing | None = None,
) -> tuple[str, ...]:
    """The counted gates that a change has to pass, the one for the gravest loss first.

    `account` is the account as it is before the change; `canon` gives a group's canonical name. Who loses anything
    because they are out of scope passes the gate for that first: a scope that was narrowed by mistake is held under a
    name of its own, and shuts no gate for those who leave.
    """
    if standing is Standing.LEAVER and change.kind in LOSING:
        # What is closed already loses no more to anybody; what is not may not lose its sessions or leads before.
        return _closing(account, opens, canon) if account is None or account.active else ()
    found = _losses(change, account, opens, canon)
    return (GateClass.OUT_OF_SCOPE, *found) if found and standing is Standing.OUT_OF_SCOPE else found


def _closing(account: AccountSeen | None, opens: Opens, canon: Callable[[str], str]) -> tuple[str, ...]:
    """The gates of losing an account, whatever it is that goes: who leaves is counted once."""
    inside = {canon(name) for name in account.groups or ()} if account else set()
    administers = any("administration" in opens.get(name, ()) for name in inside) or _rules(account)
    return (GateClass.ADMINISTRATORS, GateClass.LEAVERS) if administers else (GateClass.LEAVERS,)


def _rules(account: AccountSeen | None) -> bool:
    """Whether an account administers the application by a permission of its own."""
    return account is not None and any("ADMIN" in name.upper() for name in account.permissions or ())


def _losses(change: Change, account: AccountSeen | None, opens: Opens, canon: Callable[[str], str]) -> tuple[str, ...]:
    if isinstance(change, DeactivateAccount):
        return _closing(account, opens, canon)
    if isinstance(change, RenameAccount):
        return () if is_temporary(change.account.name) else (GateClass.RENAMES,)  # half way, it passed already
    if isinstance(change, UpdateAccount):
        return (GateClass.EMAILS,) if change.before.get("email") and "email" in change.fields else ()
    if isinstance(change, RevokePermissions):
        return (GateClass.ADMINISTRATORS, GateClass.LICENCES) if _rules(account) else (GateClass.LICENCES,)
    if not isinstance(change, LeaveGroups):
        return ()
    inside = {canon(name) for name in account.groups or ()} if account else set()
    left = {canon(name) for name in change.groups}
    found: list[str] = []
    if any("administration" in opens.get(name, ()) for name in left):
        found.append(GateClass.ADMINISTRATORS)
    licensed = {name for name in inside | left if "licence" in opens.get(name, ())}
    if licensed and licensed <= left:
        found.append(GateClass.LICENCES)
    return (*found, *(GROUP + name for name in sorted(left)), GateClass.LOSERS)


def blocked(name: str, use: Use) -> str | None:
    """Why a change may not pass this gate, or None. A gate that is shut lets nobody pass, whatever the window says."""
    if use.allowed is None or (use.counted and not use.shut):
        return None
    told = told_of(name)
    if use.shut:
        return f"the gate for {told} is shut until a person decides"
    if use.people + max(1, use.pending) > use.allowed:
        those = f"{use.people} went through" + (f", {use.pending} more are to" if use.pending > 1 else "")
        return f"more than {use.allowed} {told} in this window ({those})"
    return None


def told_of(name: str) -> str:
    """The people of a class, in words."""
    if name.startswith(GROUP):
        return f"people leaving the group {name.removeprefix(GROUP)}"
    return _TOLD.get(name, name)


_TOLD: Mapping[str, str] = {
    GateClass.ADMINISTRATORS: "people losing administration",
    GateClass.LICENCES: "people losing their licence",
    GateClass.LEAVERS: "people losing their account",
    GateClass.OUT_OF_SCOPE: "people no longer in scope",
    GateClass.LOSERS: "people losing a group",
    GateClass.RENAMES: "renames",
    GateClass.EMAILS: "changes of an e-mail address",
}

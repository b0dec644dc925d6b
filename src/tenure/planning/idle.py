"""Idle seats: the changes by which somebody who does not come gives a seat of a licence back, if a person agrees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tenure.model.capability import Capabilities
from tenure.model.change import ORDER, Change, Handle, JoinGroups, LeaveGroups
from tenure.model.desired import Desired, Standing
from tenure.model.situation import Linked, Situation
from tenure.planning.rules import Rules


@dataclass(frozen=True, slots=True)
class IdleSeat:
    """A seat that somebody takes who was long not there: the groups that give it, and when they last came."""

    licences: tuple[str, ...]
    groups: tuple[str, ...]
    last_used: datetime | None

    @property
    def reason(self) -> str:
        """In a sentence, without its end."""
        seen = f"last signed in {self.last_used:%Y-%m-%d}" if self.last_used else "never signed in"
        return f"takes a seat of {', '.join(self.licences)}, and {seen}"

    @property
    def value(self) -> str:
        """What a rejection is bound to: it ends when they come again."""
        return self.last_used.isoformat() if self.last_used else ""


def freed(
    seat: IdleSeat | None,
    desired: Desired,
    situation: Situation,
    changes: Sequence[Change],
    rules: Rules,
    capabilities: Capabilities,
    own_account: str | None,
) -> tuple[tuple[Change, ...], dict[str, str]]:
    """The changes with those that free an idle seat, one a group, and what each group is left for, by canonical name.

    Nobody is proposed who leaves, is out of scope or in doubt, who is about to get the seat, or who is protected.
    """
    if seat is None or desired.standing is not Standing.MEMBER or desired.faults or not isinstance(situation, Linked):
        return tuple(changes), {}
    canon, account = capabilities.group.canon, situation.account
    ours, own = {canon(name) for name in seat.groups}, capabilities.canon("username", own_account)
    spared = (account.name, *seat.groups)
    joins = {canon(name) for change in changes if isinstance(change, JoinGroups) for name in change.groups}
    mine = own is not None and capabilities.canon("username", account.name) == own
    if not account.active or joins & ours or mine or any(map(rules.protected.covers, spared)):
        return tuple(changes), {}
    inside = {canon(name) for name in account.groups or ()}
    handle = Handle(account.key, account.name)
    leaves = [LeaveGroups(handle, (name,)) for name in seat.groups if canon(name) in inside]
    rest = [part for change in changes for part in _without(change, ours, capabilities)]
    told = {canon(change.groups[0]): seat.reason for change in leaves}
    return tuple(sorted([*rest, *leaves], key=lambda change: ORDER[change.kind])), told


def _without(change: Change, groups: set[str], capabilities: Capabilities) -> Iterator[Change]:
    """What is left of a change when these groups are left by changes of their own."""
    if not isinstance(change, LeaveGroups):
        yield change
        return
    left = tuple(name for name in change.groups if capabilities.group.canon(name) not in groups)
    if left:
        yield replace(change, groups=left)

"""Farewell: which steps of leaving are due for somebody who has left, and the changes that they are."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime

from tenure.model.capability import Capabilities
from tenure.model.change import (
    AnonymizeAccount,
    Change,
    ChangeKind,
    DeactivateAccount,
    DeleteAccount,
    EndSessions,
    Handle,
    HandOverLeads,
    LeaveGroups,
    RevokePermissions,
    RevokeTokens,
)
from tenure.model.seen import AccountSeen
from tenure.planning.rules import AT_ONCE, Leaver, Rules


def steps_due(rules: Rules, left_at: datetime | None, now: datetime) -> tuple[frozenset[ChangeKind], datetime | None]:
    """The steps beside closing the account that are due by now for somebody who left then, and when the next will be.

    Of somebody who left at a time that nobody knows, only what is due at once is due.
    """
    if rules.leaver is Leaver.KEEP:
        return frozenset(), None
    farewell = rules.farewell
    after = {
        ChangeKind.HAND_OVER_LEADS: AT_ONCE if farewell.new_lead else None,
        ChangeKind.END_SESSIONS: AT_ONCE if farewell.end_sessions else None,
        ChangeKind.REVOKE_TOKENS: AT_ONCE if farewell.revoke_tokens else None,
        ChangeKind.LEAVE_GROUPS: farewell.remove_groups,
        ChangeKind.ANONYMIZE_ACCOUNT: AT_ONCE if rules.leaver is Leaver.ANONYMIZE else farewell.anonymize,
        ChangeKind.DELETE_ACCOUNT: AT_ONCE if rules.leaver is Leaver.DELETE else farewell.delete,
    }
    due, later = set[ChangeKind](), list[datetime]()
    for step, wait in after.items():
        if wait == AT_ONCE or (wait is not None and left_at is not None and left_at + wait <= now):
            due.add(step)
        elif wait is not None and left_at is not None:
            later.append(left_at + wait)
    return frozenset(due), min(later, default=None)


def parting(
    steps: Set[ChangeKind],
    done: Set[ChangeKind],
    account: AccountSeen,
    ours: Sequence[Change],
    capabilities: Capabilities,
    rules: Rules,
) -> list[Change]:
    """The changes that part somebody who left from their account, in the one order.

    `ours` takes the account out of the groups that it is in through us. A step that leaves nothing behind to see is
    taken once: `done` are those that were, since they left. What the application cannot do is left out; that it cannot
    even be closed is for admission to say.
    """
    handle, due = Handle(account.key, account.name), steps & capabilities.operations - done
    changes: list[Change] = []
    strips = _strips(capabilities)
    if strips:
        changes += _stripped(account, done, capabilities)
    elif account.active:
        changes.append(DeactivateAccount(handle))
    changes += [EndSessions(handle)] if ChangeKind.END_SESSIONS in due else []
    changes += [RevokeTokens(handle)] if ChangeKind.REVOKE_TOKENS in due else []
    if ChangeKind.HAND_OVER_LEADS in due and rules.farewell.new_lead:
        changes.append(HandOverLeads(handle, rules.farewell.new_lead))
    if not strips and ChangeKind.LEAVE_GROUPS in due:
        changes += ours
    changes += [AnonymizeAccount(handle)] if ChangeKind.ANONYMIZE_ACCOUNT in due else []
    changes += [DeleteAccount(handle)] if ChangeKind.DELETE_ACCOUNT in due else []
    return changes


def _strips(capabilities: Capabilities) -> bool:
    """True for an application that cannot close an account: there a leaver loses everything that opens it."""
    can = capabilities.operations
    return ChangeKind.DEACTIVATE_ACCOUNT not in can and ChangeKind.REVOKE_PERMISSIONS in can


def leave(handle: Handle, names: Sequence[str], capabilities: Capabilities) -> list[Change]:
    """Take the account out of these groups, as many at a time as the application takes."""
    step = capabilities.groups_a_call
    return [LeaveGroups(handle, tuple(names[at : at + step])) for at in range(0, len(names), step)]


def _stripped(account: AccountSeen, done: Set[ChangeKind], capabilities: Capabilities) -> list[Change]:
    handle = Handle(account.key, account.name)
    changes: list[Change] = []
    if account.permissions or (account.permissions is None and ChangeKind.REVOKE_PERMISSIONS not in done):
        changes.append(RevokePermissions(handle))
    return changes + leave(handle, sorted(account.groups or ()), capabilities)

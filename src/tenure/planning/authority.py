"""Authority: what of an account another target of the estate does, and what is said of it until it is seen here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tenure.model.capability import Capabilities
from tenure.model.change import (
    AccountChange,
    AdoptAccount,
    AnonymizeAccount,
    Change,
    ChangeKind,
    CreateAccount,
    DeactivateAccount,
    DeleteAccount,
    EndSessions,
    HandOverLeads,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    RevokePermissions,
    RevokeTokens,
    UpdateAccount,
)
from tenure.model.desired import Desired, Standing
from tenure.model.plan import Decision, Verdict
from tenure.model.seen import AccountSeen
from tenure.model.situation import Absent, Found, Linked, Situation
from tenure.planning.reconciliation import Care
from tenure.planning.rules import Leaver, OutOfScope, Rules

WAITS_ON = "authority:"
"""What a change waits on that another target does: this, and that target's name."""
MADE, KEPT = "made at ", "kept at "
"""How the evidence of a link begins that rests on the link at the authority: to an account that we made there, or took
over."""
_BESIDE = (JoinGroups, LeaveGroups, RevokePermissions, RevokeTokens, EndSessions, HandOverLeads)
_MIRRORED = ("username", "email", "display_name")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How a person stands at `name`, the target that is the authority of the accounts here.

    `read`: its accounts were read whole. `desired` is what its `rules` ask of the person; None until it was computed.
    `linked` is the account there that is linked to them, which `made` says that we made; `had`: one was, at some time.
    `named` are accounts there by canonical name, as far as they bear a name that matters here, and `others` the names
    of those that are linked to somebody else. `groups` are the canonical names of groups there, of those that matter
    here; `cared` those of them in our care, with their names, and `given` those that the person is in through us. `why`
    is what the plan there waits for.
    """

    name: str
    rules: Rules | None = None
    read: bool = False
    desired: Desired | None = None
    linked: AccountSeen | None = None
    made: bool = False
    had: bool = False
    named: Mapping[str, AccountSeen] = field(default_factory=dict)
    others: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    cared: Mapping[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    why: str = ""

    def keeps(self, account: AccountSeen, capabilities: Capabilities) -> AccountSeen | None:
        """The account there of which the one here is the image, if there is one now."""
        return self.linked or self.named.get(capabilities.canon("username", account.name) or "")

    def owns(self, account: AccountSeen, capabilities: Capabilities) -> bool:
        """Whether the account here is one of the authority's: it has, or had, it, or nobody can write it here."""
        return self.had or not account.writable or self.keeps(account, capabilities) is not None

    def owns_group(self, canon: str, capabilities: Capabilities) -> bool:
        """Whether the group is the authority's: it is there, or its rules are to make it."""
        return canon in self.groups or canon in self.wanted(capabilities)

    def wanted(self, capabilities: Capabilities) -> frozenset[str]:
        """The canonical names of the groups that the rules there lead the person to."""
        groups = self.desired.groups if self.desired is not None else ()
        return frozenset(capabilities.group.canon(group.name) for group in groups)


def follow(situation: Situation, there: Elsewhere | None) -> Situation:
    """The situation, in which an account that was found here is the person's as it is theirs at the authority."""
    if there is None or there.linked is None or not isinstance(situation, Found):
        return situation
    if situation.evidence.startswith("chosen"):
        return situation
    how = MADE if there.made else KEPT
    return Found(situation.account, f"{how}{there.name} ({there.linked.key}), {situation.evidence}")


def watched(care: Care, account: AccountSeen | None, there: Elsewhere | None, capabilities: Capabilities) -> Care:
    """What is ours of this account, with what is ours of it at the authority: a group that was left there is left here,
    when this is seen.
    """
    if there is None or account is None or not there.owns(account, capabilities):
        return care
    canon = capabilities.group.canon
    inside = {canon(name) for name in (there.linked.groups if there.linked else None) or ()}
    left = {canon(name) for name in account.groups or ()} & there.cared.keys() - inside
    return replace(care, groups={**care.groups, **there.cared}, given=care.given | there.given | left)


def beyond(changes: Sequence[Change], there: Elsewhere | None, desired: Desired, capabilities: Capabilities) -> tuple[
    Change, ...
]:  # fmt: skip
    """The changes without the groups that a leaver is in at the authority: those are its part of the farewell."""
    if there is None or desired.standing is not Standing.LEAVER:
        return tuple(changes)
    canon, kept = capabilities.group.canon, list[Change]()
    for change in changes:
        if isinstance(change, LeaveGroups):
            names = tuple(name for name in change.groups if not there.owns_group(canon(name), capabilities))
            kept += [replace(change, groups=names)] if names else []
        else:
            kept.append(change)
    return tuple(kept)


def divide(
    change: UpdateAccount, situation: Situation, there: Elsewhere | None, capabilities: Capabilities
) -> set[str]:
    """The fields of an update that the application keeps itself, of an account that lives in a directory elsewhere."""
    account = situation.account if isinstance(situation, Linked | Found) else None
    if account is None or (account.writable if there is None else not there.owns(account, capabilities)):
        return set()
    specs = {name: capabilities.spec(name) for name in change.fields}
    return {name for name, spec in specs.items() if spec is not None and not spec.in_directory}


def entrust(
    change: Change, situation: Situation, there: Elsewhere | None, here: str, capabilities: Capabilities
) -> Verdict | None:
    """What becomes of a change of an account that may be another target's: done there and awaited here, or held.

    None when it is this application's own to do. `here` is the name of this target.
    """
    account = situation.account if isinstance(situation, Linked | Found) else None
    if there is None:
        if account is None or account.writable or _own(change, capabilities):
            return None
        return Verdict(change, Decision.HOLD, f"the account lives in a {account.authority} directory")
    if isinstance(change, CreateAccount | JoinGroups) and isinstance(situation, Absent):
        return _creation(change, there, here, capabilities)
    if account is None or not isinstance(change, AccountChange):
        return None
    if not there.read or there.desired is None:
        return None if _unmoved(change, capabilities) else _unread(change, there)
    if not there.owns(account, capabilities):
        return None
    if isinstance(change, AdoptAccount):
        return _adoption(change, account, there, here, capabilities)
    if isinstance(change, JoinGroups | LeaveGroups):
        return _told(change, account, there, here, capabilities) if _owned(change, there, capabilities) else None
    if _own(change, capabilities):
        return None
    if not there.had and there.keeps(account, capabilities) is None:
        said = f"the account lives in a {account.authority} directory, and {there.name} has no account of that name"
        return Verdict(change, Decision.HOLD, said)
    return _told(change, account, there, here, capabilities)


def _own(change: Change, capabilities: Capabilities) -> bool:
    """Whether the application keeps this itself, also of an account that lives in a directory elsewhere."""
    if isinstance(change, UpdateAccount):
        specs = [capabilities.spec(name) for name in change.fields]
        return all(spec is not None and not spec.in_directory for spec in specs)
    return isinstance(change, (AdoptAccount, *_BESIDE)) or change.kind is ChangeKind.END_LINK


def _unmoved(change: Change, capabilities: Capabilities) -> bool:
    """Whether it is this application's own, whatever the authority has."""
    return _own(change, capabilities) and not isinstance(change, AdoptAccount | JoinGroups | LeaveGroups)


def _owned(change: JoinGroups | LeaveGroups, there: Elsewhere, capabilities: Capabilities) -> bool:
    return all(there.owns_group(capabilities.group.canon(name), capabilities) for name in change.groups)


def _unread(change: Change, there: Elsewhere) -> Verdict:
    return _wait(change, there, f"{there.name} keeps the accounts here, and was not looked at yet")


def _wait(change: Change, there: Elsewhere, reason: str) -> Verdict:
    return Verdict(change, Decision.WAIT, reason, f"{WAITS_ON}{there.name}")


def _creation(
    change: CreateAccount | JoinGroups, there: Elsewhere, here: str, capabilities: Capabilities
) -> Verdict | None:
    """An account is made at the authority; what else is to be done with it waits for it as ever."""
    if there.desired is None:
        return _unread(change, there)
    if isinstance(change, JoinGroups) and not _owned(change, there, capabilities):
        return None
    if there.desired.standing is not Standing.MEMBER:
        said = f"{there.name} makes the accounts of {here}, and its scope leaves this person out"
        return Verdict(change, Decision.HOLD, said)
    if there.linked is not None:
        return _wait(change, there, f"is at {there.name}: waits until {here} shows it")
    return _wait(change, there, f"is made at {there.name}, and waits until {here} shows it{_stuck(there)}")


def _adoption(
    change: AdoptAccount, account: AccountSeen, there: Elsewhere, here: str, capabilities: Capabilities
) -> Verdict | None:
    """An account here becomes somebody's when it became theirs at the authority, and shows the same as there."""
    if change.evidence.startswith("chosen"):
        return None
    if there.linked is None:
        if (capabilities.canon("username", account.name) or "") in there.others:
            return Verdict(change, Decision.HOLD, f"{there.name} has this account for somebody else")
        return _wait(change, there, f"follows {there.name}, where the account is nobody's yet{_stuck(there)}")
    if _same(account, there.linked, capabilities):
        return None
    return _wait(change, there, f"waits until {here} shows of it what {there.name} has")


def _same(account: AccountSeen, there: AccountSeen, capabilities: Capabilities) -> bool:
    """Whether all that both applications show of an account is the same."""
    mine = {**account.fields, "username": account.name}
    theirs = {**there.fields, "username": there.name}
    both = [name for name in _MIRRORED if name in mine and name in theirs]
    return all(capabilities.canon(name, mine[name]) == capabilities.canon(name, theirs[name]) for name in both)


def _told(
    change: AccountChange, account: AccountSeen, there: Elsewhere, here: str, capabilities: Capabilities
) -> Verdict:
    original = there.keeps(account, capabilities)
    if _done(change, original, capabilities):
        return _wait(change, there, f"was done at {there.name}: waits until {here} shows it")
    if _asked(change, there, capabilities):
        return _wait(change, there, f"is done at {there.name}, and waits until {here} shows it{_stuck(there)}")
    return Verdict(change, Decision.HOLD, f"{there.name} keeps this account, and its rules do not ask for this")


def _stuck(there: Elsewhere) -> str:
    return f"; there: {there.why}" if there.why else ""


def _done(change: AccountChange, there: AccountSeen | None, capabilities: Capabilities) -> bool:
    """Whether the authority shows the account as the change would make it."""
    canon = capabilities.canon
    if there is None:
        return isinstance(change, DeactivateAccount | DeleteAccount | AnonymizeAccount | LeaveGroups)
    inside = {capabilities.group.canon(name) for name in there.groups or ()}
    match change:
        case UpdateAccount(fields=fields):
            return all(canon(name, there.fields.get(name)) == canon(name, value) for name, value in fields.items())
        case RenameAccount(name=name):
            return canon("username", there.name) == canon("username", name)
        case DeactivateAccount():
            return not there.active
        case ReactivateAccount():
            return there.active
        case JoinGroups(groups=groups):
            return all(capabilities.group.canon(name) in inside for name in groups)
        case LeaveGroups(groups=groups):
            return not any(capabilities.group.canon(name) in inside for name in groups)
        case _:
            return False


def _asked(change: AccountChange, there: Elsewhere, capabilities: Capabilities) -> bool:
    """Whether the rules of the authority ask for the same."""
    desired, rules, canon = there.desired, there.rules, capabilities.canon
    if desired is None or rules is None:
        return False
    left = desired.standing is Standing.LEAVER
    match change:
        case UpdateAccount(fields=fields):
            return all(canon(name, desired.fields.get(name)) == canon(name, value) for name, value in fields.items())
        case RenameAccount(name=name):
            return canon("username", desired.fields.get("username")) == canon("username", name)
        case DeactivateAccount():
            outside = desired.standing is Standing.OUT_OF_SCOPE and rules.out_of_scope is OutOfScope.DEACTIVATE
            return outside or (left and rules.leaver is not Leaver.KEEP)
        case ReactivateAccount():
            return desired.standing is Standing.MEMBER
        case JoinGroups(groups=groups):
            return all(capabilities.group.canon(name) in there.wanted(capabilities) for name in groups)
        case LeaveGroups(groups=groups):
            return not any(capabilities.group.canon(name) in there.wanted(capabilities) for name in groups)
        case _:
            return change.kind in desired.steps

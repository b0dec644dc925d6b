"""Reconciliation: the changes that lead from what was seen to what is desired."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tenure.model.capability import Capabilities
from tenure.model.change import (
    ORDER,
    AdoptAccount,
    Change,
    ChangeKind,
    CreateAccount,
    DeactivateAccount,
    EndLink,
    Handle,
    JoinGroups,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.desired import Desired, Standing
from tenure.model.seen import AccountSeen
from tenure.model.situation import Absent, Ambiguous, Found, Linked, Missing, Situation, Unseen
from tenure.model.veto import Kept
from tenure.planning.farewell import leave, parting
from tenure.planning.renames import is_temporary
from tenure.planning.rules import Leaver, OutOfScope, Rename, Rules


@dataclass(frozen=True, slots=True)
class Care:
    """What of an account's surroundings is ours.

    `groups` are the target's groups in our care (canonical name -> name there); `given` the canonical names of those
    that this account is in through us; `echoes` what came back for a field the last time we set it: field -> (hash of
    the canonical value that we sent, what the application then showed). `done` are the kinds of change that were made
    for this person since they left. `towards` is the name that the account was to get when it got a temporary one,
    which it still bears.
    """

    groups: Mapping[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    echoes: Mapping[str, tuple[bytes, str | None]] = field(default_factory=dict)
    done: frozenset[ChangeKind] = frozenset()
    towards: str | None = None


NOTHING_KEPT = Kept()
_ERASED = {ChangeKind.DELETE_ACCOUNT: "deleted", ChangeKind.ANONYMIZE_ACCOUNT: "anonymised"}


def sent_hash(canon: str | None) -> bytes:
    """What is kept of a value that was sent, to recognise it again."""
    return hashlib.sha256((canon or "").encode()).digest()


def reconcile(
    desired: Desired,
    situation: Situation,
    care: Care,
    capabilities: Capabilities,
    rules: Rules,
    kept: Kept = NOTHING_KEPT,
) -> tuple[Change, ...]:
    """The changes for one identity, in the one order of changes.

    `desired` is what is left of it after the vetoes, and `kept` what they ask beside. An account that is neither linked
    nor found is never touched. What was not read is not taken away: fields that were not shown and groups that were not
    told are added to, never removed from.
    """
    if desired.faults:
        return ()
    if desired.standing is Standing.LEAVER:
        return _ordered([*_left(desired, situation, care, capabilities, rules, kept), *_onward(situation, care)])
    if desired.standing is Standing.OUT_OF_SCOPE:
        return _ordered(
            [*_out_of_scope(desired, situation, care, capabilities, rules, kept), *_onward(situation, care)]
        )
    if isinstance(situation, Linked):
        adopted = situation.link.adopted
        changes = _differences(_as_given(desired, adopted), situation.account, care, capabilities, rules, adopted, kept)
        if kept.unlinked and not changes:
            handle = Handle(situation.account.key, situation.account.name)
            return (EndLink(handle, kept.refused_links[handle.key]),)
        return _ordered(changes)
    if isinstance(situation, Found):
        account = situation.account
        adoption = AdoptAccount(Handle(account.key, account.name), situation.evidence)
        return _ordered(
            [adoption, *_differences(_as_given(desired, True), account, care, capabilities, rules, True, kept)]
        )
    if isinstance(situation, Absent | Ambiguous | Missing | Unseen):
        fields = {name: value for name, value in desired.fields.items() if value}
        return _ordered([CreateAccount(fields), *_joins(desired, Handle("", fields["username"]), None, capabilities)])
    raise TypeError(situation)


def _as_given(desired: Desired, adopted: bool) -> Desired:
    """What is desired of an account that we made, or took over: some groups are for those alone that we made."""
    if not adopted:
        return desired
    return replace(desired, groups=tuple(group for group in desired.groups if not group.for_new))


def _left(
    desired: Desired, situation: Situation, care: Care, capabilities: Capabilities, rules: Rules, kept: Kept
) -> tuple[Change, ...]:
    erased = next((told for kind, told in _ERASED.items() if kind in care.done), None)
    if isinstance(situation, Missing) and erased:
        return (EndLink(Handle(situation.link.key, ""), f"the account was {erased}"),)
    if not isinstance(situation, Linked) or rules.leaver is Leaver.KEEP:
        return ()
    steps, account = desired.steps - kept.spared, situation.account
    ours = _leaves(desired, Handle(account.key, account.name), account.groups, care, capabilities, rules)
    return _ordered(parting(steps, care.done, account, ours, capabilities, rules))


def _out_of_scope(
    desired: Desired, situation: Situation, care: Care, capabilities: Capabilities, rules: Rules, kept: Kept
) -> tuple[Change, ...]:
    if not isinstance(situation, Linked):
        return ()
    account = situation.account
    handle = Handle(account.key, account.name)
    if kept.state == "open":
        return () if account.active else (ReactivateAccount(handle),)
    if rules.out_of_scope is OutOfScope.KEEP:
        return ()
    if rules.out_of_scope is OutOfScope.REMOVE_ACCESS:
        return tuple(_leaves(desired, handle, account.groups, care, capabilities, rules))
    return _ordered(parting(frozenset(), care.done, account, (), capabilities, rules))


def _onward(situation: Situation, care: Care) -> list[Change]:
    """A name that is temporary is nobody's to keep: the account of which the rules ask no name goes on to its own."""
    name = _towards(situation.account, care) if isinstance(situation, Linked) else None
    if name is None or not isinstance(situation, Linked):
        return []
    return [RenameAccount(Handle(situation.account.key, situation.account.name), name)]


def _towards(account: AccountSeen, care: Care) -> str | None:
    return care.towards if is_temporary(account.name) else None


def _differences(
    desired: Desired,
    account: AccountSeen,
    care: Care,
    capabilities: Capabilities,
    rules: Rules,
    adopted: bool,
    kept: Kept,
) -> list[Change]:
    handle = Handle(account.key, account.name)
    changes: list[Change] = []
    policy = rules.rename_adopted if adopted else rules.rename_made
    name = desired.fields.get("username") or account.name
    if policy is Rename.NEVER:
        name = _towards(account, care) or account.name
    if capabilities.canon("username", name) != capabilities.canon("username", account.name):
        changes.append(RenameAccount(handle, name))
    different = {
        name: value
        for name, value in desired.fields.items()
        if name != "username" and _differs(name, value, account, care, capabilities)
    }
    if different:
        before = {name: account.fields.get(name) for name in different}
        changes.append(UpdateAccount(handle, different, before))
    if kept.state == "closed":
        changes += [DeactivateAccount(handle)] if account.active else []
    elif not account.active:
        changes.append(ReactivateAccount(handle))
    changes += _joins(desired, handle, account.groups, capabilities)
    changes += _leaves(desired, handle, account.groups, care, capabilities, rules)
    return changes


def _differs(name: str, value: str | None, account: AccountSeen, care: Care, capabilities: Capabilities) -> bool:
    spec, settable = capabilities.spec(name), ChangeKind.UPDATE_ACCOUNT in capabilities.operations
    if spec is None or (name not in account.fields and (spec.listed or not settable)):
        return False
    wanted, seen = capabilities.canon(name, value), capabilities.canon(name, account.fields.get(name))
    if wanted == seen or (wanted is None and (not spec.clearable or name not in account.fields)):
        return False
    echo = care.echoes.get(name)
    return not (echo is not None and echo[0] == sent_hash(wanted) and echo[1] == account.fields.get(name))


def _joins(desired: Desired, handle: Handle, groups: frozenset[str] | None, capabilities: Capabilities) -> list[Change]:
    inside = {capabilities.group.canon(name) for name in groups or ()}
    names = [g.name for g in desired.groups if capabilities.group.canon(g.name) not in inside]
    step = capabilities.groups_a_call
    return [JoinGroups(handle, tuple(names[at : at + step])) for at in range(0, len(names), step)]


def _leaves(
    desired: Desired,
    handle: Handle,
    groups: frozenset[str] | None,
    care: Care,
    capabilities: Capabilities,
    rules: Rules,
) -> list[Change]:
    """Out of the groups in our care that are not desired: those that came from us, or all of them if the rules say."""
    wanted = {capabilities.group.canon(g.name) for g in desired.groups}
    names = [
        name
        for name in sorted(groups or ())
        if (canon := capabilities.group.canon(name)) not in wanted
        and canon in care.groups
        and (canon in care.given or not rules.keep_foreign_members)
    ]
    return leave(handle, names, capabilities)


def _ordered(changes: list[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: ORDER[change.kind]))

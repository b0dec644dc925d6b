"""Somebody who has left loses access at once, and what else they had step by step, each step once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tenure.model.capability import Capabilities
from tenure.model.change import (
    AnonymizeAccount,
    Change,
    ChangeKind,
    DeactivateAccount,
    DeleteAccount,
    EndLink,
    EndSessions,
    Handle,
    HandOverLeads,
    LeaveGroups,
    RevokePermissions,
    RevokeTokens,
)
from tenure.model.desired import Desired, Standing
from tenure.model.gate import GateClass, digest_of
from tenure.model.plan import Decision
from tenure.model.seen import AccountSeen
from tenure.model.situation import Link, Linked, Missing, Situation
from tenure.model.veto import STEP, Veto
from tenure.planning.admission import Safety, admit
from tenure.planning.assignment import assign
from tenure.planning.gates import losses
from tenure.planning.inversion import CannotUndo, invert, refuse
from tenure.planning.reconciliation import Care, reconcile
from tenure.planning.rules import Farewell, Leaver, OutOfScope, Rules
from tenure.planning.vetoes import overlay

from .parts import ANN, CAPABILITIES, HANDLE, NOW, account, person, rules

DAY = timedelta(days=1)
LINK = Link(HANDLE.key, person().id, "match", False)
OURS = Care(groups={"dev": "dev", "ops": "ops"}, given=frozenset({"dev"}))
ALL = Farewell(new_lead="boss", remove_groups=30 * DAY, anonymize=90 * DAY, delete=365 * DAY)
# An application that closes no account.
STRIPS = replace(
    CAPABILITIES,
    operations=frozenset(ChangeKind) - {ChangeKind.DEACTIVATE_ACCOUNT, ChangeKind.REACTIVATE_ACCOUNT},
    groups_a_call=10,
)


def after(
    days: float,
    there: AccountSeen | None = None,
    *,
    rule: Rules | None = None,
    care: Care = OURS,
    capabilities: Capabilities = CAPABILITIES,
) -> tuple[Change, ...]:
    """What is to be done so many days after somebody left."""
    rule = rule or rules(farewell=ALL)
    who = replace(person(active=False), left_at=NOW)
    desired = assign(who, (), rule, NOW + days * DAY)
    there = there or account("ann", "dev", "foreign", active=days == 0)
    return reconcile(desired, Linked(there, LINK), care, capabilities, rule)


def test_access_goes_first_then_sessions_and_tokens_and_the_rest_in_its_time() -> None:
    assert after(0) == (
        DeactivateAccount(HANDLE), EndSessions(HANDLE), RevokeTokens(HANDLE), HandOverLeads(HANDLE, "boss"),
    )  # fmt: skip
    done = replace(
        OURS, done=frozenset({ChangeKind.END_SESSIONS, ChangeKind.REVOKE_TOKENS, ChangeKind.HAND_OVER_LEADS})
    )
    assert after(29, care=done) == ()
    assert after(30, care=done) == (LeaveGroups(HANDLE, ("dev",)),), "only what we gave"
    assert after(90, account("ann", active=False), care=done) == (AnonymizeAccount(HANDLE),)
    erased = replace(done, done=done.done | {ChangeKind.ANONYMIZE_ACCOUNT})
    assert after(364, account("ann", active=False), care=erased) == ()
    assert after(365, account("ann", active=False), care=erased) == (DeleteAccount(HANDLE),)


def test_time_alone_is_looked_at_again_when_the_next_step_is_due() -> None:
    who = replace(person(active=False), left_at=NOW)
    rule = rules(farewell=ALL)
    times = [NOW + 30 * DAY, NOW + 90 * DAY, NOW + 365 * DAY, None]
    for at, expected in zip([NOW, *times[:3]], times, strict=True):
        assert at is not None
        assert assign(who, (), rule, at).look_again_at == expected
    assert assign(replace(who, left_at=None), (), rule, NOW).look_again_at is None
    assert after(400, rule=rules(farewell=ALL, leaver=Leaver.KEEP)) == ()


def test_who_left_at_an_unknown_time_loses_only_what_goes_at_once() -> None:
    rule = rules(farewell=ALL)
    desired = assign(person(active=False), (), rule, NOW)
    assert desired.steps == {ChangeKind.HAND_OVER_LEADS, ChangeKind.END_SESSIONS, ChangeKind.REVOKE_TOKENS}


@pytest.mark.parametrize(
    ("leaver", "last"), [(Leaver.ANONYMIZE, AnonymizeAccount(HANDLE)), (Leaver.DELETE, DeleteAccount(HANDLE))]
)
def test_to_erase_is_never_the_first_step_and_always_waits_for_a_person(leaver: Leaver, last: Change) -> None:
    rule = rules(leaver=leaver)
    found = after(0, rule=rule)
    assert found == (DeactivateAccount(HANDLE), last)
    safety = Safety(rule, Standing.LEAVER, Linked(account("ann"), LINK), CAPABILITIES)
    verdicts = list(admit(found, safety))
    assert [v.decision for v in verdicts] == [Decision.GO, Decision.HOLD]
    assert verdicts[1].gate == GateClass.ERASURES
    approved = replace(safety, approved={(GateClass.ERASURES, digest_of(last))})
    assert [v.decision for v in admit(found, approved)] == [Decision.GO, Decision.GO]
    assert isinstance(invert(last, {}, CAPABILITIES), CannotUndo)


def test_a_step_that_a_person_refused_is_not_proposed_again_and_the_others_are() -> None:
    rule = rules(leaver=Leaver.DELETE, farewell=Farewell(remove_groups=30 * DAY))
    refused = refuse(DeleteAccount(HANDLE), CAPABILITIES)
    assert not isinstance(refused, CannotUndo)
    assert refused[0].cell == STEP + "delete-account"
    veto = Veto(1, refused[0].cell, refused[0].refused, "decision 7", NOW + 3650 * DAY)
    desired = assign(replace(person(active=False), left_at=NOW), (), rule, NOW + 30 * DAY)
    desired, kept = overlay(desired, [veto], LINK, CAPABILITIES, NOW)
    found = reconcile(desired, Linked(account("ann", "dev", active=False), LINK), OURS, CAPABILITIES, rule, kept)
    assert [c.kind for c in found] == [ChangeKind.END_SESSIONS, ChangeKind.REVOKE_TOKENS, ChangeKind.LEAVE_GROUPS]
    back = assign(person(), (), rule, NOW)
    assert overlay(back, [veto], LINK, CAPABILITIES, NOW)[1].ended == (1,), "who came back is another matter"


def test_an_account_that_cannot_be_closed_loses_everything_that_opens_it() -> None:
    holds = replace(account("ann", "dev", "foreign"), permissions=frozenset({"LICENSED_USER"}))
    assert after(0, holds, capabilities=STRIPS, rule=rules()) == (
        RevokePermissions(HANDLE), LeaveGroups(HANDLE, ("dev", "foreign")),
    )  # fmt: skip
    bare = replace(account("ann"), permissions=frozenset())
    assert after(0, bare, capabilities=STRIPS, rule=rules()) == ()
    untold = account("ann")
    assert after(0, untold, capabilities=STRIPS, rule=rules()) == (RevokePermissions(HANDLE),)
    done = replace(OURS, done=frozenset({ChangeKind.REVOKE_PERMISSIONS}))
    assert after(0, untold, capabilities=STRIPS, rule=rules(), care=done) == ()


def test_who_is_out_of_scope_is_held_there_as_elsewhere() -> None:
    holds = replace(account("ann", "dev", "foreign"), permissions=frozenset({"LICENSED_USER"}))
    for action, decision in ((OutOfScope.HOLD, Decision.HOLD), (OutOfScope.DEACTIVATE, Decision.GO)):
        rule = rules(out_of_scope=action)
        found = reconcile(Desired(ANN, Standing.OUT_OF_SCOPE), Linked(holds, LINK), OURS, STRIPS, rule)
        assert [c.kind for c in found] == [ChangeKind.REVOKE_PERMISSIONS, ChangeKind.LEAVE_GROUPS]
        safety = Safety(rule, Standing.OUT_OF_SCOPE, Linked(holds, LINK), STRIPS)
        assert {v.decision for v in admit(found, safety)} == {decision}
        for change in found:
            gates = losses(change, holds, {}, STRIPS.group.canon, Standing.OUT_OF_SCOPE)
            assert gates[0] == GateClass.OUT_OF_SCOPE


def test_what_the_application_cannot_do_is_left_out() -> None:
    old = replace(CAPABILITIES, operations=frozenset({ChangeKind.DEACTIVATE_ACCOUNT, ChangeKind.LEAVE_GROUPS}))
    assert after(0, capabilities=old) == (DeactivateAccount(HANDLE),)
    assert after(400, capabilities=old) == (LeaveGroups(HANDLE, ("dev",)),)


def test_a_leaver_counts_once_and_a_closed_account_loses_nothing_more() -> None:
    opens = {"admins": frozenset({"administration"})}

    def gates(change: Change, there: AccountSeen) -> list[str]:
        return list(losses(change, there, opens, CAPABILITIES.group.canon, Standing.LEAVER))

    leaves = LeaveGroups(HANDLE, ("dev",))
    for change in (DeactivateAccount(HANDLE), leaves, RevokePermissions(HANDLE)):
        assert gates(change, account("ann", "dev")) == ["leavers"]
        assert gates(change, account("ann", "Admins")) == ["administrators", "leavers"]
    holds = replace(account("ann"), permissions=frozenset({"SYS_ADMIN"}))
    assert gates(RevokePermissions(HANDLE), holds) == ["administrators", "leavers"]
    assert gates(leaves, account("ann", "Admins", active=False)) == []


def test_the_link_to_an_account_that_was_deleted_ends() -> None:
    rule = rules(leaver=Leaver.DELETE)
    desired = assign(replace(person(active=False), left_at=NOW), (), rule, NOW)
    missing: Situation = Missing(LINK)
    for kind, told in ((ChangeKind.DELETE_ACCOUNT, "deleted"), (ChangeKind.ANONYMIZE_ACCOUNT, "anonymised")):
        done = Care(done=frozenset({kind}))
        end = EndLink(Handle(HANDLE.key, ""), f"the account was {told}")
        assert reconcile(desired, missing, done, CAPABILITIES, rule) == (end,)
    assert reconcile(desired, missing, Care(), CAPABILITIES, rule) == (), "who vanished otherwise is for a person"


def test_no_step_is_taken_for_somebody_whom_a_gate_holds() -> None:
    there = account("ann", "dev")
    for change in after(0, there):
        assert list(losses(change, there, {}, CAPABILITIES.group.canon, Standing.LEAVER)) == ["leavers"], change.kind

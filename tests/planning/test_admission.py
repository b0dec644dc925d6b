"""Verdicts: what goes, what waits for a person or for another change, and what is never done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenure.model.capability import Mode
from tenure.model.change import (
    AdoptAccount,
    Change,
    CreateAccount,
    EndSessions,
    JoinGroups,
    LeaveGroups,
    RenameAccount,
    RevokePermissions,
    RevokeTokens,
    UpdateAccount,
)
from tenure.model.desired import Standing
from tenure.model.gate import GateClass
from tenure.model.plan import Decision, Verdict
from tenure.model.situation import Ambiguous, Found, Linked, Missing, Situation, Unseen
from tenure.planning.rules import Adopt, OutOfScope, Protected

from .parts import CAPABILITIES, HANDLE, MADE, account
from .verdicts import (
    ABSENT,
    ADOPT,
    ALL,
    CREATE,
    FOUND,
    GO,
    HOLD,
    JOIN,
    LEAVE,
    NEW,
    OPEN,
    REFUSE,
    RENAME,
    SHUT,
    UPDATE,
    WAIT,
    fitting,
    told,
    verdict,
    verdicts,
)


@pytest.mark.parametrize("change", ALL, ids=lambda c: c.kind)
def test_in_full_mode_an_ordinary_change_goes(change: Change) -> None:
    assert verdict(change, fitting(change)) == Verdict(change, GO)


@pytest.mark.parametrize("change", ALL, ids=lambda c: c.kind)
def test_what_the_application_cannot_do_is_held(change: Change) -> None:
    unable = replace(CAPABILITIES, operations=frozenset())
    found = verdict(change, fitting(change), capabilities=unable)
    if isinstance(change, AdoptAccount):
        assert found.decision is GO
    else:
        assert told(found) == (HOLD, f"the application cannot {change.kind.value}")


@pytest.mark.parametrize("kind", [Linked, Found])
@pytest.mark.parametrize("change", [c for c in ALL if c is not CREATE], ids=lambda c: c.kind)
def test_an_account_that_cannot_be_written_is_held_but_for_its_groups(change: Change, kind: Any) -> None:
    there = account(writable=False, authority="ldap")
    found = verdict(change, Linked(there, MADE) if kind is Linked else Found(there, "match"))
    if isinstance(change, AdoptAccount | JoinGroups | LeaveGroups):
        assert found.decision is GO
    else:
        assert told(found) == (HOLD, "the account lives in a ldap directory")


@pytest.mark.parametrize("step", [RevokePermissions, RevokeTokens, EndSessions])
def test_what_an_application_keeps_beside_the_directory_is_taken_from_any_leaver(step: Any) -> None:
    there = Linked(account(writable=False, authority="ldap"), MADE)
    able = replace(CAPABILITIES, operations=CAPABILITIES.operations | {step.kind})
    found = verdict(step(HANDLE), there, capabilities=able, standing=Standing.LEAVER)
    assert "directory" not in (found.reason or "")
    assert found.decision is GO


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (CreateAccount({"username": "ann", "shoe_size": "44"}), "the application has no field shoe_size"),
        (UpdateAccount(HANDLE, {"shoe_size": None}), "the application has no field shoe_size"),
        (CreateAccount({"username": "ann", "display_name": "x" * 41}), "display_name is longer than 40 characters"),
        (UpdateAccount(HANDLE, {"display_name": "x" * 41}), "display_name is longer than 40 characters"),
        (UpdateAccount(HANDLE, {"properties.phone": "5" * 256}), "properties.phone is longer than 255 characters"),
        (RenameAccount(HANDLE, "x" * 256), "username is longer than 255 characters"),
    ],
)
def test_values_that_do_not_fit_are_held(change: Change, reason: str) -> None:
    assert told(verdict(change, fitting(change))) == (HOLD, reason)


@pytest.mark.parametrize(
    "change",
    [
        CreateAccount({"username": "x" * 255, "display_name": "\N{GRINNING FACE}" * 40}),
        UpdateAccount(HANDLE, {"display_name": "x" * 40, "title": None, "properties.a.b": "1"}),
        RenameAccount(HANDLE, "x" * 255),
    ],
)
def test_the_longest_values_go(change: Change) -> None:
    assert verdict(change, fitting(change)).decision is GO


@pytest.mark.parametrize(
    ("situation", "decision", "reason", "waits_on"),
    [
        (ABSENT, GO, "", None),
        (Ambiguous((account(),), "2 accounts agree in full"), HOLD, "2 accounts agree in full", None),
        (Missing(MADE), HOLD, "the linked account k1 vanished from the application", None),
        (Unseen("page 3 timed out"), WAIT, "page 3 timed out", "reading"),
    ],
    ids=lambda v: getattr(v, "name", None),
)
def test_an_account_is_made_only_where_none_is_proven_to_be(
    situation: Situation, decision: Decision, reason: str, waits_on: str | None
) -> None:
    gate = GateClass.ADOPTIONS if isinstance(situation, Ambiguous) else None
    assert verdict(CREATE, situation) == Verdict(CREATE, decision, reason, waits_on, gate)


@pytest.mark.parametrize("change", [CREATE, ADOPT, RENAME], ids=lambda c: c.kind)
def test_two_who_want_one_name_are_both_held(change: Change) -> None:
    rival = "ann of entra wants an account of the same name"
    assert told(verdict(change, fitting(change), rival=rival)) == (HOLD, rival)


@pytest.mark.parametrize("change", [JOIN, LEAVE, UPDATE, SHUT, OPEN], ids=lambda c: c.kind)
def test_a_rival_stops_nothing_else(change: Change) -> None:
    assert verdict(change, rival="bob wants it too").decision is GO


@pytest.mark.parametrize(
    ("names", "decision"),
    [({}, GO), ({"ann2": "k1"}, GO), ({"ann2": "k2"}, HOLD), ({"ann3": "k2"}, GO), ({"ANN2": "k2"}, GO)],
)
def test_a_new_name_must_be_free(names: dict[str, str], decision: Decision) -> None:
    found = verdict(RenameAccount(HANDLE, "Ann2"), names=names)
    assert told(found) == (decision, "the name Ann2 is taken by another account" if decision is HOLD else "")


@pytest.mark.parametrize(
    ("adopt", "evidence", "decision"),
    [
        (Adopt.ASK, "match: username and email", HOLD),
        (Adopt.MATCH, "match: username and email", GO),
        (Adopt.ASK, "rehire: username and email", GO),
        (Adopt.MATCH, "rehire: username and email", GO),
        (Adopt.ASK, "match: email", HOLD),
        (Adopt.MATCH, "match: email", HOLD),
        (Adopt.MATCH, "match: title", GO),
    ],
)
def test_who_decides_on_an_adoption(adopt: Adopt, evidence: str, decision: Decision) -> None:
    found = verdict(AdoptAccount(HANDLE, evidence), FOUND, adopt=adopt)
    assert found.decision is decision
    if adopt is Adopt.ASK and decision is HOLD:
        assert found.reason == f"adopt: ask ({evidence})"
    elif decision is HOLD:
        assert found.reason == "a match by e-mail alone never takes over an account"


@pytest.mark.parametrize("action", list(OutOfScope))
@pytest.mark.parametrize("standing", [Standing.LEAVER, Standing.OUT_OF_SCOPE])
def test_out_of_scope_is_held_and_a_leaver_is_not(action: OutOfScope, standing: Standing) -> None:
    found = verdict(SHUT, standing=standing, out_of_scope=action)
    if standing is Standing.OUT_OF_SCOPE and action is OutOfScope.HOLD:
        assert told(found) == (HOLD, "out of scope, but has not left")
    else:
        assert found.decision is GO


@pytest.mark.parametrize(("ready", "decision"), [({"dev"}, GO), ({"DEV"}, WAIT), (set(), WAIT), ({"ops"}, WAIT)])
def test_a_join_waits_for_its_group(ready: set[str], decision: Decision) -> None:
    found = verdict(JoinGroups(HANDLE, ("Dev",)), ready=frozenset(ready))
    if decision is WAIT:
        assert (found.reason, found.waits_on) == ("waits for the group Dev", "group:dev")
    assert found.decision is decision


def test_one_group_that_waits_does_not_keep_the_others_of_its_call() -> None:
    change = JoinGroups(HANDLE, ("dev", "new", "ops", "jira-admins"))
    assert verdicts([change], protected=Protected(("jira-admins",))) == [
        Verdict(JoinGroups(HANDLE, ("dev", "ops")), GO),
        Verdict(JoinGroups(HANDLE, ("new",)), WAIT, "waits for the group new", "group:new"),
        Verdict(JoinGroups(HANDLE, ("jira-admins",)), REFUSE, "jira-admins is protected"),
    ]


def test_one_protected_group_does_not_keep_somebody_in_the_others() -> None:
    assert verdicts([LeaveGroups(HANDLE, ("dev", "root"))], protected=Protected(("root",))) == [
        Verdict(LeaveGroups(HANDLE, ("dev",)), GO),
        Verdict(LeaveGroups(HANDLE, ("root",)), REFUSE, "root is protected"),
    ]


@pytest.mark.parametrize("groups", [("dev",), ("dev", "ops"), ("b", "a")])
def test_groups_with_one_verdict_stay_one_call(groups: tuple[str, ...]) -> None:
    held = verdicts([LeaveGroups(HANDLE, groups)], mode=Mode.NO_REMOVAL)
    assert [v.change for v in held] == [LeaveGroups(HANDLE, groups)]


@pytest.mark.parametrize(
    ("first", "situation", "known"),
    [
        pytest.param(CREATE, Unseen("not read"), {}, id="create waits for a reading"),
        pytest.param(CREATE, Missing(MADE), {}, id="create is held"),
        pytest.param(CREATE, ABSENT, {"own_account": "x", "protected": Protected(("x",))}, id="create goes"),
        pytest.param(ADOPT, FOUND, {"adopt": Adopt.ASK}, id="adoption is held"),
        pytest.param(ADOPT, FOUND, {}, id="adoption goes"),
    ],
)
def test_what_needs_the_account_waits_for_it(first: Change, situation: Situation, known: Any) -> None:
    founding, *rest = verdicts([first, UPDATE, JoinGroups(NEW, ("dev",))], situation, **known)
    for follower in rest:
        if founding.decision is GO:
            assert follower.decision is GO
        else:
            kind = first.kind.value
            assert follower == Verdict(follower.change, WAIT, f"needs {kind} first", kind)


def test_followers_that_are_refused_or_held_say_their_own_reason() -> None:
    join, update = JoinGroups(NEW, ("root",)), UpdateAccount(HANDLE, {"shoe_size": "44"})
    found = verdicts([CREATE, join, update], Missing(MADE), protected=Protected(("root",)))
    assert [v.decision for v in found] == [HOLD, REFUSE, HOLD]


def test_a_hold_stops_nothing_but_itself() -> None:
    found = verdicts([LEAVE, RENAME, UPDATE, OPEN, JOIN], names={"ann2": "k2"}, ready=frozenset())
    assert [v.decision for v in found] == [GO, HOLD, GO, GO, WAIT]

"""What the mode of a target allows, and who is refused whatever a plan says; the admission of groups."""

from __future__ import annotations

from typing import Any

import pytest

from tenure.model.capability import CREATING, LOSING, Mode
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    Handle,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.gate import GateClass
from tenure.model.plan import Decision, Verdict
from tenure.planning.admission import GroupSafety, admit_group
from tenure.planning.rules import Protected

from .parts import HANDLE, rules
from .verdicts import (
    ALL,
    GO,
    HOLD,
    REFUSE,
    fitting,
    told,
    verdict,
)

MODES = {
    Mode.OBSERVE: frozenset[ChangeKind](),
    Mode.CREATE_ONLY: CREATING | {ChangeKind.ADOPT_ACCOUNT},
    Mode.NO_REMOVAL: frozenset(ChangeKind) - LOSING,
    Mode.FULL: frozenset(ChangeKind),
}


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("change", ALL, ids=lambda c: c.kind)
def test_modes(mode: Mode, change: Change) -> None:
    found = verdict(change, fitting(change), mode=mode)
    if change.kind in MODES[mode]:
        assert found == Verdict(change, GO)
    elif mode is Mode.OBSERVE:
        assert told(found) == (HOLD, "mode observe: nothing is written")
    else:
        assert told(found) == (HOLD, f"mode {mode.value} does not allow {change.kind.value}")


@pytest.mark.parametrize("kind", list(ChangeKind))
@pytest.mark.parametrize(
    ("mode", "allowed"),
    [
        (Mode.OBSERVE, set()),
        (
            Mode.CREATE_ONLY,
            {"create-account", "create-group", "join-groups", "adopt-account", "adopt-group", "end-link"},
        ),
        (
            Mode.NO_REMOVAL,
            {
                *("create-account", "create-group", "join-groups", "adopt-account", "adopt-group", "end-link"),
                *("update-account", "rename-account", "reactivate-account"),
            },
        ),
        (Mode.FULL, {kind.value for kind in ChangeKind}),
    ],
)
def test_what_a_mode_allows(kind: ChangeKind, mode: Mode, allowed: set[str]) -> None:
    assert mode.allows(kind) is (kind.value in allowed)


def to(name: str) -> list[Change]:
    """Every change that names an account of this name, as it is or as it will be."""
    handle = Handle("k9", name)
    return [
        CreateAccount({"username": name}),
        AdoptAccount(handle, "match: username and email"),
        JoinGroups(handle, ("dev",)),
        LeaveGroups(handle, ("dev",)),
        UpdateAccount(handle, {"email": "x@y"}),
        RenameAccount(handle, "harmless"),
        RenameAccount(HANDLE, name),
        DeactivateAccount(handle),
        ReactivateAccount(handle),
    ]


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("name", ["root", "ROOT", " root ", "svc-build"])
def test_the_protected_are_refused_in_every_mode(name: str, mode: Mode) -> None:
    for change in to(name):
        found = verdict(change, fitting(change), protected=Protected(("Root", "svc-*")), mode=mode)
        assert told(found) == (REFUSE, f"{name} is protected")


@pytest.mark.parametrize("name", ["tenure", "Tenure", "TENURE "])
def test_the_account_that_we_sign_in_with_is_refused(name: str) -> None:
    for change in to(name):
        found = verdict(change, fitting(change), own_account="tenure")
        assert told(found) == (REFUSE, f"{name} is the account that Tenure signs in with")


@pytest.mark.parametrize("name", ["roots", "xroot", "svc", "my-svc-x"])
def test_others_are_not_protected(name: str) -> None:
    for change in to(name):
        protected = Protected(("root", "svc-*", "s*q*c"))
        assert verdict(change, fitting(change), protected=protected, own_account="x").decision is GO


def test_protected_groups_are_neither_joined_nor_left() -> None:
    protected = Protected(("jira-admins",))
    for change in (JoinGroups(HANDLE, ("Jira-Admins",)), LeaveGroups(HANDLE, ("Jira-Admins",))):
        assert told(verdict(change, protected=protected)) == (REFUSE, "Jira-Admins is protected")


def group_safety(**changed: Any) -> GroupSafety:
    known = {"create": True, "join": True, "by_name": False, "gives": frozenset[str]()}
    own = {name: changed.pop(name) for name in list(changed) if name in known}
    return GroupSafety(rules(**changed), **{**known, **own})


MAKE, TAKE = CreateGroup("Dev"), AdoptGroup("Dev")
LICENCE, ADMINISTERS = frozenset({"licence"}), frozenset({"licence", "administration"})


@pytest.mark.parametrize(
    ("change", "known", "decision", "reason"),
    [
        (MAKE, {}, GO, ""),
        (MAKE, {"create": False}, HOLD, "the group Dev is missing at the application"),
        (MAKE, {"join": False}, GO, ""),
        (TAKE, {}, GO, ""),
        (TAKE, {"create": False}, GO, ""),
        (TAKE, {"join": False}, HOLD, "Dev was there before: existing: hold"),
        (TAKE, {"by_name": True, "create": False}, GO, ""),
        (TAKE, {"gives": ADMINISTERS}, HOLD, "Dev gives administration and licence: name it in the mapping to join it"),
        (TAKE, {"gives": LICENCE, "join": False}, HOLD, "Dev gives licence: name it in the mapping to join it"),
        (TAKE, {"by_name": True, "gives": ADMINISTERS}, GO, ""),
        (MAKE, {"protected": Protected(("DEV",))}, REFUSE, "Dev is protected"),
        (TAKE, {"protected": Protected(("d*",)), "mode": Mode.OBSERVE}, REFUSE, "Dev is protected"),
        (MAKE, {"mode": Mode.OBSERVE}, HOLD, "mode observe: nothing is written"),
        (TAKE, {"mode": Mode.OBSERVE}, HOLD, "mode observe: nothing is written"),
        (MAKE, {"mode": Mode.CREATE_ONLY}, GO, ""),
        (TAKE, {"mode": Mode.CREATE_ONLY}, GO, ""),
        (MAKE, {"mode": Mode.NO_REMOVAL}, GO, ""),
    ],
)  # fmt: skip
def test_groups(change: CreateGroup | AdoptGroup, known: Any, decision: Decision, reason: str) -> None:
    gate = GateClass.GROUPS if reason.endswith("existing: hold") else None
    assert admit_group(change, group_safety(**known)) == Verdict(change, decision, reason, gate=gate)

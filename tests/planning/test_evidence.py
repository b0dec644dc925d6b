"""Does what was seen show that a change took effect, and what is known of an account after it?"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tenure.model.change import (
    CHANGES,
    AdoptAccount,
    AdoptGroup,
    Answer,
    Change,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    Handle,
    JoinGroups,
    LeaveGroups,
    Outcome,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.seen import AccountSeen
from tenure.planning.evidence import cells, folded, named, proven, shown_by

from .parts import CAPABILITIES, HANDLE, account

CREATE = CreateAccount({"username": "ann", "email": "ann@example.com"})
UPDATE = UpdateAccount(HANDLE, {"email": "new@example.com", "title": None})
JOIN, LEAVE = JoinGroups(HANDLE, ("Dev", "ops")), LeaveGroups(HANDLE, ("Dev",))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (CREATE, {"username": "ann", "email": "ann@example.com", "active": "true"}),
        (UPDATE, {"email": "new@example.com", "title": None}),
        (RenameAccount(HANDLE, "ann2"), {"username": "ann2"}),
        (DeactivateAccount(HANDLE), {"active": "false"}),
        (ReactivateAccount(HANDLE), {"active": "true"}),
        (JOIN, {"member:Dev": "true", "member:ops": "true"}),
        (LEAVE, {"member:Dev": None}),
        (CreateGroup("Dev"), {"group": "Dev"}),
        (AdoptGroup("Dev"), {"group": "Dev"}),
        (AdoptAccount(HANDLE, "match"), {"link": "k1"}),
    ],
    ids=lambda v: getattr(v, "kind", None),
)
def test_the_cells_of_a_change(change: Change, expected: dict[str, Any]) -> None:
    assert cells(change) == expected


def test_every_change_has_cells_and_names_somebody() -> None:
    values = {
        "account": Handle("k", "ann"),
        "fields": {"username": "ann"},
        "groups": ("Dev",),
        "name": "Dev",
        "to": "bo",
    }
    for kind, change in CHANGES.items():
        names = {field.name for field in dataclasses.fields(change)}
        made = change(**{name: values.get(name, "") for name in names})
        assert cells(made), kind
        assert set(named(made)) <= {"ann", "Dev", "bo"}, kind


def test_what_a_reading_shows() -> None:
    seen = account("Ann", "Dev", active=False, username="stale", title=None)
    assert shown_by(seen, CAPABILITIES) == {
        "username": "Ann",
        "email": "ann@example.com",
        "display_name": "Ann Lee",
        "title": None,
        "active": "false",
        "member:dev": "true",
    }
    assert shown_by(AccountSeen("k", "zed", True), CAPABILITIES) == {"username": "zed", "active": "true"}


@pytest.mark.parametrize(
    ("change", "shown", "verdict"),
    [
        pytest.param(CREATE, {"username": "ANN", "email": "Ann@example.com", "active": "true"}, True, id="all as sent"),
        pytest.param(CREATE, {"username": "ann", "email": "ann@example.com"}, None, id="state not shown"),
        pytest.param(CREATE, {"email": "other@example.com"}, False, id="one shown otherwise, others not at all"),
        pytest.param(CREATE, {}, None, id="nothing shown"),
        pytest.param(UPDATE, {"email": "new@example.com", "title": ""}, True, id="cleared: empty is no value"),
        pytest.param(UPDATE, {"email": "new@example.com", "title": "CEO"}, False, id="not cleared"),
        pytest.param(UPDATE, {"email": "new@example.com"}, None, id="whether it was cleared was not shown"),
        pytest.param(RenameAccount(HANDLE, "Ann2"), {"username": "ann2"}, True, id="renamed, in lower case"),
        pytest.param(RenameAccount(HANDLE, "Ann2"), {"username": "ann"}, False, id="not renamed"),
        pytest.param(DeactivateAccount(HANDLE), {"active": "false"}, True, id="shut"),
        pytest.param(DeactivateAccount(HANDLE), {"active": "true"}, False, id="still open"),
        pytest.param(JOIN, {"member:DEV": "Dev", "member:ops": "true"}, True, id="in both groups"),
        pytest.param(JOIN, {"member:dev": "true"}, None, id="one group not shown"),
        pytest.param(JOIN, {"member:dev": "true", "member:Ops": None}, False, id="shown not to be in one"),
        pytest.param(LEAVE, {"member:dev": None}, True, id="left"),
        pytest.param(LEAVE, {"member:dev": "true"}, False, id="still in it"),
        pytest.param(LEAVE, {}, None, id="not shown to have left"),
        pytest.param(CreateGroup("Dev"), {"group": "dev"}, True, id="the group is there, in lower case"),
        pytest.param(CreateGroup("Dev"), {"group": "ops"}, False, id="another group was made"),
        pytest.param(CreateGroup("Dev"), {"group": None}, False, id="the group is shown not to be there"),
        pytest.param(AdoptAccount(HANDLE, "match"), {"link": "k2"}, False, id="somebody else is linked"),
        pytest.param(AdoptAccount(HANDLE, "match"), {"link": "k1"}, True, id="linked in our records"),
    ],
)
def test_proven(change: Change, shown: dict[str, str | None], verdict: bool | None) -> None:
    assert proven(change, shown, CAPABILITIES) is verdict


@pytest.mark.parametrize(
    ("change", "shown", "verdict"),
    [
        (JOIN, {"member:dev": "true"}, False),
        (JOIN, {"member:dev": "true", "member:ops": "true"}, True),
        (LEAVE, {}, True),
        (LEAVE, {"member:dev": "true"}, False),
        (DeactivateAccount(HANDLE), {}, None),
        (CreateGroup("Dev"), {}, None),
    ],
)
def test_when_all_memberships_were_shown_a_group_that_was_not_is_one_they_are_not_in(
    change: Change, shown: dict[str, str | None], verdict: bool | None
) -> None:
    assert proven(change, shown, CAPABILITIES, whole=True) is verdict


def fold(seen: AccountSeen | None, change: Change, answer: Answer | None = None) -> AccountSeen | None:
    return folded(seen, change, answer or Answer(Outcome.APPLIED))


def test_folding_a_create_takes_what_the_answer_showed() -> None:
    answer = Answer(Outcome.APPLIED, Handle("k7", "ann"), {"email": "ANN@example.com", "active": "true"})
    expected = AccountSeen("k7", "ann", True, {"username": "ann", "email": "ANN@example.com"}, frozenset())
    assert fold(None, CREATE, answer) == expected
    assert fold(None, CREATE) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (UPDATE, account("ann", "dev", email="new@example.com", title=None)),
        (DeactivateAccount(HANDLE), account("ann", "dev", active=False)),
        (ReactivateAccount(HANDLE), account("ann", "dev")),
        (RenameAccount(HANDLE, "ann2"), account("ann2", "dev")),
        (JoinGroups(HANDLE, ("ops",)), account("ann", "dev", "ops")),
        (LeaveGroups(HANDLE, ("dev", "ops")), account("ann")),
        (AdoptAccount(HANDLE, "match"), account("ann", "dev")),
        (AdoptGroup("dev"), account("ann", "dev")),
        (CreateGroup("dev"), account("ann", "dev")),
    ],
    ids=lambda v: getattr(v, "kind", None),
)
def test_folding(change: Change, expected: AccountSeen) -> None:
    assert fold(account("ann", "dev"), change) == expected


def test_folding_takes_what_the_answer_showed_of_an_update_and_a_rename() -> None:
    update = Answer(Outcome.APPLIED, HANDLE, {"email": "NEW@example.com"})
    assert fold(account(), UPDATE, update) == account(email="NEW@example.com", title=None)
    rename = Answer(Outcome.APPLIED, Handle("k1", "ann2"), {"username": "ann2"})
    assert fold(account(), RenameAccount(HANDLE, "Ann2"), rename) == account("ann2")


@pytest.mark.parametrize("change", [UPDATE, JOIN, LEAVE, DeactivateAccount(HANDLE), AdoptAccount(HANDLE, "m")])
def test_folding_of_an_account_that_is_not_known_gives_none(change: Change) -> None:
    assert fold(None, change) is None


@pytest.mark.parametrize("change", [JOIN, LEAVE])
def test_groups_that_were_not_told_are_not_known_after_a_join(change: Change) -> None:
    unknown = account(told=False)
    assert fold(unknown, change) == unknown

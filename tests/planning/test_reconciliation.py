"""The changes that lead from what was seen to what is desired, and the ones that are never made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenure.model.capability import Capabilities
from tenure.model.change import (
    AdoptAccount,
    Change,
    ChangeKind,
    CreateAccount,
    DeactivateAccount,
    Handle,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.desired import Desired, Standing
from tenure.model.seen import AccountSeen
from tenure.model.situation import Absent, Ambiguous, Found, Linked, Missing, Situation, Unseen
from tenure.planning.reconciliation import Care, reconcile, sent_hash
from tenure.planning.rules import Leaver, OutOfScope, Rename

from .parts import ADOPTED, CAPABILITIES, HANDLE, MADE, NOW, account, rules, wanted

OURS = Care(groups={"dev": "dev", "ops": "Ops"}, given=frozenset({"dev", "ops"}))
TWO_A_CALL = replace(CAPABILITIES, groups_a_call=2)
UNLINKED = [Absent(NOW), Ambiguous((account(),), "two"), Missing(MADE), Unseen("not read")]
LEAVER, OUT = wanted(standing=Standing.LEAVER), wanted(standing=Standing.OUT_OF_SCOPE)


def changes(
    desired: Desired,
    there: AccountSeen | Situation,
    care: Care = Care(),  # noqa: B008 - frozen
    capabilities: Capabilities = CAPABILITIES,
    **changed: Any,
) -> tuple[Change, ...]:
    situation = Linked(there, MADE) if isinstance(there, AccountSeen) else there
    return reconcile(desired, situation, care, capabilities, rules(**changed))


@pytest.mark.parametrize(
    ("desired", "there", "expected"),
    [
        pytest.param(wanted(), account(), (), id="in step"),
        pytest.param(wanted(username="ANN", email="ANN@example.com"), account(), (), id="letter case alone differs"),
        pytest.param(wanted(display_name=" Ann Lee "), account(), (), id="white space at the ends differs"),
        pytest.param(
            wanted(email="new@example.com"),
            account(),
            (UpdateAccount(HANDLE, {"email": "new@example.com"}, {"email": "ann@example.com"}),),
            id="one field differs",
        ),
        pytest.param(wanted(username="ann2"), account(), (RenameAccount(HANDLE, "ann2"),), id="renamed"),
        pytest.param(wanted(), account(active=False), (ReactivateAccount(HANDLE),), id="shut"),
        pytest.param(wanted("dev"), account(), (JoinGroups(HANDLE, ("dev",)),), id="not in a group"),
        pytest.param(wanted("DEV"), account("ann", "dev"), (), id="in the group under another spelling"),
        pytest.param(wanted(), account("ann", "dev"), (LeaveGroups(HANDLE, ("dev",)),), id="in a group that we gave"),
        pytest.param(
            wanted("a", "b"),
            account("ann", "ops", "Dev", active=False, email=None),
            (
                LeaveGroups(HANDLE, ("Dev",)),
                LeaveGroups(HANDLE, ("ops",)),
                UpdateAccount(HANDLE, {"email": "ann@example.com"}, {"email": None}),
                ReactivateAccount(HANDLE),
                JoinGroups(HANDLE, ("a",)),
                JoinGroups(HANDLE, ("b",)),
            ),
            id="everything at once, taken away before given",
        ),
    ],
)
def test_a_linked_account(desired: Desired, there: AccountSeen, expected: tuple[Change, ...]) -> None:
    assert changes(desired, there, OURS) == expected


@pytest.mark.parametrize("situation", UNLINKED, ids=lambda s: s.name)
def test_nothing_linked_and_nothing_found_asks_for_an_account(situation: Situation) -> None:
    expected = (
        CreateAccount({"username": "ann", "email": "ann@example.com"}),
        JoinGroups(Handle("", "ann"), ("dev",)),
    )
    assert changes(wanted("dev", display_name=None, title=""), situation) == expected
    assert changes(LEAVER, situation, OURS) == ()
    assert changes(OUT, situation, OURS, out_of_scope=OutOfScope.DEACTIVATE) == ()


def test_a_found_account_is_adopted_and_brought_in_step_and_loses_nothing() -> None:
    found = Found(account("ann", "dev", "Foreign", email="old@x", active=False), "match: username")
    assert changes(wanted("ops"), found, Care(groups=OURS.groups)) == (
        AdoptAccount(HANDLE, "match: username"),
        UpdateAccount(HANDLE, {"email": "ann@example.com"}, {"email": "old@x"}),
        ReactivateAccount(HANDLE),
        JoinGroups(HANDLE, ("ops",)),
    )
    assert changes(LEAVER, found) == ()
    assert changes(OUT, found, out_of_scope=OutOfScope.DEACTIVATE) == ()


def test_a_fault_stops_everything_for_this_person() -> None:
    broken = wanted("dev", faults=("email: no such thing",), email="other@x", username="zed")
    assert changes(broken, account("ann", "ops", active=False), OURS) == ()


@pytest.mark.parametrize(
    ("link", "made", "adopted", "renamed"),
    [
        (MADE, Rename.FOLLOW, Rename.NEVER, True),
        (MADE, Rename.NEVER, Rename.FOLLOW, False),
        (ADOPTED, Rename.FOLLOW, Rename.NEVER, False),
        (ADOPTED, Rename.NEVER, Rename.FOLLOW, True),
    ],
)
def test_who_follows_a_new_name(link: Any, made: Rename, adopted: Rename, renamed: bool) -> None:
    found = changes(wanted(username="ann2"), Linked(account(), link), rename_made=made, rename_adopted=adopted)
    assert found == ((RenameAccount(HANDLE, "ann2"),) if renamed else ())


@pytest.mark.parametrize(("policy", "renamed"), [(Rename.FOLLOW, True), (Rename.NEVER, False)])
def test_a_found_account_follows_the_policy_of_adopted_ones(policy: Rename, renamed: bool) -> None:
    found = changes(wanted(username="ann2"), Found(account(), "match: email"), rename_adopted=policy)
    assert (RenameAccount(HANDLE, "ann2") in found) is renamed


@pytest.mark.parametrize(
    ("field", "desired", "there", "written"),
    [
        pytest.param("title", None, {"title": "CEO"}, True, id="null clears a field that can be cleared"),
        pytest.param("title", "", {"title": "CEO"}, True, id="so does the empty text"),
        pytest.param("title", "  ", {"title": "CEO"}, True, id="and white space"),
        pytest.param("title", None, {"title": None}, False, id="nothing to clear"),
        pytest.param("title", None, {"title": ""}, False, id="empty is no value"),
        pytest.param("title", None, {}, False, id="what was not shown is not cleared"),
        pytest.param("title", "CEO", {}, False, id="a listed field that was not shown is not known to differ"),
        pytest.param("title", "CEO", {"title": None}, True, id="a listed field that is empty is set"),
        pytest.param("email", None, {}, False, id="a field that cannot be cleared is left"),
        pytest.param("properties.phone", "555", {}, True, id="an unlisted field that was not shown is set"),
        pytest.param("properties.phone", "555", {"properties.phone": "555"}, False, id="unlisted, and in step"),
        pytest.param("properties.phone", "555", {"properties.phone": "1"}, True, id="unlisted, and differs"),
        pytest.param("properties.phone", None, {}, False, id="unlisted: what was not shown is not cleared"),
        pytest.param("properties.phone", None, {"properties.phone": "1"}, True, id="unlisted: cleared when shown"),
        pytest.param("shoe_size", "44", {}, False, id="the application has no such field"),
    ],
)
def test_when_a_field_is_written(field: str, desired: str | None, there: dict[str, Any], written: bool) -> None:
    expected = (UpdateAccount(HANDLE, {field: desired}, {field: there.get(field)}),) if written else ()
    fields: dict[str, Any] = {field: desired}
    assert changes(wanted(**fields), account(**there)) == expected


@pytest.mark.parametrize(
    ("sent", "shown", "desired", "there", "written"),
    [
        pytest.param("Dr Ann Lee", "Ann Lee", "Dr Ann Lee", "Ann Lee", False, id="the application rewrote it"),
        pytest.param("Dr Ann Lee", "Ann Lee", "Prof Ann Lee", "Ann Lee", True, id="the desired value changed"),
        pytest.param("Dr Ann Lee", "Ann Lee", "Dr Ann Lee", "Somebody", True, id="somebody else changed it"),
        pytest.param("Dr Ann Lee", None, "Dr Ann Lee", None, False, id="the application dropped it"),
    ],
)
def test_an_echo_is_in_step(sent: str, shown: str | None, desired: str, there: str | None, written: bool) -> None:
    care = Care(echoes={"display_name": (sent_hash(sent), shown)})
    assert bool(changes(wanted(display_name=desired), account(display_name=there), care)) is written


def test_an_echo_of_nothing_is_kept_like_any_other() -> None:
    care = Care(echoes={"title": (sent_hash(None), "n/a")})
    assert changes(wanted(title=None), account(title="n/a"), care) == ()


@pytest.mark.parametrize(
    ("care", "left"),
    [
        pytest.param(OURS, True, id="in our care, and given by us"),
        pytest.param(Care(groups=OURS.groups), False, id="in our care, given by somebody else"),
        pytest.param(Care(given=OURS.given), False, id="given by us, but no longer in our care"),
        pytest.param(Care(), False, id="not ours at all"),
    ],
)
def test_only_memberships_that_are_ours_are_taken_away(care: Care, left: bool) -> None:
    assert changes(wanted(), account("ann", "dev"), care) == ((LeaveGroups(HANDLE, ("dev",)),) if left else ())


def test_groups_that_were_not_told_are_joined_and_never_left() -> None:
    assert changes(wanted("a"), account(told=False), OURS) == (JoinGroups(HANDLE, ("a",)),)


def test_as_many_groups_in_a_call_as_the_application_takes() -> None:
    care = Care(groups={g: g for g in "xyz"}, given=frozenset("xyz"))
    assert changes(wanted("a", "b", "c"), account("ann", "x", "y", "z"), care, TWO_A_CALL) == (
        LeaveGroups(HANDLE, ("x", "y")),
        LeaveGroups(HANDLE, ("z",)),
        JoinGroups(HANDLE, ("a", "b")),
        JoinGroups(HANDLE, ("c",)),
    )


@pytest.mark.parametrize(
    ("action", "active", "expected"),
    [
        (Leaver.DEACTIVATE, True, (DeactivateAccount(HANDLE),)),
        (Leaver.DEACTIVATE, False, ()),
        (Leaver.KEEP, True, ()),
        (Leaver.KEEP, False, ()),
    ],
)
def test_a_leaver(action: Leaver, active: bool, expected: tuple[Change, ...]) -> None:
    there = account("ann", "dev", active=active)
    for out_of_scope in OutOfScope:
        assert changes(LEAVER, there, OURS, leaver=action, out_of_scope=out_of_scope) == expected


@pytest.mark.parametrize(
    ("action", "active", "expected"),
    [
        pytest.param(OutOfScope.HOLD, True, (DeactivateAccount(HANDLE),), id="hold: admission lets it wait"),
        pytest.param(OutOfScope.HOLD, False, (), id="hold, and shut already"),
        pytest.param(OutOfScope.DEACTIVATE, True, (DeactivateAccount(HANDLE),), id="deactivate"),
        pytest.param(OutOfScope.DEACTIVATE, False, (), id="deactivate, and shut already"),
        pytest.param(OutOfScope.KEEP, True, (), id="keep"),
        pytest.param(
            OutOfScope.REMOVE_ACCESS,
            True,
            (LeaveGroups(HANDLE, ("Ops",)), LeaveGroups(HANDLE, ("dev",))),
            id="remove_access: what we gave",
        ),
    ],
)
@pytest.mark.parametrize("leaver", list(Leaver))
def test_out_of_scope(action: OutOfScope, active: bool, expected: tuple[Change, ...], leaver: Leaver) -> None:
    there = account("ann", "Ops", "dev", "foreign", active=active)
    assert changes(OUT, there, OURS, out_of_scope=action, leaver=leaver) == expected


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(account("ann"), id="in none of them any more"),
        pytest.param(account("ann", told=False), id="the groups were not told"),
        pytest.param(account("ann", "foreign"), id="in foreign groups only"),
    ],
)
def test_remove_access_takes_away_only_what_was_seen(there: AccountSeen) -> None:
    assert changes(OUT, there, OURS, out_of_scope=OutOfScope.REMOVE_ACCESS) == ()


def test_remove_access_takes_as_many_groups_in_a_call_as_the_application_takes() -> None:
    care = Care(groups={"dev": "dev", "ops": "Ops", "gone": "gone"}, given=frozenset({"dev", "ops", "not-in-care"}))
    there = account("ann", "Dev", "ops", "not-in-care", "gone")
    found = changes(OUT, there, care, TWO_A_CALL, out_of_scope=OutOfScope.REMOVE_ACCESS)
    assert found == (LeaveGroups(HANDLE, ("Dev", "ops")),)


def test_an_unknown_situation_is_an_error_in_the_program() -> None:
    with pytest.raises(TypeError):
        changes(wanted(), "FOUND")  # type: ignore[arg-type]


@pytest.mark.parametrize(("shown", "expected"), [({}, False), ({"properties.phone": "1"}, True)])
def test_what_is_not_shown_and_cannot_be_set_is_not_known_to_differ(
    shown: dict[str, str | None], expected: bool
) -> None:
    unable = replace(CAPABILITIES, operations=CAPABILITIES.operations - {ChangeKind.UPDATE_ACCOUNT})
    made = changes(wanted(**{"properties.phone": "555"}), account(**shown), capabilities=unable)
    assert any(isinstance(change, UpdateAccount) for change in made) is expected

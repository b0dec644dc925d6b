"""Vetoes and inversion: what was refused stays out for as long as it is computed, and nobody who left is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.model.capability import Capabilities, FieldSpec, canon_name
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    EndLink,
    Handle,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.desired import Desired, DesiredGroup, Standing
from tenure.model.seen import AccountSeen
from tenure.model.situation import Link, Linked
from tenure.model.veto import Veto
from tenure.planning.inversion import CannotUndo, Inverse, invert, refuse
from tenure.planning.reconciliation import Care, reconcile
from tenure.planning.rules import OutOfScope, Rules
from tenure.planning.vetoes import overlay

NOW = datetime(2026, 6, 30, tzinfo=UTC)
WHO = UUID(int=7)
ADA = Handle("k1", "ada")
CAN = Capabilities(
    operations=frozenset(ChangeKind),
    fields={"username": FieldSpec(canon=canon_name), "email": FieldSpec(), "display_name": FieldSpec()},
)
RULES = Rules("jira", ("okta",), out_of_scope=OutOfScope.DEACTIVATE)
LINK = Link("k1", WHO, "match: username and email", adopted=False)
CARE = Care({"dev": "Dev", "ops": "Ops"}, frozenset({"dev", "ops"}))
BEFORE = {"name": "old", "active": True, "fields": {"email": "old@x", "display_name": "Old"}, "groups": ["Ops"]}


def there(**more: object) -> AccountSeen:
    fields = {"username": "ada", "email": "a@x", "display_name": "Ada"}
    return replace(AccountSeen("k1", "ada", True, fields, frozenset({"Dev"})), **more)  # type: ignore[arg-type]


def wanted(standing: Standing = Standing.MEMBER, *groups: str, **fields: str) -> Desired:
    if standing is not Standing.MEMBER:
        return Desired(WHO, standing)
    return Desired(WHO, standing, {"username": "ada", "email": "a@x", "display_name": "Ada"} | fields,
                   tuple(DesiredGroup(name) for name in groups))  # fmt: skip


def planned(desired: Desired, account: AccountSeen, *vetoes: Veto, now: datetime = NOW) -> tuple[Change, ...]:
    kept_desired, kept = overlay(desired, vetoes, LINK, CAN, now)
    return reconcile(kept_desired, Linked(account, LINK), CARE, CAN, RULES, kept)


def vetoes_of(found: tuple[Inverse, ...] | CannotUndo, *, restores: bool) -> list[Veto]:
    assert not isinstance(found, CannotUndo)
    end = NOW + timedelta(days=30)
    return [
        Veto(n, i.cell, i.refused, "undo 1 of cli:ada", end, i.keep, i.restores and restores)
        for n, i in enumerate(found)
    ]


CHANGES = [
    (UpdateAccount(ADA, {"email": "new@x"}), wanted(Standing.MEMBER, "Dev", email="new@x"), there()),
    (RenameAccount(ADA, "new"), wanted(Standing.MEMBER, "Dev", username="new"), there()),
    (JoinGroups(ADA, ("Ops",)), wanted(Standing.MEMBER, "Dev", "Ops"), there()),
    (LeaveGroups(ADA, ("Dev",)), wanted(), there()),
    (DeactivateAccount(ADA), wanted(Standing.OUT_OF_SCOPE), there()),
    (ReactivateAccount(ADA), wanted(Standing.MEMBER, "Dev"), there(active=False)),
]


@pytest.mark.parametrize(("change", "desired", "account"), CHANGES, ids=lambda v: getattr(v, "kind", None))
def test_what_is_refused_is_not_planned_until_something_else_is_computed(
    change: Change, desired: Desired, account: AccountSeen
) -> None:
    assert [c.kind for c in planned(desired, account)] == [change.kind]
    vetoes = vetoes_of(refuse(change, CAN), restores=False)
    assert planned(desired, account, *vetoes) == ()
    _, kept = overlay(desired, vetoes, LINK, CAN, NOW)
    assert (len(kept.notes), kept.ended, kept.expired) == (1, (), ())
    _, kept = overlay(wanted(Standing.MEMBER, "Dev", email="third@x", username="third"), vetoes, LINK, CAN, NOW)
    ended = not isinstance(change, ReactivateAccount)
    assert kept.ended == ((0,) if ended else ()), "another value by now"


@pytest.mark.parametrize(("change", "desired", "account"), CHANGES, ids=lambda v: getattr(v, "kind", None))
def test_a_veto_that_stood_too_long_asks_and_does_not_let_go(
    change: Change, desired: Desired, account: AccountSeen
) -> None:
    vetoes = vetoes_of(refuse(change, CAN), restores=False)
    late = NOW + timedelta(days=31)
    assert planned(desired, account, *vetoes, now=late) == ()
    assert len(overlay(desired, vetoes, LINK, CAN, late)[1].expired) == 1


def test_an_undo_goes_back_to_what_was_there() -> None:
    desired = wanted(Standing.MEMBER, "Dev", email="new@x", display_name="New")
    after = there(fields={"username": "ada", "email": "new@x", "display_name": "New"})
    change = UpdateAccount(ADA, {"email": "new@x", "display_name": "New"})
    vetoes = vetoes_of(invert(change, BEFORE, CAN), restores=True)
    (back,) = planned(desired, after, *vetoes)
    assert isinstance(back, UpdateAccount)
    assert back.fields == {"email": "old@x", "display_name": "Old"}
    bearer = there(name="new", fields={"email": "a@x", "display_name": "Ada"})
    vetoes = vetoes_of(invert(RenameAccount(ADA, "new"), BEFORE, CAN), restores=True)
    (renamed,) = planned(wanted(Standing.MEMBER, "Dev", username="new"), bearer, *vetoes)
    assert renamed == RenameAccount(Handle("k1", "new"), "old")


def test_an_undone_account_is_closed_and_an_undone_adoption_let_go() -> None:
    made = vetoes_of(invert(CreateAccount({"username": "ada"}), {}, CAN), restores=True)
    assert planned(wanted(Standing.MEMBER, "Dev"), there(), *made) == (DeactivateAccount(ADA),)
    adopted = vetoes_of(invert(AdoptAccount(ADA, "match"), BEFORE, CAN), restores=True)
    assert planned(wanted(Standing.MEMBER, "Dev"), there(), *adopted) == (EndLink(ADA, "undo 1 of cli:ada"),)
    first = planned(wanted(Standing.MEMBER, "Dev", email="b@x"), there(), *adopted)
    assert [c.kind for c in first] == [ChangeKind.UPDATE_ACCOUNT], "first what else there is"


@pytest.mark.parametrize("change", [CreateGroup("G"), AdoptGroup("G"), EndLink(ADA, "x")], ids=lambda c: c.kind)
def test_what_cannot_be_undone_says_so(change: Change) -> None:
    assert isinstance(invert(change, {}, CAN), CannotUndo)


@given(st.lists(st.sampled_from([change for change, _, _ in CHANGES]), max_size=6), st.booleans())
def test_nobody_who_left_is_kept_by_any_veto(changes: list[Change], restores: bool) -> None:
    vetoes = [v for change in changes for v in vetoes_of(invert(change, BEFORE, CAN), restores=restores)]
    assert planned(wanted(Standing.LEAVER), there(), *vetoes) == (DeactivateAccount(ADA),)


@given(st.sampled_from(CHANGES))
def test_an_inverse_survives_the_store(one: tuple[Change, Desired, AccountSeen]) -> None:
    found = invert(one[0], BEFORE, CAN)
    assert not isinstance(found, CannotUndo)
    assert tuple(Inverse.of_data(i.as_data()) for i in found) == found

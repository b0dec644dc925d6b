"""Changes and plans as data: one order, there and back through JSON, addressed anew after a rename."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.model.change import (
    CHANGES,
    ORDER,
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
    at,
    decode,
    encode,
)
from tenure.model.plan import Decision, Plan, Verdict, decode_plan, encode_plan

from .parts import HANDLE, ODD_NAMES

NAMES = st.sampled_from(ODD_NAMES) | st.text(max_size=20)
HANDLES = st.builds(Handle, NAMES, NAMES)
FIELDS = st.dictionaries(NAMES, st.none() | NAMES, max_size=3)
GROUPS = st.lists(NAMES, max_size=3).map(tuple)
ANY_CHANGE = st.one_of(
    st.builds(CreateAccount, FIELDS),
    st.builds(UpdateAccount, HANDLES, FIELDS, FIELDS),
    st.builds(RenameAccount, HANDLES, NAMES, st.none() | NAMES),
    st.builds(DeactivateAccount, HANDLES),
    st.builds(ReactivateAccount, HANDLES),
    st.builds(JoinGroups, HANDLES, GROUPS),
    st.builds(LeaveGroups, HANDLES, GROUPS),
    st.builds(CreateGroup, NAMES),
    st.builds(AdoptAccount, HANDLES, NAMES),
    st.builds(AdoptGroup, NAMES),
)
VERDICTS = st.builds(Verdict, ANY_CHANGE, st.sampled_from(Decision), NAMES, st.none() | NAMES)
TEXTS = st.lists(NAMES, max_size=2).map(tuple)


@given(ANY_CHANGE)
def test_a_change_survives_json(change: Change) -> None:
    assert decode(json.loads(json.dumps(encode(change)))) == change


@given(st.builds(Plan, st.just("LINKED"), st.lists(VERDICTS, max_size=3).map(tuple), TEXTS, TEXTS))
def test_a_plan_survives_json(plan: Plan) -> None:
    assert decode_plan("LINKED", json.loads(json.dumps(encode_plan(plan)))) == plan


def test_every_change_has_its_own_kind_and_can_be_read_back() -> None:
    assert set(CHANGES.values()) == set(get_args(Change))
    assert all(made.kind == kind for kind, made in CHANGES.items())


def test_a_kind_of_a_later_version_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        decode({"kind": "teleport-account", "account": {"key": "k", "name": "n"}})


def test_take_away_before_giving_and_destroy_last() -> None:
    def before(*kinds: ChangeKind) -> bool:
        places = [ORDER[kind] for kind in kinds]
        return places == sorted(set(places))

    k = ChangeKind
    assert before(k.END_LINK, k.ADOPT_ACCOUNT, k.DEACTIVATE_ACCOUNT, k.END_SESSIONS, k.REVOKE_TOKENS, k.LEAVE_GROUPS)
    assert before(k.LEAVE_GROUPS, k.RENAME_ACCOUNT, k.UPDATE_ACCOUNT, k.REACTIVATE_ACCOUNT, k.CREATE_ACCOUNT)
    assert before(k.CREATE_GROUP, k.CREATE_ACCOUNT, k.JOIN_GROUPS)
    assert before(k.JOIN_GROUPS, k.DELETE_GROUP, k.ANONYMIZE_ACCOUNT, k.DELETE_ACCOUNT)
    assert set(ORDER) == set(ChangeKind)


@given(ANY_CHANGE)
def test_a_change_is_addressed_to_the_account_as_it_is_known_now(change: Change) -> None:
    now = at(change, HANDLE)
    if hasattr(change, "account"):
        assert encode(now) == {**encode(change), "account": {"key": "k1", "name": "ann"}}
    else:
        assert now is change


def test_the_name_of_a_new_account() -> None:
    assert CreateAccount({"username": "ann"}).name == "ann"
    assert CreateAccount({"username": None}).name == ""
    assert CreateAccount({}).name == ""


def test_what_a_plan_lets_go_and_what_it_waits_for() -> None:
    go, hold = Verdict(CreateGroup("a"), Decision.GO), Verdict(CreateGroup("b"), Decision.HOLD, "ask")
    wait = Verdict(CreateGroup("c"), Decision.WAIT, "later", "reading")
    also = Verdict(CreateGroup("d"), Decision.WAIT, "later", "group:d")
    mixed = Plan("ABSENT", (go, hold, wait, also, wait))
    assert mixed.go == (CreateGroup("a"),)
    assert mixed.waits_on == ("group:d", "reading")
    assert mixed.waiting
    assert not Plan("LINKED", (go,)).waiting
    assert not Plan("LINKED").waiting
    assert Plan("LINKED", problems=("the scope cannot be computed",)).waiting

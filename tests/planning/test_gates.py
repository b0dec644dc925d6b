"""Which gates a change has to pass, and that no order of people lets more through than a gate allows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.model.capability import canon_name
from tenure.model.change import Change, DeactivateAccount, Handle, JoinGroups, LeaveGroups, RenameAccount, UpdateAccount
from tenure.model.gate import GateClass, digest_of
from tenure.model.seen import AccountSeen
from tenure.planning.gates import GroupLimit, Limit, Limits, Use, blocked, losses

ADA = Handle("k1", "ada")
OPENS = {"admins": frozenset({"administration"}), "users": frozenset({"licence"}), "more": frozenset({"licence"})}


def account(*groups: str) -> AccountSeen:
    return AccountSeen("k1", "ada", True, {"email": "a@x.example"}, frozenset(groups))


@pytest.mark.parametrize(
    ("change", "groups", "classes"),
    [
        (DeactivateAccount(ADA), ("users",), ["leavers"]),
        (DeactivateAccount(ADA), ("Admins",), ["administrators", "leavers"]),
        (RenameAccount(ADA, "x"), (), ["renames"]),
        (UpdateAccount(ADA, {"email": "b"}, {"email": "a"}), (), ["emails"]),
        (UpdateAccount(ADA, {"email": "b"}, {"email": None}), (), []),
        (UpdateAccount(ADA, {"display_name": "b"}, {"display_name": "a"}), (), []),
        (JoinGroups(ADA, ("admins",)), (), []),
        (LeaveGroups(ADA, ("Dev",)), ("dev",), ["group:dev", "losers"]),
        (LeaveGroups(ADA, ("users",)), ("users",), ["licences", "group:users", "losers"]),
        (LeaveGroups(ADA, ("users",)), ("users", "more"), ["group:users", "losers"]),
        (LeaveGroups(ADA, ("admins",)), ("admins",), ["administrators", "group:admins", "losers"]),
    ],
)
def test_the_gates_of_a_change(change: Change, groups: tuple[str, ...], classes: list[str]) -> None:
    assert list(losses(change, account(*groups), OPENS, canon_name)) == classes


def test_a_limit_is_the_larger_of_people_and_share() -> None:
    limit = Limit(25, 0.01)
    assert [limit.allows(base) for base in (None, 10, 39, 1_000, 2_500, 10_000)] == [25, 25, 25, 25, 25, 100]
    assert Limit(0, 0.5).allows(39) == 0, "a share of few is not used"
    assert [GroupLimit().allows(size) for size in (0, 4, 5, 6, 58)] == [None, None, 2, 3, 29]
    assert Limits().window("group:x") == Limits().window("leavers") == timedelta(hours=24)
    assert Limits().administrators.allows(10_000) == 0


@given(allowed=st.integers(0, 8), people=st.lists(st.integers(0, 12), max_size=40), ahead=st.integers(0, 12))
def test_no_order_lets_more_through_than_the_gate_allows(allowed: int, people: list[int], ahead: int) -> None:
    through: set[int] = set()
    shut = False
    for person in people:
        use = Use(allowed, len(through), person in through, ahead, shut)
        if blocked(GateClass.LEAVERS, use) is None:
            through.add(person)
        else:
            shut = True
    assert len(through) <= allowed
    if ahead > allowed:
        assert not through, "what is known to go over the limit as a whole goes in no part"


def test_a_gate_that_does_not_apply_lets_everybody_pass() -> None:
    assert blocked("group:x", Use(None, 99, pending=99, shut=True)) is None


def test_a_decision_is_bound_to_all_that_a_change_says() -> None:
    one = UpdateAccount(ADA, {"email": "b", "display_name": "c"}, {"email": "a"})
    same = UpdateAccount(ADA, {"display_name": "c", "email": "b"}, {"email": "a"})
    other = UpdateAccount(ADA, {"email": "b", "display_name": "c"}, {"email": "z"})
    assert digest_of(one) == digest_of(same) != digest_of(other)

"""The laws of planning over random worlds: what the end does not depend on, and what no history may lead to."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from tenure.model.capability import canon_name
from tenure.model.change import CreateAccount, DeactivateAccount, JoinGroups, LeaveGroups
from tenure.model.desired import Standing
from tenure.planning.rules import OutOfScope

from .histories import worlds
from .parts import ODD_NAMES
from .world import Fog, World

ANYTHING = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(ODD_NAMES)


@given(worlds(), st.data())
def test_the_order_and_the_number_of_marks_do_not_matter(world: World, data: st.DataObject) -> None:
    everybody = sorted(world.people)
    again = st.lists(st.sampled_from(everybody), max_size=6) if everybody else st.just([])
    order = data.draw(st.permutations(everybody)) + data.draw(again)
    twin = world.copy()
    world.settle(everybody)
    twin.settle(order)
    assert world.app.state() == twin.app.state()
    assert {w: world.app.see(k.key) is None for w, k in world.links.items()} == {
        w: twin.app.see(k.key) is None for w, k in twin.links.items()
    }


@given(worlds(), st.integers(0, 5), st.integers(0, 4))
def test_a_lost_answer_changes_nothing_in_the_end(world: World, place: int, lose: int) -> None:
    everybody = sorted(world.people)
    if not everybody:
        return
    who = everybody[place % len(everybody)]
    go = world.plan(who).go
    if lose >= len(go) or isinstance(go[lose], CreateAccount):
        return  # an account whose making was not answered is for recovery to prove ours
    twin = world.copy()
    world.settle()
    twin.turn(who, lose=lose)
    twin.settle()
    assert world.app.state() == twin.app.state()


@given(worlds(), st.sets(st.integers(0, 12)), st.booleans())
def test_a_reading_that_was_not_whole_makes_and_removes_nobody(
    world: World, hidden: set[int], groups_told: bool
) -> None:
    keys = sorted(world.app.accounts)
    fog = Fog(frozenset(keys[h] for h in hidden if h < len(keys)), groups_told, whole=False)
    for who in world.people:
        link = world.links.get(who)
        plan = world.plan(who, fog)
        assert not any(isinstance(change, CreateAccount) for change in plan.go), "absence was not proven"
        if link and link.key in fog.hidden:
            assert plan.situation == "UNSEEN"
            assert plan.go == ()
        if not groups_told:
            assert not any(isinstance(v.change, LeaveGroups) for v in plan.verdicts)
        if any(isinstance(change, DeactivateAccount) for change in plan.go):
            assert world.desired(who).standing is not Standing.MEMBER


@given(worlds())
def test_nobody_is_made_while_a_vanished_account_is_linked(world: World) -> None:
    for who, link in world.links.items():
        if link.key not in world.app.accounts:
            assert not world.plan(who).go


@given(worlds())
def test_whoever_is_out_of_scope_is_no_leaver(world: World) -> None:
    action = world.rules.out_of_scope
    for who in world.people:
        if world.desired(who).standing is not Standing.OUT_OF_SCOPE:
            continue
        go = world.plan(who).go
        if action is OutOfScope.REMOVE_ACCESS:
            ours = world.given.get(world.links[who].key, set()) if who in world.links else set()
            assert all(isinstance(c, LeaveGroups) and {canon_name(g) for g in c.groups} <= ours for c in go)
        elif action is OutOfScope.DEACTIVATE:
            assert all(isinstance(c, DeactivateAccount) for c in go)
        else:
            assert go == ()


@given(worlds())
def test_what_is_neither_linked_nor_adopted_is_as_it_was(world: World) -> None:
    before = deepcopy(world.app.accounts)
    mine = {link.key for link in world.links.values()}
    world.settle()
    mine |= {link.key for link in world.links.values()}
    assert {k: r for k, r in world.app.accounts.items() if k not in mine} == {
        k: r for k, r in before.items() if k not in mine
    }


@given(worlds())
def test_nobody_gets_into_a_group_that_administers_unless_the_estate_names_it(world: World) -> None:
    world.settle()
    named = {canon_name(name) for names in world.rules.mapping.values() for name in names}
    for change in world.sent:
        if isinstance(change, JoinGroups) and "admins" not in named:
            assert "admins" not in {canon_name(name) for name in change.groups}


@given(ANYTHING)
def test_a_canonical_name_is_its_own_canonical_name(name: str) -> None:
    assert canon_name(canon_name(name)) == canon_name(name)

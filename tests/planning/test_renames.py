"""Renames judged together: rings and chains end as wanted, all targets or none, and no name is ever borne twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.model.capability import Capabilities, FieldSpec, canon_name
from tenure.model.change import ChangeKind, Handle, RenameAccount
from tenure.model.gate import digest_of
from tenure.planning.gates import losses
from tenure.planning.inversion import CannotUndo, invert
from tenure.planning.renames import Move, is_temporary, stopped, temporary_name, turn

CAN = Capabilities(frozenset(ChangeKind), {"username": FieldSpec(canon=canon_name)})
TARGETS = ("bitbucket", "crowd", "jira")
NAMES = ["ada", "bob", "émile", "dora+x", "o'brien", "שלום", "🎉", "s p a c e"]
A, B, C = (UUID(int=number) for number in (1, 2, 3))


@dataclass
class Town:
    """The names that accounts bear and are to bear, at each target; `stuck` are places where nothing can be renamed."""

    actual: dict[str, dict[UUID, str]]
    wanted: dict[str, dict[UUID, str]]
    stuck: frozenset[tuple[str, UUID]] = frozenset()

    def moves(self) -> dict[UUID, dict[str, Move]]:
        """What is planned, of everybody."""
        people = {who for there in self.actual.values() for who in there}
        found: dict[UUID, dict[str, Move]] = {who: {} for who in people}
        for target, there in self.actual.items():
            for who, name in there.items():
                new = self.wanted[target][who]
                if new == name:
                    continue
                bearer = next((other for other, has in there.items() if has == new and other != who), None)
                obstacle = "it cannot" if (target, who) in self.stuck else None
                found[who][target] = Move(new, obstacle, borne=bearer is not None, bearer=bearer)
        return found

    def step(self, target: str, who: UUID) -> bool:
        """One person is looked at, at one target; gives whether the account was renamed."""
        moves = self.moves()
        move = moves[who].get(target)
        if move is None or move.obstacle or stopped((target, who), moves):
            return False
        when = turn((target, who), moves)
        if when.after is not None:
            assert when.after != who
            assert target in moves[when.after], "waits for somebody who stays"
            return False
        self.actual[target][who] = temporary_name(who) if when.aside else move.wanted
        names = list(self.actual[target].values())
        assert len(names) == len(set(names)), "two accounts of one name"
        return True


@st.composite
def towns(draw: st.DrawFn) -> Town:
    """People with accounts at some targets, whose names are to be others: permutations, chains and free names."""
    people = [UUID(int=n) for n in range(1, draw(st.integers(2, 6)) + 1)]
    names = NAMES[: len(people)]
    actual, wanted = {}, {}
    for target in TARGETS:
        there = draw(st.lists(st.sampled_from(people), unique=True))
        before = draw(st.permutations(names))[: len(there)]
        after = draw(st.permutations([*names, "new1", "new2"]))[: len(there)]
        actual[target] = dict(zip(there, before, strict=True))
        wanted[target] = dict(zip(there, after, strict=True))
    return Town(actual, wanted)


def run(town: Town, data: st.DataObject) -> int:
    """Look at places in whatever order until nothing changes; gives how many renames that were."""
    places = [(target, who) for target, there in sorted(town.actual.items()) for who in sorted(there, key=str)]
    done = 0
    for _ in range(100):
        order = data.draw(st.permutations(places))
        moved = sum(town.step(*place) for place in order)
        done += moved
        if not moved:
            return done
    raise AssertionError("it never ends")


@given(towns(), st.data())
def test_every_permutation_ends_as_wanted_and_no_name_is_borne_twice(town: Town, data: st.DataObject) -> None:
    planned = sum(len(moves) for moves in town.moves().values())
    done = run(town, data)
    assert town.actual == town.wanted
    assert done <= planned * 3 // 2, "one name more for each ring, which has two members at least"
    assert run(town, data) == 0, "twice is as once"


@given(towns(), st.data())
def test_whoever_cannot_follow_at_one_target_is_renamed_at_none(town: Town, data: st.DataObject) -> None:
    places = [(target, who) for target, there in town.actual.items() for who in there]
    town.stuck = frozenset(data.draw(st.sets(st.sampled_from(places), max_size=2)) if places else ())
    moves, before = town.moves(), {t: dict(there) for t, there in town.actual.items()}
    fixed = {who for target, who in town.stuck if target in moves[who]}
    needs = {who: {m.bearer for m in of.values() if m.bearer} for who, of in moves.items()}
    for _ in moves:
        fixed |= {who for who, others in needs.items() if others & fixed}
    run(town, data)
    for target, there in town.actual.items():
        for who, name in there.items():
            assert name == (before if who in fixed else town.wanted)[target][who]
    town.stuck = frozenset()
    run(town, data)
    assert town.actual == town.wanted, "the obstacle is gone"


def test_a_ring_is_broken_by_one_member_and_always_the_same() -> None:
    ring = {who: {"jira": Move("x", borne=True, bearer=next_)} for who, next_ in ((C, A), (A, B), (B, C))}
    asked = {who: turn(("jira", who), ring) for who in (A, B, C)}
    assert asked[A].aside
    assert (asked[B].after, asked[C].after) == (C, A)


@pytest.mark.parametrize(
    ("moves", "told", "on"),
    [
        (
            {A: {"jira": Move("x"), "crowd": Move("x", obstacle="frozen by ada")}},
            "crowd: frozen by ada. Mend that, or let crowd keep its names (rename: never)",
            ("crowd", A),
        ),
        ({A: {"jira": Move("x", borne=True)}}, "the name x is taken by another account", None),
        (
            {A: {"jira": Move("x", borne=True, bearer=B)}, B: {}},
            "the name x is taken by another account",
            ("jira", B),
        ),
        (
            {A: {"jira": Move("x", borne=True, bearer=B)}, B: {"jira": Move("y"), "crowd": Move("y", "it cannot")}},
            "crowd: it cannot",
            ("jira", B),
        ),
        (
            {A: {"jira": Move("x"), "crowd": Move("x", borne=True, bearer=B)}, B: {"crowd": Move("y", "it cannot")}},
            "crowd: it cannot",
            ("crowd", A),
        ),
    ],
)
def test_a_rename_that_is_stopped_says_what_has_to_go_away_and_where_to_look(
    moves: dict[UUID, dict[str, Move]], told: str, on: tuple[str, UUID] | None
) -> None:
    stop = stopped(("jira", A), moves)
    assert stop is not None
    assert told in stop.reason
    assert stop.on == on
    mended = {who: {t: replace(m, obstacle=None, borne=False) for t, m in of.items()} for who, of in moves.items()}
    assert stopped(("jira", A), mended) is None


def test_what_a_person_decides_first_stops_only_where_it_is_asked_for() -> None:
    moves = {A: {"jira": Move("x", gate="own"), "crowd": Move("x", gate="a person has to decide first")}}
    assert stopped(("jira", A), moves) is None
    stop = stopped(("jira", A), moves, gates=True)
    assert stop is not None
    assert stop.reason.endswith("crowd: a person has to decide first"), "nothing there is to be mended"


@given(st.uuids())
def test_a_temporary_name_is_known_again_and_fits_everywhere(who: UUID) -> None:
    name = temporary_name(who)
    assert is_temporary(name)
    assert CAN.canon("username", name) == name
    assert len(name) < 50
    assert not is_temporary(name + "x")


def test_a_decision_about_a_rename_covers_the_way_there_and_an_undo_goes_back_to_the_first_name() -> None:
    way = RenameAccount(Handle("k1", "ann"), temporary_name(A), towards="bob")
    rest = RenameAccount(Handle("k1", temporary_name(A)), "bob")
    assert digest_of(way) == digest_of(RenameAccount(Handle("k1", "ann"), "bob"))
    assert losses(way, None, {}, str.lower) == ("renames",)
    assert losses(rest, None, {}, str.lower) == (), "it is half way: nobody is asked again"
    first = invert(way, {"name": "ann"}, CAN)
    second = invert(rest, {"name": temporary_name(A), "once": "ann"}, CAN)
    assert not isinstance(first, CannotUndo)
    assert first == second
    assert first[0].keep == "ann"

"""The table of situations: which account, if any, is this person's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenure.model.seen import AccountSeen, Apart
from tenure.model.situation import Absent, Ambiguous, Candidate, Found, Linked, Missing, Sight, Situation, Unseen
from tenure.planning.correlation import correlate

from .parts import ADOPTED, ANN, BOB, CAPABILITIES, MADE, NOW, account, wanted

PAIR = (("username", "email"),)
EITHER = (("username", "email"), ("title",))
ANNS = account()


def situation(sight: Sight, match: tuple[tuple[str, ...], ...] = PAIR, link: Any = None, **fields: Any) -> Situation:
    return correlate(wanted(**fields), link, sight, match, CAPABILITIES)


def seen(*candidates: Candidate, proven: bool = True) -> Sight:
    return Sight(candidates=candidates, absent_at=NOW if proven else None)


@pytest.mark.parametrize("link", [MADE, ADOPTED])
def test_a_linked_account_that_is_there_is_linked(link: Any) -> None:
    assert situation(Sight(linked=ANNS), link=link) == Linked(ANNS, link)


def test_a_linked_account_is_linked_even_if_another_agrees_better() -> None:
    renamed = account("other", email="other@example.com")
    sight = Sight(linked=renamed, candidates=(Candidate(account(key="k2")),), absent_at=NOW)
    assert situation(sight, link=MADE) == Linked(renamed, MADE)


def test_a_linked_account_proven_gone_is_missing_and_never_matched_anew() -> None:
    sight = Sight(linked_gone=True, candidates=(Candidate(account(key="k2")),), absent_at=NOW)
    assert situation(sight, link=MADE) == Missing(MADE)


def test_a_linked_account_that_was_not_read_is_unseen() -> None:
    assert situation(Sight(), link=MADE) == Unseen("the linked account could not be read")


@pytest.mark.parametrize(
    ("candidates", "match", "expected"),
    [
        pytest.param((), PAIR, Absent(NOW), id="nobody agrees"),
        pytest.param((Candidate(ANNS),), PAIR, Found(ANNS, "match: username and email"), id="one agrees in full"),
        pytest.param(
            (Candidate(account("ANN", email="Ann@Example.COM")),),
            PAIR,
            Found(account("ANN", email="Ann@Example.COM"), "match: username and email"),
            id="letter case alone differs",
        ),
        pytest.param(
            (Candidate(account("other", title="CEO", email="x@y")),),
            EITHER,
            Found(account("other", title="CEO", email="x@y"), "match: title"),
            id="the second alternative agrees",
        ),
        pytest.param(
            (Candidate(ANNS, claimed_by=BOB, rehire=True),),
            PAIR,
            Found(ANNS, "rehire: username and email"),
            id="rehire: the former record of the same person is gone",
        ),
        pytest.param(
            (Candidate(ANNS, claimed_by=BOB),),
            PAIR,
            Ambiguous((ANNS,), f"ann agrees, but is linked to another identity ({BOB})"),
            id="linked to somebody else",
        ),
        pytest.param(
            (Candidate(ANNS), Candidate(account(key="k2"))),
            PAIR,
            Ambiguous((ANNS, account(key="k2")), "2 accounts agree in full"),
            id="two agree in full",
        ),
        pytest.param(
            (Candidate(ANNS), Candidate(account(key="k2"), claimed_by=BOB)),
            PAIR,
            Ambiguous((ANNS, account(key="k2")), "2 accounts agree in full"),
            id="two agree in full, one of them linked to somebody else",
        ),
        pytest.param(
            (Candidate(account(email="other@example.com")),),
            PAIR,
            Ambiguous((account(email="other@example.com"),), "the name ann is taken by an account that differs"),
            id="the name is taken",
        ),
        pytest.param(
            (Candidate(account(email=None), claimed_by=BOB),),
            PAIR,
            Ambiguous((account(email=None),), "the name ann is taken by an account that differs"),
            id="the name is taken by somebody else's account",
        ),
        pytest.param(
            (Candidate(account(email="other@example.com")), Candidate(account("zed", key="k3"))),
            PAIR,
            Ambiguous((account(email="other@example.com"),), "the name ann is taken by an account that differs"),
            id="the name is taken, and another account has the address",
        ),
        pytest.param(
            (Candidate(account("zed")),),
            PAIR,
            Ambiguous((account("zed"),), "zed agrees in part only"),
            id="the address alone agrees",
        ),
        pytest.param((Candidate(account("zed"), claimed_by=BOB),), PAIR, Absent(NOW), id="somebody else's address"),
        pytest.param((Candidate(account("zed", email="z@z")),), PAIR, Absent(NOW), id="one that agrees in nothing"),
        pytest.param((Candidate(account("zed")),), ((),), Absent(NOW), id="an empty alternative matches nobody"),
        pytest.param((Candidate(account("zed")),), (), Absent(NOW), id="no alternatives match nobody"),
    ],
)
def test_nothing_linked(candidates: tuple[Candidate, ...], match: Any, expected: Situation) -> None:
    fields = {"title": "CEO"} if match == EITHER else {}
    assert situation(seen(*candidates), match, **fields) == expected


def test_absence_that_was_not_proven_is_unseen_with_the_reason() -> None:
    sight = Sight(why_unseen="page 3 timed out")
    assert situation(sight) == Unseen("page 3 timed out")


def test_presence_is_known_from_a_reading_that_was_not_whole() -> None:
    assert situation(seen(Candidate(ANNS), proven=False)) == Found(ANNS, "match: username and email")
    assert situation(seen(Candidate(account("zed")), proven=False)).name == "AMBIGUOUS"


@pytest.mark.parametrize(("mine", "theirs"), [(None, None), ("", ""), ("  ", "  "), (None, ""), (" ", None)], ids=repr)
def test_two_missing_values_are_not_equal_values(mine: str | None, theirs: str | None) -> None:
    candidate = Candidate(account("zed", email=theirs, title=None))
    found = correlate(wanted(email=mine, title=None), None, seen(candidate), (("email",), ("title",)), CAPABILITIES)
    assert found == Absent(NOW)


def test_the_name_of_a_situation_is_the_word_of_the_table() -> None:
    link = MADE
    table: list[Situation] = [
        Linked(ANNS, link), Found(ANNS, ""), Ambiguous((), ""), Absent(NOW), Missing(link), Unseen("")
    ]  # fmt: skip
    assert [s.name for s in table] == ["LINKED", "FOUND", "AMBIGUOUS", "ABSENT", "MISSING", "UNSEEN"]
    assert link.identity == ANN


def apart(why: Apart, key: str = "k9") -> AccountSeen:
    return replace(account(key=key), apart=why)


@pytest.mark.parametrize("why", list(Apart))
def test_an_account_that_is_apart_is_for_a_person_however_well_it_agrees(why: Apart) -> None:
    found = situation(seen(Candidate(apart(why))))
    assert isinstance(found, Ambiguous)
    assert found.accounts == (apart(why),)
    assert found.why.startswith("ann agrees, but ")


@pytest.mark.parametrize("why", list(Apart))
def test_an_account_that_is_apart_does_not_stand_in_the_way_of_one_that_is_not(why: Apart) -> None:
    assert isinstance(situation(seen(Candidate(apart(why)), Candidate(ANNS))), Found)


@pytest.mark.parametrize("why", list(Apart))
def test_a_person_may_choose_what_is_apart_unless_it_is_nobodys_any_more(why: Apart) -> None:
    sight = replace(seen(Candidate(apart(why))), chosen=("k9", "bo"))
    assert isinstance(situation(sight), Ambiguous if why is Apart.ANONYMIZED else Found)


@pytest.mark.parametrize("why", [None, *Apart])
def test_a_link_to_an_account_that_was_anonymized_is_as_one_to_an_account_that_is_gone(why: Apart | None) -> None:
    linked = replace(account(), apart=why)
    expected = Missing(MADE) if why is Apart.ANONYMIZED else Linked(linked, MADE)
    assert situation(Sight(linked=linked), link=MADE) == expected

"""Names that are taken: whose an account is for certain, and what is tried; random populations choose apart, once."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.model.desired import Choice, Desired, Standing
from tenure.model.seen import AccountSeen, Apart
from tenure.model.situation import Absent, Ambiguous, Candidate, Found, Sight
from tenure.planning.correlation import correlate
from tenure.planning.expressions import compile_expression
from tenure.planning.naming import Alternative, alternatives, bearer, may_be_theirs, numbered, possible
from tenure.planning.rules import Usernames

from .parts import CAPABILITIES, NOW

JO, JIM = UUID(int=1), UUID(int=2)
PAIR = (("username", "email"),)
WANTED = Desired(JO, Standing.MEMBER, {"username": "jdoe", "email": "jo@x", "display_name": "Jo Doe"})
CHOSEN = replace(
    WANTED, fields={**WANTED.fields, "username": "jdoe2"}, choice=Choice("jdoe", "the account jdoe", "number")
)


def account(name: str, email: str | None = "else@y", **more: object) -> AccountSeen:
    found = AccountSeen(f"key-{name}", name, True, {"email": email, "display_name": "Somebody"})
    return replace(found, **more)  # type: ignore[arg-type]


def seen(*candidates: Candidate) -> Sight:
    return Sight(candidates=candidates, absent_at=NOW)


@pytest.mark.parametrize(
    ("candidate", "theirs"),
    [
        pytest.param(Candidate(account("JDoe")), False, id="a stranger's, by another address"),
        pytest.param(Candidate(account("jdoe", None)), True, id="one without an address"),
        pytest.param(Candidate(account("jdoe", fields={})), True, id="one whose address is not shown"),
        pytest.param(Candidate(account("jdoe", "jo@x")), True, id="one that agrees"),
        pytest.param(Candidate(account("other", "jo@x")), True, id="another name, and their address"),
        pytest.param(Candidate(account("other", "jo@x"), JIM), False, id="another name, and somebody else's"),
        pytest.param(Candidate(account("jdoe", "jo@x"), JIM), True, id="perhaps one person at two sources"),
        pytest.param(Candidate(account("jdoe", "jo@x"), JIM, beside=True), False, id="another record of one source"),
        pytest.param(Candidate(account("jdoe"), JIM), False, id="held by another source's, another address"),
        pytest.param(Candidate(account("jdoe"), JIM, rehire=True), True, id="their own from former times"),
        pytest.param(Candidate(account("jdoe", apart=Apart.SHADOWED)), True, id="two directories have the name"),
        pytest.param(Candidate(account("jdoe", apart=Apart.ANONYMIZED)), False, id="nobody's any more"),
    ],
)
def test_whether_an_account_may_be_the_persons_own(candidate: Candidate, theirs: bool) -> None:
    assert may_be_theirs(WANTED, seen(candidate), PAIR, CAPABILITIES) is theirs


def test_a_chosen_name_finds_nobody() -> None:
    def situation(candidate: Candidate, desired: Desired = CHOSEN) -> object:
        return correlate(desired, None, seen(candidate), PAIR, CAPABILITIES)

    assert isinstance(situation(Candidate(account("jdoe2", "jo@x"))), Ambiguous)
    assert isinstance(situation(Candidate(account("jdoe2"))), Ambiguous)
    assert isinstance(situation(Candidate(account("jdoe", "jo@x"))), Found)
    assert isinstance(situation(Candidate(account("jdoe"))), Absent)
    assert isinstance(situation(Candidate(account("jdoe", "jo@x"), JIM, beside=True)), Absent)
    back = Candidate(account("jdoe2", "jo@x"), JIM, rehire=True)
    assert situation(back) == Found(back.account, "rehire: username and email")


@pytest.mark.parametrize(
    ("name", "said"), [("jdoe", "jdoe2"), ("jdoe@x.example", "jdoe2@x.example"), ("", "2"), ("@", "2@"), ("İ", "İ2")]
)
def test_the_number_stands_before_the_domain(name: str, said: str) -> None:
    assert numbered(name, 2) == said


def test_what_gives_no_value_is_not_tried() -> None:
    values = {"nickName": None, "title": "  ", "userName": "jo"}
    tried = Usernames(tuple(compile_expression(t, "text") for t in ("nickName", "nickName + 'x'", "title", "userName")))
    assert [(one.name, one.rule) for one in alternatives("jdoe", tried, values)] == [("jo", "alternative 4, userName")]
    assert list(alternatives("jdoe", Usernames(), values)) == []
    numbers = [one.name for one in alternatives("jdoe", Usernames(number=True), values)]
    assert (numbers[0], numbers[-1], len(set(numbers))) == ("jdoe2", "jdoe99", 98)


NAMES = st.sampled_from(["ann", "ANN", "Zoë", "Zoe\u0308", "i\u0307lk", "İlk", "ann2", "bo", "bo@x", "ann3"])
PROTECTED = {"bo", "ann3"}
TRIED = Usernames((compile_expression("nickName", "text"),), number=True)


def given_to(people: dict[int, tuple[str, str | None]], order: list[int], had: dict[int, str]) -> dict[int, str]:
    """Who gets which name, one after the other: what somebody has stays, else the first that is nobody's."""
    names = dict(had)
    for who in order:
        if who in names:
            continue
        computed, nick = people[who]
        tried = (Alternative(computed, ""), *alternatives(computed, TRIED, {"nickName": nick}))
        others = {CAPABILITIES.canon("username", name) for name in names.values()}
        may = possible(tried, CAPABILITIES, lambda name: name in PROTECTED)
        names[who] = next(one.name for canon, one in may.items() if canon not in others)
    return names


@given(st.lists(st.tuples(NAMES, st.none() | NAMES), max_size=12), st.data())
def test_no_two_have_one_name_and_nobody_loses_one(wanted: list[tuple[str, str | None]], data: st.DataObject) -> None:
    people = dict(enumerate(wanted))
    order = data.draw(st.permutations(list(people)))
    first = given_to(people, order[: len(order) // 2], {})
    names = given_to(people, order, first)
    canons = [CAPABILITIES.canon("username", name) for name in names.values()]
    assert len(set(canons)) == len(people)
    assert first.items() <= names.items()
    assert not PROTECTED & set(names.values())
    assert given_to(people, data.draw(st.permutations(list(people))), names) == names


@given(st.sampled_from(["jdoe", "other"]), st.sampled_from([None, "jo@x", "else@y"]), st.booleans(), st.booleans())
def test_what_is_found_as_theirs_is_never_passed_over(name: str, email: str | None, held: bool, beside: bool) -> None:
    candidate = Candidate(account(name, email), JIM if held else None, beside=held and beside)
    found = correlate(WANTED, None, seen(candidate), PAIR, CAPABILITIES)
    free = bearer(WANTED, seen(candidate), CAPABILITIES) and not may_be_theirs(
        WANTED, seen(candidate), PAIR, CAPABILITIES
    )
    assert not (isinstance(found, Found) and free)

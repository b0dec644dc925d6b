"""The words of the model that planning rests on: canonical forms, fields, people, secrets, errors."""

from __future__ import annotations

import pickle

import pytest

from tenure.model.capability import Capabilities, FieldSpec, canon_exact, canon_name, canon_trimmed
from tenure.model.clock import Clock
from tenure.model.error import (
    Conflict,
    Forbidden,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Recovery,
    Rejected,
    TargetError,
    Unauthorized,
    Unreachable,
)
from tenure.model.event import (
    GroupGone,
    GroupSeen,
    IdentityGone,
    IdentitySeen,
    MemberGone,
    MemberSeen,
    ReadComplete,
    SourceEvent,
)
from tenure.model.secret import Secret

from .parts import ANN, BOB, CAPABILITIES, person

TWO_FORMS = ("Zoe\N{COMBINING DIAERESIS}", "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}")


@pytest.mark.parametrize(
    ("one", "other", "exact", "trimmed", "name"),
    [
        ("ann", "ann", True, True, True),
        (*TWO_FORMS, True, True, True),
        (" ann\t", "ann", False, True, True),
        ("Ann", "ann", False, False, True),
        ("ANN ", "ann", False, False, True),
        ("an n", "ann", False, False, False),
        ("Istanbul", "istanbul", False, False, True),
        ("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}stanbul", "istanbul", False, False, False),
        ("\N{LATIN SMALL LETTER DOTLESS I}stanbul", "istanbul", False, False, False),
        ("stra\N{LATIN SMALL LETTER SHARP S}e", "strasse", False, False, False),
        ("ab\N{RIGHT-TO-LEFT MARK}", "ab", False, False, False),
        ("\N{GRINNING FACE}", "\N{GRINNING FACE}", True, True, True),
    ],
)
def test_when_two_values_are_one(one: str, other: str, exact: bool, trimmed: bool, name: bool) -> None:
    assert (canon_exact(one) == canon_exact(other)) is exact
    assert (canon_trimmed(one) == canon_trimmed(other)) is trimmed
    assert (canon_name(one) == canon_name(other)) is name


@pytest.mark.parametrize(
    ("field", "found"),
    [("email", "email"), ("properties.phone", "properties."), ("properties.a.b", "properties."), ("shoe_size", None),
     ("shoes.size", None)],
)  # fmt: skip
def test_the_rules_of_a_field(field: str, found: str | None) -> None:
    assert CAPABILITIES.spec(field) is (CAPABILITIES.fields[found] if found else None)


@pytest.mark.parametrize(
    ("field", "value", "canon"),
    [
        ("email", "Ann@Example.com ", "ann@example.com"),
        ("email", None, None),
        ("email", "", None),
        ("email", "  ", None),
        ("display_name", " Ann ", "Ann"),
        ("unknown", " Ann ", " Ann "),
        ("unknown", "", None),
        ("unknown", None, None),
    ],
)
def test_the_canonical_form_of_a_field(field: str, value: str | None, canon: str | None) -> None:
    assert CAPABILITIES.canon(field, value) == canon


def test_a_field_named_in_full_goes_before_the_fields_below_its_first_part() -> None:
    exact = FieldSpec(canon=canon_exact)
    made = Capabilities(frozenset(), {"properties.": FieldSpec(), "properties.code": exact})
    assert made.spec("properties.code") is exact
    assert made.spec("properties.other") is made.fields["properties."]


@pytest.mark.parametrize(
    ("active", "gone", "left"), [(True, False, False), (False, False, True), (True, True, True), (False, True, True)]
)
def test_who_has_left(active: bool, gone: bool, left: bool) -> None:
    assert person(active=active, gone=gone).left is left


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret("hunter2")
    for text in (repr(secret), str(secret), f"{secret}", repr({"token": secret}), f"{secret!r:>5}"):
        assert "hunter2" not in text
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2")
    assert secret != Secret("other")
    assert secret != "hunter2"
    assert len({secret, Secret("hunter2"), Secret("other")}) == 2
    with pytest.raises(TypeError):
        pickle.dumps(secret)


@pytest.mark.parametrize(
    ("error", "recovery"),
    [
        (Unreachable, Recovery.RETRY),
        (RateLimited, Recovery.RETRY),
        (OutcomeUnknown, Recovery.REREAD),
        (NotFound, Recovery.REREAD),
        (Conflict, Recovery.REREAD),
        (Rejected, Recovery.HOLD),
        (NotAllowed, Recovery.HOLD),
        (Unauthorized, Recovery.STOP),
        (Forbidden, Recovery.CHECK),
    ],
)
def test_an_error_says_what_to_do_next(error: type[TargetError], recovery: Recovery) -> None:
    made = error("Jira says no")
    assert (made.recovery, str(made)) == (recovery, "Jira says no")


def test_slowing_down_says_how_long_if_the_application_did() -> None:
    assert RateLimited("slow down", 2.5).retry_after == 2.5
    assert RateLimited("slow down").retry_after is None


def test_events_are_data() -> None:
    seen: list[SourceEvent] = [IdentitySeen(ANN, {}), IdentityGone(ANN), GroupSeen(BOB, "dev"), GroupGone(BOB)]
    seen += [MemberSeen(BOB, ANN), MemberGone(BOB, ANN)]
    assert len({repr(event) for event in [*seen, ReadComplete("all")]}) == 7
    with pytest.raises(AttributeError):
        setattr(seen[1], "id", BOB)  # noqa: B010 - frozen


def test_a_clock_is_known_by_its_shape() -> None:
    assert {"now", "monotonic", "sleep"} <= set(dir(Clock))

"""What the rules say that somebody should have: standing, fields and groups, each with its reason."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tenure.model.desired import Desired, DesiredGroup, Reason, Standing
from tenure.model.identity import Identity
from tenure.planning.assignment import assign, desired_groups
from tenure.planning.rules import Existing, OnTheFly

from .parts import ATTRIBUTES, NOW, Fails, Reads, Says, in_group, person, rules, source_group

STAFF = source_group("staff")
DEV, OPS = source_group("Dev users", 101), source_group("Ops", 102)


def assigned(identity: Identity, *groups: Any, **changed: Any) -> Desired:
    return assign(identity, groups, rules(**changed), NOW)


@pytest.mark.parametrize(
    ("identity", "because"),
    [
        (person(active=False), "active = false"),
        (person(gone=True), "deleted at the source"),
        (person(active=False, gone=True), "deleted at the source"),
    ],
)
@pytest.mark.parametrize("scope", [None, in_group("staff"), Fails()])
def test_a_leaver_has_left_whatever_the_scope_says(identity: Identity, because: str, scope: Any) -> None:
    found = assigned(identity, STAFF, scope=scope, default_groups=("all",))
    assert found == Desired(identity.id, Standing.LEAVER, reasons=(Reason("standing", because, "leaver", "left"),))


@pytest.mark.parametrize(
    ("scope", "standing"),
    [
        (None, Standing.MEMBER),
        (in_group("staff"), Standing.MEMBER),
        (in_group("board"), Standing.OUT_OF_SCOPE),
        (Says("title", lambda v: None), Standing.OUT_OF_SCOPE),
        (Says("title", lambda v: "CEO"), Standing.OUT_OF_SCOPE),
    ],
)
def test_scope_decides_who_has_an_account(scope: Any, standing: Standing) -> None:
    assert assigned(person(), STAFF, scope=scope).standing is standing


def test_out_of_scope_says_why_and_asks_for_nothing() -> None:
    found = assigned(person(), OPS, scope=Says("title == 'CEO'", lambda v: False, ("title",)), default_groups=("all",))
    assert (found.fields, found.groups, found.faults) == ({}, (), ())
    assert found.reasons == (Reason("scope", "title = no value", "title == 'CEO'", "false"),)


def test_a_scope_that_cannot_be_computed_is_a_fault_and_not_a_leave() -> None:
    found = assigned(person(), scope=Fails())
    assert (found.standing, found.faults) == (Standing.MEMBER, ("scope: division by zero",))


def test_fields_come_from_the_source_with_a_reason_each() -> None:
    found = assigned(person())
    assert found.fields == {"username": "ann", "email": "ann@example.com", "display_name": "Ann Lee"}
    assert found.faults == ()
    assert [r for r in found.reasons if r.cell == "email"] == [
        Reason("email", "emails.primary = ann@example.com", "emails.primary", "ann@example.com")
    ]


def test_a_path_through_nothing_has_no_value() -> None:
    found = assigned(person(display_name=None), attributes={**ATTRIBUTES, "title": Reads("userName.deep.er")})
    assert found.fields["title"] is None
    assert found.fields["display_name"] is None
    assert [r.source for r in found.reasons if r.cell in ("display_name", "title")] == [
        "displayName = no value",
        "userName.deep.er = no value",
    ]


def test_a_true_or_false_value_is_written_as_in_json() -> None:
    found = assigned(person(), attributes={**ATTRIBUTES, "title": Reads("active")})
    assert found.fields["title"] == "true"
    assert Reason("title", "active = true", "active", "true") in found.reasons


@pytest.mark.parametrize("username", [None, "", "  ", "\t\N{NO-BREAK SPACE}"])
def test_no_name_is_a_fault(username: str | None) -> None:
    attributes = {**ATTRIBUTES, "username": Says("nickName", lambda v: username)}
    assert assigned(person(), attributes=attributes).faults == ("the expression for username gives no value",)
    assert assigned(person(), attributes={}).faults == ("the expression for username gives no value",)


def test_every_expression_that_fails_is_told_and_no_second_fault_is_made_up() -> None:
    found = assigned(person(), attributes={"username": Fails(), "email": Fails(), "title": Reads("title")})
    assert found.faults == ("username: division by zero", "email: division by zero")
    assert found.standing is Standing.MEMBER


@pytest.mark.parametrize(
    ("source", "mapping", "there"),
    [
        pytest.param([], {}, [], id="no groups"),
        pytest.param([OPS], {}, [], id="a group that no rule names goes nowhere"),
        pytest.param([DEV], {"Dev users": ("software",)}, ["software"], id="one to one"),
        pytest.param([DEV], {"Dev users": ("software", "wiki")}, ["software", "wiki"], id="one to many"),
        pytest.param([DEV, OPS], {"Dev users": ("it",), "Ops": ("it",)}, ["it"], id="many to one"),
        pytest.param([DEV, OPS], {"Dev users": ("a", "b"), "Ops": ("b", "c")}, ["a", "b", "c"], id="many to many"),
        pytest.param([DEV], {"DEV USERS": ("software",)}, ["software"], id="the mapping's case does not matter"),
        pytest.param([DEV], {"Dev users": ("Wiki", "wiki")}, ["Wiki"], id="two spellings are one group"),
        pytest.param(
            [DEV], {"Dev users": ("a",), "dev USERS": ("b",)}, ["a", "b"], id="two spellings in the mapping add up"
        ),
        pytest.param([DEV], {"Dev users": ()}, [], id="mapped to nothing"),
    ],
)
def test_mapping(source: list[Any], mapping: dict[str, tuple[str, ...]], there: list[str]) -> None:
    found = desired_groups(source, rules(mapping=mapping))
    assert [g.name for g in found] == there
    assert all(g.by_name and g.join and not g.create for g in found)


@pytest.mark.parametrize(
    ("fly", "source", "there"),
    [
        pytest.param(OnTheFly(), "Team A", "Team A", id="the same name"),
        pytest.param(OnTheFly(excluding="^tmp-"), "tmp-x", None, id="excepted"),
        pytest.param(OnTheFly(excluding="^tmp-"), "not-tmp-x", "not-tmp-x", id="not excepted"),
        pytest.param(OnTheFly(match="^app-"), "ops", None, id="does not match"),
        pytest.param(OnTheFly(match="^app-(.*)$", name="$1"), "app-jira", "jira", id="without its prefix"),
        pytest.param(OnTheFly(match="^(.)-(.*)$", name="$2-$1"), "a-b", "b-a", id="parts change places"),
        pytest.param(OnTheFly(match="^(x)?-(.*)$", name="<$1>$2"), "-b", "<>b", id="a part that took no part"),
        pytest.param(OnTheFly(match="^app-(.*)$", name="$1"), "app- ", None, id="nothing is left of the name"),
        pytest.param(OnTheFly(name=" $0 "), "x", "x", id="white space at the ends is cut"),
        pytest.param(OnTheFly(match=r"^(.*)\\(.*)$", name="$2"), "CORP\\dev", "dev", id="a domain's name"),
    ],
)
def test_on_the_fly(fly: OnTheFly, source: str, there: str | None) -> None:
    group = source_group(source)
    expected = (DesiredGroup(there, True, True, group.id, by_name=False),) if there else ()
    assert desired_groups([group], rules(on_the_fly=fly)) == expected


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("existing", list(Existing))
def test_what_an_on_the_fly_group_may_do(create: bool, existing: Existing) -> None:
    (group,) = desired_groups([OPS], rules(on_the_fly=OnTheFly(create=create, existing=existing)))
    assert (group.create, group.join, group.by_name) == (create, existing is Existing.JOIN, False)


def test_a_mapped_group_is_not_also_made_on_the_fly() -> None:
    found = desired_groups([DEV, OPS], rules(mapping={"dev users": ("software",)}, on_the_fly=OnTheFly()))
    assert [(g.name, g.by_name) for g in found] == [("Ops", False), ("software", True)]


def test_what_the_estate_names_is_by_name_even_if_a_pattern_leads_there_too() -> None:
    found = desired_groups([DEV, OPS], rules(mapping={"Dev users": ("OPS",)}, on_the_fly=OnTheFly()))
    assert found == (DesiredGroup("OPS", source_group=DEV.id),)


def test_default_groups_are_for_everybody_in_scope() -> None:
    found = assigned(person(), DEV, default_groups=("everybody",), mapping={"Dev users": ("EVERYBODY", "dev")})
    assert found.groups == (DesiredGroup("dev", source_group=DEV.id), DesiredGroup("everybody"))
    assert [r for r in found.reasons if r.cell.startswith("member:")] == [
        Reason("member:dev", "member of Dev users", "groups.mapping", "dev"),
        Reason("member:everybody", "everybody in scope", "groups.default", "everybody"),
    ]


def test_an_on_the_fly_group_says_so() -> None:
    found = assigned(person(), OPS, on_the_fly=OnTheFly())
    assert Reason("member:Ops", "member of Ops", "groups.on_the_fly", "Ops") in found.reasons


def test_the_order_in_which_groups_were_told_does_not_matter() -> None:
    told = [source_group("dev", 3), source_group("Dev", 2), source_group("DEV", 1), source_group("Dev", 9), OPS]
    fly = rules(on_the_fly=OnTheFly(), mapping={"ops": ("b", "a")})
    results = {desired_groups(order, fly) for order in permutations(told)}
    assert len(results) == 1
    assert [(g.name, g.source_group) for g in results.pop()] == [("a", OPS.id), ("b", OPS.id), ("DEV", told[2].id)]

"""PATCH as a function: rows of RFC 7644 section 3.5.2, and what providers make of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenure.scim import patch
from tenure.scim.definitions import USER as USER_TYPE
from tenure.scim.errors import ScimError

from .conftest import ENTERPRISE, USER

WORK = {"value": "w@x.y", "type": "work", "primary": True}
HOME = {"value": "h@x.y", "type": "home"}
PERSON = {
    "userName": "a", "active": True, "title": "T", "name": {"givenName": "G", "familyName": "F"},
    "emails": [WORK, HOME], ENTERPRISE: {"department": "D", "manager": {"value": "m1"}},
}  # fmt: skip


def patched(*operations: dict[str, Any], person: dict[str, Any] = PERSON) -> dict[str, Any]:
    before = copy.deepcopy(person)
    after = patch.apply(person, patch.steps({"Operations": list(operations)}, USER_TYPE), USER_TYPE)
    assert person == before
    return after


def changed(*operations: dict[str, Any], person: dict[str, Any] = PERSON) -> dict[str, Any]:
    """What the operations changed, by attribute; None for what is gone."""
    after = patched(*operations, person=person)
    return {k: after.get(k) for k in person.keys() | after.keys() if person.get(k) != after.get(k)}


def op(verb: str, path: str | None = None, value: Any = None) -> dict[str, Any]:
    return {"op": verb, **({} if path is None else {"path": path}), **({} if value is None else {"value": value})}


OTHER = {"value": "o@x.y", "type": "other"}
NO_MAIL = {"userName": "a", "active": True}

CASES: list[tuple[Any, dict[str, Any]]] = [
    # rows 1, 6, 7, 8: without a path; add replaces; a complex value merges; replace of nothing adds
    (op("replace", None, {"title": "U", "nickName": "n"}), {"title": "U", "nickName": "n"}),
    (op("add", None, {"active": False}), {"active": False}),
    (op("add", "title", "U"), {"title": "U"}),
    (op("replace", "name", {"familyName": "Z"}), {"name": {"givenName": "G", "familyName": "Z"}}),
    (op("replace", None, {"name": {"familyName": "Z"}}), {"name": {"givenName": "G", "familyName": "Z"}}),
    (op("add", "name", {"familyName": None, "middleName": "M"}), {"name": {"givenName": "G", "middleName": "M"}}),
    (op("replace", "name", {"familyName": None}), {"name": {"givenName": "G"}}),
    (op("replace", "name", {"unknown": "x"}), {}),
    (op("add", "manager", {"displayName": "M"}), {}),
    (op("replace", "nickName", "n"), {"nickName": "n"}),
    # rows 4, 5: removing what is not there, adding what is there
    (op("remove", 'emails[type eq "nope"]'), {}),
    (op("remove", "nickName"), {}),
    (op("add", "emails", [WORK]), {}),
    (op("add", "emails", WORK), {}),
    # row 9: all matching elements
    (op("replace", "emails[value pr].display", "x"), {"emails": [{**WORK, "display": "x"}, {**HOME, "display": "x"}]}),
    (op("replace", "emails.display", "x"), {"emails": [{**WORK, "display": "x"}, {**HOME, "display": "x"}]}),
    # rows 10, 11: one primary
    (
        op("replace", 'emails[type eq "home"].primary', "True"),
        {"emails": [{**WORK, "primary": False}, {**HOME, "primary": True}]},
    ),
    (op("add", "emails", {**OTHER, "primary": True}), {"emails": [{**WORK, "primary": False}, HOME, {**OTHER,
    "primary": True}]}),
    (
        op("replace", "emails", [WORK, {**HOME, "primary": True}]),
        {"emails": [{**WORK, "primary": False}, {**HOME, "primary": True}]},
    ),
    # row 12: operations see what earlier ones did
    ([op("replace", 'emails[type eq "other"].value', "o@x.y"), op("replace", 'emails[type eq "other"].display', "O")],
     {"emails": [WORK, HOME, {**OTHER, "display": "O"}]}),
    # rows 17, 19: extensions come and go; null and [] unassign
    (op("remove", f"{ENTERPRISE}:manager"), {ENTERPRISE: {"department": "D"}}),
    (op("remove", ENTERPRISE), {ENTERPRISE: None}),
    ([op("remove", f"{ENTERPRISE}:manager"), op("remove", f"{ENTERPRISE}:department")], {ENTERPRISE: None}),
    (op("replace", "emails", []), {"emails": None}),
    ({"op": "replace", "path": "title", "value": None}, {"title": None}),
    (op("replace", None, {"title": None, "emails": []}), {"title": None, "emails": None}),
    # removals
    (op("remove", "emails"), {"emails": None}),
    (op("remove", "emails", [{"value": "h@x.y"}]), {"emails": [WORK]}),
    (op("remove", 'emails[type eq "work" or type eq "home"]'), {"emails": None}),
    (op("remove", 'emails[type eq "work"].primary'), {"emails": [{"value": "w@x.y", "type": "work"}, HOME]}),
    (op("remove", 'emails[type eq "work"].value'), {"emails": [HOME]}),
    (op("replace", 'emails[type eq "work"].value', ""), {"emails": [HOME]}),
    ({"op": "replace", "path": 'emails[type eq "work"].value', "value": None}, {"emails": [HOME]}),
    (op("replace", 'emails[type eq "other"].value', ""), {}),
    (op("remove", "name.givenName"), {"name": {"familyName": "F"}}),
    (op("remove", "active"), {"active": None}),
    ([op("remove", "name.givenName"), op("remove", "name.familyName")], {"name": None}),
    # names in any case and qualified
    (op("Replace", "TITLE", "U"), {"title": "U"}),
    (op("replace", f"{USER}:title", "U"), {"title": "U"}),
    (op("replace", f"{USER.lower()}:name.GivenName", "Z"), {"name": {"givenName": "Z", "familyName": "F"}}),
    (op("Replace", 'Emails[Type EQ "WORK"].Value', "z"), {"emails": [{**WORK, "value": "z"}, HOME]}),
    (op("replace", f'{USER}:emails[type eq "work"].value', "z"), {"emails": [{**WORK, "value": "z"}, HOME]}),
    (op("Add", "title", "U"), {"title": "U"}),
    ({"OP": "Replace", "Path": "title", "Value": "U"}, {"title": "U"}),
    # Entra ID: booleans as text, elements made on demand, dotted and qualified keys, the manager in all its forms
    (op("Replace", "active", "False"), {"active": False}),
    (op("replace", None, {"active": "false"}), {"active": False}),
    (op("Add", 'roles[primary eq "True"].value', "r"), {"roles": [{"primary": True, "value": "r"}]}),
    (op("replace", 'emails[type eq "other" and primary eq false].value', "o"),
     {"emails": [WORK, HOME, {"type": "other", "primary": False, "value": "o"}]}),
    (op("replace", 'emails[type eq "other"]', {"value": "o@x.y"}), {"emails": [WORK, HOME, OTHER]}),
    (op("replace", 'addresses[type eq "work"].locality', "X"), {"addresses": [{"type": "work", "locality": "X"}]}),
    (op("replace", None, {"name.givenName": "Z", f"{ENTERPRISE}:department": "E"}),
     {"name": {"givenName": "Z", "familyName": "F"}, ENTERPRISE: {"department": "E", "manager": {"value": "m1"}}}),
    (op("replace", None, {'emails[type eq "work"].value': "z"}), {"emails": [{**WORK, "value": "z"}, HOME]}),
    (op("add", None, {ENTERPRISE: {"division": "V"}}), {ENTERPRISE: {**PERSON[ENTERPRISE], "division": "V"}}),
     # type: ignore[dict-item]
    (op("add", ENTERPRISE, {"Division": "V"}), {ENTERPRISE: {**PERSON[ENTERPRISE], "division": "V"}}),
     # type: ignore[dict-item]
    *(
        (op("Add", path, value), {ENTERPRISE: {"department": "D", "manager": manager}})
        for path, value, manager in [
            ("manager", [{"$ref": "https://x/m2", "value": "m2"}], {"value": "m2", "$ref": "https://x/m2"}),
            (f"{ENTERPRISE}:manager", "m2", {"value": "m2"}),
            (f"{ENTERPRISE}:manager", {"value": "m2", "displayName": "M"}, {"value": "m2"}),
            (f"{ENTERPRISE}:manager.value", "m2", {"value": "m2"}),
            ("manager.value", "m2", {"value": "m2"}),
        ]
    ),
    *(
        (operation, {ENTERPRISE: {"department": "D"}})
        for operation in [
            op("Replace", f"{ENTERPRISE}:manager", ""),
            {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": None},
            {"op": "Replace", "path": f"{ENTERPRISE}:manager", "value": {"value": ""}},
            op("Replace", f"{ENTERPRISE}:manager.value", ""),
            op("Remove", f"{ENTERPRISE}:manager.value"),
            op("Remove", f"{ENTERPRISE}:manager"),
            op("remove", 'manager[value eq "m1"]'),
        ]
    ),
    (op("remove", 'manager[value eq "m2"]'), {}),
    # what is not theirs to say is passed over where providers send it along
    (op("replace", None, {"id": "x", "meta": {}, "schemas": [], "groups": [], "unknown": 1, "title": "U"}),
    {"title": "U"}),
    (op("replace", None, {"password": "secret"}), {}),
    (op("replace", "password", "secret"), {}),
    (op("Add", "urn:ietf:params:scim:schemas:extension:Foo:2.0:User:tag", "x"), {}),
    (op("replace", None, '{"title": "U"}'), {"title": "U"}),
    ([], {}),
]  # fmt: skip


@pytest.mark.parametrize(("operations", "effect"), CASES)
def test_operations(operations: Any, effect: dict[str, Any]) -> None:
    assert changed(*(operations if isinstance(operations, list) else [operations])) == effect


def test_an_element_is_made_for_somebody_without_any() -> None:
    made = changed(op("Replace", 'emails[type eq "work"].value', "w@x.y"), person=NO_MAIL)
    assert made == {"emails": [{"type": "work", "value": "w@x.y"}]}
    assert changed(op("add", f"{ENTERPRISE}:department", "D"), person=NO_MAIL) == {ENTERPRISE: {"department": "D"}}


@pytest.mark.parametrize("path", ["manager", "manager.value"])
def test_another_manager_does_not_keep_the_address_of_the_last_one(path: str) -> None:
    person = NO_MAIL | {ENTERPRISE: {"manager": {"value": "m1", "$ref": "https://x/m1"}}}
    assert changed(op("replace", path, "m2"), person=person) == {ENTERPRISE: {"manager": {"value": "m2"}}}


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        (op("remove"), "noTarget"),
        (op("replace", 'emails[value co "nope"].type', "x"), "noTarget"),
        (op("replace", 'emails[type eq "a" or type eq "b"].value', "x"), "noTarget"),
        (op("remove", "userName"), "mutability"),
        ({"op": "replace", "path": "userName", "value": None}, "mutability"),
        ({"op": "replace", "path": "active", "value": None}, "mutability"),
        (op("replace", "id", "x"), "mutability"),
        (op("remove", "meta"), "mutability"),
        (op("replace", "groups", []), "mutability"),
        (op("replace", "schemas", ["x"]), "mutability"),
        (op("replace", "meta.created", "x"), "mutability"),
        (op("replace", f"{ENTERPRISE}:manager.displayName", "x"), "mutability"),
        (op("replace", "userName", " "), "invalidValue"),
        (op("replace", "active", "maybe"), "invalidValue"),
        (op("replace", "title", {"a": 1}), "invalidValue"),
        (op("replace", "title", {"value": "x"}), "invalidValue"),
        (op("replace", "title", [{"value": "x", "type": "work"}]), "invalidValue"),
        (op("replace", "title", [{"value": "x"}, {"value": "y"}]), "invalidValue"),
        (op("replace", "name", "x"), "invalidValue"),
        (op("replace", None, ["x"]), "invalidValue"),
        (op("replace", None, "x"), "invalidValue"),
        (op("add", ENTERPRISE, "x"), "invalidValue"),
        (op("replace", "nonsense", 1), "invalidPath"),
        (op("replace", "name.nonsense", 1), "invalidPath"),
        (op("replace", "emails[type eq", 1), "invalidPath"),
        (op("replace", 'emails[type eq "x"].nonsense', 1), "invalidPath"),
        (op("replace", 'emails[nonsense eq "x"].value', 1), "invalidPath"),
        (op("replace", 'title[value eq "x"]', 1), "invalidPath"),
        (op("replace", 'emails[primary gt "x"].value', 1), "invalidPath"),
        ({"op": "replace", "path": 5, "value": 1}, "invalidPath"),
        (op("move", "title", 1), "invalidSyntax"),
        ({"path": "title", "value": 1}, "invalidSyntax"),
    ],
)
def test_refusals(operation: dict[str, Any], kind: str) -> None:
    with pytest.raises(ScimError) as refused:
        patched(operation)
    assert (refused.value.status, refused.value.scim_type) == (400, kind)


@pytest.mark.parametrize("body", [{}, {"Operations": {}}, {"Operations": ["x"]}, {"Operations": [None]}])
def test_bodies_that_are_no_patch(body: dict[str, Any]) -> None:
    with pytest.raises(ScimError) as refused:
        patch.steps(body, USER_TYPE)
    assert refused.value.scim_type == "invalidSyntax"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "type", "primary", "familyName", "active", "manager", "x"]), below)
    ),
    max_leaves=6,
)
PATHS = st.none() | st.sampled_from(
    ["userName", "active", "name", "name.givenName", "emails", 'emails[type eq "work"]', 'emails[type eq "work"].value',
     "emails.primary", f"{ENTERPRISE}:manager", ENTERPRISE, "manager.value", 'manager[value eq "m1"]', "id", "roles"]
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(["add", "replace", "remove"]), PATHS, VALUES), max_size=4))
def test_whatever_is_sent_the_document_stays_whole(operations: list[tuple[str, str | None, Any]]) -> None:
    try:
        after = patched(*({"op": v, "path": p, "value": x} for v, p, x in operations))
    except ScimError as error:
        if error.status != 400:
            raise
        return
    assert isinstance(after["userName"], str)
    assert isinstance(after.get("active", True), bool)
    assert after.keys() <= {"userName", "active", "title", "name", "emails", "roles", ENTERPRISE}
    for name in ("emails", "roles"):
        assert all(isinstance(e, dict) and e for e in after.get(name, []))
        assert sum(e.get("primary") is True for e in after.get(name, [])) <= 1
    assert after.get(ENTERPRISE, {"department": "D"})

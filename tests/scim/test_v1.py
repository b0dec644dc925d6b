"""SCIM 1.1: the same people and groups as at `/v2`, in the words of 1.1."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tenure.model.extension import Extension, ExtensionAttribute
from tenure.scim import streaming

from .conftest import ENTERPRISE, USER, Provider, people

CORE = "urn:scim:schemas:core:1.0"
ENTERPRISE_1 = "urn:scim:schemas:extension:enterprise:1.0"
ANN = {
    "userName": "ann",
    "name": {"givenName": "Ann", "familyName": "Example"},
    "title": "Cook",
    "emails": [{"value": "ann@work", "type": "work", "primary": True}, {"value": "ann@home", "type": "home"}],
    "addresses": [{"locality": "Ghent", "type": "work"}],
    ENTERPRISE: {"department": "Kitchen", "manager": {"value": "m1", "$ref": "http://x/m1"}},
}


async def sent(provider: Provider, method: str, path: str, body: Any = None, status: int = 200, **more: Any) -> Any:
    """What `/v1` answers; the provider goes on at `/v2`."""
    provider.speak("v1")
    answer = await provider.client.request(method, path, json=body, **more)
    provider.speak("v2")
    assert answer.status_code == status, (answer.status_code, answer.text)
    if not answer.content:
        return None
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


async def test_both_versions_show_the_same_person(provider: Provider) -> None:
    one = await sent(
        provider, "POST", "/Users", {**ANN, ENTERPRISE: None, ENTERPRISE_1: {"manager": {"managerId": "m1"}}}, 201
    )
    assert one["schemas"] == [CORE, ENTERPRISE_1]
    assert one[ENTERPRISE_1] == {"manager": {"managerId": "m1"}}
    assert set(one["meta"]) == {"created", "lastModified", "location", "version"}
    assert one["meta"]["location"] == f"http://tenure.test/scim/okta/v1/Users/{one['id']}"
    two = await provider.ask("GET", f"/Users/{one['id']}", status=200)
    assert two["schemas"] == [USER, ENTERPRISE]
    assert two[ENTERPRISE] == {"manager": {"value": "m1"}}
    assert {n: v for n, v in two.items() if n in ANN and n != ENTERPRISE} == {n: ANN[n] for n in ANN if n != ENTERPRISE}


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ({"title": "Chef"}, {"title": "Chef"}),
        ({"Active": False}, {"active": False}),
        ({"name": {"givenName": "Anna"}}, {"name": {"givenName": "Anna", "familyName": "Example"}}),
        ({"emails": [{"value": "x@y"}]}, {"emails": [*ANN["emails"], {"value": "x@y"}]}),
        (
            {"emails": [{"value": "ann@home", "primary": True}]},
            {
                "emails": [
                    {"value": "ann@work", "type": "work", "primary": False},
                    {"value": "ann@home", "type": "home", "primary": True},
                ]
            },
        ),
        ({"emails": [{"value": "ann@home", "operation": "delete"}]}, {"emails": ANN["emails"][:1]}),
        ({"Emails": [{"Value": "ann@home", "Operation": "Delete"}]}, {"emails": ANN["emails"][:1]}),
        ({"emails": [{"value": "nobody", "operation": "delete"}]}, {"emails": ANN["emails"]}),
        ({"emails": []}, {"emails": ANN["emails"]}),
        ({"meta": {"attributes": ["emails", "name.familyName"]}}, {"emails": None, "name": {"givenName": "Ann"}}),
        ({"emails": [{"value": "x@y"}], "meta": {"attributes": ["emails"]}}, {"emails": [{"value": "x@y"}]}),
        ({"addresses": [{"locality": "Bonn"}]}, {"addresses": [*ANN["addresses"], {"locality": "Bonn"}]}),
        (
            {"meta": {"attributes": [f"{ENTERPRISE_1}:department"]}},
            {ENTERPRISE: {"manager": ANN[ENTERPRISE]["manager"]}},
        ),
        (
            {ENTERPRISE_1: {"manager": {"managerId": "m2", "displayName": "Max"}}},
            {ENTERPRISE: {"department": "Kitchen", "manager": {"value": "m2"}}},
        ),
        ({"id": "x", "schemas": [CORE], "groups": [], "password": "x", "urn:okta:a:1.0:user:b": {"c": 1}}, {}),
    ],
)
async def test_a_patch_is_a_part_of_a_resource(provider: Provider, body: Any, after: dict[str, Any]) -> None:
    before = await provider.user(**{k: v for k, v in ANN.items() if k != "userName"})
    answered = await sent(provider, "PATCH", f"/Users/{before['id']}", body)
    assert answered["schemas"] == [CORE, ENTERPRISE_1]
    found = await provider.ask("GET", f"/Users/{before['id']}", status=200)
    wanted = {**before, **after, "meta": found["meta"]}
    assert found == {name: value for name, value in wanted.items() if value is not None}


async def test_members_come_and_go_one_by_one_without_a_look_at_the_group(provider: Provider, monkeypatch: Any) -> None:
    one, two, three = await people(provider, 3)
    group = await provider.group("g", one, two)
    provider.forget_marks()
    path = f"/Groups/{group['id']}"
    monkeypatch.setattr(provider.intake, "deliver", None)  # what looks before it writes
    members = [{"value": three, "operation": "add"}, {"value": two, "operation": "delete"}]
    assert await sent(provider, "PATCH", path, {"schemas": [CORE], "members": members}, 204) is None
    assert await provider.members(group["id"]) == sorted([one, three])
    assert set(provider.marks()) == {two, three}
    assert provider.audit()[-1]["facts"] == {"method": "PATCH", "added": [three], "removed": [two]}


async def test_members_are_replaced_as_a_whole_by_clearing_them_first(provider: Provider) -> None:
    one, two = await people(provider, 2)
    group = await provider.group("g", one)
    body = {"members": [{"value": two}], "meta": {"attributes": ["members"]}}
    await sent(provider, "PATCH", f"/Groups/{group['id']}", body, 204)
    assert await provider.members(group["id"]) == [two]


async def test_a_member_both_added_and_deleted_is_out(provider: Provider) -> None:
    [one] = await people(provider, 1)
    group = await provider.group("g")
    body = {"members": [{"value": one, "operation": "delete"}, {"value": one}]}
    await sent(provider, "PATCH", f"/Groups/{group['id']}", body, 204)
    assert await provider.members(group["id"]) == []


@pytest.mark.parametrize(
    "body",
    [
        {"Operations": [{"op": "replace", "value": {"title": "x"}}]},
        {"emails": [{"value": "ann@work", "operation": "remove"}]},
        {"emails": [{"value": "ann@work", "operation": 1}]},
        {"emails": [{"operation": "delete"}]},
        {"emails": [{"type": "work", "operation": "delete"}]},
        {"emails": [7]},
        {"emails": [{"value": {"a": 1}}]},
        {"emails": [{"value": "x"}] * 1001},
        {"emails": [{"value": "x" * 20_000}]},
        {"addresses": [{"locality": "Ghent", "operation": "delete"}]},
        {"meta": {"attributes": [1]}},
        {"meta": {"attributes": ["userName"]}},
        {"meta": {"attributes": ["id"]}},
        {"meta": {"attributes": ["shoeSize"]}},
        {"active": "perhaps"},
        {ENTERPRISE_1: "Kitchen"},
        {"members": [{"value": "x"}]},
        ["title"],
    ],
    ids=str,
)
async def test_what_cannot_be_read_changes_nothing(provider: Provider, body: Any) -> None:
    before = await provider.user(**{k: v for k, v in ANN.items() if k != "userName"})
    told = await sent(provider, "PATCH", f"/Users/{before['id']}", body, 400)
    assert [set(error) for error in told["Errors"]] == [{"description", "code"}]
    assert told["Errors"][0]["code"] == 400
    assert await provider.ask("GET", f"/Users/{before['id']}", status=200) == before


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/Users/nobody", 404),
        ("GET", "/Schemas", 404),
        ("GET", "/Users/.search", 404),
        ("POST", "/.search", 404),
        ("GET", "", 404),
        ("PUT", "/Users", 405),
        ("GET", '/Users?filter=userName is "x"', 400),
        ("GET", "/Users?count=many", 400),
    ],
)
async def test_errors_are_in_the_form_of_1_1(provider: Provider, method: str, path: str, status: int) -> None:
    told = await sent(provider, method, path, status=status)
    assert told == {"Errors": [{"description": told["Errors"][0]["description"], "code": status}]}


async def test_nobody_comes_in_without_the_right_token(provider: Provider) -> None:
    for header in ("", "Bearer nope", "Bearer other"):
        told = await sent(provider, "GET", "/Users", status=401, headers={"Authorization": header})
        assert told["Errors"][0]["code"] == 401


async def test_names_of_1_1_are_read_in_queries_and_values_are_left_alone(provider: Provider) -> None:
    await provider.user("ann", title=f"{CORE}:managerId", **{ENTERPRISE: ANN[ENTERPRISE]})
    await provider.user("bob", **{ENTERPRISE: {"department": "Cellar"}})
    for filter, names in {
        f'{CORE}:userName eq "ann"': ["ann"],
        f'{ENTERPRISE_1}:department eq "Cellar"': ["bob"],
        f'{ENTERPRISE_1.upper()}:manager.managerId eq "m1"': ["ann"],
        f'title eq "{CORE}:managerId" or userName eq "bob"': ["ann", "bob"],
    }.items():
        found = await sent(provider, "GET", "/Users", params={"filter": filter, "sortBy": f"{CORE}:userName"})
        assert [one["userName"] for one in found["Resources"]] == names, filter
        assert found["schemas"] == [CORE]
    asked = {"attributes": f"userName,{ENTERPRISE_1}:manager.managerId", "startIndex": "2", "count": "1"}
    found = await sent(provider, "GET", "/Users", params=asked | {"sortBy": "userName", "sortOrder": "descending"})
    assert (found["totalResults"], found["startIndex"], found["itemsPerPage"]) == (2, 2, 1)
    [ann] = found["Resources"]
    assert {n: v for n, v in ann.items() if n != "id"} == {
        "schemas": [CORE, ENTERPRISE_1],
        "userName": "ann",
        ENTERPRISE_1: {"manager": {"managerId": "m1"}},
    }


async def test_an_answer_that_is_streamed_is_in_the_form_of_1_1(provider: Provider, monkeypatch: Any) -> None:
    ids = await people(provider, 3)
    group = await provider.group("g", *ids)
    whole = await sent(provider, "GET", f"/Groups/{group['id']}")
    listed = await sent(provider, "GET", "/Groups")
    monkeypatch.setattr(streaming, "SHORT", 10)
    assert await sent(provider, "GET", f"/Groups/{group['id']}") == whole
    assert await sent(provider, "GET", "/Groups") == listed
    assert listed == {"schemas": [CORE], "totalResults": 1, "itemsPerPage": 1, "startIndex": 1, "Resources": [whole]}
    assert sorted(member["value"] for member in whole["members"]) == sorted(ids)
    assert not any("$ref" in member for member in whole["members"])


async def test_capabilities_are_told_in_the_words_of_1_1(provider: Provider) -> None:
    told = await sent(provider, "GET", "/ServiceProviderConfigs")
    assert [told[name]["supported"] for name in ("patch", "filter", "sort", "etag")] == [True] * 4
    assert [told[name]["supported"] for name in ("bulk", "changePassword", "xmlDataFormat")] == [False] * 3
    assert all("specUrl" in scheme and "specUri" not in scheme for scheme in told["authenticationSchemes"])
    assert told["authenticationSchemes"]


async def test_an_extension_of_the_estate_is_patched_by_its_own_urn(provider: Provider) -> None:
    urn = "urn:okta:onprem_app:1.0:user:custom"
    declared = Extension(urn, (ExtensionAttribute("isAdmin", "boolean"), ExtensionAttribute("sites", "string", True)))
    provider.sources["okta"] = replace(provider.sources["okta"], extensions=(declared,))
    body = {"userName": "ann", urn: {"isAdmin": False, "sites": ["Ghent", "Bonn"]}}
    one = await sent(provider, "POST", "/Users", body, 201)
    assert (one["schemas"], one[urn]) == ([CORE, urn], body[urn])
    changed = await sent(provider, "PATCH", f"/Users/{one['id']}", {urn: {"sites": ["Bonn"]}})
    assert changed[urn] == {"isAdmin": False, "sites": ["Bonn"]}
    deleting = {urn: {"sites": [{"value": "Bonn", "operation": "delete"}]}}
    await sent(provider, "PATCH", f"/Users/{one['id']}", deleting, 400)

"""What RFC 7644 shows by example: filters (3.4.2.2), searches (3.4.3), changes (3.5.2) and versions (3.14)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import ENTERPRISE, USER, Provider

PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

PEOPLE: dict[str, dict[str, Any]] = {
    "bjensen": {
        "name": {"familyName": "O'Malley"}, "title": "Vice President", "userType": "Employee",
        "emails": [{"value": "bjensen@example.com", "type": "work"}],
    },
    "jsmith": {
        "name": {"familyName": "Smith"}, "userType": "Intern", "emails": [{"value": "j@example.org", "type": "home"}],
        "ims": [{"value": "j@foo.com", "type": "xmpp"}],
    },
    "babs": {"userType": "Employee", "emails": [{"value": "babs@example.net", "type": "home"}]},
    "vendor": {"title": "Seller", "userType": "Vendor", ENTERPRISE: {"department": "Sales"}},
}  # fmt: skip

# Each form of the table of section 3.4.2.2, on people of our own.
FILTERS = [
    ('userName Eq "bjensen"', {"bjensen"}),
    ('name.familyName co "O\'Malley"', {"bjensen"}),
    ('userName sw "J"', {"jsmith"}),
    (f'{USER}:userName sw "J"', {"jsmith"}),
    ("title pr", {"bjensen", "vendor"}),
    ('meta.lastModified gt "2025-05-13T04:42:34Z"', {"bjensen", "jsmith", "babs", "vendor"}),
    ('meta.lastModified ge "2025-05-13T04:42:34Z"', {"bjensen", "jsmith", "babs", "vendor"}),
    ('meta.lastModified lt "2025-05-13T04:42:34Z"', set()),
    ('meta.lastModified le "2025-05-13T04:42:34Z"', set()),
    ('title pr and userType eq "Employee"', {"bjensen"}),
    ('title pr or userType eq "Intern"', {"bjensen", "jsmith", "vendor"}),
    (f'schemas eq "{ENTERPRISE}"', {"vendor"}),
    ('userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")', {"bjensen"}),
    ('userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")', {"vendor"}),
    ('userType eq "Employee" and (emails.type eq "work")', {"bjensen"}),
    ('userType eq "Employee" and emails[type eq "work" and value co "@example.com"]', {"bjensen"}),
    (
        'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
        {"bjensen", "jsmith"},
    ),
]


async def test_the_filters_of_section_3_4_2_2(provider: Provider) -> None:
    for name, more in PEOPLE.items():
        await provider.user(name, **more)
    for filter, names in FILTERS:
        found = await provider.found(filter)
        assert {r["userName"] for r in found["Resources"]} == names, filter


async def test_a_list_of_section_3_4_2(provider: Provider) -> None:
    await provider.user("bjensen", displayName="B")
    await provider.user("jsmith")
    found = await provider.ask("GET", "/Users?attributes=userName", status=200)
    assert (found["totalResults"], found["schemas"]) == (2, [LIST])
    assert [set(r) for r in found["Resources"]] == [{"schemas", "id", "userName"}] * 2
    page = await provider.ask("GET", "/Users?startIndex=1&count=1", status=200)
    assert (page["totalResults"], page["itemsPerPage"], page["startIndex"]) == (2, 1, 1)


async def test_the_search_of_section_3_4_3(provider: Provider) -> None:
    await provider.user("smith1", displayName="Smith, James", title="hidden")
    await provider.group("Smith Family")
    await provider.user("jones", displayName="Jones")
    body = {
        "schemas": [SEARCH], "attributes": ["displayName", "userName"], "filter": 'displayName sw "smith"',
        "startIndex": 1, "count": 10,
    }  # fmt: skip
    found = await provider.ask("POST", "/.search", body, 200)
    assert (found["schemas"], found["totalResults"], found["itemsPerPage"], found["startIndex"]) == ([LIST], 2, 2, 1)
    shown = [{k: v for k, v in r.items() if k not in ("id", "schemas")} for r in found["Resources"]]
    assert shown == [{"displayName": "Smith, James", "userName": "smith1"}, {"displayName": "Smith Family"}]


async def one(provider: Provider) -> str:
    made = await provider.user(
        "babs", nickName="Babs", emails=[{"value": "work@x.y", "type": "work"}, {"value": "home@x.y", "type": "home"}],
        addresses=[{"type": "work", "streetAddress": "1 Old Street", "locality": "Bern"},
                   {"type": "home", "region": "x"}],
    )  # fmt: skip
    return f"/Users/{made['id']}"


CHANGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "add without a path",
        {"op": "add", "value": {"emails": [{"value": "babs@jensen.org", "type": "other"}], "nickName": "Barbara"}},
        {"nickName": "Barbara", "emails": ["work@x.y", "home@x.y", "babs@jensen.org"]},
    ),
    ("remove a simple value", {"op": "remove", "path": "nickName"}, {"nickName": None}),
    (
        "remove by a filter",
        {"op": "remove", "path": 'emails[type eq "work" and value ew "x.y"]'},
        {"emails": ["home@x.y"]},
    ),
    ("remove all values", {"op": "remove", "path": "emails"}, {"emails": []}),
    (
        "replace one address by a filter",
        {
            "op": "replace",
            "path": 'addresses[type eq "work"]',
            "value": {"type": "work", "streetAddress": "911 Universal City Plaza", "locality": "Hollywood"},
        },
        {
            "addresses": [
                {"type": "work", "streetAddress": "911 Universal City Plaza", "locality": "Hollywood"},
                {"type": "home", "region": "x"},
            ]
        },
    ),
    (
        "replace one part of an address",
        {"op": "replace", "path": 'addresses[type eq "work"].streetAddress', "value": "1010 Broadway Ave"},
        {
            "addresses": [
                {"type": "work", "streetAddress": "1010 Broadway Ave", "locality": "Bern"},
                {"type": "home", "region": "x"},
            ]
        },
    ),
    (
        "replace without a path",
        {"op": "replace", "value": {"emails": [{"value": "new@x.y", "type": "work"}], "nickName": "Bee"}},
        {"nickName": "Bee", "emails": ["new@x.y"]},
    ),
    (
        "replace what was not there, which adds it",
        {"op": "replace", "path": "name.familyName", "value": "Jensen"},
        {"name": {"familyName": "Jensen"}},
    ),
]


@pytest.mark.parametrize(("operation", "after"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
async def test_the_changes_of_section_3_5_2(
    provider: Provider, operation: dict[str, Any], after: dict[str, Any]
) -> None:
    path = await one(provider)
    found = await provider.ask("PATCH", path, {"schemas": [PATCH], "Operations": [operation]}, 200)
    assert found == await provider.ask("GET", path)
    emails = [element["value"] for element in found.get("emails", [])]
    for name, value in after.items():
        assert (emails if name == "emails" else found.get(name)) == value


async def test_a_value_that_is_there_already_changes_nothing(provider: Provider) -> None:
    path = await one(provider)
    before = await provider.ask("GET", path)
    add = {"op": "add", "path": "emails", "value": [{"value": "home@x.y", "type": "home"}]}
    after = await provider.ask("PATCH", path, {"schemas": [PATCH], "Operations": [add]}, 200)
    assert after == before


async def test_the_members_of_section_3_5_2(provider: Provider) -> None:
    babs, james, other = [(await provider.user(name))["id"] for name in ("babs", "james", "other")]
    group = await provider.group("g", james)
    path = f"/Groups/{group['id']}"

    async def changed(*operations: dict[str, Any]) -> list[str]:
        await provider.ask("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, 204)
        return await provider.members(group["id"])

    assert await changed({"op": "add", "path": "members", "value": [{"display": "B", "value": babs}]}) == sorted(
        [babs, james]
    )
    assert await changed({"op": "remove", "path": f'members[value eq "{babs}"]'}) == [james]
    everybody = [{"value": babs}, {"value": other}]
    assert await changed({"op": "replace", "path": "members", "value": everybody}) == sorted([babs, other])
    assert await changed({"op": "remove", "path": "members"}) == []
    both = ({"op": "add", "path": "members", "value": [{"value": james}]}, {"op": "remove", "path": "members"})
    assert await changed(*both, {"op": "add", "path": "members", "value": [{"value": babs}]}) == [babs]


async def test_the_errors_of_section_3_5_2(provider: Provider) -> None:
    path = await one(provider)
    before = await provider.ask("GET", path)
    for operation, error in (
        ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": 'photos[value eq "x" or type eq "y"].value', "value": "z"}, "noTarget"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "emails[", "value": "x"}, "invalidPath"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "move", "path": "title", "value": "x"}, "invalidSyntax"),
    ):
        first = {"op": "replace", "path": "title", "value": "not kept"}
        answer = await provider.ask("PATCH", path, {"schemas": [PATCH], "Operations": [first, operation]}, 400)
        assert answer["scimType"] == error, operation
        assert await provider.ask("GET", path) == before


async def test_the_versions_of_section_3_14(provider: Provider) -> None:
    made = await provider.client.post("/Users", json={"userName": "babs"})
    tag, location = made.headers["etag"], made.headers["location"]
    assert tag == made.json()["meta"]["version"]
    known = await provider.client.get(f"{location}?attributes=displayName", headers={"If-None-Match": tag})
    assert (known.status_code, known.content) == (304, b"")
    changed = await provider.client.put(location, json={"userName": "babs", "title": "t"}, headers={"If-Match": tag})
    assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)
    late = await provider.client.put(location, json={"userName": "late"}, headers={"If-Match": tag})
    assert (late.status_code, late.json()["status"]) == (412, "412")

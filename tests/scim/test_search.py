"""Searches: by POST as by GET, and at the root over people and groups (RFC 7644 sections 3.4.2.1 and 3.4.3)."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import ENTERPRISE, Provider, people

REQUEST = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


async def search(provider: Provider, path: str = "", status: int = 200, **parameters: Any) -> Any:
    return await provider.ask("POST", f"{path}/.search", {"schemas": [REQUEST], **parameters}, status)


def names(found: Any) -> list[str]:
    return [r.get("userName") or r["displayName"] for r in found["Resources"]]


@pytest.mark.parametrize("path", ["/Users", "/Groups"])
async def test_a_search_by_post_is_a_list_by_get(provider: Provider, path: str) -> None:
    ids = await people(provider, 5)
    for number in range(5):
        await provider.group(f"g{number}", *ids[:number])
    for parameters in (
        {},
        {"filter": 'id gt "8"'},
        {"filter": "id pr", "count": 2, "startIndex": 2},
        {"attributes": ["displayName", "meta.created"], "sortBy": "id"},
        {"excludedAttributes": ["members", "groups"], "sortBy": "meta.created", "sortOrder": "descending"},
        {"count": 0},
        {"count": "3", "startIndex": "-1", "attributes": "id"},
    ):  # fmt: skip
        texts = {k: ",".join(v) if isinstance(v, list) else str(v) for k, v in parameters.items()}
        assert await search(provider, path, **parameters) == await provider.ask("GET", path, params=texts, status=200)


async def test_a_search_pages_by_cursor(provider: Provider) -> None:
    for number in range(5):
        await provider.user(f"p{number}")
    query: dict[str, Any] = {"sortBy": "userName", "sortOrder": "descending", "count": 2}
    first = await search(provider, "/Users", cursor="", **query)
    second = await search(provider, "/Users", cursor=first["nextCursor"], **query)
    assert (names(first), names(second)) == (["p4", "p3"], ["p2", "p1"])
    assert (
        await provider.ask("GET", "/Users", params={"cursor": first["nextCursor"], **query}) | CURSORS
        == second | CURSORS
    )


CURSORS = dict.fromkeys(("nextCursor", "previousCursor"))  # each is sealed anew


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"filter": "userName xx"}, "invalidFilter"),
        ({"filter": {"eq": 1}}, "invalidValue"),
        ({"filter": True}, "invalidValue"),
        ({"count": "many"}, "invalidValue"),
        ({"count": 1.5}, "invalidValue"),
        ({"count": [1, 2]}, "invalidValue"),
        ({"startIndex": False}, "invalidValue"),
        ({"attributes": [{"name": "id"}]}, "invalidValue"),
        ({"sortBy": "nonsense"}, "invalidPath"),
        ({"sortBy": 5}, "invalidPath"),
        ({"sortBy": "id", "sortOrder": "sideways"}, "invalidValue"),
        ({"cursor": "nonsense"}, "invalidCursor"),
        ({"cursor": ["a"]}, "invalidCursor"),
        ({"cursor": "", "count": "many"}, "invalidCount"),
    ],
)
async def test_searches_that_are_refused(provider: Provider, body: dict[str, Any], error: str) -> None:
    for path in ("/Users", "/Groups", ""):
        assert (await search(provider, path, 400, **body))["scimType"] == error, path


async def test_a_search_needs_a_body_and_post(provider: Provider) -> None:
    for path in ("/.search", "/Users/.search", "/Groups/.SEARCH/"):
        for content in (b"", b"[]", b'"x"'):
            answer = await provider.client.post(path, content=content)
            assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")
        for method in ("GET", "PUT", "DELETE"):
            answer = await provider.client.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    for path in ("/Schemas/.search", "/ServiceProviderConfig/.search", "/.search/x", "/Users/.search/x"):
        await provider.ask("POST", path, {}, 404)


async def test_a_search_at_the_root_finds_people_and_then_groups(provider: Provider) -> None:
    ids = await people(provider, 2)
    person = await provider.user("ann", displayName="Ann", externalId="e", **{ENTERPRISE: {"department": "D"}})
    group = await provider.group("Ann", *ids, person["id"])
    other = await provider.group("other")
    everything = await search(provider)
    assert (everything["totalResults"], everything["itemsPerPage"], everything["startIndex"]) == (5, 5, 1)
    assert [r["id"] for r in everything["Resources"]] == [*ids, person["id"], group["id"], other["id"]]
    assert everything["Resources"][2] == await provider.ask("GET", f"/Users/{person['id']}")
    assert everything["Resources"][3] == await provider.ask("GET", f"/Groups/{group['id']}")
    for filter, found in (
        ('displayName eq "ann"', ["ann", "Ann"]),
        ('meta.resourceType eq "User" and displayName pr', ["ann"]),
        ('meta.resourceType eq "Group"', ["Ann", "other"]),
        ('displayName eq "Ann" and not (meta.resourceType eq "User")', ["Ann"]),
        ('userName eq "ANN"', ["ann"]), ("userName pr and externalId pr", ["ann"]), ("members pr", ["Ann"]),
        (f'members[value eq "{person["id"]}"]', ["Ann"]), ('groups.display eq "ann" and externalId eq "e"', ["ann"]),
        ('userName eq "ann" or displayName eq "other"', ["ann", "other"]),
        ('userName ne "ann" and displayName eq "ann"', ["Ann"]), ('userName eq null', ["Ann", "other"]),
        ('not (userName eq "ann") and displayName pr', ["Ann", "other"]),
        (f'{ENTERPRISE}:department eq "d"', ["ann"]), (f'id eq "{group["id"]}"', ["Ann"]), ('title eq "x"', []),
        (f'displayName sw "a" and meta.lastModified ge "{person["meta"]["created"]}"', ["ann", "Ann"]),
    ):  # fmt: skip
        answer = await search(provider, filter=filter)
        assert (names(answer), answer["totalResults"]) == (found, len(found)), filter
        assert await provider.ask("GET", "/", params={"filter": filter}, status=200) == answer
    for filter in ("nonsense pr", "userName.nonsense pr", 'password eq "x"', "userName gt", "active gt true"):
        error = await search(provider, "", 400, filter=filter)
        assert error["scimType"] == "invalidFilter", filter
    await provider.ask("GET", "/", status=404)


async def test_the_root_is_sorted_within_each_kind_and_paged_across(provider: Provider) -> None:
    for name in ("b", "a", "c"):
        await provider.user(name, title=f"title {name}")
        await provider.group(f"group {name}")
    wanted = ["a", "b", "c", "group a", "group b", "group c"]
    backwards = ["c", "b", "a", "group c", "group b", "group a"]
    assert names(await search(provider, sortBy="meta.created")) == ["b", "a", "c", "group b", "group a", "group c"]
    assert names(await search(provider, "/Users", sortBy="title")) == wanted[:3]
    assert names(await search(provider, "/Groups", sortBy="displayName", sortOrder="descending")) == backwards[3:]
    found = await search(provider, sortBy="userName", attributes=["userName", "displayName"])
    assert (names(found)[:3], sorted(names(found)[3:])) == (wanted[:3], wanted[3:])
    assert "members" not in found["Resources"][3]
    for start in range(1, 8):
        page = await search(provider, startIndex=start, count=2, sortBy="meta.created", sortOrder="descending")
        everything = ["c", "a", "b", "group c", "group a", "group b"]
        assert (names(page), page["totalResults"], page["startIndex"]) == (everything[start - 1 : start + 1], 6, start)
    for count in (1, 2, 3, 4, 6):
        query: dict[str, Any] = {"sortBy": "meta.created", "count": count, "excludedAttributes": ["members"]}
        pages, cursor = [await search(provider, cursor="", **query)], ""
        while cursor := pages[-1].get("nextCursor"):
            pages.append(await search(provider, cursor=cursor, **query))
        assert [one for page in pages for one in names(page)] == ["b", "a", "c", "group b", "group a", "group c"]
        assert {page["totalResults"] for page in pages} == {6}
        for earlier in reversed(pages[:-1]):
            pages.append(await search(provider, cursor=pages[-1]["previousCursor"], **query))
            assert names(pages[-1]) == names(earlier)
        assert "previousCursor" not in pages[-1]
    for name in ("nonsense", "name"):
        assert (await search(provider, "", 400, sortBy=name))["scimType"] == "invalidPath"


async def test_the_root_shows_its_own_source_alone(provider: Provider) -> None:
    await provider.user("ours")
    await provider.group("ours")
    url, other = "http://tenure.test/scim/entra/v2", {"Authorization": "Bearer other"}
    await provider.client.post(f"{url}/Users", json={"userName": "theirs"}, headers=other)
    found = await provider.client.post(f"{url}/.search", json={}, headers=other)
    assert names(found.json()) == ["theirs"]
    assert (await provider.client.post(f"{url}/.search", json={})).status_code == 401

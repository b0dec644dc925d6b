"""Sorting and cursors: the order that the schema gives, the same by offset and by cursor, there and back."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tenure.scim.cursors import TIMEOUT

from .conftest import ENTERPRISE, USER, Provider

NAMES = ["ann", "Ann", "BOB", "b", "\N{LATIN CAPITAL LETTER E WITH ACUTE}va", "", "Zoe", "zoe 2"]
CONTENT = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def low(value: str | None) -> str | None:
    return value if value is None else value.lower()


def preferred(attribute: str, sub: str) -> Callable[[Any], Any]:
    def value(person: Any) -> Any:
        held = person.get(attribute) or [{}]
        chosen = next((e for e in held if e.get("primary")), held[0])
        return chosen.get(sub)

    return value


PEOPLE: list[tuple[str, Callable[[Any], Any]]] = [
    ("userName", lambda p: low(p["userName"])),
    ("id", lambda p: p["id"]),
    ("externalId", lambda p: p.get("externalId")),
    ("TITLE", lambda p: low(p.get("title"))),
    (f"{USER}:title", lambda p: low(p.get("title"))),
    ("name.familyName", lambda p: low(p.get("name", {}).get("familyName"))),
    ("active", lambda p: p["active"]),
    ("emails", lambda p: low(preferred("emails", "value")(p))),
    ("emails.type", lambda p: low(preferred("emails", "type")(p))),
    ("photos.value", preferred("photos", "value")),
    (f"{ENTERPRISE.upper()}:department", lambda p: low(p.get(ENTERPRISE, {}).get("department"))),
    ("manager", lambda p: p.get(ENTERPRISE, {}).get("manager", {}).get("value")),
    ("groups.display", lambda p: low(p["groups"][0]["display"]) if p["groups"] else None),
    ("groups", lambda p: p["groups"][0]["value"] if p["groups"] else None),
    ("meta.created", lambda p: p["meta"]["created"]),
    ("meta.lastModified", lambda p: p["meta"]["lastModified"]),
    ("meta.version", lambda p: p["meta"]["version"]),
    ("meta.location", lambda p: p["meta"]["location"]),
    ("schemas", lambda p: p["id"]),
    ("nickName", lambda p: None),
]
GROUPS: list[tuple[str, Callable[[Any], Any]]] = [
    ("displayName", lambda g: low(g["displayName"])),
    ("externalId", lambda g: g.get("externalId")),
    ("members", lambda g: g["members"][0]["value"] if g["members"] else None),
    ("members.display", lambda g: low(g["members"][0]["display"]) if g["members"] else None),
    ("meta.lastModified", lambda g: g["meta"]["lastModified"]),
]


async def fill(provider: Provider) -> None:
    chance = random.Random(3)

    def some(**values: Any) -> dict[str, Any]:
        return {name: value for name, value in values.items() if chance.random() < 0.6}

    ids = []
    for number in range(17):
        emails = [some(value=chance.choice(NAMES), type=chance.choice(NAMES), primary=n == 1) for n in range(2)]
        photos = [some(value=chance.choice(NAMES), primary=n == 1) for n in range(2)]
        extension = some(department=chance.choice(NAMES), manager={"value": chance.choice(NAMES[:3])})
        more = some(
            externalId=chance.choice(NAMES), title=chance.choice(NAMES), name={"familyName": chance.choice(NAMES)},
            active=chance.random() < 0.5, emails=[e for e in emails if e], photos=[p for p in photos if p],
        )  # fmt: skip
        ids.append((await provider.user(f"{chance.choice(NAMES)}{number}", **more, **{ENTERPRISE: extension}))["id"])
    inner: list[str] = []
    for number in range(7):
        inner.append(
            (await provider.group(chance.choice(NAMES[:4]), *chance.sample(ids, number), *inner[: number % 2]))["id"]
        )


def expected(resources: list[Any], value: Callable[[Any], Any], *, descending: bool) -> list[str]:
    """Ids in order: by value, those without one last, then by id; descending is the reverse of all that."""

    def key(resource: Any) -> Any:
        found = value(resource)
        return (found is None, "" if found is None else found, resource["id"])

    return [r["id"] for r in sorted(resources, key=key, reverse=descending)]


async def paged(provider: Provider, path: str, parameters: dict[str, Any], count: int) -> list[str]:
    """Every id by cursor; going back page by page gives the same pages, and their ids come in the same order."""
    pages: list[list[str]] = []
    cursor = ""
    while True:
        found = await provider.ask("GET", path, status=200, params={**parameters, "count": count, "cursor": cursor})
        pages.append([r["id"] for r in found["Resources"]])
        assert found["itemsPerPage"] == len(pages[-1])
        assert ("previousCursor" in found, "startIndex" in found) == (len(pages) > 1, False)
        if "nextCursor" not in found:
            break
        cursor = found["nextCursor"]
        assert len(pages[-1]) == count
    for earlier in reversed(pages[:-1]):
        cursor = found["previousCursor"]
        found = await provider.ask("GET", path, status=200, params={**parameters, "count": count, "cursor": cursor})
        assert [r["id"] for r in found["Resources"]] == earlier
        assert "nextCursor" in found
    assert "previousCursor" not in found
    return [one for page in pages for one in page]


@pytest.mark.parametrize(("path", "orders"), [("/Users", PEOPLE), ("/Groups", GROUPS)])
async def test_lists_are_sorted_and_paged_as_a_plain_sort_has_them(
    provider: Provider, path: str, orders: list[tuple[str, Callable[[Any], Any]]]
) -> None:
    await fill(provider)
    whole = (
        f"{path}?attributes=displayName,externalId,meta,members.value,members.display" if path == "/Groups" else path
    )
    everybody = (await provider.ask("GET", whole))["Resources"]
    for name, value in orders:
        for direction in ("ascending", "Descending"):
            parameters = {"sortBy": name, "sortOrder": direction, "attributes": "id"}
            wanted = expected(everybody, value, descending=direction == "Descending")
            found = await provider.ask("GET", path, params=parameters, status=200)
            assert [r["id"] for r in found["Resources"]] == wanted, (name, direction)
            found = await provider.ask("GET", path, params={**parameters, "startIndex": 3, "count": 2})
            assert [r["id"] for r in found["Resources"]] == wanted[2:4], (name, direction)
            assert await paged(provider, path, parameters, 4) == wanted, (name, direction)
    chosen = [r for r in everybody if r["id"] > "8"]
    parameters = {"filter": 'id gt "8"', "sortBy": orders[0][0]}
    assert await paged(provider, path, parameters, 2) == expected(chosen, orders[0][1], descending=False)
    assert (await provider.ask("GET", "/ServiceProviderConfig"))["sort"] == {"supported": True}


async def test_what_cannot_be_sorted_by_is_refused(provider: Provider) -> None:
    for name in (
        "nonsense", "name", "emails.nonsense", "password", "addresses", "groups.$ref", ENTERPRISE, "urn:x:title",
        "meta", "'; SELECT 1", "emails[type eq work]",
    ):  # fmt: skip
        error = await provider.ask("GET", "/Users", params={"sortBy": name}, status=400)
        assert error["scimType"] == "invalidPath", name
        assert len(error["detail"]) < 200
    error = await provider.ask("GET", "/Users", params={"sortBy": "title", "sortOrder": "up"}, status=400)
    assert error["scimType"] == "invalidValue"


async def test_people_who_come_and_go_between_pages_disturb_no_others(provider: Provider) -> None:
    ids = [(await provider.user(f"p{n}"))["id"] for n in range(9)]

    async def page(cursor: str) -> Any:
        return await provider.ask("GET", "/Users", params={"sortBy": "userName", "count": 3, "cursor": cursor})

    first = await page("")
    for one in (ids[0], ids[2], ids[5]):  # the page's own end, where the next one begins, among them
        await provider.ask("DELETE", f"/Users/{one}", status=204)
    await provider.user("a")
    second = await page(first["nextCursor"])
    assert [r["userName"] for r in second["Resources"]] == ["p3", "p4", "p6"]
    back = await page(second["previousCursor"])
    assert [r["userName"] for r in back["Resources"]] == ["a", "p1", "p3"]
    assert "previousCursor" not in back
    assert [first["totalResults"], second["totalResults"]] == [9, 9]


async def test_long_values_make_no_long_cursor(provider: Provider) -> None:
    for end in "bac":
        await provider.user(end, title="x" * 30_000 + end)
    found = await provider.ask("GET", "/Users", params={"sortBy": "title", "count": 2, "cursor": ""})
    assert len(found["nextCursor"]) < 2_000
    rest = await provider.ask("GET", "/Users", params={"sortBy": "title", "count": 2, "cursor": found["nextCursor"]})
    ids = [r["id"] for r in found["Resources"] + rest["Resources"]]
    assert ids == sorted(ids)


async def test_a_cursor_is_good_for_its_own_query_alone(provider: Provider) -> None:
    for name in ("secret-name-1", "secret-name-2", "secret-name-3"):
        await provider.user(name)
    query = {"filter": "userName pr", "sortBy": "userName", "count": "1", "cursor": ""}
    cursor = (await provider.ask("GET", "/Users", params=query))["nextCursor"]
    assert cursor.replace("-", "").replace("_", "").isalnum()
    again = await provider.ask("GET", "/Users", params={**query, "cursor": cursor, "attributes": "id"}, status=200)
    assert len(again["Resources"]) == 1

    async def refused(error: str, path: str = "/Users", headers: Any = None, **other: str) -> None:
        parameters = {**query, "cursor": cursor, **other}
        answer = await provider.client.get(path, params=parameters, headers=headers)
        assert (answer.status_code, answer.json().get("scimType")) == (400, error), (path, other, answer.text)

    await refused("invalidCursor", filter="userName sw s")
    await refused("invalidCursor", sortBy="title")
    await refused("invalidCursor", sortOrder="descending")
    everything = {"filter": "id pr", "sortBy": "id"}
    of_people = (await provider.ask("GET", "/Users", params={**query, **everything}))["nextCursor"]
    await refused("invalidCursor", path="/Groups", **everything, cursor=of_people)
    other = {"Authorization": "Bearer other"}
    await refused("invalidCursor", "http://tenure.test/scim/entra/v2/Users", other)
    for place in range(0, len(cursor), 7):
        changed = cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :]
        await refused("invalidCursor", cursor=changed)
    for text in (
        "x",
        "1",
        cursor[:-5],
        cursor + "AAAA",
        f"{cursor[:9]}!{cursor[9:]}",
        f"{cursor}=",
        "\N{GRINNING FACE}",
        "0" * 5_000,
        "a b",
        "%00",
    ):
        await refused("invalidCursor", cursor=text)
    await refused("invalidCount", count="2")
    await refused("invalidCount", count="many")
    provider.run("UPDATE installation SET console_token_hash = sha256('another')")
    await refused("invalidCursor")
    provider.run("UPDATE installation SET console_token_hash = sha256('token')")
    await provider.intake.clock.sleep(TIMEOUT.total_seconds())
    await refused("expiredCursor")


async def test_pagination_is_told_and_index_is_the_default(provider: Provider) -> None:
    for number in range(3):
        await provider.user(f"u{number}")
    agent = {"User-Agent": "python-httpx/0.28.1"}  # a library's name says nothing of who uses it
    told = (await provider.ask("GET", "/ServiceProviderConfig", headers=agent))["pagination"]
    assert told == {
        "cursor": True, "index": True, "defaultPaginationMethod": "index", "defaultPageSize": 100,
        "maxPageSize": 1000, "cursorTimeout": 3600,
    }  # fmt: skip
    plain = await provider.ask("GET", "/Users?count=1")
    assert (plain["startIndex"], "nextCursor" in plain) == (1, False)
    none = await provider.ask("GET", "/Users?cursor&count=0", status=200)
    assert none == {"schemas": [CONTENT], "totalResults": 3, "itemsPerPage": 0, "Resources": []}
    assert (await provider.ask("GET", "/Users?cursor=&count=-5"))["itemsPerPage"] == 0
    everybody = await provider.ask("GET", "/Users?cursor&count=5000", status=200)
    assert (everybody["itemsPerPage"], "nextCursor" in everybody) == (3, False)
    provider.sources["okta"] = replace(provider.sources["okta"], announce_pagination=False)
    assert "pagination" not in await provider.ask("GET", "/ServiceProviderConfig", status=200)
    assert await provider.ask("GET", "/Users?cursor&count=5000", status=200) == everybody

"""What providers do before each write: look one person up by userName or externalId, many of them at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

from .conftest import Provider


async def test_many_look_up_at_once_and_each_gets_their_own(provider: Provider) -> None:
    made = [await provider.user(f"u{number}", externalId=f"X{number}") for number in range(20)]
    asked = [f'userName eq "U{n}"' if n % 2 else f'externalId eq "X{n}"' for n in range(25)]
    found = await asyncio.gather(*(provider.ask("GET", "/Users", params={"filter": one}) for one in asked))
    for number, page in enumerate(found):
        expected: list[Any] = [made[number]["id"]] if number < 20 else []
        assert [person["id"] for person in page.get("Resources", [])] == expected
        assert (page["totalResults"], page["itemsPerPage"], page["startIndex"]) == (len(expected), len(expected), 1)


async def test_all_who_share_an_external_id_are_found(provider: Provider) -> None:
    made = [(await provider.user(f"u{number}", externalId="same"))["id"] for number in range(3)]
    page = await provider.ask("GET", "/Users", params={"filter": 'externalId eq "same"'})
    assert [person["id"] for person in page["Resources"]] == made
    second = await provider.ask("GET", "/Users", params={"filter": 'externalId eq "same"', "startIndex": 2, "count": 1})
    assert ([person["id"] for person in second["Resources"]], second["totalResults"]) == ([made[1]], 3)
    past = await provider.ask("GET", "/Users", params={"filter": 'userName eq "u0"', "startIndex": 2})
    assert (past["totalResults"], past["Resources"]) == (1, [])
    counted = await provider.ask("GET", "/Users", params={"filter": 'userName eq "u0"', "count": 0})
    assert (counted["totalResults"], counted["itemsPerPage"]) == (1, 0)


async def test_a_look_up_shows_what_is_asked_for_and_the_groups(provider: Provider) -> None:
    person = await provider.user("ann", title="Lead")
    await provider.ask(
        "POST", "/Groups", json={"displayName": "Team", "members": [{"value": person["id"]}]}, status=201
    )
    for filter in ('userName eq "ann"', 'userName sw "ann"'):  # by the short way and by the long one: the same
        page = await provider.ask("GET", "/Users", params={"filter": filter})
        assert page["Resources"][0]["groups"][0]["display"] == "Team"
        page = await provider.ask("GET", "/Users", params={"filter": filter, "attributes": "title"})
        assert page["Resources"] == [{"schemas": page["Resources"][0]["schemas"], "id": person["id"], "title": "Lead"}]


async def test_a_name_that_was_given_up_finds_nobody(provider: Provider) -> None:
    person = await provider.user("ann")
    await provider.ask("DELETE", f"/Users/{person['id']}", status=204)
    assert (await provider.ask("GET", "/Users", params={"filter": 'userName eq "ann"'}))["totalResults"] == 0

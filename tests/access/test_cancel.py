"""`tenure cancel`: a later step of a farewell does not come, for one person alone, before or when it is due."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.world import ESTATE, World, patch, person

from .conftest import Place

DAY = 86_400
FAREWELL = "    leaver: {remove_groups: after 30d, delete: after 60d}\n"


@pytest.fixture
def place(place: Place) -> Place:
    place.world.estate = ESTATE + FAREWELL
    return place


async def joined(world: World, *names: str) -> dict[str, str]:
    """These people, in a group that they have from us; gives their ids at the provider."""
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = {}
        for name in names:
            body = person(f"{name}@x.example", name.title())
            ids[name] = (await client.post("/Users", json=body)).json()["id"]
        members = [{"value": one} for one in ids.values()]
        await client.post("/Groups", json={"schemas": [], "displayName": "Dev users", "members": members})
        await world.finish(tenure)
    return ids


async def leave(world: World, ids: dict[str, str], *, deleted: bool = False, active: bool = False) -> None:
    async with world.house() as tenure, world.provider(tenure) as client:
        for one in ids.values():
            if deleted:
                await client.delete(f"/Users/{one}")
            else:
                said = patch({"op": "replace", "path": "active", "value": active})
                await client.patch(f"/Users/{one}", json=said)
        await world.finish(tenure)


async def wait(place: Place, days: float) -> None:
    place.later(days * DAY)
    async with place.world.house() as tenure:
        await place.world.finish(tenure)


async def groups(world: World, name: str) -> list[str]:
    account = await world.account(name)
    assert account is not None
    return list(account["groups"])


async def held(place: Place) -> list[Any]:
    return [sorted(one["people"]) for one in await place.told("plan", "--held")]


@pytest.mark.parametrize("deleted", [False, True])
async def test_the_groups_of_one_leaver_stay_and_those_of_another_go(place: Place, deleted: bool) -> None:
    ids = await joined(place.world, "ada", "ben")
    await leave(place.world, ids, deleted=deleted)
    await place.told("cancel", "ada", "remove_groups", "--reason", "a handover, OPS-7")
    await wait(place, 0.01)
    told = (await place.told("report", "leaver", "ada"))["jira"]
    (proof,) = (one for one in told if one["aspect"] == "groups")
    assert proof["state"] == "reported", "nothing is to come"
    assert "OPS-7" in proof["told"]
    await wait(place, 31)
    assert await groups(place.world, "ada") == ["software_dev"]
    assert await groups(place.world, "ben") == []
    assert not (await place.world.account("ada") or {})["active"], "nobody's word keeps the account of a leaver"
    assert "OPS-7" in (await place.run("why", "jira", "ada")).stdout
    await place.told("release", "ada")
    await wait(place, 1)
    assert await groups(place.world, "ada") == [], "the rules apply again"


async def test_what_waits_for_a_person_already_is_taken_back(place: Place) -> None:
    ids = await joined(place.world, "ada", "ben")
    await leave(place.world, ids)
    await wait(place, 61)
    assert await held(place) == [["ada@x.example", "ben@x.example"]]
    await place.told("cancel", "ada@x.example", "delete", "--target", "jira", "--reason", "kept for the audit")
    await wait(place, 1)
    assert await held(place) == [["ben@x.example"]]


async def test_it_ends_when_the_person_comes_back(place: Place) -> None:
    ids = await joined(place.world, "ada")
    await leave(place.world, ids)
    await place.told("cancel", "ada", "remove_groups", "--reason", "a handover")
    await leave(place.world, ids, active=True)
    await leave(place.world, ids)
    await wait(place, 31)
    assert await groups(place.world, "ada") == [], "another leaving is another matter"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("ada", "delete"), 1, "give a reason with --reason"),
        (("ada", "delete", "--reason", "r"), 1, "has not left"),
        (("nobody", "delete", "--reason", "r"), 1, "nobody is called 'nobody'"),
        (("ada", "delete", "--reason", "r", "--target", "wiki"), 1, "there is no application 'wiki'"),
        (("ada", "deactivate", "--reason", "r"), 2, "remove_groups"),
    ],
)
async def test_what_cannot_be_cancelled_is_refused_with_what_to_do(
    place: Place, words: tuple[str, ...], code: int, told: str
) -> None:
    await joined(place.world, "ada")
    done = await place.run("cancel", *words)
    assert (done.exit_code, told in done.output.replace("\n", " ")) == (code, True), done.output

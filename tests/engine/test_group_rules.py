"""Groups for new accounts alone, and what becomes of memberships that others gave."""

from __future__ import annotations

from datetime import timedelta

import httpx2

from .world import ESTATE, World, person

NEW = ESTATE.replace("      mapping:", "      new: [helpdesk]\n      mapping:")
OURS_ALONE = ESTATE.replace("      mapping:", "      keep_foreign_members: false\n      mapping:")


async def groups_of(world: World, name: str) -> list[str]:
    account = await world.account(name)
    assert account is not None
    return list(account["groups"])


async def by_hand(world: World, name: str, group: str) -> None:
    path = f"/jira/rest/api/2/group/user?groupname={group}"
    await world.sandbox_call("POST", path, {"name": name}, auth=True)


async def pushed(client: httpx2.AsyncClient, group: str, *people: dict[str, object]) -> None:
    ids = [(await client.post("/Users", json=one)).json()["id"] for one in people]
    body = {"schemas": [], "displayName": group, "members": [{"value": one} for one in ids]}
    assert (await client.post("/Groups", json=body)).status_code == 201


async def test_groups_for_new_accounts_are_not_for_those_taken_over(database: str) -> None:
    world = World(database, NEW)
    async with world.house() as tenure, world.provider(tenure) as client:
        maria = person("mwolf@x.example", "Maria Wolf", mail="maria.wolf@example.com")
        await pushed(client, "Marketing", person("ada@x.example", "Ada"), maria)
        await world.finish(tenure)
        assert await groups_of(world, "ada") == ["Marketing", "helpdesk"]
        assert await groups_of(world, "mwolf") == ["Marketing", "jira-software-users"]
    await by_hand(world, "mwolf", "helpdesk")
    await world.sandbox_call(
        "DELETE", "/jira/rest/api/2/group/user?groupname=helpdesk&username=ada", auth=True
    )  # what is desired of a new account stays desired
    world.clock.at = world.clock.at.replace(hour=20)
    async with world.house() as tenure:
        await world.finish(tenure)
    assert await groups_of(world, "ada") == ["Marketing", "helpdesk"]
    assert "helpdesk" in await groups_of(world, "mwolf"), "what others gave stays"


async def test_memberships_that_others_gave_stay_or_go_as_the_estate_says(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        await pushed(client, "Dev users", person("ada@x.example", "Ada"))
        await pushed(client, "Marketing", person("ben@x.example", "Ben"))
        await world.finish(tenure)
    await by_hand(world, "ada", "Marketing")  # a group in our care, which no rule leads her to
    await by_hand(world, "ada", "helpdesk")  # a group that is none of ours
    ours = ["helpdesk", "software_dev"]
    for estate, expected in ((ESTATE, ["Marketing", *ours]), (OURS_ALONE, ours)):
        world.estate = estate
        world.clock.at += timedelta(hours=7)
        async with world.house() as tenure:
            await world.finish(tenure)
        assert await groups_of(world, "ada") == expected
    assert await groups_of(world, "mwolf") == ["jira-software-users"], "nobody's account is touched"

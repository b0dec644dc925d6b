"""What a group opens is known, and shown, before it is taken over; what administers or licenses, no pattern reaches."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.engine.test_decision_commands import held, tenure
from tests.engine.test_group_mapping import ESTATE, KINDS, group

from tenure_sandbox.atlassian.jira.rights import Actor

from .world import World, patch, person

HOLD = ESTATE.replace("existing: join", "existing: hold")
DENIED = {"kind": "status", "status": 403, "path": "/jira/rest/api/2/project/10000/role/10100"}
DEVELOPERS = "project role Developers in OPS"
DAY = timedelta(days=1, minutes=1)


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(World.__init__.__globals__["SECRETS"], "ADMIN", "admin")


def place(database: str, kind: str = "jira", estate: str = ESTATE) -> World:
    world = World(database, estate.format(kind=kind, auth=KINDS[kind]))
    world.target = kind
    return world


async def push(world: World, *names: str) -> None:
    """Ada joins, and is in these groups of the provider."""
    async with world.house() as house, world.provider(house) as client:
        ada = (await client.post("/Users", json=person("ada@x.example", "Ada"))).json()["id"]
        for name in names:
            await group(client, name, ada)
        await world.finish(house)


async def work(world: World, after: timedelta = timedelta(0)) -> None:
    world.clock.at += after
    async with world.house() as house:
        await world.finish(house)


async def rows(world: World, query: str) -> list[dict[str, Any]]:
    async with world.house() as house:
        return await house.database.rows(query)


async def adoption(world: World, name: str) -> dict[str, Any]:
    """The change by which a group was taken over."""
    found = await rows(world, "SELECT change FROM journal WHERE change->>'kind' = 'adopt-group'")
    return next(one["change"] for one in found if one["change"]["name"] == name)


async def readings(world: World) -> list[bool]:
    """Whether each reading of what groups open was whole."""
    found = await rows(world, "SELECT complete FROM reading WHERE population = 'rights' ORDER BY id")
    return [one["complete"] for one in found]


async def members(world: World, name: str) -> set[str]:
    groups = (await world.jira())["groups"]
    return next(set(one["members"]) for one in groups if one["name"].lower() == name.lower())


WHAT = {
    "jira": {DEVELOPERS, "EDIT_ISSUES by the permission scheme Default Permission Scheme"},
    "confluence": {"page create in the space DEV"},
    "bitbucket": {"PROJECT_WRITE on the project OPS"},
}


@pytest.mark.parametrize("kind", WHAT)
async def test_a_group_is_taken_over_when_it_is_known_what_it_opens(database: str, kind: str) -> None:
    world = place(database, kind)
    await push(world, "Dev users", "Helpdesk", "Marketing")
    change = await adoption(world, "software_dev")
    assert WHAT[kind] <= set(change["opens"])
    assert change["untold"].startswith("not told: ")
    assert "ada" in await members(world, "software_dev")
    assert await readings(world) == [True], "one pass for all groups"


async def test_an_application_that_tells_nothing_is_not_asked_and_says_so(database: str) -> None:
    world = place(database, "crowd")
    await push(world, "Dev users")
    change = await adoption(world, "software_dev")
    assert (change["opens"], change["untold"]) == ([], "this application does not tell what groups open")
    assert await readings(world) == []


ADMINISTER = {
    "jira": ("jira-administrators", "administration"),
    "confluence": ("confluence-administrators", "administration"),
    "bitbucket": ("bitbucket-administrators", "administration"),
    "crowd": ("crowd-administrators", "administration"),
}
LICENSE = {
    "jira": ("jira-software-users", "licence"),
    "confluence": ("confluence-users", "licence"),
    "bitbucket": ("stash-users", "licence"),
}


@pytest.mark.parametrize(
    ("kind", "name", "gives"), [(kind, *one) for table in (ADMINISTER, LICENSE) for kind, one in table.items()]
)
async def test_no_pattern_reaches_a_group_that_administers_or_licenses(
    database: str, kind: str, name: str, gives: str
) -> None:
    world = place(database, kind)
    await push(world, name.upper(), "Marketing")
    assert "ada" not in await members(world, name)
    assert "ada" in await members(world, "Marketing"), "other groups are"
    waits = next(one for one in await held(database) if one["class"] == "group")
    assert waits["people"] == [name]
    assert gives in waits["reason"]
    assert "name it in the mapping to join it" in waits["reason"]
    said = await tenure(database, "approve", "app:groups", "--revision", "1", code=1)
    assert "there is no held plan" in said, "nobody can approve it"


@pytest.mark.parametrize("kind", LICENSE)
async def test_one_that_licenses_is_joined_by_name_and_the_plan_says_so(database: str, kind: str) -> None:
    name = LICENSE[kind][0]
    world = place(database, kind, ESTATE.replace("[Software_dev]", f"[{name}]"))
    await push(world, "Dev users")
    assert "it gives a licence" in (await adoption(world, name))["opens"]
    assert "ada" in await members(world, name)


async def test_who_decides_sees_what_the_group_opens_and_approves_just_that(database: str) -> None:
    world = place(database, estate=HOLD)
    await push(world, "software_dev", "Helpdesk", "Marketing")
    plan = next(one for one in await held(database) if one["class"] == "groups")
    assert (set(plan["people"]), await readings(world)) == ({"helpdesk", "software_dev"}, [True])
    opens = {one["person"]: one["changes"][0]["opens"] for one in plan["changes"]}
    assert opens["helpdesk"] == ["nothing that the application tells of"]
    assert DEVELOPERS in opens["software_dev"]
    said = await tenure(database, "plan", "--held")
    assert f"EDIT_ISSUES by the permission scheme Default Permission Scheme; {DEVELOPERS}" in said
    assert "not told: who holds global permissions" in said
    assert DEVELOPERS in await tenure(database, "why", "app", "ada")
    assert DEVELOPERS in await tenure(database, "plan", "app")

    actors = world.sandbox.state.world.applications["jira"].rights.actors
    actors[("OPS", "10002")].append(Actor(10250, "group", "software_dev"))
    seen, plan = plan["revision"], await later(world, database)
    assert await readings(world) == [True, True], "what was read a day ago is read anew, once"
    assert set(plan["people"]) == {"helpdesk", "software_dev"}
    more = "project role Administrators in OPS"
    leaf = next(one for one in plan["changes"] if one["person"] == "software_dev")
    assert more in leaf["changes"][0]["opens"]
    assert leaf["revision"] > seen, "what was looked at covers it no more"
    told = ["approve", "app:groups", "--revision", str(seen), "--only", "software_dev"]
    assert "is not in app:groups at revision" in await tenure(database, *told, code=1)
    await tenure(database, "approve", "app:groups", "--revision", str(plan["revision"]), "--only", "software_dev")
    await work(world)
    assert more in (await adoption(world, "software_dev"))["opens"]
    assert "ada" in await members(world, "software_dev")


async def later(world: World, database: str) -> dict[str, Any]:
    """The held plan of groups a day later, after everything was compared."""
    await work(world, DAY)
    return next(one for one in await held(database) if one["class"] == "groups")


async def test_what_was_not_read_whole_is_never_nothing(database: str) -> None:
    world = place(database)
    await world.faults(DENIED)
    await push(world, "Helpdesk")
    change = await adoption(world, "helpdesk")
    assert change["opens"] == []
    assert change["untold"].startswith("what it opens could not be read whole: project OPS (")
    assert await readings(world) == [False]


async def test_an_application_that_does_not_answer_keeps_the_adoption_and_nothing_else(database: str) -> None:
    world = place(database)
    await world.faults({"kind": "status", "status": 500, "path": "/jira/rest/api/2/permissionscheme"})
    async with world.house() as house, world.provider(house) as client:
        ada = (await client.post("/Users", json=person("ada@x.example", "Ada"))).json()["id"]
        await group(client, "Helpdesk", ada)
        await group(client, "Marketing", ada)
        await house.engine.settle()
        assert "ada" in await members(world, "Marketing"), "everything else goes on"
        assert "ada" not in await members(world, "helpdesk")
        said = await tenure(database, "plan", "app")
        assert "Waiting for something else: what helpdesk opens is being read" in said
        await world.finish(house)
    assert "could not be read whole" in (await adoption(world, "helpdesk"))["untold"]
    assert "ada" in await members(world, "helpdesk")
    tries = await rows(world, "SELECT ended_at IS NULL AS broken FROM reading WHERE population = 'rights' ORDER BY id")
    assert [one["broken"] for one in tries] == [True, True, False]


async def test_a_preview_shows_it_and_writes_nothing(database: str) -> None:
    world = place(database, estate=ESTATE.replace("mode: full", "mode: observe"))
    before = (await world.jira())["writes"]
    await push(world, "software_dev")
    assert DEVELOPERS in await tenure(database, "plan", "app")
    assert (await world.jira())["writes"] == before
    assert await readings(world) == [True]
    await work(world, timedelta(hours=6, minutes=1))
    assert await readings(world) == [True], "a comparison does not read it again"


async def test_the_estate_may_have_it_read_with_every_comparison(database: str) -> None:
    world = place(database, estate=ESTATE.replace("    groups:\n", "    groups:\n      read_rights: compare\n"))
    await work(world)
    assert await readings(world) == [True]
    await work(world, timedelta(hours=6, minutes=1))
    assert await readings(world) == [True, True]


async def test_a_group_that_came_after_the_last_reading_is_read_first(database: str) -> None:
    world = place(database)
    await push(world, "Helpdesk")
    await world.sandbox_call("POST", "/jira/rest/api/2/group", {"name": "auditors"}, auth=True)
    world.sandbox.state.world.applications["jira"].rights.actors[("OPS", "10002")].append(
        Actor(10250, "group", "auditors")
    )
    world.clock.at += timedelta(minutes=5)
    async with world.house() as house, world.provider(house) as client:
        ada = (await client.get("/Users", params={"filter": 'userName eq "ada@x.example"'})).json()["Resources"][0]
        await group(client, "auditors", ada["id"])
        await world.finish(house)
    assert (await adoption(world, "auditors"))["opens"] == ["project role Administrators in OPS"]
    assert await readings(world) == [True, True]


async def test_whoever_leaves_while_it_is_read_does_not_wait(database: str) -> None:
    """The reading is on a shard of its own: what else is due is done while it is under way."""
    world = place(database)
    async with world.house() as house, world.provider(house) as client:
        ids = {}
        for name in ("ada", "ben"):
            ids[name] = (await client.post("/Users", json=person(f"{name}@x.example", name.title()))).json()["id"]
        await world.finish(house)
        await world.faults({"kind": "status", "status": 500, "path": "/jira/rest/api/2/permissionscheme"})
        await group(client, "Helpdesk", ids["ada"])
        await client.patch(f"/Users/{ids['ben']}", json=patch({"op": "replace", "path": "active", "value": False}))
        await house.engine.settle()
        ben = await world.account("ben")
        assert ben is not None
        assert not ben["active"]
        assert "ada" not in await members(world, "helpdesk")

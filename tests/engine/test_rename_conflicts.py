"""A new name that was free at the last reading, and is refused when it is sent: held once, told, and no flapping."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from tests.engine.test_renames import call, estate, hire, names, waiting
from tests.engine.world import World

from tenure.app import Tenure
from tenure.report import why
from tenure.store import marks
from tenure.store.findings import findings
from tenure.store.story import stories_of

TAKEN = "the name new is taken by another account, which keeps it"


async def stranger(world: World, target: str) -> None:
    """Somebody makes an account by hand that has the name, after the application was read."""
    if target == "crowd":
        taken = {"name": "new", "email": "other@x.example", "first-name": "O", "last-name": "T", "active": True,
                 "display-name": "Other", "password": {"value": "x"}}  # fmt: skip
        await world.sandbox_call("POST", "/crowd/rest/usermanagement/1/user", taken, auth=True)
    elif target == "jira":
        body = {"name": "new", "emailAddress": "other@x.example", "displayName": "Other", "password": "x"}
        await world.sandbox_call("POST", "/jira/rest/api/2/user", body, auth=True)
    else:
        query = "name=new&password=x&displayName=Other&emailAddress=other@x.example&addToDefaultGroup=false"
        await world.sandbox_call("POST", f"/bitbucket/rest/api/latest/admin/users?{query}", auth=True)


async def gone(world: World, target: str) -> None:
    """That account is taken away again."""
    paths = {
        "crowd": "/crowd/rest/usermanagement/1/user?username=new",
        "jira": "/jira/rest/api/2/user?username=new",
        "bitbucket": "/bitbucket/rest/api/latest/admin/users?name=new",
    }
    await world.sandbox_call("DELETE", paths[target], auth=True)


RENAME = {
    "bitbucket": ("POST", "/bitbucket/rest/api/latest/admin/users/rename"),
    "crowd": ("POST", "/crowd/rest/usermanagement/1/user/rename"),
    "jira": ("PUT", "/jira/rest/api/2/user"),
}


async def read_again(world: World, tenure: Tenure) -> None:
    world.clock.at += timedelta(hours=1)
    async with tenure.database.transaction() as connection:
        await marks.mark_subject(connection, list(tenure.house.targets), "reading", marks.READINGS, None)
    await world.finish(tenure)


async def tries(world: World) -> int:
    """How often the application was asked for the rename."""
    return len((await world.sandbox_call("GET", "/_faults"))["fired"])


async def named(world: World) -> dict[str, str]:
    return {target: (await names(world, target, "m0@x.example"))[0] for target in RENAME}


@pytest.mark.parametrize("refusing", RENAME)
async def test_a_name_that_was_taken_since_the_last_reading(database: str, refusing: str) -> None:
    """The other applications gave the name: nothing is taken back, asked again or left untold."""
    world = World(database, estate(*RENAME))
    others = sorted(target for target in RENAME if target != refusing)
    method, path = RENAME[refusing]
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, "ann")
        await world.finish(tenure)
        await stranger(world, refusing)
        await world.faults({"kind": "latency", "ms": 0, "method": method, "path": path})
        await call(client, ids["ann"], "new")
        await world.finish(tenure)
        assert await tries(world) == 1
        expected = dict.fromkeys(others, "new") | {refusing: "ann"}
        assert await named(world) == expected
        told = f"{TAKEN}; renamed already at {', '.join(others)}: this person has two names until that is mended"
        assert await waiting(tenure) == {(refusing, "new"): told}
        async with tenure.database.transaction() as connection:
            (story,) = [s for s in await stories_of(connection, UUID(ids["ann"])) if s.target.name == refusing]
            found = await findings(connection, list(tenure.house.targets), world.clock.now())
        assert any(told in line.text for line in why.lines(story))
        assert [(f.target, f.account, f.told) for f in found if f.kind == "two-names"] == [(refusing, "ann", told)]
        for _ in range(3):
            await read_again(world, tenure)
        assert await tries(world) == 1
        assert await named(world) == expected
        await gone(world, refusing)
        await read_again(world, tenure)
        assert set((await named(world)).values()) == {"new"}
        assert await waiting(tenure) == {}
        async with tenure.database.transaction() as connection:
            found = await findings(connection, list(tenure.house.targets), world.clock.now())
        assert [f for f in found if f.kind == "two-names"] == []


async def test_a_conflict_over_a_name_that_nobody_is_shown_to_bear_is_held_with_its_words(database: str) -> None:
    world = World(database, estate("bitbucket", "crowd"))
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, "ann")
        await world.finish(tenure)
        await world.faults({"kind": "status", "status": 409, "path": RENAME["crowd"][1]})
        await call(client, ids["ann"], "new")
        await world.finish(tenure)
        assert await tries(world) == 2, "looked at after the first, and held after the second"
        async with tenure.database.transaction() as connection:
            (story,) = [s for s in await stories_of(connection, UUID(ids["ann"])) if s.target.name == "crowd"]
        lines = "\n".join(line.text for line in why.lines(story))
        assert "was refused" in lines, lines
        await world.faults()
        await read_again(world, tenure)
        assert await names(world, "crowd", "m0@x.example") == ["new"]

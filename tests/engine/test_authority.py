"""People who live in Crowd, with a Jira attached to it: written there, awaited and seen here, never written twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from tenure.app import Tenure
from tenure.engine import decide
from tenure.store.decisions import Decider

from .world import Killed, World, patch, person

TARGET = """
  @NAME@:
    kind: @NAME@
    url: http://jira.test/@NAME@
    auth: {username: admin, password: {env: BITBUCKET}}
    source: okta
    mode: full
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
    groups: {mapping: {Dev users: [software_dev]}}
    rate: {per_second: 200, concurrency: 8}
"""
SOURCES = "sources:\n  okta: {kind: scim, token: {env: OKTA}}\ntargets:"
CROWD, JIRA = TARGET.replace("@NAME@", "crowd"), TARGET.replace("@NAME@", "jira")
ATTACHED = f"{SOURCES}{CROWD}{JIRA}    authority: crowd\n"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Attached(World):
    """A house with both, where Jira reads Crowd when the test says so."""

    def __init__(self, dsn: str, estate: str = ATTACHED, *, local_groups: bool = False) -> None:
        super().__init__(dsn, estate)
        self.local = "?local_groups=1" if local_groups else ""

    async def synchronise(self) -> None:
        await self.sandbox_call("POST", f"/_synchronise/jira{self.local}")

    async def writes(self, application: str) -> list[str]:
        return [f"{w['subject']} {w['what']}" for w in (await self.state(application))["journal"]]

    async def at(self, application: str, name: str) -> dict[str, Any] | None:
        accounts = (await self.state(application))["accounts"]
        return next((one for one in accounts if one["name"] == name), None)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[tuple[Tenure, httpx2.AsyncClient]]:
        async with self.house() as tenure, self.provider(tenure) as client:
            await self.finish(tenure)
            yield tenure, client
            await self.finish(tenure)

    async def joined(self) -> str:
        """Ada, in a group, at Crowd; Jira has not read it yet. Gives her id at the provider."""
        async with self.working() as (_, client):
            ada = (await client.post("/Users", json=person("ada@x.example", "Ada"))).json()["id"]
            members = [{"value": ada}]
            await client.post("/Groups", json={"schemas": [], "displayName": "Dev users", "members": members})
        return str(ada)

    async def later(self, pause: timedelta) -> None:
        self.clock.at += pause
        async with self.working():
            pass

    async def plans(self, target: str) -> list[str]:
        async with self.house() as tenure:
            found = await tenure.database.rows(
                """SELECT v->'change'->>'kind' AS kind, v->>'decision' AS decision, v->>'reason' AS reason
                FROM plan p JOIN target t ON t.id = p.target, jsonb_array_elements(p.verdicts->'verdicts') v
                WHERE t.name = %s AND p.current AND p.waiting ORDER BY p.id, 1""",
                target,
            )
        return [f"{one['kind']} {one['decision']}: {one['reason']}" for one in found]


@pytest.fixture
def world(database: str) -> Attached:
    return Attached(database)


async def test_a_joiner_is_made_at_crowd_and_awaited_at_jira(world: Attached) -> None:
    await world.synchronise()
    await world.joined()
    await world.later(2 * MINUTE)
    assert await world.at("crowd", "ada")
    assert await world.at("jira", "ada") is None
    assert await world.plans("jira") == [
        "create-account wait: is at crowd: waits until jira shows it",
        "join-groups wait: is at crowd: waits until jira shows it",
    ]
    await world.synchronise()
    await world.later(5 * MINUTE)
    ada = await world.at("jira", "ada")
    assert ada is not None
    assert ada["groups"] == ["software_dev"]
    assert await world.plans("jira") == []
    assert await world.writes("jira") == []
    async with world.house() as tenure:
        (link,) = await tenure.database.rows(
            "SELECT evidence, adopted FROM link JOIN target t ON t.id = link.target AND t.name = 'jira'"
        )
        (seen,) = await tenure.database.rows("SELECT facts FROM audit WHERE action = 'authority.seen'")
    assert link["evidence"].startswith("made at crowd (32769:")
    assert not link["adopted"]
    assert (seen["facts"]["authority"], seen["facts"]["evidence"]) == ("crowd", "re-read")


async def test_a_mover_is_seen_at_jira_when_jira_read_it(world: Attached) -> None:
    await world.synchronise()
    ada = await world.joined()
    await world.synchronise()
    await world.later(5 * MINUTE)
    async with world.working() as (_, client):
        changed = {"op": "replace", "value": {"userName": "ada.king@x.example", "displayName": "Ada King"}}
        answer = await client.patch(f"/Users/{ada}", json=patch(changed))
        assert answer.status_code == 200
        groups = (await client.get("/Groups")).json()["Resources"]
        out = patch({"op": "remove", "path": f'members[value eq "{ada}"]'})
        await client.patch(f"/Groups/{groups[0]['id']}", json=out)
    there = await world.at("crowd", "ada.king")
    assert there is not None
    assert (there["display_name"], there["groups"]) == ("Ada King", [])
    await world.later(2 * MINUTE)
    assert await world.plans("jira") == [
        "leave-groups wait: was done at crowd: waits until jira shows it",
        "rename-account wait: was done at crowd: waits until jira shows it",
        "update-account wait: was done at crowd: waits until jira shows it",
    ]
    await world.synchronise()
    await world.later(10 * MINUTE)
    here = await world.at("jira", "ada.king")
    assert here is not None
    assert (here["display_name"], here["groups"]) == ("Ada King", [])
    assert await world.plans("jira") == []
    assert await world.writes("jira") == []


async def test_a_leaver_is_closed_at_crowd_and_awaited_at_jira(world: Attached) -> None:
    await world.synchronise()
    ada = await world.joined()
    await world.synchronise()
    await world.later(5 * MINUTE)
    async with world.working() as (_, client):
        await client.patch(f"/Users/{ada}", json=patch({"op": "replace", "path": "active", "value": False}))
    await world.later(2 * MINUTE)
    there, here = await world.at("crowd", "ada"), await world.at("jira", "ada")
    assert there is not None
    assert here is not None
    assert (there["active"], here["active"]) == (False, True)
    assert await world.plans("jira") == ["deactivate-account wait: was done at crowd: waits until jira shows it"]
    assert await world.writes("jira") == ["ada end sessions"]
    await world.synchronise()
    await world.later(10 * MINUTE)
    assert await world.plans("jira") == []
    assert await world.writes("jira") == ["ada end sessions"]


async def test_whom_crowd_does_not_have_jira_closes_itself(world: Attached) -> None:
    """Somebody whose account is in Jira's own directory, and who was never at Crowd."""
    held = world.sandbox.state.world.applications["jira"]
    held.add("JIRAUSER7", "bo", "bo@x.example", "Bo")
    world.estate = world.estate.replace("    authority: crowd", "    adopt: match\n    authority: crowd")
    world.estate = world.estate.replace("/crowd\n", "/crowd\n    scope: \"userName != 'bo@x.example'\"\n")
    await world.synchronise()
    async with world.working() as (_, client):
        bo = (await client.post("/Users", json=person("bo@x.example", "Bo"))).json()["id"]
    await world.later(2 * MINUTE)
    assert await world.at("crowd", "bo") is None
    async with world.working() as (_, client):
        await client.patch(f"/Users/{bo}", json=patch({"op": "replace", "path": "active", "value": False}))
    await world.later(2 * MINUTE)
    assert await world.writes("jira") == ['bo update {"active":false}', "bo end sessions"]


async def test_whom_the_scope_of_crowd_leaves_out_is_made_nowhere(world: Attached) -> None:
    world.estate = world.estate.replace("/crowd\n", "/crowd\n    scope: \"userName != 'ada@x.example'\"\n")
    await world.synchronise()
    await world.joined()
    await world.later(2 * MINUTE)
    assert (await world.plans("jira"))[0] == (
        "create-account hold: crowd makes the accounts of jira, and its scope leaves this person out"
    )
    assert await world.writes("crowd") == await world.writes("jira") == []


async def test_what_crowd_holds_is_said_at_jira(world: Attached) -> None:
    none = "    limits: {leavers: {people: 0}}\n"
    world.estate = f"{SOURCES}{CROWD}{none}{JIRA}    authority: crowd\n"
    await world.synchronise()
    ada = await world.joined()
    await world.synchronise()
    await world.later(5 * MINUTE)
    async with world.working() as (_, client):
        await client.patch(f"/Users/{ada}", json=patch({"op": "replace", "path": "active", "value": False}))
    await world.later(2 * MINUTE)
    (told,) = await world.plans("jira")
    assert told.startswith("deactivate-account wait: is done at crowd, and waits until jira shows it; there: ")
    assert "more than 0 people losing their account" in told
    assert await world.writes("jira") == ["ada end sessions"]


async def test_an_account_that_is_older_is_taken_over_at_both_by_one_decision(world: Attached) -> None:
    held = world.sandbox.state.world.applications["crowd"]
    held.add("ada", "Ada", "", "Ada", "ada@x.example")
    await world.synchronise()
    await world.joined()
    await world.later(2 * MINUTE)
    (told, *_) = await world.plans("jira")
    assert told.startswith("adopt-account wait: follows crowd, where the account is nobody's yet")
    async with world.working() as (tenure, _):
        (gate,) = await tenure.database.rows("SELECT target, revision FROM held WHERE class = 'adoptions'")
        decider = Decider("cli:bo", "it is she")
        await decide.approve(tenure.database, world.clock.now(), "crowd:adoptions", gate["revision"], decider)
    await world.synchronise()
    await world.later(10 * MINUTE)
    assert await world.plans("jira") == []
    async with world.house() as tenure:
        links = await tenure.database.rows("SELECT evidence, adopted FROM link ORDER BY target")
    assert [link["adopted"] for link in links] == [True, True]
    assert links[1]["evidence"].startswith("kept at crowd (")


@pytest.mark.parametrize("local", [True, False])
async def test_a_group_that_is_jiras_own_is_joined_there_where_jira_lets_us(database: str, local: bool) -> None:
    here = JIRA.replace("[software_dev]}}", "[software_dev]}, default: [jira-local]}")
    world = Attached(database, f"{SOURCES}{CROWD}{here}    authority: crowd\n", local_groups=local)
    await world.sandbox_call("POST", "/jira/rest/api/2/group", {"name": "jira-local"}, auth=True)
    await world.synchronise()
    await world.joined()
    await world.synchronise()
    await world.later(5 * MINUTE)
    ada = await world.at("jira", "ada")
    assert ada is not None
    assert ada["groups"] == (["jira-local", "software_dev"] if local else ["software_dev"])
    assert [w for w in await world.writes("jira") if w.startswith("ada")] == (["ada join jira-local"] if local else [])


@pytest.mark.parametrize("kill_at", range(1, 60, 6))
async def test_a_leaver_ends_the_same_when_the_house_is_killed(world: Attached, kill_at: int) -> None:
    await world.synchronise()
    ada = await world.joined()
    await world.synchronise()
    await world.later(5 * MINUTE)
    async with world.house() as tenure, world.provider(tenure) as client:
        await client.patch(f"/Users/{ada}", json=patch({"op": "replace", "path": "active", "value": False}))
    try:
        async with world.house(kill_at) as tenure:
            await world.finish(tenure)
    except (Killed, BaseExceptionGroup):
        pass
    await world.later(2 * MINUTE)
    await world.synchronise()
    await world.later(2 * MINUTE + DAY)
    assert await world.plans("jira") == []
    assert set(await world.writes("jira")) == {"ada end sessions"}
    async with world.house() as tenure:
        assert await tenure.database.rows("SELECT * FROM awaited") == []


async def test_many_who_are_awaited_are_seen_by_one_whole_reading(world: Attached) -> None:
    async with world.working() as (_, client):
        for number in range(60):
            await client.post("/Users", json=person(f"p{number}@x.example", f"P {number}"))
    await world.later(2 * MINUTE)
    await world.synchronise()
    await world.later(20 * MINUTE)
    await world.later(MINUTE)
    async with world.house() as tenure:
        links = await tenure.database.rows("SELECT target, count(*) AS n FROM link GROUP BY 1 ORDER BY 1")
        assert await tenure.database.rows("SELECT * FROM awaited") == []
    assert [link["n"] for link in links] == [60, 60]
    assert await world.writes("jira") == []

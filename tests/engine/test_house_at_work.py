"""The whole house on a real database: modes, adoption, odd names, drift, several processes at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from tests.engine.world import ESTATE, World, ensure, patch, person

from tenure.report.plan import plan_lines
from tenure.store import overview

ODD = [
    "anna+test@x.example",
    "jean d'arc@x.example",
    "o,brien@x.example",
    "back\\slash@x.example",
    "sla/sh@x.example",
    "per%2Fcent@x.example",
    "ha#sh@x.example",
    "what?@x.example",
    "party🎉@x.example",
    "cafe\u0301@x.example",
    "istanbul\u0130@x.example",
    "שלום@x.example",
    "n" * 243 + "@x.example",
]


async def test_observe_writes_nothing_and_shows_what_it_would_do(database: str) -> None:
    world = World(database, ESTATE.replace("mode: full", "mode: observe"))
    before = await world.jira()
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, {}, "Users", "userName", person("ada@x.example", "Ada Byron"))
        await world.finish(tenure)
        plans = await tenure.database.rows("SELECT verdicts FROM plan WHERE current AND waiting")
    verdict = plans[0]["verdicts"]["verdicts"][0]
    assert verdict["change"]["kind"] == "create-account"
    assert verdict["reason"] == "mode observe: nothing is written"
    assert await world.jira() == before


async def test_an_account_that_was_there_is_only_proposed_by_default(database: str) -> None:
    world = World(database, ESTATE.replace("adopt: match", "adopt: ask"))
    before = await world.jira()
    async with world.house() as tenure, world.provider(tenure) as client:
        maria = person("mwolf@x.example", "Maria W.", mail="maria.wolf@example.com")
        await ensure(client, {}, "Users", "userName", maria)
        await world.finish(tenure)
        assert await tenure.database.rows("SELECT 1 AS one FROM link") == []
    assert await world.jira() == before


@pytest.mark.parametrize("user_name", ["mwolf@x.example", "tbecker@x.example"])
async def test_what_agrees_in_part_is_for_a_person(database: str, user_name: str) -> None:
    world = World(database)
    before = await world.jira()
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, {}, "Users", "userName", person(user_name, "Somebody Else"))
        await world.finish(tenure)
        plans = await tenure.database.rows("SELECT situation FROM plan WHERE current AND waiting")
    assert plans == [{"situation": "AMBIGUOUS"}]
    assert await world.jira() == before


@pytest.mark.parametrize("jira_version", ["8.20.0", "9.12.0", "10.3.24"])
async def test_odd_names_reach_jira_or_are_held_with_a_reason(database: str, jira_version: str) -> None:
    world = World(database, jira_version=jira_version)
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        for user_name in ODD:
            mail = f"mail{len(ids)}@x.example"
            await ensure(client, ids, "Users", "userName", person(user_name, f"Odd {user_name[:40]}", mail=mail))
        for number, name in enumerate(["a/b", "100%", "q?&=#", "It's, odd", "Ünï", "🎉", "Two  spaces", "x" * 255]):
            group = {"displayName": name, "members": [{"value": ids[ODD[number]]}]}
            await ensure(client, {}, "Groups", "displayName", group)
        await world.finish(tenure)
        failed = await tenure.database.rows("SELECT subject, verdicts FROM plan WHERE current AND waiting")
        done = await tenure.database.rows("SELECT count(*) AS n FROM link WHERE ended_at IS NULL")
    held = [v for plan in failed for v in plan["verdicts"]["problems"]]
    assert done[0]["n"] + len(failed) >= len(ODD), held
    assert all(reason for reason in held)
    names = {account["name"] for account in (await world.jira())["accounts"]}
    assert {"anna+test", "jean d'arc", "sla/sh", "per%2fcent", "what?", "party🎉", "שלום"} <= names
    groups = {group["name"] for group in (await world.jira())["groups"]}
    assert {"a/b", "100%", "q?&=#", "It's, odd", "🎉"} <= groups


async def test_drift_by_hand_is_mended_by_the_next_comparison_and_foreign_members_stay(database: str) -> None:
    world = World(database)
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, ids, "Users", "userName", person("ada@x.example", "Ada Byron"))
        ops = {"displayName": "Ops", "members": [{"value": ids["ada@x.example"]}]}
        await ensure(client, {}, "Groups", "displayName", ops)
        await world.finish(tenure)
        await _by_hand(world, "PUT", "user?username=ada", {"displayName": "Changed By Hand"})
        await _by_hand(world, "POST", "group/user?groupname=Ops", {"name": "tbecker"})
        await _by_hand(world, "POST", "group/user?groupname=helpdesk", {"name": "ada"})
        world.clock.at = world.clock.at.replace(hour=20)
        await world.finish(tenure)
    ada, tom = await world.account("ada"), await world.account("tbecker")
    assert ada is not None
    assert tom is not None
    assert ada["display_name"] == "Ada Byron"
    assert sorted(ada["groups"]) == ["Ops", "helpdesk"]
    assert "Ops" in tom["groups"]


async def test_drift_by_hand_is_told_apart_from_changes_at_the_source(database: str) -> None:
    world = World(database)
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        for name in ("ada", "bob"):
            await ensure(client, ids, "Users", "userName", person(f"{name}@x.example", f"{name.title()} Byron"))
        await world.finish(tenure)
        await _by_hand(world, "PUT", "user?username=ada", {"displayName": "Changed By Hand"})
        value = patch({"op": "replace", "path": "displayName", "value": "Bob Changed"})
        assert (await client.patch(f"/Users/{ids['bob@x.example']}", json=value)).status_code == 200
        world.clock.at = world.clock.at.replace(hour=20)
        await world.finish(tenure)
        async with tenure.database.transaction() as connection:
            mended, *told = await overview.changes(connection)
        assert (mended.person, mended.drift) == ("ada@x.example", True)
        assert {(write.person, write.drift) for write in told} == {("ada@x.example", False), ("bob@x.example", False)}

    world.estate = ESTATE.replace("mode: full", "mode: observe")
    async with world.house() as tenure, world.provider(tenure) as client:
        await world.finish(tenure)
        await _by_hand(world, "PUT", "user?username=ada", {"displayName": "Changed Again"})
        value = patch({"op": "replace", "path": "displayName", "value": "Bob Again"})
        assert (await client.patch(f"/Users/{ids['bob@x.example']}", json=value)).status_code == 200
        world.clock.at += timedelta(days=1)
        await world.finish(tenure)
        async with tenure.database.transaction() as connection:
            waiting = await overview.waiting(connection)
    assert {p.person: p.plan.drift for p in waiting} == {"ada@x.example": True, "bob@x.example": False}
    lines = [line.text for line in plan_lines(waiting)]
    assert lines.index("bob@x.example at jira") < lines.index("Changed by hand at the application")
    assert lines.index("Changed by hand at the application") < lines.index("ada@x.example at jira")


async def _by_hand(world: World, method: str, path: str, body: object) -> None:
    import base64

    import httpx2

    transport = httpx2.ASGITransport(app=world.sandbox)
    sign_in = "Basic " + base64.b64encode(b"admin:admin").decode()
    async with httpx2.AsyncClient(transport=transport, base_url="http://jira.test/jira/rest/api/2/") as client:
        answer = await client.request(method, path, json=body, headers={"Authorization": sign_in})
        assert answer.status_code < 300, answer.text


async def test_two_processes_share_the_work_and_make_nothing_twice(database: str) -> None:
    world = World(database)
    ids: dict[str, str] = {}
    async with world.house() as one, world.house() as two, world.provider(one) as first, world.provider(two) as second:
        await world.finish(one)
        for number in range(40):
            client = first if number % 2 else second
            await ensure(client, ids, "Users", "userName", person(f"p{number}@x.example", f"Person {number}"))
        members = [{"value": one_id} for one_id in ids.values()]
        await ensure(second, ids, "Groups", "displayName", {"displayName": "Everybody", "members": members})
        await asyncio.gather(world.finish(one), world.finish(two))
        await world.finish(one)
    state = await world.jira()
    made = Counter((w["method"], w["subject"], w["what"]) for w in state["journal"])
    assert [entry for entry, count in made.items() if count > 1] == []
    everybody = next(g for g in state["groups"] if g["name"] == "Everybody")
    assert len(everybody["members"]) == 40


async def test_a_process_with_an_older_estate_writes_nothing(database: str) -> None:
    world = World(database)
    newer = World(database, ESTATE.replace("display_name: displayName", "display_name: displayName + ' (new)'"))
    newer.sandbox, newer.clock = world.sandbox, world.clock
    async with world.house() as old, world.provider(old) as client:
        await world.finish(old)
        async with newer.house():
            before = await world.jira()
            await ensure(client, {}, "Users", "userName", person("ada@x.example", "Ada Byron"))
            await old.engine.settle()
            assert await world.jira() == before
    async with newer.house() as new:
        await newer.finish(new)
    account = await world.account("ada")
    assert account is not None
    assert account["display_name"] == "Ada Byron (new)"


async def test_out_of_scope_is_held_and_a_leaver_is_not(database: str) -> None:
    scoped = ESTATE.replace("    adopt: match", "    scope: title != 'guest'\n    adopt: match")
    world = World(database, scoped)
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        for name in ("ada", "bela"):
            await ensure(client, ids, "Users", "userName", {**person(f"{name}@x.example", name), "title": "staff"})
        await world.finish(tenure)
        guest = patch({"op": "replace", "path": "title", "value": "guest"})
        await client.patch(f"/Users/{ids['ada@x.example']}", json=guest)
        await client.delete(f"/Users/{ids['bela@x.example']}")
        await world.finish(tenure)
        plans = await tenure.database.rows("SELECT verdicts FROM plan WHERE current AND waiting")
    assert [v["reason"] for p in plans for v in p["verdicts"]["verdicts"]] == ["out of scope, but has not left"]
    ada, bela = await world.account("ada"), await world.account("bela")
    assert ada is not None
    assert bela is not None
    assert ada["active"]
    assert not bela["active"]

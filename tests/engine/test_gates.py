"""What may be taken away, who decides, and how it comes back: through the whole house, against a Jira that is real."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from tests.engine.world import ESTATE, World, patch, person

from tenure.app import Tenure
from tenure.engine import beforehand, decide
from tenure.engine.decide import NotDecided
from tenure.model.held import HeldPlan
from tenure.store import holding
from tenure.store.decisions import Decider
from tenure.store.undoing import What

ADA, BOB = Decider("cli:ada", "an exercise"), Decider("cli:bob", "an exercise", "CHG-7")
OFF = patch({"op": "replace", "value": {"active": False}})
ON = patch({"op": "replace", "value": {"active": True}})


async def hire(client: httpx2.AsyncClient, count: int, first: int = 0) -> dict[str, str]:
    """So many people; gives their ids by userName."""
    ids = {}
    for number in range(first, first + count):
        name = f"p{number:03}@x.example"
        answer = await client.post("/Users", json=person(name, f"Person {number:03}"))
        assert answer.status_code == 201, answer.text
        ids[name] = answer.json()["id"]
    return ids


async def push(client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> None:
    answer = await client.patch(path, json=body)
    assert answer.status_code in (200, 204), answer.text


async def held(tenure: Tenure) -> dict[str, HeldPlan]:
    async with tenure.database.transaction() as connection:
        return {plan.name: plan for plan in await holding.held_plans(connection)}


async def inactive(world: World, names: Sequence[str]) -> set[str]:
    accounts = {a["name"]: a for a in (await world.jira())["accounts"]}
    return {name for name in names if not accounts[name.split("@")[0]]["active"]}


async def test_thirty_leavers_one_by_one(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 40)
        await world.finish(tenure)
        names = list(ids)
        for name in names[:30]:
            await push(client, f"/Users/{ids[name]}", OFF)
            await world.finish(tenure)
        assert len(await inactive(world, names)) == 25
        plan = (await held(tenure))["leavers"]
        assert (plan.id, len(plan.leaves), plan.shut) == ("jira:leavers", 5, True)
        ended = [w["subject"] for w in (await world.jira())["journal"] if w["what"] == "end sessions"]
        assert sorted(ended) == sorted(n.split("@")[0] for n in await inactive(world, names)), (
            "who waits at the gate loses nothing else either"
        )
        on_screen = plan.revision
        for name in names[30:34]:
            await push(client, f"/Users/{ids[name]}", OFF)
        await hire(client, 1, 90)
        await push(client, f"/Users/{ids[names[39]]}", patch({"op": "replace", "path": "displayName", "value": "New"}))
        await world.finish(tenure)
        assert (await world.account("p090")) is not None
        assert (await world.account("p039") or {})["display_name"] == "New"
        assert len((await held(tenure))["leavers"].leaves) == 9
        done = await decide.approve(tenure.database, world.clock.now(), "jira:leavers", on_screen, ADA)
        assert list(done.people) == names[25:30]
        assert not done.opened
        await world.finish(tenure)
        assert await inactive(world, names) == set(names[:30])
        rest = (await held(tenure))["leavers"]
        assert sorted(leaf.person for leaf in rest.leaves) == names[30:34]
        world.clock.at += timedelta(days=3)
        await push(client, f"/Users/{ids[names[35]]}", OFF)
        await world.finish(tenure)
        assert names[35] not in await inactive(world, names), "a window that slides on does not open a gate"
        plan = (await held(tenure))["leavers"]
        assert (await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, ADA)).opened
        await world.finish(tenure)
        assert len(await inactive(world, names)) == 35
        await push(client, f"/Users/{ids[names[36]]}", OFF)
        await world.finish(tenure)
        assert names[36] in await inactive(world, names)
        assert await held(tenure) == {}


async def test_what_is_no_longer_needed_drops_out_and_what_changed_is_held_anew(database: str) -> None:
    estate = ESTATE + "    limits: {emails: {people: 1}}\n"
    world = World(database, estate)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 4)
        await world.finish(tenure)

        async def mail(number: int, address: str) -> None:
            value = [{"value": address, "type": "work", "primary": True}]
            body = patch(
                {"op": "replace", "path": "emails", "value": value},
                {"op": "replace", "path": "displayName", "value": f"N{number}"},
            )
            await push(client, f"/Users/{ids[f'p{number:03}@x.example']}", body)
            await world.finish(tenure)

        for number in range(4):
            await mail(number, f"new{number}@x.example")
        plan = (await held(tenure))["emails"]
        assert [leaf.person[:4] for leaf in plan.leaves] == ["p001", "p002", "p003"]
        for number in range(4):
            assert (await world.account(f"p{number:03}") or {})["display_name"] == f"N{number}", "the rest goes on"
        await mail(2, "p002@x.example")
        await mail(3, "other3@x.example")
        again = (await held(tenure))["emails"]
        assert [(leaf.person[:4], leaf.revision > plan.revision) for leaf in again.leaves] == [
            ("p001", False), ("p003", True)
        ]  # fmt: skip
        await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, ADA)
        await world.finish(tenure)
        mails = {name: (await world.account(name) or {})["email"] for name in ("p000", "p001", "p002", "p003")}
        assert mails == {"p000": "new0@x.example", "p001": "new1@x.example", "p002": "p002@x.example",
                         "p003": "p003@x.example"}  # fmt: skip
        with pytest.raises(NotDecided, match="revision"):
            await decide.approve(tenure.database, world.clock.now(), plan.id, again.revision + 5, ADA)


async def test_a_group_that_one_request_empties_loses_nobody(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 12)
        members = [{"value": one} for one in ids.values()]
        group = (await client.post("/Groups", json={"displayName": "Readers", "members": members})).json()["id"]
        await world.finish(tenure)
        assert sum("Readers" in a["groups"] for a in (await world.jira())["accounts"]) == 12
        await client.put(f"/Groups/{group}", json={"displayName": "Readers", "members": members[:1]})
        await world.finish(tenure)
        assert sum("Readers" in a["groups"] for a in (await world.jira())["accounts"]) == 12
        plan = (await held(tenure))["group:readers"]
        assert len(plan.leaves) == 11
        await decide.reject(tenure.database, world.clock.now(), plan.id, plan.revision, ADA)
        await world.finish(tenure)
        assert await held(tenure) == {}
        assert sum("Readers" in a["groups"] for a in (await world.jira())["accounts"]) == 12
        vetoes = "SELECT count(*) AS n FROM veto WHERE ended_at IS NULL"
        assert (await tenure.database.rows(vetoes))[0]["n"] == 11
        await client.put(f"/Groups/{group}", json={"displayName": "Readers", "members": members})
        await world.finish(tenure)
        assert (await tenure.database.rows(vetoes))[0]["n"] == 0, "the mistake was mended"
        await push(
            client, f"/Groups/{group}", patch({"op": "remove", "path": f'members[value eq "{members[0]["value"]}"]'})
        )
        await world.finish(tenure)
        assert (await world.account("p000") or {})["groups"] == []


async def test_renames_that_cannot_be_fill_no_gate(database: str) -> None:
    world = World(database, ESTATE.replace("    rate:", "    limits: {renames: {people: 3}}\n    rate:"))
    taken = [a["name"] for a in (await world.jira())["accounts"] if a["name"] != "admin"][:4]
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 45)
        await world.finish(tenure)
        *stuck, last = list(ids)[:5]
        for name, other in zip(stuck, taken, strict=True):
            await push(client, f"/Users/{ids[name]}", patch({"op": "replace", "value": {"userName": f"{other}@x"}}))
        await world.finish(tenure)
        await push(client, f"/Users/{ids[last]}", patch({"op": "replace", "value": {"userName": "free@x"}}))
        await world.finish(tenure)
        assert not await held(tenure)
        assert await world.account("free") is not None


async def test_a_leaver_is_never_kept_by_a_veto(database: str) -> None:
    world = World(database, ESTATE + "    limits: {leavers: {people: 0}, losers: {people: 0}}\n")
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 2)
        one, other = ids.values()
        group = (await client.post("/Groups", json={"displayName": "G", "members": [{"value": one}]})).json()["id"]
        await world.finish(tenure)
        await push(client, f"/Groups/{group}", patch({"op": "remove", "path": "members"}))
        await push(client, f"/Users/{other}", OFF)
        await world.finish(tenure)
        plans = await held(tenure)
        with pytest.raises(NotDecided, match="has left"):
            await decide.reject(tenure.database, world.clock.now(), "jira:leavers", plans["leavers"].revision, ADA)
        await decide.reject(tenure.database, world.clock.now(), "jira:losers", plans["losers"].revision, ADA)
        await push(client, f"/Users/{one}", OFF)
        await world.finish(tenure)
        plan = (await held(tenure))["leavers"]
        assert len(plan.leaves) == 2
        await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, ADA)
        await world.finish(tenure)
        assert len(await inactive(world, list(ids))) == 2


async def test_an_urgent_leaver_and_announced_ones_pass_a_full_gate(database: str) -> None:
    world = World(database, ESTATE + "    limits: {leavers: {people: 1}}\n")
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 8)
        names = list(ids)
        await world.finish(tenure)
        await beforehand.expect(tenure.database, world.clock.now(), names[:3], ADA)
        for name in names[:5]:
            await push(client, f"/Users/{ids[name]}", OFF)
            await world.finish(tenure)
        assert await inactive(world, names) == set(names[:4])
        assert [leaf.person for leaf in (await held(tenure))["leavers"].leaves] == [names[4]]
        await beforehand.leave(tenure.database, world.clock.now(), names[7], ADA)
        await world.finish(tenure)
        assert names[7] in await inactive(world, names), "closed although the source still says active"
        with pytest.raises(NotDecided, match="nobody@x"):
            await beforehand.expect(tenure.database, world.clock.now(), [names[6], "nobody@x"], ADA)
        await beforehand.release(tenure.database, world.clock.now(), names[7], ADA, None)
        await world.finish(tenure)
        assert names[7] not in await inactive(world, names)


async def test_frozen_means_that_nothing_is_written(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 3)
        await world.finish(tenure)
        assert await beforehand.freeze(tenure.database, world.clock.now(), None, ADA) == ("jira",)
        before = await world.jira()
        await hire(client, 2, 50)
        for one in ids.values():
            await push(client, f"/Users/{one}", OFF)
        await world.finish(tenure)
        assert (await world.jira())["writes"] == before["writes"]
        assert await beforehand.unfreeze(tenure.database, world.clock.now(), "jira", ADA) == ("jira",)
        await world.finish(tenure)
        assert await world.account("p050") is not None
        assert len(await inactive(world, list(ids))) == 3


async def test_an_approval_outlives_a_freeze(database: str) -> None:
    world = World(database, ESTATE + "    limits: {leavers: {people: 0}}\n")
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 2)
        await world.finish(tenure)
        for one in ids.values():
            await push(client, f"/Users/{one}", OFF)
        await world.finish(tenure)
        plan = (await held(tenure))["leavers"]
        await beforehand.freeze(tenure.database, world.clock.now(), "jira", ADA)
        first = [plan.leaves[0].person]
        await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, ADA, only=first)
        await world.finish(tenure)
        assert await inactive(world, list(ids)) == set()
        await beforehand.unfreeze(tenure.database, world.clock.now(), None, ADA)
        await world.finish(tenure)
        assert await inactive(world, list(ids)) == set(first)
        assert [leaf.person for leaf in (await held(tenure))["leavers"].leaves] == [plan.leaves[1].person]


async def test_proposals_are_decided_one_by_one(database: str) -> None:
    world = World(database, ESTATE.replace("adopt: match", "adopt: ask"))
    async with world.house() as tenure, world.provider(tenure) as client:
        full = person("mwolf@x.example", "Maria Wolf", mail="maria.wolf@example.com")
        part = person("tbecker@x.example", "T. Becker", mail="someone.else@example.com")
        for body in (full, part):
            assert (await client.post("/Users", json=body)).status_code == 201
        await world.finish(tenure)
        plan = (await held(tenure))["adoptions"]
        assert {leaf.person for leaf in plan.leaves} == {"mwolf@x.example", "tbecker@x.example"}
        now = world.clock.now()
        with pytest.raises(NotDecided, match="--account"):
            await decide.approve(tenure.database, now, plan.id, plan.revision, ADA)
        await decide.approve(tenure.database, now, plan.id, plan.revision, ADA, only=["mwolf@x.example"])
        key = (await world.account("tbecker") or {})["key"]
        await decide.approve(tenure.database, now, plan.id, plan.revision, ADA, only=["tbecker@x.example"], account=key)
        await world.finish(tenure)
        assert await held(tenure) == {}
        links = await tenure.database.rows("SELECT evidence FROM link WHERE ended_at IS NULL ORDER BY evidence")
        assert [r["evidence"].split(" (")[0] for r in links] == ["chosen by cli:ada", "match: username and email"]
        assert (await world.account("tbecker") or {})["email"] == "someone.else@example.com"


async def test_a_rejected_proposal_stays_rejected(database: str) -> None:
    world = World(database, ESTATE.replace("adopt: match", "adopt: ask"))
    async with world.house() as tenure, world.provider(tenure) as client:
        full = person("mwolf@x.example", "Maria Wolf", mail="maria.wolf@example.com")
        one = (await client.post("/Users", json=full)).json()["id"]
        await world.finish(tenure)
        before = await world.account("mwolf")
        plan = (await held(tenure))["adoptions"]
        await decide.reject(tenure.database, world.clock.now(), plan.id, plan.revision, ADA)
        await push(client, f"/Users/{one}", patch({"op": "replace", "path": "title", "value": "Dr"}))
        await world.finish(tenure)
        assert await held(tenure) == {}
        assert await world.account("mwolf") == before
        await beforehand.release(tenure.database, world.clock.now(), "mwolf@x.example", ADA, None)
        await world.finish(tenure)
        assert len((await held(tenure))["adoptions"].leaves) == 1


async def test_asker_and_approver_and_ticket(database: str) -> None:
    estate = ESTATE + "    limits: {losers: {people: 0}}\n    approval: {by_another: true, ticket: true}\n"
    world = World(database, estate)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 1)
        members = [{"value": one} for one in ids.values()]
        await world.finish(tenure)
        await client.post("/Groups", json={"displayName": "G", "members": members})
        await world.finish(tenure)
        await decide.undo(tenure.database, world.clock.now(), What(group="G"), ADA)
        await world.finish(tenure)
        plan = (await held(tenure))["losers"]
        assert plan.leaves[0].asked_by == "cli:ada"
        now = world.clock.now()
        with pytest.raises(NotDecided, match="ticket"):
            await decide.approve(tenure.database, now, plan.id, plan.revision, ADA)
        with pytest.raises(NotDecided, match="another"):
            await decide.approve(tenure.database, now, plan.id, plan.revision, Decider("cli:ada", "", "CHG-7"))
        await decide.approve(tenure.database, now, plan.id, plan.revision, BOB)
        await world.finish(tenure)
        assert (await world.account("p000") or {})["groups"] == []


async def test_two_workers_let_no_more_through_than_one(make_database: Any) -> None:
    dsn = make_database()
    world = World(dsn, ESTATE + "    limits: {leavers: {people: 7}}\n")
    async with world.house() as one, world.house() as other, world.provider(one) as client:
        ids = await hire(client, 30)
        await world.finish(one)
        await asyncio.gather(*(push(client, f"/Users/{one_id}", OFF) for one_id in ids.values()))
        await asyncio.gather(one.engine.settle(), other.engine.settle())
        await world.finish(one)
        await world.finish(other)
        assert len(await inactive(world, list(ids))) == 7
        assert len((await held(one))["leavers"].leaves) == 23


async def test_a_value_that_somebody_sets_back_three_times_is_left_alone(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 1)
        await world.finish(tenure)
        key = (await world.account("p000") or {})["key"]
        path = f"/jira/rest/api/2/user?key={key}"
        for turn in range(4):
            await world.sandbox_call("PUT", path, {"displayName": "By hand"}, auth=True)
            await push(
                client,
                f"/Users/{ids['p000@x.example']}",
                patch({"op": "replace", "path": "title", "value": f"T{turn}"}),
            )
            await world.finish(tenure)
        assert (await world.account("p000") or {})["display_name"] == "By hand"
        plan = (await held(tenure))["other_writers"]
        assert "display_name was set back three times" in plan.reason
        await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, ADA)
        await world.finish(tenure)
        assert (await world.account("p000") or {})["display_name"] == "Person 000"


async def test_a_change_that_two_gates_hold_is_approved_once(database: str) -> None:
    """Another address and name, of somebody who may be another person, while the gate for addresses is shut."""
    world = World(database, ESTATE + "    limits: {emails: {people: 0}}\n")
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await hire(client, 2)
        await world.finish(tenure)
        mail = [{"value": "new@x.example", "type": "work", "primary": True}]
        await push(client, f"/Users/{ids['p001@x.example']}", patch({"op": "replace", "value": {"emails": mail}}))
        one = ids["p000@x.example"]
        other = {"emails": mail, "displayName": "New", "externalId": "another"}
        await push(client, f"/Users/{one}", patch({"op": "replace", "value": other}))
        await world.finish(tenure)
        plans = await held(tenure)
        assert {name: [leaf.person for leaf in plan.leaves] for name, plan in plans.items()} == {
            "emails": ["p001@x.example"], "persons": ["p000@x.example"]
        }  # fmt: skip
        await decide.approve(tenure.database, world.clock.now(), "jira:persons", plans["persons"].revision, ADA)
        await world.finish(tenure)
        assert {name: [leaf.person for leaf in plan.leaves] for name, plan in (await held(tenure)).items()} == {
            "emails": ["p001@x.example"]
        }
        account = await world.account("p000")
        assert account is not None
        assert (account["email"], account["display_name"]) == ("new@x.example", "New")
        written = [w["what"] for w in (await world.jira())["journal"] if w["subject"] == "p000"]
        assert len([what for what in written if "emailAddress" in what or "displayName" in what]) == 1, written

"""`tenure report leaver`: a leaver's proof, aspect by aspect, and the alarm when an account stays open."""

from __future__ import annotations

from typing import Any

from tests.engine.world import ESTATE, World, patch, person

from .conftest import Place

FAREWELL = "    leaver: {new_lead: tbecker, remove_groups: after 30d, deadline: 10m}\n"


async def joined(place: Place, estate: str = ESTATE + FAREWELL) -> tuple[World, str]:
    """Ada, whom the provider knows and who is in a group at Jira; gives her id at the provider."""
    world = place.world
    world.estate = estate
    async with world.house() as tenure, world.provider(tenure) as client:
        one = (await client.post("/Users", json=person("ada@x.example", "Ada"))).json()
        members = [{"value": one["id"]}]
        await client.post("/Groups", json={"schemas": [], "displayName": "Dev users", "members": members})
        await world.finish(tenure)
    return world, one["id"]


async def leaves(world: World, who: str) -> None:
    async with world.house() as tenure, world.provider(tenure) as client:
        gone = patch({"op": "replace", "path": "active", "value": False})
        assert (await client.patch(f"/Users/{who}", json=gone)).status_code == 200
        await world.finish(tenure)


async def proof(place: Place, code: int = 0) -> dict[str, Any]:
    found = await place.told("report", "leaver", "ada", code=code)
    return {one["aspect"]: one for one in found["jira"]}


async def test_each_aspect_of_a_leaver_is_proven_or_said_to_be_unknown(place: Place) -> None:
    world, who = await joined(place)
    await leaves(world, who)
    found = await proof(place)
    assert {aspect: one["state"] for aspect, one in found.items()} == {
        "account": "done", "administration": "done", "licence": "done", "groups": "later", "permissions": "unknown",
        "sessions": "done", "tokens": "unknown", "keys": "unknown", "leads": "done", "owned": "unknown",
    }  # fmt: skip
    assert found["account"]["done_at"]
    assert found["account"]["seen_at"] >= found["account"]["done_at"]
    assert "software_dev" in found["groups"]["told"]
    assert found["leads"]["told"] == "led nothing"
    assert "closed account" in found["tokens"]["told"]
    shown = (await place.run("report", "leaver", "ada")).stdout.splitlines()
    assert shown[0].split("\t") == ["Application", "What", "State", "What is known", "Done", "Seen"]
    assert shown[1].split("\t")[:4] == ["jira", "Account", "Done", "is closed"]


async def test_groups_are_done_when_their_day_came(place: Place) -> None:
    world, who = await joined(place)
    await leaves(world, who)
    place.later(30 * 86_400 + 1)
    async with world.house() as tenure:
        await world.finish(tenure)
    found = await proof(place)
    assert (found["groups"]["state"], found["groups"]["told"]) == ("done", "none")
    assert found["groups"]["done_at"] > found["account"]["done_at"]


async def test_a_leaver_who_is_held_waits_and_raises_an_alarm(place: Place) -> None:
    none = "    limits: {leavers: {people: 0}}\n"
    world, who = await joined(place, ESTATE + FAREWELL + none)
    await leaves(world, who)
    assert (await proof(place))["account"]["state"] == "waiting"
    assert await place.told("report", "leaver") == []
    # the commands go by the time of this machine, so the leaver left earlier
    async with world.house() as tenure, tenure.database.transaction() as connection:
        await connection.execute("UPDATE identity SET left_at = left_at - interval '11 minutes'")
    (late,) = await place.told("report", "leaver", code=1)
    assert (late["target"], late["account"], late["user_name"]) == ("jira", "ada", "ada@x.example")
    assert "more than 0 people losing their account" in late["why"]
    assert (await proof(place, code=1))["account"]["state"] == "waiting"
    doctor = await place.told("doctor", code=3)
    assert "1 person who left has an open account there for longer than the deadline" in str(doctor)
    async with world.house() as tenure, world.provider(tenure) as client:
        metrics = (await client.get("http://tenure.test/metrics")).text
    assert 'tenure_target_leavers_overdue{target="jira"} 1.0' in metrics


async def test_a_target_in_preview_alarms_nobody(place: Place) -> None:
    world, who = await joined(place)
    world.estate = world.estate.replace("mode: full", "mode: observe")
    await leaves(world, who)
    async with world.house() as tenure, tenure.database.transaction() as connection:
        await connection.execute("UPDATE identity SET left_at = left_at - interval '1 day'")
    assert await place.told("report", "leaver") == []


async def test_somebody_who_has_not_left_and_nobody(place: Place) -> None:
    await joined(place)
    for name, said in (("ada", "'ada' has not left"), ("eve", "nobody is called 'eve'")):
        done = await place.run("report", "leaver", name)
        assert done.exit_code == 1
        assert said in done.stderr


async def test_whom_a_person_closed_is_a_leaver_in_every_report(place: Place) -> None:
    """`tenure leave` closes somebody of whom the provider still says that they are active."""
    none = "    limits: {administrators: {people: 0}}\n"
    world, _ = await joined(place, ESTATE + FAREWELL + none)
    await place.told("leave", "ada@x.example", "--by", "eve")
    async with world.house() as tenure:
        await world.faults({"kind": "status", "status": 403, "method": "PUT", "path": "/jira/rest/api/2/user"})
        await world.finish(tenure)
    async with world.house() as tenure, tenure.database.transaction() as connection:
        await connection.execute("UPDATE clearance SET made_at = made_at - interval '11 minutes'")
    (late,) = await place.told("report", "leaver", code=1)
    assert (late["account"], late["user_name"]) == ("ada", "ada@x.example")
    found = await place.told("report", "findings", code=1)
    assert ("leaver-active", "ada") in {(one["kind"], one["account"]) for one in found}
    assert await proof(place, code=1)

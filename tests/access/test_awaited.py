"""What is done at Crowd and does not show at Jira: the proof of a leaver, and the alarms when it stays so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.engine.test_authority import MINUTE, Attached
from tests.engine.world import patch

from .conftest import Place


@pytest.fixture
def attached(database: str) -> Place:
    """Crowd and Jira, at the time of day: the commands go by it."""
    world = Attached(database)
    world.clock.at = datetime.now(UTC)
    return Place(database, world)


async def left(place: Place) -> Attached:
    """Ada was at both, and has left; Jira has not read Crowd since."""
    world = place.world
    assert isinstance(world, Attached)
    await world.synchronise()
    ada = await world.joined()
    await world.synchronise()
    await world.later(5 * MINUTE)
    async with world.working() as (_, client):
        await client.patch(f"/Users/{ada}", json=patch({"op": "replace", "path": "active", "value": False}))
    await world.later(2 * MINUTE)
    return world


async def account(place: Place, code: int = 0) -> dict[str, dict[str, str]]:
    """The proof of Ada's account at each application."""
    found = await place.told("report", "leaver", "ada", code=code)
    return {target: next(one for one in proof if one["aspect"] == "account") for target, proof in found.items()}


async def test_a_leaver_is_proven_at_jira_when_jira_shows_it(attached: Place) -> None:
    world = await left(attached)
    found = await account(attached)
    assert (found["crowd"]["state"], found["jira"]["state"]) == ("done", "under-way")
    assert found["jira"]["told"] == "was closed at crowd, and is open here until jira shows it"
    assert found["jira"]["done_at"] == found["crowd"]["done_at"]
    assert found["jira"]["seen_at"] is None
    await world.synchronise()
    await world.later(10 * MINUTE)
    found = await account(attached)
    assert (found["jira"]["state"], found["jira"]["told"]) == ("done", "is closed, which crowd did")
    assert found["jira"]["done_at"] == found["crowd"]["done_at"]
    assert found["jira"]["seen_at"] > found["jira"]["done_at"]
    told = (await attached.run("why", "jira", "ada")).stdout
    assert "saw here what was done at the application that keeps the accounts" in told


async def test_a_leaver_who_does_not_show_in_time_is_an_alarm(attached: Place) -> None:
    world = await left(attached)
    assert await attached.told("report", "leaver") == []
    async with world.house() as tenure, tenure.database.transaction() as connection:
        await connection.execute("UPDATE identity SET left_at = left_at - interval '80 minutes'")
    assert await attached.told("report", "leaver") == [], "applications read their directory every hour"
    async with world.house() as tenure, tenure.database.transaction() as connection:
        await connection.execute("UPDATE identity SET left_at = left_at - interval '20 minutes'")
    (late,) = await attached.told("report", "leaver", code=1)
    assert (late["target"], late["account"]) == ("jira", "ada")
    assert late["why"] == "was done at crowd: waits until jira shows it"
    assert "1 person who left has an open account there" in str(await attached.told("doctor", code=3))


async def test_whoever_is_awaited_for_a_day_is_an_alarm(attached: Place) -> None:
    world = attached.world
    assert isinstance(world, Attached)
    await world.synchronise()
    await world.joined()
    await world.later(2 * MINUTE)
    async with world.house() as tenure, world.provider(tenure) as client:
        found = await attached.told("report", "findings", "jira", "--idle", "3000d", code=1)
        assert [one for one in found if one["kind"] == "awaited"] == []
        async with tenure.database.transaction() as connection:
            await connection.execute("UPDATE awaited SET since = since - interval '25 hours'")
        metrics = (await client.get("http://tenure.test/metrics")).text
        assert 'tenure_target_awaited{target="jira"} 1.0' in metrics
        assert 'tenure_target_awaited_late{target="jira"} 1.0' in metrics
    found = await attached.told("report", "findings", "jira", "--idle", "3000d", code=1)
    (late,) = [one for one in found if one["kind"] == "awaited"]
    assert (late["target"], late["account"]) == ("jira", "ada@x.example")
    assert "create-account is at crowd: waits until jira shows it" in late["told"]
    doctor = str(await attached.told("doctor", code=3))
    assert "1 person has waited for longer than a day for what another application does to show here" in doctor
    await world.synchronise()
    await world.later(timedelta(hours=1))
    found = await attached.told("report", "findings", "jira", "--idle", "3000d", code=1)
    assert [one for one in found if one["kind"] == "awaited"] == []

"""What an application promised to do later and did not: noticed, told with its words, raised, and never sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.engine.world import World, patch, person

from .conftest import Place
from .test_health import scraped

ESTATE = """
sources:
  okta: {kind: scim, token: {env: OKTA}}
targets:
  app:
    kind: @KIND@
    url: http://app.test/@KIND@
    auth: {bearer: {env: JIRA}}
    source: okta
    mode: full
    match: [[username, display_name]]
    attributes: {username: "userName.split('@')[0].lowerAscii()", email: emails.primary, display_name: displayName}
    rate: {per_second: 200, concurrency: 8}
    protected: [admin]
    leaver: {action: @ACTION@}
"""
ENDS = {"confluence": ("delete", "delete-account"), "jira": ("anonymize", "anonymize-account")}
ASKED = {"confluence": "/confluence/rest/api/longtask", "jira": "/jira/rest/api/2/user/anonymization/progress"}
WORDS = "The database was locked."
FAILS = {"kind": "task_fails", "message": WORDS}
SILENT = {  # Jira is asked for its task before anything is sent, too
    "confluence": {"kind": "status", "status": 503, "path": ASKED["confluence"]},
    "jira": {"kind": "status", "status": 503, "path": ASKED["jira"], "nth": list(range(2, 1000))},
}
HELD = "SELECT reason FROM held WHERE class = 'erasures' AND state = 'held'"
OF_ADA = "SELECT outcome, detail, evidence, seen_at FROM journal WHERE change->>'kind' = %s ORDER BY id"
BROKEN = "tenure_target_promises_broken"


@pytest.fixture(params=["confluence", "jira"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(place: Place, kind: str) -> World:
    place.world.target = kind
    place.world.estate = ESTATE.replace("@KIND@", kind).replace("@ACTION@", ENDS[kind][0])
    return place.world


async def left(world: World) -> None:
    """Ada came and left, is closed, and her end waits for a person."""
    async with world.house() as tenure, world.provider(tenure) as client:
        who = (await client.post("/Users", json=person("ada@x.example", "Ada"))).json()["id"]
        await world.finish(tenure)
        await client.patch(f"/Users/{who}", json=patch({"op": "replace", "path": "active", "value": False}))
        await world.finish(tenure)


async def approve(place: Place) -> None:
    (held,) = await place.told("plan", "--held")
    assert held["class"] == "erasures"
    await place.told("approve", held["id"], "--revision", str(held["revision"]))


async def later(world: World, **time: float) -> None:
    world.clock.at += timedelta(**time)
    async with world.house() as tenure:
        await world.finish(tenure)


async def passes(world: World, **time: float) -> None:
    """Let time pass, and do what is due then."""
    world.clock.at += timedelta(**time)
    async with world.house() as tenure:
        await tenure.engine.settle()


async def journal(world: World, kind: str) -> list[Any]:
    async with world.house() as tenure:
        return await tenure.database.rows(OF_ADA, ENDS[kind][1])


async def sent(world: World) -> int:
    """How often the end of Ada's account was asked for."""
    return sum(w["what"] in ("delete", "anonymize") for w in (await world.jira())["journal"])


async def alarms(place: Place) -> tuple[float, list[str]]:
    """What /metrics counts, and what the doctor calls a problem of this application."""
    async with place.world.house() as tenure:
        counted = (await scraped(tenure))[BROKEN]["app",]
    told = (await place.run("doctor", "--json")).stdout
    return counted, [line for line in told.splitlines() if "promised" in line]


async def test_a_task_that_failed_is_told_held_raised_and_asked_for_again_by_a_person_alone(
    place: Place, world: World, kind: str
) -> None:
    await left(world)
    await world.faults(FAILS)
    await approve(place)
    await later(world, minutes=1)
    (entry,) = await journal(world, kind)
    assert (entry["outcome"], entry["evidence"]) == ("failed", None)
    assert WORDS in entry["detail"]
    assert await world.account("ada") is not None
    for days in (0.5, 8.0, 40.0):
        await later(world, days=days)
    assert await sent(world) == 1, "never again without a person"
    async with world.house() as tenure:
        (held,) = await tenure.database.rows(HELD)
    assert "did not do it" in held["reason"]
    assert WORDS in held["reason"]
    counted, told = await alarms(place)
    assert counted == 1
    assert "tenure plan app --held" in (await place.run("doctor")).stdout
    assert told
    assert WORDS in (await place.run("why", "app", "ada")).stdout

    await world.faults()
    await approve(place)
    await later(world, minutes=1)
    failed, done = await journal(world, kind)
    assert (failed["outcome"], done["outcome"], done["evidence"]) == ("failed", "applied", "re-read")
    assert done["seen_at"] is not None
    assert await world.account("ada") is None
    assert await sent(world) == 2
    assert (await alarms(place))[0] == 0


async def test_a_task_that_the_application_forgot_counts_by_what_is_there(
    place: Place, world: World, kind: str
) -> None:
    await left(world)
    await world.faults(FAILS, SILENT[kind])
    await approve(place)
    await passes(world, minutes=0)
    await passes(world, minutes=20)
    assert [entry["outcome"] for entry in await journal(world, kind)] == ["pending"], (
        "who cannot be asked, did not fail"
    )
    state = world.sandbox.state.world.applications[kind]
    (state.tasks if kind == "confluence" else state.anonymizations).clear()
    await world.faults()
    await later(world, minutes=30)
    (entry,) = await journal(world, kind)
    assert entry["outcome"] == "failed"
    assert "knows nothing" in entry["detail"]
    assert await sent(world) == 1


async def test_a_task_that_does_not_end_is_raised_after_an_hour(place: Place, world: World, kind: str) -> None:
    await left(world)
    await world.faults(SILENT[kind])
    await approve(place)
    await passes(world, minutes=0)
    assert (await alarms(place))[0] == 0
    await passes(world, hours=2)
    counted, _ = await alarms(place)
    assert counted == 1

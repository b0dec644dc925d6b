"""The whole house at a Confluence: an e-mail address that it never shows, and a deletion that comes later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tenure.engine import decide
from tenure.store.decisions import Decider

from .world import World, ensure, patch, person

ESTATE = """
sources:
  okta: {kind: scim, token: {env: OKTA}}
targets:
  wiki:
    kind: confluence
    url: http://wiki.test/confluence
    auth: {bearer: {env: JIRA}}
    source: okta
    mode: full
    adopt: match
    match: [[username, display_name]]
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
    groups:
      mapping: {Desk: [helpdesk]}
    rate: {per_second: 200, concurrency: 8}
    protected: [admin]
    leaver: {action: deactivate, delete: after 365d}
"""
VERSIONS = ["8.5.4", "9.4.0", "10.0.3"]
WAITING = "SELECT verdicts FROM plan WHERE current AND waiting"
UNSEEN = "SELECT change FROM journal WHERE evidence IS NULL AND outcome IN ('applied', 'already')"


async def account(world: World, name: str) -> dict[str, Any] | None:
    return next((a for a in (await world.state("confluence"))["accounts"] if a["name"] == name), None)


async def done(world: World) -> list[str]:
    """What was written to Confluence, each with whom it was done to."""
    return [f"{entry['what']} {entry['subject']}" for entry in (await world.state("confluence"))["journal"]]


async def joined(world: World, ids: dict[str, str], *people: dict[str, Any]) -> None:
    async with world.house() as tenure, world.provider(tenure) as client:
        for one in people:
            await ensure(client, ids, "Users", "userName", one)
        members = [{"value": ids[one["userName"]]} for one in people]
        desk = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "Desk",
            "members": members,
        }
        await ensure(client, ids, "Groups", "displayName", desk)
        await world.finish(tenure)


async def wait(world: World, **time: float) -> None:
    """Let time pass, read everything again, and do what follows."""
    world.clock.at += timedelta(**time)
    async with world.house() as tenure:
        await world.finish(tenure)


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_address_that_is_never_shown_is_sent_once(database: str, version: str) -> None:
    world, ids = World(database, ESTATE, confluence_version=version), dict[str, str]()
    await joined(world, ids, person("ada@x.example", "Ada Byron"), person("mwolf@x.example", "Maria Wolf"))
    made = await account(world, "ada")
    assert made is not None
    assert (made["email"], made["groups"]) == ("ada@x.example", ["helpdesk"])
    before = await done(world)
    for _ in range(3):
        await wait(world, hours=7)
    assert await done(world) == before, "nothing is sent again"
    updates = [] if version == "8.5.4" else ["update email mwolf"]
    assert [what for what in before if what.startswith("update")] == updates
    async with world.house() as tenure:
        assert await tenure.database.rows(WAITING) == []
        assert await tenure.database.rows(UNSEEN) == []


async def test_another_address_is_sent_once_and_seen(database: str) -> None:
    world, ids = World(database, ESTATE), dict[str, str]()
    await joined(world, ids, person("ada@x.example", "Ada Byron"))
    async with world.house() as tenure, world.provider(tenure) as client:
        both = {"displayName": "Ada King", "emails": [{"value": "king@x.example", "type": "work", "primary": True}]}
        await client.patch(f"/Users/{ids['ada@x.example']}", json=patch({"op": "replace", "value": both}))
        await world.finish(tenure)
    changed = await account(world, "ada")
    assert changed is not None
    assert (changed["email"], changed["display_name"]) == ("king@x.example", "Ada King")
    await wait(world, hours=7)
    assert [what for what in await done(world) if what.startswith("update")] == ["update fullName, email ada"]
    async with world.house() as tenure:
        assert await tenure.database.rows(UNSEEN) == []


async def test_a_deletion_that_was_promised_ends_the_link_when_it_is_seen(database: str) -> None:
    world, ids = World(database, ESTATE), dict[str, str]()
    await joined(world, ids, person("ada@x.example", "Ada Byron"))
    async with world.house() as tenure, world.provider(tenure) as client:
        gone = patch({"op": "replace", "path": "active", "value": False})
        await client.patch(f"/Users/{ids['ada@x.example']}", json=gone)
        await world.finish(tenure)
    await wait(world, days=366)
    async with world.house() as tenure:
        (held,) = await tenure.database.rows("SELECT revision FROM held WHERE class = 'erasures' AND state = 'held'")
        decider = Decider("cli:bo", "as agreed")
        await decide.approve(tenure.database, world.clock.now(), "wiki:erasures", held["revision"], decider)
        await world.finish(tenure)
        ends = await tenure.database.rows("SELECT outcome FROM journal WHERE change->>'kind' = 'delete-account'")
    assert [entry["outcome"] for entry in ends] == ["applied"], "it was asked for until it was done"
    await wait(world, hours=7)
    assert await account(world, "ada") is None
    assert [what for what in await done(world) if what.startswith("delete")] == ["delete ada"]
    await wait(world, hours=7)
    async with world.house() as tenure:
        links = await tenure.database.rows("SELECT end_cause FROM link WHERE ended_at IS NOT NULL")
    assert [link["end_cause"] for link in links] == ["the account was deleted"]


DELETE = "/confluence/rest/api/admin/user/ada"
LOST = {
    "answer": {"kind": "drop", "method": "DELETE", "path": DELETE, "when": "after", "nth": 1},
    "error": {"kind": "status", "status": 503, "method": "DELETE", "path": DELETE, "when": "after", "nth": 1},
    "request": {"kind": "drop", "method": "DELETE", "path": DELETE, "when": "before", "nth": 1},
}
ENDS = "SELECT outcome, evidence, detail FROM journal WHERE change->>'kind' = 'delete-account' ORDER BY id"


async def deleted(world: World, ids: dict[str, str]) -> None:
    """Ada came and left, and a person let her account be deleted."""
    await joined(world, ids, person("ada@x.example", "Ada Byron"))
    async with world.house() as tenure, world.provider(tenure) as client:
        gone = patch({"op": "replace", "path": "active", "value": False})
        await client.patch(f"/Users/{ids['ada@x.example']}", json=gone)
        await world.finish(tenure)
    await wait(world, days=366)
    await approve(world)


async def approve(world: World) -> None:
    async with world.house() as tenure:
        (held,) = await tenure.database.rows("SELECT revision FROM held WHERE class = 'erasures' AND state = 'held'")
        decider = Decider("cli:bo", "as agreed")
        await decide.approve(tenure.database, world.clock.now(), "wiki:erasures", held["revision"], decider)


@pytest.mark.parametrize("lost", ["answer", "error"])
async def test_a_deletion_whose_answer_was_lost_is_not_asked_for_twice(database: str, lost: str) -> None:
    """The long task takes its time: that the account is still there when it is read again says nothing."""
    world, ids = World(database, ESTATE), dict[str, str]()
    await deleted(world, ids)
    state = world.sandbox.state.world.applications["confluence"]
    begin = state.begin_deletion

    def slowly(*asked: Any) -> Any:
        task = begin(*asked)
        task.left = 40
        return task

    state.begin_deletion = slowly
    await world.faults(LOST[lost])
    await wait(world, minutes=1)
    assert [what for what in await done(world) if what.startswith("delete")] == ["delete ada"]
    async with world.house() as tenure:
        (entry,) = await tenure.database.rows(ENDS)
        links = await tenure.database.rows("SELECT end_cause FROM link WHERE ended_at IS NOT NULL")
    assert (entry["outcome"], entry["evidence"]) == ("applied", "re-read")
    assert await account(world, "ada") is None
    assert [link["end_cause"] for link in links] == ["the account was deleted"]


async def test_a_deletion_that_never_came_is_told_and_asked_for_again_by_a_person_alone(database: str) -> None:
    world, ids = World(database, ESTATE), dict[str, str]()
    await deleted(world, ids)
    await world.faults(LOST["request"])
    async with world.house() as tenure:
        await world.finish(tenure, within=timedelta(hours=2))
    for _ in range(3):
        await wait(world, hours=7)
    assert await account(world, "ada") is not None
    assert [what for what in await done(world) if what.startswith("delete")] == []
    async with world.house() as tenure:
        (entry,) = await tenure.database.rows(ENDS)
        (held,) = await tenure.database.rows("SELECT reason FROM held WHERE class = 'erasures' AND state = 'held'")
    assert entry["outcome"] == "failed"
    assert "the answer was lost" in held["reason"]
    await approve(world)
    await wait(world, minutes=1)
    assert await account(world, "ada") is None
    assert [what for what in await done(world) if what.startswith("delete")] == ["delete ada"]

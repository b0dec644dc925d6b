"""Lost answers, 500s, 429s, a proxy's pages, a listing cut short: nothing is removed, and nothing is made twice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.engine.world import World, ensure, patch, person

USER = "/jira/rest/api/2/user"
ADA = person("ada@x.example", "Ada Byron", phone="+44 1")


async def _creations(world: World) -> Counter[str]:
    return Counter(w["subject"] for w in (await world.jira())["journal"] if w["method"] == "POST")


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "drop", "when": "after", "method": "POST", "path": USER, "nth": 1},
        {"kind": "drop", "when": "before", "method": "POST", "path": USER, "nth": 1},
        {"kind": "status", "status": 500, "method": "POST", "path": USER, "nth": 1},
        {"kind": "status", "status": 503, "when": "after", "method": "POST", "path": USER, "nth": 1},
        {"kind": "truncate", "keep": 20, "method": "POST", "path": USER, "nth": 1},
        {"kind": "proxy_html", "status": 200, "method": "POST", "path": USER, "nth": 1},
        {"kind": "proxy_html", "status": 404, "method": "POST", "path": USER, "nth": 1},
        {"kind": "status", "status": 429, "retry_after": 2, "method": "POST", "path": USER, "nth": [1, 2, 3]},
        {"kind": "drop", "when": "after", "method": "PUT", "path": f"{USER}/properties", "nth": 1},
        {"kind": "proxy_html", "status": 404, "method": "GET", "path": USER, "nth": [1, 2, 3]},
    ],
    ids=lambda f: f"{f['kind']}-{f.get('when', f.get('status', ''))}-{f['method']}",
)
async def test_a_joiner_is_made_once_whatever_happens(database: str, fault: dict[str, Any]) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        await world.finish(tenure)
        await world.faults(fault)
        await ensure(client, {}, "Users", "userName", ADA)
        await world.finish(tenure)
        fired = (await world.sandbox_call("GET", "/_faults"))["fired"]
        assert fired, "the fault was not played"
    account = await world.account("ada")
    assert account is not None
    assert account["active"]
    assert account["properties"] == {"phone": "+44 1"}
    assert (await _creations(world))["ada"] == 1


async def test_a_lost_creation_is_linked_with_the_evidence_that_there_is(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        await world.finish(tenure)
        await world.faults({"kind": "drop", "when": "after", "method": "POST", "path": USER, "nth": 1})
        await ensure(client, {}, "Users", "userName", ADA)
        await world.finish(tenure)
        links = await tenure.database.rows("SELECT evidence, adopted FROM link")
    assert links == [{"evidence": "create-unconfirmed", "adopted": False}]


async def test_a_leaver_is_closed_though_the_answer_was_lost(database: str) -> None:
    world = World(database)
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, ids, "Users", "userName", ADA)
        await world.finish(tenure)
        await world.faults({"kind": "drop", "when": "after", "method": "PUT", "path": USER, "nth": 1})
        await client.patch(f"/Users/{ids['ada@x.example']}", json=patch({"op": "replace", "value": {"active": False}}))
        await world.finish(tenure)
    account = await world.account("ada")
    assert account is not None
    assert not account["active"]
    closings = [w for w in (await world.jira())["journal"] if w["subject"] == "ada" and "active" in w["what"]]
    assert len(closings) == 1


LISTING = "/jira/rest/api/2/user/list"


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "cut_short", "path": LISTING},
        {"kind": "truncate", "keep": 100, "path": LISTING},
        {"kind": "status", "status": 500, "path": LISTING},
        {"kind": "proxy_html", "status": 404, "path": LISTING},
        {"kind": "proxy_html", "status": 200, "path": LISTING},
        {"kind": "cap", "keep": 3, "path": LISTING},
    ],
    ids=lambda f: f"{f['kind']}-{f.get('status', '')}",
)
async def test_a_reading_that_is_not_whole_takes_nobody_away_and_makes_nobody(
    database: str, fault: dict[str, Any]
) -> None:
    world = World(database)
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, ids, "Users", "userName", ADA)
        await world.finish(tenure)
        before = await world.jira()
    async with world.house() as tenure:  # a start reads the target
        await world.faults(fault)
        await tenure.engine.settle()
        held = await tenure.database.rows("SELECT count(*) AS n FROM seen_account")
        assert held[0]["n"] == len(before["accounts"])
        complete = await tenure.database.rows(
            "SELECT complete FROM reading WHERE population = 'accounts' ORDER BY id DESC LIMIT 1"
        )
        assert complete == [{"complete": False}]
    after = await world.jira()
    assert after["accounts"] == before["accounts"]
    assert after["writes"] == before["writes"]


async def test_nobody_is_made_before_a_whole_reading(database: str) -> None:
    world = World(database)
    await world.faults({"kind": "cut_short", "path": LISTING})
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, {}, "Users", "userName", ADA)
        await tenure.engine.settle()
        assert await world.account("ada") is None
        plans = await tenure.database.rows("SELECT situation, waits_on FROM plan WHERE current AND waiting")
        assert plans == [{"situation": "UNSEEN", "waits_on": ["reading"]}]
        await world.faults()
        world.clock.at = world.clock.at.replace(hour=9)
        await world.finish(tenure)
    assert await world.account("ada") is not None


async def test_wrong_credentials_stop_the_target_and_a_probe_starts_it(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        await world.finish(tenure)
        await world.faults({"kind": "status", "status": 401, "path": "/jira/rest/api/2"})
        await ensure(client, {}, "Users", "userName", ADA)
        await tenure.engine.settle()
        state = await tenure.database.rows("SELECT state, stop_reason FROM target")
        assert state[0]["state"] == "stopped"
        assert state[0]["stop_reason"]
        await world.faults()
        world.clock.at = world.clock.at.replace(hour=9)
        await world.finish(tenure)
        state = await tenure.database.rows("SELECT state FROM target")
        assert state == [{"state": "running"}]
    assert await world.account("ada") is not None


async def test_what_jira_refuses_is_held_with_its_words_and_keeps_nobody_else(database: str) -> None:
    world = World(database)
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, {}, "Users", "userName", person("bad@x.example", "Bad Mail", mail="not a mail"))
        await ensure(client, {}, "Users", "userName", ADA)
        await world.finish(tenure)
        held = await tenure.database.rows("SELECT verdicts FROM plan WHERE current AND waiting")
    assert await world.account("bad") is None
    assert await world.account("ada") is not None
    assert len(held) == 1
    assert "refused" in held[0]["verdicts"]["problems"][0]

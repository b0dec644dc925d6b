"""Killed at every numbered point (commit or remote call), the story of four people ends in the same state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from tests.engine.world import Killed, Step, World, ensure, patch, person

MOST_POINTS = 170
SLICES = 12
_UNTROUBLED: list[tuple[dict[str, Any], int]] = []


async def _joiner(client: httpx2.AsyncClient, ids: dict[str, str]) -> None:
    await ensure(client, ids, "Users", "userName", person("ada@x.example", "Ada Byron", phone="+44 1"))


async def _another(client: httpx2.AsyncClient, ids: dict[str, str]) -> None:
    await ensure(client, ids, "Users", "userName", person("tomas@x.example", "Tomás R"))


async def _adoption(client: httpx2.AsyncClient, ids: dict[str, str]) -> None:
    maria = person("mwolf@x.example", "Maria Wolf", mail="maria.wolf@example.com")
    await ensure(client, ids, "Users", "userName", maria)


async def _group(client: httpx2.AsyncClient, ids: dict[str, str]) -> None:
    await ensure(client, ids, "Users", "userName", person("noor@x.example", "Noor H"))
    group = {"displayName": "Marketing", "members": [{"value": ids["noor@x.example"]}]}
    await ensure(client, ids, "Groups", "displayName", group)


async def _rename(client: httpx2.AsyncClient, ids: dict[str, str]) -> None:
    body = patch({"op": "Replace", "path": "userName", "value": "ada.k@x.example"})
    assert (await client.patch(f"/Users/{ids['ada@x.example']}", json=body)).status_code == 200


async def _leave(client: httpx2.AsyncClient, ids: dict[str, str]) -> None:
    for who in ("noor@x.example", "tomas@x.example"):
        body = patch({"op": "replace", "value": {"active": False}})
        assert (await client.patch(f"/Users/{ids[who]}", json=body)).status_code == 200


async def _rehire(client: httpx2.AsyncClient, ids: dict[str, str]) -> None:
    body = patch({"op": "replace", "value": {"active": True}})
    assert (await client.patch(f"/Users/{ids['tomas@x.example']}", json=body)).status_code == 200


CHAPTERS: tuple[tuple[Step, ...], ...] = ((_joiner, _another, _group, _adoption), (_rename, _leave), (_rehire,))


async def tell(world: World, kill_at: int | None) -> tuple[dict[str, Any], int]:
    """Tell the story, with one death on the way; gives what Jira holds, and how many points were passed."""
    todo = [(chapter, step) for chapter in CHAPTERS for step in [*chapter, None]]
    ids: dict[str, str] = {}
    points = 0
    while True:
        try:
            async with world.house(kill_at) as tenure:
                async with world.provider(tenure) as client:
                    while todo:
                        step = todo[0][1]
                        await (world.finish(tenure) if step is None else step(client, ids))
                        todo.pop(0)
                await world.finish(tenure)
                left = await tenure.database.rows("SELECT count(*) AS n FROM intent WHERE state = 'open'")
                assert left[0]["n"] == 0
            return await world.jira(), points + world.fuse.count
        except Killed:
            points += world.fuse.count
            kill_at = None


async def test_there_are_enough_points_and_not_too_many(database: str) -> None:
    state, points = await tell(World(database), None)
    accounts = {a["name"]: a for a in state["accounts"]}
    assert accounts["ada.k"]["key"].startswith("JIRAUSER")
    assert accounts["ada.k"]["properties"] == {"phone": "+44 1"}
    assert accounts["tomas"]["active"]
    assert not accounts["noor"]["active"]
    assert accounts["noor"]["groups"] == ["Marketing"]
    assert 60 < points <= MOST_POINTS, points


@pytest.mark.parametrize(
    "first", [pytest.param(n, marks=() if n % 2 else pytest.mark.long) for n in range(1, SLICES + 1)]
)
async def test_killed_at_every_point(make_database: Callable[[], str], first: int) -> None:
    untroubled, points = await _untroubled(make_database)
    for kill_at in range(first, points + 1, SLICES):
        state, _ = await tell(World(make_database()), kill_at)
        assert _told(state) == _told(untroubled), f"killed at point {kill_at}"
        assert _writes(state) == _writes(untroubled), f"killed at point {kill_at}"


async def _untroubled(make_database: Callable[[], str]) -> tuple[dict[str, Any], int]:
    """The story without a death, told once in each process of the tests."""
    if not _UNTROUBLED:
        _UNTROUBLED.append(await tell(World(make_database()), None))
    return _UNTROUBLED[0]


def _told(state: dict[str, Any]) -> list[dict[str, Any]]:
    # keys are given in the order of creation, which a death may change
    return [{k: v for k, v in account.items() if k != "key"} for account in state["accounts"]] + state["groups"]


def _writes(state: dict[str, Any]) -> Counter[tuple[str, str, str]]:
    """What was written how often. That sessions were ended is seen by no reading: in doubt it is done again."""
    found = Counter((w["method"], w["subject"], w["what"]) for w in state["journal"])
    return Counter({told: 1 if told[2] == "end sessions" else n for told, n in found.items()})

"""Disasters, told in YAML and played through the whole house: all end held, and nothing wrong was done.

A file of `disasters/` is one disaster:

    says: one sentence
    house:                     all is well at first
      people: 60               p0000@x.example and on; the last one has an update of their own during the disaster
      groups: {NAME: 0-29}     groups of the provider, with who is in them
      estate: {a.b: value}     other values in the estate's target `jira` (null takes a key away)
      each: {title: X}         attributes that each person has beside the usual; `{n}` is the person's number
      jira: {users: 40}        what the sandbox is built with
    mistake: [steps]
    must: see below
    mend: [steps]              if given: the mistake is mended, and then
    afterwards: see below      this holds

Steps, each a mapping with one key:

    set: {people: 0-29, every: 9, active: false}   one PATCH a person; `every`: so many seconds apart, each worked off
    delete: {people: 0-29, every: 9}               one DELETE a person
    members: {group: NAME, people: 0-9}            one PUT of a group ([] for nobody)
    estate: {a.b: value}                           the house is opened again with these values in its first estate
    faults: [...]                                  what goes wrong at the sandbox from now on ([]: nothing any more)
    server: {id: X, users: 60}                     another server answers at the same address
    compare: 2                                     the target is read so many times, half an hour apart
    wait: 30                                       minutes pass
    finish:                                        everything that is due is worked off
    approve: GATE                                  a person agrees to what a gate holds

What must hold, or holds afterwards (all of it exactly):

    done: {accounts: 25}       what was done to accounts that were there; nothing if it is left out: `accounts` closed
                               or gone, `opened` again, `memberships` lost, `joined` gained, `names`, `emails`,
                               `display names`, `properties` changed, `made` out of nothing
    held: {GATE: 275}          people at each gate, each gate ONE plan; none if it is left out
    waiting: {REGEX: 40}       people whose plan waits for a reason that no gate holds
    closed: REGEX              why nothing is written at the target at all
    meanwhile: [joiner, update]   what of the joiner and the update went through; both if it is left out
"""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.scenarios.play import Play

FILES = sorted((Path(__file__).parent / "disasters").glob("*.yaml"))


def _marked(path: Path) -> Any:
    known: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    found = [pytest.mark.long] if known.get("long") else []
    if "falls_short" in known:
        found.append(pytest.mark.xfail(reason=known["falls_short"], strict=True))
    return pytest.param(path, id=path.stem, marks=found)


@pytest.mark.parametrize("path", [_marked(path) for path in FILES])
async def test_a_disaster_is_held(database: str, path: Path) -> None:
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(told) <= {"says", "long", "falls_short", "house", "mistake", "must", "mend", "afterwards"}, path
    async with asyncio.timeout(1_800 if told.get("long") else 300), AsyncExitStack() as stack:
        play = await Play.begin(database, told["house"], stack)
        for step in told["mistake"]:
            await play.step(step)
        await play.somebody_else(1)
        assert await seen(play, 1, told["must"]) == expected(told["must"])
        if "mend" not in told:
            return
        for step in told["mend"]:
            await play.step(step)
        await play.somebody_else(2)
        assert await seen(play, 2, told["afterwards"]) == expected(told["afterwards"])


def expected(must: dict[str, Any]) -> dict[str, Any]:
    assert set(must or {}) <= {"done", "held", "waiting", "closed", "meanwhile"}, must
    return {
        "done": must.get("done", {}),
        "held": must.get("held", {}),
        "waiting": must.get("waiting", {}),
        "closed": must.get("closed", ""),
        "meanwhile": sorted(must.get("meanwhile", ("joiner", "update"))),
    }


async def seen(play: Play, number: int, must: dict[str, Any]) -> dict[str, Any]:
    waiting: dict[str, Any] = {}
    for reason in await play.waiting():
        if reason:
            known = next((one for one in must.get("waiting", {}) if re.search(one, reason)), reason)
            waiting[known] = waiting.get(known, 0) + 1
    closed = await play.closed()
    if must.get("closed") and re.search(must["closed"], closed):
        closed = must["closed"]
    return {
        "done": await play.done(),
        "held": await play.held(),
        "waiting": waiting,
        "closed": closed,
        "meanwhile": sorted(await play.went_through(number)),
    }

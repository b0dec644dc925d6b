"""The commands by which people decide, as they are typed, on a house in which gates have filled."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.engine.test_gates import OFF, hire, inactive, push
from tests.engine.world import ESTATE, SECRETS, World, patch

LIMITED = ESTATE + "    limits: {leavers: {people: 2}, losers: {people: 0}}\n"


async def tenure(dsn: str, *words: str, code: int = 0, typed: str = "") -> str:
    """What a command prints; it ends with this code."""
    command = [sys.executable, "-m", "tenure", *words, "--database-url", dsn]
    environment = {**os.environ, "COLUMNS": "200", **SECRETS}
    done = await asyncio.to_thread(
        subprocess.run, command, input=typed, capture_output=True, text=True, timeout=60, env=environment
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


async def held(dsn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(await tenure(dsn, "plan", "--held", "--json"))
    return found


async def test_from_a_full_gate_to_the_last_decision(database: str, tmp_path: Path) -> None:
    world = World(database, LIMITED)
    async with world.house() as house, world.provider(house) as client:
        ids = await hire(client, 9)
        names = list(ids)
        members = [{"value": ids[name]} for name in names[6:]]
        group = (await client.post("/Groups", json={"displayName": "Readers", "members": members})).json()["id"]
        await world.finish(house)
        for name in names[:4]:
            await push(client, f"/Users/{ids[name]}", OFF)
            await world.finish(house)
        await push(client, f"/Groups/{group}", patch({"op": "remove", "path": "members"}))
        await world.finish(house)
        plans = {plan["class"]: plan for plan in await held(database)}
        assert (plans["leavers"]["id"], plans["leavers"]["people"]) == ("jira:leavers", names[2:4])
        assert set(plans["leavers"]) >= {"id", "target", "class", "revision", "people", "reason"}
        said = await tenure(database, "plan", "--held")
        assert "People losing their account at jira: 2 people" in said
        assert f"tenure approve jira:leavers --revision {plans['leavers']['revision']}" in said
        assert names[2] in await tenure(database, "plan", "--identity", names[2])

        revision = str(plans["leavers"]["revision"])
        said = await tenure(database, "approve", "jira:leavers", "--revision", "99", code=1)
        assert "there is no revision 99 yet" in said
        said = await tenure(database, "approve", "jira:leavers", "--revision", revision, "--only", "x", code=1)
        assert "is not in jira:leavers" in said
        one = ["--only", names[2], "--ticket", "CHG-1", "--json"]
        told = json.loads(await tenure(database, "approve", "jira:leavers", "--revision", revision, *one))
        assert told["people"] == [names[2]]
        said = await tenure(database, "reject", "jira:leavers", "--revision", revision, "--reason", "no", code=1)
        assert "has left" in said
        losers = plans["losers"]
        said = await tenure(
            database, "reject", losers["id"], "--revision", str(losers["revision"]), "--reason", "a typo"
        )
        assert "Rejected" in said
        await tenure(database, "leave", names[5], "--reason", "today")
        file = tmp_path / "layoff.txt"
        file.write_text(f"{names[4]}  # from May\n\nnobody@x\n")
        assert "nobody@x" in await tenure(database, "expect", "leavers", str(file), code=1)
        file.write_text(names[4] + "\n")
        await tenure(database, "expect", "leavers", str(file))
        await push(client, f"/Users/{ids[names[4]]}", OFF)
        await world.finish(house)
        assert await inactive(world, names) == {*names[:3], names[4], names[5]}
        assert [plan["class"] for plan in await held(database)] == ["leavers"]

        assert "jira" in await tenure(database, "freeze", "jira")
        assert "there is no application" in await tenure(database, "freeze", "wiki", code=1)
        await push(client, f"/Users/{ids[names[6]]}", patch({"op": "replace", "path": "displayName", "value": "Nu"}))
        await world.finish(house)
        assert (await world.account("p006") or {})["display_name"] == "Person 006"
        assert "update-account" in await tenure(database, "unfreeze", "jira", typed="n\n", code=1)
        await tenure(database, "unfreeze", "jira", typed="y\n")
        await world.finish(house)
        assert (await world.account("p006") or {})["display_name"] == "Nu"

        assert "NUMBER" in await tenure(database, "undo")
        said = await tenure(database, "undo", "--person", names[6], typed="n\n", code=1)
        assert "display_name goes back to Person 006" in said
        looked = json.loads(await tenure(database, "undo", "--person", names[6], "--json"))
        assert looked["decision"] is None
        done = json.loads(await tenure(database, "undo", "--person", names[6], "--json", "--yes"))
        assert done["decision"] > 0
        await world.finish(house)
        assert (await world.account("p006") or {})["display_name"] == "Person 006"
        await tenure(database, "release", names[6])
        await world.finish(house)
        assert (await world.account("p006") or {})["display_name"] == "Nu"
        assert "nothing that people decided" in await tenure(database, "release", names[8], "--target", "x", code=1)


async def test_the_effect_of_a_configuration_is_shown_before_it_is_used(database: str, tmp_path: Path) -> None:
    world = World(database)
    async with world.house() as house, world.provider(house) as client:
        ids = await hire(client, 12)
        members = [{"value": one} for one in ids.values()]
        await client.post("/Groups", json={"displayName": "Dev users", "members": members})
        await world.finish(house)
        file = tmp_path / "estate.yaml"
        file.write_text(ESTATE)
        assert "is the active configuration" in await tenure(database, "estate", "diff", str(file))
        same = json.loads(await tenure(database, "estate", "diff", str(file), "--effect", "--json"))
        assert same["effect"]["jira"]["changes"] == []
        file.write_text(ESTATE.replace("Dev users: [software_dev]", "Dev user: [software_dev]"))
        before = await world.jira()
        said = await tenure(database, "estate", "diff", str(file), "--effect", code=1)
        assert "+      mapping: {Dev user: [software_dev]}" in said
        assert "People leaving the group software_dev: 12, 7 pass unasked" in said, (
            "half of them, the others that are in it counted"
        )
        file.write_text(ESTATE + "    limits: {x: 1}\n")
        assert "there is no such key" in await tenure(database, "estate", "diff", str(file), code=2)
        await world.finish(house)
        assert (await world.jira())["writes"] == before["writes"]


@pytest.mark.slow
async def test_a_worker_joins_a_house_by_its_database_alone(database: str, tmp_path: Path) -> None:
    said = await tenure(database, "worker", code=2)
    assert "no configuration is active" in said
    estate = ESTATE.replace("http://jira.test/jira", "http://127.0.0.1:9/jira")
    world = World(database, estate)
    async with world.house():
        pass
    command = [sys.executable, "-m", "tenure", "worker", "--database-url", database]
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
        env={**os.environ, **SECRETS},
    )
    try:
        assert child.stdout is not None
        assert (await asyncio.to_thread(child.stdout.readline)).strip() == "Tenure works on 1 application"
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=20) == 0

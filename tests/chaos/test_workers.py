"""Several real processes on one database: a gate counts for all of them, one killed or not, and a freeze stops all."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from tests.chaos.test_sigkill import ENVIRONMENT, _free_port, _ready, _serving, folder, sandbox
from tests.engine.world import ESTATE, person

__all__ = ["folder", "sandbox"]
SECRETS = {"OKTA": "okta-token-for-tests-only", "JIRA": "sandbox"}


@contextlib.contextmanager
def _worker(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tenure", "worker", "--data", str(data)]
    with (data.parent / "worker.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, env=ENVIRONMENT, cwd=data.parent)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setitem(ENVIRONMENT, name, value)


@contextlib.contextmanager
def _three(
    sandbox: str, folder: Path, per_second: int
) -> Iterator[tuple[Path, httpx2.Client, subprocess.Popen[bytes]]]:
    """A server and two workers on one database: its folder, an identity provider, and one of the workers."""
    estate, data, port = folder / "estate.yaml", folder / "data", _free_port()
    rate = f"per_second: {per_second}"
    estate.write_text(ESTATE.replace("http://jira.test", sandbox).replace("per_second: 200", rate))
    with _serving(estate, data, port) as server:
        _ready(server)
        with _worker(data) as one, _worker(data) as other, _provider(port) as okta:
            _ready(one)
            _ready(other)
            yield data, okta, one


def _command(data: Path, *words: str) -> Any:
    command = [sys.executable, "-m", "tenure", *words, "--data", str(data), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=ENVIRONMENT, check=True)
    return json.loads(done.stdout)


def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("kill", [False, True], ids=["three-workers", "one-is-killed"])
def test_thirty_leavers_one_by_one(sandbox: str, folder: Path, kill: bool) -> None:
    with _three(sandbox, folder, 500) as (data, okta, one):
        names = [f"p{number:02}@x.example" for number in range(34)]
        ids = {n: okta.post("/Users", json=person(n, f"Person {n}")).json()["id"] for n in names}
        _until(lambda: len(_accounts(sandbox, names)) == 34)
        for place, name in enumerate(names[:30]):
            okta.patch(f"/Users/{ids[name]}", json=_OFF).raise_for_status()
            if kill and place == 15:
                os.kill(one.pid, signal.SIGKILL)
        _until(lambda: _settled(data))
        through = len(_shut(sandbox, names))
        # Whom the killed worker had counted and not yet shut waits with the others, for the gate is shut by then.
        assert 20 <= through <= 25 if kill else through == 25
        (plan,) = _command(data, "plan", "--held")
        assert (plan["id"], len(plan["people"])) == ("jira:leavers", 30 - through)
        for name in names[30:]:
            okta.patch(f"/Users/{ids[name]}", json=_OFF).raise_for_status()
        _until(lambda: len(_command(data, "plan", "--held")[0]["people"]) == 34 - through)
        told = _command(data, "approve", plan["id"], "--revision", str(plan["revision"]))
        assert told["people"] == plan["people"]
        _until(lambda: _settled(data))
        assert set(_shut(sandbox, names)) == set(names[:30])
        assert sorted(_command(data, "plan", "--held")[0]["people"]) == names[30:]


@pytest.mark.slow
def test_a_freeze_stops_every_process_within_five_seconds(sandbox: str, folder: Path) -> None:
    with _three(sandbox, folder, 20) as (data, okta, _):
        names = [f"p{number:03}@x.example" for number in range(140)]
        for name in names:
            okta.post("/Users", json=person(name, f"Person {name}")).raise_for_status()
        _until(lambda: _writes(sandbox) > 20)
        asked = time.monotonic()
        assert _command(data, "freeze", "--reason", "a restore") == {"targets": ["jira"]}
        time.sleep(max(0.0, asked + 5 - time.monotonic()))
        stopped = _writes(sandbox)
        time.sleep(3)
        assert _writes(sandbox) == stopped
        assert len(_accounts(sandbox, names)) < len(names), "it was to be frozen half way"
        _command(data, "unfreeze", "--yes")
        _until(lambda: len(_accounts(sandbox, names)) == len(names), 120)


def _writes(sandbox: str) -> int:
    return int(httpx2.get(f"{sandbox}/_state/jira", timeout=10).json()["writes"])


_OFF = {"Operations": [{"op": "replace", "value": {"active": False}}]}


def _provider(port: int) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {SECRETS['OKTA']}"}
    return httpx2.Client(base_url=f"http://127.0.0.1:{port}/scim/okta/v2", headers=headers, timeout=30)


def _accounts(sandbox: str, names: list[str]) -> dict[str, bool]:
    state = httpx2.get(f"{sandbox}/_state/jira", timeout=10).json()
    there = {account["name"]: account["active"] for account in state["accounts"]}
    return {name: there[name.split("@")[0]] for name in names if name.split("@")[0] in there}


def _shut(sandbox: str, names: list[str]) -> list[str]:
    return [name for name, active in _accounts(sandbox, names).items() if not active]


def _settled(data: Path) -> bool:
    """Whether nothing is due and nothing under way, for longer than a killed worker's intents are waited for."""
    from tenure.store.embedded import EmbeddedPostgres

    with EmbeddedPostgres(data, role="command") as postgres, psycopg.connect(postgres.dsn) as connection:
        query = """SELECT (SELECT count(*) FROM due WHERE subject <> 'reading')
            + (SELECT count(*) FROM intent WHERE state = 'open')"""
        found = connection.execute(query).fetchone()
    return found == (0,)

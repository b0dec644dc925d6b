"""`tenure estate check`: what it prints, and with which exit code it ends."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tenure.cli.estate import app
from tenure.clock import SystemClock
from tenure.estate import live
from tenure.model.capability import Mode
from tenure.model.seen import Health

from .parts import ENVIRONMENT, SMALL, Settings, loaded


def run(folder: Path, text: str, *options: str, environment: dict[str, str] = ENVIRONMENT) -> Any:
    file = folder / "estate.yaml"
    file.write_text(text)
    unset: dict[str, str | None] = dict.fromkeys(ENVIRONMENT, None)
    return CliRunner().invoke(app, ["check", str(file), *options], env={**unset, **environment})


def test_a_valid_file(tmp_path: Path) -> None:
    done = run(tmp_path, SMALL)
    assert (done.exit_code, done.stdout, done.stderr) == (0, "estate.yaml is valid: 1 source, 1 target\n", "")


def test_a_check_without_secrets_warns(tmp_path: Path) -> None:
    done = run(tmp_path, SMALL, environment={})
    assert done.exit_code == 0
    assert (
        "warning: estate.yaml:2: sources.okta.token: the environment variable OKTA_SCIM_TOKEN is not set" in done.stderr
    )
    assert len(json.loads(run(tmp_path, SMALL, "--json", environment={}).stdout)["warnings"]) == 2


def test_a_file_that_is_not_valid(tmp_path: Path) -> None:
    done = run(tmp_path, SMALL + "    mode: ful\n")
    assert done.exit_code == 2
    assert done.stderr.startswith('estate.yaml:9: targets.jira.mode: "ful" is not a mode; write one of observe,')
    told = json.loads(run(tmp_path, SMALL + "    mode: ful\n", "--json").stdout)
    assert told["valid"] is False
    assert told["problems"][0]["line"] == 9
    assert told["problems"][0]["path"] == "targets.jira.mode"


def test_live_needs_the_secrets(tmp_path: Path) -> None:
    done = run(tmp_path, SMALL, "--live", environment={})
    assert done.exit_code == 2
    assert "the environment variable JIRA_TOKEN is not set" in done.stderr


def test_an_application_that_does_not_answer(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        text = SMALL.replace("8900", str(free.getsockname()[1]))
        done = run(tmp_path, text, "--live", "--json")
    assert done.exit_code == 3
    health = json.loads(done.stdout)["targets"]["jira"]
    assert health["ok"] is False
    assert health["detail"]
    assert ENVIRONMENT["JIRA_TOKEN"] not in done.output


class Answering:
    """A target that asks nobody, and says how it was opened."""

    def __init__(self, settings: Settings, *, mode: Mode, limiter: Any, clock: Any, name: str) -> None:
        self.mode, self.limiter, self.name = mode, limiter, name
        self.closed = False

    async def check(self) -> Health:
        async with self.limiter.slot():
            return Health(True, f"{self.name} in mode {self.mode.value}", "admin", version="10.3")

    async def aclose(self) -> None:
        Answering.closed_last = self.name


async def test_every_target_is_asked_to_be_read_only(tmp_path: Path) -> None:
    estate = loaded(tmp_path, SMALL + "    mode: full\n    rate: {per_second: 1000}\n")
    jira = estate.targets["jira"]
    two = replace(estate, targets={"jira": jira, "other": replace(jira, name="other")})
    kind: Any = type("Kind", (), {"settings": Settings, "open": Answering})
    found = await live.ask(two, SystemClock(), {"jira": kind})
    assert {name: health.detail for name, health in found.items()} == {
        "jira": "jira in mode observe",
        "other": "other in mode observe",
    }
    assert Answering.closed_last == "other"  # type: ignore[attr-defined]


async def test_a_target_that_never_answers_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Answering):
        async def check(self) -> Health:
            await SystemClock().sleep(60)
            raise AssertionError

    monkeypatch.setattr(live, "CHECK_SECONDS", 0.02)
    kind: Any = type("Kind", (), {"settings": Settings, "open": Silent})
    found = await live.ask(loaded(tmp_path, SMALL), SystemClock(), {"jira": kind})
    assert found["jira"].ok is False
    assert "no answer" in found["jira"].detail


def test_the_table_shows_what_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def found(*_: Any) -> dict[str, Health]:
        return {"jira": Health(False, "missing: ADMINISTER", "[bold]bot", None, "10.3", ("ADMINISTER",))}

    monkeypatch.setattr("tenure.cli.estate.ask", found)
    monkeypatch.setenv("COLUMNS", "120")
    done = run(tmp_path, SMALL, "--live")
    assert done.exit_code == 3
    for words in ("jira", "not usable", "[bold]bot", "10.3", "missing: ADMINISTER"):
        assert words in done.stdout

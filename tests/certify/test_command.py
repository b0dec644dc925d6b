"""`tenure certify` as an administrator uses it: over a real network, with its words, reports and exit codes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from typer.testing import CliRunner, Result

from tenure.cli.main import app
from tenure.clock import SystemClock
from tenure.model.certification import PREFIX

from .place import BASIC, BEARER, ENVIRONMENT, estate_text


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A sandbox on a real port, since the command asks over the network."""
    command = [sys.executable, "-m", "tenure_sandbox.serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found
            yield found[0]
        finally:
            process.terminate()


@pytest.fixture
def file(tmp_path: Path, address: str) -> Path:
    found = tmp_path / "estate.yaml"
    found.write_text(estate_text("jira").replace(BASIC, BEARER).replace("http://app.test", address))
    return found


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the tries to clear seconds pass; here a hundredth of that."""
    sleep = SystemClock.sleep

    async def shortly(clock: SystemClock, seconds: float) -> None:
        await sleep(clock, seconds / 100)

    monkeypatch.setattr(SystemClock, "sleep", shortly)


@pytest.fixture(autouse=True)
def _no_faults(address: str) -> Iterator[None]:
    yield
    httpx2.delete(f"{address}/_faults")


def certify(file: Path, database: str, *words: str, target: str = "there") -> Result:
    command = ["certify", target, "--estate", str(file), "--database-url", database, *words]
    return CliRunner().invoke(app, command, env=ENVIRONMENT)


def accounts(address: str) -> list[str]:
    return [one["name"] for one in httpx2.get(f"{address}/_state/jira").json()["accounts"]]


def test_text_page_and_data_say_the_same(file: Path, database: str, tmp_path: Path) -> None:
    page, data = tmp_path / "report.html", tmp_path / "report.json"
    done = certify(file, database, "--report", str(page), "--by", "ada")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split("\t") == ["Step", "Answered", "Seen", "ms", "Verdict"]
    assert lines[-2] == "Certified: there (jira 10.3.24)"
    assert re.fullmatch(r"\d+ as expected, \d+ cannot be done here(, \d+ not tried)?", lines[-1])
    assert "  Deactivate the account: as expected (" in done.stderr
    told = json.loads(
        certify(file, database, "--json", "--report", str(data), "--by", "ada", "--domain", "x.example").stdout
    )
    assert told == json.loads(data.read_text())
    assert (told["verdict"], told["by"], told["version"], told["remains"]) == ("certified", "cli:ada", "10.3.24", [])
    assert {"name", "asked", "answered", "seen", "ms", "verdict"} == set(told["steps"][0])
    assert "-2@x.example" in next(step["seen"] for step in told["steps"] if step["name"] == "set-email")
    text = page.read_text()
    for words in (
        "Certification of there",
        "Certified",
        "cli:ada",
        "10.3.24",
        "Deactivate the account",
        "active: false",
    ):
        assert words in text
    assert "sandbox" not in text + done.output


class Links(HTMLParser):
    """What a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href", "action", "data")]


def test_the_page_needs_nothing_else_and_escapes_what_others_wrote(
    file: Path, database: str, tmp_path: Path, address: str
) -> None:
    page, odd = tmp_path / "report.html", "<script>alert(1)</script>\u202e"
    answer = {"kind": "status", "status": 400, "method": "PUT", "path": "/jira/rest/api/2/user"}
    httpx2.put(f"{address}/_faults", json=[answer])
    done = certify(file, database, "--report", str(page), "--by", odd)
    assert done.exit_code == 1, done.output
    links = Links()
    links.feed(page.read_text())
    assert links.found == []
    assert "<script" not in page.read_text()
    assert "\u202e" not in page.read_text() + done.output
    assert "Not as expected: there (jira 10.3.24)" in done.stdout
    assert "look at each step that is not as expected" in done.stdout


def test_what_remains_is_told_and_cleared_by_the_next(file: Path, database: str, address: str) -> None:
    fault = {"kind": "status", "status": 403, "method": "DELETE", "path": "/jira/rest/api/2/user"}
    httpx2.put(f"{address}/_faults", json=[fault])
    done = certify(file, database)
    assert done.exit_code == 4, done.output
    (left,) = [name for name in accounts(address) if name.startswith(PREFIX)]
    assert f"still there the account {left} stays, deactivated" in done.stdout.replace("  ", " ").replace("  ", " ")
    assert "`tenure certify there` again clears it first" in done.stdout
    still = certify(file, database)
    assert (still.exit_code, left in still.stdout.partition("still there")[2]) == (4, True)
    assert [name for name in accounts(address) if name.startswith(PREFIX)] == [left]
    httpx2.delete(f"{address}/_faults")
    again = certify(file, database)
    assert again.exit_code == 0, again.output
    assert "Clear what the certification 1 left" in again.stdout
    assert not [name for name in accounts(address) if name.startswith(PREFIX)]


def test_a_preview_is_only_read(file: Path, database: str) -> None:
    file.write_text(file.read_text().replace("mode: full", "mode: observe"))
    done = certify(file, database)
    assert done.exit_code == 3, done.output
    assert "Not certified: only read: there" in done.stdout
    assert "a copy of the configuration with `mode: full`" in done.stdout
    told = json.loads(certify(file, database, "--json").stdout)
    assert (told["verdict"], told["mode"]) == ("read-only", "observe")


@pytest.mark.parametrize(
    ("words", "target", "said"),
    [
        ((), "elsewhere", "there is no application elsewhere in estate.yaml: it has there"),
        (("--domain", "me@example.org"), "there", "write what stands after the @"),
        (("--report", "report.pdf"), "there", "end the name with .html or .json"),
        (("--report", "/nowhere/at/all.html"), "there", "there is no folder /nowhere/at"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_done(
    file: Path, database: str, words: tuple[str, ...], target: str, said: str
) -> None:
    done = certify(file, database, *words, target=target)
    assert done.exit_code == 2
    assert said in done.stderr
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM audit").fetchone() == (0,)


def test_a_file_that_is_not_valid_and_a_database_that_is_not_there(file: Path, database: str, tmp_path: Path) -> None:
    missing = certify(tmp_path / "none.yaml", database)
    assert (missing.exit_code, "cannot be read" in missing.stderr) == (2, True)
    away = certify(file, "host=127.0.0.1 port=1 user=nobody dbname=none")
    assert (away.exit_code, "cannot be reached" in away.stderr) == (2, True)
    file.write_text(file.read_text().replace("mode: full", "mode: ful"))
    wrong = certify(file, database)
    assert (wrong.exit_code, '"ful" is not a mode' in wrong.stderr) == (2, True)


def test_the_secrets_of_this_application_alone_have_to_be_here(file: Path, database: str) -> None:
    command = ["certify", "there", "--estate", str(file), "--database-url", database]
    assert CliRunner().invoke(app, command, env={"JIRA": ENVIRONMENT["JIRA"], "OKTA": None}).exit_code == 0
    done = CliRunner().invoke(app, command, env={"JIRA": None, "OKTA": ENVIRONMENT["OKTA"]})
    assert (done.exit_code, "the environment variable JIRA is not set" in done.stderr) == (2, True)


def test_a_name_of_another_kind_of_application_is_refused(file: Path, database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO target (name, kind, mode, made_at) VALUES ('there', 'crowd', 'full', now())")
    done = certify(file, database)
    assert (done.exit_code, "of kind crowd" in done.stderr) == (2, True)


def test_an_application_that_does_not_answer(file: Path, database: str) -> None:
    file.write_text(re.sub(r"http://127\.0\.0\.1:\d+", "http://127.0.0.1:1", file.read_text()))
    told: dict[str, Any] = json.loads(certify(file, database, "--json").stdout)
    assert told["verdict"] == "broken-off"
    assert "no Jira answers at" in told["why"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_after_the_clearing(file: Path, database: str, address: str, number: signal.Signals) -> None:
    httpx2.put(f"{address}/_faults", json=[{"kind": "latency", "ms": 100}])
    command = [sys.executable, "-m", "tenure", "certify", "there", "--estate", str(file), "--database-url", database]
    with subprocess.Popen(
        [*command, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **ENVIRONMENT},
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("  Make the account"):
                process.send_signal(number)
                break
        said, _ = process.communicate(timeout=60)
    told = json.loads(said)
    assert (process.returncode, told["verdict"], told["remains"]) == (1, "broken-off", [])
    assert "broken off by whoever ran it" in told["why"]
    assert not [name for name in accounts(address) if name.startswith(PREFIX)]

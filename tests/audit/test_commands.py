"""`tenure audit` as an administrator and an auditor use it; exit codes and words included."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.audit.trail_world import make_trail, person, tamper, write
from typer.testing import CliRunner, Result

from tenure.cli.main import app

ROOT = Path(__file__).parents[2]
ESTATE = "sources:\n  okta: {kind: scim, token: {env: OKTA_SCIM_TOKEN}}\ntargets: {}\n"


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing around decides which house is meant, or how wide the screen is."""
    monkeypatch.delenv("TENURE_DATA", raising=False)
    monkeypatch.delenv("TENURE_DATABASE_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def house(database: str, tmp_path: Path) -> list[str]:
    """The options that name a house with a sealed trail of 13 entries in its database and a key in its folder."""
    make_trail(database, tmp_path)
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO source (name, kind, made_at) VALUES ('okta', 'scim', now())")
        for number, name in enumerate(("Alice.Jones", "Bob", "bob")):
            connection.execute(
                """INSERT INTO identity
                (id, source, user_name, user_name_canon, active, doc, created_at, modified_at, gone_at)
                VALUES (%s, 1, %s, lower(%s), true, '{}', now(), now(), CASE WHEN %s = 2 THEN now() END)""",
                (person(number), name, name, number),
            )
    return ["--data", str(tmp_path), "--database-url", database]


def run(*words: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["audit", *words], input=answer)


def told(*words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


def test_verify_says_what_it_checked(house: list[str], database: str) -> None:
    done = run("verify", *house)
    assert (done.exit_code, done.stdout) == (0, "verified: 13 entries in 4 blocks and 1 epoch, 4 checkpoints\n")
    asyncio.run(write(database, range(20, 22)))
    assert "2 entries are not sealed yet, and no evidence, the oldest is" in run("verify", *house).stdout
    report = told("verify", *house)
    assert (report["verified"], report["entries"], report["unsealed"]["entries"], report["problems"]) == (
        True,
        13,
        2,
        [],
    )


def test_verify_names_what_is_wrong(house: list[str], database: str) -> None:
    tamper(database, "UPDATE audit SET actor = 'x' WHERE id = 7")
    done = run("verify", *house)
    assert done.exit_code == 1
    assert done.stdout.startswith("block 3, entry 7: edited: it is not what was sealed\nDOES NOT VERIFY")
    problem = {"how": "edited", "detail": "it is not what was sealed", "block": 3, "entry": 7}
    assert told("verify", *house)["problems"] == [problem]


def test_an_export_is_checked_without_a_database(house: list[str], tmp_path: Path) -> None:
    export, key, kept = (str(tmp_path / name) for name in ("trail.jsonl", "audit-key.pub", "kept.json"))
    Path(key).write_text(run("key", *house).stdout)
    assert run("checkpoint", "--output", kept, *house).exit_code == 0
    done = run("export", "--output", export, "--json", *house)
    assert (done.exit_code, json.loads(done.stdout)["block"]) == (0, 4)
    assert Path(export).stat().st_mode & 0o777 == 0o600
    offline = ("verify", "--export", export, "--key", key, "--checkpoint", kept)
    done = run(*offline)
    assert (done.exit_code, done.stdout) == (0, "verified: 13 entries in 4 blocks and 1 epoch, 2 checkpoints\n")
    text = Path(export).read_bytes()
    Path(export).write_bytes(text.replace(b'"source:1"', b'"source:0"', 1))
    assert run(*offline).exit_code == 1
    assert told(*offline)["problems"][0]["how"] == "edited"
    assert run("verify", "--checkpoint", kept, "--key", key, *house).exit_code == 0
    assert run("export", *house).stdout.encode().splitlines()[:-1] == text.splitlines()[:-1]


def test_a_cut_is_shown_by_a_checkpoint_kept_elsewhere(house: list[str], database: str, tmp_path: Path) -> None:
    kept = tmp_path / "elsewhere.json"
    kept.write_text(run("checkpoint", *house).stdout)
    tamper(database, "DELETE FROM seal WHERE block = 4", "DELETE FROM checkpoint WHERE block = 4")
    alone = ["--database-url", database]
    assert run("verify", *alone).exit_code == 0
    done = run("verify", "--checkpoint", str(kept), *alone)
    assert done.exit_code == 1
    assert f"block 4: cut: the checkpoint in {kept} says that this block was there" in done.stdout


def test_redaction_asks_and_leaves_a_trail_that_verifies(house: list[str], database: str) -> None:
    reason = ("--reason", "request 4711")
    done = run("redact", "alice.jones", *reason, *house, answer="n\n")
    assert (done.exit_code, "Remove what 3 entries say about Alice.Jones" in done.stderr) == (1, True)
    done = run("redact", "ALICE.JONES", *reason, *house, answer="y\n")
    assert done.exit_code == 0
    assert f"Alice.Jones of okta ({person(0)}): personal values were removed from 3 entries" in done.stdout
    assert told("redact", person(0), *reason, "--yes", *house) == {"id": person(0), "entries": 0}
    assert run("checkpoint", *house).exit_code == 0
    done = run("verify", *house)
    assert (done.exit_code, "3 entries have no personal values any more: redacted" in done.stdout) == (0, True)
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT actor, facts FROM audit WHERE action = 'person.redacted' ORDER BY id"
        ).fetchall()
    assert found[0][0].startswith("cli:")
    assert [facts for _, facts in found] == [{"reason": "request 4711", "entries": n} for n in (3, 0)]


def test_redaction_takes_one_person(house: list[str]) -> None:
    done = run("redact", "bob", "--reason", "x", "--yes", *house)
    assert done.exit_code == 1
    assert "2 people are or were called 'bob'" in done.stderr
    assert f"{person(2)} (okta, gone)" in done.stderr
    assert run("redact", "carol", "--reason", "x", "--yes", *house).exit_code == 1


def test_what_is_missing_is_named(house: list[str], database: str, tmp_path: Path) -> None:
    nothing, empty = tmp_path / "nothing", tmp_path / "empty"
    empty.mkdir()
    alone = ["--database-url", database]
    for words, expected in (
        (["verify", "--export", str(nothing)], "give --key FILE"),
        (["verify", "--export", str(nothing), "--key", str(nothing)], "No such file"),
        (["verify", "--checkpoint", str(tmp_path / "audit-key.pem"), *house], "does not hold a checkpoint"),
        (["verify", "--key", str(tmp_path / "audit-key.pem"), *house], "holds no public key"),
        (["checkpoint", "--data", str(empty), *alone], "the key is made by the first `tenure serve`"),
        (["export", "--data", str(empty), *alone], "the key is made by the first `tenure serve`"),
        (["export", "--json", *house], "needs --output FILE"),
        (["key", "--data", str(nothing)], "there is no data folder"),
    ):
        done = run(*words)
        assert (done.exit_code, expected in done.stderr) == (2, True), (words, done.stderr)


@pytest.mark.parametrize("command", ["verify", "export", "checkpoint", "key", "redact"])
def test_every_command_has_an_example_and_its_exit_codes(command: str) -> None:
    text = " ".join(run(command, "--help").stdout.split())
    assert f"Example: tenure audit {command}" in text
    assert "Exit codes: 0" in text
    assert "--json" in text


@contextmanager
def serving(folder: Path) -> Iterator[None]:
    """A `tenure serve` on a data folder, stopped at the end as an administrator stops it."""
    (folder / "estate.yaml").write_text(ESTATE)
    command = [sys.executable, "-m", "tenure", "serve", "--estate", str(folder / "estate.yaml"), "--port", "0"]
    environment = {**os.environ, "OKTA_SCIM_TOKEN": "okta-token-for-tests-only"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data", str(folder / "data")], stdout=subprocess.PIPE, stderr=log, env=environment
        )
        try:
            assert process.stdout is not None
            assert b"ready" in process.stdout.readline(), (folder / "log").read_text()
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


@pytest.mark.slow
def test_the_commands_of_the_page_for_auditors_run() -> None:
    """Every block of docs/audit.md, in order, beside a server; its start made the key, its end seals and signs."""
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / "audit.md").read_text(encoding="utf-8"), re.M | re.S)
    assert len(blocks) >= 4
    with tempfile.TemporaryDirectory(prefix="tenure-audit-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as another user
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "TENURE_DATA": str(folder / "data"), "PATH": path}
        script = ["bash", "-e", "-c", "".join(blocks)]
        with serving(folder):
            assert (folder / "data" / "audit-key.pem").stat().st_mode & 0o777 == 0o600
            done = subprocess.run(script, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            before = json.loads((folder / "data" / "audit-checkpoint.json").read_text())
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("verified:") == 3
        after = json.loads((folder / "data" / "audit-checkpoint.json").read_text())
        assert (after["block"], after["count"]) == (before["block"], 2)  # the activation, and the key
        assert after["at"] > before["at"]

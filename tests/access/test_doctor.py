"""`tenure doctor` on a house that is well, on one where much is broken, and where there is none."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.engine.world import ESTATE, SECRETS, World, ensure, person
from typer.testing import CliRunner

from tenure.cli.main import app

from .conftest import Place

Findings = dict[tuple[str, str], list[dict[str, str]]]


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
def place(database: str, address: str) -> Place:
    text = ESTATE.replace("http://jira.test", address).replace("{env: OKTA}", "{env: OKTA}, heartbeat: 24h")
    world = World(database, text)
    world.clock.at = datetime.now(UTC)
    return Place(database, world)


@pytest.fixture
def file(place: Place, tmp_path: Path) -> str:
    found = tmp_path / "estate.yaml"
    found.write_text(place.world.estate)
    return str(found)


def by_place(told: dict[str, Any]) -> Findings:
    found: Findings = {}
    for finding in told["findings"]:
        found.setdefault((finding["about"], finding["level"]), []).append(finding)
    return found


async def fill(place: Place) -> None:
    """A house that has worked: one person, a whole reading, a confirmed source that was heard."""
    async with place.world.house() as tenure, place.world.provider(tenure) as client:
        await ensure(client, {}, "Users", "userName", person("ada@x.example", "Ada"))
        await place.world.finish(tenure)
    with psycopg.connect(place.dsn) as connection:
        connection.execute("UPDATE source SET last_heard_at = now(), confirmed_at = now(), confirmed_by = 'x'")
        connection.execute(
            """INSERT INTO certification
                (target, began_at, began_by, mode, url, server_id, version, cleared_at, ended_at, verdict)
            SELECT id, now(), 'x', 'full', pinned_url, server_id, version, now(), now(), 'certified' FROM target"""
        )


async def test_a_house_that_is_well(place: Place, file: str) -> None:
    await fill(place)
    told = await place.told("doctor", "--estate", file, env=SECRETS)
    assert told["level"] == "ok"
    found = by_place(told)
    assert {level for _, level in found} == {"ok"}
    assert {about for about, _ in found} >= {"database", "configuration", "source okta", "target jira"}
    said = " · ".join(finding["what"] for finding in told["findings"])
    for words in ("PostgreSQL 1", "is valid", "the file is revision 1", "1 credential can sign in", "was last heard"):
        assert words in said
    for words in ("it runs, its mode is full", "it was read whole", "we sign in as admin, version 10.3"):
        assert words in said
    shown = await place.run("doctor", "--estate", file, env=SECRETS)
    assert shown.exit_code == 0
    assert shown.stdout.startswith("database\n  ok          PostgreSQL 1")
    assert not [word for word in SECRETS.values() if len(word) > 8 and word in shown.stdout + str(told)]


async def test_it_needs_no_estate_and_no_secret(place: Place, file: str) -> None:
    await fill(place)
    assert (await place.told("doctor"))["level"] == "ok"
    unset: dict[str, str | None] = dict.fromkeys(SECRETS)
    told = await place.told("doctor", "--estate", file, code=1, env=unset)
    said = [finding["what"] for finding in by_place(told)["configuration", "warning"]]
    assert any("the environment variable JIRA is not set" in words for words in said)
    assert "the applications were not asked: a secret of one is not here" in said


async def test_a_house_where_much_is_broken(place: Place, file: str) -> None:
    await fill(place)
    with psycopg.connect(place.dsn) as connection:
        connection.execute("UPDATE source SET confirmed_at = NULL, last_heard_at = now() - interval '30h'")
        connection.execute("UPDATE source SET refused_at = now() - interval '1h'")
        connection.execute("UPDATE source_token SET expires_at = now() - interval '1h'")
        connection.execute(
            "UPDATE target SET state = 'stopped', stop_reason = 'the password is wrong', mode = 'observe'"
        )
        connection.execute("UPDATE reading SET ended_at = ended_at - interval '3 days'")
        connection.execute("UPDATE plan SET waiting = true, current = true WHERE id = (SELECT max(id) FROM plan)")
    Path(file).write_text(place.world.estate.replace("mode: full", "mode: no-removal"))
    told = await place.told("doctor", "--estate", file, code=3, env={**SECRETS, "JIRA": "not-the-token"})
    found = by_place(told)
    problems = [finding["what"] for about in ("source okta", "target jira") for finding in found[about, "problem"]]
    warnings = [f["what"] for (_, level), several in found.items() if level == "warning" for f in several]
    for words in (
        "every credential has ended",
        "it was not heard for 30h, and its heartbeat is 24h",
        "it is stopped: the password is wrong",
        "it cannot be used: ",
    ):
        assert [what for what in problems if what.startswith(words)], (words, problems)
    for words in (
        "its first load is not confirmed",
        "somebody tried to sign in without a valid credential",
        "its mode is observe (Preview only)",
        "the last complete reading is ",
        "1 person or group waits for a decision",
        "the file is not revision 1, active since",
    ):
        assert [what for what in warnings if what.startswith(words)], (words, warnings)
    assert all(finding["do"] for finding in told["findings"] if finding["level"] != "ok")
    shown = await place.run("doctor", env=SECRETS)
    assert shown.exit_code == 3
    assert "    to do     tenure token add okta\n" in shown.stdout
    assert shown.stdout.splitlines()[-1].endswith(" problems")


async def test_tokens_that_end_soon(place: Place) -> None:
    await fill(place)
    with psycopg.connect(place.dsn) as connection:
        connection.execute(
            "UPDATE source_token SET expires_at = now() + interval '3 days 1 minute', last_used_at = now()"
        )
    await place.made("add", "okta", "--name", "new")
    told = await place.told("doctor", code=1)
    (warning,) = by_place(told)["source okta", "warning"]
    assert warning["what"] == "the token estate-1 ends in 3d"
    assert warning["do"].startswith("tenure token rotate okta, ")
    with psycopg.connect(place.dsn) as connection:
        connection.execute("UPDATE source_token SET kind = 'client' WHERE name = 'estate-1'")
    (warning,) = by_place(await place.told("doctor", code=1))["source okta", "warning"]
    assert warning["do"].startswith("tenure token rotate okta --kind client, ")
    with psycopg.connect(place.dsn) as connection:
        connection.execute("UPDATE source_token SET last_used_at = now() WHERE name = 'new'")
    assert (await place.told("doctor"))["level"] == "ok"


async def test_a_freeze_another_server_and_a_gate_that_is_shut(place: Place) -> None:
    await fill(place)
    with psycopg.connect(place.dsn) as connection:
        connection.execute(
            "UPDATE target SET frozen_at = now(), frozen_by = 'cli:ada', caution = 'another server answers'"
        )
        connection.execute("INSERT INTO gate (target, class, state, revision) VALUES (1, 'leavers', 'filled', 3)")
    found = by_place(await place.told("doctor", code=3))
    warned = {warning["what"]: warning["do"] for warning in found["target jira", "warning"]}
    assert warned["it is frozen by cli:ada: nothing is written"] == "tenure unfreeze jira, when that is over"
    assert "People losing their account: 0 wait for a decision, and the gate is shut" in warned
    assert any(p["what"] == "another server answers: nothing is written" for p in found["target jira", "problem"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "DELETE FROM certification",
            "not certified: nobody has tried out what this server in this version really does",
        ),
        ("UPDATE certification SET verdict = 'not-as-expected'", "not certified: something was not as expected at "),
        ("UPDATE target SET version = '10.4.0'", "in version 10.3.24, and has another now"),
        ("UPDATE target SET server_id = 'other'", " on another server"),
        (
            "UPDATE certification SET cleared_at = NULL, account = 'tenure-certify-00000000'",
            "a certification may have left tenure-certify-00000000 there",
        ),
    ],
)
async def test_a_target_that_is_not_certified(place: Place, change: str, words: str) -> None:
    await fill(place)
    with psycopg.connect(place.dsn) as connection:
        connection.execute(change.encode())
    (warning,) = by_place(await place.told("doctor", code=1))["target jira", "warning"]
    assert words in warning["what"]
    assert warning["do"] == "tenure certify jira --estate FILE"
    with psycopg.connect(place.dsn) as connection:
        connection.execute("UPDATE target SET mode = 'no-removal'")
    needless = "may have left" not in words
    assert (await place.told("doctor", code=0 if needless else 1))["level"] == ("ok" if needless else "warning")


async def test_work_that_nobody_does(place: Place) -> None:
    await fill(place)
    with psycopg.connect(place.dsn) as connection:
        connection.execute(
            """INSERT INTO due (target, subject, shard, prio, seq, cause)
            SELECT 1, 'x', 0, 5, 1, min(id) FROM audit"""
        )
        connection.execute("ALTER TABLE audit DISABLE TRIGGER USER")  # the trail is insert-only
        connection.execute("UPDATE audit SET at = at - interval '1 hour' WHERE id = (SELECT min(id) FROM audit)")
    (problem,) = by_place(await place.told("doctor", code=3))["target jira", "problem"]
    assert problem["what"].startswith("1 are to be looked at, the oldest for ")


async def test_a_database_of_another_version_is_told_and_left_alone(place: Place) -> None:
    await fill(place)
    with psycopg.connect(place.dsn) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    (problem,) = by_place(await place.told("doctor", code=3))["database", "problem"]
    assert problem["do"] == "start `tenure serve`: it migrates the database"
    with psycopg.connect(place.dsn) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    (problem,) = by_place(await place.told("doctor", code=3))["database", "problem"]
    assert "which a later version made" in problem["what"]
    with psycopg.connect(place.dsn) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)


async def test_clocks_that_differ(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(place)
    monkeypatch.setattr("tenure.clock.SystemClock.now", lambda self: place.world.clock.now().replace(year=2030))
    (problem,) = by_place(await place.told("doctor", code=3))["database", "problem"]
    assert re.match(r"its clock is \d+ s behind the clock of this machine", problem["what"])


async def test_a_file_that_is_not_valid(place: Place, file: str) -> None:
    await fill(place)
    Path(file).write_text(place.world.estate.replace("mode: full", "mode: ful"))
    told = await place.told("doctor", "--estate", file, code=3, env=SECRETS)
    (problem,) = by_place(told)["configuration", "problem"]
    assert '"ful" is not a mode' in problem["what"]


async def test_a_house_that_was_never_opened(database: str) -> None:
    place = Place(database, World(database))
    (problem,) = by_place(await place.told("doctor", code=3))["configuration", "problem"]
    assert problem["what"] == "none was ever activated"


def test_no_database(tmp_path: Path) -> None:
    away = "host=127.0.0.1 port=1 user=nobody dbname=none"
    for words in (["--database-url", away], ["--data", str(tmp_path / "nowhere")]):
        done = CliRunner().invoke(app, ["doctor", "--json", *words])
        assert done.exit_code == 2
        assert '"about": "database"' in done.stdout
        assert "cannot be reached" in done.stdout


def test_a_disk_that_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    for free, level in ((10**11, "ok"), (10**9, "warning"), (10**8, "problem")):
        usage = type(shutil.disk_usage(tmp_path))(10**12, 10**12 - free, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda folder, usage=usage: usage)
        done = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path), "--database-url", database])
        shown = done.stdout.partition("\ndisk\n")[2].splitlines()[0]
        assert shown.split()[0] == level

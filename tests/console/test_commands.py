"""`tenure why` and `tenure plan`, by the address of a database: what they print, and how they end."""

from __future__ import annotations

import asyncio
import json

from typer.testing import CliRunner, Result

from tenure.cli.main import app

from .filling import Filling


async def run(dsn: str, *words: str) -> Result:
    """Run the command in a thread, since it starts an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, [*words, "--database-url", dsn])


async def test_why_tells_the_story(database: str, filling: Filling) -> None:
    ended = await run(database, "why", "jira", "alice.jones")
    assert ended.exit_code == 0
    assert "  source      emails.primary = alice.jones@example.com\n" in ended.stdout
    assert "  seen        in the application's answer itself" in ended.stdout


async def test_why_as_json(database: str, filling: Filling) -> None:
    told = json.loads((await run(database, "why", "jira", "bstone", "--json")).stdout)
    assert told["person"]["user_name"] == "Bob.Stone"
    assert {p["cell"]: p["state"] for p in told["parts"]}["username"] == "kept"


async def test_why_of_an_account_that_is_not_ours(database: str, filling: Filling) -> None:
    ended = await run(database, "why", "jira", "sysadmin")
    assert ended.exit_code == 0
    assert "not linked to anybody: Tenure does not touch it" in ended.stdout


async def test_why_says_whom_else_a_name_fits(database: str, filling: Filling) -> None:
    assert f"tenure why jira {filling.people['Pat.Lee']}" in (await run(database, "why", "jira", "pat.lee")).stdout


async def test_why_of_nobody(database: str, filling: Filling) -> None:
    ended = await run(database, "why", "jira", "nobody")
    assert ended.exit_code == 1
    assert "nobody and no account is called 'nobody' at 'jira'" in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_plan_lists_what_waits(database: str, filling: Filling) -> None:
    ended = await run(database, "plan", "jira")
    assert ended.exit_code == 0
    assert "carol.diaz at jira\n" in ended.stdout
    assert "at wiki" not in ended.stdout


async def test_plan_held_as_json(database: str, filling: Filling) -> None:
    held = json.loads((await run(database, "plan", "--held", "--json")).stdout)
    assert [h["id"] for h in held] == ["jira:adoption", "jira:group", "jira:problem", "jira:refused", "wiki:creation"]
    assert held[0]["people"] == ["carol.diaz"]
    assert set(held[0]) == {"id", "target", "class", "revision", "people", "reason"}


async def test_plan_of_an_unknown_application(database: str, filling: Filling) -> None:
    ended = await run(database, "plan", "nowhere")
    assert ended.exit_code == 1
    assert "there are: code, jira, wiki" in ended.stderr


async def test_nothing_waits_in_an_empty_house(database: str) -> None:
    ended = await run(database, "plan", "--held", "--json")
    assert (ended.exit_code, json.loads(ended.stdout)) == (0, [])


async def test_a_database_that_cannot_be_reached() -> None:
    ended = await run("host=127.0.0.1 port=1 user=nobody dbname=none", "why", "jira", "alice")
    assert ended.exit_code == 2
    assert "cannot be reached" in ended.stderr

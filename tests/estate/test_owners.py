"""Whose accounts are whose: what an estate has to say, and what readings say against it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.engine.test_authority import CROWD, JIRA, SOURCES
from tests.engine.world import SECRETS, World, person
from typer.testing import CliRunner, Result

from tenure.cli.main import app
from tenure.estate.loading import EstateInvalid, load
from tenure.model.seen import AccountSeen
from tenure.store import seen
from tenure.targets.atlassian.jira import CAPABILITIES


def problems(folder: Path, text: str) -> list[str]:
    file = folder / "estate.yaml"
    file.write_text(text)
    try:
        load(file, secrets=True, environment=SECRETS)
    except EstateInvalid as invalid:
        return [str(problem) for problem in invalid.problems]
    return []


def doubts(folder: Path, text: str) -> list[str]:
    file = folder / "estate.yaml"
    file.write_text(text)
    return [str(problem) for problem in load(file, secrets=True, environment=SECRETS).unsaid]


def test_whether_a_crowd_keeps_the_accounts_of_a_jira_beside_it_is_asked(tmp_path: Path) -> None:
    (found,) = doubts(tmp_path, SOURCES + JIRA + CROWD)
    assert found == (
        "estate.yaml:4: targets.jira: the people of okta have accounts here and at crowd: which of the two keeps "
        "them?; write authority: crowd if this Jira takes its accounts from that Crowd, else authority: jira"
    )
    done = CliRunner().invoke(app, ["estate", "check", str(tmp_path / "estate.yaml")], env=SECRETS)
    assert (done.exit_code, done.stderr) == (2, f"{found}\n")
    for name in ("crowd", "jira"):
        assert doubts(tmp_path, f"{SOURCES}{CROWD}{JIRA}    authority: {name}\n") == []


def test_with_nobody_in_common_nothing_has_to_be_said(tmp_path: Path) -> None:
    more = SOURCES.replace("targets:", "  entra: {kind: scim, token: {env: ENTRA}}\ntargets:")
    assert doubts(tmp_path, more + JIRA + CROWD.replace("source: okta", "source: entra")) == []


@pytest.mark.parametrize(
    ("authority", "said"),
    [
        ("crwd", 'there is no target "crwd"; did you mean crowd?'),
        ("jira", ""),
        ("wiki", "wiki does not keep its accounts itself: crowd does; write authority: crowd"),
    ],
)
def test_an_authority_is_a_target_that_keeps_its_own(tmp_path: Path, authority: str, said: str) -> None:
    wiki = JIRA.replace("  jira:", "  wiki:").replace("test/jira", "test/wiki") + "    authority: crowd\n"
    found = problems(tmp_path, f"{SOURCES}{CROWD}{wiki}{JIRA}    authority: {authority}\n")
    assert [line.partition("authority: ")[2] for line in found] == ([said] if said else [])


def test_two_cannot_keep_each_others_accounts(tmp_path: Path) -> None:
    found = problems(tmp_path, f"{SOURCES}{CROWD}    authority: jira\n{JIRA}    authority: crowd\n")
    assert len(found) == 2
    assert "targets.jira.authority: crowd does not keep its accounts itself: jira does" in found[1]


def test_an_authority_knows_everybody_who_is_to_have_an_account(tmp_path: Path) -> None:
    more = SOURCES.replace("targets:", "  entra: {kind: scim, token: {env: ENTRA}}\ntargets:")
    here = JIRA.replace("source: okta", "source: [okta, entra]")
    (found,) = problems(tmp_path, f"{more}{CROWD}{here}    authority: crowd\n")
    assert "crowd does not know the people of entra" in found
    assert "add entra to the source of crowd" in found


async def _check(file: Path, dsn: str) -> Result:
    command = ["estate", "check", str(file), "--database-url", dsn]
    return await asyncio.to_thread(CliRunner().invoke, app, command, env=SECRETS)


async def test_a_check_against_what_was_seen_refuses_an_application_that_cannot_write_its_accounts(
    database: str, tmp_path: Path
) -> None:
    world = World(database, f"{SOURCES}{CROWD}{JIRA}    authority: jira\n")
    async with world.house() as tenure, world.provider(tenure) as client:
        await client.post("/Users", json=person("ada@x.example", "Ada"))
        await world.finish(tenure)
        async with tenure.database.transaction() as connection:
            (link,) = await tenure.database.rows(
                "SELECT l.target, l.key FROM link l JOIN target t ON t.id = l.target AND t.name = 'jira'"
            )
            ada = AccountSeen(link["key"], "ada", True, authority="Crowd Server", writable=False)
            await seen.save_accounts(connection, link["target"], [ada], CAPABILITIES, None, world.clock.now())
    file = tmp_path / "estate.yaml"
    file.write_text(world.estate)
    done = await _check(file, database)
    assert done.exit_code == 2
    assert done.stderr == (
        "estate.yaml:29: targets.jira.authority: 1 person has an account here that lives in the directory Crowd "
        "Server, and one at crowd; write authority: crowd if it is the same account, or take those people out of one "
        "of the two\n"
    )
    file.write_text(world.estate.replace("authority: jira", "authority: crowd"))
    assert (await _check(file, database)).exit_code == 0

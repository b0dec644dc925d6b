"""A command starts quickly: it imports what it needs itself, and the list of commands imports none of them."""

from __future__ import annotations

import inspect
import subprocess
import sys

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from tenure.cli.main import COMMANDS, whole
from tenure.store import migrate
from tenure.store.schema import head

HOUSE = {"tenure.app", "starlette", "uvicorn", "httpx2", "cel_expr_python", "jinja2", "yaml"}
MIGRATING = {"alembic", "sqlalchemy"}
DATABASE = {"psycopg"}

_RUN = """
import sys
from tenure.cli.main import main
try:
    main()
except SystemExit as end:
    print(*sys.modules, file=sys.stderr)
    raise
"""


def imported(*words: str) -> set[str]:
    """What is imported when a command has run to its end, which must be a good one."""
    done = subprocess.run([sys.executable, "-c", _RUN, *words], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_each_command_what_its_own_help_begins_with(name: str) -> None:
    assert inspect.cleandoc(whole(name).help).split("\n\n")[0] == COMMANDS[name]


def test_the_list_of_commands_needs_none_of_them() -> None:
    found = imported("--help")
    assert "tenure.cli.logs" in found
    assert not found & (HOUSE | MIGRATING | DATABASE)


def test_looking_at_the_plan_needs_neither_the_house_nor_what_migrates(database: str) -> None:
    found = imported("plan", "--json", "--database-url", database)
    assert found >= DATABASE
    assert not found & (HOUSE | MIGRATING)


@pytest.mark.parametrize("at", [None, "0001"])
def test_a_database_of_no_or_an_older_version_is_migrated_by_the_first_command(database: str, at: str | None) -> None:
    emptied(database, at)
    assert imported("plan", "--json", "--database-url", database) >= MIGRATING
    assert not imported("plan", "--json", "--database-url", database) & MIGRATING


def test_the_newest_migration_is_the_one_that_alembic_ends_at() -> None:
    assert ScriptDirectory.from_config(migrate._config()).get_heads() == [head()]


def emptied(dsn: str, at: str | None) -> None:
    """Take every table away, and migrate to a version of before, or to none."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    engine, config = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn)), migrate._config()
    with engine.begin() as older:
        config.attributes["connection"] = older
        if at is not None:
            command.upgrade(config, at)
    engine.dispose()

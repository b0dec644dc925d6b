"""`tenure why`: the story behind one person's account at one application."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tenure.cli.house import fail, open_database
from tenure.model.story import Story
from tenure.report import why as telling
from tenure.report.terminal import show
from tenure.store.database import connect
from tenure.store.story import story_of


def why(
    target: Annotated[str, typer.Argument(help="The application, by its name in the configuration.")],
    name: Annotated[str, typer.Argument(help="An account's name or key there, or a person's userName or id.")],
    json: Annotated[bool, typer.Option("--json", help="Print the story as JSON.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL.")] = None,
    database_url: Annotated[str | None, typer.Option(help="Use this PostgreSQL instead.")] = None,
) -> None:
    """Tell why an account is as it is: for each field and group, what the identity provider said, the rule, the plan,
    the write, the application's answer, and how it was seen; or why it was not done.

    Example: tenure why jira alice.jones

    Exit codes: 0 found, 1 nobody of that name, 2 wrong usage or the database cannot be reached.
    """
    with open_database(data, database_url) as dsn:
        story = asyncio.run(_read(dsn, target, name))
    if story is None:
        fail(f"nobody and no account is called {name!r} at {target!r}; the console lists people and applications", 1)
    if json:
        typer.echo(orjson.dumps(telling.as_json(story), option=orjson.OPT_INDENT_2).decode())
    else:
        show(telling.lines(story), Console())


async def _read(dsn: str, target: str, name: str) -> Story | None:
    async with await connect(dsn) as connection:
        return await story_of(connection, target, name)

"""`tenure report matches`: whose each account is, and by what evidence."""

from __future__ import annotations

import asyncio
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tenure.cli.deciding import Data, Url
from tenure.cli.house import fail, open_database
from tenure.model.match import Match, Stray
from tenure.report import matches as telling
from tenure.report.terminal import show
from tenure.store import matches as table
from tenure.store import overview
from tenure.store.database import connect


def matches(
    target: Annotated[str | None, typer.Argument(help="Only this application.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Show whose each account is, by what evidence, what could be whose, and which accounts are nobody's.

    It is what the last look found: `tenure serve` compares by itself. Nothing is written.

    Example: tenure report matches jira --json

    Exit codes: 0 shown; 1 no such application; 2 wrong usage or the database cannot be reached.
    """
    with open_database(data, database_url) as dsn:
        known, people, strays = asyncio.run(_read(dsn, target))
    if target is not None and target not in known:
        fail(f"there is no application {target!r}; there are: {', '.join(known) or 'none'}", 1)
    if json:
        typer.echo(orjson.dumps(telling.matches_json(people, strays), option=orjson.OPT_INDENT_2).decode())
    else:
        show(telling.matches_lines(people, strays), Console())


async def _read(dsn: str, target: str | None) -> tuple[list[str], tuple[Match, ...], tuple[Stray, ...]]:
    async with await connect(dsn) as connection:
        known = [state.name for state in await overview.target_states(connection)]
        return known, *await table.matches(connection, target)

"""What the commands share by which people decide: who decides, on which database, and how it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import orjson
import typer
from rich.console import Console

from tenure.cli.house import fail, open_database
from tenure.clock import SystemClock
from tenure.engine.decide import Decided, NotDecided
from tenure.report import decision as telling
from tenure.report.terminal import show
from tenure.store.database import Database

REFUSED = 1
"""The exit code of a decision that was not taken."""
T = TypeVar("T")

Data = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded PostgreSQL.")]
Url = Annotated[str | None, typer.Option("--database-url", help="Use this PostgreSQL instead.")]
Json = Annotated[bool, typer.Option("--json", help="Print what was decided as JSON.")]
Reason = Annotated[str | None, typer.Option(help="Why; kept in the audit trail.")]
Ticket = Annotated[str | None, typer.Option(help="The number of the ticket that goes with it.")]
By = Annotated[str | None, typer.Option(help="Who decides; who runs the command unless given.")]
Revision = Annotated[int, typer.Option(help="The revision that was looked at; what came later is not covered.")]
Only = Annotated[list[str] | None, typer.Option(help="Only this person; may be given several times.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def decided(data: Path | None, database_url: str | None, act: Callable[[Database, datetime], Awaitable[T]]) -> T:
    """Do it on the house's database; ends the command when it was not decided."""

    async def run(dsn: str) -> T:
        database = Database(dsn, connections=2)
        await database.open()
        try:
            return await act(database, SystemClock().now())
        finally:
            await database.close()

    with open_database(data, database_url) as dsn:
        try:
            return asyncio.run(run(dsn))
        except NotDecided as refused:
            fail(str(refused), REFUSED)


def tell(verb: str, done: Decided, json: bool) -> None:
    """Print a decision that was taken."""
    if json:
        typer.echo(orjson.dumps(telling.decision_json(done.number, done.people, done.left_out, done.opened)).decode())
    else:
        show(telling.decision_lines(verb, done.number, done.people, done.left_out, done.opened), Console())


def tell_names(verb: str, names: Sequence[str], nothing: str, json: bool) -> None:
    """Print the names of the applications that a decision is about; `nothing` where it is about none."""
    if json:
        typer.echo(orjson.dumps({"targets": list(names)}).decode())
    else:
        typer.echo(f"{verb}: {', '.join(names)}" if names else nothing)

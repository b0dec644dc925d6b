"""`tenure undo`: take back what was done, after it was shown."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tenure.cli.deciding import REFUSED, By, Data, Json, Reason, Url, Yes
from tenure.cli.house import fail, open_database
from tenure.cli.who import actor
from tenure.clock import SystemClock
from tenure.engine import beforehand, decide
from tenure.engine.decide import NotDecided
from tenure.report import decision as telling
from tenure.report.terminal import show
from tenure.store.database import Database
from tenure.store.decisions import Decider
from tenure.store.undoing import What, runs, undoing


def undo(
    run: Annotated[int | None, typer.Option(help="Everything that followed from this audit entry.")] = None,
    person: Annotated[str | None, typer.Option(help="Everything done to this person's accounts.")] = None,
    group: Annotated[str | None, typer.Option(help="Every membership of this group at the application.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Everything since this moment (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(help="... and before this one (UTC).")] = None,
    target: Annotated[str | None, typer.Option(help="Only at this application.")] = None,
    reason: Reason = None,
    by: By = None,
    yes: Yes = False,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Take back what was done. It is shown first, with what cannot be taken back; then it goes through the same gates.

    Without a choice of what, the newest runs are listed.

    Example: tenure undo --since 2026-06-30T14:00:00 --target jira

    Exit codes: 0 taken back (or listed), 1 nothing to take back or not agreed, 2 wrong usage or no database.
    """
    since, until = telling.utc(since), telling.utc(until)
    with open_database(data, database_url) as dsn:
        try:
            code = asyncio.run(
                _on(dsn, What(target, run, None, group, since, until), person, actor(by), reason, yes, json)
            )
        except NotDecided as refused:
            fail(str(refused), REFUSED)
    if code:
        raise typer.Exit(code)


async def _on(dsn: str, what: What, person: str | None, by: str, reason: str | None, yes: bool, json: bool) -> int:
    database = Database(dsn, connections=2)
    await database.open()
    try:
        if person is not None:
            async with database.transaction() as connection:
                what = replace(what, people=tuple(await beforehand.people_of_one(connection, person)))
        if what == What(what.target, until=what.until):
            return await _list(database, json)
        return await _undo(database, what, Decider(by, reason), yes, json)
    finally:
        await database.close()


async def _list(database: Database, json: bool) -> int:
    async with database.transaction() as connection:
        found = await runs(connection, 20)
    if json:
        typer.echo(orjson.dumps(found).decode())
    else:
        show(telling.run_lines(found), Console())
    return 0


async def _undo(database: Database, what: What, decider: Decider, yes: bool, json: bool) -> int:
    """Show it, ask, and do it; with JSON it is done when `--yes` says so, else only shown."""
    async with database.transaction() as connection:
        planned = await undoing(connection, what)
    if not json:
        show(telling.undoing_lines(planned), Console())
    agreed = planned.backward and (yes or (not json and typer.confirm("Take this back?")))
    if not agreed:
        if json:
            typer.echo(orjson.dumps(telling.undoing_json(planned, None)).decode())
        return 0 if json and planned.backward else REFUSED
    done, planned = await decide.undo(database, SystemClock().now(), what, decider)
    if json:
        typer.echo(orjson.dumps(telling.undoing_json(planned, done.number)).decode())
    else:
        typer.echo(f"Undo {done.number} goes its way now; `tenure plan --held` shows what a gate holds of it.")
    return 0

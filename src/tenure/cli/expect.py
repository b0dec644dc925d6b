"""`tenure expect`: announce who will leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from tenure.cli.deciding import By, Data, Json, Reason, Ticket, Url, decided, tell
from tenure.cli.house import fail
from tenure.cli.who import actor
from tenure.engine import beforehand
from tenure.engine.decide import Decided
from tenure.store.database import Database
from tenure.store.decisions import Decider


def expect(
    what: Annotated[str, typer.Argument(help="What is expected: leavers.", show_default=False)],
    file: Annotated[Path, typer.Argument(help="A file with one userName a line; # begins a comment.")],
    days: Annotated[int, typer.Option(min=1, max=90, help="How long they may take to leave.")] = 14,
    reason: Reason = None,
    ticket: Ticket = None,
    by: By = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Announce a known layoff: those people, and only those, pass without filling the window.

    Example: tenure expect leavers layoff.txt --ticket HR-1204

    Exit codes: 0 announced, 1 somebody in the file is not known (then nobody is), 2 wrong usage or no database.
    """
    if what != "leavers":
        fail(f"{what!r} cannot be expected; write: tenure expect leavers FILE")
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}")
    names = list(dict.fromkeys(name for line in lines if (name := line.partition("#")[0].strip())))
    decider = Decider(actor(by), reason, ticket)

    async def announced(database: Database, now: datetime) -> Decided:
        return await beforehand.expect(database, now, names, decider, now + timedelta(days=days))

    tell("Expected to leave", decided(data, database_url, announced), json)

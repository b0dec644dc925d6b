"""`tenure freeze` and `tenure unfreeze`: stop all writing, and let it go on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tenure.cli.deciding import REFUSED, By, Data, Json, Reason, Url, Yes, decided, tell_names
from tenure.cli.who import actor
from tenure.engine import beforehand
from tenure.report import decision as telling
from tenure.report.terminal import show
from tenure.store import holding
from tenure.store.database import Database
from tenure.store.decisions import Decider


def freeze(
    target: Annotated[str | None, typer.Argument(help="Only this application.")] = None,
    reason: Reason = None,
    by: By = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Stop all writing within 5 seconds, in every process; what is planned meanwhile is kept and can be looked at.

    Example: tenure freeze jira --reason "restoring Jira"

    Exit codes: 0 frozen (or it was already), 1 no such application, 2 wrong usage or the database cannot be reached.
    """
    decider = Decider(actor(by), reason)
    names = decided(data, database_url, lambda d, now: beforehand.freeze(d, now, target, decider))
    tell_names("Frozen", names, "everything asked for was frozen already", json)


def unfreeze(
    target: Annotated[str | None, typer.Argument(help="Only this application.")] = None,
    accept_server: Annotated[
        bool, typer.Option("--accept-server", help="The server that answers now is the one that is meant.")
    ] = False,
    reason: Reason = None,
    by: By = None,
    yes: Yes = False,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Let writing go on. What would be done is shown first.

    Example: tenure unfreeze jira

    Exit codes: 0 writing goes on, 1 nothing was frozen or not agreed, 2 wrong usage or the database cannot be reached.
    """
    decider = Decider(actor(by), reason)
    if not (yes or json):
        show(telling.waiting_lines(_waiting(data, database_url, target)), Console())
        if not typer.confirm("Let writing go on?"):
            raise typer.Exit(REFUSED)
    names = decided(
        data, database_url, lambda d, now: beforehand.unfreeze(d, now, target, decider, repin=accept_server)
    )
    tell_names("Writing goes on", names, "nothing was frozen", json)
    if not names:
        raise typer.Exit(REFUSED)


def _waiting(data: Path | None, database_url: str | None, target: str | None) -> dict[str, int]:
    """How many of each kind of change a frozen application has waiting."""

    async def counted(database: Database, now: datetime) -> dict[str, int]:
        async with database.transaction() as connection:
            return await holding.waiting_changes(connection, target)

    return decided(data, database_url, counted)

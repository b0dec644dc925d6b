"""`tenure leave`: close one person everywhere, at once."""

from __future__ import annotations

from typing import Annotated

import typer

from tenure.cli.deciding import By, Data, Json, Reason, Url, decided, tell
from tenure.cli.who import actor
from tenure.engine import beforehand
from tenure.store.decisions import Decider


def leave(
    name: Annotated[str, typer.Argument(help="A userName, an account's name, or an id.", show_default=False)],
    reason: Reason = None,
    by: By = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Close one person everywhere, at once: whatever the identity provider says, however full a gate is.

    It stands until the provider says that they left, or `tenure release`.

    Example: tenure leave ada@example.com --reason "left today, HR-993"

    Exit codes: 0 it is on its way, 1 nobody or several people of that name, 2 wrong usage or no database.
    """
    decider = Decider(actor(by), reason)
    tell("Leaving", decided(data, database_url, lambda d, now: beforehand.leave(d, now, name, decider)), json)

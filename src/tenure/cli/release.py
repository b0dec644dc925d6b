"""`tenure release`: end what people decided about somebody."""

from __future__ import annotations

from typing import Annotated

import typer

from tenure.cli.deciding import By, Data, Json, Reason, Url, decided, tell
from tenure.cli.who import actor
from tenure.engine import beforehand
from tenure.store.decisions import Decider


def release(
    name: Annotated[str, typer.Argument(help="A userName, an account's name, or an id.", show_default=False)],
    target: Annotated[str | None, typer.Option(help="Only at this application.")] = None,
    reason: Reason = None,
    by: By = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """End what people decided about somebody: refusals, what an undo keeps, `tenure leave`. The rules apply again.

    Example: tenure release ada@example.com

    Exit codes: 0 released, 1 nothing stands, 2 wrong usage or the database cannot be reached.
    """
    decider = Decider(actor(by), reason)
    tell(
        "Released", decided(data, database_url, lambda d, now: beforehand.release(d, now, name, decider, target)), json
    )

"""`tenure reject`: refuse what a gate holds."""

from __future__ import annotations

from typing import Annotated

import typer

from tenure.cli.deciding import By, Data, Json, Only, Revision, Url, decided, tell
from tenure.cli.who import actor
from tenure.engine import decide
from tenure.store.decisions import Decider


def reject(
    id: Annotated[str, typer.Argument(help="The held plan, such as jira:losers.", show_default=False)],
    revision: Revision,
    reason: Annotated[str, typer.Option(help="Why; kept in the audit trail and told by `tenure why`.")],
    only: Only = None,
    by: By = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Refuse what a gate holds: it stays as it is for as long as the same is computed. Nobody who left is kept by it.

    Example: tenure reject jira:losers --revision 4 --reason "the mapping has a typo"

    Exit codes: 0 rejected, 1 not decided and nothing changed, 2 wrong usage or the database cannot be reached.
    """
    decider = Decider(actor(by), reason)
    done = decided(data, database_url, lambda d, now: decide.reject(d, now, id, revision, decider, only or ()))
    tell("Rejected", done, json)

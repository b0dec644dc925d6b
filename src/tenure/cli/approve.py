"""`tenure approve`: let pass what a gate holds."""

from __future__ import annotations

from typing import Annotated

import typer

from tenure.cli.deciding import By, Data, Json, Only, Reason, Revision, Ticket, Url, decided, tell
from tenure.cli.who import actor
from tenure.engine import decide
from tenure.store.decisions import Decider


def approve(
    id: Annotated[str, typer.Argument(help="The held plan, such as jira:leavers.", show_default=False)],
    revision: Revision,
    only: Only = None,
    account: Annotated[str | None, typer.Option(help="The account's key, where it is in doubt whose it is.")] = None,
    ticket: Ticket = None,
    reason: Reason = None,
    by: By = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Let pass what a gate holds, as it was at a revision, or some of its people.

    Example: tenure approve jira:leavers --revision 12 --only ada@example.com --ticket CHG-7

    Exit codes: 0 approved, 1 not decided and nothing changed, 2 wrong usage or the database cannot be reached.
    """
    decider = Decider(actor(by), reason, ticket)
    done = decided(
        data, database_url, lambda d, now: decide.approve(d, now, id, revision, decider, only or (), account)
    )
    tell("Approved", done, json)

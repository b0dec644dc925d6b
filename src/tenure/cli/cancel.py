"""`tenure cancel`: let a later step of somebody's farewell not come."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tenure.cli.deciding import By, Data, Json, Reason, Url, decided, tell
from tenure.cli.who import actor
from tenure.engine import beforehand
from tenure.model.change import ChangeKind
from tenure.store.decisions import Decider


class Step(StrEnum):
    """A later step of a farewell, as the configuration calls it."""

    REMOVE_GROUPS = "remove_groups"
    ANONYMIZE = "anonymize"
    DELETE = "delete"


_KINDS = {
    Step.REMOVE_GROUPS: ChangeKind.LEAVE_GROUPS,
    Step.ANONYMIZE: ChangeKind.ANONYMIZE_ACCOUNT,
    Step.DELETE: ChangeKind.DELETE_ACCOUNT,
}


def cancel(
    name: Annotated[str, typer.Argument(help="A userName, an account's name, or an id.", show_default=False)],
    step: Annotated[Step, typer.Argument(help="The step, as in `leaver` of the configuration.", show_default=False)],
    target: Annotated[str | None, typer.Option(help="Only at this application.")] = None,
    reason: Reason = None,
    by: By = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Let a later step of somebody's farewell not come, before it is due or while it waits for a person.

    It stands until the person comes back, or `tenure release`. The account stays closed.

    Example: tenure cancel ada@example.com remove_groups --reason "handover until May, OPS-7"

    Exit codes: 0 cancelled, 1 nobody of that name has left, or no reason was given, 2 wrong usage or no database.
    """
    decider = Decider(actor(by), reason)
    done = decided(data, database_url, lambda d, now: beforehand.cancel(d, now, name, _KINDS[step], decider, target))
    tell("Cancelled", done, json)

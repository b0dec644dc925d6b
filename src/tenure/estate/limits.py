"""The keys that bound what may be taken away, and what an approval has to bring."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from tenure.estate.tree import shown
from tenure.estate.values import Duration, refuse
from tenure.planning.gates import GroupLimit, Limit, Limits
from tenure.planning.rules import Approval

MOST_PEOPLE = 1_000_000


def _share(value: Any) -> float:
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,3})?)\s?%", value) if isinstance(value, str) else None
    if not found:
        written = f'"{shown(str(value))}" is'
        refuse(f"{written} not a share", "write per cent, such as 1% or 2.5%")
    share = float(found[1]) / 100
    if share > 1:
        refuse(f'"{value}" is more than all', "write at most 100%")
    return share


Share = Annotated[float, BeforeValidator(_share)]
People = Annotated[int, Field(ge=0, le=MOST_PEOPLE)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class LimitPart(_Part):
    """How many people may pass within a window: the larger of a number and a share; what is left out stays as it is."""

    people: People | None = None
    share: Share | None = None
    window: Duration | None = None


class GroupLimitPart(_Part):
    """How much of one group may leave it within a window, from so many members on."""

    share: Share = GroupLimit().share
    members: Annotated[int, Field(ge=1, le=MOST_PEOPLE)] = GroupLimit().members
    window: Duration = GroupLimit().window


class LimitsPart(_Part):
    """The counted gates of a target."""

    administrators: LimitPart = Field(default_factory=LimitPart)
    licences: LimitPart = Field(default_factory=LimitPart)
    leavers: LimitPart = Field(default_factory=LimitPart)
    out_of_scope: LimitPart = Field(default_factory=LimitPart)
    losers: LimitPart = Field(default_factory=LimitPart)
    renames: LimitPart = Field(default_factory=LimitPart)
    emails: LimitPart = Field(default_factory=LimitPart)
    group: GroupLimitPart = Field(default_factory=GroupLimitPart)
    shrink: Share = Limits().shrink


class ApprovalPart(_Part):
    """What an approval has to bring."""

    by_another: StrictBool = Approval().by_another
    ticket: StrictBool = Approval().ticket


def limits_of(part: LimitsPart) -> Limits:
    """The limits, with what is left out as planning has it.

    Who names a number of people and no share means that number: the share that goes with the default is left out.
    """
    defaults = Limits()
    found: dict[str, Any] = {"group": GroupLimit(part.group.share, part.group.members, part.group.window)}
    for field in fields(Limits):
        default = getattr(defaults, field.name)
        if isinstance(default, Limit):
            found[field.name] = _limit(getattr(part, field.name), default)
    return Limits(**found, shrink=part.shrink)


def _limit(said: LimitPart, default: Limit) -> Limit:
    window: timedelta = said.window or default.window
    if said.people is None and said.share is None:
        return Limit(default.people, default.share, window)
    return Limit(said.people or 0, said.share or 0.0, window)


def approval_of(part: ApprovalPart) -> Approval:
    """What an approval has to bring."""
    return Approval(part.by_another, part.ticket)

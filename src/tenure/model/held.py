"""A held plan: what one gate holds, a leaf a person, as it is shown and decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.model.change import Change


@dataclass(frozen=True, slots=True)
class Possible:
    """An account that could be the person's: it has the name or the e-mail address that theirs would have.

    `held_by` names the identity whose account it is already, if any.
    """

    key: str
    name: str
    email: str | None
    active: bool
    held_by: str | None


@dataclass(frozen=True, slots=True)
class HeldLeaf:
    """What a gate holds of one person or group. `inverses` are what a rejection refuses; `asked_by` who caused it.

    `left`: the source says that the person has left, or a person closed them: no rejection keeps their account.
    `drift`: somebody changed at the target what is to be set back. `possible`: where whose account it is, is
    in doubt, those that could be theirs. `notes` are those of the plan.
    """

    subject: str
    person: str
    changes: tuple[Change, ...]
    inverses: tuple[Mapping[str, Any], ...]
    reason: str
    revision: int
    since: datetime
    asked_by: str
    left: bool = False
    drift: bool = False
    possible: tuple[Possible, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HeldPlan:
    """What waits at one gate of one target: ONE plan, which grows by revisions.

    `shut`: the gate is a latch that filled, and opens by a decision; else it asks each time.
    """

    target: str
    name: str
    revision: int
    shut: bool
    reason: str
    leaves: tuple[HeldLeaf, ...] = ()

    @property
    def id(self) -> str:
        """How a command names it."""
        return f"{self.target}:{self.name}"

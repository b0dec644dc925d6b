"""A held plan: what one gate holds, a leaf a person, as it is shown and decided on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.model.change import Change


@dataclass(frozen=True, slots=True)
class HeldLeaf:
    """What a gate holds of one person or group. `inverses` are what a rejection refuses; `asked_by` who caused it.

    `left`: the source says that the person has left, or a person closed them: no rejection keeps their account.
    `drift`: somebody changed at the target what is to be set back.
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

"""What a group opens, as it was last read, and what of that is not known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tenure.model.seen import RightSeen


@dataclass(frozen=True, slots=True)
class RightsRead:
    """The last time that what all groups of a target open was read.

    `problem` says why it was not read whole, empty when it was; `unknown` is what the application tells nobody.
    """

    at: datetime
    problem: str = ""
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """What one group opens: `rights` are known; that there are no others only when `whole_at` says since when.

    `gives` is what the application itself counts by: `licence`, `administration`. `last` is the last reading, whole or
    not; None before the first.
    """

    gives: frozenset[str] = frozenset()
    rights: tuple[RightSeen, ...] = ()
    whole_at: datetime | None = None
    last: RightsRead | None = None

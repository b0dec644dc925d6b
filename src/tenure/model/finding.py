"""Findings: what a person should see about accounts and groups of an application, and that Tenure does not touch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FindingKind(StrEnum):
    """What is wrong with an account or a group, or may be."""

    LEAVER_ACTIVE = "leaver-active"  # its person has left
    TWICE = "twice"  # another active account has the same e-mail address
    UNKNOWN_ADMINISTRATOR = "unknown-administrator"  # administers, and is nobody's whom an identity provider knows
    AWAITED = "awaited"  # what another application does for it does not show
    TWO_NAMES = "two-names"  # a rename waits here, and its person was renamed elsewhere
    UNUSED_LICENCE = "unused-licence"  # takes a seat, and nobody has signed in with it for long
    OPENS_NOTHING = "group-opens-nothing"  # whoever is in it may do nothing more, as far as the application tells
    RIGHTS_NOT_READ = "rights-not-read"  # no finding: what the groups open is not known, so that none can be found


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding about one account, by its name and key, or about one group; what it is not about is empty.

    `told` is what it rests on (since when, which groups, which other account).
    """

    target: str
    kind: FindingKind
    account: str
    key: str
    told: str
    group: str = ""


@dataclass(frozen=True, slots=True)
class LicenceUse:
    """The seats of one licence at one target.

    `total` is None where there is no limit, `used` None where it cannot be known. `idle` are active accounts in the
    groups of the licence that nobody signed in with since the day that was asked for, or ever: None where the
    application does not tell. `waiting` are people of ours who wait for a seat; `seen_at` is when it was read.
    `proposed` are idle people of ours of whom a person has to decide, `freed` those who gave a seat back by a change of
    ours and take none now. `price` is what a seat costs, by the estate.
    """

    target: str
    licence: str
    total: int | None
    used: int | None
    idle: int | None
    waiting: int
    seen_at: datetime
    proposed: int = 0
    price: float | None = None
    freed: int = 0

    def costs(self, seats: int | None) -> float | None:
        """What so many seats cost; None where the price, or the number, is not known."""
        return None if self.price is None or seats is None else round(seats * self.price, 2)

    @property
    def free(self) -> int | None:
        """Seats that are left, never below 0; None where that is without limit or not known."""
        return None if self.total is None or self.used is None else max(0, self.total - self.used)

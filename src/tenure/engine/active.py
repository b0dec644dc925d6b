"""A target at work: its connector with the rules of the estate, and what the engine needs around it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tenure.connector import Target
from tenure.engine.joining import Joins
from tenure.engine.precedence import Precedence
from tenure.engine.turns import Turns
from tenure.model.clock import Clock
from tenure.planning.rules import Rules
from tenure.store.database import Database

SEND_SECONDS = 15.0
"""How long a change may be under way, in seconds; after that it is cancelled, and its outcome is unknown."""


@dataclass(slots=True)
class Brake:
    """Why nothing is written at a target now, whatever its mode; the engine and the HTTP client both heed it."""

    closed: str | None = None


CHUNK = 32
"""Subjects that one pass looks at, at most."""


@dataclass(slots=True)
class ActiveTarget:
    """One target of the estate, opened. `revision` is the estate revision that the rules come from.

    `own_account` is the name that we sign in with, as the last check found it. `silent` maps the sources that fell
    silent to a sentence about it, as of `listened_at`. `checked_at` is when this process last asked the target how it
    is, in seconds of the clock. `under_way` counts changes that are written down and not yet answered: with the rate it
    tells how long the last of them may take. `foreseen`: what these rules ask of everybody is computed;
    `looked_ahead`: when, in seconds of the clock, up to which place in the order of marks it was computed anew for the
    due. `alive_at` is when the loop that follows the target last came round, in seconds of the clock. `chunk`: how many
    subjects a pass looks at, of which it lately could do all. `turns`: who may send a change now. `joins`: who is put
    into groups together, once somebody is.
    """

    id: int
    name: str
    connector: Target
    rules: Rules
    revision: int
    source_ids: tuple[int, ...]
    compare: timedelta
    per_second: float = 10.0
    concurrency: int = 4
    own_account: str | None = None
    url: str = ""
    brake: Brake = field(default_factory=Brake)
    silent: Mapping[str, str] = field(default_factory=dict)
    checked_at: float | None = None
    under_way: int = 0
    foreseen: bool = False
    alive_at: float | None = None
    listened_at: datetime | None = None
    looked_ahead: tuple[tuple[float, int], ...] = ()
    chunk: int = CHUNK
    joins: Joins | None = None
    turns: Turns = field(init=False)

    def __post_init__(self) -> None:
        """As many changes at once as keep every place of the limiter busy; more would wait there, under way already."""
        self.turns = Turns(2 * self.concurrency)

    @property
    def closed(self) -> str | None:
        """Why nothing is written here now, or None."""
        return self.brake.closed

    def send_window(self, changes: int) -> timedelta:
        """From writing down so many changes to the moment after which none of them can be under way."""
        return timedelta(seconds=2 * SEND_SECONDS + (self.under_way + changes) / self.per_second)

    def unlisted(self) -> tuple[str, ...]:
        """The mapped fields that a listing does not show, and that cost a request each to read."""
        specs = self.connector.capabilities
        return tuple(n for n in self.rules.attributes if (spec := specs.spec(n)) is not None and not spec.listed)


@dataclass(frozen=True, slots=True)
class House:
    """What every part of the engine is given: database, clock, the targets by their number, and who goes first."""

    database: Database
    clock: Clock
    targets: Mapping[int, ActiveTarget]
    precedence: Precedence = field(default_factory=Precedence)

"""An estate that was loaded: what the rest of the house works by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from tenure.estate.problem import Problem
from tenure.model.access import DEFAULT_LIMIT, Credential, CredentialKind, RequestLimit
from tenure.model.capability import Mode
from tenure.model.extension import Extension
from tenure.model.secret import Secret
from tenure.planning.rules import Approval, Rules
from tenure.sources import SOURCES

COMPARE = timedelta(hours=6)
"""How often a target is read whole, unless the estate says otherwise."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How many requests a target gets a second, and how many at once: never more, less when it slows down."""

    per_second: float = 10.0
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class SourceEstate:
    """One source: its kind, its settings with the secrets in them, how often each of its credentials may ask.

    `heartbeat` is how long it may be silent; None: for ever. `every` is how often one that is read is read by itself;
    None: when a person says so.
    """

    name: str
    kind: str
    settings: BaseModel
    heartbeat: timedelta | None = None
    limit: RequestLimit = DEFAULT_LIMIT
    extensions: tuple[Extension, ...] = ()
    every: timedelta | None = None

    @property
    def pushes(self) -> bool:
        """Whether it calls us; False when we read it."""
        return SOURCES[self.kind].open is None

    @property
    def token(self) -> Secret:
        """The first token with which a push source signs in here."""
        assert self.tokens, "no token stands in the estate"
        return self.tokens[0]

    @property
    def tokens(self) -> tuple[Secret, ...]:
        """The bearer tokens among its credentials."""
        return tuple(one.secret for one in self.credentials if one.kind is CredentialKind.TOKEN)

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """What opens the SCIM door to this source, each once; nothing for one that we read."""
        return tuple(dict.fromkeys(getattr(self.settings, "credentials", ())))

    @property
    def announce_pagination(self) -> bool:
        """Whether the SCIM door tells this source of `pagination` (RFC 9865), which some clients refuse to read."""
        return bool(getattr(self.settings, "announce_pagination", True))


@dataclass(frozen=True, slots=True)
class TargetEstate:
    """One target: its connector's settings, its rules, its rate, and how often it is read whole."""

    name: str
    kind: str
    settings: BaseModel
    rules: Rules
    rate: Rate
    compare: timedelta

    @property
    def mode(self) -> Mode:
        """How far Tenure may go there."""
        return self.rules.mode

    @property
    def approval(self) -> Approval:
        """What an approval has to bring."""
        return self.rules.approval

    @property
    def authority(self) -> str | None:
        """The target that makes, changes and closes the accounts there; None: it does so itself."""
        return self.rules.authority

    @property
    def deadline(self) -> timedelta:
        """How long after somebody left an open account raises an alarm."""
        return self.rules.farewell.deadline

    @property
    def seat_price(self) -> float | None:
        """What a seat of its licence costs; None where that is not said."""
        return self.rules.seat_price


@dataclass(frozen=True, slots=True)
class Estate:
    """The whole configuration. `digest` is the SHA-256 of `document`; `warnings` stop nothing, but should be read.

    `unsaid` is what a person has to say before a check lets the estate pass; a server runs with it all the same.
    An estate loaded without secrets is for checks alone: where one could not be read, a stand-in is in its place.
    """

    document: str
    digest: bytes
    sources: Mapping[str, SourceEstate]
    targets: Mapping[str, TargetEstate]
    warnings: tuple[Problem, ...] = ()
    unsaid: tuple[Problem, ...] = ()

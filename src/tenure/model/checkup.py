"""What a look at the whole house found: each thing with how bad it is and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: about what (`database`, `source okta`), what was found, and what to do."""

    level: Level
    about: str
    what: str
    do: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """What a database says of itself.

    `version` is its server_version_num, `at` the migration it is at, `head` the one that this version needs. `skew`:
    how many seconds its clock is ahead of ours.
    """

    version: int
    at: str | None
    head: str
    skew: float


@dataclass(frozen=True, slots=True)
class Revision:
    """The active revision of the configuration; `digest` is the SHA-256 of its document."""

    number: int
    digest: bytes
    activated_at: datetime

"""A certification: what one server in one version really does, seen on an account and a group made for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

PREFIX = "tenure-certify-"
"""Begins the name of every account and group that a certification makes."""


class NotCertified(Exception):
    """A certification does not begin; the message says why."""


class Judged(StrEnum):
    """What a step came to, judged by what was read afterwards."""

    AS_EXPECTED = "as-expected"
    NOT_AS_EXPECTED = "not-as-expected"
    CANNOT = "cannot-be-done-here"
    NOT_TRIED = "not-tried"


class Verdict(StrEnum):
    """What a certification came to as a whole."""

    CERTIFIED = "certified"
    NOT_AS_EXPECTED = "not-as-expected"
    READ_ONLY = "read-only"
    BROKEN_OFF = "broken-off"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was tried: what was asked and answered, what was seen afterwards, and the verdict.

    `name` is for programs (`create-account`), `asked` a sentence. `ms` are the milliseconds from asking to the answer,
    with the wait for the rate that the estate allows.
    """

    name: str
    asked: str
    answered: str
    seen: str
    ms: float
    verdict: Judged


@dataclass(frozen=True, slots=True)
class Certification:
    """A certification that has ended.

    `account` is who we sign in as. `why` says why it only read or was broken off, `remains` what it made and could not
    take away again.
    """

    target: str
    kind: str
    url: str
    mode: str
    by: str
    began_at: datetime
    ended_at: datetime
    verdict: Verdict
    steps: tuple[Step, ...]
    server_id: str | None = None
    version: str | None = None
    account: str | None = None
    why: str = ""
    remains: tuple[str, ...] = ()

    def count(self, verdict: Judged) -> int:
        """How many steps came to this."""
        return sum(step.verdict is verdict for step in self.steps)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a target is certified: by the newest certification that wrote there.

    `verdict` is None before the first. `same_server` and `same_version` compare it with the target as it was last
    checked. `uncleared` names what a certification that was broken off may have left.
    """

    mode: str
    verdict: Verdict | None = None
    at: datetime | None = None
    version: str | None = None
    same_server: bool = True
    same_version: bool = True
    uncleared: tuple[str, ...] = ()

    @property
    def certified(self) -> bool:
        """Whether what is known of the server holds for the one that is there now."""
        return self.verdict is Verdict.CERTIFIED and self.same_server and self.same_version

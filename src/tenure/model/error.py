"""The errors of a remote application, named by what to do next."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class Recovery(StrEnum):
    """What the engine does after an error."""

    RETRY = "retry"  # the request did not take effect: send it again later
    REREAD = "reread"  # it may have taken effect, or our picture is old: look first
    HOLD = "hold"  # the application refuses this for this identity: a person looks
    STOP = "stop"  # nothing more is sent to this target until a probe succeeds
    CHECK = "check"  # ask `check()`: if that fails STOP, else HOLD this identity


class TargetError(Exception):
    """Something a target answered, or did not answer; `str()` is a sentence for an administrator."""

    recovery: ClassVar[Recovery]


class Unreachable(TargetError):
    """No answer that came from the application, on a request that cannot have changed it."""

    recovery = Recovery.RETRY


class RateLimited(TargetError):
    """The application asks to slow down (HTTP 429); `retry_after` in seconds, if it said so."""

    recovery = Recovery.RETRY

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Closed(TargetError):
    """Nothing is written at this target now: it is frozen, or is not the one that we know. Nothing was sent."""

    recovery = Recovery.RETRY


class OutcomeUnknown(TargetError):
    """A write was sent and its answer was lost, or was a 5xx: it may have taken effect."""

    recovery = Recovery.REREAD


class NotFound(TargetError):
    """The application says, in its own error form, that what we named is not there."""

    recovery = Recovery.REREAD


class Conflict(TargetError):
    """The application says that the state is not what the request assumed (exists already, not a member...)."""

    recovery = Recovery.REREAD


class Rejected(TargetError):
    """The application refuses the values for this identity (a rule of its own)."""

    recovery = Recovery.HOLD


class Unauthorized(TargetError):
    """We are not signed in: the credentials are wrong, expired or locked."""

    recovery = Recovery.STOP


class Forbidden(TargetError):
    """We are signed in and may not do this."""

    recovery = Recovery.CHECK


class NotAllowed(TargetError):
    """Our own client refused to send the request: the target's mode does not allow it."""

    recovery = Recovery.HOLD

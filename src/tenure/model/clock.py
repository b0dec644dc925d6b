"""The one place where time comes from, so that a decision can be repeated at any pretended time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time, elapsed time and waiting. Made once, in `app`, and handed down."""

    def now(self) -> datetime:
        """The time of day, in UTC, with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of this clock's time."""
        ...

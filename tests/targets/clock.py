"""Time that passes only by waiting, and then at once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class JumpingClock:
    def __init__(self) -> None:
        self.elapsed = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        await asyncio.sleep(0)

"""What the tests of the wire share: a clock that jumps, operations, and a client over a pretended network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tenure.model.capability import Mode
from tenure.model.change import ChangeKind
from tenure.model.secret import Secret
from tenure.wire import Basic, Client, Operation, PacedLimiter, Reply


class JumpingClock:
    """Time that passes only by waiting, and then at once."""

    def __init__(self) -> None:
        self.elapsed = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        until = self.elapsed + seconds
        await asyncio.sleep(0)
        self.elapsed = max(self.elapsed, until)


READ = Operation(None, "GET", "/api/thing/{name}")
LIST = Operation(None, "GET", "/api/things")
MAKE = Operation(ChangeKind.CREATE_ACCOUNT, "POST", "/api/things")
CLOSE = Operation(ChangeKind.DEACTIVATE_ACCOUNT, "PUT", "/api/thing/{name}")
UNLISTED = Operation(None, "GET", "/api/secrets")
PASSWORD = "correct horse battery"


def own_error(reply: Reply) -> str | None:
    body: Any = reply.body
    return body["oops"] if isinstance(body, dict) and "oops" in body else None


def client(answer: Callable[[httpx2.Request], httpx2.Response], *, mode: Mode = Mode.FULL, **more: Any) -> Client:
    clock = more.pop("clock", None) or JumpingClock()
    return Client(
        more.pop("base_url", "http://app.test/jira"),
        auth=more.pop("auth", Basic(username="admin", password=Secret(PASSWORD))),
        mode=mode,
        operations=(READ, LIST, MAKE, CLOSE),
        limiter=more.pop("limiter", None) or PacedLimiter(clock, per_second=1000, concurrency=8),
        own_error=own_error,
        clock=clock,
        name="jira",
        transport=httpx2.MockTransport(answer),
        **more,
    )

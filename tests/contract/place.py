"""One application of the sandbox with a target that writes it, in one process and in a time that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from starlette.applications import Starlette

from tenure.connector import Target
from tenure.model.capability import Mode
from tenure.model.secret import Secret
from tenure.model.seen import ReadComplete, Seen, Selector
from tenure.targets import TARGETS
from tenure.wire import PacedLimiter

Settings = Callable[[str, str], dict[str, Any]]


def _named(url: str, password: str) -> dict[str, Any]:
    return {"url": url, "auth": {"username": "admin", "password": Secret(password)}}


class JumpingClock:
    """Time that passes only by waiting, and then at once."""

    def __init__(self) -> None:
        self.elapsed = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.elapsed += seconds
        await asyncio.sleep(0)


class Place:
    """One application of a sandbox: open targets of a kind to it, look at its state, schedule its faults.

    `settings` gives what a target of this kind needs from a password and an address; the application is named as the
    kind is, unless it says otherwise.
    """

    def __init__(
        self, app: Starlette, kind: str, application: str | None = None, settings: Settings | None = None
    ) -> None:
        self.kind = kind
        self.application = application or kind
        self.settings = settings or _named
        self.transport = httpx2.ASGITransport(app)
        self._outside = httpx2.AsyncClient(transport=self.transport, base_url="http://app.test")

    def open(self, mode: Mode = Mode.FULL, *, password: str = "admin", path: str = "", timeout: float = 30.0) -> Target:
        chosen = TARGETS[self.kind]
        settings = chosen.settings.model_validate(
            {**self.settings(f"http://app.test{path or '/' + self.application}", password), "timeout": timeout}
        )
        clock = JumpingClock()
        limiter = PacedLimiter(clock, per_second=1000, concurrency=8)
        return chosen.open(settings, mode=mode, limiter=limiter, clock=clock, transport=self.transport)

    async def state(self) -> dict[str, Any]:
        return (await self._outside.get(f"/_state/{self.application}")).json()

    async def account(self, name: str) -> dict[str, Any] | None:
        return next((a for a in (await self.state())["accounts"] if a["name"] == name), None)

    async def group(self, name: str) -> dict[str, Any] | None:
        return next((g for g in (await self.state())["groups"] if g["name"] == name), None)

    async def fault(self, kind: str, **how: Any) -> None:
        answer = await self._outside.post("/_faults", json=[{"kind": kind, **how}])
        assert answer.status_code == 200, answer.text

    async def fired(self) -> list[dict[str, Any]]:
        fired: list[dict[str, Any]] = (await self._outside.get("/_faults")).json()["fired"]
        return fired

    async def clear_faults(self) -> None:
        await self._outside.delete("/_faults")


async def collect(target: Target, what: Selector) -> list[Seen]:
    return [seen async for seen in target.read(what)]


def completed(seen: list[Seen]) -> ReadComplete:
    """The end of a whole reading, which is the last thing that it told."""
    assert isinstance(seen[-1], ReadComplete)
    assert not any(isinstance(one, ReadComplete) for one in seen[:-1])
    return seen[-1]

"""A Confluence of the sandbox in this process, with a target that writes it: what its tests share."""

from __future__ import annotations

from typing import Any

import httpx2
from starlette.applications import Starlette

from tenure.model.capability import Mode
from tenure.model.change import Handle
from tenure.model.secret import Secret
from tenure.model.seen import ReadComplete, Selector
from tenure.targets.atlassian.confluence import ConfluenceSettings, ConfluenceTarget
from tenure.wire import Basic, PacedLimiter
from tenure_sandbox.atlassian.confluence import Confluence

from .clock import JumpingClock

API = "/rest/api"
ANNA = {"username": "anna", "email": "anna@example.com", "display_name": "Anna Abel"}


def confluence(transport: httpx2.AsyncBaseTransport, clock: JumpingClock | None = None) -> ConfluenceTarget:
    clock = clock or JumpingClock()
    settings = ConfluenceSettings(
        url="http://app.test/confluence", auth=Basic(username="admin", password=Secret("admin"))
    )
    limiter = PacedLimiter(clock, per_second=1000, concurrency=8)
    return ConfluenceTarget(settings, mode=Mode.FULL, limiter=limiter, clock=clock, transport=transport)


def world(app: Starlette) -> Confluence:
    state: Confluence = app.state.world.applications["confluence"]
    return state


def handle(app: Starlette, name: str) -> Handle:
    return Handle(world(app).accounts[name].key, name)


async def fault(app: Starlette, kind: str, **how: Any) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://app.test") as out:
        assert (await out.post("/_faults", json=[{"kind": kind, **how}])).status_code == 200


async def read(target: ConfluenceTarget, what: Selector) -> list[Any]:
    return [one async for one in target.read(what)]


async def whole(target: ConfluenceTarget, what: Selector) -> bool:
    seen = await read(target, what)
    return bool(seen) and isinstance(seen[-1], ReadComplete)

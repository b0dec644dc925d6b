"""A sandbox, a database, and a network between them that can be made to fail at a certain request."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from tests.engine.world import SECRETS, VirtualClock, World

from tenure import app
from tenure.estate.loading import load
from tenure.model.certification import PREFIX, Certification, Step
from tenure.store.database import Database
from tenure_sandbox.atlassian.cloud import DIRECTORY

ESTATE = """
sources:
  okta: {kind: scim, token: {env: OKTA}}
targets:
  there:
    kind: KIND
    url: http://app.test/PATH
    auth: AUTH
    source: okta
    mode: full
    attributes: {username: userName, email: emails.primary, display_name: displayName}
    rate: {per_second: 200, concurrency: 8}
"""
ENVIRONMENT = {**SECRETS, "ADMIN": "admin"}
BASIC, BEARER = "{username: admin, password: {env: ADMIN}}", "{bearer: {env: JIRA}}"
AUTH = {"atlassian-cloud": BEARER, "scim": BEARER}
PATHS = {"atlassian-cloud": f"cloud/scim/directory/{DIRECTORY}"}
STATES = {"atlassian-cloud": "cloud"}
MAPPED = {
    "jira": "properties: {phone: phoneNumbers.work}",
    "crowd": "properties: {phone: phoneNumbers.work}",
    "scim": "properties: {title: title}",
    "atlassian-cloud": "properties: {title: title}",
}
Carrying = Callable[[], Awaitable[httpx2.Response]]
Fault = Callable[[httpx2.Request, Carrying], Awaitable[httpx2.Response]]


def estate_text(kind: str) -> str:
    """An estate with one target of this kind, in mode full, whose properties are mapped where it has any."""
    text = ESTATE.replace("KIND", kind).replace("PATH", PATHS.get(kind, kind)).replace("AUTH", AUTH.get(kind, BASIC))
    return text.replace("displayName}", f"displayName, {MAPPED[kind]}}}") if kind in MAPPED else text


class Network(httpx2.AsyncBaseTransport):
    """Leads to the sandbox; from the n-th request that is not a reading on, `fault` is asked what happens."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self.inner, self.writes, self.at, self.fault = inner, 0, 0, passed

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.writes += request.method not in ("GET", "HEAD")

        async def carried_out() -> httpx2.Response:
            return await self.inner.handle_async_request(request)

        if self.at and self.writes >= self.at:
            return await self.fault(request, carried_out)
        return await carried_out()

    def once(self, at: int, fault: Fault) -> None:
        """The n-th write meets the fault, and no other request."""

        async def met(request: httpx2.Request, carried_out: Carrying) -> Any:
            self.at = 0
            return await fault(request, carried_out)

        self.writes, self.at, self.fault = 0, at, met

    def from_then_on(self, at: int, fault: Fault) -> None:
        """The n-th write and everything after it meet the fault."""
        self.writes, self.at, self.fault = 0, at, fault

    def heal(self) -> None:
        self.writes, self.at = 0, 0


async def passed(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
    return await carried_out()


async def refused(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
    return httpx2.Response(500, json={"errorMessages": ["no"], "message": "no"}, request=request)


async def lost(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
    await carried_out()
    raise httpx2.ReadError("the connection broke")


async def away(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
    raise httpx2.ConnectError("nobody there")


@dataclass
class Place:
    """One kind of application in one version, certified as often as a test wants."""

    dsn: str
    kind: str
    versions: dict[str, str] = field(default_factory=dict)
    text: str = ""
    told: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.world = World(self.dsn, **self.versions)
        self.network = Network(httpx2.ASGITransport(app=self.world.sandbox))
        self.text = self.text or estate_text(self.kind)
        self.clock = VirtualClock()

    async def certify(self, *, read_only: bool = False) -> Certification:
        self.told.clear()
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(self.text)
            file.flush()
            estate = load(Path(file.name), secrets=True, environment=ENVIRONMENT)
        return await app.certify(
            estate, "there", self.dsn, "cli:ada", self.told.append, read_only=read_only,
            clock=self.clock, transports={"there": self.network},
        )  # fmt: skip

    async def state(self) -> dict[str, Any]:
        """The accounts and groups of the application, without what it counts."""
        found = await self.world.state(STATES.get(self.kind, self.kind))
        return {what: found[what] for what in ("accounts", "groups")}

    async def left(self) -> list[str]:
        """What of a certification is there."""
        state = await self.state()
        names = [one["name"] for what in state.values() for one in what]
        return sorted(name for name in names if name.startswith(PREFIX))

    async def rows(self, query: str) -> list[dict[str, Any]]:
        database = Database(self.dsn, connections=1)
        await database.open()
        try:
            return await database.rows(query)
        finally:
            await database.close()


def by_name(found: Certification) -> dict[str, Step]:
    """The steps by their names."""
    return {step.name: step for step in found.steps}


def cancelling(fault: Fault = passed) -> Fault:
    """Whoever certifies presses Ctrl-C while the request is under way."""
    task = asyncio.current_task()
    assert task is not None

    async def met(request: httpx2.Request, carried_out: Carrying) -> httpx2.Response:
        task.cancel()
        await asyncio.sleep(0)
        return await fault(request, carried_out)

    return met

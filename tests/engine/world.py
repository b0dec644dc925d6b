"""One house in this process, on a real database and a sandbox over ASGI, that can be killed at any numbered point."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from starlette.applications import Starlette

from tenure.app import Tenure, open_house
from tenure.estate.document import Estate
from tenure.estate.loading import load
from tenure.store.database import Connection, Database
from tenure_sandbox.serve import build

ESTATE = """
sources:
  okta: {kind: scim, token: {env: OKTA}}
targets:
  jira:
    kind: jira
    url: http://jira.test/jira
    auth: {bearer: {env: JIRA}}
    source: okta
    mode: full
    adopt: match
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
      properties: {phone: phoneNumbers.work}
    groups:
      mapping: {Dev users: [software_dev]}
      on_the_fly: {match: '.*', except: '^tmp-', name: '$0', create: true, existing: join}
    rate: {per_second: 200, concurrency: 8}
    protected: [admin, 'svc-*']
"""
SECRETS = {"OKTA": "okta-token-for-tests-only", "ENTRA": "entra-token-for-tests-only", "JIRA": "sandbox"}
SECRETS["BITBUCKET"] = "admin"


def estate_of(text: str) -> Estate:
    """An estate from its text."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        return load(Path(file.name), secrets=True, environment=SECRETS)


class Killed(BaseException):
    """The process died here."""


class Fuse:
    """Counts the crash points (each commit that wrote, each remote call that was answered) and dies at one.

    `dies_after` is a pattern of calls, of which the first that is answered is such a point.
    """

    def __init__(self, kill_at: int | None = None) -> None:
        self.kill_at, self.count, self.dead = kill_at, 0, False
        self.points: list[str] = []
        self.dies_after: str | None = None

    def alive(self) -> None:
        if self.dead:
            raise Killed

    def point(self, what: str) -> None:
        self.alive()
        self.count += 1
        self.points.append(what)
        if self.count == self.kill_at or (self.dies_after and re.fullmatch(self.dies_after, what)):
            self.dead = True
            raise Killed(what)


class FusedDatabase(Database):
    """A database whose process dies right after a commit."""

    def __init__(self, dsn: str, fuse: Fuse) -> None:
        super().__init__(dsn, connections=6)
        self.fuse = fuse

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        self.fuse.alive()
        async with super().transaction() as connection:
            yield connection
            self.fuse.alive()
            cursor = await connection.execute("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
            wrote = (await cursor.fetchone() or (False,))[0]
        if wrote:
            self.fuse.point("commit")


class FusedTransport(httpx2.AsyncBaseTransport):
    """A network that loses the answer of one request, and the process with it."""

    def __init__(self, app: Starlette, fuse: Fuse) -> None:
        self.inner, self.fuse = httpx2.ASGITransport(app=app), fuse

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.fuse.alive()
        answer = await self.inner.handle_async_request(request)
        self.fuse.point(f"{request.method} {request.url.path}")
        return answer


class VirtualClock:
    """A clock that only sleeping, or the test, moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 5, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=max(seconds, 0.001))
        await asyncio.sleep(0)


class World:
    """A database and a sandbox that outlive the houses opened on them."""

    def __init__(self, dsn: str, estate: str = ESTATE, target: str = "jira", **versions: str) -> None:
        self.dsn, self.estate, self.target = dsn, estate, target
        self.sandbox = build(**versions)
        self.clock = VirtualClock()
        self.fuse = Fuse()

    @asynccontextmanager
    async def house(self, kill_at: int | None = None) -> AsyncIterator[Tenure]:
        self.fuse = Fuse(kill_at)
        estate = estate_of(self.estate)
        async with open_house(
            estate,
            self.dsn,
            by="test",
            clock=self.clock,
            database=FusedDatabase(self.dsn, self.fuse),
            transports={name: FusedTransport(self.sandbox, self.fuse) for name in estate.targets},
        ) as tenure:
            yield tenure

    async def finish(self, tenure: Tenure, within: timedelta = timedelta(minutes=30)) -> None:
        """Work, and let time pass, until nothing is put off any more (the next reading apart)."""
        until = self.clock.at + within
        while self.clock.at < until:
            await tenure.engine.settle()
            due = await tenure.database.rows(
                "SELECT min(not_before) AS at FROM due WHERE subject NOT IN ('reading', 'seats')"
            )
            if due[0]["at"] is None:
                return
            self.clock.at = max(self.clock.at, due[0]["at"]) + timedelta(milliseconds=1)
        left = await tenure.database.rows("SELECT * FROM due WHERE subject NOT IN ('reading', 'seats')")
        raise AssertionError(f"still not done: {left}")

    def provider(self, tenure: Tenure, source: str = "okta") -> httpx2.AsyncClient:
        """An identity provider that pushes to this house."""
        return httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=tenure.web),
            base_url=f"http://tenure.test/scim/{source}/v2",
            headers={"Authorization": f"Bearer {SECRETS[source.upper()]}"},
        )

    async def sandbox_call(self, method: str, path: str, body: Any = None, *, auth: bool = False) -> Any:
        transport = httpx2.ASGITransport(app=self.sandbox)
        async with httpx2.AsyncClient(transport=transport, base_url="http://jira.test") as client:
            answer = await client.request(method, path, json=body, auth=("admin", "admin") if auth else None)
            answer.raise_for_status()
            return answer.json() if "json" in answer.headers.get("content-type", "") else None

    async def jira(self) -> dict[str, Any]:
        """What Jira holds, or whatever the target is."""
        return await self.state(self.target)

    async def state(self, application: str) -> dict[str, Any]:
        """What an application holds, and what was written to it."""
        state: dict[str, Any] = await self.sandbox_call("GET", f"/_state/{application}?journal=1")
        return state

    async def account(self, name: str) -> dict[str, Any] | None:
        accounts = (await self.jira())["accounts"]
        return next((a for a in accounts if a["name"] == name), None)

    async def faults(self, *faults: dict[str, Any]) -> None:
        await self.sandbox_call("PUT", "/_faults", list(faults))


def person(user_name: str, name: str, *, mail: str = "", phone: str = "", active: bool = True) -> dict[str, Any]:
    """A User as a provider creates one."""
    found: dict[str, Any] = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": user_name,
        "externalId": f"ext-{user_name}",
        "displayName": name,
        "emails": [{"value": mail or user_name, "type": "work", "primary": True}],
        "active": active,
    }
    if phone:
        found["phoneNumbers"] = [{"value": phone, "type": "work"}]
    return found


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": list(operations)}


Step = Callable[[httpx2.AsyncClient, dict[str, str]], Awaitable[None]]


async def ensure(
    client: httpx2.AsyncClient, ids: dict[str, str], kind: str, attribute: str, body: dict[str, Any]
) -> None:
    """Create as a provider does that is not sure whether an earlier try got through."""
    name = body[attribute]
    found = (await client.get(f"/{kind}", params={"filter": f'{attribute} eq "{name}"'})).json()["Resources"]
    if not found:
        answer = await client.post(f"/{kind}", json=body)
        assert answer.status_code == 201, answer.text
        found = [answer.json()]
    ids[name] = found[0]["id"]

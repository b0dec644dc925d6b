"""A SCIM door on a fresh database, driven over ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
import pytest
from psycopg.rows import dict_row
from starlette.applications import Starlette

from tenure.engine.delivery import PushSource
from tenure.engine.intake import Intake
from tenure.scim import routes
from tenure.scim.doorkeeper import Doorkeeper
from tenure.store.credentials import hash_token
from tenure.store.database import Database

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


class SteppingClock:
    """Each look at it is one second later."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Provider:
    """An identity provider at the door of the source `okta`, which feeds the targets `jira` and `wiki`."""

    client: httpx2.AsyncClient
    dsn: str
    intake: Intake
    sources: dict[str, PushSource]
    commits: list[None] = field(default_factory=list)

    def speak(self, version: str) -> None:
        """Go on at `/v1` or `/v2`."""
        self.client.base_url = f"http://tenure.test/scim/okta/{version}"

    async def ask(self, method: str, path: str, body: Any = None, status: int | None = None, **more: Any) -> Any:
        """Send a request and give the parsed body (None when empty)."""
        if body is not None:
            more["json"] = body
        answer = await self.client.request(method, path, **more)
        if status is not None:
            assert answer.status_code == status, (answer.status_code, answer.text)
        if not answer.content:
            return None
        assert answer.headers["content-type"] == "application/scim+json"
        return answer.json()

    async def user(self, user_name: str | None = None, /, **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = await self.ask("POST", "/Users", {"userName": user_name or uuid4().hex, **more}, 201)
        return made

    async def group(self, name: str = "g", *members: str) -> dict[str, Any]:
        body = {"displayName": name, "members": [{"value": m} for m in members]}
        made: dict[str, Any] = await self.ask("POST", "/Groups", body, 201)
        return made

    async def patch(self, path: str, *operations: dict[str, Any], status: int | None = None) -> Any:
        return await self.ask("PATCH", path, {"Operations": list(operations)}, status)

    async def members(self, group: str) -> list[str]:
        found = await self.ask("GET", f"/Groups/{group}", status=200)
        return sorted(m["value"] for m in found["members"])

    async def found(self, filter: str, kind: str = "Users", status: int = 200) -> Any:
        return await self.ask("GET", f"/{kind}", params={"filter": filter, "count": "1000"}, status=status)

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the database, seen from outside."""
        with psycopg.connect(self.dsn, row_factory=dict_row) as connection:
            return connection.execute(query.encode(), values).fetchall()

    def run(self, query: str, *values: Any) -> None:
        with psycopg.connect(self.dsn) as connection:
            connection.execute(query.encode(), values)

    def marks(self) -> dict[str, int]:
        """What is due at the first target, with its priority; every target of the source has the same."""
        found = self.rows("SELECT target, subject, prio FROM due ORDER BY seq")
        by_target = [{r["subject"]: r["prio"] for r in found if r["target"] == t} for t in self.sources["okta"].targets]
        assert all(marks == by_target[0] for marks in by_target)
        return by_target[0]

    def forget_marks(self) -> None:
        self.run("DELETE FROM due")
        self.commits.clear()

    def audit(self) -> list[dict[str, Any]]:
        return self.rows("SELECT a.*, p.fields FROM audit a LEFT JOIN audit_personal p ON p.audit = a.id ORDER BY a.id")


@pytest.fixture(scope="session")
def directory_dsn(postgres_dsn: str) -> str:
    """A database that the tests of the door share: each starts with empty tables, which is quicker than a new one."""
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE scim TEMPLATE migrated STRATEGY file_copy")
    database = postgres_dsn.replace("dbname=tenure", "dbname=scim")
    with psycopg.connect(database) as connection:  # the trail is insert-only, and these tests begin it anew
        connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_stays")
        connection.execute("ALTER TABLE audit_personal DISABLE TRIGGER audit_personal_stays")
    return database


@pytest.fixture
async def provider(directory_dsn: str) -> AsyncIterator[Provider]:
    database = directory_dsn
    with psycopg.connect(database) as connection:
        connection.execute("TRUNCATE source, target RESTART IDENTITY CASCADE")
        connection.execute(
            """INSERT INTO installation (id, console_token_hash, made_at)
            VALUES (gen_random_uuid(), sha256('token'), now()) ON CONFLICT DO NOTHING"""
        )
        made = "INSERT INTO source (name, kind, made_at) VALUES (%s, 'scim', now()) RETURNING id"
        ids = [connection.execute(made.encode(), (name,)).fetchone()[0] for name in ("okta", "entra")]  # type: ignore[index]
        made = "INSERT INTO target (name, kind, mode, made_at) VALUES (%s, 'jira', 'full', now()) RETURNING id"
        for number, name, token in ((ids[0], "old", "old"), (ids[0], "new", "tok"), (ids[1], "only", "other")):
            connection.execute(
                "INSERT INTO source_token (source, name, hash, since, origin) VALUES (%s, %s, %s, now(), 'command')",
                (number, name, hash_token(token)),
            )
        targets = [connection.execute(made.encode(), (name,)).fetchone()[0] for name in ("jira", "wiki")]  # type: ignore[index]
    sources = {
        "okta": PushSource(ids[0], "okta", tuple(targets)),
        "entra": PushSource(ids[1], "entra", ()),
    }
    store = Database(database, 8)
    await store.open()
    commits: list[None] = []
    intake = Intake(store, SteppingClock(), lambda: commits.append(None))
    app = Starlette(routes=[routes.build(intake, lambda: sources, Doorkeeper(store, SteppingClock()))])
    client = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://tenure.test/scim/okta/v2",
        headers={"Authorization": "Bearer tok"},
        timeout=30,
    )
    async with client:
        yield Provider(client, database, intake, sources, commits)
    await store.close()


async def people(provider: Provider, count: int) -> list[str]:
    return [(await provider.user())["id"] for _ in range(count)]


def join(*ids: str) -> dict[str, Any]:
    return {"op": "add", "path": "members", "value": [{"value": one} for one in ids]}


def leave(*ids: str) -> dict[str, Any]:
    return {"op": "remove", "path": "members", "value": [{"value": one} for one in ids]}

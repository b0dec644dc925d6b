"""A house at the time of day, whose clock a test moves, and commands on its database."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from tests.engine.world import SECRETS, World
from typer.testing import CliRunner, Result

from tenure.app import Tenure
from tenure.cli.main import app

BOTH = """
sources:
  okta: {kind: scim, tokens: [{env: OKTA}, {env: ENTRA}], heartbeat: 24h}
  entra: {kind: scim, token: {env: ENTRA}}
targets: {}
"""


@dataclass
class Place:
    """A database with the houses that are opened on it."""

    dsn: str
    world: World

    async def run(self, *words: str, **more: Any) -> Result:
        """Run a command in a thread, since it starts an event loop of its own."""
        return await asyncio.to_thread(CliRunner().invoke, app, [*words, "--database-url", self.dsn], **more)

    async def told(self, *words: str, code: int = 0, **more: Any) -> Any:
        """What a command says in JSON."""
        done = await self.run(*words, "--json", **more)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    async def made(self, *words: str) -> str:
        """A token that a command made."""
        token = (await self.told("token", *words))["token"]
        assert isinstance(token, str)
        return token

    def later(self, seconds: float) -> None:
        self.world.clock.at += timedelta(seconds=seconds)

    async def knock(self, tenure: Tenure, token: str | None, source: str = "okta") -> int:
        """The status that a request with this token gets."""
        transport = httpx2.ASGITransport(app=tenure.web)
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        async with httpx2.AsyncClient(transport=transport, base_url="http://tenure.test", headers=headers) as client:
            return (await client.get(f"/scim/{source}/v2/Users")).status_code

    async def settled(self, tenure: Tenure, token: str, source: str = "okta") -> int:
        """The status a few seconds later, when the tokens were read again."""
        self.later(4.1)
        return await self.knock(tenure, token, source)


@pytest.fixture
def place(database: str) -> Place:
    world = World(database, BOTH)
    world.clock.at = datetime.now(UTC)
    return Place(database, world)


OKTA, ENTRA = SECRETS["OKTA"], SECRETS["ENTRA"]

"""A sandbox in this process, and a client signed in to its Jira as the administrator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from tenure_sandbox.serve import build

Opener = Callable[..., httpx2.AsyncClient]


def client_of(app: Starlette, **options: Any) -> httpx2.AsyncClient:
    options.setdefault("auth", ("admin", "admin"))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://jira.test", **options)


@pytest.fixture
async def opened() -> AsyncIterator[Opener]:
    """Open clients on any sandbox: the first argument is the application, or the options to build one."""
    async with AsyncExitStack() as stack:
        clients: list[httpx2.AsyncClient] = []

        def connect(app: Starlette | None = None, auth: Any = ("admin", "admin"), **build_options: Any) -> Any:
            client = client_of(app or build(**build_options), auth=auth)
            clients.append(client)
            stack.push_async_callback(client.aclose)
            return client

        yield connect


@pytest.fixture
def app() -> Starlette:
    return build()


@pytest.fixture
async def jira(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def confluence(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """A client signed in to the sandbox's Confluence as the administrator."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def crowd(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """A client signed in to the sandbox's Crowd as its application, asking for JSON."""
    async with client_of(app, headers={"Accept": "application/json"}) as client:
        yield client


@pytest.fixture
async def bitbucket(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    """A client signed in to the sandbox's Bitbucket as a system administrator."""
    async with client_of(app) as client:
        yield client

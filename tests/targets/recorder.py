"""The sandbox in this process, with a list of what it was asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx2
from starlette.applications import Starlette


class Recorder(httpx2.AsyncBaseTransport):
    """The sandbox in this process, with a list of what it was asked; `bend` may change an answer."""

    def __init__(self, app: Starlette, bend: Callable[[httpx2.Request, Any], Any] | None = None) -> None:
        self.inner = httpx2.ASGITransport(app)
        self.calls: list[tuple[str, str]] = []
        self.bend = bend

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path = re.sub("^/(jira|confluence|bitbucket|crowd)/", "/", request.url.path)
        self.calls.append((request.method, path))
        answer = await self.inner.handle_async_request(request)
        if self.bend is None:
            return answer
        await answer.aread()
        if answer.headers.get("content-type", "").startswith("application/json"):
            kept = {name: value for name, value in answer.headers.items() if name.startswith("x-")}
            return httpx2.Response(answer.status_code, json=self.bend(request, answer.json()), headers=kept)
        return answer

"""The sandbox in this process, with a list of what it was asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx2
from starlette.applications import Starlette


class Recorder(httpx2.AsyncBaseTransport):
    """The sandbox in this process, with a list of what it was asked; `bend` may change an answer, or give another."""

    def __init__(self, app: Starlette, bend: Callable[[httpx2.Request, Any], Any] | None = None) -> None:
        self.inner = httpx2.ASGITransport(app)
        self.calls: list[tuple[str, str]] = []
        self.bend = bend
        self.heard: list[Any] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path = re.sub(r"^/(jira|confluence|bitbucket|crowd|scim|cloud)(?=/)", "", request.url.path)
        self.calls.append((request.method, path))
        if request.content:
            self.heard.append(json.loads(request.content))
        answer = await self.inner.handle_async_request(request)
        if self.bend is None:
            return answer
        await answer.aread()
        if re.match(r"application/(scim\+)?json", answer.headers.get("content-type", "")):
            kept = {name: value for name, value in answer.headers.items() if name.startswith("x-") or name == "etag"}
            bent = self.bend(request, answer.json())
            if isinstance(bent, httpx2.Response):
                return bent
            return httpx2.Response(answer.status_code, json=bent, headers=kept)
        return answer

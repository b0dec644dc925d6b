"""The sandbox with a meter: every call to an application is noted with the moment at which its answer was whole.

python counted_sandbox.py PORT LATENCY_MS; GET /_calls?from=N gives the calls since the N-th. The moments are seconds of
the machine's monotonic clock, which every process on it shares.
"""

from __future__ import annotations

import sys
import time
from typing import Any
from urllib.parse import parse_qs

import orjson
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenure_sandbox.serve import build


class Meter:
    """An ASGI application around the sandbox's."""

    def __init__(self, app: ASGIApp) -> None:
        """Count from nothing."""
        self._app = app
        self._calls: list[dict[str, Any]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note it, or tell what was noted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == "/_calls":
            first = int(parse_qs(scope["query_string"].decode()).get("from", ["0"])[0])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": orjson.dumps(self._calls[first:])})
        else:
            await self._app(scope, receive, self._noting(scope, send))

    def _noting(self, scope: Scope, send: Send) -> Send:
        call = {"method": scope["method"], "path": scope["path"], "query": scope["query_string"].decode(), "status": 0}

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                call["status"] = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._calls.append({**call, "at": time.monotonic()})

        return note


def main() -> None:
    """Serve until told to stop."""
    port, latency = int(sys.argv[1]), float(sys.argv[2])
    app = Meter(build(latency_ms=latency))
    uvicorn.run(app, port=port, log_level="warning", access_log=False, lifespan="off")


if __name__ == "__main__":
    main()

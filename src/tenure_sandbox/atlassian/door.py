"""What the front doors of Atlassian's applications share: the way to an operation, and pages that are no REST."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

import orjson
from starlette.types import Receive, Scope, Send

from .call import Reply, Route

JSON = "application/json;charset=UTF-8"
HTML = "text/html;charset=UTF-8"
BEARER = "sandbox"
BEARER_OWNER = "admin"


def page(status: int, title: str, text: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    """An HTML page, which is how the servlet container answers outside the REST operations."""
    body = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"
    return Reply(status, body.encode(), {"Content-Type": HTML, **(headers or {})})


def base_of(scope: Scope, headers: Mapping[bytes, bytes]) -> str:
    """The address of the application, as the caller wrote it."""
    host = headers.get(b"host", b"localhost").decode("latin-1")
    return f"{scope['scheme']}://{host}{scope.get('root_path', '')}"


def basic(given: str) -> tuple[str, str] | None:
    """Name and password of an `Authorization: Basic`; None when it is anything else."""
    scheme, _, credentials = given.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password


class Door:
    """The ASGI application below an application's path: it finds the operation; a subclass lets in and carries out."""

    def __init__(self, routes: Iterable[Route], has: Callable[[str], bool]) -> None:
        """Keep the routes that need no feature, and those whose feature this version `has`."""
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], dict[str, Route]]] = {}
        for route in routes:
            if route.feature and not has(route.feature):
                continue
            if "{" in route.path:
                pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))
                self._patterns.setdefault(route.path, (pattern, {}))[1][route.method] = route
            else:
                self._exact.setdefault(route.path, {})[route.method] = route

    def answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        """Let a request in and carry it out, at one go."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body, more = body + message.get("body", b""), message.get("more_body", False)
        raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        if re.search(rb"%(?:2f|5c)|\\", raw, re.IGNORECASE):  # the container's own rule, before any application
            reply = page(400, "HTTP Status 400 – Bad Request", "The encoded slash or backslash is not allowed.")
        else:
            reply = self.answer(scope, dict(scope["headers"]), body)
        await _send(reply, send)

    def way(self, scope: Scope, path: str, lost: str) -> tuple[Route, dict[str, str]] | Reply:
        """The operation that is asked for, with what its path says, or the container's page; `lost` is its title."""
        methods, arguments = self.find(path)
        if not methods:
            return page(404, lost, "There is no page at this address.")
        route = methods.get(scope["method"])
        if route is None:
            return page(405, "HTTP Status 405 – Method Not Allowed", "", {"Allow": ", ".join(sorted(methods))})
        return route, arguments

    def find(self, path: str) -> tuple[dict[str, Route], dict[str, str]]:
        """The operations at a path by method, and what the path's pattern took from it."""
        found = self._exact.get(path) or self._exact.get(path.removesuffix("/"))
        if found:
            return found, {}
        for pattern, methods in self._patterns.values():
            match = pattern.fullmatch(path)
            if match:
                return methods, match.groupdict()
        return {}, {}


def checked(route: Route, reply: Reply) -> Reply:
    """The reply, whose status code the route has to declare."""
    if reply.status not in route.statuses:
        raise RuntimeError(f"{route.method} {route.path} does not declare the status {reply.status}")
    return reply


async def _send(reply: Reply, send: Send) -> None:
    body: Any = reply.body
    encoded = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
    headers = {"Content-Length": str(len(encoded)), **reply.headers}
    if body is not None:
        headers.setdefault("Content-Type", JSON)
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": raw})
    await send({"type": "http.response.body", "body": encoded})

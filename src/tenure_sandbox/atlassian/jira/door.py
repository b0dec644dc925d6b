"""Jira's front door: sign-in, the way to the right operation, and the HTML pages that are no REST answers."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import orjson
from starlette.types import Receive, Scope, Send

from tenure_sandbox.faults import condition

from .call import Call, Reply, Route
from .state import Account, Jira
from .texts import Refused, refused

JSON = "application/json;charset=UTF-8"
HTML = "text/html;charset=UTF-8"
BEARER = "sandbox"
BEARER_OWNER = "admin"
MISSED = {"WWW-Authenticate": 'OAuth realm="sandbox"', "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}


def page(status: int, title: str, text: str = "", headers: Mapping[str, str] | None = None) -> Reply:
    """An HTML page, which is how Jira and its servlet container answer outside the REST operations."""
    body = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"
    return Reply(status, body.encode(), {"Content-Type": HTML, **(headers or {})})


def refusal(no: Refused) -> Reply:
    """The vendor's error collection: both keys are always there."""
    return Reply(no.status, {"errorMessages": list(no.messages), "errors": no.errors})


class Door:
    """The ASGI application below /jira: it lets a request in, finds its operation and carries it out at one go."""

    def __init__(self, jira: Jira, routes: Iterable[Route]) -> None:
        """Keep the routes that this version of Jira has."""
        self._jira = jira
        self._exact: dict[str, dict[str, Route]] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], dict[str, Route]]] = {}
        for route in routes:
            if route.feature and not jira.version.has(route.feature):
                continue
            if "{" in route.path:
                pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route.path))
                self._patterns.setdefault(route.path, (pattern, {}))[1][route.method] = route
            else:
                self._exact.setdefault(route.path, {})[route.method] = route

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
        reply = self._answer(scope, body)
        await _send(reply, send)

    def _answer(self, scope: Scope, body: bytes) -> Reply:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
        if re.search(rb"%(?:2f|5c)|\\", raw, re.IGNORECASE):
            return page(400, "HTTP Status 400 – Bad Request", "The encoded slash or backslash is not allowed.")
        signed_in = self._sign_in(scope, headers)
        if isinstance(signed_in, Reply):
            return signed_in
        path = scope["path"][len(scope.get("root_path", "")) :].replace("/rest/api/latest/", "/rest/api/2/", 1)
        methods, arguments = self._find(path)
        if not methods:
            return page(404, "Oops, you've found a dead link. - Sandbox Jira", "There is no page at this address.")
        route = methods.get(scope["method"])
        if route is None:
            return page(405, "HTTP Status 405 – Method Not Allowed", "", {"Allow": ", ".join(sorted(methods))})
        stopped = self._stopped(route, headers, signed_in)
        if stopped:
            return stopped
        call = Call(self._jira, route, scope, _base(scope, headers), path, arguments, body, signed_in)
        reply = _carry_out(call)
        if signed_in is None:
            return reply
        told = {"X-AUSERNAME": quote(signed_in.name), "X-Seraph-LoginReason": "OK", **reply.headers}
        return Reply(reply.status, reply.body, told)

    def _find(self, path: str) -> tuple[dict[str, Route], dict[str, str]]:
        found = self._exact.get(path) or self._exact.get(path.removesuffix("/"))
        if found:
            return found, {}
        for pattern, methods in self._patterns.values():
            match = pattern.fullmatch(path)
            if match:
                return methods, match.groupdict()
        return {}, {}

    def _sign_in(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Account | Reply | None:
        """Who calls; None for nobody, or a page if the credentials are wrong or a CAPTCHA is due."""
        given = headers.get(b"authorization", b"").decode("latin-1")
        if not given:
            return None
        if condition(scope, "captcha"):
            login = f"CAPTCHA_CHALLENGE; login-url={_base(scope, headers)}/login.jsp"
            denied = {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED", "X-Authentication-Denied-Reason": login}
            return page(403, "Forbidden (403)", "Basic Authentication Failure - Reason : AUTHENTICATION_DENIED", denied)
        account = self._owner(given)
        if account is None or not account.active:
            reason = "Basic Authentication Failure - Reason : AUTHENTICATED_FAILED"
            return page(401, "Unauthorized (401)", reason, MISSED)
        return account

    def _owner(self, given: str) -> Account | None:
        scheme, _, credentials = given.partition(" ")
        if scheme.lower() == "bearer" and self._jira.version.has("bearer"):
            return self._jira.by_key.get(BEARER_OWNER) if credentials == BEARER else None
        if scheme.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        account = self._jira.accounts.get(name.lower())
        return account if account is not None and account.password == password and password else None

    def _stopped(self, route: Route, headers: Mapping[bytes, bytes], signed_in: Account | None) -> Reply | None:
        """The page for a request that Jira stops before its operation sees it."""
        if signed_in is None and route.right != "anyone":
            return page(401, "Unauthorized (401)", "You must sign in to use this resource.", MISSED)
        if route.method == "GET":
            return None
        browser = headers.get(b"user-agent", b"").startswith(b"Mozilla/")
        if browser and headers.get(b"x-atlassian-token") != b"no-check":
            return Reply(403, b"XSRF check failed", {"Content-Type": "text/plain"})
        if route.method in ("POST", "PUT") and not headers.get(b"content-type", b"").startswith(b"application/json"):
            return page(415, "HTTP Status 415 – Unsupported Media Type")
        return None


def _base(scope: Scope, headers: Mapping[bytes, bytes]) -> str:
    host = headers.get(b"host", b"localhost").decode("latin-1")
    return f"{scope['scheme']}://{host}{scope.get('root_path', '')}"


def _allow(call: Call) -> None:
    if call.route.right == "administer" and not call.administers():
        raise refused(403, "forbidden")
    if call.route.right == "browse" and call.faces("forbidden"):
        raise refused(403, "forbidden")
    read_only = call.faces("read_only") if call.route.directory else None
    if read_only is not None:
        raise refused(read_only.fields["status"], "read_only")


def _carry_out(call: Call) -> Reply:
    try:
        _allow(call)
        reply = call.route.handler(call)
    except Refused as no:
        reply = refusal(no)
    if reply.status not in call.route.statuses:
        raise RuntimeError(f"{call.route.method} {call.route.path} does not declare the status {reply.status}")
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

"""Confluence's front door: sign-in, rights, and the HTML pages that are no REST answers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope

from tenure_sandbox.atlassian.call import Malformed, Reply, Route
from tenure_sandbox.atlassian.door import BEARER_OWNER, Door, base_of, checked, page
from tenure_sandbox.atlassian.seraph import MISSED, Seraph, told, untrusted

from .call import Call
from .routes import ROUTES
from .state import Account, Confluence
from .texts import Refused, refused


class ConfluenceDoor(Door):
    """The ASGI application below /confluence. Rights: `anyone`, a `caller`, to `browse` people, to `administer`."""

    def __init__(self, confluence: Confluence) -> None:
        """Keep the routes that this version of Confluence has."""
        super().__init__(ROUTES, confluence.version.has)
        self._confluence = confluence
        owner = (lambda: confluence.accounts.get(BEARER_OWNER)) if confluence.version.has("bearer") else None
        self._seraph = Seraph("login.action", lambda name: confluence.accounts.get(name), owner)

    def answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        """Let a request in and carry it out."""
        signed_in = self._seraph.caller(scope, headers)
        if isinstance(signed_in, Reply):
            return signed_in
        self._confluence.asked()
        path = scope["path"][len(scope.get("root_path", "")) :].replace("/rest/api/latest/", "/rest/api/", 1)
        way = self.way(scope, path, "Page Not Found - Sandbox Confluence")
        if isinstance(way, Reply):
            return way
        route, arguments = way
        stopped = _stopped(route, headers, body, signed_in)
        if stopped:
            return stopped
        call = Call(
            route=route,
            scope=scope,
            base=base_of(scope, headers),
            path=path,
            arguments=arguments,
            body=body,
            confluence=self._confluence,
            signed_in=signed_in,
        )
        return told(checked(route, _carry_out(call)), signed_in)


def _stopped(route: Route, headers: Mapping[bytes, bytes], body: bytes, signed_in: Account | None) -> Reply | None:
    """The page for a request that Confluence stops before its operation sees it."""
    if signed_in is None and route.right != "anyone" and not {401, 403} & set(route.statuses):
        return page(401, "Unauthorized (401)", "You must sign in to use this resource.", MISSED)
    if refusal := untrusted(route, headers):
        return refusal
    if route.method != "GET" and body and not headers.get(b"content-type", b"").startswith(b"application/json"):
        return page(415, "HTTP Status 415 – Unsupported Media Type")
    return None


def _allow(call: Call) -> None:
    right = call.route.right
    if right != "anyone" and call.signed_in is None:  # Confluence answers nobody in its own form, not by a page
        raise refused("signed_out" if 401 in call.route.statuses else "not_signed_in")
    if right == "administer" and not call.administers():
        raise refused("forbidden")
    if right == "browse" and call.faces("forbidden"):
        raise refused("forbidden")
    if call.route.directory and call.faces("read_only"):
        raise refused("read_only")


def _carry_out(call: Call) -> Reply:
    try:
        _allow(call)
        return call.route.handler(call)
    except Malformed as wrong:
        no = refused("parameter", name=wrong.name, value=wrong.value) if wrong.name else refused("body")
    except Refused as refusal:
        no = refusal
    return Reply(no.status, no.document())

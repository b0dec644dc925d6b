"""Jira's front door: sign-in, rights, and the HTML pages that are no REST answers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope

from tenure_sandbox.atlassian.call import Malformed, Reply, Route
from tenure_sandbox.atlassian.door import BEARER_OWNER, Door, base_of, checked, page
from tenure_sandbox.atlassian.seraph import MISSED, Seraph, told, untrusted

from .anonymization import go_on
from .call import Call
from .routes import ROUTES
from .session_routes import by_cookie
from .state import Account, Jira
from .texts import Refused, refused


class JiraDoor(Door):
    """The ASGI application below /jira. Rights: `anyone`, a `caller`, to `browse` people, to `administer`."""

    def __init__(self, jira: Jira) -> None:
        """Keep the routes that this version of Jira has."""
        super().__init__(ROUTES, jira.version.has)
        self._jira = jira
        owner = (lambda: jira.by_key.get(BEARER_OWNER)) if jira.version.has("bearer") else None
        self._seraph = Seraph("login.jsp", lambda name: jira.accounts.get(name), owner)

    def answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        """Let a request in and carry it out."""
        go_on(self._jira)
        signed_in = self._seraph.caller(scope, headers)
        if isinstance(signed_in, Reply):
            return signed_in
        signed_in = signed_in or by_cookie(self._jira, headers)
        path = scope["path"][len(scope.get("root_path", "")) :].replace("/rest/api/latest/", "/rest/api/2/", 1)
        path = path.replace("/rest/auth/latest/", "/rest/auth/1/", 1)
        way = self.way(scope, path, "Oops, you've found a dead link. - Sandbox Jira")
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
            jira=self._jira,
            signed_in=signed_in,
        )
        return told(checked(route, _carry_out(call)), signed_in)


def _stopped(route: Route, headers: Mapping[bytes, bytes], body: bytes, signed_in: Account | None) -> Reply | None:
    """The page for a request that Jira stops before its operation sees it."""
    if signed_in is None and route.right != "anyone":
        return page(401, "Unauthorized (401)", "You must sign in to use this resource.", MISSED)
    if refusal := untrusted(route, headers):
        return refusal
    kind = headers.get(b"content-type", b"")
    if route.method in ("POST", "PUT") and (body or kind) and not kind.startswith(route.media.encode()):
        return page(415, "HTTP Status 415 – Unsupported Media Type")
    return None


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
        return call.route.handler(call)
    except Malformed as wrong:
        no = refused(400, "parameter", name=wrong.name, value=wrong.value) if wrong.name else refused(400, "body")
    except Refused as refusal:
        no = refusal
    return Reply(no.status, {"errorMessages": list(no.messages), "errors": no.errors})

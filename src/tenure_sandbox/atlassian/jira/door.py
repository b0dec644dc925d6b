"""Jira's front door: sign-in, rights, and the HTML pages that are no REST answers."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.types import Scope

from tenure_sandbox.atlassian.call import Malformed, Reply, Route
from tenure_sandbox.atlassian.door import BEARER, BEARER_OWNER, Door, base_of, basic, checked, page
from tenure_sandbox.faults import condition

from .anonymization import go_on
from .call import Call
from .routes import ROUTES
from .state import Account, Jira
from .texts import Refused, refused

MISSED = {"WWW-Authenticate": 'OAuth realm="sandbox"', "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}


class JiraDoor(Door):
    """The ASGI application below /jira. Rights: `anyone`, a `caller`, to `browse` people, to `administer`."""

    def __init__(self, jira: Jira) -> None:
        """Keep the routes that this version of Jira has."""
        super().__init__(ROUTES, jira.version.has)
        self._jira = jira

    def answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        """Let a request in and carry it out."""
        go_on(self._jira)
        signed_in = self._sign_in(scope, headers)
        if isinstance(signed_in, Reply):
            return signed_in
        path = scope["path"][len(scope.get("root_path", "")) :].replace("/rest/api/latest/", "/rest/api/2/", 1)
        methods, arguments = self.find(path)
        if not methods:
            return page(404, "Oops, you've found a dead link. - Sandbox Jira", "There is no page at this address.")
        route = methods.get(scope["method"])
        if route is None:
            return page(405, "HTTP Status 405 – Method Not Allowed", "", {"Allow": ", ".join(sorted(methods))})
        stopped = self._stopped(route, headers, signed_in)
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
        reply = checked(route, _carry_out(call))
        if signed_in is None:
            return reply
        told = {"X-AUSERNAME": quote(signed_in.name), "X-Seraph-LoginReason": "OK", **reply.headers}
        return Reply(reply.status, reply.body, told)

    def _sign_in(self, scope: Scope, headers: Mapping[bytes, bytes]) -> Account | Reply | None:
        """Who calls; None for nobody, or a page if the credentials are wrong or a CAPTCHA is due."""
        given = headers.get(b"authorization", b"").decode("latin-1")
        if not given:
            return None
        if condition(scope, "captcha"):
            login = f"CAPTCHA_CHALLENGE; login-url={base_of(scope, headers)}/login.jsp"
            denied = {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED", "X-Authentication-Denied-Reason": login}
            return page(403, "Forbidden (403)", "Basic Authentication Failure - Reason : AUTHENTICATION_DENIED", denied)
        account = self._owner(given)
        if account is None or not account.active:
            reason = "Basic Authentication Failure - Reason : AUTHENTICATED_FAILED"
            return page(401, "Unauthorized (401)", reason, MISSED)
        return account

    def _owner(self, given: str) -> Account | None:
        if given.lower().startswith("bearer ") and self._jira.version.has("bearer"):
            return self._jira.by_key.get(BEARER_OWNER) if given[7:] == BEARER else None
        named = basic(given)
        account = self._jira.accounts.get(named[0].lower()) if named else None
        return account if account is not None and named and named[1] and account.password == named[1] else None

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

"""Bitbucket's front door: sign-in, rights, and the answers to what is no operation."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.types import Scope

from tenure_sandbox.atlassian.call import Malformed, Reply, Route
from tenure_sandbox.atlassian.door import BEARER, BEARER_OWNER, Door, base_of, basic, checked, page
from tenure_sandbox.faults import condition

from .call import Call
from .permissions import ADMIN
from .routes import ROUTES
from .state import Account, Bitbucket
from .texts import Refused, refused

FORMS = (b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain")
# Each part of the API has a number of its own beside `latest`; older clients ask by it.
NUMBERED = {
    "api": "1.0",
    "ssh": "1.0",
    "gpg": "1.0",
    "keys": "1.0",
    "access-tokens": "1.0",
    "branch-permissions": "2.0",
}


class BitbucketDoor(Door):
    """The ASGI application below /bitbucket. Rights: `anyone`, a `caller`, who is `licensed`, and to `administer`."""

    def __init__(self, bitbucket: Bitbucket) -> None:
        """Keep the routes that this version has."""
        super().__init__(ROUTES, bitbucket.version.has)
        self._bitbucket = bitbucket

    def answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        """Let a request in and carry it out."""
        given = headers.get(b"authorization", b"").decode("latin-1")
        if given and condition(scope, "captcha"):
            login = f"CAPTCHA_CHALLENGE; login-url={base_of(scope, headers)}/login"
            return _refusal(refused("captcha"), {"X-Authentication-Denied-Reason": login})
        signed_in = self._owner(given)
        if given and signed_in is None:
            return _refusal(refused("wrong_password"))
        reply = self._carried_out(scope, headers, body, signed_in, given.lower().startswith("bearer "))
        if signed_in is None:
            return reply
        told = {"X-AUSERID": str(signed_in.id), "X-AUSERNAME": quote(signed_in.name), **reply.headers}
        return Reply(reply.status, reply.body, told)

    def _owner(self, given: str) -> Account | None:
        if given.lower().startswith("bearer "):
            return self._bitbucket.accounts.get(BEARER_OWNER) if given[7:] == BEARER else None
        named = basic(given)
        account = self._bitbucket.accounts.get(named[0].lower()) if named else None
        right = account is not None and named is not None and named[1] and account.password == named[1]
        return account if account is not None and account.active and right else None

    def _carried_out(
        self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes, signed_in: Account | None, by_token: bool
    ) -> Reply:
        path = scope["path"][len(scope.get("root_path", "")) :]
        for part, number in NUMBERED.items():
            path = path.replace(f"/rest/{part}/{number}/", f"/rest/{part}/latest/", 1)
        way = self.way(scope, path, "Dead link - Bitbucket")
        if isinstance(way, Reply):
            return way
        route, arguments = way
        stopped = _stopped(route, headers, body)
        if stopped:
            return stopped
        call = Call(
            route=route,
            scope=scope,
            base=base_of(scope, headers),
            path=path,
            arguments=arguments,
            body=body,
            bitbucket=self._bitbucket,
            signed_in=signed_in,
            by_token=by_token,
        )
        return checked(route, _carry_out(call))


def _refusal(no: Refused, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(no.status, {"errors": [no.row]}, headers or {})


def _stopped(route: Route, headers: Mapping[bytes, bytes], body: bytes) -> Reply | None:
    """The answer to a request that is stopped before its operation sees it."""
    given = headers.get(b"content-type", b"").split(b";")[0].strip()
    if route.method == "POST" and given in FORMS and headers.get(b"x-atlassian-token") != b"no-check":
        return Reply(403, b"XSRF check failed", {"Content-Type": "text/plain"})
    if body and route.method != "GET" and given != route.media.encode():
        return page(415, "HTTP Status 415 – Unsupported Media Type")
    return None


def _allow(call: Call) -> None:
    right = call.route.right
    if right != "anyone" and call.signed_in is None:
        raise refused("not_signed_in")
    lacks = {"caller": call.faces("forbidden") is not None, "licensed": call.level() < 0, "anyone": False}
    if lacks.get(right, call.level() < ADMIN):
        raise refused("not_permitted")
    read_only = call.faces("read_only") if call.route.directory else None
    if read_only is not None:
        no = refused("read_only", name="everybody")
        raise Refused(read_only.fields["status"], None, str(no.row["message"]), no.row["exceptionName"])


def _carry_out(call: Call) -> Reply:
    try:
        _allow(call)
        return call.route.handler(call)
    except Malformed as wrong:
        no = refused("parameter", name=wrong.name, value=wrong.value) if wrong.name else refused("body")
    except Refused as refusal:
        no = refusal
    return _refusal(no)

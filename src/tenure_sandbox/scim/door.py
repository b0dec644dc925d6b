"""The front door of a SCIM server: sign-in, media types, and every error in SCIM's own form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from starlette.types import Scope

from tenure_sandbox.atlassian.call import Reply, Route
from tenure_sandbox.atlassian.door import BEARER, Door, base_of, basic, checked

from .call import Call
from .routes import ROUTES
from .state import Scim
from .texts import Refused, invalid

SCIM = "application/scim+json"
_READABLE = (b"application/scim+json", b"application/json")


class ScimDoor(Door):
    """The ASGI application below /scim. admin/admin by HTTP Basic, or the bearer `sandbox`."""

    call: type[Call] = Call

    def __init__(self, scim: Scim, routes: Iterable[Route] = ROUTES) -> None:
        """Keep the routes that this server has."""
        super().__init__(routes, scim.variant.has)
        self._scim = scim

    def answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        """Let a request in and carry it out."""
        try:
            reply = self._answered(scope, headers, body)
        except Refused as no:
            reply = self.refusal(no)
        if reply.body is None or "Content-Type" in reply.headers:
            return reply
        return replace(reply, headers={**reply.headers, "Content-Type": SCIM})

    def refusal(self, no: Refused) -> Reply:
        """An error as this server writes it."""
        asked = {"WWW-Authenticate": 'Bearer realm="sandbox"'} if no.status == 401 else {}
        return Reply(no.status, no.body(), asked)

    def let_in(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the credentials of a request are right."""
        given = headers.get(b"authorization", b"").decode("latin-1")
        return given == f"Bearer {BEARER}" or basic(given) == ("admin", "admin")

    def _answered(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        path = scope["path"][len(scope.get("root_path", "")) :]
        if not self.let_in(headers):
            raise Refused(401, "the credentials are wrong or missing")
        methods, arguments = self.find(path)
        if not methods:
            raise Refused(404, f"there is nothing at {path}")
        route = methods.get(scope["method"])
        if route is None:
            missing = scope["method"] == "PATCH" and "PUT" in methods
            raise Refused(501 if missing else 405, f"{scope['method']} is not supported here")
        if body and not headers.get(b"content-type", b"").startswith(_READABLE):
            raise Refused(415, f"the body must be {SCIM}")
        call = self.call(
            route=route,
            scope=scope,
            base=base_of(scope, headers),
            path=path,
            arguments=arguments,
            body=body,
            scim=self._scim,
            headers=headers,
        )
        return checked(route, self._carry_out(call))

    def _carry_out(self, call: Call) -> Reply:
        try:
            if call.route.right != "anyone" and call.faces("forbidden"):
                raise Refused(403, "this client may not do that")
            read_only = call.faces("read_only") if call.route.directory else None
            if read_only is not None:
                raise Refused(read_only.fields["status"], "this directory is read-only")
            reply: Reply = call.route.handler(call)
            return reply
        except Refused as no:
            return self.refusal(no)
        except RecursionError:
            return self.refusal(invalid("the filter is nested too deeply", "invalidFilter"))

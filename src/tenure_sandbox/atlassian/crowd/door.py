"""Crowd's front door: applications sign in, each answer bears the version, and speaks XML unless asked for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.types import Scope

from tenure_sandbox.atlassian.call import Malformed, Reply, Route
from tenure_sandbox.atlassian.door import JSON, Door, base_of, basic, checked, page

from . import xml
from .call import Call, Document
from .entities import API
from .routes import ROUTES
from .state import APPLICATION, PASSWORD, Crowd
from .texts import Refused, refused

XML = "application/xml"
XML_ALONE = f"{API}/group/membership"


class CrowdDoor(Door):
    """The ASGI application below /crowd. Whoever signs in is an application, never a person."""

    def __init__(self, crowd: Crowd) -> None:
        """Keep the routes."""
        super().__init__(ROUTES, crowd.version.has)
        self._crowd = crowd

    def answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        """Let a request in and carry it out."""
        path = scope["path"][len(scope.get("root_path", "")) :].replace(
            "/usermanagement/latest/", "/usermanagement/1/", 1
        )
        if not path.startswith(f"{API}/"):
            return page(404, "HTTP Status 404 – Not Found", "There is no page at this address.")
        reply = self._answered(scope, path, headers, body)
        return replace(
            reply, headers={**reply.headers, "X-Embedded-Crowd-Version": f"Crowd/{self._crowd.version.text}"}
        )

    def _answered(self, scope: Scope, path: str, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        if basic(headers.get(b"authorization", b"").decode("latin-1")) != (APPLICATION, PASSWORD):
            asked = {"WWW-Authenticate": 'Basic realm="Crowd REST Service"', "Content-Type": "text/plain"}
            return Reply(401, b"Application failed to authenticate", asked)
        way = self.way(scope, path, "HTTP Status 404 – Not Found")
        if isinstance(way, Reply):
            return way
        route, arguments = way
        stopped = _stopped(route, path, headers, body)
        if stopped:
            return stopped
        call = Call(
            route=route,
            scope=scope,
            base=base_of(scope, headers),
            path=path,
            arguments=arguments,
            body=body,
            crowd=self._crowd,
            headers=headers,
        )
        if call.faces("forbidden") and not route.directory:  # its address is not on the application's list any more
            return page(403, "Forbidden", "The server understood the request but refuses to authorize it.")
        return _written(checked(route, _carry_out(call)), _wants_json(headers))


def _wants_json(headers: Mapping[bytes, bytes]) -> bool:
    """Whether JSON is asked for, and before XML if both are; who asks for nothing gets XML."""
    asked = headers.get(b"accept", b"").decode("latin-1").lower()
    json, other = asked.find("application/json"), asked.find(XML)
    return json >= 0 and (other < 0 or json < other)


def _stopped(route: Route, path: str, headers: Mapping[bytes, bytes], body: bytes) -> Reply | None:
    """The page for a request that the container stops before its operation sees it; both codes are JAX-RS's own."""
    given = headers.get(b"content-type", b"")
    if route.method != "GET" and body and not given.startswith((b"application/json", b"application/xml", b"text/xml")):
        return page(415, "HTTP Status 415 – Unsupported Media Type")
    asked = headers.get(b"accept", b"")
    if path == XML_ALONE and asked and not any(one in asked for one in (b"xml", b"*/*")):
        return page(406, "HTTP Status 406 – Not Acceptable")
    return None


def _written(reply: Reply, json: bool) -> Reply:
    if not isinstance(reply.body, Document):  # a client of others wants to know the type even of nothing
        kind = {"Content-Type": JSON if json else XML} if reply.status == 201 else {}
        return replace(reply, headers={**reply.headers, **kind})
    if json and reply.body.name != "memberships":
        return replace(reply, body=reply.body.data)
    document = xml.document(reply.body.name, reply.body.data)
    return replace(reply, body=document, headers={**reply.headers, "Content-Type": XML})


def _allow(call: Call) -> None:
    if not call.route.directory:
        return
    if call.faces("forbidden"):
        raise refused("no_permission")
    read_only = call.faces("read_only")
    if read_only is not None:
        no = refused("no_permission")
        raise Refused(read_only.fields["status"], no.reason, no.message)


def _carry_out(call: Call) -> Reply:
    try:
        _allow(call)
        return call.route.handler(call)
    except Malformed as wrong:
        no = refused("parameter", name=wrong.name, value=wrong.value) if wrong.name else refused("body")
    except Refused as refusal:
        no = refusal
    return Reply(no.status, Document("error", {"reason": no.reason, "message": no.message}))

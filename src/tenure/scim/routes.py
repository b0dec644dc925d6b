"""The SCIM door: which request goes where, who may knock, and that every answer is SCIM."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from tenure.engine.delivery import PushSource
from tenure.engine.intake import Intake
from tenure.scim import bulk, discovery, groups, me, oauth, search, users, v1
from tenure.scim.call import Call, caller, has_secret_in_address, json_body, origin
from tenure.scim.doorkeeper import Doorkeeper
from tenure.scim.errors import ScimError, invalid_value, response, told
from tenure.scim.tokens import offered

Handler = Callable[[Call], Awaitable[Response]]
Sources = Callable[[], Mapping[str, PushSource]]
Observe = Callable[[str, str, int, float], None]
"""Called after each answer: the source's name (empty when there is no such source), method, status, seconds."""

Endpoints = Mapping[str, tuple[Mapping[str, Handler], Mapping[str, Handler]]]

ENDPOINTS: Endpoints = {
    "": (search.ROOT, {}),
    ".search": (search.ROOT_SEARCH, {}),
    "users": (users.COLLECTION, users.ONE),
    "groups": (groups.COLLECTION, groups.ONE),
    "bulk": (bulk.COLLECTION, {}),
    "me": (me.COLLECTION, {}),
    "serviceproviderconfig": (discovery.CONFIGURATION, {}),
    "resourcetypes": (discovery.RESOURCE_TYPES, discovery.RESOURCE_TYPE),
    "schemas": (discovery.SCHEMAS, discovery.SCHEMA),
}
"""By endpoint in lower case: the handlers of the collection and those of one resource in it, by HTTP method."""
VERSIONS: Mapping[str, Endpoints] = {"v1": v1.ENDPOINTS, "v2": ENDPOINTS}
"""The endpoints of each version of SCIM."""
SEARCHES: Mapping[str, Mapping[str, Handler]] = {"users": users.SEARCH, "groups": groups.SEARCH}
"""By endpoint: the handlers of `.search` below it (RFC 7644 section 3.4.3)."""


def build(
    intake: Intake,
    sources: Sources,
    doorkeeper: Doorkeeper,
    base_url: str | None = None,
    observe: Observe = lambda source, method, status, seconds: None,
) -> Mount:
    """The route of the door: `/scim/<source>/v2/...`, `/v1/...` beside it, and `/scim/<source>/oauth2/token`.

    `sources` gives the push sources by name, as they are at that moment. `base_url` is our public address, without
    `/scim`; without it, locations are told from the request's own host.
    """
    mount = Mount("/scim", app=Door(intake, sources, doorkeeper, base_url, observe))
    # A line break in an address is for the door to answer, too: Starlette's pattern ends at one.
    mount.path_regex = re.compile(mount.path_regex.pattern, re.DOTALL)
    return mount


class Door:
    """An ASGI application that answers SCIM, its errors included; at the token endpoint, OAuth."""

    def __init__(
        self, intake: Intake, sources: Sources, doorkeeper: Doorkeeper, base_url: str | None, observe: Observe
    ) -> None:
        """See `build`."""
        self._intake, self._sources, self._base_url = intake, sources, base_url
        self._doorkeeper, self._observe = doorkeeper, observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        began = self._doorkeeper.clock.monotonic()
        path = [part for part in _below(scope).split("/") if part]
        source = self._sources().get(path[0]) if path else None
        refusal = v1.response if _version(path) == "v1" else response
        try:
            answer = await self._answer(Request(scope, receive), path, source)
        except ClientDisconnect:
            return
        except Exception as problem:
            answer = refusal(told(problem, scope["method"]))
        try:
            await answer(scope, receive, send)
        finally:
            seconds = self._doorkeeper.clock.monotonic() - began
            self._observe(source.name if source else "", scope["method"], answer.status_code, seconds)

    async def _answer(self, request: Request, path: list[str], source: PushSource | None) -> Response:
        if source is None:
            raise ScimError(404, "There is no such source; the address is /scim/<source>/v2.")
        if [part.lower() for part in path[1:]] == ["oauth2", "token"]:
            return await oauth.token(request, source, self._doorkeeper)
        if has_secret_in_address(request):
            raise invalid_value("A token does not belong in the address: revoke it, and send another in a header.")
        offer = offered(request.headers.get("authorization"))
        await self._doorkeeper.admit(source, (offer,) if offer else (), caller(request))
        version = _version(path)
        handlers = _handlers(version, [part.lower() for part in path[2:]])
        if handlers is None:
            raise ScimError(404, "There is no such endpoint; Users, Groups, Schemas and the like are under /v2/.")
        method = "GET" if request.method == "HEAD" else request.method
        handler = handlers.get(method)
        if handler is None:
            allowed = ", ".join(handlers)
            if not allowed:
                raise ScimError(404, "There is no such endpoint.")
            raise ScimError(405, f"{method} is not possible here; {allowed} are.", headers={"Allow": allowed})
        base = f"{origin(request, self._base_url)}/scim/{quote(path[0], safe='')}/{version}"
        key = path[3] if len(path) > 3 else ""
        query, body = request.scope["query_string"], partial(json_body, request)
        made = v1.CallOfV1 if version == "v1" else Call
        call = made(request.method, request.headers, query, body, source, self._intake, base, key, self._doorkeeper)
        answer = await handler(call)
        return v1.answered(answer) if version == "v1" else answer


def _version(path: list[str]) -> str:
    """The version of SCIM that a path names, in lower case."""
    return path[1].lower() if len(path) > 1 else ""


def _handlers(version: str, path: list[str]) -> Mapping[str, Handler] | None:
    """The handlers at a path below the root of a version, in lower case; None when there is no such endpoint."""
    name = path[0] if path else ""
    endpoints = VERSIONS.get(version, {})
    if name not in endpoints or len(path) > 2:
        return None
    if version == "v2" and path[1:] == [".search"]:
        return SEARCHES.get(name)
    return endpoints[name][len(path) == 2]


def _below(scope: Scope) -> str:
    """The path below the place where the door is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))

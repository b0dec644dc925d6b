"""The front door of api.atlassian.com, as far as it is played here: one directory over SCIM, and managed accounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.types import Scope

from tenure_sandbox.atlassian.call import Call as BaseCall
from tenure_sandbox.atlassian.call import Reply, Route
from tenure_sandbox.atlassian.door import BEARER, Door, base_of, checked
from tenure_sandbox.scim import ROUTES as SCIM_ROUTES
from tenure_sandbox.scim import ScimDoor
from tenure_sandbox.scim import call as scim_call
from tenure_sandbox.scim.filters import bad
from tenure_sandbox.scim.texts import Refused

from .state import DIRECTORY, Cloud

SCIM = f"/scim/directory/{DIRECTORY}"
ORGANISATION = "sandbox-organisation"  # the key that manages accounts, and not people in the directory
TRACE = "00000000000000000000000000000000"
SINGLE = re.compile(r'\s*(\w+)\s+eq\s+"(?:\\.|[^"\\])*"\s*', re.IGNORECASE)
FILTERED = {"User": ("username", "externalid"), "Group": ("displayname",)}


class DirectoryCall(scim_call.Call):
    """A request to the directory: it knows one exact match alone, and shows a group that was changed."""

    def filter(self, text: str) -> Any:
        """The test that a filter stands for; a single `eq` on a name is all that there is."""
        match = SINGLE.fullmatch(text)
        if match is None or match[1].lower() not in FILTERED[self.kind().name]:
            raise bad("a single eq on userName or externalId, or on a group's displayName, is supported")
        return super().filter(text)


def _group_is_shown(call: DirectoryCall) -> Reply:
    _MODIFY.handler(call)
    return call.answer(200, call.resource())


_MODIFY = next(route for route in SCIM_ROUTES if (route.method, route.path) == ("PATCH", "/Groups/{id}"))
_LEFT_OUT = ("/Me", "/Bulk", "/.search")
_READS = ("filter", "startIndex", "count")


def _own(route: Route) -> Route:
    """An operation as the vendor has it: no versions, no cursors, and groups shown as they are."""
    statuses = tuple(status for status in route.statuses if status not in (304, 412))
    query = tuple(name for name in route.query if name != "cursor")
    if route.path.startswith("/Groups"):
        query = tuple(name for name in query if name in _READS)
    if route is _MODIFY:
        return replace(route, handler=_group_is_shown, query=query, statuses=(200, 400, 403, 404))
    if (route.method, route.path) == ("POST", "/Groups"):
        statuses = (*statuses, 409)
    return replace(route, query=query, statuses=statuses)


DIRECTORY_ROUTES = tuple(_own(route) for route in SCIM_ROUTES if route.path not in _LEFT_OUT)


class DirectoryDoor(ScimDoor):
    """The door to the directory, which one key opens; what that key may not is said in a form of Atlassian's own."""

    call = DirectoryCall

    def let_in(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether the directory's key is right."""
        return headers.get(b"authorization", b"") == f"Bearer {BEARER}".encode()

    def refusal(self, no: Refused) -> Reply:
        """An error: SCIM's, save for who may not come in."""
        if no.status not in (401, 403):
            return super().refusal(no)
        return Reply(no.status, {"error": no.detail, "traceId": TRACE}, {"Content-Type": "application/json"})


@dataclass(slots=True, kw_only=True)
class Call(BaseCall):
    """A request to the accounts that the organisation manages."""

    cloud: Cloud


def may_manage(call: Call) -> Reply:
    """GET /users/{account_id}/manage."""
    if call.cloud.by_account(call.arguments["account_id"]) is None:
        return Reply(404, {"key": "notFound", "context": "account"})
    return Reply(200, {"lifecycle.enablement": {"allowed": True}})


def _switch(call: Call, disabled: bool) -> Reply:
    account = call.cloud.by_account(call.arguments["account_id"])
    if account is None:
        return Reply(404, {"key": "notFound", "context": "account"})
    account.disabled = disabled
    call.cloud.wrote(call.route.method, call.path, account.id)
    return Reply(204)


def disable(call: Call) -> Reply:
    """POST /users/{account_id}/manage/lifecycle/disable."""
    return _switch(call, True)


def enable(call: Call) -> Reply:
    """POST /users/{account_id}/manage/lifecycle/enable."""
    return _switch(call, False)


_STATUSES = (204, 401, 403, 404)
ROUTES = (
    Route("GET", "/users/{account_id}/manage", may_manage, (), (200, 401, 403, 404)),
    Route("POST", "/users/{account_id}/manage/lifecycle/disable", disable, (), _STATUSES, directory=True),
    Route("POST", "/users/{account_id}/manage/lifecycle/enable", enable, (), _STATUSES, directory=True),
)


class CloudDoor(Door):
    """The ASGI application below /cloud: bearer `sandbox` for the directory, another for accounts."""

    def __init__(self, cloud: Cloud) -> None:
        """Open the directory, and the accounts behind it."""
        super().__init__(ROUTES, lambda feature: True)
        self._cloud = cloud
        self._directory = DirectoryDoor(cloud, DIRECTORY_ROUTES)

    def answer(self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        """Let a request in and carry it out."""
        root = scope.get("root_path", "")
        path = scope["path"][len(root) :]
        if path.startswith(f"{SCIM}/"):
            return self._directory.answer({**scope, "root_path": root + SCIM}, headers, body)
        methods, arguments = self.find(path)
        route = methods.get(scope["method"])
        if route is None:
            return Reply(405 if methods else 404, {"code": 405 if methods else 404, "message": "no such operation"})
        if headers.get(b"authorization", b"") != f"Bearer {ORGANISATION}".encode():
            return Reply(401, {"key": "unauthorized"})
        call = Call(
            route=route,
            scope=scope,
            base=base_of(scope, headers),
            path=path,
            arguments=arguments,
            body=body,
            cloud=self._cloud,
        )
        if call.faces("forbidden") or (route.directory and call.faces("read_only")):
            return Reply(403, {"key": "forbidden"})
        return checked(route, route.handler(call))

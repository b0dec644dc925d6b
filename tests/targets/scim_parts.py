"""What the tests of the SCIM connector share: a server in this process, a target to it, and what is at the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
from starlette.applications import Starlette

from tenure.model.capability import Mode
from tenure.model.change import Handle
from tenure.model.secret import Secret
from tenure.model.seen import ReadComplete, Selector
from tenure.targets.scim.target import ScimSettings, ScimTarget
from tenure.wire import Basic, Bearer, PacedLimiter
from tenure_sandbox.scim import Scim
from tenure_sandbox.scim.state import Resource
from tenure_sandbox.serve import build

from .clock import JumpingClock
from .recorder import Recorder

ANNA = {"username": "anna", "email": "anna@example.com", "display_name": "Anna Abel"}
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
TOKEN = "sandbox"
Bend = Callable[[httpx2.Request, Any], Any]


class Server:
    """A stand-in that a test may bend, with what it was sent."""

    def __init__(self, version: str = "2.0", users: int = 0, bend: Bend | None = None) -> None:
        self.app: Starlette = build(users, scim_version=version)
        self.bodies: list[Any] = []
        self.network = Recorder(self.app, bend)
        self.network.heard = self.bodies

    @property
    def state(self) -> Scim:
        state: Scim = self.app.state.world.applications["scim"]
        return state

    @property
    def wrote(self) -> list[tuple[str, str]]:
        """The requests that were not readings."""
        return [call for call in self.network.calls if call[0] != "GET"]

    def open(self, *, bearer: bool = False) -> ScimTarget:
        clock = JumpingClock()
        auth = Bearer(bearer=Secret(TOKEN)) if bearer else Basic(username="admin", password=Secret("admin"))
        limiter = PacedLimiter(clock, per_second=1000, concurrency=8)
        settings = ScimSettings(url="http://app.test/scim", auth=auth)
        return ScimTarget(settings, mode=Mode.FULL, limiter=limiter, clock=clock, transport=self.network)

    def user(self, name: str) -> Resource:
        return self.state.found["User"][self.state.names[name]]

    def handle(self, name: str) -> Handle:
        return Handle(self.user(name).id, name)

    def group(self, name: str) -> Resource:
        return next(one for one in self.state.found["Group"].values() if one.document["displayName"] == name)


async def read(target: ScimTarget, what: Selector) -> list[Any]:
    return [one async for one in target.read(what)]


async def whole(target: ScimTarget, what: Selector) -> bool:
    seen = await read(target, what)
    return bool(seen) and isinstance(seen[-1], ReadComplete)


def asked(request: httpx2.Request) -> dict[str, str]:
    """The query of a request."""
    return dict(request.url.params)


def listing(request: httpx2.Request, kind: str = "Users") -> bool:
    return request.method == "GET" and request.url.path.endswith(f"/{kind}")

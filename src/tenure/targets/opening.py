"""What every target over HTTP is opened with: the settings that all of them have, and their client."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NotRequired, TypedDict

import httpx2
from pydantic import BaseModel, ConfigDict, Field

from tenure.model.capability import Mode
from tenure.model.clock import Clock
from tenure.wire import Auth, Client, Limiter, Operation
from tenure.wire.judge import OwnError

NO_CHECK = {"X-Atlassian-Token": "no-check"}
"""By which a client shows Atlassian's applications that it is no page in a browser (XSRF)."""


class ServerSettings(BaseModel):
    """How to reach a server: its base address, and how long one request may take. A kind of target adds `auth`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    url: str
    timeout: float = Field(default=30.0, gt=0, le=120, description="seconds for one request, from first to last byte")


class Around(TypedDict):
    """What a target finds around it: how far it may go, who holds it back, the time, a network, its name."""

    mode: Mode
    limiter: Limiter
    clock: Clock
    transport: NotRequired[httpx2.AsyncBaseTransport | None]
    name: NotRequired[str]


def client_of(
    settings: ServerSettings,
    auth: Auth,
    operations: Collection[Operation],
    own_error: OwnError,
    around: Around,
    *,
    kind: str,
    headers: Mapping[str, str] = NO_CHECK,
    content_type: str = "application/json",
    url: str | None = None,
) -> Client:
    """The client of a target, which touches nobody yet; `kind` is its name where the estate gives none.

    `url` is another address than that of the settings, for an application that has two.
    """
    return Client(
        url or settings.url,
        auth=auth,
        mode=around["mode"],
        operations=operations,
        limiter=around["limiter"],
        own_error=own_error,
        clock=around["clock"],
        name=around.get("name", kind),
        headers=headers,
        content_type=content_type,
        transport=around.get("transport"),
        timeout=settings.timeout,
    )

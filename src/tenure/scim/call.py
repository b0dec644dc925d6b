"""One request at the SCIM door: its body, its parameters and the way to answer it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from tenure.engine.delivery import PushSource
from tenure.engine.intake import Intake
from tenure.scim import answers
from tenure.scim.definitions import user_type
from tenure.scim.dialects import our_id
from tenure.scim.doorkeeper import Doorkeeper
from tenure.scim.errors import MEDIA_TYPE, ScimError, invalid_syntax, not_found
from tenure.scim.schema import ResourceType

LONGEST_BODY = 8 * 2**20
"""Bytes: a PATCH of 10,000 members and more fits."""
PAGE_DEFAULT, PAGE_MOST = 100, 1_000
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]{1,255}\Z")
_SECRET = re.compile(rb"(?:^|&)(?:access_token|client_secret)=", re.IGNORECASE)
_LONGEST_ADDRESS = 64
_INTEGER = re.compile(r"\s*[+-]?\d{1,40}\s*\Z")


@dataclass
class Call:
    """A request of an authenticated source, by itself or within a bulk.

    `query` is what its address asks for, `body` reads the JSON object in its body. `base` is the URL of the source's
    SCIM root, `key` the last part of the path.
    """

    method: str
    headers: Headers
    query: bytes
    body: Callable[[], Awaitable[dict[str, Any]]]
    source: PushSource
    intake: Intake
    base: str
    key: str
    doorkeeper: Doorkeeper
    list_schema: ClassVar[str] = answers.LIST

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The query parameters by name in lower case; of one that is repeated the last counts."""
        if not self.query:
            return {}
        return {k.lower(): v for k, v in parse_qsl(self.query.decode("latin-1"), keep_blank_values=True)}

    @property
    def users(self) -> ResourceType:
        """The resource type User as this source has it."""
        return user_type(self.source.extensions)

    def projection(self, kind: ResourceType) -> answers.Projection:
        """Which attributes are asked for."""
        asked = self.parameters
        return answers.projection(asked.get("attributes"), asked.get("excludedattributes"), kind)

    def offset(self) -> int:
        """How many hits to pass over (RFC 7644 section 3.4.2.4). Raises ScimError (400 invalidValue)."""
        return min(max(self._number("startindex", 1), 1), 2**31) - 1

    def count(self) -> int:
        """How many hits to answer with, within our bounds (RFC 7644 section 3.4.2.4). Raises ScimError (400)."""
        wrong = "invalidCount" if "cursor" in self.parameters else "invalidValue"
        return min(max(self._number("count", PAGE_DEFAULT, wrong), 0), PAGE_MOST)

    def _number(self, name: str, default: int, wrong: str = "invalidValue") -> int:
        text = self.parameters.get(name)
        if text is None or not text.strip():
            return default
        if not _INTEGER.match(text):
            raise ScimError(400, f"{name} must be a whole number.", wrong)
        return int(text)

    def id(self, kind: str) -> UUID:
        """The id in the path. Raises ScimError (404) for one that cannot be ours."""
        found = our_id(self.key)
        if found is None:
            raise not_found(kind, self.key)
        return found


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object in the body. Raises ScimError: 413 when it is too long, 400 invalidSyntax."""
    raw = await read_body(request, LONGEST_BODY)
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as problem:
        raise invalid_syntax(f"The body is not JSON: {str(problem)[:200]}.") from None
    if not isinstance(found, dict):
        raise invalid_syntax("The body must be a JSON object.")
    return found


async def read_body(request: Request, most: int) -> bytes:
    """The body of a request. Raises ScimError (413) when it has more than `most` bytes."""
    too_long = ScimError(413, f"The body is longer than {most} bytes; send less at a time.")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise too_long
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > most:
            raise too_long
    return bytes(raw)


def json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer with a body."""
    return Response(orjson.dumps(body), status, headers, MEDIA_TYPE)


def list_response(total: int, resources: Sequence[Any], **place: Any) -> dict[str, Any]:
    """A page of a list. `itemsPerPage` is what it really holds; `place` says where it is among the others."""
    shown = {"totalResults": total, "itemsPerPage": len(resources)}
    return {"schemas": [answers.LIST], **shown, **place, "Resources": resources}


def origin(request: Request, base_url: str | None) -> str:
    """Our public address without a slash at the end: what was configured, else what the request was sent to."""
    if base_url:
        return base_url.rstrip("/")
    host = request.headers.get("host", "")
    return f"{request.scope.get('scheme', 'http')}://{host if _HOST.match(host) else 'localhost'}"


def caller(request: Request) -> str:
    """The address of the other side: of the caller, or what a proxy that the server trusts says of it."""
    return request.client.host[:_LONGEST_ADDRESS] if request.client else ""


def has_secret_in_address(request: Request) -> bool:
    """Whether the query has a token or a client's secret, which would end up in logs (RFC 6750 section 5.3)."""
    return _SECRET.search(request.scope["query_string"]) is not None

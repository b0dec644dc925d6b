"""SCIM 1.1 at `/scim/<source>/v1`, for clients that know no other: translated at the edge, handled as 2.0.

"Protocol" is draft-scim-api-01. /Schemas is a 404 here: Okta never asks for it, and /v2/Schemas tells what is served.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, ClassVar

import orjson
from starlette.responses import Response

from tenure.scim import answers, discovery, groups, users, v1_bodies
from tenure.scim.call import Call, json
from tenure.scim.errors import ScimError
from tenure.scim.schema import ResourceType

MEDIA_TYPE = "application/json"
_OKTA = "urn:okta:schemas:scim:providerconfig:1.0"
_CAPABILITIES = (
    "GROUP_PUSH",
    "IMPORT_NEW_USERS",
    "IMPORT_PROFILE_UPDATES",
    "PUSH_NEW_USERS",
    "PUSH_PENDING_USERS",
    "PUSH_PROFILE_UPDATES",
    "PUSH_USER_DEACTIVATION",
    "REACTIVATE_USERS",
)
"""What Okta's on-premises agent may do here, in its own words: all but to push passwords, which are never kept."""
_NAMING = ("attributes", "excludedattributes", "filter", "sortby")
"""The query parameters that have names of attributes in them."""


class _Projection(answers.Projection):
    """Which attributes to answer with, in the form of 1.1."""

    def apply(self, resource: dict[str, Any], kind: ResourceType) -> dict[str, Any]:
        """The resource with what is wanted of it."""
        return v1_bodies.shown(super().apply(resource, kind))

    def part(self, extension: str | None, name: str, value: Any) -> Any:
        """What is wanted of one attribute's value, or None."""
        return v1_bodies.unlinked(super().part(extension, name, value))


@dataclass
class CallOfV1(Call):
    """A request of SCIM 1.1, as the handlers of 2.0 take it."""

    list_schema: ClassVar[str] = v1_bodies.CORE

    def __post_init__(self) -> None:
        """Let the body be read as 2.0 would have it."""
        self.body = partial(_translated, self.body, self.method)

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The query parameters, with the names of 2.0."""
        return {key: v1_bodies.names(text) if key in _NAMING else text for key, text in super().parameters.items()}

    def projection(self, kind: ResourceType) -> answers.Projection:
        """Which attributes are asked for; what is answered has the form of 1.1."""
        found = super().projection(kind)
        return _Projection(found.named, found.excluded)


async def _translated(read: Callable[[], Awaitable[dict[str, Any]]], method: str) -> dict[str, Any]:
    sent = await read()
    return v1_bodies.patch(sent) if method == "PATCH" else v1_bodies.resource(sent)


async def configuration(call: Call) -> Response:
    """GET /ServiceProviderConfigs (draft-scim-core-schema-01 section 9), with what Okta's agent looks for."""
    told = orjson.loads((await discovery.configuration(call)).body)
    features = {name: told[name] for name in ("patch", "filter", "changePassword", "sort", "etag")}
    schemes = [{"specUrl" if n == "specUri" else n: v for n, v in s.items()} for s in told["authenticationSchemes"]]
    return json(
        {
            "schemas": [v1_bodies.CORE, _OKTA],
            **features,
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "xmlDataFormat": {"supported": False},
            "authenticationSchemes": schemes,
            _OKTA: {"userManagementCapabilities": _CAPABILITIES},
        }
    )


def answered(answer: Response) -> Response:
    """The answer by the media type of 1.1 (Protocol section 3.6)."""
    if "content-type" in answer.headers:
        answer.headers["content-type"] = MEDIA_TYPE
    return answer


def response(error: ScimError) -> Response:
    """An error as an HTTP answer (Protocol section 3.9)."""
    body = {"Errors": [{"description": error.detail, "code": error.status}]}
    return Response(orjson.dumps(body), error.status, error.headers, MEDIA_TYPE)


ENDPOINTS = {
    "users": (users.COLLECTION, users.ONE),
    "groups": (groups.COLLECTION, groups.ONE),
    "serviceproviderconfigs": ({"GET": configuration}, {}),
}
"""By endpoint in lower case: the handlers of the collection and those of one resource in it, by HTTP method."""

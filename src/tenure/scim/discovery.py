"""What this door can do, told in SCIM's own words (RFC 7643 sections 5 to 7, RFC 7644 section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from tenure.model.access import CredentialKind
from tenure.scim.bulk import MOST_OPERATIONS
from tenure.scim.call import LONGEST_BODY, PAGE_DEFAULT, PAGE_MOST, Call, json, list_response
from tenure.scim.cursors import TIMEOUT
from tenure.scim.definitions import GROUP
from tenure.scim.errors import ScimError, not_found
from tenure.scim.schema import ResourceType, Schema, render_schema

_CORE = "urn:ietf:params:scim:schemas:core:2.0:"
_RFC = "https://www.rfc-editor.org/info/"
_SCHEMES = {
    CredentialKind.TOKEN: {
        "type": "oauthbearertoken",
        "name": "Bearer token",
        "description": "A long-lived token of this source in the Authorization header.",
        "specUri": f"{_RFC}rfc6750",
    },
    CredentialKind.CLIENT: {
        "type": "oauth2",
        "name": "OAuth 2.0 client credentials",
        "description": "A short-lived access token, from oauth2/token beside v2, in the Authorization header.",
        "specUri": f"{_RFC}rfc6749",
    },
    CredentialKind.BASIC: {
        "type": "httpbasic",
        "name": "HTTP Basic",
        "description": "A user name and password of this source in the Authorization header.",
        "specUri": f"{_RFC}rfc7617",
    },
}
"""The ways to sign in, as RFC 7643 section 5 has them."""


async def configuration(call: Call) -> Response:
    """GET /ServiceProviderConfig: every part is there, also of what is not supported; strict clients need them."""
    _refuse_filter(call)
    told: dict[str, Any] = {
        "schemas": [f"{_CORE}ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {"supported": True, "maxOperations": MOST_OPERATIONS, "maxPayloadSize": LONGEST_BODY},
        "filter": {"supported": True, "maxResults": PAGE_MOST},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": PAGE_DEFAULT,
            "maxPageSize": PAGE_MOST,
            "cursorTimeout": int(TIMEOUT.total_seconds()),
        },
        "authenticationSchemes": _schemes(call.doorkeeper.kinds(call.source)),
        "meta": _meta("ServiceProviderConfig", f"{call.base}/ServiceProviderConfig"),
    }
    if not call.source.announce_pagination:  # quirk `closed-configuration`
        del told["pagination"]
    return json(told)


async def resource_types(call: Call) -> Response:
    """GET /ResourceTypes."""
    _refuse_filter(call)
    return json(_all([_resource_type(kind, call.base) for kind in _types(call)]))


async def resource_type(call: Call) -> Response:
    """GET /ResourceTypes/{name}."""
    for kind in _types(call):
        if kind.name.lower() == call.key.lower():
            return json(_resource_type(kind, call.base))
    raise not_found("ResourceType", call.key)


async def schemas(call: Call) -> Response:
    """GET /Schemas."""
    _refuse_filter(call)
    return json(_all([_schema(schema, call.base) for schema in _served(call)]))


async def schema(call: Call) -> Response:
    """GET /Schemas/{urn}."""
    for one in _served(call):
        if one.urn.lower() == call.key.lower():
            return json(_schema(one, call.base))
    raise not_found("Schema", call.key)


def _types(call: Call) -> tuple[ResourceType, ...]:
    return call.users, GROUP


def _served(call: Call) -> list[Schema]:
    return [schema for kind in _types(call) for schema in (kind.schema, *kind.extensions)]


def _all(found: list[dict[str, Any]]) -> dict[str, Any]:
    return list_response(len(found), found, startIndex=1)


def _resource_type(kind: ResourceType, base: str) -> dict[str, Any]:
    return {
        "schemas": [f"{_CORE}ResourceType"],
        "id": kind.name,
        "name": kind.name,
        "endpoint": kind.endpoint,
        "description": kind.description,
        "schema": kind.schema.urn,
        "schemaExtensions": [{"schema": extension.urn, "required": False} for extension in kind.extensions],
        "meta": _meta("ResourceType", f"{base}/ResourceTypes/{kind.name}"),
    }


def _schema(one: Schema, base: str) -> dict[str, Any]:
    return render_schema(one) | {"meta": _meta("Schema", f"{base}/Schemas/{one.urn}")}


def _schemes(kinds: Sequence[CredentialKind]) -> list[dict[str, Any]]:
    return [{**_SCHEMES[kind], "primary": kind is kinds[0]} for kind in kinds]


def _meta(kind: str, location: str) -> dict[str, str]:
    return {"resourceType": kind, "location": location}


def _refuse_filter(call: Call) -> None:
    if "filter" in call.parameters:
        raise ScimError(403, "Discovery cannot be filtered.")


CONFIGURATION = {"GET": configuration}
RESOURCE_TYPES = {"GET": resource_types}
RESOURCE_TYPE = {"GET": resource_type}
SCHEMAS = {"GET": schemas}
SCHEMA = {"GET": schema}

"""The operations of a SCIM server: resources, and what it says about itself (RFC 7644 sections 3 and 4)."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Malformed, Reply, Route

from .call import LISTING, SHAPE, Call
from .documents import Document, taken
from .patch import patched
from .schemas import CORE, ENTERPRISE_URN, GROUP, GROUP_URN, MESSAGES, USER_URN, Kind
from .texts import Refused, invalid


def _body(call: Call) -> dict[str, Any]:
    try:
        return call.fields()
    except Malformed:
        raise invalid("the body is no JSON object", "invalidSyntax") from None


def listing(call: Call) -> Reply:
    """GET /Users, GET /Groups."""
    return call.listing()


def one(call: Call) -> Reply:
    """GET of a resource; 304 for a version that the caller has."""
    found = call.resource()
    given = call.headers.get(b"if-none-match", b"").decode("latin-1")
    if given and call.scim.variant.etag and found.tag in given:
        return Reply(304, None, {"ETag": found.tag})
    return call.answer(200, found)


def make(call: Call) -> Reply:
    """POST of a resource."""
    made = call.scim.add(call.kind(), taken(call.kind(), _body(call)))
    call.wrote(made.id)
    return call.answer(201, made)


def replace(call: Call) -> Reply:
    """PUT of a resource: what is left out is cleared, save for what only the server writes."""
    found = call.resource()
    call.unchanged(found)
    call.scim.change(found, taken(call.kind(), _body(call)))
    call.wrote(found.id)
    return call.answer(200, found)


def modify(call: Call) -> Reply:
    """PATCH of a resource: a person is shown, a group only if attributes are asked for."""
    found = call.resource()
    call.unchanged(found)
    call.scim.change(found, patched(call.kind(), found.document, _body(call)))
    call.wrote(found.id)
    if call.kind() is GROUP and not any(call.names(name) for name in SHAPE):
        return Reply(204, None, {"ETag": found.tag} if call.scim.variant.etag else {})
    return call.answer(200, found)


def delete(call: Call) -> Reply:
    """DELETE of a resource."""
    found = call.resource()
    call.unchanged(found)
    call.scim.remove(found)
    call.wrote(found.id)
    return Reply(204)


def configuration(call: Call) -> Reply:
    """GET /ServiceProviderConfig."""
    variant = call.scim.variant
    basic = {"type": "httpbasic", "name": "HTTP Basic", "description": "A name and a password."}
    bearer = {"type": "oauthbearertoken", "name": "Bearer token", "description": "A token."}
    told: Document = {
        "schemas": [f"{CORE}ServiceProviderConfig"],
        "patch": {"supported": variant.patch},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": variant.filter, "maxResults": variant.page},
        "changePassword": {"supported": False},
        "sort": {"supported": False},
        "etag": {"supported": variant.etag},
        "authenticationSchemes": [bearer, basic],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{call.base}/ServiceProviderConfig"},
    }
    if variant.cursor:
        told["pagination"] = {"cursor": True, "index": True, "defaultPaginationMethod": "index"}
    return Reply(200, told)


def _kinds(call: Call) -> list[Kind]:
    return [call.scim.users, *([GROUP] if call.scim.variant.groups else [])]


def _resource_types(call: Call) -> list[Document]:
    return [
        {
            "schemas": [f"{CORE}ResourceType"],
            "id": kind.name,
            "name": kind.name,
            "endpoint": kind.endpoint,
            "schema": kind.urn,
            "schemaExtensions": [{"schema": urn, "required": False} for urn, _ in kind.extensions],
            "meta": {"resourceType": "ResourceType", "location": f"{call.base}/ResourceTypes/{kind.name}"},
        }
        for kind in _kinds(call)
    ]


_NAMES = {USER_URN: "User", GROUP_URN: "Group", ENTERPRISE_URN: "EnterpriseUser"}


def _schemas(call: Call) -> list[Document]:
    known = [(kind.urn, kind.core) for kind in _kinds(call)] + [e for kind in _kinds(call) for e in kind.extensions]
    return [
        {
            "schemas": [f"{CORE}Schema"],
            "id": urn,
            "name": _NAMES.get(urn, urn.rpartition(":")[2]),
            "description": "A schema of RFC 7643.",
            "attributes": list(attributes),
            "meta": {"resourceType": "Schema", "location": f"{call.base}/Schemas/{urn}"},
        }
        for urn, attributes in known
    ]


def _all(rows: list[Document]) -> Reply:
    told = {"totalResults": len(rows), "itemsPerPage": len(rows), "startIndex": 1, "Resources": rows}
    return Reply(200, {"schemas": [f"{MESSAGES}ListResponse"], **told})


def _only(call: Call, rows: list[Document]) -> Reply:
    found = next((row for row in rows if row["id"].lower() == call.arguments["id"].lower()), None)
    if found is None:
        raise Refused(404, f"there is no {call.arguments['id']}")
    return Reply(200, found)


def resource_types(call: Call) -> Reply:
    """GET /ResourceTypes."""
    return _all(_resource_types(call))


def resource_type(call: Call) -> Reply:
    """GET /ResourceTypes/{name}."""
    return _only(call, _resource_types(call))


def schemas(call: Call) -> Reply:
    """GET /Schemas."""
    return _all(_schemas(call))


def schema(call: Call) -> Reply:
    """GET /Schemas/{urn}."""
    return _only(call, _schemas(call))


def unsupported(call: Call) -> Reply:
    """What this server has not (RFC 7644 sections 3.7 and 3.11)."""
    raise Refused(501, f"{call.path} is not supported")


_WRITTEN = (400, 403, 404, 412)
_LISTED = (200, 400, 403)


def _resources(path: str, feature: str, taken: tuple[int, ...]) -> tuple[Route, ...]:
    """The operations of a resource type; `taken` is what a name that is somebody else's is answered with."""
    written = (200, *_WRITTEN, *taken)
    patched = (200, 204, *_WRITTEN) if path == "/Groups" else written
    return (
        Route("GET", path, listing, LISTING, _LISTED, "read", feature),
        Route("POST", path, make, SHAPE, (201, 400, 403, *taken), "write", feature, directory=True),
        Route("GET", f"{path}/{{id}}", one, SHAPE, (200, 304, 403, 404), "read", feature),
        Route("PUT", f"{path}/{{id}}", replace, SHAPE, written, "write", feature, directory=True),
        Route("PATCH", f"{path}/{{id}}", modify, SHAPE, patched, "write", "patch", directory=True),
        Route("DELETE", f"{path}/{{id}}", delete, (), (204, *_WRITTEN), "write", feature, directory=True),
    )


ROUTES = (
    *_resources("/Users", "", (409,)),
    *_resources("/Groups", "groups", ()),
    Route("GET", "/ServiceProviderConfig", configuration, (), (200,), "anyone"),
    Route("GET", "/ResourceTypes", resource_types, (), (200,), "anyone"),
    Route("GET", "/ResourceTypes/{id}", resource_type, (), (200, 404), "anyone"),
    Route("GET", "/Schemas", schemas, (), (200,), "anyone"),
    Route("GET", "/Schemas/{id}", schema, (), (200, 404), "anyone"),
    Route("GET", "/Me", unsupported, (), (501,), "read"),
    Route("POST", "/Bulk", unsupported, (), (501,), "write"),
    Route("POST", "/.search", unsupported, (), (501,), "read"),
)
"""Rights: `anyone` who is signed in, to `read`, to `write`."""

"""SCIM 2.0 as far as Tenure uses it: the calls, the messages that come back, and its own error form."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from tenure.model.change import ChangeKind
from tenure.wire import Operation, Reply

MEDIA_TYPE = "application/scim+json"
ACCEPT = {"Accept": "application/scim+json, application/json;q=0.9"}
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
USER_URN, GROUP_URN = f"{CORE}User", f"{CORE}Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ERROR_URN = "urn:ietf:params:scim:api:messages:2.0:Error"
PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

Document = dict[str, Any]
"""A resource as SCIM writes it: attributes by name, those of an extension below its URN."""

CONFIGURATION = Operation(None, "GET", "/ServiceProviderConfig")
RESOURCE_TYPES = Operation(None, "GET", "/ResourceTypes")
SCHEMAS = Operation(None, "GET", "/Schemas")
LIST_USERS = Operation(None, "GET", "/Users")
GET_USER = Operation(None, "GET", "/Users/{id}")
LIST_GROUPS = Operation(None, "GET", "/Groups")
GET_GROUP = Operation(None, "GET", "/Groups/{id}")

CREATE_USER = Operation(ChangeKind.CREATE_ACCOUNT, "POST", "/Users")
MAKE_GROUP = Operation(ChangeKind.CREATE_GROUP, "POST", "/Groups")
DELETE_USER = Operation(ChangeKind.DELETE_ACCOUNT, "DELETE", "/Users/{id}")
DELETE_GROUP = Operation(ChangeKind.DELETE_GROUP, "DELETE", "/Groups/{id}")
_CHANGING = {
    ChangeKind.UPDATE_ACCOUNT: GET_USER.template,
    ChangeKind.RENAME_ACCOUNT: GET_USER.template,
    ChangeKind.DEACTIVATE_ACCOUNT: GET_USER.template,
    ChangeKind.REACTIVATE_ACCOUNT: GET_USER.template,
    ChangeKind.JOIN_GROUPS: GET_GROUP.template,
    ChangeKind.LEAVE_GROUPS: GET_GROUP.template,
}
PATCH = {kind: Operation(kind, "PATCH", template) for kind, template in _CHANGING.items()}
PUT = {kind: Operation(kind, "PUT", template) for kind, template in _CHANGING.items()}
"""What changes a person or a group, by the kind of change: a PATCH where the server has it, else a PUT."""

OPERATIONS = (
    CONFIGURATION,
    RESOURCE_TYPES,
    SCHEMAS,
    LIST_USERS,
    GET_USER,
    LIST_GROUPS,
    GET_GROUP,
    CREATE_USER,
    MAKE_GROUP,
    DELETE_USER,
    DELETE_GROUP,
    *PATCH.values(),
    *PUT.values(),
)


class Page(Struct, frozen=True, rename="camel"):
    """A page of a listing (ListResponse). `total_results` may be left out by a server that pages by cursor."""

    total_results: int | None = None
    start_index: int | None = None
    next_cursor: str | None = None
    rows: tuple[Document, ...] = field(name="Resources", default=())


class Supported(Struct, frozen=True, rename="camel"):
    """Whether a server has one of its options; `max_results` bounds what a filter finds."""

    supported: bool = False
    max_results: int | None = None


class Pagination(Struct, frozen=True, rename="camel"):
    """How a server pages (RFC 9865 section 4)."""

    cursor: bool = False
    index: bool = True
    max_page_size: int | None = None


class Configuration(Struct, frozen=True):
    """What a server says that it can do (RFC 7643 section 5); what it does not say, it cannot."""

    patch: Supported = Supported()
    filter: Supported = Supported()
    etag: Supported = Supported()
    pagination: Pagination = Pagination()


class Extension(Struct, frozen=True):
    """A schema that a resource type has beside its own."""

    schema: str


class ResourceType(Struct, frozen=True, rename="camel"):
    """A kind of resource and where it is served (RFC 7643 section 6)."""

    name: str
    endpoint: str
    schema: str
    schema_extensions: tuple[Extension, ...] = ()


class Attribute(Struct, frozen=True, rename="camel"):
    """An attribute with its characteristics (RFC 7643 section 7)."""

    name: str
    type: str = "string"
    multi_valued: bool = False
    required: bool = False
    case_exact: bool = False
    mutability: str = "readWrite"
    sub_attributes: tuple[Attribute, ...] = ()

    def sub(self, name: str) -> Attribute | None:
        """The sub-attribute of that name, in any letter case."""
        return named(self.sub_attributes, name)

    @property
    def writable(self) -> bool:
        """True when it may be set and set again."""
        return self.mutability == "readWrite"

    @property
    def settable(self) -> bool:
        """True when it may be set where it is made."""
        return self.writable or self.mutability == "immutable"


class Schema(Struct, frozen=True):
    """A set of attributes, known by its URN."""

    id: str
    attributes: tuple[Attribute, ...] = ()


def named(attributes: tuple[Attribute, ...], name: str) -> Attribute | None:
    """The attribute of that name, in any letter case (RFC 7643 section 2.1), or None."""
    return next((one for one in attributes if one.name.lower() == name.lower()), None)


def document(reply: Reply) -> Document:
    """The resource in an answer, which has an id. Raises OutcomeUnknown or Unreachable for anything else."""
    found = reply.read(Document)
    reply.read(_Identified)
    return found


def version(reply: Reply, found: Document) -> str | None:
    """The version of a resource (RFC 7644 section 3.14): from the header, else from the document itself."""
    told = reply.headers.get("etag") or (found.get("meta") or {}).get("version")
    return told if isinstance(told, str) and told else None


class _Identified(Struct, frozen=True):
    id: str


def own_error(reply: Reply) -> str | None:
    """The server's words when the answer is in SCIM's error form (RFC 7644 section 3.12), else None."""
    body = reply.body
    if not isinstance(body, dict):
        return None
    urns = body.get("schemas")
    if (
        not isinstance(urns, list)
        or ERROR_URN not in urns
        or str(body.get("status", reply.status)) != f"{reply.status}"
    ):
        return None
    words = [str(body[name]) for name in ("scimType", "detail") if body.get(name)]
    return ": ".join(words) or "no detail"

"""What a SCIM server can do, as it says itself (RFC 7644 section 4): options, schemas, and pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from tenure.model.error import TargetError, Unreachable
from tenure.targets.scim import calls
from tenure.targets.scim.calls import Attribute
from tenure.wire import Client, Operation, Query, Reply
from tenure.wire.reply import lost

T = TypeVar("T")

ROWS_A_PAGE = 500
NOT_TOLD = frozenset({404, 501})

_TEXTS = ("displayName", "nickName", "title", "userType", "preferredLanguage", "locale", "timezone")
_NAME = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_SEVERAL = (Attribute("value"), Attribute("type"), Attribute("primary", "boolean"))
_RFC_USER = (
    Attribute("userName", required=True),
    Attribute("name", "complex", sub_attributes=tuple(Attribute(name) for name in _NAME)),
    *(Attribute(name) for name in _TEXTS),
    Attribute("active", "boolean"),
    Attribute("emails", "complex", multi_valued=True, sub_attributes=_SEVERAL),
    Attribute("phoneNumbers", "complex", multi_valued=True, sub_attributes=_SEVERAL),
)
_RFC_GROUP = (Attribute("displayName", required=True), Attribute("members", "complex", multi_valued=True))


@dataclass(frozen=True, slots=True)
class Server:
    """One server. `group` is None where it has no groups; `most` is how many rows a page is asked for.

    `sparing`: it lets a group be asked for without its members. `counts`: it can be told how many rows a page has; one
    that fails over that is paged as it gives.
    """

    patch: bool
    filter: bool
    etag: bool
    cursor: bool
    most: int
    user: tuple[Attribute, ...]
    extensions: tuple[tuple[str, tuple[Attribute, ...]], ...]
    group: tuple[Attribute, ...] | None
    sparing: bool = True
    counts: bool = True

    def page(self, start: int | None, most: int) -> Query:
        """What asks for the page that begins with this row, or of a cursor, and holds so many."""
        begin: Query = {} if start is None else {"startIndex": start}
        return {**begin, "count": most} if self.counts else begin

    @property
    def active(self) -> bool:
        """Whether an account can be shut."""
        found = calls.named(self.user, "active")
        return found is not None and found.writable

    def exact(self, kind: str, name: str) -> bool:
        """Whether two texts that differ by letter case are two values of this attribute of `Users` or `Groups`."""
        found = calls.named(self.user if kind == "Users" else self.group or (), name)
        return found is not None and found.case_exact

    def __str__(self) -> str:
        """What it can do, in a few words."""
        can = {
            "PATCH": self.patch,
            "filters": self.filter,
            "versions": self.etag,
            "cursors": self.cursor,
            "groups": self.group is not None,
            "active": self.active,
        }
        has = [word for word, there in can.items() if there]
        lacks = [word for word, there in can.items() if not there] + ([] if self.counts else ["counts"])
        return f"with {', '.join(has) or 'nothing'}" + (f", without {', '.join(lacks)}" if lacks else "")


async def discover(client: Client, sparing: bool = True) -> Server:
    """Ask the server what it can do. What it leaves out of its schemas is not there.

    Without /Schemas, the core of RFC 7643 is assumed. Raises Unreachable for what is no SCIM server, or for one that
    serves people elsewhere than at /Users.
    """
    reply = await client.send(calls.CONFIGURATION)
    if not isinstance(reply.body, dict) or "patch" not in reply.body:
        raise Unreachable("the answer is no ServiceProviderConfig: is the address in `url` the right one?")
    told = reply.read(calls.Configuration)
    types = {one.name: one for one in await _all(client, calls.RESOURCE_TYPES, calls.ResourceType)}
    schemas = {one.id: one.attributes for one in await _all(client, calls.SCHEMAS, calls.Schema)}
    for name, place in (("User", "/Users"), ("Group", "/Groups")):
        if name in types and f"/{types[name].endpoint}".rstrip("/").rpartition("/")[2] != place[1:]:
            raise Unreachable(f"the server serves {name} at {types[name].endpoint}: Tenure knows {place} alone")
    user = schemas.get(calls.USER_URN, _RFC_USER)
    known = types.get("User")
    urns = [one.schema for one in known.schema_extensions] if known else [calls.ENTERPRISE_URN]
    sizes = [ROWS_A_PAGE, told.filter.max_results or ROWS_A_PAGE, told.pagination.max_page_size or ROWS_A_PAGE]
    return Server(
        patch=told.patch.supported,
        filter=told.filter.supported,
        etag=told.etag.supported,
        cursor=told.pagination.cursor,
        most=min(sizes),
        user=user,
        extensions=tuple((urn, schemas[urn]) for urn in urns if urn in schemas),
        group=schemas.get(calls.GROUP_URN, _RFC_GROUP) if "Group" in types or not types else None,
        sparing=sparing,
    )


async def _all(client: Client, operation: Operation, shape: type[T]) -> tuple[T, ...]:
    """What a server tells of itself; nothing where it does not. Some tell it as a bare list."""
    reply = await client.send(operation, accept=NOT_TOLD)
    if reply.status in NOT_TOLD:
        return ()
    rows = reply.body if isinstance(reply.body, list) else reply.read(calls.Page).rows
    try:
        return tuple(msgspec.convert(row, type=shape) for row in rows)
    except msgspec.ValidationError as problem:
        raise _unknown(reply, problem) from None


def _unknown(reply: Reply, problem: Exception) -> TargetError:
    return lost(reply.operation, f"{reply.operation} answered in an unknown form: {problem}")

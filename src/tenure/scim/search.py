"""Lists: what matches a filter, in order, page by page, by GET or by POST (RFC 7644 sections 3.4.2 and 3.4.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from starlette.responses import Response

from tenure.scim import answers, query, sorting
from tenure.scim.answers import Projection
from tenure.scim.call import Call, json, list_response
from tenure.scim.cursors import PURPOSE, CursorSeal
from tenure.scim.definitions import GROUP, USER
from tenure.scim.errors import ScimError, invalid_value
from tenure.scim.members import MEMBERS
from tenure.scim.pages import Read, by_cursor, by_index
from tenure.scim.schema import ResourceType
from tenure.scim.streaming import list_with_members
from tenure.store import listing
from tenure.store.catalogues import GROUPS, IDENTITIES, KNOWN_BY
from tenure.store.database import Connection
from tenure.store.directory import GroupRow, IdentityRow
from tenure.store.estate import installation_key
from tenure.store.filters import Column, Compare, Condition, canonical
from tenure.store.paging import Order, Page, Window

_CATALOGUES = {USER.name: IDENTITIES, GROUP.name: GROUPS}
_PARAMETERS = ("attributes", "excludedAttributes", "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor")


async def listed(call: Call, *kinds: ResourceType) -> Response:
    """One page of the resources of these kinds, kind after kind."""
    wanted = {kind.name: call.projection(kind) for kind in kinds}
    text = call.parameters.get("filter")
    sort = call.parameters.get("sortby"), call.parameters.get("sortorder")
    reads: list[Callable[[Connection], Read]] = []
    for kind in kinds:
        others, catalogue = [other for other in kinds if other is not kind], _CATALOGUES[kind.name]
        condition = None if text is None else query.condition(text, kind, catalogue, others)
        order = sorting.order(*sort, kind, catalogue, others)
        reads.append(partial(_reader, call, kind, condition, order, wanted[kind.name]))
    if len(kinds) == 1 and (known := await _known(call, kinds[0], condition)) is not None:
        people = [answers.user(row, call.base, call.users, wanted[USER.name]) for row in known]
        return json(list_response(len(people), people, startIndex=1, schemas=[call.list_schema]))
    with_members = GROUP.name in wanted and wanted[GROUP.name].wants(MEMBERS)
    opened = listing.snapshot if with_members or len(kinds) > 1 else listing.autocommit
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(opened(call.intake.database))
        readers = [read(connection) for read in reads]
        if "cursor" in call.parameters:
            seal = CursorSeal(await installation_key(connection, PURPOSE), _same(call, kinds), call.intake.clock.now())
            found = await by_cursor(readers, call.parameters["cursor"], call.count(), seal)
        else:
            found = await by_index(readers, call.offset(), call.count())
        users = [row for row in found.rows if isinstance(row, IdentityRow)]
        people = [answers.user(row, call.base, call.users, wanted[USER.name]) for row in users]
        groups = [row for row in found.rows if isinstance(row, GroupRow)]
        frame = list_response(found.total, found.rows, **found.place, schemas=[call.list_schema])
        if with_members:
            return await list_with_members(stack, connection, call, frame, people, groups, wanted[GROUP.name])
    shown = [answers.group(row, call.base, wanted[GROUP.name]) for row in groups]
    return json(frame | {"Resources": people + shown})


async def _known(call: Call, kind: ResourceType, condition: Condition | None) -> list[IdentityRow] | None:
    """Who is looked up by name or externalId, the most frequent search of all; None when it is another search."""
    match condition:
        case Compare(Column() as column, "eq", value) if kind.name == USER.name and column in KNOWN_BY:
            if "cursor" in call.parameters or call.offset() or not call.count():
                return None
            asked = canonical(column.kind, "eq", value)
            found = await call.intake.known_by(call.source, column, asked)
            return found if len(found) < 2 else None
    return None


async def searched(call: Call, *kinds: ResourceType) -> Response:
    """The same, asked for by a SearchRequest in the body (RFC 7644 section 3.4.3)."""
    call.parameters = _from_body(await call.body())
    return await listed(call, *kinds)


async def root_searched(call: Call) -> Response:
    """POST /.search finds resources of every kind."""
    return await searched(call, call.users, GROUP)


async def root(call: Call) -> Response:
    """GET on the root finds resources of every kind by a filter (RFC 7644 section 3.4.2.1)."""
    if "filter" not in call.parameters:
        raise ScimError(404, "The root is for filters; Users, Groups, Schemas and the like are under it.")
    return await listed(call, call.users, GROUP)


def _from_body(body: Mapping[str, Any]) -> Mapping[str, str]:
    """The parameters in a SearchRequest, as a query would have them."""
    names = {name.lower() for name in _PARAMETERS}
    said = {name.lower(): value for name, value in body.items() if name.lower() in names and value is not None}
    found = {}
    for name, value in said.items():
        parts = value if isinstance(value, list) else [value]
        if not all(isinstance(part, (str, int, float)) and not isinstance(part, bool) for part in parts):
            raise invalid_value(f"{name} must be a text or a number, or for attributes a list of names.")
        found[name] = ",".join(str(part) for part in parts)
    return found


def _reader(
    call: Call,
    kind: ResourceType,
    condition: Condition | None,
    order: Order,
    wanted: Projection,
    connection: Connection,
) -> Read:
    """What reads a page of one kind."""

    async def read(window: Window) -> Page[Any]:
        if kind.name == USER.name:
            groups = wanted.wants("groups")
            return await listing.identities(connection, call.source.id, condition, order, window, groups=groups)
        return await listing.groups(connection, call.source.id, condition, order, window)

    return read


def _same(call: Call, kinds: Sequence[ResourceType]) -> list[Any]:
    """What has to be the same for every page of one query."""
    asked = [call.parameters.get(name) for name in ("filter", "sortby", "sortorder")]
    return [call.source.id, [kind.name for kind in kinds], *asked]


ROOT = {"GET": root}
ROOT_SEARCH = {"POST": root_searched}

"""The endpoint /Groups: groups and who is in them; members are rows, and no request reads all of them to change one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID, uuid4

from starlette.responses import Response

from tenure.engine.delivery import Delivery, UnknownMembers
from tenure.model.event import GroupGone, GroupSeen, MemberGone, MemberSeen
from tenure.scim import answers, documents, members, patch, search
from tenure.scim.call import Call, json
from tenure.scim.definitions import GROUP
from tenure.scim.documents import Document
from tenure.scim.errors import invalid_value, no_target, not_found
from tenure.scim.members import MEMBERS, MemberChange
from tenure.scim.patch import Step
from tenure.scim.preconditions import etag, precondition, unchanged
from tenure.scim.streaming import group_with_members
from tenure.store import listing
from tenure.store.directory import GroupRow, group_version, present_members
from tenure.store.nesting import NestedInItself

T = TypeVar("T")


async def listed(call: Call) -> Response:
    """GET /Groups: the groups that match a filter, with their members unless these are not wanted."""
    return await search.listed(call, GROUP)


async def searched(call: Call) -> Response:
    """POST /Groups/.search: the same, with the parameters in the body."""
    return await search.searched(call, GROUP)


async def read(call: Call) -> Response:
    """GET /Groups/{id}."""
    return await _answer(call, call.id("Group"))


async def create(call: Call) -> Response:
    """POST /Groups, with or without members. Two groups may bear one name."""
    body = await call.body()
    joining = members.taken_from(body)
    event = _seen(uuid4(), documents.clean(body, GROUP))

    async def work(delivery: Delivery) -> None:
        await delivery.group_seen(event, None)
        if joining:
            await delivery.members(event.id, [MemberSeen(event.id, one) for one in joining], ())

    await _deliver(call, work)
    return await _answer(call, event.id, 201)


async def replace(call: Call) -> Response:
    """PUT /Groups/{id}: who is not in the body's members is no longer in the group; it never creates."""
    body = await call.body()
    joining = members.taken_from(body)
    event = _seen(call.id("Group"), documents.clean(body, GROUP))
    locked = _locking(call, event.id, "NO KEY UPDATE")

    async def work(delivery: Delivery) -> None:
        before = await locked(delivery)
        await delivery.group_seen(event, before)
        await delivery.members(event.id, [MemberSeen(event.id, one) for one in joining], None)

    await _deliver(call, work)
    return await _answer(call, event.id)


async def change(call: Call) -> Response:
    """PATCH /Groups/{id}: 204, as Entra ID wants it, or 200 when attributes were asked for."""
    key = call.id("Group")
    todo = patch.steps(await call.body(), GROUP)
    on_members = members.fold(step for step in todo if step.attribute.name == MEMBERS)
    on_record = [step for step in todo if step.attribute.name != MEMBERS]

    if on_record or on_members.required or precondition(call.headers):
        await _deliver(call, _changes(call, key, on_record, on_members))
    elif not await _refusing(call.intake.change_members(call.source, "PATCH", key, *_events(key, on_members))):
        raise not_found("Group", call.key)
    if call.parameters.keys() & {"attributes", "excludedattributes"}:
        return await _answer(call, key)
    return Response(status_code=204)


async def delete(call: Call) -> Response:
    """DELETE /Groups/{id}: the group is gone, and everybody who was in it is looked at."""
    event = GroupGone(call.id("Group"))
    locked = _locking(call, event.id, "UPDATE")

    async def work(delivery: Delivery) -> None:
        before = await locked(delivery)
        await delivery.group_gone(event, before)

    await _deliver(call, work)
    return Response(status_code=204)


def _changes(
    call: Call, key: UUID, on_record: Sequence[Step], on_members: MemberChange
) -> Callable[[Delivery], Awaitable[None]]:
    """The work of a PATCH that needs to look before it writes."""
    locked = _locking(call, key, "NO KEY UPDATE")

    async def work(delivery: Delivery) -> None:
        before = await locked(delivery)
        if on_members.required:
            there = await present_members(delivery.connection, key, list(on_members.required))
            if there != on_members.required:
                raise no_target("No member matches the filter of the path.")
        if on_record:
            await delivery.group_seen(_seen(key, patch.apply(before.document, on_record, GROUP)), before)
        if on_members.whole or on_members.join or on_members.leave:
            await delivery.members(key, *_events(key, on_members))

    return work


def _locking(call: Call, key: UUID, strength: str) -> Callable[[Delivery], Awaitable[GroupRow]]:
    """What locks the group. Raises ScimError: 404 when there is none, 412 when If-Match names another version.

    A version that is compared must stay as it is until we have written: then the lock keeps changes of members out.
    """
    check = precondition(call.headers)

    async def locked(delivery: Delivery) -> GroupRow:
        before = await delivery.group(key, "UPDATE" if check else strength)
        if before is None:
            raise not_found("Group", call.key)
        if check:
            check(await group_version(delivery.connection, key))
        return before

    return locked


def _events(key: UUID, change: MemberChange) -> tuple[list[MemberSeen], list[MemberGone] | None]:
    gone = None if change.whole else [MemberGone(key, one) for one in change.leave]
    return [MemberSeen(key, one) for one in change.join], gone


def _seen(key: UUID, document: Document) -> GroupSeen:
    return GroupSeen(key, document["displayName"], document.get("externalId"))


async def _deliver(call: Call, work: Callable[[Delivery], Awaitable[T]]) -> T:
    return await _refusing(call.intake.deliver(call.source, call.method, work))


async def _refusing(doing: Awaitable[T]) -> T:
    """The result, or the error of SCIM for members that cannot be."""
    try:
        return await doing
    except UnknownMembers as unknown:
        raise members.unknown_member(unknown.ids[0] if unknown.ids else "somebody") from None
    except NestedInItself as circle:
        raise invalid_value(f"The group {circle.group} would be inside itself; nothing was changed.") from None


async def _answer(call: Call, key: UUID, status: int = 200) -> Response:
    """The group as it is stored now."""
    wanted = call.projection(GROUP)
    if wanted.wants(MEMBERS):
        return await group_with_members(call, key, wanted, status)
    async with listing.autocommit(call.intake.database) as connection:
        row = await listing.group(connection, call.source.id, key)
    if row is None:
        raise not_found("Group", str(key))
    headers: dict[str, Any] = {"ETag": etag(row.version)}
    if unchanged(call.method, call.headers, row.version):
        return Response(status_code=304, headers=headers)
    headers["Location"] = f"{call.base}/Groups/{row.id}"
    return json(answers.group(row, call.base, wanted), status, headers)


COLLECTION = {"GET": listed, "POST": create}
SEARCH = {"POST": searched}
ONE = {"GET": read, "PUT": replace, "PATCH": change, "DELETE": delete}

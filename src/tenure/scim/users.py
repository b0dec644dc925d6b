"""The endpoint /Users: people, as their identity provider sees them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from starlette.responses import Response

from tenure.engine.delivery import Delivery
from tenure.engine.intake import NameTaken
from tenure.model.event import IdentityGone, IdentitySeen
from tenure.scim import answers, documents, patch, search
from tenure.scim.call import Call, json
from tenure.scim.documents import Document
from tenure.scim.errors import ScimError, not_found
from tenure.scim.preconditions import etag, precondition, unchanged
from tenure.store.directory import IdentityRow


async def listed(call: Call) -> Response:
    """GET /Users: the people who match a filter."""
    return await search.listed(call, call.users)


async def searched(call: Call) -> Response:
    """POST /Users/.search: the same, with the parameters in the body."""
    return await search.searched(call, call.users)


async def create(call: Call) -> Response:
    """POST /Users. The id is ours, whatever the body says; `active` is true unless it says otherwise."""
    said = documents.clean(await call.body(), call.users)
    said.setdefault("active", True)
    event = IdentitySeen(uuid4(), said)
    try:
        row = await call.intake.new_identity(call.source, "POST", event)
    except NameTaken:
        raise _taken() from None
    return _answer(call, row, 201)


async def read(call: Call) -> Response:
    """GET /Users/{id}."""
    row = await call.intake.identity(call.source, call.id("User"))
    if row is None:
        raise not_found("User", call.key)
    if unchanged(call.method, call.headers, row.version):
        return Response(status_code=304, headers={"ETag": etag(row.version)})
    return _answer(call, row)


async def replace(call: Call) -> Response:
    """PUT /Users/{id}: what the body leaves out is cleared, but for `active`; it never creates."""
    said = documents.clean(await call.body(), call.users)
    return await _change(call, lambda before: {"active": before.active, **said})


async def change(call: Call) -> Response:
    """PATCH /Users/{id}: all of its operations take effect, or none. Who has left stays so when `active` is removed."""
    todo = patch.steps(await call.body(), call.users)
    return await _change(call, lambda before: patch.apply(before.document, todo, call.users))


async def delete(call: Call) -> Response:
    """DELETE /Users/{id}: the record is gone, its name is free, and its account is looked at."""
    event, check = IdentityGone(call.id("User")), precondition(call.headers)

    async def work(delivery: Delivery) -> None:
        before = await delivery.identity(event.id, ending=True)
        if before is None:
            raise not_found("User", call.key)
        if check:
            check(before.version)
        await delivery.identity_gone(event, before)

    await call.intake.deliver(call.source, "DELETE", work)
    return Response(status_code=204)


async def _change(call: Call, new: Callable[[IdentityRow], Document]) -> Response:
    key, check = call.id("User"), precondition(call.headers)

    def decide(before: IdentityRow | None) -> IdentitySeen:
        if before is None:
            raise not_found("User", call.key)
        if check:
            check(before.version)
        return IdentitySeen(key, new(before))

    try:
        row = await call.intake.change_identity(call.source, call.method, key, decide)
    except NameTaken:
        raise _taken() from None
    return _answer(call, row)


def _taken() -> ScimError:
    return ScimError(409, "Another User has this userName already.", "uniqueness")


def _answer(call: Call, row: IdentityRow, status: int = 200) -> Response:
    headers = {"ETag": etag(row.version), "Location": f"{call.base}/Users/{row.id}"}
    return json(answers.user(row, call.base, call.users, call.projection(call.users)), status, headers)


COLLECTION = {"GET": listed, "POST": create}
SEARCH = {"POST": searched}
ONE = {"GET": read, "PUT": replace, "PATCH": change, "DELETE": delete}

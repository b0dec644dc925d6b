"""Answers with groups and their members, written while they are read: memory does not grow with the group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tenure.scim import answers
from tenure.scim.answers import Projection
from tenure.scim.call import Call
from tenure.scim.errors import MEDIA_TYPE, not_found
from tenure.scim.members import MEMBERS
from tenure.scim.preconditions import etag, unchanged
from tenure.store import listing
from tenure.store.database import Connection
from tenure.store.directory import GroupRow

SHORT = 256 * 1024
"""Bytes up to which an answer is sent in one piece, with its length."""
PATIENCE = 300
"""Seconds that a caller may take to read an answer; a connection of the database is held meanwhile."""


async def group_with_members(call: Call, key: UUID, wanted: Projection, status: int) -> Response:
    """One group with its members; version and members are of one moment. Raises ScimError (404)."""
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(listing.snapshot(call.intake.database))
        row = await listing.group(connection, call.source.id, key)
        if row is None:
            raise not_found("Group", str(key))
        headers = {"ETag": etag(row.version)}
        if unchanged(call.method, call.headers, row.version):
            return Response(status_code=304, headers=headers)
        headers["Location"] = f"{call.base}/Groups/{row.id}"
        return await _reply(stack, _texts(connection, call, [row], wanted), status, headers)


async def list_with_members(
    stack: AsyncExitStack,
    connection: Connection,
    call: Call,
    frame: Mapping[str, Any],
    others: Sequence[Any],
    groups: Sequence[GroupRow],
    wanted: Projection,
) -> Response:
    """A list response with other resources and then groups with their members.

    The connection is a snapshot that the stack holds, so that all is of one moment.
    """
    head = orjson.dumps({**frame, "Resources": others}).removesuffix(b"]}") + (b"," if others and groups else b"")
    return await _reply(stack, _framed(head, _texts(connection, call, groups, wanted)), 200, {})


async def _framed(head: bytes, texts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for text in texts:
        yield text
    yield b"]}"


async def _texts(
    connection: Connection, call: Call, rows: Sequence[GroupRow], wanted: Projection
) -> AsyncIterator[bytes]:
    """The groups as JSON texts with commas between them, each in as many pieces as it has chunks of members."""
    heads = [orjson.dumps(answers.group(row, call.base, wanted))[:-1] + b',"members":[' for row in rows]
    opened, named = 0, wanted.asks_for(MEMBERS, "display")
    async with aclosing(listing.members(connection, [row.id for row in rows])) as chunks:
        async for chunk in chunks:
            for place, found in groupby(chunk, key=itemgetter(0)):
                goes_on = opened == place + 1
                yield b"".join(_between(heads, opened, place + 1)) + (b"," if goes_on else b"")
                opened = place + 1
                elements = [
                    answers.member(key, name if named else None, kind, call.base) for _, key, name, kind in found
                ]
                yield orjson.dumps(wanted.part(None, MEMBERS, elements) or [])[1:-1]
    yield b"".join(_between(heads, opened, len(heads))) + (b"]}" if heads else b"")


def _between(heads: Sequence[bytes], opened: int, until: int) -> list[bytes]:
    """What closes the group that is open and opens the following ones; those passed over have no members."""
    pieces = []
    for place in range(opened, until):
        pieces += [b"]}," if place else b"", heads[place]]
    return pieces


async def _reply(
    stack: AsyncExitStack, texts: AsyncIterator[bytes], status: int, headers: Mapping[str, str]
) -> Response:
    """The whole answer when it is short; else one that keeps what is open until it has been sent."""
    start = bytearray()
    async for text in texts:
        start += text
        if len(start) > SHORT:
            return _Streamed(stack.pop_all(), bytes(start), texts, status, headers)
    return Response(bytes(start), status, headers, MEDIA_TYPE)


class _Streamed(Response):
    """Sends pieces as they come, then lets go of the connection; an error cuts the answer off, so that it is seen."""

    def __init__(
        self, held: AsyncExitStack, start: bytes, rest: AsyncIterator[bytes], status: int, headers: Mapping[str, str]
    ) -> None:
        super().__init__(None, status, headers, MEDIA_TYPE)
        del self.headers["content-length"]
        self._held, self._start, self._rest = held, start, rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held, asyncio.timeout(PATIENCE):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": self._start, "more_body": True})
            async for text in self._rest:
                await send({"type": "http.response.body", "body": text, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

"""Walks a SCIM listing to its end, and believes it only if it is all there (RFC 7644 section 3.4.2.4, RFC 9865)."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tenure.model.error import Rejected, Unreachable
from tenure.targets.paging import Walk
from tenure.targets.scim import calls
from tenure.targets.scim.calls import Document
from tenure.targets.scim.discovery import Server
from tenure.wire import Client, Operation, Query

ROUND = 50  # a total that this divides is one at which a server that counts only what it shows would stop


def walk(client: Client, server: Server, operation: Operation, which: Query, walked: Walk) -> AsyncIterator[Document]:
    """Every row of a listing; raises Unreachable as soon as its pages cannot be those of one whole listing.

    Whoever comes to the end has seen as many as the server counts, each once.
    """
    pages = _by_cursor if server.cursor else _by_place
    return pages(client, server, operation, which, walked)


async def _by_place(
    client: Client, server: Server, operation: Operation, which: Query, walked: Walk
) -> AsyncIterator[Document]:
    """Pages by place, each begun with the last row of the one before: if it is not, the listing has moved."""
    last, total = "", None
    while True:
        overlap = 1 if last else 0
        start = len(walked) + 1 - overlap
        query: Query = {**which, **server.page(start, server.most)}
        page = (await client.send(operation, query=query)).read(calls.Page)
        walked.pages += 1
        rows = page.rows
        if page.total_results is None or total not in (None, page.total_results):
            raise walked.broken("changed its total under the walk, or has none")
        if page.start_index not in (None, start) or (last and (not rows or _id(rows[0], operation) != last)):
            raise walked.broken("moved under the walk")
        total = page.total_results
        for row in rows[overlap:]:
            walked.take(_id(row, operation))
            yield row
        if len(walked) >= total:
            break
        if len(rows) == overlap:
            raise walked.broken(f"ended after {len(walked)} of {total}")
        last = _id(rows[-1], operation)
    if len(walked) > total:
        raise walked.broken(f"has {len(walked)} rows, and counts {total}")
    if total and total % ROUND == 0:
        await _nothing_beyond(client, server, operation, which, walked)


async def _nothing_beyond(client: Client, server: Server, operation: Operation, which: Query, walked: Walk) -> None:
    """Ask for a row behind the last one: a server that counts only what it shows has one."""
    query: Query = {**which, **server.page(len(walked) + 1, 1)}
    page = (await client.send(operation, query=query)).read(calls.Page)
    if page.rows or page.total_results not in (None, len(walked)):
        raise walked.broken(f"goes on behind its total of {len(walked)}")


async def _by_cursor(
    client: Client, server: Server, operation: Operation, which: Query, walked: Walk
) -> AsyncIterator[Document]:
    """Pages by cursor: the last one, and it alone, has no `nextCursor`."""
    cursor, total = "", None
    while True:
        query: Query = {**which, "cursor": cursor, **server.page(None, server.most)}
        try:
            page = (await client.send(operation, query=query)).read(calls.Page)
        except Rejected as problem:  # a cursor that has expired
            raise walked.broken(f"cannot be gone on with ({problem})") from None
        walked.pages += 1
        if total is not None and page.total_results not in (None, total):
            raise walked.broken("changed its total under the walk")
        total = page.total_results if page.total_results is not None else total
        for row in page.rows:
            walked.take(_id(row, operation))
            yield row
        if not page.next_cursor:
            break
        cursor = page.next_cursor
        walked.turn(cursor, len(page.rows))
    if total not in (None, len(walked)):
        raise walked.broken(f"ended after {len(walked)} of {total}")


def _id(row: Document, operation: Operation) -> str:
    found = row.get("id")
    if not isinstance(found, str) or not found:
        raise Unreachable(f"{operation} shows a resource without an id: nothing is concluded from it")
    return found

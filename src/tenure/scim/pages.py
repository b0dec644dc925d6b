"""One page over resources of several kinds, one kind after the other: by an index or beside a cursor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenure.scim.cursors import Cursor, CursorSeal
from tenure.scim.errors import ScimError
from tenure.store.directory import GroupRow, IdentityRow
from tenure.store.paging import Page, Position, Window

Row = IdentityRow | GroupRow
Read = Callable[[Window], Awaitable[Page[Row]]]
"""Reads a page of the resources of one kind."""
Hit = tuple[int, Position, Row]
"""A resource with the place of its kind and its position there."""


@dataclass(frozen=True, slots=True)
class Found:
    """How many hits there are, the rows of one page, and what tells the caller where it is."""

    total: int
    rows: Sequence[Row]
    place: Mapping[str, Any]


async def by_index(reads: Sequence[Read], offset: int, count: int) -> Found:
    """The page behind so many hits (RFC 7644 section 3.4.2.4)."""
    total, rows = 0, list[Row]()
    for read in reads:
        page = await read(Window(count - len(rows), max(offset - total, 0)))
        total += page.total
        rows += page.rows
    return Found(total, rows, {"startIndex": offset + 1})


async def by_cursor(reads: Sequence[Read], text: str, count: int, seal: CursorSeal) -> Found:
    """The page beside a cursor; the first one when it is empty (RFC 9865 section 2).

    One hit more than is shown tells whether another page follows. Who goes back past the beginning gets the first
    page. Raises ScimError: 400 invalidCursor, expiredCursor or invalidCount.
    """
    cursor = seal.open(text) if text else None
    if cursor is not None and cursor.count != count:
        raise ScimError(400, f"count must stay {cursor.count}, as it was for the first page.", "invalidCount")
    if count == 0:
        return Found((await by_index(reads, 0, 0)).total, [], {})
    total, hits = await _nearest(reads, cursor, count + 1)
    if cursor is not None and cursor.backward and len(hits) <= count:
        cursor = None
        total, hits = await _nearest(reads, cursor, count + 1)
    shown, backward = hits[:count], cursor is not None and cursor.backward
    if backward:
        shown.reverse()

    def beside(hit: Hit, backward: bool) -> str:
        return seal.seal(Cursor(hit[0], hit[1], backward, total, count))

    place = {}
    if shown and cursor is not None:
        place["previousCursor"] = beside(shown[0], True)
    if shown and (backward or len(hits) > count):
        place["nextCursor"] = beside(shown[-1], False)
    return Found(total, [row for _, _, row in shown], place)


async def _nearest(reads: Sequence[Read], cursor: Cursor | None, count: int) -> tuple[int, list[Hit]]:
    """How many hits there are, as the first page counted them, and the ones next to the cursor, the nearest first."""
    if cursor is None:
        start, backward, after, counted = 0, False, None, None
    else:
        start, backward, after, counted = cursor.kind, cursor.backward, cursor.position, cursor.total
    total, hits = 0, list[Hit]()
    for kind in range(start, -1, -1) if backward else range(start, len(reads)):
        page = await reads[kind](Window(count - len(hits), 0, after, backward, counted))
        after = None
        total += page.total
        hits += [(kind, *hit) for hit in zip(page.positions, page.rows, strict=True)]
    return total if counted is None else counted, hits

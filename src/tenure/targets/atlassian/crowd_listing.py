"""Walks Crowd's listings, which tell no total, and looks for what a listing that was cut would have left out."""

from __future__ import annotations

import string
from collections.abc import AsyncIterator, Iterable
from typing import Protocol, TypeVar

from tenure.targets.atlassian import crowd_calls as calls
from tenure.targets.paging import Walk
from tenure.wire import Client, Operation, Query

ROWS_A_PAGE = 1000
ACTIVE, INACTIVE = "active = true", "active = false"

Row = TypeVar("Row", bound="HasName", covariant=True)


class HasName(Protocol):
    """A row of a listing."""

    @property
    def name(self) -> str:
        """What it is listed by."""
        ...


class Page(Protocol[Row]):
    """A page of a listing."""

    @property
    def rows(self) -> tuple[Row, ...]:
        """What it shows."""
        ...


async def listed(
    client: Client, operation: Operation, which: Query, shape: type[Page[Row]], walk: Walk
) -> AsyncIterator[Row]:
    """Every row of a listing; raises Unreachable when its pages cannot be those of one whole listing.

    Each page begins with the last row of the one before: if it does not, the listing has moved, or shows a page again.
    The end is a page that shows that row alone, so that a server which shows fewer rows than it is asked for ends no
    walk too early.
    """
    last: str | None = None
    while True:
        overlap = 0 if last is None else 1
        query: Query = {**which, "start-index": len(walk) - overlap, "max-results": ROWS_A_PAGE}
        page = (await client.send(operation, query=query)).read(shape).rows
        walk.pages += 1
        if last is not None and (not page or page[0].name != last):
            raise walk.broken("moved under the walk")
        if len(page) == overlap:
            return
        for row in page[overlap:]:
            walk.take(row.name)
            yield row
        last = page[-1].name


def at_a_cap(count: int) -> bool:
    """True for a length at which a server that shows only so many would have stopped too."""
    return count > 0 and count % ROWS_A_PAGE == 0


async def left_out(client: Client, entity: str, parts: Iterable[str], names: Walk) -> str | None:
    """Why a listing of all users or groups is not whole, or None: each part is searched for a name that it lacks.

    A listing that was cut shows the same names in whatever order, so a part of it, which the cut reaches later,
    shows one that is not in it.
    """
    shape: type[Page[calls.Named]] = calls.UserNames if entity == "user" else calls.GroupNames
    for part in parts:
        walk = Walk(f"{entity}s with {part}")
        which: Query = {"entity-type": entity, "restriction": part}
        async for row in listed(client, calls.SEARCH, which, shape, walk):
            if row.name not in names:
                return f"a search for {part} shows {row.name}, whom it does not have"
    return None


def beginnings(names: Iterable[str]) -> list[str]:
    """A restriction for each letter and digit that a name could begin with, those of the names among them."""
    first = {name[:1].lower()[:1] for name in names}
    signs = {sign for sign in first if sign.isalnum()} | set(string.ascii_lowercase + string.digits)
    return [f'name = "{sign}*"' for sign in sorted(signs)]

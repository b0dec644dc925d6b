"""Walks Confluence's listings, which tell no total, and looks for what a listing that was cut would have left out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Protocol, TypeVar

from tenure.targets.atlassian.confluence_calls import Group, Links, User
from tenure.targets.paging import Walk
from tenure.wire import Client, Operation, Query

ROWS_A_PAGE = 200  # more is seldom shown
ROUND = 1000

Row = TypeVar("Row", covariant=True)


class Page(Protocol[Row]):
    """A page of a listing."""

    @property
    def results(self) -> tuple[Row, ...]:
        """What it shows."""
        ...

    @property
    def limit(self) -> int:
        """How many rows the server was willing to show."""
        ...

    @property
    def links(self) -> Links:
        """Where the next page is."""
        ...

    @property
    def total_count(self) -> int | None:
        """How many rows there are, if the server tells."""
        ...


async def listed(
    client: Client,
    operation: Operation,
    shape: type[Page[Row]],
    key: Callable[[Row], str],
    walk: Walk,
    *,
    path: Mapping[str, str] | None = None,
    query: Query | None = None,
) -> AsyncIterator[Row]:
    """Every row of a listing; raises Unreachable when its pages cannot be those of one whole listing.

    Each page after the first begins with the last row of the one before: if it does not, the listing has moved, or
    shows a page again. A page is the last one if it has room for more and links to no other, or if it shows that row
    alone.
    """
    last: str | None = None
    while True:
        overlap = 0 if last is None else 1
        asked: Query = {**(query or {}), "start": len(walk) - overlap, "limit": ROWS_A_PAGE}
        page = (await client.send(operation, path=path, query=asked)).read(shape)
        walk.pages += 1
        rows = page.results
        if last is not None and (not rows or key(rows[0]) != last):
            raise walk.broken("moved under the walk")
        for row in rows[overlap:]:
            walk.take(key(row))
            yield row
        if len(rows) == overlap or (page.links.next is None and len(rows) < page.limit):
            break
        last = key(rows[-1])
    if page.total_count not in (None, len(walk)):
        raise walk.broken(f"ended after {len(walk)} of {page.total_count}")


def at_a_cap(count: int) -> bool:
    """True for a length at which a server that shows only so many would have stopped too."""
    return count > 0 and count % ROUND == 0


def key_of(user: User) -> str:
    """What an account is listed by."""
    return user.user_key


def name_of(group: Group) -> str:
    """What a group is listed by."""
    return group.name

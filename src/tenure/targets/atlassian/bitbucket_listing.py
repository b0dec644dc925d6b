"""Walks Bitbucket's listings, and says what speaks against a listing of everybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import TypeVar

from tenure.model.capability import canon_name
from tenure.targets.atlassian import bitbucket_calls as calls
from tenure.targets.paging import Walk
from tenure.wire import Client, Operation, Query

MOST = 1000  # rows a page, whatever is asked for

Row = TypeVar("Row")


async def listed(
    client: Client,
    operation: Operation,
    shape: type[calls.Page[Row]],
    named: Callable[[Row], str],
    walk: Walk,
    *,
    query: Query | None = None,
    path: Mapping[str, str] | None = None,
    rows: int = MOST,
) -> AsyncIterator[Row]:
    """Every row of a listing; raises Unreachable when its pages cannot be those of one whole listing.

    `named` is what tells a row from all others. Each page has to begin where the one before said that it would.
    """
    start = 0
    while True:
        asked: Query = {**(query or {}), "start": start, "limit": rows}
        page = (await client.send(operation, path=path, query=asked)).read(shape)
        walk.pages += 1
        if page.start != start:
            raise walk.broken("shows another page than was asked for")
        for row in page.values:
            walk.take(named(row))
            yield row
        if page.is_last_page:
            return
        walk.turn(page.next_page_start, len(page.values))
        if page.next_page_start is None or page.next_page_start <= start:
            raise walk.broken("goes backwards")
        start = page.next_page_start


class Everybody:
    """One listing of all accounts, inactive ones too."""

    def __init__(self, client: Client) -> None:
        """Ask nothing yet."""
        self.walk = Walk("accounts")
        self._client = client
        self._names: set[str] = set()
        self._active = 0

    async def run(self) -> AsyncIterator[calls.User]:
        """Yield every account."""
        pages = calls.Page[calls.User]
        async for user in listed(self._client, calls.LIST_USERS, pages, lambda row: row.key, self.walk):
            self._active += user.active
            self._names.add(canon_name(user.name))
            yield user

    async def doubt(self, me: str, licence: calls.Licence) -> str | None:
        """Why a listing that came to its end may still not be whole, or None.

        The account that we sign in with must be in it; the licence must not count more active people than it has; and
        the list of people that everybody may see must show nobody whom it lacks.
        """
        if canon_name(me) not in self._names:
            return f"the account that we sign in with, {me}, is not in it"
        counted = licence.status.current_number_of_users or 0
        if counted > self._active:
            return f"the licence counts {counted} people, the listing has {self._active} active ones"
        pages, walk = calls.Page[calls.User], Walk("people that everybody may see")
        async for user in listed(self._client, calls.ACTIVE_USERS, pages, lambda row: row.key, walk):
            if user.type == "NORMAL" and user.key not in self.walk:
                return f"the list that everybody may see shows {user.name}, whom it does not have"
        return None

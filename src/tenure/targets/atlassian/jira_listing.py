"""Lists every account of a Jira in the way that its version offers, and says what speaks against the listing."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tenure.model.capability import canon_name
from tenure.targets.atlassian import jira_calls as calls
from tenure.targets.atlassian.version import version_numbers
from tenure.targets.paging import Walk
from tenure.wire import Client, Query

USERS_A_PAGE, FOUND_A_PAGE = 2000, 1000
EVERYBODY = "."  # what the search takes for "matches all"
FIRST_WITH_STREAM = (10, 3)
CAPPED_FROM, CAP = (10, 0), 100  # until the stream came, the search ended at its hundredth result (JRASERVER-78660)


class AccountListing:
    """One listing of all accounts, inactive ones too."""

    def __init__(self, client: Client, version: str) -> None:
        """Choose the way that this version offers."""
        self.streamed = version_numbers(version) >= FIRST_WITH_STREAM
        self.capped = self.is_capped(version)
        self.walk = Walk("accounts")
        self.count = 0
        self._active = 0
        self._names: set[str] = set()
        self._client = client

    @staticmethod
    def is_capped(version: str) -> bool:
        """True for a version whose listing ends at its hundredth account."""
        return CAPPED_FROM <= version_numbers(version) < FIRST_WITH_STREAM

    @property
    def way(self) -> str:
        """The call that lists."""
        return "user/list" if self.streamed else "user/search"

    async def run(self) -> AsyncIterator[calls.User]:
        """Yield every account; raises Unreachable as soon as the pages cannot be those of one whole listing."""
        async for user in self._stream() if self.streamed else self._search():
            self.walk.take(user.key)
            if not user.deleted:  # an anonymised or deleted person's shadow is not an account
                self.count += 1
                self._active += user.active
                self._names.add(canon_name(user.name))
                yield user

    async def doubt(self, me: str) -> str | None:
        """Why a listing that came to its end may still not be whole, or None.

        The account that we sign in with must be in it; the licences must not count more active people than it has; a
        search must not have stopped at a cap; and of a stream, the search must show nobody beyond its count.
        """
        if canon_name(me) not in self._names:
            return f"the account that we sign in with, {me}, is not in it"
        if self.capped and self.count >= CAP:
            return f"this version lists the first {CAP} accounts alone"
        if not self.streamed and self.count % FOUND_A_PAGE == 0:
            return f"it stops at a round number, {self.count}, as a capped one does"
        roles = (await self._client.send(calls.LIST_ROLES)).read(tuple[calls.ApplicationRole, ...])
        seats = max((role.user_count or 0 for role in roles), default=0)
        if seats > self._active:
            return f"a licence counts {seats} active people, the listing has {self._active}"
        if self.streamed and await self._found(self.count, 1):
            return f"the search shows accounts beyond the {self.count} of the listing"
        return None

    async def _stream(self) -> AsyncIterator[calls.User]:
        cursor: str | int | None = None
        while True:
            at = {} if cursor is None else {"cursor": cursor}
            reply = await self._client.send(calls.LIST_USERS, query={"maxResults": USERS_A_PAGE, **at})
            page = reply.read(calls.UserPage)
            self.walk.pages += 1
            for user in page.values:
                yield user
            if page.is_last:
                return
            cursor = page.next_cursor
            self.walk.turn(cursor, len(page.values))

    async def _search(self) -> AsyncIterator[calls.User]:
        """Pages by offset, each begun with the last account of the one before: if it is not, the list has moved."""
        last: calls.User | None = None
        while True:
            overlap = 0 if last is None else 1
            page = await self._found(len(self.walk) - overlap, FOUND_A_PAGE)
            self.walk.pages += 1
            if last is not None and (not page or page[0].key != last.key):
                raise self.walk.broken("moved under the walk")
            if len(page) == overlap:
                return
            for user in page[overlap:]:
                yield user
            last = page[-1]

    async def _found(self, start: int, most: int) -> tuple[calls.User, ...]:
        query: Query = {"username": EVERYBODY, "startAt": start, "maxResults": most, "includeInactive": True}
        return (await self._client.send(calls.SEARCH_USERS, query=query)).read(tuple[calls.User, ...])

"""Finds people and groups by a name: by a filter that is seen to work, else by walking through everything."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import orjson

from tenure.model.capability import canon_exact, canon_name
from tenure.model.clock import Clock
from tenure.model.error import Rejected
from tenure.targets.paging import Walk
from tenure.targets.scim import calls
from tenure.targets.scim.calls import Document
from tenure.targets.scim.discovery import Server
from tenure.targets.scim.listing import walk
from tenure.wire import Client, Operation, Query

PROOF_LASTS_S = 10.0
NAMES = {calls.LIST_USERS: "userName", calls.LIST_GROUPS: "displayName"}
KINDS = {calls.LIST_USERS: "Users", calls.LIST_GROUPS: "Groups"}

Canon = Callable[[str], str]


class Search:
    """Looks at one server for who bears a name.

    A filter's finds are believed when each of them bears the name; one that shows others is not used again. That it
    finds nobody is believed when, within the last seconds, it found somebody who is known to be there, also by the name
    in another letter case where that makes no other name; or when the server holds nothing at all. Else everybody is
    walked through.
    """

    def __init__(self, client: Client, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._clock = clock
        self._proven: dict[Operation, float] = {}
        self._useless: set[Operation] = set()
        self._blind: set[Operation] = set()

    def canon(self, server: Server, operation: Operation) -> Canon:
        """How names are compared there."""
        return canon_exact if server.exact(KINDS[operation], NAMES[operation]) else canon_name

    async def bearing(self, server: Server, operation: Operation, name: str) -> list[Document]:
        """Everybody, or every group, of that name; an empty list is proven. Raises Unreachable when it cannot be."""
        canon = self.canon(server, operation)
        if server.filter and operation not in self._useless:
            found = await self._filtered(server, operation, name, canon)
            if found or (found is not None and await self._sees(server, operation, canon)):
                return found
            if found is None:
                self._useless.add(operation)
        key, walked = NAMES[operation], Walk(f"{KINDS[operation]} in search of a name")
        rows = walk(self._client, server, operation, lean(server, operation), walked)
        return [row async for row in rows if canon(str(row.get(key, ""))) == canon(name)]

    async def signed_in(self, server: Server) -> None:
        """Make sure that we see the server's people: without that, a 404 may only mean that we are elsewhere."""
        if not self._fresh(calls.GET_USER):
            await self._first(server, calls.LIST_USERS)
            self._proven[calls.GET_USER] = self._clock.monotonic()

    async def look(self, server: Server) -> None:
        """Ask for people, and for groups where there are any: raises what stands between us and them."""
        await self._first(server, calls.LIST_USERS)
        if server.group is not None:
            await self._first(server, calls.LIST_GROUPS)

    async def _filtered(self, server: Server, operation: Operation, name: str, canon: Canon) -> list[Document] | None:
        """Who a filter finds, in whatever normal form the name is kept; None when it finds others."""
        key = NAMES[operation]
        found: dict[object, Document] = {}
        for form in dict.fromkeys((name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD")))):
            query: Query = {**lean(server, operation), "filter": f"{key} eq {_quoted(form)}"}
            try:
                page = (await self._client.send(operation, query=query)).read(calls.Page)
            except Rejected:  # it has filters, and not this one
                return None
            if any(canon(str(row.get(key, ""))) != canon(name) for row in page.rows):
                return None
            found |= {row.get("id"): row for row in page.rows}
        return list(found.values())

    async def _sees(self, server: Server, operation: Operation, canon: Canon) -> bool:
        """Whether the filter finds somebody who is there, in any letter case; true where nobody is."""
        if operation in self._blind:
            return False
        if self._fresh(operation):
            return True
        row = await self._first(server, operation)
        if row is None:
            return True
        name = str(row.get(NAMES[operation], ""))
        for form in {name, *(other for other in (name.upper(), name.lower()) if canon(other) == canon(name))}:
            found = await self._filtered(server, operation, form, canon)
            if row.get("id") not in {one.get("id") for one in found or ()}:
                self._blind.add(operation)
                return False
        self._proven[operation] = self._clock.monotonic()
        return True

    async def _first(self, server: Server, operation: Operation) -> Document | None:
        query: Query = {**lean(server, operation), **server.page(1, 1)}
        page = (await self._client.send(operation, query=query)).read(calls.Page)
        if not page.rows and page.total_results != 0:
            raise Walk(KINDS[operation]).broken("shows nobody, and does not say that there is nobody")
        return page.rows[0] if page.rows else None

    def _fresh(self, operation: Operation) -> bool:
        at = self._proven.get(operation)
        return at is not None and self._clock.monotonic() - at < PROOF_LASTS_S


def lean(server: Server, operation: Operation) -> Query:
    """What keeps an answer small: groups come without their members."""
    groups = operation in (calls.LIST_GROUPS, calls.GET_GROUP)
    return {"excludedAttributes": "members"} if groups and server.sparing else {}


def _quoted(text: str) -> str:
    """A text as filters write it, which is as JSON does. Raises Rejected for what is not valid Unicode."""
    try:
        return orjson.dumps(text).decode()
    except orjson.JSONEncodeError:
        raise Rejected("a name is not valid Unicode: mend it at the source") from None

"""Groups go by name in Tenure and by id at a SCIM server: which is which, and who is in them."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

from tenure.model.clock import Clock
from tenure.model.error import NotFound, Rejected, Unreachable
from tenure.targets.lately import FOR_JOINS_S, Lately
from tenure.targets.paging import Walk
from tenure.targets.scim import calls
from tenure.targets.scim.calls import Document
from tenure.targets.scim.discovery import Server
from tenure.targets.scim.listing import walk
from tenure.targets.scim.search import Search, lean
from tenure.wire import Client, Query


class Groups:
    """The groups of one server.

    Whether it shows a person's `groups`, and members in its listing, is not believed from its schemas: it is seen.
    """

    def __init__(self, client: Client, search: Search, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._search = search
        self._ids = Lately(clock)
        self._tells_groups: bool | None = None
        self._tells_members = False

    async def named(self, server: Server, name: str) -> Document | None:
        """The group of that name, without its members, or None when it is proven not to be there.

        An id that was known is asked for before it is believed. Raises Rejected when two groups bear the name.
        """
        if server.group is None:
            return None
        canon = self._search.canon(server, calls.LIST_GROUPS)
        known = self._ids.seen(canon(name), math.inf)
        if known is not None:
            found = await self._by_id(known, lean(server, calls.GET_GROUP))
            if found is not None and canon(_name(found)) == canon(name):
                self._ids.keep(canon(name), known)
                return found
            self._ids.drop(canon(name))
        rows = await self._search.bearing(server, calls.LIST_GROUPS, name)
        if len(rows) > 1:
            raise Rejected(f"{len(rows)} groups at the server are named {name}: give each a name of its own there")
        if not rows:
            return None
        self._ids.keep(canon(name), _id(rows[0]))
        return rows[0]

    async def joined_by(self, server: Server, name: str) -> str | None:
        """The id under which the group of that name is joined: as it was seen lately, else as it is there now."""
        canon = self._search.canon(server, calls.LIST_GROUPS)
        lately = self._ids.seen(canon(name), FOR_JOINS_S)
        if lately is not None:
            return lately
        found = await self.named(server, name)
        return _id(found) if found else None

    def doubted(self, server: Server, name: str) -> None:
        """A group was not joined under the id that was known: it is looked up anew."""
        self._ids.drop(self._search.canon(server, calls.LIST_GROUPS)(name))

    async def needed(self, server: Server, name: str) -> Document:
        """The group of that name; raises NotFound when it is not there."""
        found = await self.named(server, name)
        if found is None:
            raise NotFound(f"the group {name} is not there")
        return found

    async def whole(self, group: Document) -> tuple[Document, str | None]:
        """The group with its members as it is now, and its version; raises NotFound when it is gone."""
        reply = await self._client.send(calls.GET_GROUP, path={"id": _id(group)})
        found = calls.document(reply)
        if _id(found) != _id(group):
            raise Unreachable(f"asked for the group {_id(group)}, the server answered about {_id(found)}")
        self._tells_members = self._tells_members or bool(members(found))
        return found, calls.version(reply, found)

    async def all(self, server: Server, walked: Walk) -> AsyncIterator[Document]:
        """Every group, without its members."""
        if server.group is not None:
            async for group in walk(self._client, server, calls.LIST_GROUPS, lean(server, calls.LIST_GROUPS), walked):
                yield group

    async def tells_members(self, server: Server) -> bool:
        """Whether this server shows members at all: some group of it has been seen with some."""
        if not self._tells_members:
            await self._full(server)
        return self._tells_members

    async def of(self, server: Server, user: Document) -> dict[str, str]:
        """The names of the groups that a person is directly in, by their ids.

        From the person's own `groups` where this server is known to fill them: somebody who is in a group has shown it.
        Else from the members of every group.
        """
        if server.group is None:
            return {}
        key, told = _id(user), [row for row in user.get("groups") or () if row.get("type") != "indirect"]
        if self._tells_groups is None and not told:
            await self._probe(server)
        if told or self._tells_groups:
            self._tells_groups = True
            return {row["value"]: row.get("display") or await self._named_by_id(server, row["value"]) for row in told}
        return {_id(group): _name(group) for group in await self._full(server) if key in members(group)}

    async def holds(self, server: Server, group: Document, user: Document) -> bool:
        """Whether the person is a direct member of the group."""
        if self._tells_groups:
            return _id(group) in await self.of(server, user)
        return _id(user) in members((await self.whole(group))[0])

    async def _probe(self, server: Server) -> None:
        """See whether somebody who is a member of a group shows it; without any member, nothing is learned."""
        for group in await self._full(server):
            for key in members(group):
                reply = await self._client.send(calls.GET_USER, path={"id": key}, accept={404})
                if reply.status != 404:
                    rows = calls.document(reply).get("groups") or ()
                    self._tells_groups = _id(group) in {row.get("value") for row in rows}
                    return

    async def _full(self, server: Server) -> list[Document]:
        """Every group with its members: from the listing if that has them, else each by itself."""
        if server.group is None:
            return []
        walked = Walk("groups with their members")
        found = [group async for group in walk(self._client, server, calls.LIST_GROUPS, {}, walked)]
        if not any(members(group) for group in found):
            found = [(await self.whole(group))[0] for group in found]
        self._tells_members = self._tells_members or any(members(group) for group in found)
        return found

    async def _by_id(self, key: str, query: Query) -> Document | None:
        reply = await self._client.send(calls.GET_GROUP, path={"id": key}, query=query, accept={404})
        return None if reply.status == 404 else calls.document(reply)

    async def _named_by_id(self, server: Server, key: str) -> str:
        found = await self._by_id(key, lean(server, calls.GET_GROUP))
        if found is None:
            raise Unreachable(f"a person is shown in the group {key}, which is not there: nothing is concluded from it")
        return _name(found)


def members(group: Document) -> dict[str, Document]:
    """The people who are direct members of a group, by id; groups inside it are left out."""
    rows = [row for row in group.get("members") or () if isinstance(row, dict) and row.get("value")]
    inner = [row for row in rows if row.get("type") == "Group" or "/Groups/" in str(row.get("$ref") or "")]
    return {str(row["value"]): row for row in rows if row not in inner}


def _id(resource: Document) -> str:
    return str(resource.get("id"))


def _name(group: Document) -> str:
    return str(group.get("displayName", ""))

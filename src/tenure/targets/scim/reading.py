"""What Tenure reads from a SCIM server, and why it believes that a reading was whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import structlog

from tenure.model.change import Handle
from tenure.model.clock import Clock
from tenure.model.error import NotFound, Rejected, TargetError, Unreachable
from tenure.model.seen import AccountSeen, GroupSeen, MemberSeen, NotThere, ReadComplete, Seen
from tenure.targets.paging import Walk
from tenure.targets.scim import calls, fields
from tenure.targets.scim.calls import Document
from tenure.targets.scim.discovery import Server, discover
from tenure.targets.scim.groups import Groups, members
from tenure.targets.scim.listing import walk
from tenure.targets.scim.search import Search
from tenure.wire import Client

MOST_NAMES = 200_000
FEW = 20  # the most members whose names are asked for one by one; for more, everybody is listed
NO_SEATS = "SCIM knows no licences"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody's document with the version that it has, where the server tells versions."""

    document: Document
    version: str | None

    @property
    def handle(self) -> Handle:
        """How the account is addressed."""
        return Handle(str(self.document["id"]), str(self.document.get("userName", "")))


class ScimReading:
    """The readings of one server. What it can do is asked once, and again by each `check`."""

    def __init__(self, client: Client, clock: Clock, sparing: bool = True) -> None:
        """Ask nothing yet; `sparing` is whether the server lets a group be asked for without its members."""
        self._client = client
        self._sparing = sparing
        self.search = Search(client, clock)
        self.groups = Groups(client, self.search, clock)
        self._server: Server | None = None
        self._counts = True
        self._names: dict[str, str] = {}

    async def server(self) -> Server:
        """What the server can do; raises Unreachable when it is no SCIM server."""
        if self._server is None:
            self._server = await self.discovered()
        return self._server

    async def discovered(self) -> Server:
        """Ask the server anew what it can do."""
        self._server = replace(await discover(self._client, self._sparing), counts=self._counts)
        return self._server

    async def looked(self, server: Server) -> Server:
        """See that the server shows us its people, if need be without telling it a count; gives what it can do then.

        Raises what stands between us and them.
        """
        try:
            await self.search.look(server)
        except (Rejected, Unreachable) as problem:
            without = replace(server, counts=False)
            try:
                await self.search.look(without)
            except TargetError:
                raise problem from None
            self._server, self._counts = without, False
            return without
        return server

    async def accounts(self) -> AsyncIterator[Seen]:
        """Every account, inactive ones too; complete when as many came, each once, as the server counts."""
        server, walked = await self.server(), Walk("accounts")
        async for row in walk(self._client, server, calls.LIST_USERS, {}, walked):
            yield self._seen(server, row, None)
        proof = {"pages": walked.pages, "counted": len(walked), "by": "cursor" if server.cursor else "place"}
        yield ReadComplete("accounts", len(walked), proof)

    async def all_groups(self) -> AsyncIterator[Seen]:
        """Every group; a name that two of them bear is shown once. What they open, SCIM does not tell."""
        server, walked, names = await self.server(), Walk("groups"), set()
        canon = self.search.canon(server, calls.LIST_GROUPS)
        async for group in self.groups.all(server, walked):
            name = str(group.get("displayName", ""))
            if canon(name) not in names:
                names.add(canon(name))
                yield GroupSeen(name)
        yield ReadComplete("groups", len(names), {"pages": walked.pages, "counted": len(walked)})

    async def members(self, group: str) -> AsyncIterator[Seen]:
        """Every direct member of a group; raises NotFound when there is no such group.

        That nobody is shown is believed at a server that has shown members of some group.
        """
        server = await self.server()
        found, _ = await self.groups.whole(await self.groups.needed(server, group))
        inside = members(found)
        names = await self._names_of(server, tuple(inside))
        for key in inside:
            yield MemberSeen(group, key, names[key])
        if not inside and not await self.groups.tells_members(server):
            log.warning("members not proven whole", target=self._client.name, why="no group here shows any")
            return
        others = len(found.get("members") or ()) - len(inside)
        yield ReadComplete(f"members:{group}", len(inside), {"one document": True, "groups inside": others})

    async def by_key(self, key: str, more: Sequence[str]) -> AsyncIterator[Seen]:
        """One account by its id, or NotThere."""
        async for seen in self._one(key, await self.user(key), more):
            yield seen

    async def by_name(self, name: str, more: Sequence[str]) -> AsyncIterator[Seen]:
        """One account by its userName, or NotThere."""
        async for seen in self._one(name, await self.user_named(name), more):
            yield seen

    async def _one(self, asked: str, person: Person | None, more: Sequence[str]) -> AsyncIterator[Seen]:
        if person is None:
            yield NotThere(asked)
        else:
            server = await self.server()
            groups = frozenset((await self.groups.of(server, person.document)).values())
            yield self._seen(server, person.document, groups, tuple(more))
        proof = {} if person else {"sees": "the server's list of people"}
        yield ReadComplete(f"account:{asked}", int(person is not None), proof)

    async def group(self, name: str) -> AsyncIterator[Seen]:
        """One group by its name, or NotThere."""
        found = await self.groups.named(await self.server(), name)
        yield NotThere(name) if found is None else GroupSeen(str(found.get("displayName", "")))
        yield ReadComplete(f"group:{name}", int(found is not None))

    async def seats(self) -> AsyncIterator[Seen]:
        """No seats, and why."""
        yield ReadComplete("seats", 0, {"unknown": NO_SEATS})

    async def user(self, key: str) -> Person | None:
        """Somebody by id, or None when the server says, to us who see its people, that nobody has it."""
        reply = await self._client.send(calls.GET_USER, path={"id": key}, accept={404})
        if reply.status == 404:
            await self.search.signed_in(await self.server())
            return None
        found = calls.document(reply)
        if found["id"] != key:
            raise Unreachable(f"asked for {key}, the server answered about {found['id']}")
        return Person(found, calls.version(reply, found))

    async def user_named(self, name: str) -> Person | None:
        """Somebody by userName, or None when that is proven to be nobody's. Raises Rejected when it is two people's."""
        rows = await self.search.bearing(await self.server(), calls.LIST_USERS, name)
        if len(rows) > 1:
            raise Rejected(f"{len(rows)} people at the server are named {name}")
        return await self.user(str(rows[0].get("id"))) if rows else None

    async def some(self) -> tuple[Document, ...]:
        """The first few people, in whatever order the server has them."""
        query = (await self.server()).page(1, FEW)
        return (await self._client.send(calls.LIST_USERS, query=query)).read(calls.Page).rows

    async def needed(self, account: Handle) -> Person:
        """The account as it is now; raises NotFound when it is not there."""
        found = await (self.user(account.key) if account.key else self.user_named(account.name))
        if found is None:
            raise NotFound(f"the account {account.name} is not there")
        return found

    async def _names_of(self, server: Server, keys: Sequence[str]) -> dict[str, str]:
        """The userName of each of them; one who is not among the people has none."""
        unknown = [key for key in keys if key not in self._names]
        if len(unknown) > FEW:
            async for row in walk(self._client, server, calls.LIST_USERS, {}, Walk("people in search of names")):
                self._learn(row)
        else:
            for key in unknown:
                found = await self.user(key)
                if found is not None:
                    self._learn(found.document)
        return {key: self._names.get(key, "") for key in keys}

    def _learn(self, row: Document) -> None:
        if len(self._names) >= MOST_NAMES:
            self._names.clear()
        self._names[str(row.get("id"))] = str(row.get("userName", ""))

    def _seen(
        self, server: Server, row: Document, groups: frozenset[str] | None, more: tuple[str, ...] = ()
    ) -> AccountSeen:
        self._learn(row)
        name, active = str(row.get("userName", "")), row.get("active", True) is not False
        return AccountSeen(str(row["id"]), name, active, fields.shown(server, row, more), groups)

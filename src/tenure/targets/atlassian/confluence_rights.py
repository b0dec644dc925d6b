"""What groups open in Confluence and what an account holds by itself, as far as Confluence tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from tenure.model.error import NotFound
from tenure.model.seen import GroupOpens, ReadComplete, RightSeen, Seen, Unread
from tenure.targets.atlassian import confluence_calls as calls
from tenure.targets.atlassian.confluence_listing import listed
from tenure.targets.atlassian.confluence_read import GLOBAL_FROM, ConfluenceReading
from tenure.targets.paging import Walk
from tenure.wire import Client, Operation

MOST_SPACES = 2000  # each costs a request
SPACES_FROM = (9, 2)
NEVER_TOLD = ("restrictions of single pages", "spaces that are not shown to the account that we sign in with")


class ConfluenceRights:
    """Rights at one Confluence: those of the whole site in one request, those in spaces in a request for each space."""

    def __init__(self, client: Client, reading: ConfluenceReading) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading

    async def of_groups(self) -> AsyncIterator[Seen]:
        """What every group opens; whole when every space could be looked into."""
        unknown, unread, count = list(NEVER_TOLD), False, 0
        async for one in self._all(calls.LIST_PERMISSIONS, calls.IN_SPACE, {}, {}, unknown):
            if isinstance(one, Unread):
                unread = True
                yield one
            elif one[0].type == "group" and one[0].name:
                count += 1
                yield GroupOpens(one[0].name, one[1])
        if not unread:
            yield ReadComplete("rights of groups", count, {"unknown": unknown})

    async def of_account(self, key: str) -> AsyncIterator[Seen]:
        """What an account holds by itself; raises NotFound when there is no such account."""
        if await self._reading.user({"key": key}) is None:
            raise NotFound(f"the account {key} is not there")
        unknown, count = list(NEVER_TOLD), 0
        at_site, in_space = {"user": key}, {"userKey": key}
        async for one in self._all(calls.USER_PERMISSIONS, calls.USER_IN_SPACE, at_site, in_space, unknown):
            if isinstance(one, Unread):
                unknown.append(one.what)
                continue
            count += 1
            yield one[1]
        yield ReadComplete(f"rights:account:{key}", count, {"unknown": unknown})

    async def _all(
        self,
        at_site: Operation,
        in_space: Operation,
        path: Mapping[str, str],
        more: Mapping[str, str],
        unknown: list[str],
    ) -> AsyncIterator[tuple[calls.Holder, RightSeen] | Unread]:
        """Each right with its holder, and what was not read; what this version tells nobody goes to `unknown`."""
        if await self._reading.since(GLOBAL_FROM):
            for one in (await self._client.send(at_site, path=path)).read(tuple[calls.Held, ...]):
                permission = one.operation
                yield one.subject, RightSeen("global permission", permission.target_type, permission.operation_key)
        else:
            unknown.append("global permissions: told from 9.3 on")
        if not await self._reading.since(SPACES_FROM):
            unknown.append("permissions in spaces: told from 9.2 on")
            return
        walk, asked = Walk("spaces"), 0
        async for space in listed(self._client, calls.LIST_SPACES, calls.SpacePage, _key, walk):
            asked += 1
            if asked > MOST_SPACES:
                yield Unread(f"permissions in spaces beyond the first {MOST_SPACES}")
                return
            told = await self._in_space(in_space, {"spaceKey": space.key, **more})
            if told is None:
                yield Unread(f"permissions in the space {space.key}")
            for held in told or ():
                level = f"{held.operation.target_type} {held.operation.operation_key}"
                yield held.subject, RightSeen("space", space.key, level)

    async def _in_space(self, operation: Operation, path: Mapping[str, str]) -> tuple[calls.Held, ...] | None:
        """What is held in one space; None for one that we may not look into, or that went away meanwhile."""
        reply = await self._client.send(operation, path=path, accept={403, 404})
        return None if reply.status >= 400 else reply.read(tuple[calls.Held, ...])


def _key(space: calls.Space) -> str:
    return space.key

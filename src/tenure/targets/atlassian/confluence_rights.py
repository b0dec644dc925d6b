"""What a group opens in Confluence and what an account holds by itself, as far as Confluence tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from tenure.model.error import NotFound
from tenure.model.seen import ReadComplete, RightSeen, Seen
from tenure.targets.atlassian import confluence_calls as calls
from tenure.targets.atlassian.confluence_listing import listed
from tenure.targets.atlassian.confluence_read import GLOBAL_FROM, ConfluenceReading
from tenure.targets.paging import Walk
from tenure.wire import Client, Operation

SPACES_FROM = (9, 2)
NEVER_TOLD = ("restrictions of single pages", "spaces that are not shown to the account that we sign in with")


class ConfluenceRights:
    """Rights at one Confluence: those of the whole site in one request, those in spaces in a request for each space."""

    def __init__(self, client: Client, reading: ConfluenceReading) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading

    async def of_group(self, group: str) -> AsyncIterator[Seen]:
        """What a group opens; raises NotFound when there is no such group."""
        if await self._reading.group(group) is None:
            raise NotFound(f"the group {group} is not there")
        path = calls.group_path(group)
        async for seen in self._all(f"group:{group}", calls.GROUP_PERMISSIONS, calls.GROUP_IN_SPACE, path, path):
            yield seen

    async def of_account(self, key: str) -> AsyncIterator[Seen]:
        """What an account holds by itself; raises NotFound when there is no such account."""
        if await self._reading.user({"key": key}) is None:
            raise NotFound(f"the account {key} is not there")
        at_site, in_space = {"user": key}, {"userKey": key}
        async for seen in self._all(f"account:{key}", calls.USER_PERMISSIONS, calls.USER_IN_SPACE, at_site, in_space):
            yield seen

    async def _all(
        self, whose: str, at_site: Operation, in_space: Operation, path: Mapping[str, str], more: Mapping[str, str]
    ) -> AsyncIterator[Seen]:
        count, unknown = 0, list(NEVER_TOLD)
        if await self._reading.since(GLOBAL_FROM):
            for one in (await self._client.send(at_site, path=path)).read(tuple[calls.Held, ...]):
                count += 1
                yield RightSeen("global permission", one.operation.target_type, one.operation.operation_key)
        else:
            unknown.append("global permissions: told from 9.3 on")
        if await self._reading.since(SPACES_FROM):
            walk = Walk("spaces")
            async for space in listed(self._client, calls.LIST_SPACES, calls.SpacePage, _key, walk):
                told = await self._in_space(in_space, {"spaceKey": space.key, **more})
                unknown += [f"permissions in the space {space.key}"] if told is None else []
                for permission in told or ():
                    count += 1
                    yield RightSeen("space", space.key, f"{permission.target_type} {permission.operation_key}")
        else:
            unknown.append("permissions in spaces: told from 9.2 on")
        yield ReadComplete(f"rights:{whose}", count, {"unknown": unknown})

    async def _in_space(self, operation: Operation, path: Mapping[str, str]) -> tuple[calls.Permission, ...] | None:
        """What is held in one space; None for one that we may not look into, or that went away meanwhile."""
        reply = await self._client.send(operation, path=path, accept={403, 404})
        if reply.status >= 400:
            return None
        return tuple(one.operation for one in reply.read(tuple[calls.Held, ...]))


def _key(space: calls.Space) -> str:
    return space.key

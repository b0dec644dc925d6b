"""What Tenure reads from Crowd, and why it believes that a reading was whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import structlog

from tenure.model.capability import canon_name
from tenure.model.clock import Clock
from tenure.model.error import Forbidden, Unreachable
from tenure.model.seen import AccountSeen, GroupSeen, MemberSeen, NotThere, ReadComplete, Seen
from tenure.targets.atlassian import crowd_calls as calls
from tenure.targets.atlassian.crowd_listing import ACTIVE, INACTIVE, at_a_cap, beginnings, left_out, listed
from tenure.targets.paging import Walk
from tenure.wire import Client, Query

ADMINISTRATORS = "crowd-administrators"
NO_DIRECTORY = "a directory with people in it, mapped to the application in Crowd"
PROOF_LASTS_S = 10.0
NO_SEATS = "Crowd tells an application neither its licence nor who counts for it"

log = structlog.get_logger(__name__)


class CrowdReading:
    """The readings of one Crowd, as its directories appear to the application that we sign in as."""

    def __init__(self, client: Client, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._clock = clock
        self._proven_at: float | None = None
        self._has_keys: bool | None = None

    async def server(self) -> str:
        """Sign in, and ask which server this is: `Crowd/6.3.0`. Raises Unreachable when it is no Crowd."""
        reply = await self._client.send(calls.COOKIE)
        if calls.VERSION not in reply.headers:
            raise Unreachable("the answer does not say which Crowd it is from: is the address in `url` the right one?")
        return reply.headers[calls.VERSION]

    async def somebody(self) -> bool:
        """Whether the application sees anybody at all; learns by the way whether this server shows keys."""
        query: Query = {"entity-type": "user", "start-index": 0, "max-results": 1, "expand": "user"}
        shown = (await self._client.send(calls.SEARCH, query=query)).read(calls.Users).users
        if shown:
            self._proven_at = self._clock.monotonic()
            self._has_keys = shown[0].key is not None
        return bool(shown)

    async def has_keys(self) -> bool:
        """Whether this server shows keys that outlive a rename; else names have to serve. Asked for once."""
        if self._has_keys is None:
            await self.somebody()
        return bool(self._has_keys)

    async def accounts(self) -> AsyncIterator[Seen]:
        """Every account, inactive ones too; complete only if nothing speaks against it.

        The active and the inactive are searched apart for somebody whom the listing lacks. Where there is only one
        kind, that search would be cut as the listing is, so that the names are searched by their beginnings.
        """
        walk, active = Walk("accounts"), 0
        names: list[str] = []
        which: Query = {"entity-type": "user", "expand": "user"}
        async for user in listed(self._client, calls.SEARCH, which, calls.Users, walk):
            active += user.active
            names.append(user.name)
            yield user.seen()
        both = 0 < active < len(names)
        doubt = await self._doubt("user", names, [ACTIVE, INACTIVE] if both else beginnings(names), walk)
        if doubt is None:
            way = "active and inactive" if both else "by first letter"
            yield ReadComplete("accounts", len(walk), {"pages": walk.pages, "searched_again": way})

    async def groups(self) -> AsyncIterator[Seen]:
        """Every group; complete only if a search by first letter shows none that the listing lacks."""
        walk = Walk("groups")
        names: list[str] = []
        async for group in listed(self._client, calls.SEARCH, {"entity-type": "group"}, calls.GroupNames, walk):
            names.append(group.name)
            yield _group(group.name)
        if await self._doubt("group", names, beginnings(names), walk) is None:
            yield ReadComplete("groups", len(walk), {"pages": walk.pages, "searched_again": "by first letter"})

    async def _doubt(self, entity: str, names: list[str], parts: list[str], walk: Walk) -> str | None:
        why = await left_out(self._client, entity, parts, walk) if names else "it is empty"
        if why:
            log.warning("listing not proven whole", target=self._client.name, why=why)
        return why

    async def members(self, group: str) -> AsyncIterator[Seen]:
        """Every member of a group, active or not; raises NotFound when there is no such group.

        Who is in it through a group inside it alone is shown as not direct. A listing whose length is one at which a
        server with a limit would have stopped is not called whole: there is nothing to hold it against.
        """
        which: Query = {"groupname": group, "expand": "user"}
        direct, everybody = Walk(f"members of {group}"), Walk(f"members of {group} and the groups in it")
        async for user in listed(self._client, calls.MEMBERS, which, calls.Users, direct):
            yield MemberSeen(group, user.anchor, user.name)
        count = len(direct)
        if await self._has_subgroups(group):
            async for user in listed(self._client, calls.ALL_MEMBERS, which, calls.Users, everybody):
                if user.name not in direct:
                    count += 1
                    yield MemberSeen(group, user.anchor, user.name, direct=False)
        if at_a_cap(len(direct)) or at_a_cap(len(everybody)):
            log.warning("listing not proven whole", target=self._client.name, why="it stops at a round number")
            return
        yield ReadComplete(f"members:{group}", count, {"pages": direct.pages + everybody.pages, "direct": len(direct)})

    async def _has_subgroups(self, group: str) -> bool:
        query: Query = {"groupname": group, "start-index": 0, "max-results": 1}
        return bool((await self._client.send(calls.SUBGROUPS, query=query)).read(calls.GroupNames).groups)

    async def one(self, asked: str, *, by_key: bool, fields: Sequence[str]) -> AsyncIterator[Seen]:
        """One account by key or name, or NotThere."""
        found = await self.account(key=asked if by_key else None, name=asked, fields=fields)
        proof: dict[str, object] = {}
        if found is None:
            await self.proven()
            proof = {"sees": "other accounts"}
            yield NotThere(asked)
        else:
            yield found
        yield ReadComplete(f"account:{asked}", int(found is not None), proof)

    async def account(self, *, key: str | None = None, name: str, fields: Sequence[str] = ()) -> AccountSeen | None:
        """The account with the groups that it is directly in, or None when Crowd says that it is not there."""
        user = await self.user(key=key, name=name)
        if user is None:
            return None
        walk = Walk(f"groups of {user.name}")
        groups = listed(self._client, calls.GROUPS_OF, {"username": user.name}, calls.GroupNames, walk)
        return user.seen(frozenset([group.name async for group in groups]), tuple(fields))

    async def user(self, *, key: str | None = None, name: str) -> calls.User | None:
        """The account's own document, by key where there are keys, or None when Crowd says that it is not there."""
        keyed = bool(key) and await self.has_keys()
        by: Query = {"key": key or ""} if keyed else {"username": key or name}
        reply = await self._client.send(calls.GET_USER, query={**by, "expand": "attributes"}, accept={404})
        if reply.status == 404:
            return None
        user = reply.read(calls.User)
        if user.key != key if keyed else canon_name(user.name) != canon_name(key or name):
            raise Unreachable(f"asked for {key or name}, Crowd answered about {user.name}")
        return user

    async def one_group(self, name: str) -> AsyncIterator[Seen]:
        """One group by its name, or NotThere."""
        found = await self.group(name)
        if found is None:
            await self.proven()
            yield NotThere(name)
        else:
            yield found
        yield ReadComplete(f"group:{name}", int(found is not None))

    async def group(self, name: str) -> GroupSeen | None:
        """The group, or None when Crowd says that it is not there."""
        reply = await self._client.send(calls.GET_GROUP, query={"groupname": name}, accept={404})
        return None if reply.status == 404 else _group(reply.read(calls.Named).name)

    async def seats(self) -> AsyncIterator[Seen]:
        """No seats, and why."""
        yield ReadComplete("seats", 0, {"unknown": NO_SEATS})

    async def proven(self) -> None:
        """Make sure that the application sees people, asked again when the last answer is more than seconds old.

        Without this, a directory that was taken from the application would look like one that everybody has left.
        """
        fresh = self._proven_at is not None and self._clock.monotonic() - self._proven_at < PROOF_LASTS_S
        if not fresh and not await self.somebody():
            raise Forbidden(f"Crowd shows nobody at all to this application: it lacks {NO_DIRECTORY}")


def _group(name: str) -> GroupSeen:
    """Which groups administer other applications, or open them, Crowd does not know."""
    return GroupSeen(name, frozenset({"administration"}) if canon_name(name) == ADMINISTRATORS else frozenset())

"""What Tenure reads from Confluence, and why it believes that a reading was whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

import structlog

from tenure.model.capability import canon_name
from tenure.model.clock import Clock
from tenure.model.error import Forbidden, TargetError, Unauthorized, Unreachable
from tenure.model.seen import AccountSeen, GroupSeen, MemberSeen, NotThere, ReadComplete, SeatsSeen, Seen
from tenure.targets.atlassian import confluence_calls as calls
from tenure.targets.atlassian.confluence_listing import at_a_cap, key_of, listed, name_of
from tenure.targets.atlassian.version import version_numbers
from tenure.targets.paging import Walk
from tenure.wire import Client, Query

ADMINISTRATOR = "Confluence Administrator (global permission)"
LISTS_FROM, NESTED_FROM, GLOBAL_FROM = (8, 4), (8, 2), (9, 3)
USERS, ADMINISTRATORS = "confluence-users", "confluence-administrators"
OPENS = {"use": "licence", "administer": "administration"}
PROOF_LASTS_S = 10.0
STATUS: Query = {"expand": "status"}

log = structlog.get_logger(__name__)


class ConfluenceReading:
    """The readings of one Confluence. Its version decides how accounts are listed; it is asked for once."""

    def __init__(self, client: Client, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._clock = clock
        self._info: calls.Manifest | None = None
        self._signed_in: tuple[float, str] | None = None

    async def server(self) -> calls.Manifest:
        """Ask which server this is."""
        self._info = (await self._client.send(calls.MANIFEST)).read(calls.Manifest)
        return self._info

    async def since(self, version: tuple[int, int]) -> bool:
        """Whether the server is of this version or a later one."""
        return version_numbers((self._info or await self.server()).version) >= version

    async def myself(self) -> str:
        """Ask as whom we are signed in; raises Unauthorized when we are not."""
        me = (await self._client.send(calls.CURRENT_USER)).read(calls.User)
        if me.type != calls.KNOWN or not me.username:
            raise Unauthorized("Confluence does not know who we are. Check the credentials: are they right?")
        self._signed_in = (self._clock.monotonic(), me.username)
        return me.username

    async def missing(self) -> tuple[str, ...]:
        """Ask which permission is missing: the members of a group are shown to administrators alone."""
        try:
            page = (await self._client.send(calls.LIST_GROUPS)).read(calls.GroupPage)
            name = next((group.name for group in page.results if calls.addressable(group.name)), None)
            if name is not None:
                await self._client.send(calls.LIST_MEMBERS, path=calls.group_path(name), query={"limit": 1})
        except Forbidden:
            return (ADMINISTRATOR,)
        return ()

    async def accounts(self) -> AsyncIterator[Seen]:
        """Every account, disabled ones too; complete only if nothing speaks against it.

        Before 8.4 there is no listing of accounts: whoever is in a group is shown, and nobody's absence is proven.
        """
        me = await self._trusted()
        if not await self.since(LISTS_FROM):
            async for user in self._in_groups():
                yield user.seen()
            log.warning("accounts cannot be listed", target=self._client.name, why="there is no list before 8.4")
            return
        walk, names, licensed = Walk("accounts"), set[str](), 0
        async for user in listed(self._client, calls.LIST_USERS, calls.UserPage, key_of, walk, query=STATUS):
            if user.type == calls.KNOWN:
                names.add(canon_name(user.username))
                licensed += user.state in calls.LICENSED
                yield user.seen()
        doubt = await self._doubt(me, names, licensed)
        if doubt or await self._trusted() != me:
            log.warning("listing not proven whole", target=self._client.name, why=doubt or "signed in as another")
            return
        yield ReadComplete("accounts", len(names), {"way": "user/list", "pages": walk.pages, "signed_in_as": me})

    async def _in_groups(self) -> AsyncIterator[calls.User]:
        shown, walk = set[str](), Walk("groups")
        async for group in listed(self._client, calls.LIST_GROUPS, calls.GroupPage, name_of, walk):
            if not calls.addressable(group.name):
                continue
            async for user in self._members(group.name, STATUS, Walk(f"members of {group.name}")):
                if user.user_key not in shown:
                    shown.add(user.user_key)
                    yield user

    async def _doubt(self, me: str, names: set[str], licensed: int) -> str | None:
        """Why a listing of accounts that came to its end may still not be whole, or None.

        The account that we sign in with must be in it, it must not stop at a round number, and the licence must not
        count more people than it has. Where the licence does not tell, everybody who is active must be in it.
        """
        if canon_name(me) not in names:
            return f"the account that we sign in with, {me}, is not in it"
        if at_a_cap(len(names)):
            return f"it stops at a round number, {len(names)}, as a capped one does"
        try:
            count = (await self._client.send(calls.USER_COUNT)).read(calls.Count).count
        except TargetError as problem:
            if not await self.since(GLOBAL_FROM):
                return f"the licence does not tell how many people it counts: {problem}"
            walk = Walk("active accounts")
            async for user in listed(self._client, calls.LIST_ACTIVE, calls.UserPage, key_of, walk):
                if canon_name(user.username) not in names:
                    return f"{user.username} is active, and is not in it"
            return None
        return f"the licence counts {count} people, the listing has {licensed}" if count > licensed else None

    async def groups(self) -> AsyncIterator[Seen]:
        """Every group, with what it opens; complete only if nothing speaks against it.

        The groups that we are in and those that hold a global permission must be among them. Before 9.3, what groups
        open is not told: the two groups that a new Confluence makes are known by name.
        """
        me = await self._trusted()
        gives = await self.opened()
        walk, names = Walk("groups"), set[str]()
        async for group in listed(self._client, calls.LIST_GROUPS, calls.GroupPage, name_of, walk):
            names.add(canon_name(group.name))
            yield GroupSeen(group.name, gives.get(canon_name(group.name), frozenset()))
        known = {canon_name(name) for name in await self.groups_of({"username": me})}
        known |= set(gives) if await self.since(GLOBAL_FROM) else set()
        if known <= names and not at_a_cap(len(names)) and await self._trusted() == me:
            yield ReadComplete("groups", len(names), {"pages": walk.pages, "signed_in_as": me})
        else:
            why = ", ".join(sorted(known - names)) or f"it stops at {len(names)}"
            log.warning("listing of groups not proven whole", target=self._client.name, why=why)

    async def members(self, group: str) -> AsyncIterator[Seen]:
        """Every member of a group, disabled ones too; raises NotFound when there is no such group.

        Whether Confluence lists those of groups inside as well is not documented: who is in one of them too may be
        there through it, and is not shown as direct.
        """
        inner = await self._inside(group) if await self.since(NESTED_FROM) else frozenset()
        walk = Walk(f"members of {group}")
        async for user in self._members(group, {}, walk):
            yield MemberSeen(group, user.user_key, user.username, user.user_key not in inner)
        if at_a_cap(len(walk)):
            raise walk.broken(f"stops at a round number, {len(walk)}, as a capped one does")
        yield ReadComplete(f"members:{group}", len(walk), {"pages": walk.pages})

    def _members(self, group: str, query: Query, walk: Walk) -> AsyncIterator[calls.User]:
        path = calls.group_path(group)
        return listed(self._client, calls.LIST_MEMBERS, calls.UserPage, key_of, walk, path=path, query=query)

    async def _inside(self, group: str) -> frozenset[str]:
        """The keys of the members of all groups inside a group."""
        found, seen, waiting = set[str](), {canon_name(group)}, [group]
        while waiting:
            path = calls.group_path(waiting.pop())
            walk = Walk(f"groups in {group}")
            async for child in listed(self._client, calls.LIST_CHILDREN, calls.GroupPage, name_of, walk, path=path):
                if canon_name(child.name) not in seen:
                    seen.add(canon_name(child.name))
                    waiting.append(child.name)
                    async for user in self._members(child.name, {}, Walk(f"members of {child.name}")):
                        found.add(user.user_key)
        return frozenset(found)

    async def one(self, by: dict[str, str]) -> AsyncIterator[Seen]:
        """One account by `key` or `username`, or NotThere. Its e-mail address Confluence never shows."""
        found, asked = await self.account(by), next(iter(by.values()))
        if found is None:
            yield NotThere(asked)
        else:
            yield found
        proof: dict[str, object] = {} if found else {"signed_in_as": await self._proven()}
        yield ReadComplete(f"account:{asked}", int(found is not None), proof)

    async def account(self, by: dict[str, str]) -> AccountSeen | None:
        """The account with its groups, or None when it is not there."""
        user = await self.user(by)
        return user.seen(frozenset(await self.groups_of({"key": user.user_key}))) if user else None

    async def user(self, by: dict[str, str]) -> calls.User | None:
        """The account, or None when Confluence says in its own words, to somebody signed in, that it is not there."""
        reply = await self._client.send(calls.GET_USER, query={**by, **STATUS}, accept={404})
        user = reply.read(calls.User) if reply.status != 404 else None
        if user is None or user.type != calls.KNOWN:
            await self._proven()
            return None
        asked = by.get("key") or canon_name(by.get("username", ""))
        if not user.user_key or asked != (user.user_key if "key" in by else canon_name(user.username)):
            raise Unreachable(f"asked for {asked}, Confluence answered with {user.username}: nothing is concluded")
        return user

    async def groups_of(self, by: dict[str, str]) -> list[str]:
        """The names of the groups that an account is in, by its `key` or `username`."""
        walk = Walk("groups of an account")
        groups = listed(self._client, calls.MEMBER_OF, calls.GroupPage, name_of, walk, query=by)
        return [group.name async for group in groups]

    async def one_group(self, name: str) -> AsyncIterator[Seen]:
        """One group by its name, with what it opens, or NotThere."""
        found = await self.group(name)
        if found is None:
            yield NotThere(name)
        else:
            yield GroupSeen(found, (await self.opened()).get(canon_name(found), frozenset()))
        proof: dict[str, object] = {} if found else {"signed_in_as": await self._proven()}
        yield ReadComplete(f"group:{name}", int(found is not None), proof)

    async def group(self, name: str) -> str | None:
        """The name as the group bears it, or None when it is not there."""
        reply = await self._client.send(calls.GET_GROUP, path=calls.group_path(name), accept={404})
        if reply.status == 404:
            await self._proven()
            return None
        found = reply.read(calls.Group).name
        if canon_name(found) != canon_name(name):
            raise Unreachable(f"asked for the group {name}, Confluence answered with {found}: nothing is concluded")
        return found

    async def opened(self) -> dict[str, frozenset[str]]:
        """What each group opens, by its canonical name."""
        if not await self.since(GLOBAL_FROM):
            return {USERS: frozenset({"licence"}), ADMINISTRATORS: frozenset({"administration"})}
        held = (await self._client.send(calls.LIST_PERMISSIONS)).read(tuple[calls.Held, ...])
        found: dict[str, frozenset[str]] = {}
        for one in held:
            if one.subject.type == "group" and one.subject.name:
                name, right = canon_name(one.subject.name), OPENS.get(one.operation.operation_key)
                found[name] = found.get(name, frozenset()) | (frozenset({right}) if right else frozenset())
        return found

    async def seats(self) -> AsyncIterator[Seen]:
        """The licence: its seats, how many are taken, and the groups that take them."""
        total = (await self._client.send(calls.MOST_USERS)).read(calls.Count).count
        used = (await self._client.send(calls.USER_COUNT)).read(calls.Count).count
        groups = frozenset(name for name, rights in (await self.opened()).items() if "licence" in rights)
        yield SeatsSeen("Confluence", total if total >= 0 else None, used, groups)
        yield ReadComplete("seats", 1)

    async def _trusted(self) -> str:
        """As whom we are signed in, with the permission that a whole reading needs; raises Forbidden without."""
        me, missing = await self.myself(), await self.missing()
        if missing:
            raise Forbidden(f"{me} lacks {', '.join(missing)}: Confluence would show less than there is")
        return me

    async def _proven(self) -> str:
        """As whom we are signed in, asked again when the last answer is more than a few seconds old."""
        if self._signed_in is not None and self._clock.monotonic() - self._signed_in[0] < PROOF_LASTS_S:
            return self._signed_in[1]
        return await self.myself()

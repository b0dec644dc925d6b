"""What Tenure reads from Bitbucket, and why it believes that a reading was whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from urllib.parse import unquote

import structlog

from tenure.model.capability import canon_name
from tenure.model.clock import Clock
from tenure.model.error import NotFound, Unreachable
from tenure.model.seen import AccountSeen, GroupSeen, MemberSeen, NotThere, ReadComplete, SeatsSeen, Seen
from tenure.targets.atlassian import bitbucket_calls as calls
from tenure.targets.atlassian.bitbucket_listing import Everybody, listed
from tenure.targets.paging import Walk
from tenure.wire import Client

MEMBERS_A_PAGE = 250
PROOF_LASTS_S = 10.0
ADMINISTERS = frozenset({"ADMIN", "SYS_ADMIN"})
NO_LICENCE = calls.Licence()

log = structlog.get_logger(__name__)


class BitbucketReading:
    """The readings of one Bitbucket, which addresses accounts by name alone: names seen are remembered by id."""

    def __init__(self, client: Client, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._clock = clock
        self._proven: tuple[float, str] | None = None
        self._names: dict[str, str] = {}

    async def version(self) -> str:
        """Ask which version this is."""
        return (await self._client.send(calls.PROPERTIES)).read(calls.Properties).version

    async def trusted(self) -> tuple[str, calls.Licence]:
        """As whom we are signed in, and the licence, which only an administrator may see; raises Forbidden if not.

        Bitbucket lists people to everybody who is licensed: only what an administrator is shown proves an absence.
        """
        reply = await self._client.send(calls.LICENCE, accept={404})
        me = unquote(reply.headers.get(calls.SIGNED_IN_AS, ""))
        if not me:
            raise Unreachable(
                "the answer does not say as whom we are signed in: is the address in `url` the right one?"
            )
        self._proven = (self._clock.monotonic(), me)
        return me, NO_LICENCE if reply.status == 404 else reply.read(calls.Licence)

    async def proven(self) -> str:
        """As whom we are signed in as an administrator, asked again when the last answer is more than seconds old."""
        if self._proven is not None and self._clock.monotonic() - self._proven[0] < PROOF_LASTS_S:
            return self._proven[1]
        return (await self.trusted())[0]

    async def accounts(self) -> AsyncIterator[Seen]:
        """Every account, inactive ones too; complete only if nothing speaks against it (see `Everybody.doubt`)."""
        me, licence = await self.trusted()
        held = {row.user.key: row.permission async for row in self._holders("")}
        everybody = Everybody(self._client)
        async for user in everybody.run():
            self._names[user.key] = user.name
            yield user.seen(held.get(user.key))
        doubt = await everybody.doubt(me, licence)
        if doubt or (await self.trusted())[0] != me:
            log.warning("listing not proven whole", target=self._client.name, why=doubt or "signed in as another")
            return
        proof = {"pages": everybody.walk.pages, "last": True, "signed_in_as": me}
        yield ReadComplete("accounts", len(everybody.walk), proof)

    async def groups(self) -> AsyncIterator[Seen]:
        """Every group with what it gives; complete only if the list of names that everybody may see has no other."""
        me, _ = await self.trusted()
        gives = await self.gives()
        walk, again, known = Walk("groups"), Walk("names of groups"), set[str]()
        async for group in listed(self._client, calls.LIST_GROUPS, calls.Page[calls.Group], lambda g: g.name, walk):
            known.add(group.name)
            yield GroupSeen(group.name, gives_of(gives, group.name))
        names = listed(self._client, calls.GROUP_NAMES, calls.Page[str], lambda name: name, again)
        missing = {name async for name in names} - known
        if missing or (await self.trusted())[0] != me:
            why = f"it lacks {min(missing)}" if missing else "signed in as another"
            log.warning("listing not proven whole", target=self._client.name, why=why)
            return
        yield ReadComplete("groups", len(walk), {"pages": walk.pages, "last": True, "signed_in_as": me})

    async def members(self, group: str) -> AsyncIterator[Seen]:
        """Every member of a group, inactive ones too; raises NotFound when there is no such group."""
        me = await self.proven()
        walk, pages = Walk(f"members of {group}"), calls.Page[calls.User]
        members = listed(
            self._client,
            calls.MEMBERS,
            pages,
            lambda user: user.key,
            walk,
            query={"context": group},
            rows=MEMBERS_A_PAGE,
        )
        async for user in members:
            yield MemberSeen(group, user.key, user.name)
        if not len(walk) and await self.group(group) is None:  # of a group that is not there, Bitbucket shows nobody
            raise NotFound(f"the group {group} is not there")
        proof = {"pages": walk.pages, "last": True, "signed_in_as": me}
        yield ReadComplete(f"members:{group}", len(walk), proof)

    async def one(self, *, key: str | None = None, name: str = "") -> AsyncIterator[Seen]:
        """One account by key or name, or NotThere."""
        me, asked = await self.proven(), key or name
        found = await self.account(key=key, name=name)
        yield found or NotThere(asked)
        yield ReadComplete(f"account:{asked}", int(found is not None), {} if found else {"signed_in_as": me})

    async def account(self, *, key: str | None = None, name: str) -> AccountSeen | None:
        """The account with its groups and its own global permission, or None when it is not there."""
        user = await self.user(key=key, name=name)
        if user is None:
            return None
        walk = Walk(f"groups of {user.name}")
        groups = listed(
            self._client,
            calls.GROUPS_OF,
            calls.Page[calls.Group],
            lambda group: group.name,
            walk,
            query={"context": user.name},
        )
        names = frozenset([group.name async for group in groups])
        return user.seen(await self.permission(user), names)

    async def user(self, *, key: str | None = None, name: str) -> calls.User | None:
        """The account's own document by key, else by name, or None when it is not there.

        Bitbucket finds nobody by id: the account is looked up by the name that it bears, or was seen to bear, and if
        it bears none of them any more, everybody is listed. Raises Unreachable when that listing is not whole.
        """
        known = self._names.get(key or "")
        for candidate in dict.fromkeys(one for one in (name, known) if one):
            found = await self._named(candidate)
            if found is not None and key in (None, "", found.key):
                return found
        if key and key.isascii() and key.isdecimal():
            return await self._walked(lambda user: user.key == key)
        if not key and not name.isascii():  # how the search folds other letters is not documented
            return await self._walked(lambda user: canon_name(user.name) == canon_name(name))
        return None

    async def _named(self, name: str) -> calls.User | None:
        """The account of this name, in any case. The search finds a text anywhere in name, address or display name."""
        walk, pages = Walk(f"accounts with {name}"), calls.Page[calls.User]
        shown = listed(self._client, calls.LIST_USERS, pages, lambda user: user.key, walk, query={"filter": name})
        async for user in shown:
            if canon_name(user.name) == canon_name(name):
                self._names[user.key] = user.name
                return user
        return None

    async def _walked(self, wanted: Callable[[calls.User], bool]) -> calls.User | None:
        me, licence = await self.trusted()
        everybody = Everybody(self._client)
        async for user in everybody.run():
            self._names[user.key] = user.name
            if wanted(user):
                return user
        doubt = await everybody.doubt(me, licence)
        if doubt:
            raise everybody.walk.broken(f"is doubted: {doubt}")
        return None

    async def permission(self, user: calls.User) -> str | None:
        """The global permission that an account holds itself, or None."""
        return await anext((row.permission async for row in self._holders(user.name) if row.user.key == user.key), None)

    def _holders(self, name: str) -> AsyncIterator[calls.UserWith]:
        walk, pages = Walk("accounts with global permissions"), calls.Page[calls.UserWith]
        query = {"filter": name} if name else {}
        return listed(self._client, calls.USERS_WITH, pages, lambda row: row.user.key, walk, query=query)

    async def one_group(self, name: str) -> AsyncIterator[Seen]:
        """One group by its name, or NotThere."""
        me = await self.proven()
        found = await self.group(name)
        yield GroupSeen(found, gives_of(await self.gives(), found)) if found else NotThere(name)
        yield ReadComplete(f"group:{name}", int(found is not None), {} if found else {"signed_in_as": me})

    async def group(self, name: str) -> str | None:
        """The group's name as Bitbucket spells it, or None when it is not there."""
        walk, pages = Walk(f"groups with {name}"), calls.Page[calls.Group]
        query = {"filter": name} if name.isascii() else {}  # how the search folds other letters is not documented
        shown = listed(self._client, calls.LIST_GROUPS, pages, lambda group: group.name, walk, query=query)
        return await anext((group.name async for group in shown if canon_name(group.name) == canon_name(name)), None)

    async def gives(self) -> dict[str, str]:
        """The global permission that each group gives, by the group's name."""
        walk, pages = Walk("groups with global permissions"), calls.Page[calls.GroupWith]
        rows = listed(self._client, calls.GROUPS_WITH, pages, lambda row: row.group.name, walk)
        return {row.group.name: row.permission async for row in rows}

    async def seats(self) -> AsyncIterator[Seen]:
        """The licence, and the groups that take a seat of it: any global permission does."""
        _, licence = await self.trusted()
        total = licence.maximum_number_of_users
        limited = not licence.unlimited_number_of_users and total is not None and total >= 0
        used = licence.status.current_number_of_users
        yield SeatsSeen("Bitbucket", total if limited else None, used, frozenset(await self.gives()))
        yield ReadComplete("seats", 1)


def gives_of(gives: dict[str, str], group: str) -> frozenset[str]:
    """What a group opens: any global permission lets its members in, and so takes a seat."""
    permission = gives.get(group)
    if permission is None:
        return frozenset()
    return frozenset({"licence", "administration"} if permission in ADMINISTERS else {"licence"})

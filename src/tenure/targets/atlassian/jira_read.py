"""What Tenure reads from Jira, and why it believes that a reading was whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

import orjson
import structlog

from tenure.model.capability import canon_name
from tenure.model.clock import Clock
from tenure.model.error import Forbidden, TargetError, Unreachable
from tenure.model.seen import AccountSeen, GroupSeen, MemberSeen, NotThere, ReadComplete, SeatsSeen, Seen
from tenure.targets.atlassian import jira_calls as calls
from tenure.targets.atlassian.group_walk import GroupWalk
from tenure.targets.atlassian.jira_apart import Aparting, Surroundings
from tenure.targets.atlassian.jira_listing import AccountListing
from tenure.targets.paging import Walk
from tenure.wire import Client, Query

MEMBERS_A_PAGE = 50
ADMINISTRATORS = frozenset({"jira-administrators", "jira-system-administrators"})
NEEDED = {"ADMINISTER": "Jira Administrators (global permission)", "USER_PICKER": "Browse Users (global permission)"}
PROOF_LASTS_S = 10.0
UNKNOWN_OF_MEMBERS = "who is in it only through a group inside it"

log = structlog.get_logger(__name__)


class JiraReading:
    """The readings of one Jira. `version` decides how accounts are listed; it is asked for once."""

    def __init__(self, client: Client, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._clock = clock
        self._aparting = Aparting(client, clock)
        self._info: calls.ServerInfo | None = None
        self._signed_in: tuple[float, str] | None = None

    async def server(self) -> calls.ServerInfo:
        """Ask which server this is."""
        self._info = (await self._client.send(calls.SERVER_INFO)).read(calls.ServerInfo)
        return self._info

    async def server_id(self) -> str | None:
        """Ask for the server's own identifier, as application links know it; None when it is not told."""
        try:
            return (await self._client.send(calls.MANIFEST)).read(calls.Manifest).id
        except TargetError:
            return None

    async def myself(self) -> str:
        """Ask as whom we are signed in; raises Unauthorized when we are not."""
        name = (await self._client.send(calls.MYSELF)).read(calls.User).name
        self._signed_in = (self._clock.monotonic(), name)
        return name

    async def missing(self) -> tuple[str, ...]:
        """Ask which of the permissions that we need are missing, by the names that an administrator knows."""
        have = (await self._client.send(calls.MY_PERMISSIONS)).read(calls.Permissions).permissions
        return tuple(label for key, label in NEEDED.items() if not (key in have and have[key].have_permission))

    async def accounts(self) -> AsyncIterator[Seen]:
        """Every account, inactive ones too; complete only if nothing speaks against it.

        We must be signed in with the needed permissions before and after, and `AccountListing.doubt` must have none.
        """
        me = await self._trusted()
        listing = AccountListing(self._client, await self._version())
        around = await self._aparting.surroundings(await self._version())
        licensed = await self._licensed(around)
        async for user in listing.run():
            has_one = None if licensed is None else user.key in licensed
            yield replace(user.seen(), apart=around.apart(user, has_one))
        doubt = await listing.doubt(me)
        if doubt or await self._trusted() != me:
            log.warning("listing not proven whole", target=self._client.name, why=doubt or "signed in as another")
            return
        proof = {"way": listing.way, "pages": listing.walk.pages, "last": True, "signed_in_as": me}
        yield ReadComplete("accounts", listing.count, proof)

    async def groups(self) -> AsyncIterator[Seen]:
        """Every group, with what it opens; complete only if as many were found as Jira counts.

        Jira tells which groups give a licence. Which groups administer it does not tell: the two groups that a new
        Jira makes for that are known by name.
        """
        me = await self._trusted()
        gives = await self._gives()
        walk = GroupWalk(self._pick)
        async for name in walk.run():
            yield GroupSeen(name, gives(name))
        if walk.whole and await self._trusted() == me:
            yield ReadComplete("groups", walk.total, {"questions": walk.questions, "counted": walk.total})

    async def members(self, group: str) -> AsyncIterator[Seen]:
        """Every member of a group, inactive ones too; raises NotFound when there is no such group.

        Jira lists the members of groups inside the group as well, and does not tell them apart: no version's API knows
        what is inside a group. They are shown as direct, and the proof says that it is not known; taking one out is
        refused by Jira (400) and changes nothing, since its removal knows direct members.
        """
        walk, total = Walk(f"members of {group}"), None
        while True:
            which: Query = {"groupname": group, "includeInactiveUsers": True, "maxResults": MEMBERS_A_PAGE}
            reply = await self._client.send(calls.LIST_MEMBERS, query={**which, "startAt": len(walk)})
            page = reply.read(calls.MemberPage)
            walk.pages += 1
            if page.start_at != len(walk) or total not in (None, page.total):
                raise walk.broken("moved under the walk")
            total = page.total
            for user in page.values:
                walk.take(user.key)
                yield MemberSeen(group, user.key, user.name)
            if page.is_last:
                break
            walk.turn(len(walk), len(page.values))
        if len(walk) != total:
            raise walk.broken(f"ended after {len(walk)} of {total}")
        proof = {"pages": walk.pages, "counted": total, "unknown": (UNKNOWN_OF_MEMBERS,)}
        yield ReadComplete(f"members:{group}", len(walk), proof)

    async def one(self, by: Mapping[str, str], fields: Sequence[str]) -> AsyncIterator[Seen]:
        """One account by `key` or `username`, or NotThere; one request more for each property in `fields`."""
        user = await self._user(by)
        asked = next(iter(by.values()))
        if user is None:
            yield NotThere(asked)
        else:
            around = await self._aparting.surroundings(await self._version())
            roles = user.application_roles
            apart = around.apart(user, None if roles is None else roles.size > 0)
            yield replace(await self._shown(user, fields), apart=apart)
        proof: dict[str, object] = {} if user else {"signed_in_as": await self._proven()}
        yield ReadComplete(f"account:{asked}", int(user is not None), proof)

    async def account(self, by: Mapping[str, str]) -> AccountSeen | None:
        """The account, or None when Jira says in its own words, and to somebody signed in, that it is not there."""
        user = await self._user(by)
        return None if user is None else await self._shown(user, ())

    async def _user(self, by: Mapping[str, str]) -> calls.User | None:
        query = {**by, "expand": "groups,applicationRoles"}
        reply = await self._client.send(calls.GET_USER, query=query, accept={404})
        if reply.status == 404:
            await self._proven()
            return None
        user = reply.read(calls.User)
        asked = by.get("key") or canon_name(by.get("username", ""))
        if asked != (user.key if "key" in by else canon_name(user.name)):
            raise Unreachable(f"asked for {asked}, Jira answered with {user.name}: nothing is concluded from it")
        return None if user.deleted else user

    async def _shown(self, user: calls.User, fields: Sequence[str]) -> AccountSeen:
        groups = user.groups
        whole = groups is not None and groups.size == len(groups.items)
        seen = user.seen(frozenset(group.name for group in groups.items) if groups and whole else None)
        extra = {name: await self._property(user.key, name) for name in fields if name.startswith("properties.")}
        return replace(seen, fields={**seen.fields, **extra})

    async def one_group(self, name: str) -> AsyncIterator[Seen]:
        """One group by its exact name, in any case, or NotThere."""
        found = await self.group(name)
        yield found or NotThere(name)
        proof: dict[str, object] = {} if found else {"signed_in_as": await self._proven()}
        yield ReadComplete(f"group:{name}", int(found is not None), proof)

    async def group(self, name: str) -> GroupSeen | None:
        """The group, or None when Jira says in its own words, and to somebody signed in, that it is not there."""
        names, _ = await self._pick(name)
        found = next((other for other in names if canon_name(other) == canon_name(name)), None)
        if found is None:  # the search may have shown others that contain the name: ask for its members instead
            query: Query = {"groupname": name, "maxResults": 1}
            reply = await self._client.send(calls.LIST_MEMBERS, query=query, accept={404})
            if reply.status == 404:
                await self._proven()
                return None
        return GroupSeen(found or name, (await self._gives())(found or name))

    async def seats(self) -> AsyncIterator[Seen]:
        """The licence of each application: its seats, how many are taken, and the groups that take them."""
        roles = (await self._client.send(calls.LIST_ROLES)).read(tuple[calls.ApplicationRole, ...])
        for role in roles:
            limited = not role.has_unlimited_seats and role.number_of_seats is not None and role.number_of_seats >= 0
            total = role.number_of_seats if limited else None
            yield SeatsSeen(role.name or role.key, total, role.user_count, frozenset(role.groups))
        yield ReadComplete("seats", len(roles))

    async def led_by(self, key: str) -> tuple[list[calls.Project], list[calls.Component]]:
        """The projects and the components that an account leads, by its key: a request, and one for each project."""
        query: Query = {"expand": "lead"}
        projects = (await self._client.send(calls.LIST_PROJECTS, query=query)).read(tuple[calls.Project, ...])
        components: list[calls.Component] = []
        for project in projects:
            path = {"projectIdOrKey": project.id}
            reply = await self._client.send(calls.LIST_COMPONENTS, path=path)
            components += reply.read(tuple[calls.Component, ...])
        leads = [project for project in projects if project.lead and project.lead.key == key]
        return leads, [component for component in components if component.lead and component.lead.key == key]

    async def _version(self) -> str:
        return (self._info or await self.server()).version

    async def _licensed(self, around: Surroundings) -> set[str] | None:
        """The keys of those who have any licence, where that tells customers; one walk for each licensing group."""
        if around.licensing is None:
            return None
        keys = set[str]()
        for group in sorted(around.licensing):
            async for one in self.members(group):
                if isinstance(one, MemberSeen):
                    keys.add(one.key)
        return keys

    async def _trusted(self) -> str:
        """As whom we are signed in, with every permission that a whole reading needs; raises Forbidden without."""
        me = await self.myself()
        missing = await self.missing()
        if missing:
            raise Forbidden(f"{me} lacks {', '.join(missing)}: Jira would show less than there is")
        return me

    async def _proven(self) -> str:
        """As whom we are signed in, asked again when the last answer is more than a few seconds old."""
        if self._signed_in is not None and self._clock.monotonic() - self._signed_in[0] < PROOF_LASTS_S:
            return self._signed_in[1]
        return await self.myself()

    async def _property(self, key: str, field: str) -> str | None:
        path = calls.property_path(field.removeprefix("properties."))
        reply = await self._client.send(calls.GET_PROPERTY, path=path, query={"userKey": key}, accept={404})
        if reply.status == 404:
            return None
        value = reply.read(calls.Property).value
        if value is None or isinstance(value, str):
            return value or None
        return orjson.dumps(value).decode()  # somebody else's structured value, shown as its JSON

    async def _pick(self, text: str) -> tuple[list[str], int]:
        reply = await self._client.send(calls.PICK_GROUPS, query={"query": text, "maxResults": 1000})
        found = reply.read(calls.GroupSuggestions)
        return [group.name for group in found.groups], found.total

    async def _gives(self) -> Callable[[str], frozenset[str]]:
        """A function that tells what a group opens."""
        roles = (await self._client.send(calls.LIST_ROLES)).read(tuple[calls.ApplicationRole, ...])
        licensing = {canon_name(group) for role in roles for group in role.groups}
        opens = {"licence": licensing, "administration": ADMINISTRATORS}
        return lambda name: frozenset(right for right, groups in opens.items() if canon_name(name) in groups)

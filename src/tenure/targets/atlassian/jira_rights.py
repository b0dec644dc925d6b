"""What a group opens in Jira and what an account holds by itself, as far as Jira tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tenure.model.capability import canon_name
from tenure.model.clock import Clock
from tenure.model.error import Forbidden, NotFound
from tenure.model.seen import GroupOpens, ReadComplete, RightSeen, Seen, Unread
from tenure.targets.atlassian import jira_calls as calls
from tenure.targets.atlassian.jira_read import JiraReading
from tenure.targets.atlassian.jira_shapes import ProjectRole, Schemes
from tenure.wire import Client, Query

MOST_PROJECTS = 300  # each costs a request for each project role, and one for its components
LASTS_S = 300.0  # so long is the table kept for accounts: it is the same for all of them
GROUP_ACTOR, USER_ACTOR = "atlassian-group-role-actor", "atlassian-user-role-actor"
NEVER_TOLD = (
    "who holds global permissions",
    "owners of filters, dashboards and boards",
    "levels of issue security",
    "projects that are not shown to the account that we sign in with",
)


@dataclass(slots=True)
class Table:
    """Who holds what: groups by canonical name, accounts by key or, where Jira names them alone, by canonical name."""

    made_at: float
    groups: dict[str, list[RightSeen]] = field(default_factory=dict)
    keys: dict[str, list[RightSeen]] = field(default_factory=dict)
    names: dict[str, list[RightSeen]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    projects: int = 0


class JiraRights:
    """The rights at one Jira: a request for its schemes, and for each project one for each role."""

    def __init__(self, client: Client, reading: JiraReading, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading
        self._clock = clock
        self._known: Table | None = None

    async def of_groups(self) -> AsyncIterator[Seen]:
        """What every group opens, read now; whole when every project could be looked into."""
        table = await self._made(leads=False)
        found = [GroupOpens(group, right) for group, rights in table.groups.items() for right in dict.fromkeys(rights)]
        for one in found:
            yield one
        for what in table.unread:
            yield Unread(what)
        if not table.unread:
            yield ReadComplete("rights of groups", len(found), {"projects": table.projects, "unknown": NEVER_TOLD})

    async def of_account(self, key: str) -> AsyncIterator[Seen]:
        """What an account holds and leads by itself; raises NotFound when there is no such account."""
        account = await self._reading.account({"key": key})
        if account is None:
            raise NotFound(f"the account {key} is not there")
        table = await self._table()
        held = [*table.keys.get(account.key, ()), *table.names.get(canon_name(account.name), ())]
        for right in held:
            yield right
        unknown = (*NEVER_TOLD, *table.unread)
        yield ReadComplete(f"rights:account:{key}", len(held), {"projects": table.projects, "unknown": unknown})

    async def _table(self) -> Table:
        """Who holds what, read at most `LASTS_S` ago."""
        now = self._clock.monotonic()
        if self._known is None or now - self._known.made_at > LASTS_S:
            self._known = await self._made(leads=True)
        return self._known

    async def _made(self, *, leads: bool) -> Table:
        table = Table(self._clock.monotonic())
        await self._applications(table)
        await self._schemes(table)
        await self._projects(table, leads)
        return table

    async def _applications(self, table: Table) -> None:
        for role in (await self._client.send(calls.LIST_ROLES)).read(tuple[calls.ApplicationRole, ...]):
            for group in role.groups:
                _add(table.groups, canon_name(group), RightSeen("application", role.name or role.key, "use"))

    async def _schemes(self, table: Table) -> None:
        """What permission schemes grant to groups and accounts; roles and applications are rights of their own."""
        query: Query = {"expand": "permissions,user"}
        told = (await self._client.send(calls.LIST_SCHEMES, query=query)).read(Schemes)
        for scheme in told.permission_schemes:
            for grant in scheme.permissions:
                right, holder = RightSeen("permission scheme", scheme.name, grant.permission), grant.holder
                if holder.type == "group" and holder.parameter:
                    _add(table.groups, canon_name(holder.parameter), right)
                elif holder.type == "user" and holder.user is not None:
                    _add(table.keys, holder.user.key, right)
                elif holder.type in ("group", "user"):
                    table.unread.append(f"whom {scheme.name} grants {grant.permission}")

    async def _projects(self, table: Table, leads: bool) -> None:
        query: Query = {"expand": "lead"}
        projects = (await self._client.send(calls.LIST_PROJECTS, query=query)).read(tuple[calls.Project, ...])
        roles = (await self._client.send(calls.LIST_PROJECT_ROLES)).read(tuple[ProjectRole, ...])
        for project in projects:
            if project.lead:
                _add(table.keys, project.lead.key, RightSeen("lead", project.key, "project"))
        for project in projects[:MOST_PROJECTS]:
            table.projects += 1
            try:
                if leads:
                    await self._components(table, project)
                for role in roles:
                    await self._role(table, project, role)
            except (Forbidden, NotFound) as problem:
                table.unread.append(f"project {project.key} ({problem})")
        if len(projects) > MOST_PROJECTS:
            table.unread.append(f"roles and components of projects beyond the first {MOST_PROJECTS}")

    async def _components(self, table: Table, project: calls.Project) -> None:
        reply = await self._client.send(calls.LIST_COMPONENTS, path={"projectIdOrKey": project.id})
        for component in reply.read(tuple[calls.Component, ...]):
            if component.lead:
                _add(table.keys, component.lead.key, RightSeen("lead", f"{project.key}: {component.name}", "component"))

    async def _role(self, table: Table, project: calls.Project, role: ProjectRole) -> None:
        path = {"projectIdOrKey": project.id, "id": str(role.id)}
        told = (await self._client.send(calls.GET_PROJECT_ROLE, path=path)).read(ProjectRole)
        for actor in told.actors:
            right = RightSeen("project role", project.key, role.name)
            if actor.type == GROUP_ACTOR:
                _add(table.groups, canon_name(actor.name), right)
            elif actor.type == USER_ACTOR:
                _add(table.names, canon_name(actor.name), right)
            else:
                table.unread.append(f"who {actor.name} is, with the role {role.name} in {project.key}")


def _add(holders: dict[str, list[RightSeen]], holder: str, right: RightSeen) -> None:
    holders.setdefault(holder, []).append(right)

"""What a group opens in Jira and what an account holds by itself, as far as Jira tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from tenure.model.capability import canon_name
from tenure.model.clock import Clock
from tenure.model.error import Forbidden, NotFound
from tenure.model.seen import ReadComplete, RightSeen, Seen
from tenure.targets.atlassian import jira_calls as calls
from tenure.targets.atlassian.jira_read import JiraReading
from tenure.targets.atlassian.jira_shapes import ProjectRole, Schemes
from tenure.wire import Client, Query

MOST_PROJECTS = 300  # each costs a request for each project role, and one for its components
LASTS_S = 300.0  # so long is the table kept: it is the same for every group and account
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
    unknown: list[str] = field(default_factory=lambda: list(NEVER_TOLD))
    projects: int = 0


class JiraRights:
    """The rights at one Jira. What was not or cannot be asked is named in the proof under `unknown`."""

    def __init__(self, client: Client, reading: JiraReading, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading
        self._clock = clock
        self._known: Table | None = None

    async def of_group(self, group: str) -> AsyncIterator[Seen]:
        """What a group opens; raises NotFound when there is no such group."""
        if await self._reading.group(group) is None:
            raise NotFound(f"the group {group} is not there")
        table = await self._table()
        for right in table.groups.get(canon_name(group), ()):
            yield right
        yield _end(f"group:{group}", len(table.groups.get(canon_name(group), ())), table)

    async def of_account(self, key: str) -> AsyncIterator[Seen]:
        """What an account holds and leads by itself; raises NotFound when there is no such account."""
        account = await self._reading.account({"key": key})
        if account is None:
            raise NotFound(f"the account {key} is not there")
        table = await self._table()
        held = [*table.keys.get(account.key, ()), *table.names.get(canon_name(account.name), ())]
        for right in held:
            yield right
        yield _end(f"account:{key}", len(held), table)

    async def _table(self) -> Table:
        """Who holds what, read at most `LASTS_S` ago."""
        now = self._clock.monotonic()
        if self._known is None or now - self._known.made_at > LASTS_S:
            table = Table(now)
            await self._applications(table)
            await self._schemes(table)
            await self._projects(table)
            self._known = table
        return self._known

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
                    table.unknown.append(f"whom {scheme.name} grants {grant.permission}")

    async def _projects(self, table: Table) -> None:
        query: Query = {"expand": "lead"}
        projects = (await self._client.send(calls.LIST_PROJECTS, query=query)).read(tuple[calls.Project, ...])
        roles = (await self._client.send(calls.LIST_PROJECT_ROLES)).read(tuple[ProjectRole, ...])
        for project in projects:
            if project.lead:
                _add(table.keys, project.lead.key, RightSeen("lead", project.key, "project"))
        for project in projects[:MOST_PROJECTS]:
            table.projects += 1
            try:
                await self._components(table, project)
                for role in roles:
                    await self._role(table, project, role)
            except (Forbidden, NotFound) as problem:
                table.unknown.append(f"project {project.key} ({problem})")
        if len(projects) > MOST_PROJECTS:
            table.unknown.append(f"roles and components of projects beyond the first {MOST_PROJECTS}")

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
                table.unknown.append(f"who {actor.name} is, with the role {role.name} in {project.key}")


def _add(holders: dict[str, list[RightSeen]], holder: str, right: RightSeen) -> None:
    holders.setdefault(holder, []).append(right)


def _end(whose: str, count: int, table: Table) -> ReadComplete:
    return ReadComplete(f"rights:{whose}", count, {"projects": table.projects, "unknown": tuple(table.unknown)})

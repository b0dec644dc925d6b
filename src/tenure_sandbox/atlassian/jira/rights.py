"""What groups and accounts may do in the stand-in's projects: roles with their actors, and permission schemes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tenure_sandbox.people import ADMINISTRATORS, USERS

FIRST_ADDED = 10300  # what is made later is numbered from here
PROJECT_PERMISSIONS = (
    "ADMINISTER_PROJECTS",
    "BROWSE_PROJECTS",
    "VIEW_DEV_TOOLS",
    "VIEW_READONLY_WORKFLOW",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "TRANSITION_ISSUES",
    "SCHEDULE_ISSUES",
    "MOVE_ISSUES",
    "ASSIGN_ISSUES",
    "ASSIGNABLE_USER",
    "RESOLVE_ISSUES",
    "CLOSE_ISSUES",
    "MODIFY_REPORTER",
    "DELETE_ISSUES",
    "LINK_ISSUES",
    "SET_ISSUE_SECURITY",
    "VIEW_VOTERS_AND_WATCHERS",
    "MANAGE_WATCHERS",
    "ADD_COMMENTS",
    "EDIT_ALL_COMMENTS",
    "EDIT_OWN_COMMENTS",
    "DELETE_ALL_COMMENTS",
    "DELETE_OWN_COMMENTS",
    "CREATE_ATTACHMENTS",
    "DELETE_ALL_ATTACHMENTS",
    "DELETE_OWN_ATTACHMENTS",
    "WORK_ON_ISSUES",
    "EDIT_OWN_WORKLOGS",
    "EDIT_ALL_WORKLOGS",
    "DELETE_OWN_WORKLOGS",
    "DELETE_ALL_WORKLOGS",
)


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission of a scheme and who holds it; the parameter is a group's name, an account's key or a role's id."""

    number: int
    permission: str
    holder: str
    parameter: str


@dataclass(slots=True)
class Scheme:
    """A permission scheme."""

    number: int
    name: str
    description: str
    grants: list[Grant]
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who plays a role: a group by its name, or an account by its key."""

    number: int
    kind: str
    who: str


@dataclass(slots=True)
class ProjectRole:
    """A project role of the server, with the actors that a new project begins with."""

    number: str
    name: str
    description: str
    actors: list[Actor] = field(default_factory=list)


GRANTS = (
    Grant(10100, "ADMINISTER_PROJECTS", "projectRole", "10002"),
    Grant(10101, "BROWSE_PROJECTS", "group", USERS),
    Grant(10102, "EDIT_ISSUES", "group", "software_dev"),
    Grant(10103, "DELETE_ALL_COMMENTS", "user", "pnowak"),
    Grant(10104, "CLOSE_ISSUES", "applicationRole", "jira-software"),
)
ROLES = {"10002": "Administrators", "10100": "Developers"}
ACTORS = {
    ("OPS", "10002"): [Actor(10240, "group", ADMINISTRATORS)],
    ("OPS", "10100"): [Actor(10241, "group", "software_dev"), Actor(10242, "user", "JIRAUSER10001")],
}
DEFAULT = "Default Permission Scheme"


class Rights:
    """The roles by id, the schemes by id, who plays which role of which project, and which scheme a project has."""

    def __init__(self) -> None:
        """Begin with what the inhabitants have."""
        self.roles = {n: ProjectRole(n, name, f"A project role for {name.lower()}") for n, name in ROLES.items()}
        self.schemes = {0: Scheme(0, DEFAULT, DEFAULT, list(GRANTS))}
        self.actors = {place: list(actors) for place, actors in ACTORS.items()}
        self.assigned: dict[str, int] = {}
        self._next = FIRST_ADDED

    def number(self) -> int:
        """A number that nothing has yet."""
        self._next += 1
        return self._next - 1

    def scheme_of(self, project: str) -> Scheme:
        """The permission scheme of a project, by its key; the default one unless another was assigned."""
        return self.schemes[self.assigned.get(project, 0)]

    def _casts(self) -> Iterator[list[Actor]]:
        yield from self.actors.values()
        yield from (role.actors for role in self.roles.values())

    def forget(self, kind: str, who: str) -> None:
        """A group or an account is gone: it plays no role and holds no grant any more."""
        for cast in self._casts():
            cast[:] = [one for one in cast if (one.kind, one.who.lower()) != (kind, who.lower())]
        for scheme in self.schemes.values():
            kept = [one for one in scheme.grants if (one.holder, one.parameter.lower()) != (kind, who.lower())]
            scheme.grants = kept

    def rekey(self, old: str, new: str) -> None:
        """An account has another key, by which it keeps its roles and grants."""
        for cast in self._casts():
            cast[:] = [replace(one, who=new) if (one.kind, one.who) == ("user", old) else one for one in cast]
        for scheme in self.schemes.values():
            scheme.grants = [
                replace(one, parameter=new) if (one.holder, one.parameter) == ("user", old) else one
                for one in scheme.grants
            ]

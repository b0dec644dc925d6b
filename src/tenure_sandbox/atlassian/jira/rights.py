"""What groups and accounts may do in the stand-in's projects: roles with their actors, and permission schemes."""

from __future__ import annotations

from dataclasses import dataclass

from tenure_sandbox.people import ADMINISTRATORS, USERS

ROLES = {"10002": "Administrators", "10100": "Developers"}


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission of a scheme and who holds it; the parameter is a group's name, an account's key or a role's id."""

    number: int
    permission: str
    holder: str
    parameter: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """A permission scheme."""

    number: int
    name: str
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who plays a role in a project: a group by its name, or an account by its key."""

    number: int
    kind: str
    who: str


GRANTS = (
    Grant(10100, "ADMINISTER_PROJECTS", "projectRole", "10002"),
    Grant(10101, "BROWSE_PROJECTS", "group", USERS),
    Grant(10102, "EDIT_ISSUES", "group", "software_dev"),
    Grant(10103, "DELETE_ALL_COMMENTS", "user", "pnowak"),
    Grant(10104, "CLOSE_ISSUES", "applicationRole", "jira-software"),
)
SCHEMES = [Scheme(0, "Default Permission Scheme", GRANTS)]
ACTORS = {
    ("OPS", "10002"): [Actor(10240, "group", ADMINISTRATORS)],
    ("OPS", "10100"): [Actor(10241, "group", "software_dev"), Actor(10242, "user", "JIRAUSER10001")],
}

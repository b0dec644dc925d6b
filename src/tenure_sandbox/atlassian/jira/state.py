"""Everything a stand-in Jira remembers: accounts, groups, seats, leads, and a journal of what was written."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tenure_sandbox.atlassian.version import Version
from tenure_sandbox.people import (
    ADMINISTRATORS,
    COMPONENT_LEAD,
    GROUPS,
    INHABITANTS,
    PROJECT_LEAD,
    USERS,
    Person,
    generated,
)

from .rights import Rights

if TYPE_CHECKING:
    from .anonymization import Task
    from .directory import Directory

FIRST_NUMBER = 10100
PICTURE = "10122"
SERVER_ID = "5a9d0e1c-7c54-3d0f-9a37-000000000001"


@dataclass(slots=True, eq=False)
class Account:
    """One account; `number` is the order of creation, `groups` holds the lower-cased names of its groups."""

    number: int
    key: str
    name: str
    email: str
    display_name: str
    active: bool = True
    issues: int = 0
    password: str | None = None
    last_login: datetime | None = None
    groups: set[str] = field(default_factory=set)
    properties: dict[str, Any] = field(default_factory=dict)
    haystack: str = ""
    outside: str = ""  # its key in the directory that it comes from; none for Jira's own
    picture: str = PICTURE
    columns: tuple[str, ...] | None = None
    preferences: dict[str, str] = field(default_factory=dict)

    def index(self) -> None:
        """Refresh the text that the user search looks into: username, display name and e-mail address."""
        self.haystack = f"{self.name}\n{self.display_name}\n{self.email}".lower()


@dataclass(slots=True, eq=False)
class Group:
    """One group: its direct members, and the lower-cased names of the groups inside it."""

    name: str
    members: set[Account] = field(default_factory=set)
    nested: set[str] = field(default_factory=set)
    outside: bool = False


@dataclass(slots=True)
class Role:
    """An application role: who is in one of its groups takes a seat; `seats` None means an unlimited licence."""

    key: str
    name: str
    groups: tuple[str, ...]
    default_groups: tuple[str, ...]
    selected_by_default: bool
    seats: int | None = None


@dataclass(slots=True)
class Led:
    """A project or a component, as far as it has a lead; `project` is the key of a component's project."""

    id: str
    key: str
    name: str
    lead: Account
    project: str = ""


class Jira:
    """The state of one server; changes go through the rules in `accounts` and `membership`."""

    def __init__(self, version: Version, users: int = 0, seats: int | None = None) -> None:
        """Settle the inhabitants, and `users` generated people beside them."""
        self.version = version
        self.server_id = SERVER_ID
        self.accounts: dict[str, Account] = {}
        self.by_key: dict[str, Account] = {}
        self.deleted: dict[str, Account] = {}
        self.names: list[str] = []
        self.listing: list[Account] = []
        self.groups: dict[str, Group] = {name: Group(name) for name in GROUPS}
        self.roles = {
            "jira-software": Role("jira-software", "Jira Software", (USERS,), (USERS,), True, seats),
            "jira-core": Role("jira-core", "Jira Core", (), (), False, seats),
        }
        self.rights = Rights()
        self.sessions: dict[str, Account] = {}
        self.anonymizations: list[Task] = []
        self.duplicated: dict[str, list[dict[str, Any]]] = {}
        self.directory: Directory | None = None
        self.journal: list[dict[str, Any]] = []
        self.stamp = 0
        self.next_number = 1
        self.next_key = FIRST_NUMBER
        self._sorted: dict[str, tuple[int, list[Account]]] = {}
        for person in (*INHABITANTS, *generated(users, FIRST_NUMBER)):
            self._settle(person)
        self.next_key += users
        self.projects = {"OPS": Led("10000", "OPS", "Operations", self.accounts[PROJECT_LEAD])}
        self.components = {"10010": Led("10010", "", "Network", self.accounts[COMPONENT_LEAD], "OPS")}

    def _settle(self, person: Person) -> None:
        account = self.add(person.key, person.name, person.email, person.display_name)
        account.active, account.issues, account.password = person.active, person.issues, person.password
        if person.idle_days is not None:
            account.last_login = datetime.now(UTC) - timedelta(days=person.idle_days)
        for name in person.groups:
            self.join(account, self.groups[name])

    def add(self, key: str, name: str, email: str, display_name: str) -> Account:
        """Put an account into every index."""
        account = Account(self.next_number, key, name, email, display_name)
        account.index()
        self.next_number += 1
        self.accounts[name] = self.by_key[key] = account
        insort(self.names, name)
        self.listing.append(account)
        return account

    def remove(self, account: Account) -> None:
        """Take an account out of every index and keep only its memory by key."""
        for group in account.groups:
            self.groups[group].members.discard(account)
        account.groups.clear()
        del self.accounts[account.name], self.by_key[account.key]
        del self.names[bisect_left(self.names, account.name)]
        del self.listing[bisect_left(self.listing, account.number, key=lambda other: other.number)]
        self.deleted[account.key] = account
        self.rights.forget("user", account.key)
        self.sessions = {number: owner for number, owner in self.sessions.items() if owner is not account}

    def rename(self, account: Account, name: str) -> None:
        """Give an account another free name; its key stays."""
        del self.accounts[account.name], self.names[bisect_left(self.names, account.name)]
        account.name = name
        self.accounts[name] = account
        insort(self.names, name)

    def give_key(self, account: Account, key: str) -> None:
        """Give an account another key, as only anonymization does."""
        del self.by_key[account.key]
        self.rights.rekey(account.key, key)
        account.key = key
        self.by_key[key] = account

    def shadow(self, name: str, directory: str = "Crowd Server") -> None:
        """Let another directory have an account of this name, behind the internal one."""
        places = {1: "Jira Internal Directory", 10000: directory}
        self.duplicated[name] = [
            {"directoryId": number, "directoryName": called, "userActive": True} for number, called in places.items()
        ]

    def join(self, account: Account, group: Group) -> None:
        """Make an account a direct member of a group."""
        group.members.add(account)
        account.groups.add(group.name.lower())

    def leave(self, account: Account, group: Group) -> None:
        """End a direct membership."""
        group.members.discard(account)
        account.groups.discard(group.name.lower())

    def nest(self, parent: str, child: str) -> None:
        """Put the group `child` inside `parent`, as an administrator could in Jira's own pages, never by REST."""
        self.groups[parent.lower()].nested.add(self.groups[child.lower()].name.lower())
        self.stamp += 1

    def members(self, group: Group) -> list[Account]:
        """The members of a group and of the groups inside it, by username; kept until the next write."""
        known = self._sorted.get(group.name.lower())
        if known is not None and known[0] == self.stamp:
            return known[1]
        found, open_names, seen = set(group.members), list(group.nested), {group.name.lower()}
        while open_names:
            name = open_names.pop()
            if name in self.groups and name not in seen:
                seen.add(name)
                found |= self.groups[name].members
                open_names.extend(self.groups[name].nested)
        ordered = sorted(found, key=lambda account: account.name)
        self._sorted[group.name.lower()] = (self.stamp, ordered)
        return ordered

    def seated(self, role: Role) -> int:
        """How many seats of a role are taken: its active members, each counted once."""
        groups = [self.groups[name] for name in role.groups if name in self.groups]
        return len({account for group in groups for account in self.members(group) if account.active})

    def seats_left(self, role: Role) -> int | None:
        """How many seats a role has left, never below 0; None for an unlimited licence."""
        return None if role.seats is None else max(0, role.seats - self.seated(role))

    def leads(self, account: Account) -> str:
        """Name what an account leads, or nothing."""
        projects = [f"project {led.key}" for led in self.projects.values() if led.lead is account]
        components = [f"component {led.name}" for led in self.components.values() if led.lead is account]
        return ", ".join(projects + components)

    def administers(self, account: Account) -> bool:
        """Say whether an account is a Jira administrator."""
        return ADMINISTRATORS in account.groups

    def wrote(self, method: str, path: str, subject: str, what: str, changed: bool) -> None:
        """Journal a write that was accepted, whether or not it changed anything."""
        self.stamp += 1
        entry = {"n": len(self.journal) + 1, "method": method, "path": path}
        self.journal.append(entry | {"subject": subject, "what": what, "changed": changed})

    def document(self) -> dict[str, Any]:
        """The whole state as data, in an order that does not depend on history."""
        groups = sorted(self.groups.values(), key=lambda group: group.name)
        return {
            "accounts": [self._account_document(self.accounts[name]) for name in self.names],
            "groups": [{"name": group.name, "members": sorted(a.name for a in group.members)} for group in groups],
            "writes": len(self.journal),
        }

    def _account_document(self, account: Account) -> dict[str, Any]:
        return {
            "name": account.name,
            "key": account.key,
            "email": account.email,
            "display_name": account.display_name,
            "active": account.active,
            "groups": sorted(self.groups[name].name for name in account.groups),
            "properties": dict(sorted(account.properties.items())),
        }

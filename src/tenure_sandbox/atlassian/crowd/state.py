"""Everything a stand-in Crowd remembers: accounts, groups, sessions, events, and a journal of what was written."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from tenure_sandbox.atlassian.version import Version
from tenure_sandbox.people import GROUPS, INHABITANTS, Person, generated

APPLICATION = "admin"
PASSWORD = "admin"  # noqa: S105 - the documented sign-in of the sandbox
DIRECTORY = 32769  # the number that the first directory of a new Crowd gets
SERVER = 8047511070899496297
ADMINISTRATORS = "crowd-administrators"
FIRST_NUMBER = 10100
BEGINNING_MS = 1_767_600_000_000  # a fixed time: the state must not depend on when it is asked for
_KEYS = uuid.UUID("6f9619ff-8b86-4011-b42d-00c04fc964ff")


@dataclass(slots=True, eq=False)
class Account:
    """One account; `groups` holds the lower-cased names of the groups that it is a direct member of."""

    key: str
    name: str
    first_name: str
    last_name: str
    display_name: str
    email: str
    active: bool = True
    password: str | None = None
    created_ms: int = BEGINNING_MS
    updated_ms: int = BEGINNING_MS
    groups: set[str] = field(default_factory=set)
    attributes: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Group:
    """One group: its direct members by lower-cased name, and the lower-cased names of the groups inside it."""

    name: str
    description: str = ""
    active: bool = True
    members: dict[str, Account] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)
    attributes: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """One sign-in; the factors must be given again by whoever validates the token."""

    token: str
    account: Account
    factors: dict[str, str]
    created_ms: int
    expiry_ms: int


class Crowd:
    """The state of one server with one internal directory; changes go through the rules in the modules beside."""

    def __init__(self, version: Version, users: int = 0) -> None:
        """Settle the inhabitants, and `users` generated people beside them."""
        self.version = version
        self.accounts: dict[str, Account] = {}
        self.by_key: dict[str, Account] = {}
        self.groups: dict[str, Group] = {name: Group(name) for name in (ADMINISTRATORS, *GROUPS)}
        self.sessions: dict[str, Session] = {}
        self.events: list[dict[str, Any]] = []
        self.forgotten = 0  # events before this one are not told any more
        self.journal: list[dict[str, Any]] = []
        self._made = 0
        for person in (*INHABITANTS, *generated(users, FIRST_NUMBER)):
            self._settle(person)
        self.join(self.accounts["admin"], self.groups[ADMINISTRATORS])

    def _settle(self, person: Person) -> None:
        first, _, last = person.display_name.partition(" ")
        account = self.add(person.name, first, last, person.display_name, person.email)
        account.active, account.password = person.active, person.password
        for name in person.groups:
            self.join(account, self.groups[name])

    def now_ms(self) -> int:
        """A time that passes with each write alone."""
        return BEGINNING_MS + 1000 * (len(self.journal) + 1)

    def add(self, name: str, first_name: str, last_name: str, display_name: str, email: str) -> Account:
        """Put a new account into every index."""
        self._made += 1
        key = f"{DIRECTORY}:{uuid.uuid5(_KEYS, str(self._made))}"
        account = Account(key, name, first_name, last_name, display_name, email)
        self.accounts[name.lower()] = self.by_key[key] = account
        return account

    def remove(self, account: Account) -> None:
        """Take an account out of every index, and end its sessions."""
        for name in list(account.groups):
            self.leave(account, self.groups[name])
        self.end_sessions(account)
        del self.accounts[account.name.lower()], self.by_key[account.key]

    def rename(self, account: Account, name: str) -> None:
        """Give an account another free name; its key stays."""
        old = account.name.lower()
        del self.accounts[old]
        account.name = name
        self.accounts[name.lower()] = account
        for group in account.groups:
            del self.groups[group].members[old]
            self.groups[group].members[name.lower()] = account

    def join(self, account: Account, group: Group) -> None:
        """Make an account a direct member of a group."""
        group.members[account.name.lower()] = account
        account.groups.add(group.name.lower())

    def leave(self, account: Account, group: Group) -> None:
        """End a direct membership."""
        group.members.pop(account.name.lower(), None)
        account.groups.discard(group.name.lower())

    def end_sessions(self, account: Account, exclude: str | None = None) -> None:
        """Forget every session of an account but the one that is excluded."""
        kept = {t: s for t, s in self.sessions.items() if s.account is not account or t == exclude}
        self.sessions = kept

    def wrote(self, method: str, path: str, subject: str, what: str) -> None:
        """Journal a write that was accepted."""
        entry = {"n": len(self.journal) + 1, "method": method, "path": path}
        self.journal.append(entry | {"subject": subject, "what": what})

    def document(self) -> dict[str, Any]:
        """The whole state as data, in an order that does not depend on history."""
        accounts = sorted(self.accounts.values(), key=lambda account: account.name)
        groups = sorted(self.groups.values(), key=lambda group: group.name)
        return {
            "accounts": [self._account_document(account) for account in accounts],
            "groups": [
                {
                    "name": group.name,
                    "members": sorted(account.name for account in group.members.values()),
                    "children": sorted(self.groups[name].name for name in group.children),
                }
                for group in groups
            ],
            "writes": len(self.journal),
        }

    def _account_document(self, account: Account) -> dict[str, Any]:
        kept = sorted(account.attributes.items())
        return {
            "name": account.name,
            "key": account.key,
            "email": account.email,
            "display_name": account.display_name,
            "active": account.active,
            "groups": sorted(self.groups[name].name for name in account.groups),
            "properties": {name: values[0] if len(values) == 1 else values for name, values in kept},
        }

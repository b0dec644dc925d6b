"""Everything a stand-in Confluence remembers: accounts, groups, spaces, permissions, tasks, and a journal of writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tenure_sandbox import people
from tenure_sandbox.atlassian.version import Version
from tenure_sandbox.people import INHABITANTS, Person, generated

USERS = "confluence-users"
ADMINISTRATORS = "confluence-administrators"
SERVER_ID = "7b0c1a52-94f7-3e5e-8d10-000000000002"
FIRST_NUMBER = 10100
REQUESTS_OF_A_TASK = 3  # a long task is done when the application was asked so often since
_NAMES = {people.USERS: USERS, people.ADMINISTRATORS: ADMINISTRATORS}

Operation = tuple[str, str]
"""The type of a permission's target and the key of the operation, such as ("space", "read")."""
Subject = tuple[str, str]
"""Who holds a permission: ("user", key), ("group", lower-cased name), ("anonymous", "") or ("unlicensed", "")."""
Granted = dict[Subject, set[Operation]]

USE: Operation = ("application", "use")
ADMINISTER: Operation = ("application", "administer")
SYSTEM: Operation = ("system", "administer")
CREATE_SPACE: Operation = ("space", "create")
CREATE_PERSONAL_SPACE: Operation = ("personal_space", "create")


@dataclass(slots=True, eq=False)
class Account:
    """One account; `groups` holds the lower-cased names of the groups that it is a direct member of."""

    key: str
    name: str
    email: str
    display_name: str
    active: bool = True
    password: str | None = None
    groups: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Group:
    """One group: its direct members by username, and the lower-cased names of the groups inside it."""

    name: str
    members: dict[str, Account] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Space:
    """One space, as far as permissions on it are held."""

    id: int
    key: str
    name: str
    type: str = "global"
    granted: Granted = field(default_factory=dict)


@dataclass(slots=True)
class Task:
    """A deletion that was asked for, and for how many more requests it is not carried out; `fails`: never, and why."""

    id: str
    account: Account
    left: int = REQUESTS_OF_A_TASK
    fails: str = ""


class Confluence:
    """The state of one server; changes go through the rules in `accounts`, `membership` and `permissions`."""

    def __init__(self, version: Version, users: int = 0, seats: int | None = None) -> None:
        """Settle the inhabitants, and `users` generated people beside them."""
        self.version = version
        self.seats = seats
        self.server_id = SERVER_ID
        self.accounts: dict[str, Account] = {}
        self.by_key: dict[str, Account] = {}
        self.groups: dict[str, Group] = {}
        self.tasks: dict[str, Task] = {}
        self.journal: list[dict[str, Any]] = []
        self._made = 0
        for name in people.GROUPS:
            self.add_group(_NAMES.get(name, name))
        for person in (*INHABITANTS, *generated(users, FIRST_NUMBER)):
            self._settle(person)
        self.granted: Granted = {
            ("group", USERS): {USE, CREATE_PERSONAL_SPACE},
            ("group", ADMINISTRATORS): {USE, ADMINISTER, SYSTEM},
            ("user", self.accounts["oivanov"].key): {USE, CREATE_SPACE},
        }
        self.spaces = {space.key: space for space in self._spaces()}

    def _spaces(self) -> list[Space]:
        mwolf, tbecker = self.accounts["mwolf"].key, self.accounts["tbecker"].key
        read, write, administer = ("space", "read"), ("page", "create"), ("space", "administer")
        return [
            Space(98305, "OPS", "Operations", granted={("group", USERS): {read}, ("group", "helpdesk"): {read, write}}),
            Space(98306, "DEV", "Development", granted={("group", "software_dev"): {read, write}}),
            Space(98307, "LAB", "Laboratory", granted={("user", tbecker): {read, administer}}),
            Space(98308, "~mwolf", "Maria Wolf", "personal", {("user", mwolf): {read, write, administer}}),
        ]

    def _settle(self, person: Person) -> None:
        account = self.add(person.name, person.email, person.display_name)
        account.active, account.password = person.active, person.password
        for name in person.groups:
            self.join(account, self.groups[_NAMES.get(name, name)])

    def add(self, name: str, email: str, display_name: str) -> Account:
        """Put an account into every index, with a key that nobody had."""
        self._made += 1
        account = Account(f"4028d6768851c890018855{self._made:010x}", name, email, display_name)
        self.accounts[name] = self.by_key[account.key] = account
        return account

    def remove(self, account: Account) -> None:
        """Take an account out of every index, with what it held."""
        for name in list(account.groups):
            self.leave(account, self.groups[name])
        for granted in (self.granted, *(space.granted for space in self.spaces.values())):
            granted.pop(("user", account.key), None)
        del self.accounts[account.name], self.by_key[account.key]

    def add_group(self, name: str) -> Group:
        """Make an empty group."""
        group = self.groups[name.lower()] = Group(name)
        return group

    def remove_group(self, group: Group) -> None:
        """Take a group away, with what it held."""
        low = group.name.lower()
        for account in list(group.members.values()):
            self.leave(account, group)
        for other in self.groups.values():
            other.children.discard(low)
        for granted in (self.granted, *(space.granted for space in self.spaces.values())):
            granted.pop(("group", low), None)
        del self.groups[low]

    def join(self, account: Account, group: Group) -> None:
        """Make an account a direct member of a group."""
        group.members[account.name] = account
        account.groups.add(group.name.lower())

    def leave(self, account: Account, group: Group) -> None:
        """End a direct membership, if there is one."""
        group.members.pop(account.name, None)
        account.groups.discard(group.name.lower())

    def nest(self, parent: str, child: str) -> None:
        """Put the group `child` inside `parent`, as an administrator could in Confluence's own pages, never by REST."""
        self.groups[parent.lower()].children.add(child.lower())

    def rename(self, old: str, new: str) -> None:
        """Give an account another name, as an administrator could in Confluence's own pages, never by REST."""
        account = self.accounts.pop(old)
        for name in account.groups:
            members = self.groups[name].members
            members[new] = members.pop(old)
        account.name = new
        self.accounts[new] = account

    def holds(self, account: Account, operation: Operation) -> bool:
        """Whether an account has a global permission, by itself or through a group of its own."""
        subjects: list[Subject] = [("user", account.key), *(("group", name) for name in account.groups)]
        return any(operation in self.granted.get(subject, ()) for subject in subjects)

    def administers(self, account: Account) -> bool:
        """Whether an account is an administrator of Confluence."""
        return self.holds(account, ADMINISTER) or self.holds(account, SYSTEM)

    def status(self, account: Account) -> str:
        """The word for an account's state; the words are those of the vendor's own list, in lower case."""
        return "deactivated" if not account.active else "current" if self.holds(account, USE) else "unlicensed"

    def seated(self) -> int:
        """How many accounts count for the licence: those that are active and may use Confluence."""
        return sum(self.status(account) == "current" for account in self.accounts.values())

    def begin_deletion(self, account: Account, fails: str = "") -> Task:
        """Promise to delete an account; it stays until the task is done."""
        task = Task(f"{len(self.tasks) + 1:08x}-52f0-4c3e-9a51-1b6a0d8f7c21", account, fails=fails)
        self.tasks[task.id] = task
        return task

    def asked(self) -> None:
        """A request came in: long tasks go on meanwhile."""
        for task in self.tasks.values():
            task.left = max(0, task.left - 1)
            if not task.left and not task.fails and self.by_key.get(task.account.key) is task.account:
                self.remove(task.account)

    def wrote(self, method: str, path: str, subject: str, what: str) -> None:
        """Journal a write that was accepted, whether or not it changed anything."""
        entry = {"n": len(self.journal) + 1, "method": method, "path": path}
        self.journal.append(entry | {"subject": subject, "what": what})

    def document(self) -> dict[str, Any]:
        """The whole state as data, in an order that does not depend on history."""
        groups = sorted(self.groups.values(), key=lambda group: group.name)
        return {
            "accounts": [self._account_document(self.accounts[name]) for name in sorted(self.accounts)],
            "groups": [{"name": group.name, "members": sorted(group.members)} for group in groups],
            "permissions": self._permissions_document(),
            "writes": len(self.journal),
        }

    def _permissions_document(self) -> dict[str, list[str]]:
        """What each account and group holds on the whole site, by the account's key or the group's name."""
        held = {f"{kind}:{name}": sorted(map(" ".join, granted)) for (kind, name), granted in self.granted.items()}
        return {who: held[who] for who in sorted(held) if held[who]}

    def _account_document(self, account: Account) -> dict[str, Any]:
        return {
            "name": account.name,
            "key": account.key,
            "email": account.email,
            "display_name": account.display_name,
            "active": account.active,
            "groups": sorted(self.groups[name].name for name in account.groups),
            "properties": {},
        }

"""Everything a stand-in Bitbucket remembers: accounts, groups, permissions, keys, and a journal of what was written."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from tenure_sandbox.atlassian.version import Version
from tenure_sandbox.people import ADMINISTRATORS, INHABITANTS, USERS, Person, generated

FIRST_NUMBER = 10100
INTERNAL, EXTERNAL = "Bitbucket Internal Directory", "Corporate LDAP"
SERVER_ID = "B5XK-PQ2T-7HWD-3M9C"
SIGNED_IN_MS = 1_767_600_000_000  # a fixed time: the state must not depend on when it is asked for
RENAMED = {USERS: "stash-users", ADMINISTRATORS: "bitbucket-administrators"}
LICENSED, ADMINS = RENAMED[USERS], RENAMED[ADMINISTRATORS]
GLOBAL = ("LICENSED_USER", "PROJECT_CREATE", "ADMIN", "SYS_ADMIN")
OF_PROJECT = ("PROJECT_READ", "PROJECT_WRITE", "PROJECT_ADMIN")
OF_REPOSITORY = ("REPO_READ", "REPO_WRITE", "REPO_ADMIN")


@dataclass(slots=True, eq=False)
class Account:
    """One account; `groups` holds the lower-cased names of its groups, `signed_in_ms` is None for "never"."""

    id: int
    name: str
    slug: str
    email: str
    display_name: str
    active: bool = True
    directory: str = INTERNAL
    password: str | None = None
    signed_in_ms: int | None = None
    groups: set[str] = field(default_factory=set)
    settings: dict[str, bool | int | float | str] = field(default_factory=dict)

    @property
    def writable(self) -> bool:
        """Whether it lives in a directory that Bitbucket may write."""
        return self.directory == INTERNAL


@dataclass(slots=True, eq=False)
class Group:
    """One group with its members by lower-cased name."""

    name: str
    members: dict[str, Account] = field(default_factory=dict)


@dataclass(slots=True)
class Grants:
    """Who holds which permission on one thing: `levels` from the lowest; accounts by id, groups by lower-cased name.

    `everyone` is what all users hold, the default permission of a project.
    """

    levels: tuple[str, ...]
    users: dict[int, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    everyone: str | None = None


@dataclass(slots=True)
class Repository:
    """A repository, as far as somebody may hold something on it."""

    id: int
    slug: str
    grants: Grants = field(default_factory=lambda: Grants(OF_REPOSITORY))
    tokens: dict[str, Secret] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)  # what each access key may do, by the id of the key
    reviewers: dict[int, Reviewers] = field(default_factory=dict)
    restrictions: dict[int, Restriction] = field(default_factory=dict)


@dataclass(slots=True)
class Project:
    """A project with its repositories by slug."""

    id: int
    key: str
    name: str
    repositories: dict[str, Repository] = field(default_factory=dict)
    grants: Grants = field(default_factory=lambda: Grants(OF_PROJECT))
    tokens: dict[str, Secret] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)  # as above
    reviewers: dict[int, Reviewers] = field(default_factory=dict)
    restrictions: dict[int, Restriction] = field(default_factory=dict)


@dataclass(slots=True)
class Secret:
    """An SSH key, a GPG key or an access token; `owner` is the id of an account, also of one that was deleted."""

    id: str
    owner: int
    name: str
    text: str
    permissions: tuple[str, ...] = ()


@dataclass(slots=True)
class Reviewers:
    """A group of reviewers; `users` holds the ids of accounts, also of deleted ones."""

    id: int
    name: str
    description: str
    users: tuple[int, ...]


@dataclass(slots=True)
class Restriction:
    """What nobody may do to some branches but these: accounts by id, groups by lower-cased name, access keys by id."""

    id: int
    kind: str
    matcher: str
    where: str
    users: tuple[int, ...]
    groups: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(slots=True)
class Limits:
    """How many requests may come: for everybody, and by an account's id its own; None for no limit at all."""

    enabled: bool = False
    default: dict[str, int] = field(default_factory=lambda: {"capacity": 60, "fillRate": 5})
    own: dict[int, dict[str, int] | None] = field(default_factory=dict)


class Bitbucket:
    """The state of one server; changes go through the rules in the modules beside."""

    def __init__(self, version: Version, users: int = 0, seats: int | None = None) -> None:
        """Settle the inhabitants, and `users` generated people beside them."""
        self.version = version
        self.seats = seats
        self.accounts: dict[str, Account] = {}
        self.by_id: dict[int, Account] = {}
        self.by_slug: dict[str, Account] = {}
        self.deleted: dict[str, Account] = {}
        self.erased: list[str] = []
        self.groups: dict[str, Group] = {n: Group(n) for n in (ADMINS, LICENSED, "software_dev", "helpdesk")}
        self.grants = Grants(GLOBAL, groups={ADMINS: "SYS_ADMIN", LICENSED: "LICENSED_USER"})
        self.secrets: dict[str, dict[str, Secret]] = {"ssh": {}, "gpg": {}, "token": {}}
        self.access_keys: dict[str, Secret] = {}
        self.projects: dict[str, Project] = {}
        self.limits = Limits()
        self.journal: list[dict[str, Any]] = []
        self._next = dict.fromkeys(("account", "secret", "reviewers", "restriction"), 1)
        self._slugs: set[str] = set()  # of everybody, deleted or not
        for person in (*INHABITANTS, *generated(users, FIRST_NUMBER)):
            self._settle(person)
        self._furnish()

    def _settle(self, person: Person) -> None:
        account = self.add(person.name, person.email, person.display_name)
        account.password, account.signed_in_ms = person.password, SIGNED_IN_MS
        for name in person.groups:
            self.join(account, self.groups[RENAMED.get(name, name)])
        if not person.active:  # only a directory outside can make somebody inactive
            account.active, account.directory = False, EXTERNAL

    def _furnish(self) -> None:
        project = self.projects["OPS"] = Project(1, "OPS", "Operations")
        for number, slug in enumerate(("deploy", "runbooks"), 1):
            project.repositories[slug] = Repository(number, slug)
        project.grants.groups["software_dev"] = "PROJECT_WRITE"
        project.grants.users[self.accounts["oivanov"].id] = "PROJECT_ADMIN"
        deploy = project.repositories["deploy"].grants
        deploy.groups["helpdesk"], deploy.users[self.accounts["lchen"].id] = "REPO_READ", "REPO_ADMIN"
        self.grants.users[self.accounts["svc-backup"].id] = "PROJECT_CREATE"

    def add(self, name: str, email: str, display_name: str) -> Account:
        """Put an account into every index. One of that name that was deleted comes back with its id: a guess."""
        known = self.deleted.pop(name.lower(), None)
        number = known.id if known else self.number("account")
        slug = known.slug if known else self._free_slug(name)
        account = Account(number, name, slug, email, display_name)
        self.accounts[name.lower()] = self.by_id[number] = self.by_slug[slug] = account
        return account

    def number(self, what: str) -> int:
        """The next number of what is counted: accounts, secrets, groups of reviewers, restrictions."""
        self._next[what] += 1
        return self._next[what] - 1

    def _free_slug(self, name: str) -> str:
        """Lower-cased, and `_` for what no address should hold; the alphabet and the number behind are guesses."""
        slug = re.sub(r"[^a-z0-9._-]", "_", name.lower())
        free = next(s for n in itertools.count() if (s := slug + (str(n) if n else "")) not in self._slugs)
        self._slugs.add(free)
        return free

    def remove(self, account: Account) -> None:
        """Take an account out of every index with its permissions; its name and its keys stay known."""
        for name in list(account.groups):
            self.leave(account, self.groups[name])
        for grants in self.all_grants():
            grants.users.pop(account.id, None)
        del self.accounts[account.name.lower()], self.by_id[account.id], self.by_slug[account.slug]
        self.deleted[account.name.lower()] = account

    def erase(self, account: Account) -> str:
        """Forget a deleted account and its keys for good; gives the name that stands for it now."""
        del self.deleted[account.name.lower()]
        self._slugs.discard(account.slug)
        for kind, kept in self.secrets.items():
            self.secrets[kind] = {key: one for key, one in kept.items() if one.owner != account.id}
        self.erased.append(f"user-{account.id:05x}")
        return self.erased[-1]

    def rename(self, account: Account, name: str) -> None:
        """Give an account another free name and slug; its id stays."""
        old = account.name.lower()
        del self.accounts[old], self.by_slug[account.slug]
        self._slugs.discard(account.slug)
        account.name, account.slug = name, self._free_slug(name)
        self.accounts[name.lower()] = self.by_slug[account.slug] = account
        for group in account.groups:
            del self.groups[group].members[old]
            self.groups[group].members[name.lower()] = account

    def join(self, account: Account, group: Group) -> None:
        """Make an account a member of a group."""
        group.members[account.name.lower()] = account
        account.groups.add(group.name.lower())

    def leave(self, account: Account, group: Group) -> None:
        """End a membership."""
        group.members.pop(account.name.lower(), None)
        account.groups.discard(group.name.lower())

    def all_grants(self) -> list[Grants]:
        """The permissions on everything, the global ones first."""
        of_projects = [project.grants for project in self.projects.values()]
        repositories = [one for project in self.projects.values() for one in project.repositories.values()]
        return [self.grants, *of_projects, *(one.grants for one in repositories)]

    def keep(self, kind: str, owner: Account, name: str, text: str, permissions: tuple[str, ...] = ()) -> Secret:
        """Give an account an SSH key, a GPG key or a token."""
        secret = self.secret(kind, owner.id, name, text, permissions)
        self.secrets[kind][secret.id] = secret
        return secret

    def secret(self, kind: str, owner: int, name: str, text: str, permissions: tuple[str, ...] = ()) -> Secret:
        """A new key or token, which is nowhere yet; owner 0 for one that is nobody's own."""
        number = self.number("secret")
        return Secret(f"{number:016x}" if kind == "gpg" else str(number), owner, name, text, permissions)

    def wrote(self, method: str, path: str, subject: str, what: str) -> None:
        """Journal a write that was accepted; no passwords in `what`."""
        entry = {"n": len(self.journal) + 1, "method": method, "path": path}
        self.journal.append(entry | {"subject": subject, "what": what})

    def document(self) -> dict[str, Any]:
        """The whole state as data, in an order that does not depend on history."""
        groups = sorted(self.groups.values(), key=lambda group: group.name)
        names = {account.id: account.name for account in (*self.accounts.values(), *self.deleted.values())}
        grants = [
            {"users": {names[i]: p for i, p in g.users.items()}, "groups": g.groups}
            | ({"everyone": g.everyone} if g.everyone else {})
            for g in self.all_grants()
        ]
        return {
            "accounts": [self._account_document(self.accounts[name]) for name in sorted(self.accounts)],
            "groups": [{"name": g.name, "members": sorted(a.name for a in g.members.values())} for g in groups],
            "permissions": grants,
            "keys": {kind: sorted(names[one.owner] for one in kept.values()) for kind, kept in self.secrets.items()},
            "deleted": sorted(self.deleted),
            "erased": sorted(self.erased),
            "writes": len(self.journal),
        }

    def _account_document(self, account: Account) -> dict[str, Any]:
        return {
            "name": account.name,
            "key": str(account.id),
            "email": account.email,
            "display_name": account.display_name,
            "active": account.active,
            "groups": sorted(self.groups[name].name for name in account.groups),
            "properties": {},
        }

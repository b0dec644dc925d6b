"""A Crowd that a Jira takes people and groups from: a directory behind its own, read only, and read now and then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from . import accounts
from .state import Account, Group, Jira
from .texts import refused


class Person(Protocol):
    """An account as the Crowd shows it."""

    key: str
    name: str
    email: str
    display_name: str
    active: bool


class Members(Protocol):
    """A group as the Crowd shows it, with its direct members by lower-cased name."""

    name: str

    @property
    def members(self) -> Mapping[str, Person]:
        """Who is in it."""
        ...


class Server(Protocol):
    """The Crowd, as far as a Jira asks it."""

    @property
    def accounts(self) -> Mapping[str, Person]:
        """Everybody, by lower-cased name."""
        ...

    @property
    def groups(self) -> Mapping[str, Members]:
        """Every group, by lower-cased name."""
        ...


@dataclass(slots=True)
class Directory:
    """The directory as Jira knows it. Who bears a name that Jira's own directory has is behind that account.

    `local_groups`: Jira may put its people into groups of its own, as a directory can be set up to allow.
    """

    jira: Jira
    server: Server
    local_groups: bool = False

    def synchronise(self) -> None:
        """Take over what the Crowd has now; nothing that is done there shows before that."""
        known = {account.outside: account for account in self.jira.accounts.values() if account.outside}
        people = {one.key: one for one in self.server.accounts.values()}
        for key, account in known.items():
            if key not in people:
                self.jira.remove(account)
        for one in people.values():
            self._take(one, known.get(one.key))
        self._take_groups(self.server.groups.values())
        self.jira.stamp += 1

    def _take(self, one: Person, account: Account | None) -> None:
        name = one.name.lower()
        there = self.jira.accounts.get(name)
        if there is not None and there is not account:
            self.jira.shadow(name)
            return
        if account is None:
            account = self.jira.add(accounts.new_key(self.jira, name), name, one.email, one.display_name)
            account.outside = one.key
        elif account.name != name:
            self.jira.rename(account, name)
        account.email, account.display_name, account.active = one.email, one.display_name, one.active
        account.index()

    def _take_groups(self, groups: Iterable[Members]) -> None:
        by_key = {account.outside: account for account in self.jira.accounts.values() if account.outside}
        for one in groups:
            group = self.jira.groups.setdefault(one.name.lower(), Group(one.name, outside=True))
            inside = {person.key for person in one.members.values()}
            for key, account in by_key.items():
                if key in inside:
                    self.jira.join(account, group)
                elif account in group.members:
                    self.jira.leave(account, group)


def writable(account: Account) -> None:
    """Refuse to change an account that comes from outside; that the code is 403 is a guess."""
    if account.outside:
        raise refused(403, "read_only")


def joinable(jira: Jira, account: Account, group: Group) -> None:
    """Refuse a membership that is the directory's, or that Jira may not keep beside it; the code is a guess."""
    local = jira.directory is not None and jira.directory.local_groups
    theirs = jira.directory is not None and group.name.lower() in jira.directory.server.groups
    if account.outside and (theirs or not local):
        raise refused(403, "read_only")

"""A pretended application that does exactly what it is asked to, and shows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenure.model.capability import canon_name
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    Answer,
    Change,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    Handle,
    JoinGroups,
    LeaveGroups,
    Outcome,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.seen import AccountSeen
from tenure.planning.evidence import shown_by

from .parts import CAPABILITIES

_ALWAYS_SHOWN = ("email", "display_name", "title", "properties.phone")


class Taken(Exception):
    """The application refuses: that name is somebody else's, or that group is not there."""


@dataclass
class Record:
    """An account as the application keeps it. Its name is kept in lower case, like Jira does."""

    name: str
    active: bool = True
    fields: dict[str, str] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)


@dataclass
class Application:
    """An application that does exactly what it is asked to, once and for all; groups are known by canonical name."""

    accounts: dict[str, Record] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    administering: frozenset[str] = frozenset()
    made: int = 0

    def make(self, name: str, **fields: str | None) -> str:
        if any(record.name == canon_name(name) for record in self.accounts.values()):
            raise Taken(name)
        self.made += 1
        key = f"k{self.made}"
        self.accounts[key] = Record(canon_name(name), fields={n: v for n, v in fields.items() if v})
        return key

    def apply(self, change: Change) -> Answer:
        if isinstance(change, CreateAccount):
            fields = {name: value for name, value in change.fields.items() if name != "username"}
            return self._shown(self.make(change.name, **fields))
        if isinstance(change, CreateGroup):
            if canon_name(change.name) in self.groups:
                raise Taken(change.name)
            self.groups[canon_name(change.name)] = change.name
            return Answer(Outcome.APPLIED, None, {"group": change.name})
        assert not isinstance(change, AdoptAccount | AdoptGroup), "these call nobody"
        record = self.accounts[change.account.key]
        assert record.name == canon_name(change.account.name), "addressed by a name that it no longer bears"
        if isinstance(change, RenameAccount):
            if any(r.name == canon_name(change.name) for r in self.accounts.values() if r is not record):
                raise Taken(change.name)
            record.name = canon_name(change.name)
        elif isinstance(change, UpdateAccount):
            kept = {**record.fields, **change.fields}
            record.fields = {name: value for name, value in kept.items() if value}
        elif isinstance(change, DeactivateAccount | ReactivateAccount):
            record.active = isinstance(change, ReactivateAccount)
        else:
            self._membership(record, change)
        return self._shown(change.account.key)

    def _membership(self, record: Record, change: JoinGroups | LeaveGroups) -> None:
        for name in change.groups:
            if canon_name(name) not in self.groups:
                raise Taken(name)
            if isinstance(change, JoinGroups):
                record.groups.add(canon_name(name))
            else:
                record.groups.discard(canon_name(name))

    def _shown(self, key: str) -> Answer:
        seen = self.see(key)
        assert seen is not None
        return Answer(Outcome.APPLIED, Handle(key, seen.name), shown_by(seen, CAPABILITIES))

    def see(self, key: str) -> AccountSeen | None:
        record = self.accounts.get(key)
        if record is None:
            return None
        shown = {name: record.fields.get(name) for name in _ALWAYS_SHOWN}
        groups = frozenset(self.groups[canon] for canon in record.groups)
        return AccountSeen(key, record.name, record.active, {**shown, **record.fields, "username": record.name}, groups)

    def state(self) -> dict[str, object]:
        """Everything that matters of the accounts, by name (keys tell only who was made first)."""
        return {r.name: (r.active, sorted(r.fields.items()), sorted(r.groups)) for r in self.accounts.values()} | {
            "groups": sorted(self.groups.items())
        }

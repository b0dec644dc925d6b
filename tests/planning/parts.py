"""What the tests of planning share: people, accounts, rules and an application's abilities, each in one line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tenure.model.capability import Capabilities, FieldSpec, Mode, canon_name
from tenure.model.change import ChangeKind, Handle
from tenure.model.desired import Desired, DesiredGroup, Standing
from tenure.model.identity import Identity, SourceGroup
from tenure.model.seen import AccountSeen
from tenure.model.situation import Link
from tenure.planning.rules import ExpressionFailed, Farewell, Rules

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN = UUID(int=1)
BOB = UUID(int=2)

CAPABILITIES = Capabilities(
    operations=frozenset(ChangeKind),
    fields={
        "username": FieldSpec(canon=canon_name),
        "email": FieldSpec(canon=canon_name),
        "display_name": FieldSpec(longest=40),
        "title": FieldSpec(clearable=True),
        "properties.": FieldSpec(clearable=True, listed=False),
    },
)

ODD_NAMES = (
    "ann@example.com",
    "a+b",
    "a/b\\c",
    "o'neill, pat",
    "50%2Foff#?",
    "\N{GRINNING FACE}\N{FAMILY}",
    "Zoe\N{COMBINING DIAERESIS}",
    "Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}stanbul",
    "\N{LATIN SMALL LETTER DOTLESS I}stanbul",
    "Istanbul",
    "istanbul",
    "\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}\N{RIGHT-TO-LEFT MARK}x",
    "\N{GREEK CAPITAL LETTER ALPHA}\N{GREEK CAPITAL LETTER SIGMA}",
    "x" * 255,
    "DEV",
    "dev",
)


@dataclass(frozen=True)
class Reads:
    """An expression of one path: its value is what stands there."""

    path: str

    @property
    def text(self) -> str:
        return self.path

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path,)

    def evaluate(self, variables: Mapping[str, Any]) -> str | bool | None:
        found: Any = variables
        for part in self.path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found if isinstance(found, str | bool) else None


@dataclass(frozen=True)
class Says:
    """An expression that is a function of the variables."""

    text: str
    says: Callable[[Mapping[str, Any]], str | bool | None]
    paths: tuple[str, ...] = ()

    def evaluate(self, variables: Mapping[str, Any]) -> str | bool | None:
        return self.says(variables)


@dataclass(frozen=True)
class Fails:
    """An expression that cannot be computed."""

    text: str = "1/0"
    paths: tuple[str, ...] = ()

    def evaluate(self, variables: Mapping[str, Any]) -> str | bool | None:
        raise ExpressionFailed("division by zero")


def in_group(name: str) -> Says:
    """True for the members of a group of the source."""
    return Says(f"'{name}' in groups", lambda variables: name in variables["groups"], ("groups",))


ATTRIBUTES = {"username": Reads("userName"), "email": Reads("emails.primary"), "display_name": Reads("displayName")}


NO_MORE = Farewell(end_sessions=False, revoke_tokens=False, remove_groups=None)
"""A leaver's account is closed, and that is all."""


def rules(**changed: Any) -> Rules:
    """Rules of a target in full mode, with three attributes."""
    given = {"target": "jira", "sources": ("okta",), "mode": Mode.FULL, "attributes": ATTRIBUTES, "farewell": NO_MORE}
    return Rules(**{**given, **changed})


def person(
    user_name: str = "ann",
    *,
    id: UUID = ANN,
    email: str | None = "ann@example.com",
    display_name: str | None = "Ann Lee",
    title: str | None = None,
    phone: str | None = None,
    active: bool = True,
    gone: bool = False,
    external_id: str | None = None,
) -> Identity:
    """An identity with its RFC 7643 document."""
    document: dict[str, Any] = {"userName": user_name, "active": active}
    if email is not None:
        document["emails"] = [{"value": email, "primary": True, "type": "work"}]
    if display_name is not None:
        document["displayName"] = display_name
    if title is not None:
        document["title"] = title
    if phone is not None:
        document["phoneNumbers"] = [{"value": phone, "type": "work"}]
    return Identity(id, "okta", user_name, external_id, active, gone, document)


def source_group(name: str, number: int = 100) -> SourceGroup:
    """A group at the source."""
    return SourceGroup(UUID(int=number), "okta", name)


def wanted(
    *groups: str | DesiredGroup, standing: Standing = Standing.MEMBER, faults: tuple[str, ...] = (), **fields: Any
) -> Desired:
    """A desired state: Ann's, unless fields say otherwise."""
    values = {"username": "ann", "email": "ann@example.com", "display_name": "Ann Lee", **fields}
    there = tuple(g if isinstance(g, DesiredGroup) else DesiredGroup(g) for g in groups)
    return Desired(ANN, standing, values if standing is Standing.MEMBER else {}, there, faults=faults)


def account(
    name: str = "ann",
    *groups: str,
    key: str = "k1",
    active: bool = True,
    told: bool = True,
    writable: bool = True,
    authority: str = "internal",
    **fields: str | None,
) -> AccountSeen:
    """An account as it was seen: Ann's, unless fields say otherwise. `told`: the answer told the groups."""
    values = {"username": name, "email": "ann@example.com", "display_name": "Ann Lee", **fields}
    return AccountSeen(key, name, active, values, frozenset(groups) if told else None, authority, writable)


HANDLE = Handle("k1", "ann")
MADE = Link("k1", ANN, "created", adopted=False)
ADOPTED = Link("k1", ANN, "match: username and email", adopted=True)

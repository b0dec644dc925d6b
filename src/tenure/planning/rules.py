"""What the estate says about one target, compiled: the rules that planning works by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol

import re2

from tenure.model.capability import Mode, canon_name
from tenure.planning.gates import Limits


class Expression(Protocol):
    """A compiled expression of the estate."""

    @property
    def text(self) -> str:
        """The expression as it stands in the estate."""
        ...

    @property
    def paths(self) -> tuple[str, ...]:
        """The variables that it reads, as dotted paths (`emails.primary`)."""
        ...

    def evaluate(self, variables: Mapping[str, Any]) -> str | bool | None:
        """The value for one identity; raises ExpressionFailed with a sentence when it cannot be computed."""
        ...


class ExpressionFailed(Exception):
    """An expression could not be computed for this identity; the message is for an administrator."""


class ExpressionLacks(ExpressionFailed):
    """It could not be computed because the identity has no value that it needs."""


class OutOfScope(StrEnum):
    """What becomes of the account of somebody who is still active but no longer in scope."""

    HOLD = "hold"
    DEACTIVATE = "deactivate"
    REMOVE_ACCESS = "remove_access"
    KEEP = "keep"


class Adopt(StrEnum):
    """Who decides that an existing account is taken over."""

    ASK = "ask"
    MATCH = "match"


class Rename(StrEnum):
    """Whether the name of an account follows the source."""

    FOLLOW = "follow"
    NEVER = "never"


class Leaver(StrEnum):
    """What becomes of the account of somebody who has left. Each but `keep` closes it first."""

    DEACTIVATE = "deactivate"
    KEEP = "keep"
    ANONYMIZE = "anonymize"
    DELETE = "delete"


AT_ONCE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Farewell:
    """What follows when the account of a leaver is closed. Field names are those of the estate file.

    `remove_groups`, `anonymize` and `delete` are how long after they left; None is never. `new_lead` is the account
    that leads then what they led. An account that is still open `deadline` after they left raises an alarm.
    """

    end_sessions: bool = True
    revoke_tokens: bool = True
    new_lead: str | None = None
    remove_groups: timedelta | None = timedelta(days=30)
    anonymize: timedelta | None = None
    delete: timedelta | None = None
    deadline: timedelta = timedelta(minutes=15)


class Existing(StrEnum):
    """What an on-the-fly group does when a group of that name is there already."""

    JOIN = "join"
    HOLD = "hold"


class ReadRights(StrEnum):
    """When what groups open is read: it costs a request for each project or space."""

    WHEN_NEEDED = "when_needed"
    COMPARE = "compare"


@dataclass(frozen=True, slots=True)
class OnTheFly:
    """Groups of the source that appear at the target under the same or a rewritten name (RE2 patterns, searched)."""

    match: str = ".*"
    excluding: str | None = None
    name: str = "$0"
    create: bool = True
    existing: Existing = Existing.JOIN

    def name_for(self, display_name: str) -> str | None:
        """The target's group for a source group of this name, or None when it is not one of ours.

        `$0` is the whole name, also where the pattern matches a part of it; `$1` and on are the pattern's groups.
        """
        return _name_for(self.match, self.excluding, self.name, display_name)


@lru_cache(maxsize=8192)  # the same few groups are asked for with every person
def _name_for(match: str, excluding: str | None, name: str, display_name: str) -> str | None:
    if excluding is not None and re2.search(excluding, display_name):
        return None
    found = re2.search(match, display_name)
    if not found:
        return None
    parts = [display_name, *(part or "" for part in found.groups())]
    # in one pass, so that a group whose name holds a `$0` of its own cannot write itself anew
    return re.sub(r"\$(\d+)", lambda reference: parts[int(reference[1])], name).strip() or None


@dataclass(frozen=True, slots=True)
class Protected:
    """Names that nothing may touch: exact names and `*` patterns, compared without regard to letter case."""

    patterns: tuple[str, ...] = ()

    def covers(self, name: str) -> bool:
        """True when the account or group of this name is protected."""
        canon = canon_name(name)
        return any(_matches(canon, canon_name(pattern)) for pattern in self.patterns)


def _matches(name: str, pattern: str) -> bool:
    """True when the name is the pattern, in which `*` alone stands for any text."""
    if "*" not in pattern:
        return name == pattern
    first, *between, last = pattern.split("*")
    if len(name) < len(first) + len(last) or not (name.startswith(first) and name.endswith(last)):
        return False
    place, end = len(first), len(name) - len(last)
    for part in between:
        place = name.find(part, place, end)
        if place < 0:
            return False
        place += len(part)
    return True


@dataclass(frozen=True, slots=True)
class Usernames:
    """What is tried, in order, where the account name that is computed is somebody else's; with nothing, it is held.

    `number`: last of all the computed name with a number, from 2 on.
    """

    alternatives: tuple[Expression, ...] = ()
    number: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is tried."""
        return bool(self.alternatives) or self.number


@dataclass(frozen=True, slots=True)
class Approval:
    """What an approval has to bring: another person than the one who asked, and a ticket's number."""

    by_another: bool = False
    ticket: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """One target's part of the estate. Field names are those of the estate file."""

    target: str
    sources: tuple[str, ...]
    mode: Mode = Mode.OBSERVE
    scope: Expression | None = None
    out_of_scope: OutOfScope = OutOfScope.HOLD
    match: tuple[tuple[str, ...], ...] = (("username", "email"),)
    adopt: Adopt = Adopt.ASK
    attributes: Mapping[str, Expression] = field(default_factory=dict)
    rename_made: Rename = Rename.FOLLOW
    rename_adopted: Rename = Rename.NEVER
    mapping: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    on_the_fly: OnTheFly | None = None
    default_groups: tuple[str, ...] = ()
    new_groups: tuple[str, ...] = ()
    keep_foreign_members: bool = True
    leaver: Leaver = Leaver.DEACTIVATE
    protected: Protected = field(default_factory=Protected)
    limits: Limits = field(default_factory=Limits)
    approval: Approval = field(default_factory=Approval)
    farewell: Farewell = field(default_factory=Farewell)
    seats_first: Expression | None = None
    authority: str | None = None
    """The target that makes, changes and closes the accounts here; None: this one does so itself."""
    usernames: Usernames = field(default_factory=Usernames)
    idle: timedelta | None = timedelta(days=90)
    seat_price: float | None = None
    read_rights: ReadRights = ReadRights.WHEN_NEEDED

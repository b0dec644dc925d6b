"""Who of the people has, or could have, which account at an application, and by what evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenure.model.held import Possible


class MatchKind(StrEnum):
    """How a person and the accounts of an application stand to each other."""

    LINKED = "linked"  # the account is theirs, and in our care
    MATCH = "match"  # one account agrees in full: proposed to be taken over
    DOUBT = "doubt"  # accounts agree in part, or several do: a person decides
    LEFT = "left"  # they have left, and an account that is open, and not ours, could be theirs
    NEW = "new"  # it is proven that they have none
    VANISHED = "vanished"  # the account that was theirs is no longer there
    UNREAD = "unread"  # not read yet, so nobody can say
    NONE = "none"  # they have none, and are to have none


@dataclass(frozen=True, slots=True)
class Match:
    """One person at one application. `account` and `evidence` where it is one; `possible` those that could be theirs.

    `evidence` of a doubt is the reason for it.
    """

    target: str
    source: str
    person: str
    active: bool
    kind: MatchKind
    account: str | None = None
    evidence: str | None = None
    possible: tuple[Possible, ...] = ()


@dataclass(frozen=True, slots=True)
class Stray:
    """An account that is not ours, and that has neither the name nor the e-mail address of anybody."""

    target: str
    name: str
    email: str | None
    active: bool

"""How an identity and the accounts of a target stand to each other: the table of situations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from tenure.model.seen import AccountSeen


@dataclass(frozen=True, slots=True)
class Link:
    """We know that this account is this identity's. `adopted`: it is older than our care for it.

    `external_id` is the source's own identifier of the person when the account was linked.
    """

    key: str
    identity: UUID
    evidence: str
    adopted: bool
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """The linked account is there."""

    name: ClassVar[str] = "LINKED"
    account: AccountSeen
    link: Link


@dataclass(frozen=True, slots=True)
class Found:
    """Nothing is linked, and exactly one account agrees in full; `evidence` says in what."""

    name: ClassVar[str] = "FOUND"
    account: AccountSeen
    evidence: str


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Accounts agree in part, or too many agree, or one is somebody else's: a person decides."""

    name: ClassVar[str] = "AMBIGUOUS"
    accounts: tuple[AccountSeen, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing is linked, and it is proven (since `proven_at`) that no account agrees."""

    name: ClassVar[str] = "ABSENT"
    proven_at: datetime


@dataclass(frozen=True, slots=True)
class Missing:
    """The linked account was proven to be no longer there."""

    name: ClassVar[str] = "MISSING"
    link: Link


@dataclass(frozen=True, slots=True)
class Unseen:
    """We cannot know: no complete reading says whether an account is there."""

    name: ClassVar[str] = "UNSEEN"
    why: str


Situation = Linked | Found | Ambiguous | Absent | Missing | Unseen


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account that agrees with an identity in something; `claimed_by` is the identity that it is linked to.

    `rehire`: the identity that holds it is gone from its source, and this one is the same person by strong evidence.
    `beside`: the identity that holds it is there beside this one at the same source, so it is another person.
    """

    account: AccountSeen
    claimed_by: UUID | None = None
    rehire: bool = False
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen for one identity at a target, and what may be concluded from not seeing.

    `linked` is the linked account as read; `linked_gone` is true when its absence was proven. `absent_at` is when it
    was proven that every account that agrees is among the `candidates`; None when that was not proven. `chosen` is the
    key of the account that a person said is this identity's, and who said so.
    """

    linked: AccountSeen | None = None
    linked_gone: bool = False
    candidates: tuple[Candidate, ...] = ()
    absent_at: datetime | None = None
    why_unseen: str = "no complete reading of the accounts yet"
    chosen: tuple[str, str] | None = None

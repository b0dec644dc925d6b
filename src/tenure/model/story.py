"""The story behind a state: what the source said, what the rules made of it, what was written, answered and seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from tenure.model.change import Change, Outcome
from tenure.model.desired import Desired
from tenure.model.identity import Identity, SourceGroup
from tenure.model.plan import Plan
from tenure.model.seen import AccountSeen


@dataclass(frozen=True, slots=True)
class SourceState:
    """An identity provider in numbers. `last_event_at` is when it last told us something."""

    name: str
    kind: str
    active: int
    inactive: int
    gone: int
    groups: int
    last_event_at: datetime | None


@dataclass(frozen=True, slots=True)
class TargetState:
    """An application in numbers. `read_problem` says why the newest reading of the accounts was not whole."""

    name: str
    kind: str
    mode: str
    state: str
    stop_reason: str | None
    version: str | None
    linked: int
    waiting: int
    open_intents: int
    due: int
    read_at: datetime | None
    read_accounts: int | None
    read_problem: str | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Overview:
    """Every identity provider and every application, as they stand."""

    sources: tuple[SourceState, ...]
    targets: tuple[TargetState, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """How a person stands at one target.

    `state` is `active` or `closed` (the linked account), `unseen` (linked, and not found there), `waiting` (nothing is
    linked, and a plan waits) or `none`. `waiting`: the current plan has something that does not go by itself.
    """

    target: str
    account: str | None
    state: str
    adopted: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class Person:
    """One identity with its places, for lists."""

    id: UUID
    source: str
    user_name: str
    display_name: str | None
    active: bool
    gone: bool
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """A page of people; `total` counts everybody that the search finds."""

    total: int
    persons: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """One audit entry of the chain that led to a change; `facts` hold nothing personal."""

    id: int
    at: datetime
    actor: str
    action: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Write:
    """A change that was carried out, or tried: the journal's entry.

    `causes` goes back from the event that led to the change to what led to that one. `drift`: it mends what somebody
    changed at the target.
    """

    id: int
    plan: int
    target: str
    subject: str
    person: str
    change: Change
    outcome: Outcome
    detail: str
    evidence: str | None
    answered_at: datetime
    seen_at: datetime | None
    causes: tuple[Cause, ...] = ()
    drift: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan as it was kept, with its number. `person` is the name of whom or what it is about."""

    id: int
    target: str
    subject: str
    person: str
    plan: Plan
    revision: int
    made_at: datetime
    causes: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """How many people one kind of decision is about at one target, with some of them, as (subject, name).

    `reasons` are those told most often, `more` counts the others. `newest` is the greatest plan number among them.
    """

    target: str
    kind: str
    people: int
    newest: int
    some: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Sending:
    """A change that is written down as about to be sent: whether it was is not known before `deadline`."""

    plan: int
    change: Change
    made_at: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True)
class LinkTold:
    """Whose an account is, by what evidence, and since when."""

    key: str
    evidence: str
    adopted: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class GroupTold:
    """One group of the target as far as it concerns this account; keyed by its canonical name.

    `given_since`: the membership is ours. `origin` is `made`, `adopted`, or None for a group that is not in our care.
    `planned` is the group's own plan, while something of it waits.
    """

    name: str
    inside: bool = False
    direct: bool = True
    given_since: datetime | None = None
    origin: str | None = None
    origin_since: datetime | None = None
    gives: tuple[str, ...] = ()
    planned: Planned | None = None


@dataclass(frozen=True, slots=True)
class IdentityTold:
    """An identity with where it comes from: when it was made and last changed at the source, and its groups there."""

    identity: Identity
    display_name: str | None
    created_at: datetime
    modified_at: datetime
    gone_at: datetime | None
    groups: tuple[SourceGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    """Another identity or account that the same name fits; `ask` is what to ask for to see it."""

    what: str
    ask: str


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that is known about one person or account at one target; `report.why` tells it.

    `found_by` says what the asked name was. `account` is the account as last seen at `seen_at`; `writes` are the
    journal's entries and `events` what the identity provider told of the person, both newest first. `held_by` names
    whose the account is when it is linked to somebody else. `looking`: the person is marked to be looked at.
    `authority` is the target that keeps the accounts here, if another does, and `elsewhere` what was written there for
    this person, since they left if they did.
    """

    asked: str
    found_by: str
    target: TargetState
    told: IdentityTold | None = None
    link: LinkTold | None = None
    desired: Desired | None = None
    desired_revision: int | None = None
    planned: Planned | None = None
    account: AccountSeen | None = None
    seen_at: datetime | None = None
    writes: tuple[Write, ...] = ()
    events: tuple[Cause, ...] = ()
    sending: tuple[Sending, ...] = ()
    groups: Mapping[str, GroupTold] = field(default_factory=dict)
    echoes: Mapping[str, str | None] = field(default_factory=dict)
    held_by: str | None = None
    looking: bool = False
    others: tuple[Other, ...] = ()
    authority: str | None = None
    elsewhere: tuple[Write, ...] = ()

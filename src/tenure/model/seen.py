"""What a reading of a target saw; absence is known only after `ReadComplete`, or from a `NotThere`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Apart(StrEnum):
    """Why an account is never matched to anybody by what it shows."""

    ANONYMIZED = "anonymized"  # whose it was is gone for good
    SHADOWED = "shadowed"  # more than one directory has the name, so that two accounts may be meant
    CUSTOMER = "customer"  # it opens the portal of a service desk alone: a help-seeker, not a colleague


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """An account as the application showed it.

    `fields` are the values shown (a field that was not asked for is not in it; None is "no value"). `groups` are the
    names of the groups it is in, or None when the answer did not tell. `authority` says who may change the account:
    `internal`, or the kind of the directory it comes from; `writable` is whether the application lets us.
    `permissions` are the global permissions that it holds itself, not through a group, and `last_used` is when somebody
    last signed in with it; both are None where the answer did not tell. `apart` is why nobody is ever matched to it.
    """

    key: str
    name: str
    active: bool
    fields: Mapping[str, str | None] = field(default_factory=dict)
    groups: frozenset[str] | None = None
    authority: str = "internal"
    writable: bool = True
    permissions: frozenset[str] | None = None
    last_used: datetime | None = None
    apart: Apart | None = None


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """A group as the application showed it; `gives` names what it opens (`licence`, `administration`)."""

    name: str
    gives: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """This account is in this group. `direct` is False when it may be there through a sub-group only."""

    group: str
    key: str
    name: str
    direct: bool = True


@dataclass(frozen=True, slots=True)
class SeatsSeen:
    """A licence: how many it covers (None: no limit) and how many it is used by (None: cannot be known).

    `groups` are the groups that take a seat of it.
    """

    licence: str
    total: int | None
    used: int | None
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RightSeen:
    """Something that a group opens or an account holds.

    `kind` says what it is (`global permission`, `project role`, `space`, `lead` ...), `what` names the thing that it is
    a right to, and `level` how far it goes (`ADMIN`, `read` ...), where there are levels.
    """

    kind: str
    what: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class GroupOpens:
    """A right that a group gives whoever is in it."""

    group: str
    right: RightSeen


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of what was asked for that was not read, and why. A reading that shows one is not whole."""

    what: str


@dataclass(frozen=True, slots=True)
class NotThere:
    """The application said, in its own error form, that what was asked for by key or name is not there."""

    asked: str


@dataclass(frozen=True, slots=True)
class ReadComplete:
    """The reading covered its whole population; `proof` says why we may believe that (pages, counts, last cursor)."""

    population: str
    count: int
    proof: Mapping[str, object] = field(default_factory=dict)


class TaskState(StrEnum):
    """How far an application is with what it said that it would do later."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A task of the application's own; `told` is what it says of it, for people to read."""

    name: str
    state: TaskState
    told: str = ""


Seen = (
    AccountSeen
    | GroupSeen
    | MemberSeen
    | SeatsSeen
    | RightSeen
    | GroupOpens
    | Unread
    | TaskSeen
    | NotThere
    | ReadComplete
)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every account, as a listing shows them (fields with `listed`; no groups)."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Every group."""


@dataclass(frozen=True, slots=True)
class MembersOf:
    """Every member of one group, active or not."""

    group: str


@dataclass(frozen=True, slots=True)
class ByKey:
    """One account by its immutable key, with its groups and the `fields` named (those that cost a request each)."""

    key: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ByName:
    """One account by its exact name, with its groups and the `fields` named."""

    name: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupByName:
    """One group by its exact name."""

    name: str


@dataclass(frozen=True, slots=True)
class Seats:
    """Every licence of the application."""


@dataclass(frozen=True, slots=True)
class RightsOfGroups:
    """What every group opens, as far as the application tells (`GroupOpens`, `Unread`).

    One pass over its schemes, projects or spaces: it costs as much for one group as for all. What the application
    tells nobody is named in `ReadComplete.proof` under `unknown`.
    """


@dataclass(frozen=True, slots=True)
class RightsOfAccount:
    """What an account holds and leads by itself, not through a group.

    What is not told, or was not read, is named in `ReadComplete.proof` under `unknown`.
    """

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class TaskOf:
    """The task that an application named when it said that it would do something later (`Answer.task`)."""

    name: str


Selector = (
    Accounts | Groups | MembersOf | ByKey | ByName | GroupByName | Seats | RightsOfGroups | RightsOfAccount | TaskOf
)


@dataclass(frozen=True, slots=True)
class Health:
    """What `check()` found: can we work, as whom, on which server, and what is missing.

    `caution` says why nothing should be written although we could: a version that the connector does not know.
    """

    ok: bool
    detail: str
    account: str | None = None
    server_id: str | None = None
    version: str | None = None
    missing: tuple[str, ...] = ()
    caution: str | None = None

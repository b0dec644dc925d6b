"""What the rules say that an identity should have at a target, with the reason for each part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tenure.model.change import ChangeKind


class Standing(StrEnum):
    """Where a person stands towards a target."""

    MEMBER = "member"  # active and in scope: should have an account
    OUT_OF_SCOPE = "out-of-scope"  # active, but the scope does not want an account: not a leaver
    LEAVER = "leaver"  # the source said in so many words that they left


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a cell (`username`, `email`, `scope`, `member:<group>`) has its value: source value -> rule -> value."""

    cell: str
    source: str
    rule: str
    value: str | None


@dataclass(frozen=True, slots=True)
class DesiredGroup:
    """A group that the account should be in.

    `create`: it may be made when it is missing; `join`: one that is there may be taken over. `by_name`: the estate
    names it (mapping, default), so that it may also be one that gives a licence or administration. `for_new`: only for
    accounts that we make, not for those that we take over.
    """

    name: str
    create: bool = False
    join: bool = True
    source_group: UUID | None = None
    by_name: bool = True
    for_new: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """An account name that was chosen because the computed one was somebody else's.

    `computed` is what the expression for the username gives, `taken_by` who had that name then, in words. `rule` is
    what gave the chosen name: `number`, or which alternative of the estate.
    """

    computed: str
    taken_by: str
    rule: str


@dataclass(frozen=True, slots=True)
class Desired:
    """The desired state of one identity at one target.

    `fields` are the target's fields by name; None means "no value"; a field that the estate does not map is not in it.
    `faults` are sentences: expressions that failed for this person; with any, nothing is given to them and the person
    is held. `look_again_at` is set when time alone will change the answer. `steps` are what is due of
    the farewell to somebody who left. `reached`: the account was as this asks, and
    this has not changed since; if the account is otherwise now, somebody changed it at the target. `first`: this person
    gets a seat of a licence before others. `choice` tells why the username in `fields` is not the computed one.
    """

    identity: UUID
    standing: Standing
    fields: Mapping[str, str | None] = field(default_factory=dict)
    groups: tuple[DesiredGroup, ...] = ()
    reasons: tuple[Reason, ...] = ()
    faults: tuple[str, ...] = ()
    look_again_at: datetime | None = None
    steps: frozenset[ChangeKind] = frozenset()
    reached: bool = False
    first: bool = False
    choice: Choice | None = None

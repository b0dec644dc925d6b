"""What a source tells, pushed or pulled: an event marks whom to look at and is never an instruction.

The ids of a pushed event are ours. Those of a reading are the source's own, the same within the reading: the pull finds
whom of ours they mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

PEOPLE, PEOPLE_AND_GROUPS = "people", "people and groups"


@dataclass(frozen=True, slots=True)
class IdentitySeen:
    """The source shows this person as they are now: the whole RFC 7643 document."""

    id: UUID
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IdentityGone:
    """The source says in its own words that it no longer has this person."""

    id: UUID


@dataclass(frozen=True, slots=True)
class GroupSeen:
    """The source shows this group as it is now; its members are told one by one."""

    id: UUID
    display_name: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class GroupGone:
    """The source says in its own words that it no longer has this group."""

    id: UUID


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """This person is in this group at the source."""

    group: UUID
    identity: UUID


@dataclass(frozen=True, slots=True)
class MemberGone:
    """The source says that this person is no longer in this group."""

    group: UUID
    identity: UUID


@dataclass(frozen=True, slots=True)
class ReadComplete:
    """A pulled reading covered its whole population; `proof` says why we may believe that.

    `population` is PEOPLE, or PEOPLE_AND_GROUPS where groups and who is in them are told too.
    """

    population: str
    proof: Mapping[str, object] = field(default_factory=dict)


SourceEvent = IdentitySeen | IdentityGone | GroupSeen | GroupGone | MemberSeen | MemberGone

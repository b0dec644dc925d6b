"""An identity is one human as ONE source describes them; a source group is a group at that source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

LONGEST_NAME, LONGEST_EXTERNAL_ID, LONGEST_TEXT = 400, 600, 32_768
"""In characters. Names stand in B-tree indexes, whose entries hold 2,704 bytes: 6 bytes a character in canonical form,
4 as sent."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One human as one source describes them.

    `attributes` is the RFC 7643 User document as the source sent it (attribute names in the RFC's spelling, values
    untouched). `gone` is true once the source has deleted the record; `active` is what the source says, and means
    nothing when `gone` is true. `closed_by` says who of us closed this person everywhere before the source did.
    `left_at` is when they left, as far as that is known.
    """

    id: UUID
    source: str
    user_name: str
    external_id: str | None
    active: bool
    gone: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)
    closed_by: str | None = None
    left_at: datetime | None = None

    @property
    def left(self) -> bool:
        """True when the source says in so many words that this person has left, or a person closed them."""
        return self.gone or not self.active or self.closed_by is not None


@dataclass(frozen=True, slots=True)
class SourceGroup:
    """A group at a source, known by an id of ours that survives its renames.

    `known_as` is what it was called when a group of the target was made or taken over for it: that group cannot be
    renamed there, and stays the one that it leads to. `apart`: another group of the same name at the same source was
    there first; this one leads nowhere.
    """

    id: UUID
    source: str
    display_name: str
    external_id: str | None = None
    known_as: str | None = None
    apart: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What it is called, and before that what it was called when the target got to know it."""
        former = self.known_as or self.display_name
        return (self.display_name,) if former == self.display_name else (self.display_name, former)

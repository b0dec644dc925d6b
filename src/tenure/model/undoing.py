"""An undo, as it is shown before it is done: what goes back to what, and what cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Backward:
    """One cell of one person at one target that goes back: from the value now to the one before the oldest change."""

    target: str
    target_id: int
    identity: UUID
    person: str
    cell: str
    refused: bytes
    keep: str | None
    restores: bool
    journal: int


@dataclass(frozen=True, slots=True)
class Stays:
    """One change that is not undone, and why."""

    target: str
    person: str
    what: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True)
class Undoing:
    """What an undo does and what it does not; `entries` are the journal's entries that it is about."""

    backward: tuple[Backward, ...]
    stays: tuple[Stays, ...]
    entries: tuple[int, ...]

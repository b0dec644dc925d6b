"""What an application can do, as data: operations, and for each field its canonical form and limits."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tenure.model.change import ChangeKind


def canon_exact(value: str) -> str:
    """Values are equal when they are the same text in Unicode NFC."""
    return unicodedata.normalize("NFC", value)


def canon_trimmed(value: str) -> str:
    """Values are equal when they are the same text in NFC without white space at the ends."""
    return unicodedata.normalize("NFC", value).strip()


def canon_name(value: str) -> str:
    """Names are equal when they differ by letter case or normal form alone."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).strip().lower())


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of an account at a target.

    `canon` is the ONE function that gives the canonical form of a value: values are compared in that form and sent as
    they are. `longest` counts characters. `listed` says whether the listing of all accounts shows the field; one that
    no reading shows is known by the answers to what was sent. `in_directory`: it lives in the directory of users, and
    not in the application itself.
    """

    canon: Callable[[str], str] = canon_trimmed
    longest: int = 255
    clearable: bool = False
    listed: bool = True
    in_directory: bool = True


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a target can do; narrowed by `check()` from the version found.

    `fields` maps a field's name (`username`, `email`, `display_name`) to its rules; a name that ends with `.` stands
    for every field below it (`properties.`). `groups_a_call` is how many groups one change of an account's memberships
    may name; `accounts_a_call` how many accounts one request may put into a group, where the target is `Joining`.
    `tells_rights`: it can be asked what groups open (`RightsOfGroups`).
    `later` are the kinds of change that it takes on and carries out later, in a task of its own.
    `left_by_rename` is what keeps the old name when an account gets another one, each in a few words.
    """

    operations: frozenset[ChangeKind]
    fields: Mapping[str, FieldSpec]
    group: FieldSpec = field(default_factory=lambda: FieldSpec(canon=canon_name))
    groups_a_call: int = 1
    accounts_a_call: int = 1
    version: str | None = None
    tells_rights: bool = False
    left_by_rename: tuple[str, ...] = ()
    later: frozenset[ChangeKind] = frozenset()

    def spec(self, name: str) -> FieldSpec | None:
        """The rules of the field, or None when the target has no such field."""
        found = self.fields.get(name)
        if found is None and "." in name:
            found = self.fields.get(name.split(".", 1)[0] + ".")
        return found

    def canon(self, name: str, value: str | None) -> str | None:
        """The canonical form of a field's value; None and the empty text are the same: no value."""
        spec = self.spec(name)
        return (spec.canon(value) or None) if spec and value else (value or None)


class Mode(StrEnum):
    """How far Tenure may go at a target."""

    OBSERVE = "observe"
    CREATE_ONLY = "create-only"
    NO_REMOVAL = "no-removal"
    FULL = "full"

    def allows(self, kind: ChangeKind) -> bool:
        """True when a change of this kind may be sent in this mode."""
        if self is Mode.FULL or kind in CALLS_NOBODY:
            return self is not Mode.OBSERVE
        if self is Mode.NO_REMOVAL:
            return kind not in LOSING
        return self is Mode.CREATE_ONLY and kind in CREATING


CREATING = frozenset({ChangeKind.CREATE_ACCOUNT, ChangeKind.CREATE_GROUP, ChangeKind.JOIN_GROUPS})
LOSING = frozenset(
    {
        ChangeKind.HAND_OVER_LEADS,
        ChangeKind.DEACTIVATE_ACCOUNT,
        ChangeKind.ANONYMIZE_ACCOUNT,
        ChangeKind.DELETE_ACCOUNT,
        ChangeKind.REVOKE_PERMISSIONS,
        ChangeKind.END_SESSIONS,
        ChangeKind.REVOKE_TOKENS,
        ChangeKind.LEAVE_GROUPS,
        ChangeKind.DELETE_GROUP,
    }
)
CALLS_NOBODY = frozenset({ChangeKind.ADOPT_ACCOUNT, ChangeKind.ADOPT_GROUP, ChangeKind.END_LINK})

"""Inversion: what refusing or undoing a change means, cell by cell, and what of it cannot be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenure.model.capability import Capabilities
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    AnonymizeAccount,
    Change,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    EndLink,
    EndSessions,
    HandOverLeads,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    RevokePermissions,
    RevokeTokens,
    UpdateAccount,
)
from tenure.model.veto import ABSENT, ACTIVE, ATTRIBUTE, EXISTENCE, LINK, MEMBER, OUT_OF_SCOPE, PRESENT, STATE, STEP
from tenure.planning.reconciliation import sent_hash


@dataclass(frozen=True, slots=True)
class Inverse:
    """One cell that a change set: the computed value that a veto refuses, and the value that was there before.

    `restores` is False where nothing was there to go back to: the veto keeps the cell as it is.
    """

    cell: str
    refused: bytes
    keep: str | None = None
    restores: bool = False

    def as_data(self) -> dict[str, Any]:
        """As JSON-ready data."""
        return {"cell": self.cell, "refused": self.refused.hex(), "keep": self.keep, "restores": self.restores}

    @staticmethod
    def of_data(data: Mapping[str, Any]) -> Inverse:
        """What `as_data` gave."""
        return Inverse(data["cell"], bytes.fromhex(data["refused"]), data["keep"], data["restores"])


@dataclass(frozen=True, slots=True)
class CannotUndo:
    """Why a change cannot be undone, in a sentence for people."""

    why: str


def invert(change: Change, before: Mapping[str, Any], capabilities: Capabilities) -> tuple[Inverse, ...] | CannotUndo:
    """The cells that a change set, with what to refuse and what to go back to.

    `before` is the journal's record of the account before it (`name`, `active`, `fields`, `groups`; `once`, its name
    before a temporary one). That nothing keeps the account of somebody who has left is for those to heed who refuse or
    undo: it is known only then.
    """
    canon = capabilities.canon
    if isinstance(change, UpdateAccount):
        fields = before.get("fields") or {}
        return tuple(
            Inverse(ATTRIBUTE + name, sent_hash(canon(name, value) or ""), fields.get(name), name in fields)
            for name, value in change.fields.items()
        )
    if isinstance(change, RenameAccount):
        old = before.get("once") or before.get("name") or change.account.name
        new = sent_hash(canon("username", change.towards or change.name) or "")
        return (Inverse(ATTRIBUTE + "username", new, old, True),)
    if isinstance(change, JoinGroups | LeaveGroups):
        refused = PRESENT if isinstance(change, JoinGroups) else ABSENT
        group = capabilities.group.canon
        return tuple(Inverse(MEMBER + group(name), sent_hash(refused), name, True) for name in change.groups)
    return _of_account(change)


def _of_account(change: Change) -> tuple[Inverse, ...] | CannotUndo:
    if isinstance(change, DeactivateAccount):
        return (Inverse(STATE, sent_hash(OUT_OF_SCOPE), restores=True),)
    if isinstance(change, ReactivateAccount):
        return (Inverse(STATE, sent_hash(ACTIVE), restores=True),)
    if isinstance(change, AdoptAccount):
        return (Inverse(LINK, sent_hash(change.account.key), change.account.key, True),)
    if isinstance(change, CreateAccount):
        return (Inverse(STATE, sent_hash(ACTIVE), restores=True),)
    if isinstance(change, CreateGroup | AdoptGroup):
        return CannotUndo(f"the group {change.name} stays, without the members that are taken out")
    if isinstance(change, EndLink):
        return CannotUndo("the account was let go: it is proposed again when it agrees")
    if isinstance(change, HandOverLeads):
        return CannotUndo(f"what {change.account.name} led is led by {change.to} now: hand it back by hand")
    if isinstance(change, DeleteGroup):
        return CannotUndo(f"the group {change.name} is gone with its members")
    return CannotUndo(_LOST[type(change)])


_LOST: dict[type[Change], str] = {
    RevokePermissions: "the permissions that the account held itself are not given back: grant them by hand",
    EndSessions: "sessions that ended stay ended: the person signs in again",
    RevokeTokens: "tokens and keys that were removed are made anew by their owner",
    AnonymizeAccount: "whose account it was cannot be known any more",
    DeleteAccount: "the account is gone",
}


def refuse(change: Change, capabilities: Capabilities) -> tuple[Inverse, ...] | CannotUndo:
    """What a rejection of a change that was not made refuses: the same cells, which stay as they are."""
    if isinstance(change, CreateAccount):
        return (Inverse(EXISTENCE, sent_hash(PRESENT)),)
    if isinstance(change, CreateGroup | AdoptGroup):
        return CannotUndo(f"the group {change.name} stays as it is: take it out of the configuration")
    if isinstance(change, AnonymizeAccount | DeleteAccount):
        return (Inverse(STEP + change.kind.value, sent_hash(PRESENT)),)
    found = invert(change, {}, capabilities)
    if isinstance(found, CannotUndo):
        return found
    keeps = (LINK, MEMBER)
    return tuple(Inverse(i.cell, i.refused, i.keep if i.cell.startswith(keeps) else None) for i in found)

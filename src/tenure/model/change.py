"""A change is one effect on one target: a closed union, in one order, with the answer that came of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, get_args


class ChangeKind(StrEnum):
    """The kinds of change, in the spelling of plans, audit and JSON."""

    END_LINK = "end-link"
    ADOPT_ACCOUNT = "adopt-account"
    ADOPT_GROUP = "adopt-group"
    DEACTIVATE_ACCOUNT = "deactivate-account"
    REVOKE_PERMISSIONS = "revoke-permissions"
    END_SESSIONS = "end-sessions"
    REVOKE_TOKENS = "revoke-tokens"
    HAND_OVER_LEADS = "hand-over-leads"
    LEAVE_GROUPS = "leave-groups"
    RENAME_ACCOUNT = "rename-account"
    UPDATE_ACCOUNT = "update-account"
    REACTIVATE_ACCOUNT = "reactivate-account"
    CREATE_GROUP = "create-group"
    CREATE_ACCOUNT = "create-account"
    JOIN_GROUPS = "join-groups"
    DELETE_GROUP = "delete-group"
    ANONYMIZE_ACCOUNT = "anonymize-account"
    DELETE_ACCOUNT = "delete-account"


ORDER = {kind: place for place, kind in enumerate(ChangeKind)}
"""The one order of changes: take away before giving, make before joining, destroy last."""


FAREWELL = frozenset(
    {
        ChangeKind.HAND_OVER_LEADS,
        ChangeKind.REVOKE_PERMISSIONS,
        ChangeKind.END_SESSIONS,
        ChangeKind.REVOKE_TOKENS,
        ChangeKind.ANONYMIZE_ACCOUNT,
        ChangeKind.DELETE_ACCOUNT,
    }
)
"""What leaves nothing to see at an account that is read again: it is done once for each time that somebody leaves."""


@dataclass(frozen=True, slots=True)
class Handle:
    """How an account is addressed: by its immutable key, with the name it bears now. A key of "" is not made yet."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """Make an account. `fields` are the values to send, by the target's field names."""

    kind: ClassVar[ChangeKind] = ChangeKind.CREATE_ACCOUNT
    fields: Mapping[str, str | None]

    @property
    def name(self) -> str:
        """The name that the account will bear."""
        return self.fields.get("username") or ""


@dataclass(frozen=True, slots=True)
class UpdateAccount:
    """Set fields of an account; None clears. `before` is what was seen there."""

    kind: ClassVar[ChangeKind] = ChangeKind.UPDATE_ACCOUNT
    account: Handle
    fields: Mapping[str, str | None]
    before: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RenameAccount:
    """Give an account another name; its key stays.

    `towards`: the name is a temporary one, on the way to that.
    """

    kind: ClassVar[ChangeKind] = ChangeKind.RENAME_ACCOUNT
    account: Handle
    name: str
    towards: str | None = None


@dataclass(frozen=True, slots=True)
class DeactivateAccount:
    """Shut an account: it can no longer sign in and no longer counts for the licence."""

    kind: ClassVar[ChangeKind] = ChangeKind.DEACTIVATE_ACCOUNT
    account: Handle


@dataclass(frozen=True, slots=True)
class HandOverLeads:
    """Make somebody else the lead of what the account leads; some applications deactivate no lead."""

    kind: ClassVar[ChangeKind] = ChangeKind.HAND_OVER_LEADS
    account: Handle
    to: str


@dataclass(frozen=True, slots=True)
class RevokePermissions:
    """Take from an account the global permissions that it holds itself, not through a group."""

    kind: ClassVar[ChangeKind] = ChangeKind.REVOKE_PERMISSIONS
    account: Handle


@dataclass(frozen=True, slots=True)
class EndSessions:
    """Sign an account out everywhere."""

    kind: ClassVar[ChangeKind] = ChangeKind.END_SESSIONS
    account: Handle


@dataclass(frozen=True, slots=True)
class RevokeTokens:
    """Take away what an account can sign in with beside its password: personal tokens, SSH and GPG keys."""

    kind: ClassVar[ChangeKind] = ChangeKind.REVOKE_TOKENS
    account: Handle


@dataclass(frozen=True, slots=True)
class AnonymizeAccount:
    """Make whose account it was unknowable, and keep what it wrote. Nothing brings it back."""

    kind: ClassVar[ChangeKind] = ChangeKind.ANONYMIZE_ACCOUNT
    account: Handle


@dataclass(frozen=True, slots=True)
class DeleteAccount:
    """Remove an account. Nothing brings it back."""

    kind: ClassVar[ChangeKind] = ChangeKind.DELETE_ACCOUNT
    account: Handle


@dataclass(frozen=True, slots=True)
class DeleteGroup:
    """Remove a group that we made."""

    kind: ClassVar[ChangeKind] = ChangeKind.DELETE_GROUP
    name: str


@dataclass(frozen=True, slots=True)
class ReactivateAccount:
    """Open an account that was shut."""

    kind: ClassVar[ChangeKind] = ChangeKind.REACTIVATE_ACCOUNT
    account: Handle


@dataclass(frozen=True, slots=True)
class JoinGroups:
    """Put ONE account into one or more groups."""

    kind: ClassVar[ChangeKind] = ChangeKind.JOIN_GROUPS
    account: Handle
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeaveGroups:
    """Take ONE account out of one or more groups."""

    kind: ClassVar[ChangeKind] = ChangeKind.LEAVE_GROUPS
    account: Handle
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Make a group."""

    kind: ClassVar[ChangeKind] = ChangeKind.CREATE_GROUP
    name: str


@dataclass(frozen=True, slots=True)
class AdoptAccount:
    """Take an account that is older than us into our care: calls nobody."""

    kind: ClassVar[ChangeKind] = ChangeKind.ADOPT_ACCOUNT
    account: Handle
    evidence: str


@dataclass(frozen=True, slots=True)
class EndLink:
    """Let go of an account: it is not ours any more, and stays as it is. Calls nobody."""

    kind: ClassVar[ChangeKind] = ChangeKind.END_LINK
    account: Handle
    because: str


@dataclass(frozen=True, slots=True)
class AdoptGroup:
    """Take a group that is older than us into our care: calls nobody.

    `opens` is what it gives whoever is in it, in phrases, and `untold` what of that is not known: an approval is of a
    group that opens just this.
    """

    kind: ClassVar[ChangeKind] = ChangeKind.ADOPT_GROUP
    name: str
    opens: tuple[str, ...] = ()
    untold: str = ""


AccountChange = (
    UpdateAccount
    | RenameAccount
    | HandOverLeads
    | DeactivateAccount
    | RevokePermissions
    | EndSessions
    | RevokeTokens
    | ReactivateAccount
    | AnonymizeAccount
    | DeleteAccount
    | JoinGroups
    | LeaveGroups
    | AdoptAccount
    | EndLink
)
Change = AccountChange | CreateAccount | CreateGroup | AdoptGroup | DeleteGroup
CLOSING = (DeactivateAccount, LeaveGroups, RevokePermissions)
"""What closes the account of somebody who has left, each application in its way: nobody's word keeps it open."""
CHANGES: dict[str, type[Any]] = {c.kind: c for c in get_args(Change)}


def encode(change: Change) -> dict[str, Any]:
    """The change as JSON-ready data, with its kind."""
    told: dict[str, Any] = {"kind": change.kind.value}
    for part in dataclasses.fields(change):  # asdict of the library copies deeply, which costs ten times as much
        value = getattr(change, part.name)
        value = {"key": value.key, "name": value.name} if isinstance(value, Handle) else value
        told[part.name] = dict(value) if isinstance(value, Mapping) else value
    return told


def decode(data: Mapping[str, Any]) -> Change:
    """The change that `encode` wrote; raises KeyError for a kind that this version does not know."""
    values: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in data.items() if name != "kind"
    }
    if "account" in values:
        values["account"] = Handle(**values["account"])
    made: Change = CHANGES[data["kind"]](**values)
    return made


def at(change: Change, account: Handle) -> Change:
    """The same change, addressed to the account as it is known now (after a create or a rename in the same run)."""
    if isinstance(change, AccountChange):
        return dataclasses.replace(change, account=account)
    return change


class Outcome(StrEnum):
    """What became of a change."""

    APPLIED = "applied"
    ALREADY = "already"
    PENDING = "pending"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a target answered to a change.

    `shown` holds the cells that it showed, as the application spelled them: fields by name (`username`, ...), `active`
    ("true" or "false"), `member:<group>` (None when the account is not in it), `group` (the name of a group). `detail`
    is the answer in a few words, `task` the application's own task that will do what is PENDING, where it has one.
    """

    outcome: Outcome
    account: Handle | None = None
    shown: Mapping[str, str | None] = field(default_factory=dict)
    detail: str = ""
    task: str | None = None

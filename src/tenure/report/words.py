"""The words that administrators read: how modes, situations, changes and evidence are called on screens."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime

from tenure.model.change import (
    AccountChange,
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
    Outcome,
    ReactivateAccount,
    RenameAccount,
    RevokePermissions,
    RevokeTokens,
    UpdateAccount,
)
from tenure.model.farewell import Aspect, ProofState
from tenure.model.finding import FindingKind
from tenure.model.plan import Decision

MODES = {
    "observe": "Preview only",
    "create-only": "Add only",
    "no-removal": "Add and update only",
    "full": "Full",
}
SITUATIONS = {
    "LINKED": "Linked",
    "FOUND": "Existing account found",
    "AMBIGUOUS": "Several accounts could be meant",
    "ABSENT": "Never existed",
    "MISSING": "Vanished",
    "UNSEEN": "Could not be read",
}
DECISIONS = {
    Decision.GO: "Goes",
    Decision.HOLD: "Waiting for approval",
    Decision.WAIT: "Waiting for something else",
    Decision.REFUSE: "Refused",
}
FINDINGS = {
    FindingKind.LEAVER_ACTIVE: "Left, and still active",
    FindingKind.TWICE: "The same e-mail address twice",
    FindingKind.UNKNOWN_ADMINISTRATOR: "An administrator nobody knows",
    FindingKind.AWAITED: "Done elsewhere, and does not show",
    FindingKind.TWO_NAMES: "Renamed elsewhere, and not here",
    FindingKind.UNUSED_LICENCE: "A licence that is not used",
    FindingKind.OPENS_NOTHING: "A group that opens nothing",
    FindingKind.RIGHTS_NOT_READ: "What groups open is not known",
}
ASPECTS = {
    Aspect.ACCOUNT: "Account",
    Aspect.ADMINISTRATION: "Administrator rights",
    Aspect.LICENCE: "Groups that take a seat",
    Aspect.GROUPS: "Other groups",
    Aspect.PERMISSIONS: "Direct permissions",
    Aspect.SESSIONS: "Sessions",
    Aspect.TOKENS: "Personal access tokens",
    Aspect.KEYS: "SSH and GPG keys",
    Aspect.LEADS: "Project and component leads",
    Aspect.OWNED: "Filters, boards, spaces, repositories",
}
PROOFS = {
    ProofState.DONE: "Done",
    ProofState.UNDER_WAY: "Under way",
    ProofState.WAITING: "Waiting",
    ProofState.LATER: "Later",
    ProofState.REPORTED: "Reported only",
    ProofState.UNKNOWN: "Cannot be known",
}
DRIFT = "somebody changed it at the application"
OUTCOMES = {
    Outcome.APPLIED: "Done",
    Outcome.ALREADY: "Was so already",
    Outcome.PENDING: "Accepted, not finished",
    Outcome.FAILED: "Failed",
    Outcome.UNKNOWN: "Not known",
}
EVIDENCE = {
    "body": "in the application's answer itself",
    "re-read": "when the account was read again",
    "snapshot": "in a whole reading of the application",
    "record": "in Tenure's own records (nothing was sent)",
}
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def situation(name: str, subject: str) -> str:
    """A situation in the words of screens; `subject` says whether it is a person's or a group's."""
    found = SITUATIONS.get(name, name)
    return found.replace("account", "group") if subject.startswith("group:") else found


def shown(text: object) -> str:
    """A text that others chose, safe to print: what controls a terminal or turns the direction is spelled out."""
    return "".join(_visible(c) for c in str(text))


def _visible(character: str) -> str:
    if character in _BIDI or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
        return f"\\u{ord(character):04x}"
    return character


def at(when: datetime) -> str:
    """A moment, to the second, in UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def value(found: str | None) -> str:
    """A value of a field in a sentence."""
    return "no value" if found is None or found == "" else shown(found)


def verb(change: Change) -> str:
    """What kind of change it is, in two or three words."""
    return _VERBS[type(change)]


_VERBS: dict[type[Change], str] = {
    CreateAccount: "Create account",
    UpdateAccount: "Set fields",
    RenameAccount: "Rename account",
    DeactivateAccount: "Deactivate account",
    ReactivateAccount: "Reactivate account",
    JoinGroups: "Add to group",
    LeaveGroups: "Remove from group",
    CreateGroup: "Create group",
    AdoptAccount: "Take over existing account",
    AdoptGroup: "Take over existing group",
    EndLink: "Let go of account",
    HandOverLeads: "Hand over what is led",
    RevokePermissions: "Remove own permissions",
    EndSessions: "End sessions",
    RevokeTokens: "Remove tokens and keys",
    AnonymizeAccount: "Anonymize account",
    DeleteAccount: "Delete account",
    DeleteGroup: "Delete group",
}


def describe(change: Change) -> str:
    """A change in a few words, without the account that it is about."""
    if isinstance(change, CreateAccount):
        rest = {name: value for name, value in change.fields.items() if name != "username"}
        return f"Create account {shown(change.name)}" + (f" with {_fields(rest)}" if rest else "")
    if isinstance(change, UpdateAccount):
        return f"Set {_fields(change.fields)}"
    if isinstance(change, RenameAccount):
        way = "" if change.towards is None else f" by way of {shown(change.name)}, since the names change places"
        return f"Rename account {shown(change.account.name)} to {shown(change.towards or change.name)}{way}"
    if isinstance(change, JoinGroups | LeaveGroups):
        return f"{verb(change)}{'' if len(change.groups) == 1 else 's'} {', '.join(map(shown, change.groups))}"
    if isinstance(change, HandOverLeads):
        return f"{verb(change)} to {shown(change.to)}"
    return f"{verb(change)} {shown(change.account.name if isinstance(change, AccountChange) else change.name)}"


def opening(change: Change) -> tuple[str, ...]:
    """What a group opens that is to be taken over, a phrase each; last, what of that is not known."""
    if not isinstance(change, AdoptGroup):
        return ()
    return (*map(shown, change.opens), *([shown(change.untold)] if change.untold else []))


def _fields(fields: Mapping[str, str | None]) -> str:
    return ", ".join(f"{name} = {value(fields[name])}" for name in sorted(fields))


def happened(action: str, actor: str, facts: Mapping[str, object]) -> str:
    """An audit entry in a sentence: who told or did what."""
    who, _, name = actor.partition(":")
    subject = f"identity provider {shown(name)}" if who == "source" else "Tenure" if who == "engine" else shown(actor)
    told = _ACTIONS.get(action, action)
    if action == "group.members":
        told = "removed the person from a group" if facts.get("removed") else "put the person into a group"
    if facts.get("group"):
        told += f" ({shown(facts['group'])})"
    attributes = facts.get("attributes")
    if action == "identity.changed" and isinstance(attributes, list) and attributes:
        told += f" ({', '.join(shown(a) for a in attributes)})"
    method = facts.get("method")
    return f"{subject} {told}" + (f", by {shown(method)}" if method else "")


_ACTIONS = {
    "identity.created": "created the person",
    "identity.changed": "changed the person",
    "identity.deactivated": "made the person inactive",
    "identity.reactivated": "made the person active again",
    "identity.removed": "deleted the person",
    "group.created": "created a group",
    "group.renamed": "renamed a group",
    "group.changed": "changed a group",
    "group.removed": "deleted a group",
    "authority.seen": "saw here what was done at the application that keeps the accounts",
    "target.read": "compared everybody with the application",
    "estate.activated": "activated a configuration",
}


def reason(text: str) -> str:
    """Why something stopped, in the words of screens: modes and changes have names of their own there."""
    for mode, name in MODES.items():
        if text.startswith(f"mode {mode}"):
            text = name + text.removeprefix(f"mode {mode}")
    if text.startswith("adopt: ask ("):
        text = f"an existing account agrees ({text.removeprefix('adopt: ask (')}: taking it over is asked first"
    for kind, name in _NAMES.items():
        if text.startswith((f"{kind} was", f"needs {kind} first")):
            text = text.replace(kind, f"“{name}”", 1)
    return shown(text)


_NAMES = {change.kind.value: name for change, name in _VERBS.items()}

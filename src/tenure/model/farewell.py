"""What of a leaver is to be proven at each application, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Aspect(StrEnum):
    """Something that a leaver may still have at an application."""

    ACCOUNT = "account"  # can it be signed in with
    ADMINISTRATION = "administration"  # groups that administer
    LICENCE = "licence"  # groups that take a seat
    GROUPS = "groups"  # all other groups
    PERMISSIONS = "permissions"  # what the account holds itself, through no group
    SESSIONS = "sessions"
    TOKENS = "tokens"  # personal access tokens
    KEYS = "keys"  # SSH and GPG keys
    LEADS = "leads"  # of projects and components
    OWNED = "owned"  # filters, dashboards, boards, spaces, repositories


class ProofState(StrEnum):
    """How far one aspect is."""

    DONE = "done"  # it is gone, or closed with the account, and that was seen
    UNDER_WAY = "under-way"  # sent or planned, and not yet seen
    WAITING = "waiting"  # held: a person has to decide, or something else has to come first
    LATER = "later"  # the configuration takes it away at a later day
    REPORTED = "reported"  # it is still there, and nothing takes it away
    UNKNOWN = "unknown"  # cannot be known, and why


@dataclass(frozen=True, slots=True)
class AspectProof:
    """How far one aspect of one leaver is at one application, in words, with when it was done and when it was seen."""

    aspect: Aspect
    state: ProofState
    told: str
    done_at: datetime | None = None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overdue:
    """Somebody who left longer ago than the target's deadline and whose account there is still open.

    `why` is what the current plan says of it, empty when it says nothing.
    """

    target: str
    user_name: str
    account: str
    left_at: datetime
    why: str

"""How an identity provider gets in here: its credentials, how often it may ask, and when it was last heard."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tenure.model.secret import Secret

LOGIN = re.compile(r"[!-9;-~]{1,200}")
"""What may be a client id or a user name: it prints, and has neither a space nor a colon (RFC 7617 section 2)."""


class CredentialKind(StrEnum):
    """How a provider shows that it is itself."""

    TOKEN = "token"  # noqa: S105 - the word, not a token
    CLIENT = "client"
    BASIC = "basic"


@dataclass(frozen=True, slots=True)
class Credential:
    """What a provider signs in with.

    That is a bearer token (RFC 6750), the secret of an OAuth client (RFC 6749 section 4.4), or a password (RFC 7617).
    `login` is the client id or the user name; a token has none.
    """

    kind: CredentialKind
    secret: Secret
    login: str = ""


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """How many requests one credential gets a second, and how many at once after a rest; in each process."""

    per_second: float = 1_000.0
    burst: int = 10_000


DEFAULT_LIMIT = RequestLimit()
"""A first load of ten thousand people is not slowed; what goes on longer gets half of what a process can read."""


@dataclass(frozen=True, slots=True)
class TokenState:
    """One credential of a source; never its secret.

    `login` is the client id or the user name, empty for a bearer token.
    `origin` is `estate` for one that stands there, `command` for one made by `tenure token`. `expires_at` None: it
    has no end. `last_used_at` is up to a minute old.
    """

    source: str
    name: str
    kind: CredentialKind
    login: str
    origin: str
    since: datetime
    expires_at: datetime | None
    last_used_at: datetime | None

    def live(self, now: datetime) -> bool:
        """Whether it opens the door."""
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """An identity provider as it stands with us.

    `last_heard_at` is its last authenticated request, up to a minute old; `refused_at` when the audit last told of a
    refused sign-in. `confirmed_at`: a person said that its first load is done. `heartbeat` is how long it may be
    silent; `silent` whether it was for longer. One that does not push is read: `last_heard_at` is its last whole
    reading, `read_at` when the last ended and `problem` why that was not taken.
    """

    id: int
    name: str
    kind: str
    people: int
    groups: int
    last_heard_at: datetime | None
    refused_at: datetime | None
    confirmed_at: datetime | None
    confirmed_by: str | None
    heartbeat: timedelta | None
    silent: bool
    pushes: bool
    read_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Silence:
    """A source that was not heard for longer than its heartbeat; `since` is when it was last heard, or was made."""

    id: int
    name: str
    since: datetime
    heartbeat: timedelta

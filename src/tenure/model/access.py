"""How an identity provider gets in here: its tokens, and when it was last heard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class TokenState:
    """One token of a source; never the token itself.

    `origin` is `estate` for one that stands there, `command` for one made by `tenure token`. `expires_at` None: it
    has no end. `last_used_at` is up to a minute old.
    """

    source: str
    name: str
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
    silent; `silent` whether it was for longer.
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


@dataclass(frozen=True, slots=True)
class Silence:
    """A source that was not heard for longer than its heartbeat; `since` is when it was last heard, or was made."""

    id: int
    name: str
    since: datetime
    heartbeat: timedelta

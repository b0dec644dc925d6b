"""How we sign in at an application: a bearer token, or a name with a password."""

from __future__ import annotations

import base64
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, field_validator

from tenure.model.secret import Secret


class Bearer(BaseModel):
    """Sign in with a token (RFC 6750); white space around it, as a file leaves it, is dropped."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)
    bearer: Secret

    @field_validator("bearer")
    @classmethod
    def _sendable(cls, secret: Secret) -> Secret:
        token = secret.reveal().strip()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("the token is empty or has characters that no token has: was it pasted whole?")
        return secret

    def header(self) -> str:
        """The value of the Authorization header."""
        return f"Bearer {self.bearer.reveal().strip()}"


class Basic(BaseModel):
    """Sign in with a name and a password (RFC 7617, in UTF-8)."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)
    username: str
    password: Secret

    def header(self) -> str:
        """The value of the Authorization header."""
        pair = f"{self.username}:{self.password.reveal()}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


Auth = Bearer | Basic


SHORTEST_REDACTED = 8  # shorter ones are words ("admin") that would blot out whole messages


def redact(auth: Auth, text: str, hidden: Secret | None = None) -> str:
    """The text with the secrets, however an application echoed them, replaced by `***`."""
    plain = auth.bearer.reveal() if isinstance(auth, Bearer) else auth.password.reveal()
    more = (hidden.reveal(), quote(hidden.reveal(), safe="")) if hidden else ()
    for secret in (auth.header().split(" ", 1)[1], plain, plain.strip(), *more):
        if len(secret) >= SHORTEST_REDACTED:
            text = text.replace(secret, "***")
    return text

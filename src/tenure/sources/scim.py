"""An identity provider that pushes to us by SCIM: it has tokens with which it signs in here, and nothing to read."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, field_validator

from tenure.model.secret import Secret


class ScimSettings(BaseModel):
    """The settings of a push source (RFC 7644 over a bearer token, RFC 6750).

    Every token that stands here opens the door, beside those that are made by command.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)
    token: Secret | None = None
    tokens: tuple[Secret, ...] = ()

    @field_validator("token")
    @classmethod
    def _sendable(cls, secret: Secret | None) -> Secret | None:
        return None if secret is None else _clean(secret)

    @field_validator("tokens")
    @classmethod
    def _all_sendable(cls, secrets: tuple[Secret, ...]) -> tuple[Secret, ...]:
        return tuple(_clean(secret) for secret in secrets)


def _clean(secret: Secret) -> Secret:
    token = secret.reveal().strip()
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise ValueError("the token is empty or has characters that no token has: was it pasted whole?")
    return Secret(token)

"""An identity provider that pushes to us by SCIM: it has credentials to sign in here with, and nothing to read."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictBool, field_validator

from tenure.model.access import LOGIN, Credential, CredentialKind
from tenure.model.secret import Secret

_STRICT = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


def _clean(secret: Secret) -> Secret:
    token = secret.reveal().strip()
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise ValueError("the token is empty or has characters that no token has: was it pasted whole?")
    return Secret(token)


def _printable(secrets: tuple[Secret, ...]) -> tuple[Secret, ...]:
    if not secrets:
        raise ValueError("there is no secret: write {env: NAME} or {file: PATH}, or remove the key above")
    if not all(secret.reveal().isprintable() for secret in secrets):
        raise ValueError("the secret has line ends or other characters that do not print: was it pasted whole?")
    return secrets


def _login(text: str) -> str:
    if not LOGIN.fullmatch(text):
        raise ValueError("a client id or user name has 1 to 200 letters, digits and signs, but no space and no colon")
    return text


Secrets = Annotated[tuple[Secret, ...], AfterValidator(_printable)]
Login = Annotated[str, AfterValidator(_login)]


class ClientSettings(BaseModel):
    """An OAuth client (RFC 6749 section 4.4); each of its secrets counts, so that they can be changed one by one."""

    model_config = _STRICT
    id: Login
    secret: Secrets


class BasicSettings(BaseModel):
    """A user name with a password (RFC 7617); each of its passwords counts."""

    model_config = _STRICT
    username: Login
    password: Secrets


class ScimSettings(BaseModel):
    """The settings of a push source (RFC 7644 section 2): what it signs in with, and what it may be told.

    Every credential that stands here opens the door, beside those that are made by command. `announce_pagination` is
    False for a client that refuses a configuration with RFC 9865's `pagination` in it; paging itself stays as it is.
    """

    model_config = _STRICT
    token: Secret | None = None
    tokens: tuple[Secret, ...] = ()
    client: ClientSettings | None = None
    basic: BasicSettings | None = None
    announce_pagination: StrictBool = True

    @field_validator("token")
    @classmethod
    def _sendable(cls, secret: Secret | None) -> Secret | None:
        return None if secret is None else _clean(secret)

    @field_validator("tokens")
    @classmethod
    def _all_sendable(cls, secrets: tuple[Secret, ...]) -> tuple[Secret, ...]:
        return tuple(_clean(secret) for secret in secrets)

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """All that stand here, of every kind."""
        tokens = (*([self.token] if self.token else ()), *self.tokens)
        found = [Credential(CredentialKind.TOKEN, secret) for secret in tokens]
        if self.client:
            found += [Credential(CredentialKind.CLIENT, secret, self.client.id) for secret in self.client.secret]
        if self.basic:
            found += [Credential(CredentialKind.BASIC, secret, self.basic.username) for secret in self.basic.password]
        return tuple(found)

"""What is kept of a credential: enough to know it again and to check what it signed, never enough to sign in with."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tenure.model.access import Credential, CredentialKind
from tenure.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Kept:
    """A credential as it is stored; `digest` has 32 bytes, whatever the kind."""

    kind: CredentialKind
    login: str
    digest: bytes


def keep(credential: Credential) -> Kept:
    """What is kept of a credential.

    Secrets are long random texts, so that a plain SHA-256 cannot be searched. Of an OAuth client the public half of
    `client_key` is kept.
    """
    if credential.kind is CredentialKind.TOKEN:
        digest = hash_token(credential.secret.reveal())
    elif credential.kind is CredentialKind.BASIC:
        digest = _digest(credential)
    else:
        digest = client_key(credential).public_key().public_bytes_raw()
    return Kept(credential.kind, credential.login, digest)


def hash_token(token: str) -> bytes:
    """The SHA-256 of a bearer token."""
    return hashlib.sha256(_bytes(token)).digest()


def client_key(client: Credential) -> Ed25519PrivateKey:
    """The key with which a client's access tokens are signed: made of its secret, which only the client has.

    So no key rests here. Every process can check what was signed, and none can sign until the client has come.
    """
    return Ed25519PrivateKey.from_private_bytes(_digest(client))


def bearer(token: str) -> Credential:
    """A bearer token as a credential."""
    return Credential(CredentialKind.TOKEN, Secret(token))


def _digest(credential: Credential) -> bytes:
    parts = (credential.kind.value, credential.login, credential.secret.reveal())
    return hashlib.sha256(b"\0".join(map(_bytes, parts))).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")

"""What a request signs in with: read from its Authorization header, and found among what is known of the source."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tenure.model.access import Credential, CredentialKind
from tenure.model.secret import Secret
from tenure.store.credentials import bearer, client_key, keep
from tenure.store.tokens import Known

_LABEL = b"tenure SCIM access token 1\0"
"""What is signed begins with this, so that no signature made for something else is ever taken for one."""
_ACCESS_TOKEN = re.compile(r"tenure_at_([A-Za-z0-9_-]{120})")
"""90 bytes without a bit to spare, so that each token has one spelling: source, client, end, signature."""
_SOURCE, _CLIENT, _END = slice(0, 2), slice(2, 18), slice(18, 26)
_SIGNED = slice(0, 26)


def offered(header: str | None) -> Credential | None:
    """The credential that an Authorization header carries; None when it carries none.

    The scheme may be in any case (RFC 9110 section 11.1), and may be missing: Okta's header mode sends exactly what
    the administrator typed, which is a token.
    """
    if not header:
        return None
    scheme, _, rest = header.strip().partition(" ")
    if scheme.lower() == "basic":
        login, password = basic(rest) or ("", "")
        return Credential(CredentialKind.BASIC, Secret(password), login)
    return bearer(rest.strip() if scheme.lower() == "bearer" else header.strip())


def basic(encoded: str) -> tuple[str, str] | None:
    """The two halves of the credentials of a Basic header (RFC 7617 section 2); None when they cannot be read."""
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    login, colon, secret = text.partition(":")
    return (login, secret) if colon else None


def find(offer: Credential, known: Sequence[Known]) -> Known | None:
    """What is known of the credential that is offered, with the end that it has.

    All of its kind are compared in constant time, so that the time tells neither whether nor which. A bearer token
    may be the access token of a client, too.
    """
    digest = keep(offer).digest
    alike = [one for one in known if one.kind is offer.kind]
    same = [one for one in alike if hmac.compare_digest(digest, one.hash)]
    if same or offer.kind is not CredentialKind.TOKEN:
        return same[0] if same else None
    return _holder(offer.secret.reveal(), known)


def access_token(client: Credential, known: Known, ends_at: datetime) -> str:
    """A token that opens the client's source until `ends_at`; nothing of it is stored."""
    end = int(ends_at.timestamp())
    signed = known.source.to_bytes(2, "big") + known.hash[:16] + end.to_bytes(8, "big")
    signature = client_key(client).sign(_LABEL + signed)
    return f"tenure_at_{base64.urlsafe_b64encode(signed + signature).decode()}"


def _holder(token: str, known: Sequence[Known]) -> Known | None:
    """The client that an access token was given to, ending when the token does; None when we did not give it."""
    form = _ACCESS_TOKEN.fullmatch(token)
    if form is None:
        return None
    raw = base64.urlsafe_b64decode(form[1])
    for client in known:
        named = client.kind is CredentialKind.CLIENT and hmac.compare_digest(client.hash[:16], raw[_CLIENT])
        if named and int.from_bytes(raw[_SOURCE], "big") == client.source and _signed(client, raw):
            end = datetime.fromtimestamp(int.from_bytes(raw[_END], "big"), UTC)
            return replace(client, expires_at=min(end, client.expires_at or end))
    return None


def _signed(client: Known, raw: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(client.hash).verify(raw[_SIGNED.stop :], _LABEL + raw[_SIGNED])
    except InvalidSignature:
        return False
    return True

"""Bearer tokens: only their SHA-256 is kept, and every hash is compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from tenure.store.tokens import Known


def hash_token(token: str) -> bytes:
    """What is kept of a token. Tokens are long random texts, so that a plain SHA-256 cannot be searched."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def offered(header: str | None) -> bytes | None:
    """The hash of the token that an Authorization header carries; None when it carries none.

    The scheme may be in any case, and may be missing: Okta's header mode sends exactly what the administrator typed.
    """
    if not header:
        return None
    scheme, _, rest = header.strip().partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else header.strip()
    return hash_token(token)


def find(digest: bytes, tokens: Sequence[Known]) -> Known | None:
    """The token with this hash. All are compared, so that the time tells neither whether nor which."""
    same = [token for token in tokens if hmac.compare_digest(digest, token.hash)]
    return same[0] if same else None

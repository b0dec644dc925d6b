"""Bearer tokens: only their SHA-256 is kept, and every hash is compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


def hash_token(token: str) -> bytes:
    """What is kept of a token. Tokens are long random texts, so that a plain SHA-256 cannot be searched."""
    return hashlib.sha256(token.encode()).digest()


def authorised(header: str | None, hashes: Sequence[bytes]) -> bool:
    """True when the Authorization header carries one of the tokens.

    The scheme may be in any case, and may be missing: Okta's header mode sends exactly what the administrator typed.
    """
    if not header:
        return False
    scheme, _, rest = header.strip().partition(" ")
    token = rest.strip() if scheme.lower() == "bearer" else header.strip()
    offered = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
    return sum(hmac.compare_digest(offered, known) for known in hashes) > 0

"""The endpoint /Me: there is nobody behind it, and it says so (RFC 7644 section 3.11)."""

from __future__ import annotations

from starlette.responses import Response

from tenure.scim.call import Call
from tenure.scim.errors import ScimError


async def nobody(call: Call) -> Response:
    """Any request to /Me. Raises ScimError (501)."""
    raise ScimError(501, "A token here belongs to an identity provider, not to a person; ask /Users/{id} instead.")


COLLECTION = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), nobody)

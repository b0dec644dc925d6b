"""Entity tags and the conditions that a request makes on them (RFC 7644 section 3.14, RFC 9110 section 13)."""

from __future__ import annotations

import re
from collections.abc import Callable

from starlette.datastructures import Headers

from tenure.scim.errors import ScimError, invalid_value

Precondition = Callable[[int], None]
"""Given a resource's version: raises ScimError (412) unless it is one of those that the caller named."""

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"[\s,]*{_TAG}(?:\s*,[\s,]*{_TAG})*[\s,]*\Z")


def etag(version: int) -> str:
    """The version as an entity tag; the same text stands in the header and in `meta.version`."""
    return f'W/"{version}"'


def unchanged(method: str, headers: Headers, version: int) -> bool:
    """True when the caller of a GET has this version (If-None-Match); a header that cannot be read asks for nothing."""
    if method not in ("GET", "HEAD"):
        return False
    named = _named(headers, "if-none-match") or set()
    return "*" in named or f'"{version}"' in named


def precondition(headers: Headers) -> Precondition | None:
    """What If-Match asks of the version; None when any will do. Raises ScimError (400) when it cannot be read.

    SCIM's tags are weak, so they are compared as weak ones here too, as RFC 7644 shows it.
    """
    named = _named(headers, "if-match")
    if named is None:
        raise invalid_value('If-Match must be * or entity tags as in meta.version, such as W/"3".')
    if not named or "*" in named:
        return None

    def check(version: int) -> None:
        if f'"{version}"' not in named:
            told = f"If-Match does not name the version that the resource has now, {etag(version)}; read it again."
            raise ScimError(412, told, headers={"ETag": etag(version)})

    return check


def _named(headers: Headers, header: str) -> set[str] | None:
    """The tags in a header without their `W/`; none when it is missing, None when it cannot be read."""
    lines = headers.getlist(header)
    text = ",".join(lines).strip()
    if not lines:
        return set()
    if text == "*":
        return {"*"}
    if not _TAGS.match(text):
        return None
    return {tag.removeprefix("W/") for tag in re.findall(_TAG, text)}

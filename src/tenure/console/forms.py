"""What a form sends: from a page of ours, not longer than it can be, and in text that a database keeps."""

from __future__ import annotations

from urllib.parse import parse_qs

from starlette.requests import Request

Fields = dict[str, list[str]]


def same_site(request: Request) -> bool:
    """Whether a page of ours sent it, as far as the browser says; the cookie is for our own site in any case."""
    return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")


async def fields(request: Request, longest: int, most: int) -> Fields | None:
    """The fields of a form, each with its values; None for one that is longer, or has more fields, than ours do."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > longest:
            return None
    try:
        found = parse_qs(body.decode("utf-8", "replace"), max_num_fields=most, errors="replace")
    except ValueError:
        return None
    return {name: [value.replace("\x00", "") for value in values] for name, values in found.items()}


def first(found: Fields, name: str, default: str = "") -> str:
    """The first value of a field, without the space around it."""
    return next(iter(found.get(name, ())), default).strip()


def number(text: str) -> int | None:
    """A number that somebody sent, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

"""Everybody whom the identity providers know, with their accounts; to search and to page through."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenure.console.page import Console
from tenure.console.session import signed_in
from tenure.store import overview

_PAGE = 50


def routes(console: Console) -> list[Route]:
    """The page of people."""

    async def people(request: Request) -> Response:
        search = request.query_params.get("q", "").replace("\x00", "").strip()[:200]
        offset = _number(request.query_params.get("from", "0"))
        async with console.database.transaction() as connection:
            found = await overview.people(connection, search, offset, _PAGE)
        return console.page(
            request,
            "people.html",
            search=search,
            offset=offset,
            found=found,
            before=max(0, offset - _PAGE) if offset else None,
            after=offset + _PAGE if offset + _PAGE < found.total else None,
        )

    return [Route("/people", signed_in(console, people))]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

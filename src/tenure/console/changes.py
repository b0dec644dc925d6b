"""The journal: every change that was carried out or tried, newest first."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenure.console.page import Console
from tenure.console.session import signed_in
from tenure.store import overview

_PAGE = 50


def routes(console: Console) -> list[Route]:
    """The page of changes, and its list, which refreshes itself while it shows the newest."""

    async def changes(request: Request) -> Response:
        text = request.query_params.get("before", "")
        before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
        async with console.database.transaction() as connection:
            found = await overview.changes(connection, _PAGE, before)
        older = found[-1].id if len(found) == _PAGE else None
        template = "parts/changes.html" if request.url.path.startswith("/parts/") else "changes.html"
        return console.page(request, template, changes=found, before=before, older=older)

    return [
        Route("/changes", signed_in(console, changes)),
        Route("/parts/changes", signed_in(console, changes)),
    ]

"""Waiting for approval: what the gates hold, to be approved or rejected as it is on the screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tenure.console.deciding import BY, Answer, answer, asked
from tenure.console.forms import fields, first, number, same_site
from tenure.console.held import cards_of, plans_of
from tenure.console.page import Console
from tenure.console.session import signed_in
from tenure.engine import beforehand
from tenure.engine.decide import NotDecided
from tenure.store.database import Database
from tenure.store.decisions import Decider
from tenure.store.holding import held_count

_PAGE = 20
_LONGEST_FORM, _MOST_FIELDS = 512 * 1024, 250
_FOREIGN = "The form came from another site, and nothing was done."
_UNREADABLE = "The form could not be read, and nothing was done. Load the page anew."


def routes(console: Console) -> list[Route]:
    """The page, its decisions, and the button that stops all writing at an application."""

    async def approvals(request: Request) -> Response:
        if request.method == "GET":
            return await _page(console, request, Answer(), 200)
        if not same_site(request):
            return await _page(console, request, Answer(problem=_FOREIGN), 403)
        wanted = asked(await fields(request, _LONGEST_FORM, _MOST_FIELDS) or {})
        if wanted is None:
            return await _page(console, request, Answer(problem=_UNREADABLE), 400)
        found = await answer(console, wanted)
        return await _page(console, request, found, 409 if found.problem else 200)

    async def freeze(request: Request) -> Response:
        if not same_site(request):
            return await _page(console, request, Answer(problem=_FOREIGN), 403)
        form = await fields(request, _LONGEST_FORM, _MOST_FIELDS) or {}
        target, act = first(form, "target"), _FREEZES.get(first(form, "act"))
        if not target or act is None:
            return await _page(console, request, Answer(problem=_UNREADABLE), 400)
        try:
            await act(console.database, console.clock.now(), target, Decider(BY))
        except NotDecided as problem:
            return await _page(console, request, Answer(problem=str(problem)), 409)
        return console.sealed(RedirectResponse("/", 303))

    return [
        Route("/approvals", signed_in(console, approvals), methods=["GET", "POST"]),
        Route("/freeze", signed_in(console, freeze), methods=["POST"]),
    ]


_Act = Callable[[Database, datetime, str | None, Decider], Awaitable[tuple[str, ...]]]
_FREEZES: Mapping[str, _Act] = {
    "freeze": beforehand.freeze,
    "unfreeze": beforehand.unfreeze,
    "accept-server": partial(beforehand.unfreeze, repin=True),
}


async def _page(console: Console, request: Request, told: Answer, status: int) -> Response:
    """The page as it is now, under what was just decided. It never refreshes itself under somebody who reads it."""
    plans, one = await plans_of(console.database), request.query_params.get("plan")
    if one is not None:
        plans = tuple(plan for plan in plans if plan.id == one)
    offset = number(request.query_params.get("from", "")) or 0
    if request.method == "POST":
        async with console.database.transaction() as connection:
            request.state.waiting = await held_count(connection)
    return console.page(
        request, "approvals.html", status,
        told=told,
        one=one,
        cards=await cards_of(console.database, plans[offset : offset + _PAGE], told.typed),
        before=max(0, offset - _PAGE) if offset else None,
        after=offset + _PAGE if offset + _PAGE < len(plans) else None,
        total=len(plans),
    )  # fmt: skip

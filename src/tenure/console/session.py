"""Who may look and decide: the installation's token opens a session; its cookie never holds the token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tenure.console.forms import fields, first, same_site
from tenure.console.page import Console
from tenure.store.holding import held_count
from tenure.store.overview import console_token_hash

COOKIE = "tenure_session"
LASTS = timedelta(hours=12)
_LONGEST_FORM, _MOST_FIELDS = 4096, 10

Handler = Callable[[Request], Awaitable[Response]]


def routes(console: Console) -> list[Route]:
    """The pages to sign in and out."""

    async def sign_in(request: Request) -> Response:
        after = _path(request.query_params.get("next", "/"))
        if request.method == "GET":
            return console.page(request, "sign_in.html", next=after)
        if not same_site(request):
            return console.page(request, "sign_in.html", 403, next=after, problem="The form came from another site.")
        form = await fields(request, _LONGEST_FORM, _MOST_FIELDS) or {}
        opened = await _open(console, request, first(form, "token"), _path(first(form, "next", "/")))
        if opened is not None:
            return opened
        problem = "This is not the token of this installation."
        return console.page(request, "sign_in.html", 403, next=after, problem=problem)

    async def sign_out(request: Request) -> Response:
        answer = RedirectResponse("/sign-in", 303)
        if same_site(request):
            answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return console.sealed(answer)

    return [
        Route("/sign-in", sign_in, methods=["GET", "POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]


def signed_in(console: Console, handler: Handler) -> Handler:
    """The handler for those who are signed in; everybody else is sent to sign in.

    A right `?token=` in the address (the one that `tenure serve` prints) signs in, and leads to the same address
    without it.
    """

    async def guarded(request: Request) -> Response:
        token = request.query_params.get("token")
        if token is not None:
            kept = str(request.url.remove_query_params("token").replace(scheme="", netloc="")) or "/"
            opened = await _open(console, request, token, _path(kept))
            return opened or console.sealed(RedirectResponse("/sign-in", 303))
        if await _valid(console, request):
            async with console.database.transaction() as connection:
                request.state.waiting = await held_count(connection)
            return await handler(request)
        after = f"/sign-in?next={quote(request.url.path, safe='/')}"
        if request.headers.get("hx-request"):
            return console.sealed(Response(status_code=401, headers={"HX-Redirect": "/sign-in"}))
        return console.sealed(RedirectResponse(after, 303))

    return guarded


async def _open(console: Console, request: Request, token: str, after: str) -> Response | None:
    """A redirect that carries a new session, or None when the token is wrong."""
    known = await _known(console)
    offered = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
    if known is None or not hmac.compare_digest(offered, known):
        return None
    end = int((console.clock.now() + LASTS).timestamp())
    answer = RedirectResponse(after, 303)
    answer.set_cookie(
        COOKIE,
        f"{end}.{_signature(known, end)}",
        max_age=int(LASTS.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return console.sealed(answer)


async def _valid(console: Console, request: Request) -> bool:
    end, _, signature = request.cookies.get(COOKIE, "").partition(".")
    known = await _known(console)
    if known is None or not (end.isascii() and end.isdigit() and len(end) < 12):
        return False
    right = hmac.compare_digest(signature.encode(), _signature(known, int(end)).encode())
    return right and int(end) > console.clock.now().timestamp()


def _signature(known: bytes, end: int) -> str:
    """Binds a session to the installation's token and to its end: a new token ends every session."""
    return hmac.new(known, f"tenure console session until {end}".encode(), hashlib.sha256).hexdigest()


async def _known(console: Console) -> bytes | None:
    async with console.database.transaction() as connection:
        return await console_token_hash(connection)


def _path(asked: str) -> str:
    """An address of ours to go to: nothing that leads to another site."""
    fine = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable()
    return asked if fine else "/"

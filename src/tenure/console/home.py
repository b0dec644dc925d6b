"""The first page: identity providers, applications, what waits for a person, and the last changes."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenure.console.page import Console
from tenure.console.session import signed_in
from tenure.report import certification as telling
from tenure.report.holds import rank
from tenure.report.plan import CLASSES
from tenure.store import certifications, holding, overview

_LAST_CHANGES = 8
_MANY = 5000
_OFTEN, _SELDOM = 5, 60
"""How often the page refreshes itself, in seconds: seldom where many plans wait, since all are counted each time."""


def routes(console: Console) -> list[Route]:
    """The page, and the part of it that refreshes itself."""

    async def home(request: Request) -> Response:
        return console.page(request, "home.html", **await _state(console))

    async def part(request: Request) -> Response:
        return console.page(request, "parts/overview.html", **await _state(console))

    return [
        Route("/", signed_in(console, home)),
        Route("/parts/overview", signed_in(console, part)),
    ]


async def _state(console: Console) -> dict[str, Any]:
    async with console.database.transaction() as connection:
        state = await overview.overview(connection)
        stops = await overview.stops(connection, {kind.value: name for kind, name in CLASSES.items()})
        changes = await overview.changes(connection, _LAST_CHANGES)
        gates = sorted(await holding.held_numbers(connection), key=lambda gate: rank(gate["name"]))
        certified = {name: telling.standing(one) for name, one in (await certifications.standings(connection)).items()}
        quiet = {found["name"]: found for found in await holding.known_targets(connection)}
    waiting = sum(target.waiting for target in state.targets)
    every = _SELDOM if waiting > _MANY else _OFTEN
    return {
        "overview": state, "stops": stops, "changes": changes, "every": every,
        "shut": [gate for gate in gates if gate["shut"]], "held": gates, "quiet": quiet,
        "certified": certified,
    }  # fmt: skip

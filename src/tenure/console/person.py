"""One person: why each part of their account at every application is as it is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tenure.console.page import Console
from tenure.console.session import signed_in
from tenure.model.story import Story
from tenure.report import why
from tenure.report.parts import Part, PartState, parts
from tenure.store.story import stories_of

COLUMNS = (
    ("Identity provider said", ("source",)),
    ("Rule", ("rule",)),
    ("Should be", ("desired",)),
    ("Plan and write", ("plan", "write")),
    ("Application answered", ("answer",)),
    ("Seen", ("seen", "now")),
)
"""The steps of a trail as they stand beside each other, and which labels of a story each of them takes."""


_CAUSES = 20
_WITH_ACCOUNT = frozenset({"active", "username", "display_name", "email"})
"""Parts that wait when the account waits: their trails say nothing new then, and start out closed."""


@dataclass(frozen=True, slots=True)
class Trail:
    """One part of an account with its steps, each with a title and its lines; `opened`: shown from the start."""

    part: Part
    steps: tuple[tuple[str, tuple[str, ...]], ...]
    opened: bool


@dataclass(frozen=True, slots=True)
class Told:
    """The story at one application, made ready to be shown."""

    story: Story
    headline: str
    trails: tuple[Trail, ...]
    causes: tuple[tuple[int, str], ...]


def routes(console: Console) -> list[Route]:
    """The page of one person."""

    async def person(request: Request) -> Response:
        try:
            who = UUID(request.path_params["identity"])
        except ValueError:
            return console.not_found(request, "No person has this number.")
        async with console.database.transaction() as connection:
            found = await stories_of(connection, who)
        if not found:
            return console.not_found(request, "No person has this number, or no application is connected yet.")
        stories = sorted((tell(story) for story in found), key=lambda t: not t.trails)
        return console.page(request, "person.html", told=found[0].told, stories=stories)

    return [Route("/people/{identity}", signed_in(console, person))]


def tell(story: Story) -> Told:
    """A story as the page shows it."""
    causes = tuple((cause.id, why.cause_line(cause)) for cause in why.history(story)[:_CAUSES])
    return Told(story, why.headline(story), tuple(_trail(part) for part in parts(story)), causes)


def _trail(part: Part) -> Trail:
    found = why.steps(part)
    steps = tuple((title, tuple(text for label, text in found if label in labels)) for title, labels in COLUMNS)
    follows = part.state in (PartState.HELD, PartState.WAITING, PartState.REFUSED) and part.cell in _WITH_ACCOUNT
    return Trail(part, steps, part.state is not PartState.NOT_OURS and not follows)

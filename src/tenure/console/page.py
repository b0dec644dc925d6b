"""What every page shares: templates that escape, the words of screens, and headers that let nothing in or out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tenure.model.clock import Clock
from tenure.report import holds, words
from tenure.report.plan import CLASS_WORDS
from tenure.report.why import STATES, TONES
from tenure.store.database import Database

HERE = Path(__file__).parent
_LONGEST = 600
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
PLACES = {
    "active": ("open", "good"),
    "closed": ("closed", "plain"),
    "unseen": ("could not be found", "bad"),
    "waiting": ("waiting", "wait"),
    "none": ("no account", "plain"),
}
"""How a person's place at an application is called, and its tone."""
_SEEN = {
    "body": "seen in the answer",
    "re-read": "seen when read again",
    "snapshot": "seen in a whole reading",
    "record": "kept in Tenure",
}
_KINDS = {
    "scim": "SCIM, pushes to Tenure",
    "jira": "Jira",
    "confluence": "Confluence",
    "bitbucket": "Bitbucket",
    "crowd": "Crowd",
    "atlassian-cloud": "Atlassian Cloud",
    "keycloak": "Keycloak",
}


@dataclass(frozen=True, slots=True)
class Console:
    """What every page is given: the database, the clock, and the templates."""

    database: Database
    clock: Clock
    templates: Environment

    def page(self, request: Request, template: str, status: int = 200, /, **values: Any) -> Response:
        """A page, made from a template."""
        path, waiting = request.url.path, getattr(request.state, "waiting", 0)
        found = self.templates.get_template(template)
        text = found.render(path=path, now=self.clock.now(), waiting=waiting, **values)
        return self.sealed(HTMLResponse(text, status))

    def sealed(self, answer: Response) -> Response:
        """The answer with the headers that every answer of the console carries."""
        answer.headers.update(_HEADERS)
        return answer

    def not_found(self, request: Request, what: str) -> Response:
        """The page that says that something is not there."""
        return self.page(request, "not_found.html", 404, what=what)


def make(database: Database, clock: Clock) -> Console:
    """The console's frame; every text in its templates is escaped."""
    loader = FileSystemLoader(HERE / "templates")
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters.update(name=_name, moment=_moment, ago=_ago, describe=words.describe, shown=words.shown)
    templates.filters.update(sentence=_sentence, reason=words.reason, about=holds.about, actor=holds.actor)
    templates.filters.update(account=holds.account, clipped=_clipped, opening=words.opening)
    templates.globals.update(
        MODES=words.MODES,
        OUTCOMES=words.OUTCOMES,
        SEEN=_SEEN,
        STATES=STATES,
        TONES=TONES,
        CLASS_WORDS=CLASS_WORDS,
        PLACES=PLACES,
        KINDS=_KINDS,
    )
    return Console(database, clock, templates)


def _name(text: object) -> Markup:
    """A name that others chose: it cannot turn the text around it, and what cannot be seen is spelled out."""
    return Markup("<bdi>{}</bdi>").format(words.shown(text))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _clipped(text: str) -> str:
    """A text that others chose the length of, not longer than a person reads."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _moment(when: datetime) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), words.at(when))


def _ago(when: datetime, now: datetime) -> Markup:
    """How long ago, in words, with the moment itself to be seen on pointing at it."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        when.isoformat(), words.at(when), escape(_span(now - when))
    )


def _span(gone: timedelta) -> str:
    seconds = int(gone.total_seconds())
    if seconds < 5:
        return "just now"
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return f"{seconds} seconds ago"

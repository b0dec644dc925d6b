"""The console's pages, each of which brings its own routes."""

from __future__ import annotations

from os import PathLike, stat_result

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from tenure.console import approvals, changes, home, page, people, person, session
from tenure.model.clock import Clock
from tenure.store.database import Database


class Assets(StaticFiles):
    """Style, script and icon: not secret, and the same until the next version is installed."""

    def file_response(
        self, full_path: str | PathLike[str], stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file, with the type that it has and no other."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Cache-Control"] = "no-cache"
        return answer


def build(database: Database, clock: Clock) -> list[BaseRoute]:
    """The routes of the console, to be mounted at the root of the site.

    Whoever has the installation's token may look and decide; only its SHA-256, which the database keeps, is compared.
    """
    console = page.make(database, clock)
    return [
        *session.routes(console),
        *home.routes(console),
        *approvals.routes(console),
        *people.routes(console),
        *person.routes(console),
        *changes.routes(console),
        Mount("/static", Assets(directory=page.HERE / "static"), name="static"),
    ]

"""`tenure plan`: what is planned and has not gone, what waits for a person, and what is computed of one person."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tenure.cli.house import fail, open_database
from tenure.model.held import HeldPlan
from tenure.model.story import Planned, Story
from tenure.report import attributes
from tenure.report import plan as telling
from tenure.report.terminal import show
from tenure.store import holding, overview
from tenure.store.database import connect
from tenure.store.story import stories_of

_NOBODY = "nobody is called {!r}: name a userName, an account, or an id"


def plan(
    target: Annotated[str | None, typer.Argument(help="Only this application.")] = None,
    identity: Annotated[str | None, typer.Option(help="Only this person: a userName, an account, or an id.")] = None,
    held: Annotated[bool, typer.Option("--held", help="Only what waits for a person, gathered.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL.")] = None,
    database_url: Annotated[str | None, typer.Option(help="Use this PostgreSQL instead.")] = None,
) -> None:
    """Show each person for whom something is planned that has not gone, with every change and its reason.

    With --identity, show what the configuration makes of one person at each application: for every attribute and group
    the value at the source, the expression, the result, and how it stands at the application. With --held too, what of
    theirs waits for a person.

    Example: tenure plan jira --held --json

    Example: tenure plan --identity ada@example.com

    Exit codes: 0 shown, be it that nothing waits; 1 no such application or person; 2 wrong usage or the database cannot
    be reached.
    """
    with open_database(data, database_url) as dsn:
        if identity is not None and not held:
            _tell_of(asyncio.run(_stories(dsn, target, identity)), json)
            return
        known, waiting, plans = asyncio.run(_read(dsn, target, identity))
    if target is not None and target not in known:
        fail(f"there is no application {target!r}; there are: {', '.join(known) or 'none'}", 1)
    if json:
        told = telling.held_json(plans, waiting) if held else telling.plan_json(waiting)
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        show(telling.held_lines(plans, waiting) if held else telling.plan_lines(waiting), Console())


def _tell_of(stories: tuple[Story, ...], json: bool) -> None:
    if json:
        typer.echo(orjson.dumps(attributes.identity_json(stories), option=orjson.OPT_INDENT_2).decode())
    else:
        show(attributes.identity_lines(stories), Console())


async def _stories(dsn: str, target: str | None, identity: str) -> tuple[Story, ...]:
    """Everybody of that name, at each application or at one."""
    async with await connect(dsn) as connection:
        known = [state.name for state in await overview.target_states(connection)]
        if target is not None and target not in known:
            fail(f"there is no application {target!r}; there are: {', '.join(known) or 'none'}", 1)
        people = await holding.people_named(connection, identity)
        if not people:
            fail(_NOBODY.format(identity), 1)
        found = [story for person in people for story in await stories_of(connection, person["id"])]
    return tuple(story for story in found if target in (None, story.target.name))


async def _read(
    dsn: str, target: str | None, identity: str | None
) -> tuple[list[str], tuple[Planned, ...], tuple[HeldPlan, ...]]:
    async with await connect(dsn) as connection:
        known = [state.name for state in await overview.target_states(connection)]
        waiting, plans = await overview.waiting(connection, target), await holding.held_plans(connection, target)
        if identity is None:
            return known, waiting, plans
        ids = {str(found["id"]) for found in await holding.people_named(connection, identity)}
        if not ids:
            fail(_NOBODY.format(identity), 1)
    mine = tuple(replace(p, leaves=tuple(leaf for leaf in p.leaves if leaf.subject in ids)) for p in plans)
    return known, tuple(p for p in waiting if p.subject in ids), tuple(p for p in mine if p.leaves)

"""`tenure source`: how the identity providers stand, and saying that the first load of one is done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from tenure.cli.house import fail, open_database
from tenure.cli.who import actor, print_table
from tenure.clock import SystemClock
from tenure.model.access import SourceStanding
from tenure.model.duration import told
from tenure.report import words
from tenure.store import sources
from tenure.store.database import connect
from tenure.store.tokens import NoSuchSource

app = typer.Typer(help="The identity providers: how they stand.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL.")]
Url = Annotated[str | None, typer.Option(help="Use this PostgreSQL instead.")]


@app.command("list")
def list_(json: Json = False, data: Data = None, database_url: Url = None) -> None:
    """List the identity providers: people, groups, when each was last heard, and whether its first load is confirmed.

    Example: tenure source list

    Exit codes: 0 shown; 2 wrong usage or the database cannot be reached.
    """
    now = SystemClock().now()
    with open_database(data, database_url) as dsn:
        found = asyncio.run(_standing(dsn, now))
    if json:
        listed = [{**asdict(one), "heartbeat": told(one.heartbeat) if one.heartbeat else None} for one in found]
        typer.echo(orjson.dumps(listed, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    headings = ("Identity provider", "Kind", "People", "Groups", "Last heard", "First load", "Heartbeat")
    print_table(headings, [_line(one, now) for one in found])


@app.command()
def confirm(
    name: Annotated[str, typer.Argument(help="The identity provider, by its name in the configuration.")],
    by: Annotated[str | None, typer.Option(help="Who says so; without it, the user who runs this.")] = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Say that an identity provider has told us of everybody for the first time. A second time changes nothing.

    Until then nobody loses anything because it "does not have" them: compare the numbers of `tenure source list` with
    its own before.

    Example: tenure source confirm okta --by alice

    Exit codes: 0 confirmed, now or before; 1 no such identity provider, or one that is read; 2 wrong usage or the
    database cannot be reached.
    """
    try:
        with open_database(data, database_url) as dsn:
            anew, one = asyncio.run(_confirm(dsn, name, actor(by)))
    except (NoSuchSource, sources.NothingToConfirm) as problem:
        fail(str(problem), 1)
    assert one.confirmed_at is not None
    if json:
        told_json = {"source": name, "confirmed_at": one.confirmed_at, "confirmed_by": one.confirmed_by, "now": anew}
        typer.echo(orjson.dumps(told_json, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    before = "" if anew else "already "
    who = f"{words.shown(one.confirmed_by)} on {words.at(one.confirmed_at)}"
    typer.echo(f"The first load of {name} is {before}confirmed, by {who}: {one.people} people, {one.groups} groups.")


async def _standing(dsn: str, now: datetime) -> Sequence[SourceStanding]:
    async with await connect(dsn) as connection:
        return await sources.standing(connection, now)


async def _confirm(dsn: str, name: str, by: str) -> tuple[bool, SourceStanding]:
    now = SystemClock().now()
    async with await connect(dsn) as connection:
        anew = await sources.confirm(connection, name, by, now)
        return anew, next(one for one in await sources.standing(connection, now) if one.name == name)


def _first_load(one: SourceStanding) -> str:
    if one.pushes:
        return f"confirmed by {words.shown(one.confirmed_by)}" if one.confirmed_at else "not confirmed"
    return one.problem or ("not needed: it is read whole" if one.read_at else "not read yet")


def _line(one: SourceStanding, now: datetime) -> tuple[str, ...]:
    heard = f"{told(now - one.last_heard_at)} ago" if one.last_heard_at else "never"
    heartbeat = told(one.heartbeat) if one.heartbeat else "none"
    heartbeat += ", silent for longer" if one.silent else ""
    return one.name, one.kind, str(one.people), str(one.groups), heard, _first_load(one), heartbeat

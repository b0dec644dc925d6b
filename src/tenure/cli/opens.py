"""`tenure report opens`: what a group opens at an application, before anybody is put into it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from tenure.cli.configured import load_or_end
from tenure.cli.house import fail, open_database
from tenure.cli.who import print_table
from tenure.clock import SystemClock
from tenure.estate.live import rights
from tenure.model.capability import canon_name
from tenure.model.error import TargetError
from tenure.model.opening import Opening
from tenure.model.seen import RightSeen
from tenure.report import words
from tenure.store import rights as store
from tenure.store.database import connect


def opens(
    target: Annotated[str, typer.Argument(help="The application, by its name in the configuration.")],
    group: Annotated[str, typer.Argument(help="The group, by its name there.")],
    estate: Annotated[
        Path | None, typer.Option(help="Ask the application now; the configuration says where it is.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL.")] = None,
    database_url: Annotated[str | None, typer.Option(help="Use this PostgreSQL instead.")] = None,
) -> None:
    """Show what a group opens: global permissions, project roles, permission schemes, spaces.

    Without --estate, as it was last read, with when that was. With it the application is asked now: it is only read;
    many projects or spaces take a while. What it does not tell is said.

    Example: tenure report opens jira software_dev --estate estate.yaml

    Exit codes: 0 shown; 1 there is no such group, nothing was read yet, or the application cannot be asked; 2 wrong
    usage or the database cannot be reached.
    """
    if estate is not None:
        found, unknown = _asked(estate, target, group)
        _show(found, unknown, None, json)
        return
    with open_database(data, database_url) as dsn:
        known = asyncio.run(_known(dsn, target, group))
    if known is None:
        fail(f"no group {group!r} was seen at {target!r}", 1)
    if known.last is None:
        fail(f"what groups open at {target!r} was not read yet: name the configuration with --estate to ask now", 1)
    problem = [f"not read whole: {known.last.problem}"] if known.last.problem else []
    _show(known.rights, (*known.last.unknown, *problem), known.last.at, json)


def _asked(estate: Path, target: str, group: str) -> tuple[list[RightSeen], tuple[str, ...]]:
    there = load_or_end(estate, secrets=True).targets
    if target not in there:
        fail(f"there is no application {target!r}; there are: {', '.join(there) or 'none'}")
    try:
        return asyncio.run(rights(there[target], SystemClock(), group))
    except (TargetError, ValueError) as problem:
        fail(f"what {group!r} opens cannot be told: {problem}", 1)


async def _known(dsn: str, target: str, group: str) -> Opening | None:
    async with await connect(dsn) as connection:
        return await store.known(connection, target, canon_name(group))


def _show(
    found: list[RightSeen] | tuple[RightSeen, ...], unknown: tuple[str, ...], at: datetime | None, json: bool
) -> None:
    if json:
        told = {"opens": [asdict(one) for one in found], "unknown": unknown, "read_at": at}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
        return
    if at is not None:
        typer.echo(f"As read at {words.at(at)}.")
    if found:
        print_table(("What", "Where", "How far"), [(one.kind, one.what, one.level) for one in found])
    else:
        typer.echo("Nothing that the application tells of.")
    for what in unknown:
        typer.echo(f"not told: {words.shown(what)}")

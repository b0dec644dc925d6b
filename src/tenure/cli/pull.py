"""`tenure pull`: read a source now, or only look whether it can be read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import orjson
import typer
from rich.console import Console

from tenure.app import pull_now, reader
from tenure.cli import configured
from tenure.cli.deciding import Data, Url
from tenure.cli.house import fail, open_database
from tenure.cli.who import actor
from tenure.connector import Source
from tenure.engine.pull import count
from tenure.estate.document import Estate
from tenure.model.error import TargetError
from tenure.model.reading import Extent, NotRead
from tenure.report import pull as telling
from tenure.report.terminal import show
from tenure.report.why import Line
from tenure.store.checkup import active_revision
from tenure.store.database import connect
from tenure.store.pulls import BeingRead

NOT_TAKEN = 1
T = TypeVar("T")


def pull(
    source: Annotated[str, typer.Argument(help="The identity provider, by its name in the configuration.")],
    check: Annotated[bool, typer.Option("--check", help="Only read and tell what is wrong; nothing is taken.")] = False,
    accept_shrunk: Annotated[
        int | None, typer.Option(min=0, help="Believe this reading although it shrank: the people in it, as was told.")
    ] = None,
    estate: Annotated[Path | None, typer.Option(help="The estate file; the active configuration unless given.")] = None,
    by: Annotated[str | None, typer.Option(help="Who says so; without it, the user who runs this.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Read an identity provider that is read, such as a CSV file, and take in who is there.

    What is wrong is told by line and column, and then nothing at all is taken. Who is in two whole readings no more is
    gone. With --check and --estate no database is needed, and nothing is written anywhere.

    Example: tenure pull people --check --estate estate.yaml

    Exit codes: 0 read and taken (with --check: it can be); 1 nothing or not all was taken, or there is no such source;
    2 wrong usage, the configuration is not valid or the database cannot be reached.
    """
    if check and estate is not None:
        _look(configured.load_or_end(estate, secrets=False), source, json)
        return
    with open_database(data, database_url) as dsn:
        loaded = configured.load_or_end(estate, secrets=False) if estate else configured.active(dsn, secrets=False)
        if check:
            _look(loaded, source, json)
            return
        _reader(loaded, source)
        if estate is not None and not asyncio.run(_is_active(loaded, dsn)):
            fail(f"{estate} is not the active configuration: start `tenure serve` with it first, or leave out --estate")
        found = _read(source, lambda: asyncio.run(pull_now(loaded, dsn, source, actor(by), accept_shrunk)), json)
    _print(telling.pulled_json(source, found), telling.pulled_lines(source, found), json)
    if found.held or found.waiting:
        raise typer.Exit(NOT_TAKEN)


def _look(estate: Estate, source: str, json: bool) -> None:
    opened = _reader(estate, source)
    extent: Extent = _read(source, lambda: asyncio.run(count(opened)), json)
    _print(telling.checked_json(source, extent), telling.checked_lines(source, extent), json)


def _reader(estate: Estate, name: str) -> Source:
    if name not in estate.sources:
        fail(f"there is no source {name}; there are: {', '.join(estate.sources) or 'none'}", NOT_TAKEN)
    opened = reader(estate.sources[name])
    if opened is None:
        fail(f"{name} pushes to /scim/{name}/v2 by itself: there is nothing to read", NOT_TAKEN)
    return opened


def _read(source: str, read: Callable[[], T], json: bool) -> T:
    """What the reading gives; ends the command when there is none, with what is wrong."""
    try:
        return read()
    except NotRead as problem:
        _print(telling.not_read_json(source, problem), telling.not_read_lines(source, problem), json)
    except BeingRead:
        fail(f"{source} is being read by another process now: try again when that has ended", NOT_TAKEN)
    except TargetError as problem:
        fail(f"{source} cannot be read, and nobody is missing by that: {problem}", NOT_TAKEN)
    raise typer.Exit(NOT_TAKEN)


async def _is_active(estate: Estate, dsn: str) -> bool:
    async with await connect(dsn) as connection:
        revision = await active_revision(connection)
    return revision is not None and revision.digest == estate.digest


def _print(value: dict[str, Any], lines: list[Line], json: bool) -> None:
    if json:
        typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
    else:
        show(lines, Console())

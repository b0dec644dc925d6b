"""`tenure estate`: look at a configuration file before it is used."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from difflib import unified_diff
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tenure.app import effects
from tenure.cli.deciding import Data, Url
from tenure.cli.house import open_database
from tenure.clock import SystemClock
from tenure.estate.document import Estate
from tenure.estate.live import ask, ask_sources
from tenure.estate.loading import load
from tenure.estate.owners import seen_otherwise
from tenure.estate.problem import EstateInvalid, Problem
from tenure.model.seen import Health
from tenure.report import effect as telling
from tenure.report.terminal import show
from tenure.store.authority import contradicted
from tenure.store.database import connect
from tenure.store.estate import active_document

INVALID, UNHEALTHY = 2, 3

app = typer.Typer(help="The configuration: check it before it is used.", no_args_is_help=True)


@app.callback()
def estate() -> None:
    """The configuration: check it before it is used."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The estate file.", show_default=False)],
    live: Annotated[bool, typer.Option("--live", help="Sign in at each application too; nothing is written.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Check an estate file, naming each problem with its line.

    Without --live nobody is called, and secrets that are not there are warnings. With it, each application is asked
    whether we can sign in and what we may not do, and sources that we read are read. With --data or --database-url the
    file is also held against what was last seen there of whose accounts are whose.

    Example: tenure estate check estate.yaml --live

    Exit codes: 0 all is well, 2 the file is not valid, 3 an application or a source cannot be used as it is.
    """
    try:
        loaded = load(file, secrets=live)
        if loaded.unsaid:
            raise EstateInvalid(list(loaded.unsaid))
        if data or database_url:
            with open_database(data, database_url) as dsn:
                asyncio.run(_owners(loaded, dsn, file))
    except EstateInvalid as invalid:
        _say_problems(invalid.problems, as_json)
        raise typer.Exit(INVALID) from None
    found = asyncio.run(ask(loaded, SystemClock())) if live else {}
    read = asyncio.run(ask_sources(loaded)) if live else {}
    if as_json:
        warnings = [asdict(problem) for problem in loaded.warnings]
        healths, files = ({name: asdict(one) for name, one in told.items()} for told in (found, read))
        _print_json({"valid": True, "problems": [], "warnings": warnings, "targets": healths, "sources": files})
    else:
        _say_valid(file, loaded, found)
        for name, health in read.items():
            typer.echo(f"{name}: {health.detail}" + ("" if health.ok else f"; see `tenure pull {name} --check`"))
    if not all(health.ok for health in (*found.values(), *read.values())):
        raise typer.Exit(UNHEALTHY)


@app.command()
def diff(
    file: Annotated[Path, typer.Argument(help="The estate file.", show_default=False)],
    effect: Annotated[bool, typer.Option("--effect", help="Also: what it would do to those who are there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Compare an estate file with the active configuration, and show its effect before it is used.

    Nothing is written and no application is called: the effect is computed from what was last seen.

    Example: tenure estate diff estate.yaml --effect

    Exit codes: 0 shown, 1 a gate would hold something of it, 2 the file is not valid or no database can be reached.
    """
    try:
        loaded = load(file, secrets=False)
    except EstateInvalid as invalid:
        _say_problems(invalid.problems, as_json)
        raise typer.Exit(INVALID) from None
    with open_database(data, database_url) as dsn:
        active = asyncio.run(_active(dsn))
        found = asyncio.run(effects(loaded, dsn)) if effect else {}
    lines = list(unified_diff(
        (active or "").splitlines(), loaded.document.splitlines(), "active", file.name, lineterm="", n=2
    ))  # fmt: skip
    if as_json:
        _print_json({"diff": lines, "effect": telling.effect_json(found)})
    else:
        typer.echo("\n".join(lines) or "The file is the active configuration.")
        if effect:
            show(telling.effect_lines(found), Console())
    if any(telling.held_by(one) for one in found.values()):
        raise typer.Exit(1)


async def _owners(estate: Estate, dsn: str, file: Path) -> None:
    """Hold the estate against whose accounts were seen to be whose; raises EstateInvalid."""
    async with await connect(dsn) as connection:
        problems = list(seen_otherwise(estate, file.name, await contradicted(connection)))
    if problems:
        raise EstateInvalid(problems)


async def _active(dsn: str) -> str | None:
    async with await connect(dsn) as connection:
        return await active_document(connection)


def _say_problems(problems: tuple[Problem, ...], as_json: bool) -> None:
    if as_json:
        listed = [asdict(problem) for problem in problems]
        _print_json({"valid": False, "problems": listed, "warnings": [], "targets": {}, "sources": {}})
        return
    for problem in problems:
        typer.echo(str(problem), err=True)


def _say_valid(file: Path, estate: Estate, found: dict[str, Health]) -> None:
    for warning in estate.warnings:
        typer.echo(f"warning: {warning}", err=True)
    counted = f"{_count(len(estate.sources), 'source')}, {_count(len(estate.targets), 'target')}"
    typer.echo(f"{file.name} is valid: {counted}")
    if found:
        table = Table("Application", "State", "Signed in as", "Version", "What was found")
        for name, health in found.items():
            cells = (name, "ok" if health.ok else "not usable", health.account or "", health.version or "")
            table.add_row(*(Text(cell) for cell in (*cells, health.detail)))
        Console().print(table)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))

"""`tenure report opens`: what a group opens at an application, before anybody is put into it."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from tenure.cli.configured import load_or_end
from tenure.cli.house import fail
from tenure.cli.who import print_table
from tenure.clock import SystemClock
from tenure.estate.live import rights
from tenure.model.error import TargetError


def opens(
    target: Annotated[str, typer.Argument(help="The application, by its name in the configuration.")],
    group: Annotated[str, typer.Argument(help="The group, by its name there.")],
    estate: Annotated[Path, typer.Option(help="The configuration: it says where the application is.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask an application what a group opens: global permissions, project roles, permission schemes, spaces.

    The application is only read; many projects or spaces take a while. What it does not tell is said.

    Example: tenure report opens jira software_dev --estate estate.yaml

    Exit codes: 0 shown; 1 the application has no such group or cannot be asked; 2 wrong usage.
    """
    there = load_or_end(estate, secrets=True).targets
    if target not in there:
        fail(f"there is no application {target!r}; there are: {', '.join(there) or 'none'}")
    try:
        found, unknown = asyncio.run(rights(there[target], SystemClock(), group))
    except (TargetError, ValueError) as problem:
        fail(f"what {group!r} opens cannot be told: {problem}", 1)
    if json:
        told = {"opens": [asdict(one) for one in found], "unknown": unknown}
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    if found:
        print_table(("What", "Where", "How far"), [(one.kind, one.what, one.level) for one in found])
    else:
        typer.echo("Nothing that the application tells of.")
    for what in unknown:
        typer.echo(f"not told: {what}")

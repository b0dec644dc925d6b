"""Who runs a command, for the audit trail; and lengths of time and tables as commands take and print them."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterable, Sequence
from datetime import timedelta

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tenure.model.duration import parse


def actor(named: str | None = None) -> str:
    """The actor of an audit entry: who is named, else the user of this process, as `cli:alice`."""
    if named:
        return f"cli:{named}"
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a number without a name, as in some containers
        return f"cli:{os.getuid()}"


def length(text: str) -> timedelta:
    """A length of time on the command line; ends the command with a usage error when it is none."""
    found = parse(text)
    if found is None or found > timedelta(days=3650):
        raise typer.BadParameter("write a number with s, m, h or d, such as 24h or 90d, at most 3650d")
    return found


def print_table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    """Print a table: with lines on a terminal, with tabs between the columns elsewhere, so that nothing is cut off."""
    console = Console()
    if not console.is_terminal:
        for line in (headings, *lines):
            typer.echo("\t".join(line))
        return
    table = Table(*headings)
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))
    console.print(table)

"""How `tenure audit verify` says what it found."""

from __future__ import annotations

import orjson
import typer

from tenure.app import SystemClock
from tenure.store.check import Report


def say(report: Report, json: bool) -> None:
    """Print what was checked and what does not verify."""
    age = (SystemClock().now().timestamp() - report.oldest / 1_000_000) if report.oldest is not None else None
    if json:
        told = {
            "verified": report.verified, "entries": report.entries, "blocks": report.blocks, "epochs": report.epochs,
            "checkpoints": report.checkpoints, "redacted": report.redacted, "end": report.end,
            "unsealed": {"entries": report.unsealed, "oldest_seconds": age},
            "found": report.found, "problems": report.problems,
        }  # fmt: skip
        typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    for problem in report.problems:
        typer.echo(str(problem))
    if report.found > len(report.problems):
        typer.echo(f"... {report.found:,} problems in all, the first {len(report.problems):,} are shown")
    state = "verified" if report.verified else "DOES NOT VERIFY"
    entries, blocks = count(report.entries, "entry", "entries"), count(report.blocks, "block", "blocks")
    signed = count(report.checkpoints, "checkpoint", "checkpoints")
    typer.echo(f"{state}: {entries} in {blocks} and {count(report.epochs, 'epoch', 'epochs')}, {signed}")
    if report.redacted:
        typer.echo(f"{count(report.redacted, 'entry has', 'entries have')} no personal values any more: redacted")
    if report.unsealed:
        oldest = f", the oldest is {age:.1f} seconds old" if age is not None else ""
        typer.echo(f"{count(report.unsealed, 'entry is', 'entries are')} not sealed yet, and no evidence{oldest}")


def count(number: int, one: str, several: str) -> str:
    """A number with its noun: 1 entry, 2 entries."""
    return f"{number:,} {one if number == 1 else several}"

"""How `tenure audit verify` says what it found."""

from __future__ import annotations

import orjson
import typer

from tenure.clock import SystemClock
from tenure.store import chain
from tenure.store.chain import Written
from tenure.store.check import Report


def say(report: Report, json: bool) -> None:
    """Print what was checked and what does not verify."""
    age = (SystemClock().now().timestamp() - report.oldest / 1_000_000) if report.oldest is not None else None
    if json:
        told = {
            "verified": report.verified, "entries": report.entries, "blocks": report.blocks, "epochs": report.epochs,
            "checkpoints": report.checkpoints, "redacted": report.redacted, "end": report.end,
            "unsealed": {"entries": report.unsealed, "oldest_seconds": age},
            "epochs_begun": [_begun(entry) for entry in report.begun],
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
    for entry in report.begun:
        begun = _begun(entry)
        typer.echo(f"entry {begun['entry']} says at {begun['at']} that a new epoch began: {begun['why']}")
    if report.redacted:
        typer.echo(f"{count(report.redacted, 'entry has', 'entries have')} no personal values any more: redacted")
    if report.unsealed:
        oldest = f", the oldest is {age:.1f} seconds old" if age is not None else ""
        typer.echo(f"{count(report.unsealed, 'entry is', 'entries are')} not sealed yet, and no evidence{oldest}")


def count(number: int, one: str, several: str) -> str:
    """A number with its noun: 1 entry, 2 entries."""
    return f"{number:,} {one if number == 1 else several}"


def _begun(entry: Written) -> dict[str, object]:
    """What an entry says about the epoch that began with it."""
    facts = orjson.loads(entry.facts)
    at = chain.time_text(entry.at) if entry.at is not None else None
    return {"entry": entry.id, "at": at, "why": facts.get("why") if isinstance(facts, dict) else None}

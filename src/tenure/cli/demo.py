"""`tenure demo`: sandbox, server and a story, then the console to browse."""

from __future__ import annotations

import signal
import sys
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from tenure.cli.house import fail
from tenure.demo.applications import APPLICATIONS, LEAVER
from tenure.demo.play import Played, compare, correct, play, state_of
from tenure.demo.providers import StoryBroken
from tenure.demo.records import JournalRecords
from tenure.demo.show import as_json, show_end, show_step, show_verdict
from tenure.demo.stage import Stage, StageBroken, stage
from tenure.store.embedded import EmbeddedPostgres


def demo(
    once: Annotated[bool, typer.Option("--once", help="Leave when the story has ended.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    port: Annotated[int, typer.Option(help="Where Tenure listens; a free port if it is taken.")] = 8800,
) -> None:
    """Play joiners, movers and leavers from two identity providers into five applications, on this machine.

    Example: tenure demo --once --json

    Exit codes: 0 every account ended as it should, 1 one did not, 2 it could not be played.
    """
    console = Console(stderr=json, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = 140
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console.print("Starting PostgreSQL, a sandbox with five applications, and Tenure ...")
    try:
        with stage(port) as place:
            told = _play(console, place)
            if json:
                typer.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())
            if not once:
                _stay(console, place)
    except (StageBroken, StoryBroken) as broken:
        fail(str(broken))
    if not told["ok"]:
        raise typer.Exit(1)


def _play(console: Console, place: Stage) -> dict[str, Any]:
    before = {one.name: state_of(place.sandbox_url, one) for one in APPLICATIONS}
    steps: list[Played] = []
    with EmbeddedPostgres(place.data, role="command") as postgres, JournalRecords(postgres.dsn) as records:
        for number, played in enumerate(play(place.tenure_url, place.tokens, records), start=1):
            steps.append(played)
            show_step(console, number, played)
        proofs = records.proofs(LEAVER)
    comparisons = {one.name: compare(one, before[one.name], state_of(place.sandbox_url, one)) for one in APPLICATIONS}
    ok = all(correct(comparison) for comparison in comparisons.values())
    show_end(console, comparisons, proofs)
    show_verdict(console, ok=ok)
    return as_json(steps, comparisons, proofs, ok=ok)


def _stay(console: Console, place: Stage) -> None:
    console.print(f"\nThe console: [bold]{place.console}[/]", soft_wrap=True)
    console.print("Press Ctrl-C to end.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Stopping ...")

"""`tenure demo`: sandbox, server and a story, then the console to browse."""

from __future__ import annotations

import signal
import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tenure.cli.house import fail
from tenure.demo.play import Played, compare, correct, jira_state, play
from tenure.demo.providers import StoryBroken
from tenure.demo.records import JournalRecords
from tenure.demo.show import as_json, show_end, show_step
from tenure.demo.stage import Stage, StageBroken, stage
from tenure.store.embedded import EmbeddedPostgres


def demo(
    once: Annotated[bool, typer.Option("--once", help="Leave when the story has ended.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    port: Annotated[int, typer.Option(help="Where Tenure listens; a free port if it is taken.")] = 8800,
) -> None:
    """Play joiners, movers and leavers from two identity providers into one Jira, on this machine.

    Example: tenure demo --once --json

    Exit codes: 0 every account ended as it should, 1 one did not, 2 it could not be played.
    """
    console = Console(stderr=json, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = 140
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    console.print("Starting PostgreSQL, a sandbox with a Jira of its own, and Tenure ...")
    try:
        with stage(port) as place:
            steps, comparison, ok = _play(console, place)
            if json:
                typer.echo(orjson.dumps(as_json(steps, comparison, ok), option=orjson.OPT_INDENT_2).decode())
            if not once:
                _stay(console, place)
    except (StageBroken, StoryBroken) as broken:
        fail(str(broken))
    if not ok:
        raise typer.Exit(1)


def _play(console: Console, place: Stage) -> tuple[list[Played], dict[str, object], bool]:
    before = jira_state(place.jira_url)
    steps: list[Played] = []
    with EmbeddedPostgres(place.data, role="command") as postgres, JournalRecords(postgres.dsn) as records:
        for number, played in enumerate(play(place.tenure_url, place.tokens, records), start=1):
            steps.append(played)
            show_step(console, number, played)
    comparison = compare(before, jira_state(place.jira_url))
    ok = correct(comparison)
    show_end(console, comparison, ok)
    return steps, comparison, ok


def _stay(console: Console, place: Stage) -> None:
    console.print(f"\nThe console: [bold]{place.console}[/]", soft_wrap=True)
    console.print("Press Ctrl-C to end.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("Stopping ...")

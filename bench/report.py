"""Turns what was measured into a page of tables; no figure is judged, each stands beside its goal."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from load import Timing
from whole_way import FirstLoad

# Measure, goal against the peer (times as fast), goal against the bare handler (share of its speed).
SCIM_GOALS: tuple[tuple[str, float, float | None], ...] = (
    ("create a user", 3, 0.5),
    ("read by id", 6, 0.6),
    ("filter userName eq", 6, 0.6),
    ("filter externalId eq", 10, None),
    ("PATCH active", 4, None),
    ("PUT a user", 4, None),
    ("list a page of 100", 20, None),
    ("one member into 1,000", 40, None),
    ("one member into 10,000", 400, None),
)
CROWD_GOALS: tuple[tuple[str, str], ...] = (
    ("one member into 100", ""),
    ("one member into 100,000", "<= 1.5 x the time into 100"),
    ("first page of 100", ""),
    ("last page of 100", "<= 3 x the time of the first"),
    ("memory after it all", "<= 250 MB"),
)
EFFECT_GOAL_MS = (100, 500)
CALLS_GOAL = 1.05

ABOUT = """\
Everything ran on this one machine: PostgreSQL, the servers, the sandbox and the load. Each round starts every server
afresh, with another one first; figures are medians over the rounds, with the lowest and the highest behind them.

* **Tenure** is `tenure serve`, one process, and answers when a change is on disk with its audit entry and its marks. In
  the SCIM part its target does not answer, so that marks are written and nothing is sent.
* **Peer** is scim2-server from PyPI, which keeps everything in memory and nothing on disk.
* **Bare** is `bare_app.py`: parse, three inserts in one transaction, answer. It checks no token and knows no schema.
* Every server creates 300 people before anything is timed: its first requests meet cold connections and statements.
* The load keeps 16 connections; members are added one after the other on one. The peer's group of 10,000 came full,
  in one request, and three members joined it.
* The 100,000 people of the second table, and who is in the group, are written into the database; the requests are real.
"""


@dataclass(slots=True)
class Results:
    """Timings by server and measure, seconds to effect by kind, first loads, rounds, and what did not end."""

    timings: dict[str, dict[str, list[Timing]]]
    effects: dict[str, list[float]]
    loads: list[FirstLoad] = field(default_factory=list)
    rounds: int = 0
    failures: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)

    def add(self, server: str, found: Mapping[str, Timing]) -> None:
        """Keep one round's timings of a server."""
        for measure, timing in found.items():
            self.timings[server][measure].append(timing)

    def speed(self, server: str, measure: str) -> float | None:
        """Requests a second, the median of the rounds; None if the server was not asked."""
        return _median(timing.per_second for timing in self.timings[server][measure])


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _spread(results: Results, server: str, measure: str) -> str:
    found = [timing.per_second for timing in results.timings[server][measure]]
    if not found:
        return "-"
    return f"{_number(statistics.median(found))} ({_number(min(found))}..{_number(max(found))})"


def _ratio(one: float | None, other: float | None, form: Callable[[float], str]) -> str:
    return form(one / other) if one and other else "-"


def _scim_rows(results: Results) -> Iterable[str]:
    yield "| request, a second | Tenure | peer | bare | Tenure / peer | goal | Tenure / bare | goal | Tenure p50, p99 |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for measure, times, share in SCIM_GOALS:
        ours, theirs = results.speed("tenure", measure), results.speed("peer", measure)
        bare = results.speed("bare", measure)
        timings = results.timings["tenure"][measure]
        middle, worst = _median(t.median * 1e3 for t in timings), _median(t.p99 * 1e3 for t in timings)
        cells = [
            measure,
            *(_spread(results, server, measure) for server in ("tenure", "peer", "bare")),
            _ratio(ours, theirs, lambda value: f"{_number(value)} x"),
            f">= {times:g} x",
            _ratio(ours, bare, lambda value: f"{value:.0%}"),
            "-" if share is None else f">= {share:.0%}",
            f"{_number(middle)} ms, {_number(worst)} ms",
        ]
        yield "| " + " | ".join(cells) + " |"


def _crowd_rows(results: Results) -> Iterable[str]:
    """What 100,000 people cost: milliseconds a request, one after the other, and megabytes of the server's process."""
    found = results.timings["crowd"]
    if not found:
        return
    yield "| with 100,000 people in one group | Tenure | against | goal |"
    yield "|---|---|---|---|"
    before: float | None = None
    for measure, goal in CROWD_GOALS:
        if measure.startswith("memory"):
            yield f"| {measure} | {_number(_median(results.memory))} MB | - | {goal} |"
            continue
        took = _median(timing.median * 1e3 for timing in found[measure])
        against = _ratio(took, before, lambda value: f"{value:.2f} x") if goal else "-"
        yield f"| {measure} | {_number(took)} ms | {against} | {goal or '-'} |"
        before = None if goal else took


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3


def _effect_rows(results: Results) -> Iterable[str]:
    yield "| from a push to its effect in Jira, idle, 5 ms an answer | pushes | p50 | p99 | goal |"
    yield "|---|---|---|---|---|"
    everything = [took for found in results.effects.values() for took in found]
    for kind, took in [*results.effects.items(), ("all", everything)] if everything else []:
        middle, worst = _number(_quantile(took, 0.5)), _number(_quantile(took, 0.99))
        goal = f"p50 <= {EFFECT_GOAL_MS[0]} ms, p99 <= {EFFECT_GOAL_MS[1]} ms" if kind == "all" else ""
        yield f"| {kind} | {len(took)} | {middle} ms | {worst} ms | {goal} |"


def _load_rows(results: Results) -> Iterable[str]:
    loads = results.loads
    if not loads:
        return
    yield "| first load: identities with 2 groups each | seconds | identities a second | calls | least | ratio | goal |"
    yield "|---|---|---|---|---|---|---|"
    seconds, speed = _median(one.seconds for one in loads), _median(one.per_second for one in loads)
    calls, least = _median(one.calls for one in loads), loads[0].least
    people = (least - 2) // 3
    span = f"({min(one.seconds for one in loads):.1f}..{max(one.seconds for one in loads):.1f})"
    ratio = f"{(calls or 0) / least:.3f} x"
    cells = [f"{people:,}", f"{seconds:.1f} {span}", _number(speed), _number(calls), _number(least), ratio]
    yield "| " + " | ".join([*cells, f"<= {CALLS_GOAL} x"]) + " |"
    yield ""
    yield "The least is one call an account, one a membership and one a group; reading first and seeing after is extra."


def machine() -> str:
    """What this machine is, in a line."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text(encoding="utf-8").splitlines() if cpus.exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def write(results: Results) -> str:
    """The page, in Markdown."""
    head = f"Measured {time.strftime('%Y-%m-%d')} by `make bench` ({results.rounds} rounds) on {machine()}."
    tables = [_scim_rows(results), _crowd_rows(results), _effect_rows(results), _load_rows(results)]
    failures = [f"**Not finished**: {failure}" for failure in results.failures]
    return "\n\n".join(["# Figures", head, ABOUT.strip(), *filter(None, map("\n".join, tables)), *failures]) + "\n"

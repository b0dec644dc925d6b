"""A first load into each of five applications, and into all at once, with a leaver in the middle; writes everywhere.md.

python everywhere.py [--people N] [--latency MS] [--only NAME ...]: everybody joins two groups; an application answers
after so many milliseconds, and is called by at most 16 requests at a time. As an administrator would, everything is
looked at before anything is written: it is pushed while writing is frozen, and the load begins when that ends.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import servers
from load import Load, joining, patch, person
from whole_way import Meter, TooSlow, is_write

from report import machine
from tenure.demo.applications import APPLICATIONS, Application, estate
from tenure.store.embedded import EmbeddedPostgres

LEAVER = "leaver"
PATIENCE_S = 3_600
AT_ONCE = 16
GROUPS = 5
CALLS_A_PERSON = {"jira": 2, "confluence": 3, "bitbucket": 3, "crowd": 2, "cloud": 1}
"""What each application's interface makes unavoidable beside memberships: an account; at Jira and Crowd the phone; at
Confluence to look which group it put the account into, and to take it out of that again; at Bitbucket to look up the
id, which the answer does not tell, and to replace the first password."""
MEMBERS_A_CALL = {"jira": 1, "confluence": 1, "bitbucket": 100, "crowd": 1, "cloud": 100}
"""How many people one call puts into a group: at the two that take many, as many as Tenure dares to send."""
CLOSES = {
    "jira": ("PUT", r"/rest/api/2/user$"),
    "confluence": ("PUT", r"/disable$"),
    "bitbucket": ("POST", r"/remove-group$"),
    "crowd": ("PUT", r"/1/user$"),
    "cloud": ("PATCH", r"/Users/[^/]+$"),
}
"""The write that takes the leaver's access away; nothing else in the load is written so."""


PAGE = """\
# A first load everywhere

Measured {day} by `make bench-everywhere` on {machine}.
{people} people with {groups} groups each, {latency} ms an answer, at most {at_once} requests at a time. Everything was
pushed while writing was frozen; the load begins when that ends. Somebody leaves when a third of it is written. The
sandbox, PostgreSQL and Tenure (one process) share the machine.
Goals: {goal} calls a second at an application, calls <= 1.05 x the least, the leaver out within 5 s.

The least is an account and its memberships, and what an interface makes unavoidable beside them. At Jira and Crowd that
is the phone; at Confluence to see which group it put the account into, and to take it out again; at Bitbucket to look
up the id, which its answer does not tell, and to replace the first password. Jira, Confluence and Crowd take a
membership a call; Bitbucket and Atlassian Cloud put many people into a group by one, and Tenure sends a hundred at
most: so the machine, not the application, decides how many calls a second these two get, and what matters is how many
accounts and memberships are written in it.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One application: seconds to its last write, calls made and unavoidable, accounts and memberships that they wrote,
    seconds until the leaver was out."""

    title: str
    seconds: float
    calls: int
    least: int
    written: int
    leaver: float


def _tenure(served: servers.Served, *words: str) -> None:
    command = [str(servers.COMMANDS / "tenure"), *words, "--database-url", served.dsn]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


async def _push(load: Load, people: int) -> None:
    _, ids = await load.phase([("POST", "/Users", person(f"first{n}", n)) for n in range(people)])
    for number in range(GROUPS):
        made = await load.send("POST", "/Groups", {"schemas": [], "displayName": f"load {number}"})
        for start in range(0, people, 100):
            await load.send("PATCH", f"/Groups/{made['id']}", joining(ids[start : start + 100]))


async def measure(base: str, served: servers.Served, people: int, applications: Sequence[Application]) -> list[Row]:
    """Push the load, let it go, let somebody leave in the middle, and wait until every application has everything."""
    async with Load(served.address, servers.TOKEN) as load, aiohttp.ClientSession() as session:
        meter = Meter(base, session)
        gone = await load.send("POST", "/Users", person(LEAVER, 0))
        team = {"schemas": [], "displayName": "early", "members": [{"value": gone["id"]}]}
        await load.send("POST", "/Groups", team)
        await meter.quiet()
        _tenure(served, "freeze")
        await _push(load, people)
        await meter.quiet()
        first = len(meter.calls)
        _tenure(served, "unfreeze", "--yes")
        began, least = time.monotonic(), {one.state: _least(one.state, people) for one in applications}
        await _written(meter, first, {state: calls // 3 for state, calls in least.items()})
        left = time.monotonic()
        await load.send("PATCH", f"/Users/{gone['id']}", patch({"op": "replace", "path": "active", "value": False}))
        for one in applications:
            await _loaded(session, base, one, people)
            print(f"{one.title} has everything", flush=True)
        await meter.quiet()
        written = people * (1 + GROUPS)
        rows = [_row(one, meter.calls[first:], began, left, least[one.state], written) for one in applications]
        print("\n".join(_table(rows)), flush=True)
        return rows


def _least(application: str, people: int) -> int:
    memberships = GROUPS * -(-people // MEMBERS_A_CALL[application])
    return people * CALLS_A_PERSON[application] + memberships + GROUPS


async def _written(meter: Meter, first: int, wanted: dict[str, int]) -> None:
    """Wait until every application has taken so many writes."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        await meter.look()
        calls = [call for call in meter.calls[first:] if is_write(call)]
        if all(sum(_is_of(call, state) for call in calls) >= number for state, number in wanted.items()):
            return
        await asyncio.sleep(0.5)
    raise TooSlow(f"the load had not come so far after {PATIENCE_S} s")


def _is_of(call: dict[str, Any], state: str) -> bool:
    return str(call["path"]).startswith(f"/{state}/")


async def _loaded(session: aiohttp.ClientSession, base: str, application: Application, people: int) -> None:
    """Wait until everybody is in both groups, and the leaver is out."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        async with session.get(f"{base}/_state/{application.state}") as answer:
            state = await answer.json(content_type=None)
        leaver = next(account for account in state["accounts"] if account["name"] == LEAVER)
        out = not leaver["active"] if application.closes else not leaver["groups"]
        loads = [group for group in state["groups"] if group["name"].startswith("load ")]
        if out and sum(len(group["members"]) == people for group in loads) == GROUPS:
            return
        await asyncio.sleep(3.0)
    raise TooSlow(f"{application.title} was not loaded after {PATIENCE_S} s")


def _row(
    application: Application, calls: list[dict[str, Any]], began: float, left: float, least: int, written: int
) -> Row:
    theirs = [call for call in calls if _is_of(call, application.state)]
    method, path = CLOSES[application.state]
    out = next(c["at"] for c in theirs if is_write(c) and c["method"] == method and re.search(path, c["path"]))
    seconds = max(call["at"] for call in theirs if is_write(call)) - began
    return Row(application.title, seconds, len(theirs), least, written, out - left)


def _table(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| application | seconds | calls | calls a second | written a second | least | ratio | leaver out after |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        pace = [f"{row.calls / row.seconds:.0f}", f"{row.written / row.seconds:.0f}"]
        cells = [row.title, f"{row.seconds:.0f}", f"{row.calls:,}", *pace, f"{row.least:,}"]
        lines.append("| " + " | ".join([*cells, f"{row.calls / row.least:.3f} x", f"{row.leaver:.1f} s"]) + " |")
    return lines


def write(alone: Sequence[Row], together: Sequence[Row], people: int, latency_ms: float) -> str:
    """The page, in Markdown."""
    told = PAGE.format(
        day=time.strftime("%Y-%m-%d"),
        machine=machine(),
        people=f"{people:,}",
        groups=GROUPS,
        latency=f"{latency_ms:g}",
        at_once=AT_ONCE,
        goal=f"{0.9 * AT_ONCE / (latency_ms / 1000):.0f}",
    )
    longest = max(row.seconds for row in together)
    total, written = sum(row.calls for row in together) / longest, sum(row.written for row in together) / longest
    return "\n".join(
        [
            told,
            "## One application at a time",
            "",
            *_table(alone),
            "",
            "## All at once",
            "",
            *_table(together),
            "",
            f"All together: {total:.0f} calls, and {written:.0f} accounts and memberships, a second.",
            "",
        ]
    )


def run(people: int, latency: float, applications: Sequence[Application], name: str) -> list[Row]:
    """One load, on servers and a database of its own."""
    with tempfile.TemporaryDirectory(prefix="tenure-bench-") as made, ExitStack() as stack:
        folder = Path(made)
        folder.chmod(0o755)
        postgres = stack.enter_context(EmbeddedPostgres(folder / "data", role="serve"))
        base = stack.enter_context(servers.sandbox(folder, latency))
        text = estate(base, applications)
        text = text.replace("per_second: 200, concurrency: 8", f"per_second: 1000, concurrency: {AT_ONCE}")
        text = text.replace("okta: {kind: scim,", "okta: {kind: scim, limit: {per_second: 1000000, burst: 1000000},")
        served = stack.enter_context(servers.tenure(postgres.dsn, folder, text, name))
        return asyncio.run(measure(base, served, people, applications))


def main() -> None:
    """Run it and write what it found; nothing is asserted about speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=50.0)
    parser.add_argument("--only", nargs="*", help="these applications alone, one by one; nothing is written down")
    options = parser.parse_args()
    chosen = [one for one in APPLICATIONS if not options.only or one.state in options.only]
    try:
        alone = [row for one in chosen for row in run(options.people, options.latency, [one], one.state)]
        if options.only:
            return
        together = run(options.people, options.latency, APPLICATIONS, "everywhere")
    except TooSlow as problem:
        sys.exit(f"bench: {problem}")
    page = write(alone, together, options.people, options.latency)
    print(page)
    (servers.HERE / "everywhere.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

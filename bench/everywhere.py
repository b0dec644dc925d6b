"""A first load into all five applications at once, with a leaver in the middle of it; writes bench/everywhere.md.

python everywhere.py [--people N] [--latency MS]: everybody joins two groups; every application answers after so many
milliseconds, and is called by at most 16 requests at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import servers
from load import Load, joining, patch, person
from whole_way import GROUPS, Meter, TooSlow, is_write

from report import machine
from tenure.demo.applications import APPLICATIONS, Application, estate
from tenure.store.embedded import EmbeddedPostgres

LEAVER = "leaver"
PATIENCE_S = 3_600
CALLS_A_PERSON = {
    "jira": 2 + GROUPS,
    "confluence": 2 + GROUPS,
    "bitbucket": 3,
    "crowd": 2 + GROUPS,
    "cloud": 1 + GROUPS,
}
"""What cannot be avoided: an account and its memberships, at Jira and Crowd the phone. Confluence puts a new account
into a group that it is taken out of again; Bitbucket's first password is replaced, groups are joined in one call."""


@dataclass(frozen=True, slots=True)
class Row:
    """One application: seconds to its last write, calls made and unavoidable, seconds until the leaver was out."""

    title: str
    seconds: float
    calls: int
    least: int
    leaver: float


async def _state(session: aiohttp.ClientSession, base: str, application: Application) -> dict[str, Any]:
    async with session.get(f"{base}/_state/{application.state}") as answer:
        found: dict[str, Any] = await answer.json(content_type=None)
        return found


async def _until(what: Callable[[], Any], every: float) -> float:
    """Ask until it says yes; gives the moment."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        if await what():
            return time.monotonic()
        await asyncio.sleep(every)
    raise TooSlow(f"not done after {PATIENCE_S} s")


async def measure(base: str, tenure: str, people: int) -> list[Row]:
    """Push the load, let somebody leave in the middle, and wait until every application has everything."""
    async with Load(tenure, servers.TOKEN) as load, aiohttp.ClientSession() as session:
        meter = Meter(base, session)
        gone = await load.send("POST", "/Users", person(LEAVER, 0))
        team = {"schemas": [], "displayName": "early", "members": [{"value": gone["id"]}]}
        await load.send("POST", "/Groups", team)
        await meter.quiet()
        first, began = len(meter.calls), time.monotonic()
        _, ids = await load.phase([("POST", "/Users", person(f"first{n}", n)) for n in range(people)])
        for number in range(GROUPS):
            made = await load.send("POST", "/Groups", {"schemas": [], "displayName": f"load {number}"})
            for start in range(0, people, 100):
                await load.send("PATCH", f"/Groups/{made['id']}", joining(ids[start : start + 100]))
        left = time.monotonic()
        await load.send("PATCH", f"/Users/{gone['id']}", patch({"op": "replace", "path": "active", "value": False}))
        closed = await asyncio.gather(*(_out(session, base, one) for one in APPLICATIONS))
        for one in APPLICATIONS:
            await _until(lambda one=one: _loaded(session, base, one, people), 2.0)
            print(f"{one.title} has everything", flush=True)
        await meter.quiet()
        calls = meter.calls[first:]
    rows = []
    for one, out in zip(APPLICATIONS, closed, strict=True):
        theirs = [call for call in calls if call["path"].split("/")[1] == one.state]
        seconds = max(call["at"] for call in theirs if is_write(call)) - began
        least = people * CALLS_A_PERSON[one.state] + GROUPS
        rows.append(Row(one.title, seconds, len(theirs), least, out - left))
    return rows


async def _out(session: aiohttp.ClientSession, base: str, application: Application) -> float:
    async def closed() -> bool:
        accounts = (await _state(session, base, application))["accounts"]
        account = next(a for a in accounts if a["name"] == LEAVER)
        return not account["active"] if application.closes else not account["groups"]

    return await _until(closed, 0.25)


async def _loaded(session: aiohttp.ClientSession, base: str, application: Application, people: int) -> bool:
    groups = (await _state(session, base, application))["groups"]
    return sum(len(group["members"]) == people for group in groups if group["name"].startswith("load ")) == GROUPS


def write(rows: list[Row], people: int, latency_ms: float) -> str:
    """The page, in Markdown."""
    lines = [
        "# A first load everywhere",
        "",
        f"Measured {time.strftime('%Y-%m-%d')} by `make bench-everywhere` on {machine()}.",
        f"{people:,} people with {GROUPS} groups each go into five applications at once, {latency_ms:g} ms an answer,",
        "at most 16 requests at a time to each. The sandbox, the load and Tenure share the machine. Somebody leaves",
        "when everything was pushed. Goals: calls <= 1.05 x the least, the leaver out within 5 s everywhere.",
        "",
        "| application | seconds | calls | calls a second | least | ratio | the leaver is out after |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [row.title, f"{row.seconds:.0f}", f"{row.calls:,}", f"{row.calls / row.seconds:.0f}", f"{row.least:,}"]
        lines.append("| " + " | ".join([*cells, f"{row.calls / row.least:.3f} x", f"{row.leaver:.1f} s"]) + " |")
    total = sum(row.calls for row in rows) / max(row.seconds for row in rows)
    return "\n".join([*lines, "", f"All together: {total:.0f} calls a second.", ""])


def main() -> None:
    """Run it and write what it found; nothing is asserted about speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--latency", type=float, default=50.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenure-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        postgres = stack.enter_context(EmbeddedPostgres(folder / "data", role="serve"))
        base = stack.enter_context(servers.sandbox(folder, options.latency))
        text = estate(base).replace("per_second: 200, concurrency: 8", "per_second: 1000, concurrency: 16")
        text = text.replace("okta: {kind: scim,", "okta: {kind: scim, limit: {per_second: 1000000, burst: 1000000},")
        served = stack.enter_context(servers.tenure(postgres.dsn, folder, text, "everywhere"))
        try:
            rows = asyncio.run(measure(base, served.address, options.people))
        except TooSlow as problem:
            sys.exit(f"bench: {problem}")
    page = write(rows, options.people, options.latency)
    print(page)
    (servers.HERE / "everywhere.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()

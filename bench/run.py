"""Measure Tenure beside a peer and beside a bare handler, on one machine in one run, and write bench/results.md."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import crowd
import scim_phases
import servers
from load import Load, Refused
from whole_way import Meter, TooSlow, effects, first_load

from report import Results, write
from tenure.store.embedded import EmbeddedPostgres, PostgresProblem

SMALL, LARGE, CROWD = 1_000, 10_000, 100_000
PROBES = 15
FIRST = 2_000
LATENCY_MS = 5.0


async def measure_tenure(dsn: str, folder: Path, small: int, large: int, results: Results) -> None:
    """Every SCIM phase at our own door, on disk and with its marks."""
    with servers.tenure(dsn, folder, servers.DOOR, "door") as served:
        async with Load(served.address, servers.TOKEN) as load:
            found, ids = await scim_phases.people(load, small + scim_phases.SINGLE, whole=True)
            results.add("tenure", found)
            results.add("tenure", {"one member into 1,000": await scim_phases.one_member(load, ids, small)})
            ids += await scim_phases.more_people(load, len(ids), large - small)
            results.add("tenure", {"one member into 10,000": await scim_phases.one_member(load, ids, large)})


async def measure_bare(dsn: str, folder: Path, small: int, results: Results) -> None:
    """What the bare handler can do, which is to create and to look up."""
    with servers.bare(dsn, folder) as address:
        async with Load(address, servers.TOKEN) as load:
            found, _ = await scim_phases.people(load, small + scim_phases.SINGLE, whole=False)
            results.add("bare", found)


async def measure_peer(folder: Path, small: int, large: int, results: Results) -> None:
    """The same phases at the peer, which keeps all in memory; into its 10,000 only a few."""
    with servers.peer(folder) as address:
        async with Load(address, servers.TOKEN) as load:
            found, ids = await scim_phases.people(load, small + scim_phases.SINGLE, whole=True)
            results.add("peer", found)
            results.add("peer", {"one member into 1,000": await scim_phases.one_member(load, ids, small)})
            timing = await scim_phases.one_member_at_once(load, large, ids, 3)
            results.add("peer", {"one member into 10,000": timing})


async def measure_crowd(dsn: str, folder: Path, people: int, results: Results) -> None:
    """What stays the same, or not, when there are 100,000 people, all of them in one group."""
    with servers.tenure(dsn, folder, servers.DOOR, "crowd") as served:
        async with Load(served.address, servers.TOKEN) as load:
            results.add("crowd", await crowd.measure(load, served.dsn, people))
        results.memory.append(served.megabytes)


async def measure_whole_way(dsn: str, folder: Path, people: int, probes: int, results: Results) -> None:
    """From a push to its effect in the sandbox's Jira: idle, then a first load, on a house of its own each."""
    for what in ("idle", "first"):
        async with AsyncExitStack() as stack:
            jira = stack.enter_context(servers.sandbox(folder, LATENCY_MS))
            estate = servers.WHOLE.replace("@JIRA@", f"{jira}/jira")
            served = stack.enter_context(servers.tenure(dsn, folder, estate, what))
            load = await stack.enter_async_context(Load(served.address, servers.TOKEN))
            meter = Meter(jira, await stack.enter_async_context(aiohttp.ClientSession()))
            if what == "idle":
                for kind, took in (await effects(load, meter, probes)).items():
                    results.effects[kind] += took
            else:
                results.loads.append(await first_load(load, meter, people))


async def measure(dsn: str, folder: Path, options: argparse.Namespace) -> Results:
    """All rounds; each begins with another server, so that none is always first."""
    results = Results(defaultdict(lambda: defaultdict(list)), defaultdict(list), [], options.rounds)
    small, large = (100, 300) if options.quick else (SMALL, LARGE)
    crowd_size = 1_000 if options.quick else CROWD
    people, probes = (100, 3) if options.quick else (FIRST, PROBES)
    for number in range(options.rounds):
        turns = [
            ("Tenure", lambda: measure_tenure(dsn, folder, small, large, results)),
            ("bare handler", lambda: measure_bare(dsn, folder, small, results)),
            ("peer", lambda: measure_peer(folder, small, large, results)),
            ("100,000 people", lambda: measure_crowd(dsn, folder, crowd_size, results)),
            ("push to effect", lambda: measure_whole_way(dsn, folder, people, probes, results)),
        ]
        for name, turn in turns[number % 3 : 3] + turns[: number % 3] + turns[3:]:
            began = time.monotonic()
            try:
                await turn()
            except (Refused, TooSlow) as problem:
                results.failures.append(f"{name}, round {number + 1}: {problem}")
            print(f"round {number + 1} of {options.rounds}: {name} took {time.monotonic() - began:.0f} s", flush=True)
    return results


def main() -> None:
    """Run the bench and write what it found; nothing is asserted about speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured (default: 3)")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that the bench works; writes nothing")
    parser.add_argument("--output", type=Path, default=servers.HERE / "results.md", help="where the page is written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tenure-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # as root, PostgreSQL runs as another user, who must get in
        try:
            with EmbeddedPostgres(folder / "data", role="serve") as postgres:
                results = asyncio.run(measure(postgres.dsn, folder, options))
        except (servers.NotStarted, PostgresProblem) as problem:
            sys.exit(f"bench: {problem}")
    text = write(results)
    print(text)
    if not options.quick:
        options.output.write_text(text, encoding="utf-8")
    sys.exit(1 if results.failures else 0)


if __name__ == "__main__":
    main()

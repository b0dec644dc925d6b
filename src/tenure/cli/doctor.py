"""`tenure doctor`: what works, what is missing, and what to do, for the whole house. Writes nothing anywhere."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console

from tenure.cli.house import DEFAULT_DATA
from tenure.clock import SystemClock
from tenure.estate.document import Estate
from tenure.estate.live import ask
from tenure.estate.loading import EstateInvalid, load
from tenure.model.checkup import Finding, Level, Revision
from tenure.report import checkup as judging
from tenure.report import words
from tenure.report.terminal import show
from tenure.store import certifications, checkup, holding, overview, sources, tokens, vitals
from tenure.store.database import Connection, DatabaseAway, connect
from tenure.store.embedded import EmbeddedPostgres, PostgresProblem

AWAY, PROBLEMS = 2, 3
_EXIT = {Level.OK: 0, Level.WARNING: 1, Level.PROBLEM: PROBLEMS}
_QUERIES_END = timedelta(seconds=30)


def doctor(
    estate: Annotated[Path | None, typer.Option(help="The estate file: checked, and each application asked.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL.")] = None,
    database_url: Annotated[str | None, typer.Option(help="Use this PostgreSQL instead.")] = None,
) -> None:
    """Look at the whole house: database, configuration, identity providers, applications, disk. Nothing is written.

    With --estate the file is compared with the active configuration, and each application is asked who we are there.

    Example: tenure doctor --estate estate.yaml --data /var/lib/tenure

    Exit codes: 0 all is well; 1 there are warnings; 2 wrong usage or the database cannot be reached; 3 there are
    problems.
    """
    url = database_url or (None if data else os.environ.get("TENURE_DATABASE_URL"))
    folder = data or Path(os.environ.get("TENURE_DATA") or DEFAULT_DATA)
    findings = list(_disk(folder)) if data or folder.is_dir() else []
    loaded, found = _estate(estate) if estate else (None, [])
    away = False
    try:
        with ExitStack() as stack:
            if url is None:
                if not folder.is_dir():
                    raise PostgresProblem(f"there is no data folder {folder}: name one with --data")
                url = stack.enter_context(EmbeddedPostgres(folder, role="command", progress=_say)).dsn
            findings = [*asyncio.run(_house(url, loaded)), *found, *findings]
    except (DatabaseAway, PostgresProblem) as problem:
        away = True
        what = f"it cannot be reached: {words.shown((str(problem).strip() or 'no answer').splitlines()[0])}"
        do = "see whether it runs, and whether the address and the password are right"
        findings = [Finding(Level.PROBLEM, "database", what, do), *found, *findings]
    if loaded is not None:
        findings += asyncio.run(_applications(loaded))
    if json:
        typer.echo(orjson.dumps(judging.as_json(findings), option=orjson.OPT_INDENT_2).decode())
    else:
        show(list(judging.lines(findings)), Console())
    raise typer.Exit(AWAY if away else _EXIT[judging.worst(findings)])


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _disk(folder: Path) -> Iterator[Finding]:
    try:
        yield judging.of_folder(str(folder), shutil.disk_usage(folder).free)
    except OSError as error:
        what = f"{words.shown(folder)} cannot be looked at: {error.strerror}"
        yield Finding(Level.PROBLEM, "disk", what, "name the folder that `tenure serve` has as --data")


def _estate(path: Path) -> tuple[Estate | None, list[Finding]]:
    """The estate, without its secrets if they are not here, and what is wrong with the file."""
    about = "configuration"
    try:
        loaded = load(path, secrets=False)
    except EstateInvalid as invalid:
        return None, [
            Finding(Level.PROBLEM, about, words.shown(problem), "mend the file") for problem in invalid.problems
        ]
    found = [Finding(Level.OK, about, f"{words.shown(path.name)} is valid")]
    do = "mend it; a secret that is missing here may be set where `tenure serve` runs"
    found += [Finding(Level.WARNING, about, words.shown(warning), do) for warning in loaded.warnings]
    found += [Finding(Level.WARNING, about, words.shown(one), "say which of the two does") for one in loaded.unsaid]
    return loaded, found


async def _house(dsn: str, estate: Estate | None) -> list[Finding]:
    clock = SystemClock()
    async with await connect(dsn) as connection:
        facts = await checkup.database_facts(connection, clock)
        found = list(judging.of_database(facts))
        if facts.at != facts.head:
            return found
        found += _compared(estate, await checkup.active_revision(connection))
        compare = {name: target.compare for name, target in estate.targets.items()} if estate else {}
        return [*found, *await _sources(connection, clock), *await _targets(connection, clock, compare)]


async def _sources(connection: Connection, clock: SystemClock) -> list[Finding]:
    now, known = clock.now(), await tokens.listed(connection)
    return [
        finding
        for source in await sources.standing(connection, now)
        for finding in judging.of_source(source, [t for t in known if t.source == source.name], now)
    ]


async def _targets(connection: Connection, clock: SystemClock, compare: Mapping[str, timedelta]) -> list[Finding]:
    now = clock.now()
    watched, _ = await vitals.vitals(connection, now, _QUERIES_END)
    oldest = {target.name: target.oldest_due_at for target in watched}
    found = [
        finding
        for target in await overview.target_states(connection)
        for finding in judging.of_target(target, oldest.get(target.name), compare.get(target.name), now)
    ]
    for one in watched:
        found += judging.of_leavers(one.name, one.overdue)
        found += judging.of_awaited(one.name, one.late)
        found += judging.of_promises(one.name, one.broken)
    for target in await holding.known_targets(connection):
        found += judging.of_brake(target["name"], target["frozen_by"], target["caution"])
    for name, standing in (await certifications.standings(connection)).items():
        found += judging.of_certification(name, standing)
    for gate in await holding.held_numbers(connection):
        found += judging.of_gate(gate["target"], gate["name"], gate["people"], shut=gate["shut"])
    return found


def _compared(estate: Estate | None, active: Revision | None) -> Iterator[Finding]:
    about = "configuration"
    if active is None:
        yield Finding(Level.PROBLEM, about, "none was ever activated", "start `tenure serve --estate FILE`")
        return
    since = f"revision {active.number}, active since {words.at(active.activated_at)}"
    if estate is None:
        yield Finding(Level.OK, about, since)
    elif estate.digest == active.digest:
        yield Finding(Level.OK, about, f"the file is {since}")
    else:
        do = "start `tenure serve` again with the file, or bring the file back to what is active"
        yield Finding(Level.WARNING, about, f"the file is not {since}", do)


async def _applications(estate: Estate) -> list[Finding]:
    if any(warning.path.startswith("targets.") for warning in estate.warnings):
        what = "the applications were not asked: a secret of one is not here"
        return [Finding(Level.WARNING, "configuration", what, "run this where `tenure serve` runs")]
    healths = await ask(estate, SystemClock())
    return [finding for name, health in healths.items() for finding in judging.of_health(name, health)]

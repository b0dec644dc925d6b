"""`tenure report`: what the applications look like as they are; nothing is read anew, nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from tenure.cli import matches, opens
from tenure.cli.house import fail, open_database
from tenure.cli.who import length, print_table
from tenure.clock import SystemClock
from tenure.model.desired import Standing
from tenure.model.farewell import AspectProof, Overdue
from tenure.model.finding import Finding, FindingKind, LicenceUse
from tenure.model.story import Story
from tenure.report import farewell as proving
from tenure.report import words
from tenure.store import authority, marks, notices
from tenure.store import findings as store
from tenure.store.database import connect
from tenure.store.idle import freed as seats_freed
from tenure.store.overview import target_states
from tenure.store.rights import POPULATION
from tenure.store.story import stories_of, story_of
from tenure.targets.untold import UNTOLD

app = typer.Typer(help="Reports about the applications as they are.", no_args_is_help=True)
app.command()(matches.matches)
app.command()(opens.opens)

Targets = Annotated[list[str] | None, typer.Argument(help="Applications by name; without it, all of them.")]
Idle = Annotated[str, typer.Option(metavar="LENGTH", help="Who has not signed in for so long is idle.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Data = Annotated[Path | None, typer.Option(help="Folder of the embedded PostgreSQL.")]
Url = Annotated[str | None, typer.Option(help="Use this PostgreSQL instead.")]


@app.command()
def seats(
    targets: Targets = None,
    idle: Idle = "90d",
    price: Annotated[
        float | None, typer.Option(min=0, help="What a seat costs, instead of what the configuration says.")
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="LENGTH", help="Seats that Tenure freed within so long were saved.")
    ] = "365d",
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Show the licensed users of each application: seats, used, free, who waits for one, how many are idle, of how many
    a person has to decide, how many Tenure freed, and what that costs and saves where a price is given.

    Example: tenure report seats jira --price 9.50

    Exit codes: 0 shown; 1 no such application; 2 wrong usage or the database cannot be reached.
    """
    with open_database(data, database_url) as dsn:
        now = SystemClock().now()
        found = asyncio.run(_seats(dsn, targets or (), now - length(idle), now - length(since)))
    found = [replace(one, price=one.price if price is None else price) for one in found]
    if json:
        _print([{**asdict(one), "free": one.free, "idle_costs": one.costs(one.idle), "saved": one.costs(one.freed)}
                for one in found])  # fmt: skip
        return
    headings = ["Application", "Licence", "Seats", "Used", "Free", "Waiting", "Idle", "As of", "Proposed", "Freed"]
    priced = any(one.price is not None for one in found)
    lines = [[*_line(one), *(map(_money, (one.costs(one.idle), one.costs(one.freed))) if priced else ())]
             for one in found]  # fmt: skip
    print_table([*headings, *(["Idle seats cost", "Saved"] if priced else [])], lines)


@app.command()
def findings(
    targets: Targets = None,
    idle: Idle = "90d",
    read_rights: Annotated[
        bool, typer.Option("--read-rights", help="Have what groups open read anew, by the Tenure that runs.")
    ] = False,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """List what a person should look at: leavers still active, people twice, unknown administrators, unused licences,
    groups that open nothing.

    It rests on what was last seen; `tenure report seats` and `tenure doctor` say when that was. What groups open is
    read when somebody needs it: where it is not known, that is said.

    Example: tenure report findings jira --idle 180d

    Exit codes: 0 nothing found; 1 there are findings, or no such application; 2 wrong usage or the database cannot be
    reached.
    """
    with open_database(data, database_url) as dsn:
        found = asyncio.run(_findings(dsn, targets or (), SystemClock().now() - length(idle), read_rights))
    real = [one for one in found if one.kind is not FindingKind.RIGHTS_NOT_READ]
    if json:
        _print([asdict(one) for one in found])
    else:
        _show(found, real)
    if read_rights:
        typer.echo("What groups open is read now, where a Tenure runs: look again in a few minutes.", err=True)
    raise typer.Exit(1 if real else 0)


def _show(found: Sequence[Finding], real: Sequence[Finding]) -> None:
    if real:
        print_table(
            ("Application", "Finding", "Account or group", "What it rests on"),
            [(one.target, words.FINDINGS[one.kind], one.account or one.group, words.shown(one.told)) for one in real],
        )
    else:
        typer.echo("Nothing was found.")
    for one in found:
        if one.kind is FindingKind.RIGHTS_NOT_READ:
            typer.echo(f"{one.target}: {words.shown(one.told)}")


@app.command()
def leaver(
    name: Annotated[
        str | None, typer.Argument(help="Somebody who left: an account's name, a userName or an id.")
    ] = None,
    json: Json = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Prove somebody's farewell, application by application; without a name, list who should have been out by now.

    Example: tenure report leaver alice.jones

    Exit codes: 0 shown, and nobody is late; 1 somebody is late, or nobody of that name is known; 2 wrong usage or the
    database cannot be reached.
    """
    with open_database(data, database_url) as dsn:
        late = asyncio.run(_overdue(dsn))
        stories = asyncio.run(_stories(dsn, name)) if name is not None else ()
    if name is None:
        _show_late(late, json)
    elif not stories:
        fail(f"nobody is called {name!r}; the console lists people", 1)
    elif not any(_left(story) for story in stories):
        fail(f"{name!r} has not left: there is no farewell to prove", 1)
    else:
        proofs = {story.target.name: proving.proof(story, UNTOLD.get(story.target.kind, {})) for story in stories}
        _show_proofs({target: found for target, found in proofs.items() if found}, json)
        late = [one for one in late if any(s.told and s.told.identity.user_name == one.user_name for s in stories)]
    raise typer.Exit(1 if late else 0)


def _left(story: Story) -> bool:
    by_us = story.desired is not None and story.desired.standing is Standing.LEAVER
    return by_us or (story.told is not None and story.told.identity.left)


def _show_late(late: Sequence[Overdue], json: bool) -> None:
    if json:
        _print([asdict(one) for one in late])
    elif not late:
        typer.echo("Nobody who left has an open account for longer than the deadline.")
    else:
        print_table(
            ("Application", "Person", "Account", "Left", "What the plan says"),
            [(one.target, one.user_name, one.account, words.at(one.left_at), one.why) for one in late],
        )


def _show_proofs(proofs: Mapping[str, Sequence[AspectProof]], json: bool) -> None:
    if json:
        _print({target: [asdict(one) for one in found] for target, found in proofs.items()})
        return
    lines = [(target, *line) for target, found in proofs.items() for line in proving.as_lines(found)]
    print_table(("Application", "What", "State", "What is known", "Done", "Seen"), lines)


async def _overdue(dsn: str) -> list[Overdue]:
    async with await connect(dsn) as connection:
        return await store.overdue(connection, SystemClock().now())


async def _stories(dsn: str, name: str) -> tuple[Story, ...]:
    """The stories, at every application, of the first person that the name means at one of them."""
    async with await connect(dsn) as connection:
        for target in await target_states(connection):
            found = await story_of(connection, target.name, name)
            if found is not None and found.told is not None:
                return await stories_of(connection, found.told.identity.id)
    return ()


async def _seats(dsn: str, names: Sequence[str], idle: datetime, since: datetime) -> list[LicenceUse]:
    async with await connect(dsn) as connection:
        targets = _known(await store.named(connection, names), names)
        freed = await seats_freed(connection, targets, since)
        found = await store.licence_use(connection, targets, idle)
        return [replace(one, freed=freed.get((one.target, one.licence), 0)) for one in found]


async def _findings(dsn: str, names: Sequence[str], since: datetime, read_rights: bool) -> list[Finding]:
    async with await connect(dsn) as connection:
        targets = _known(await store.named(connection, names), names)
        if read_rights:
            await marks.mark_once(connection, targets, POPULATION, marks.RIGHTS, None)
            await notices.tell(connection)
            await connection.commit()
        found = await store.findings(connection, targets, since)
        return [*found, *await authority.late(connection, SystemClock().now(), targets)]


def _known(found: dict[str, int], names: Sequence[str]) -> list[int]:
    unknown = sorted(set(names) - found.keys())
    if unknown:
        fail(f"there is no application {unknown[0]} in the configuration", 1)
    return list(found.values())


def _line(one: LicenceUse) -> list[str]:
    shown = (one.total, one.used, one.free)
    counts = ["no limit" if one.total is None and place != 1 else _count(number) for place, number in enumerate(shown)]
    told = [str(one.waiting), _count(one.idle), words.at(one.seen_at), str(one.proposed), str(one.freed)]
    return [one.target, one.licence, *counts, *told]


def _count(number: int | None) -> str:
    return "not known" if number is None else str(number)


def _money(amount: float | None) -> str:
    return "not known" if amount is None else f"{amount:.2f}"


def _print(found: object) -> None:
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())

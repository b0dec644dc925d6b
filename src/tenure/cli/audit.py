"""`tenure audit`: show that the audit trail is whole, hand it out, and take a person out of it."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
import typer

from tenure.cli.house import DEFAULT_DATA, fail, open_database
from tenure.cli.verified import count, say
from tenure.clock import SystemClock
from tenure.store import checkpoints, export, redaction, trail
from tenure.store.check import Report
from tenure.store.checkpoints import Checkpoint, NoCheckpoint
from tenure.store.database import Database, connect
from tenure.store.export_lines import Broken
from tenure.store.redaction import Person
from tenure.store.sealing import Sealing
from tenure.store.signing import Signer, TrustedKeys, read_keys

app = typer.Typer(help="The audit trail: show that it is whole, hand it out, take a person out.", no_args_is_help=True)

Data = Annotated[Path | None, typer.Option(help="Data folder, with the embedded PostgreSQL and the key.")]
Url = Annotated[str | None, typer.Option(help="Use this PostgreSQL instead.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def verify(
    checkpoint: Annotated[Path | None, typer.Option(help="A checkpoint that you kept elsewhere.")] = None,
    export_file: Annotated[
        Path | None, typer.Option("--export", help="Check this export; no database is used.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(help="Trust this public key alone, as `tenure audit key` prints it.")
    ] = None,
    json: AsJson = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Check every entry against its seal, the chain of seals, and the checkpoints that were signed of it.

    Says for each entry or block that is wrong whether it was edited, is missing, was added, was reordered or cut.
    Without --export the database is checked, also against the checkpoint in the data folder.

    Example: tenure audit verify --export trail.jsonl --key audit-key.pub --checkpoint last-month.json

    Exit codes: 0 all of it verifies, 1 something does not, 2 wrong usage, or a file or the database cannot be read.
    """
    if export_file is not None and key is None:
        fail("an export proves nothing by itself: give --key FILE, the public key as `tenure audit key` prints it")
    try:
        trusted = read_keys(key) if key else None
        watch = [(f"the checkpoint in {checkpoint}", checkpoints.read(checkpoint))] if checkpoint else []
        if export_file is not None:
            assert trusted is not None
            report = export.verify(export_file, trusted, watch)
        else:
            report = _verify_online(trusted, watch, data, database_url)
    except (OSError, NoCheckpoint, trail.NoTrail) as problem:
        fail(str(problem))
    say(report, json)
    if not report.verified:
        raise typer.Exit(1)


@app.command("export")
def export_(
    since: Annotated[
        datetime | None, typer.Option(help="From the first block that was sealed then or later; UTC.")
    ] = None,
    until: Annotated[datetime | None, typer.Option(help="Up to the block that ends what was before then; UTC.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write to this file, for you alone, and not to the screen.")
    ] = None,
    json: AsJson = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Write the trail as JSON Lines: whole blocks with all entries, their seals, and a signed checkpoint at the end.

    Personal values are in it, as far as they are not redacted: keep the file as carefully as the database. With
    --json, which needs --output, the checkpoint is printed.

    Example: tenure audit export --since 2026-01-01 --output trail.jsonl

    Exit codes: 0 written, 1 the trail holds what Tenure never wrote (see tenure audit verify), 2 wrong usage, or the
    key, the file or the database cannot be used.
    """
    if json and output is None:
        fail("--json prints what was exported and needs --output FILE for the export itself")
    with open_database(data, database_url) as dsn, _writing(output) as file:
        try:
            signed = asyncio.run(_export(dsn, _signer(data), file, (_utc(since), _utc(until))))
        except Broken as broken:
            fail(f"{broken}; `tenure audit verify` tells more", 1)
        except (OSError, trail.NoTrail) as problem:
            fail(str(problem))
    if json:
        typer.echo(signed.text, nl=False)


@app.command()
def checkpoint(
    output: Annotated[Path | None, typer.Option(help="Write to this file, and not to the screen.")] = None,
    json: AsJson = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Sign where the chain of seals stands now. Kept outside of Tenure, it proves later that nothing before was cut.

    Example: tenure audit checkpoint --output checkpoint-2026-06-30.json

    Exit codes: 0 signed, 2 wrong usage, or the key, the file or the database cannot be used.
    """
    with open_database(data, database_url) as dsn:
        try:
            signed = asyncio.run(_checkpoint(dsn, _signer(data)))
            if output is not None:
                output.write_text(signed.text, encoding="utf-8")
        except OSError as problem:
            fail(str(problem))
    if output is None or json:
        typer.echo(signed.text, nl=False)
    else:
        typer.echo(f"block {signed.block}, {count(signed.count, 'entry', 'entries')}, hash {signed.hash}")


@app.command()
def key(json: AsJson = False, data: Data = None, database_url: Url = None) -> None:
    """Print the public key of this installation. Kept outside of Tenure, it is what every later proof rests on.

    Example: tenure audit key > audit-key.pub

    Exit codes: 0 printed, 1 there is none yet, 2 wrong usage or the database cannot be reached.
    """
    with open_database(data, database_url) as dsn:
        found = asyncio.run(_keys(dsn))
    if not found:
        fail("there is no key yet: the first `tenure serve` makes it", 1)
    if json:
        typer.echo(orjson.dumps([{"key": k, "public": pem} for k, pem in found.items()]).decode())
    else:
        typer.echo("".join(found.values()), nl=False)


@app.command()
def redact(
    name: Annotated[str, typer.Argument(help="A person's userName or id.", metavar="NAME|ID")],
    reason: Annotated[str, typer.Option(help="Why; it stays in the trail, so it must name nobody.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Remove what the trail says about one person, for ever; the chain verifies afterwards.

    What happened, when and by whom stays, with the person's id; the values (names, addresses, changes) and their salts
    go. The directory and the journal are not touched.

    Example: tenure audit redact alice.jones --reason "request 4711"

    Exit codes: 0 removed, 1 nobody or several of that name, or not confirmed, 2 wrong usage or the database cannot be
    reached.
    """
    with open_database(data, database_url) as dsn:
        person = _one(asyncio.run(_people(dsn, name)), name)
        told = f"{person.user_name} of {person.source} ({person.id})"
        question = f"Remove what {count(person.entries, 'entry says', 'entries say')} about {told}, for ever?"
        if not yes and not typer.confirm(question, err=True):
            raise typer.Exit(1)
        removed = asyncio.run(_redact(dsn, person.id, reason))
    if json:
        typer.echo(orjson.dumps({"id": person.id, "entries": removed}).decode())
    else:
        typer.echo(f"{told}: personal values were removed from {count(removed, 'entry', 'entries')}")


def _signer(data: Path | None) -> Signer:
    """The key in the data folder; raises KeyUnusable."""
    return Signer(data or Path(os.environ.get("TENURE_DATA") or DEFAULT_DATA))


def _kept(data: Path | None, database_url: str | None) -> list[tuple[str, Checkpoint]]:
    """The checkpoint in the data folder; a folder that nobody named may belong to another database."""
    named = data or os.environ.get("TENURE_DATA")
    if not named and (database_url or os.environ.get("TENURE_DATABASE_URL")):
        return []
    kept = checkpoints.kept(Path(named or DEFAULT_DATA))
    return [("the checkpoint in the data folder", kept)] if kept else []


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _writing(output: Path | None) -> AbstractContextManager[BinaryIO]:
    """The file for an export; personal values are in it, so it is its owner's alone."""
    if output is None:
        return nullcontext(sys.stdout.buffer)
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError as problem:
        fail(str(problem))
    return os.fdopen(descriptor, "wb")


def _verify_online(
    trusted: TrustedKeys | None, watch: list[tuple[str, Checkpoint]], data: Path | None, database_url: str | None
) -> Report:
    with open_database(data, database_url) as dsn:
        watch = [*watch, *_kept(data, database_url)]  # read before the snapshot is taken, so it cannot be newer
        return asyncio.run(trail.verify(dsn, trusted, watch))


async def _sealed(database: Database, signer: Signer) -> Sealing:
    """Seal all that can be sealed now."""
    clock, sealing = SystemClock(), Sealing(database, signer)
    trouble = await sealing.open(clock.now())
    if trouble is not None:
        typer.echo(f"tenure: {trouble}", err=True)
    while step := await sealing.advance(clock.now(), wait=True):
        if step.why is not None:
            typer.echo(f"tenure: a new epoch of the audit trail begins: {step.why}", err=True)
    return sealing


async def _checkpoint(dsn: str, signer: Signer) -> Checkpoint:
    database = Database(dsn, 1)
    await database.open()
    try:
        signed = await (await _sealed(database, signer)).checkpoint(SystemClock().now(), at_least=True)
    finally:
        await database.close()
    assert signed is not None
    return signed


async def _export(
    dsn: str, signer: Signer, file: BinaryIO, between: tuple[datetime | None, datetime | None]
) -> Checkpoint:
    await _checkpoint(dsn, signer)
    now, written = SystemClock().now(), None
    async with trail.snapshot(dsn) as connection:
        async for line in export.lines(connection, signer, now, *between):
            if isinstance(line, Checkpoint):
                written = line
            else:
                file.write(line)
    file.flush()
    assert written is not None
    async with await connect(dsn) as connection:
        await checkpoints.save(connection, written, now)
    return written


async def _keys(dsn: str) -> dict[str, str]:
    async with await connect(dsn) as connection:
        return await checkpoints.public_keys(connection)


async def _people(dsn: str, name: str) -> list[Person]:
    async with await connect(dsn) as connection:
        return await redaction.people(connection, name)


def _one(found: list[Person], name: str) -> Person:
    if not found:
        fail(f"nobody is called {name!r}, now or before; the console lists people", 1)
    if len(found) > 1:
        ids = ", ".join(f"{p.id} ({p.source}{', gone' if p.gone else ''})" for p in found)
        fail(f"{len(found)} people are or were called {name!r}, name one by its id: {ids}", 1)
    return found[0]


async def _redact(dsn: str, person: str, reason: str) -> int:
    async with await connect(dsn) as connection:
        return await redaction.redact(connection, person, reason, f"cli:{getpass.getuser()}", SystemClock().now())

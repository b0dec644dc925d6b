"""`tenure worker`: one more engine on the database of a running house."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tenure.app import open_house, running
from tenure.cli import logs
from tenure.cli.deciding import Data, Url
from tenure.cli.house import fail, open_database
from tenure.estate.document import Estate
from tenure.estate.loading import EstateInvalid, load
from tenure.store import estate as revisions
from tenure.store.database import connect


def worker(
    estate: Annotated[Path | None, typer.Option(help="The estate file; the active configuration unless given.")] = None,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Work beside `tenure serve`, on this machine or another one: the shards, the rate and the gates are shared.

    The secrets of the configuration are read here, from the environment or from files.

    Example: tenure worker --database-url postgresql://tenure@db.example.com/tenure

    Exit codes: 0 stopped as asked, 2 the configuration or the database is not usable.
    """
    logs.configure("info")
    with open_database(data, database_url) as dsn:
        try:
            asyncio.run(_work(_load(estate) if estate else _active(dsn), dsn))
        except revisions.NotActivated as problem:
            fail(str(problem))


def _load(path: Path) -> Estate:
    try:
        return load(path, secrets=True)
    except EstateInvalid as invalid:
        for problem in invalid.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


def _active(dsn: str) -> Estate:
    """The active configuration, as the database keeps it; relative paths of secrets start from this folder."""

    async def read() -> str | None:
        async with await connect(dsn) as connection:
            return await revisions.active_document(connection)

    document = asyncio.run(read())
    if document is None:
        fail("no configuration is active there yet: start `tenure serve` first, or name one with --estate")
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=Path.cwd(), encoding="utf-8") as file:
        file.write(document)
        file.flush()
        return _load(Path(file.name))


async def _work(estate: Estate, dsn: str) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_house(estate, dsn, by="worker") as tenure, running(tenure):
        typer.echo(f"Tenure works on {len(estate.targets)} application{'' if len(estate.targets) == 1 else 's'}")
        sys.stdout.flush()
        await stopped.wait()

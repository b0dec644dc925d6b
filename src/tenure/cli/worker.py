"""`tenure worker`: one more engine on the database of a running house."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from tenure.app import open_house, running
from tenure.cli import logs
from tenure.cli.configured import active, load_or_end
from tenure.cli.deciding import Data, Url
from tenure.cli.house import fail, open_database
from tenure.estate.document import Estate
from tenure.store import estate as revisions


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
            asyncio.run(_work(load_or_end(estate, secrets=True) if estate else active(dsn, secrets=True), dsn))
        except revisions.NotActivated as problem:
            fail(str(problem))


async def _work(estate: Estate, dsn: str) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_house(estate, dsn, by="worker") as tenure, running(tenure, reads=False):
        typer.echo(f"Tenure works on {len(estate.targets)} application{'' if len(estate.targets) == 1 else 's'}")
        sys.stdout.flush()
        await stopped.wait()

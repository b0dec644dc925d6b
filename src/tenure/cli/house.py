"""How a command reaches the house: by its data folder, or by the address of its database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer

from tenure.store.database import DatabaseAway
from tenure.store.embedded import EmbeddedPostgres, PostgresProblem
from tenure.store.schema import bring_up_to_date

DEFAULT_DATA = Path("tenure-data")


def fail(message: str, code: int = 2) -> NoReturn:
    """End the command with a message for a person on standard error."""
    typer.echo(f"tenure: {message}", err=True)
    raise typer.Exit(code)


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)


@contextmanager
def open_database(data: Path | None, database_url: str | None) -> Iterator[str]:
    """The connection string of the house's database, migrated.

    By `--database-url` or TENURE_DATABASE_URL, else the embedded PostgreSQL under `--data`, TENURE_DATA or
    ./tenure-data: the running one if a server runs, else one that is started for the length of the block.
    Ends the command with exit code 2 when it cannot be reached.
    """
    url = database_url or (None if data else os.environ.get("TENURE_DATABASE_URL"))
    try:
        if url is not None:
            bring_up_to_date(url)
            yield url
            return
        folder = data or Path(os.environ.get("TENURE_DATA") or DEFAULT_DATA)
        if not folder.is_dir():
            fail(f"there is no data folder {folder}: name one with --data, or a database with --database-url")
        with EmbeddedPostgres(folder, role="command", progress=_say) as postgres:
            bring_up_to_date(postgres.dsn)
            yield postgres.dsn
    except PostgresProblem as problem:
        fail(str(problem))
    except DatabaseAway as error:
        fail(f"the database cannot be reached: {str(error).strip().splitlines()[0]}")

"""The configuration that a command works by: a file that is named, or the active one."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import typer

from tenure.cli.house import fail
from tenure.estate.document import Estate
from tenure.estate.loading import EstateInvalid, load
from tenure.store import estate as revisions
from tenure.store.database import connect


def load_or_end(path: Path, *, secrets: bool) -> Estate:
    """The estate in a file; ends the command with exit code 2 and its problems when it is not valid."""
    try:
        return load(path, secrets=secrets)
    except EstateInvalid as invalid:
        for problem in invalid.problems:
            typer.echo(str(problem), err=True)
        raise typer.Exit(2) from None


def active(dsn: str, *, secrets: bool) -> Estate:
    """The active configuration, as the database keeps it; relative paths start from this folder."""

    async def read() -> str | None:
        async with await connect(dsn) as connection:
            return await revisions.active_document(connection)

    document = asyncio.run(read())
    if document is None:
        fail("no configuration is active there yet: start `tenure serve` first, or name one with --estate")
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", dir=Path.cwd(), encoding="utf-8") as file:
            file.write(document)
            file.flush()
            return load_or_end(Path(file.name), secrets=secrets)
    except OSError as error:
        fail(f"this folder cannot be written ({error.strerror}): name the file of the configuration with --estate")

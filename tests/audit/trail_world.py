"""A small trail in a real database, sealed and signed, and hands that change it behind its back."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg

from tenure.store import audit, checkpoints, export, redaction, trail
from tenure.store.check import Report
from tenure.store.checkpoints import Checkpoint
from tenure.store.database import Database, connect
from tenure.store.seal import Step
from tenure.store.sealing import Sealing
from tenure.store.signing import Signer, TrustedKeys

START = datetime(2026, 6, 30, 12, tzinfo=UTC)
TABLES = ("audit", "audit_personal", "seal", "checkpoint")


def person(number: int) -> str:
    """The id of a made-up person."""
    return str(uuid5(UUID(int=0), str(number)))


def entry(number: int, people: int = 3) -> audit.Entry:
    """An entry of which every column depends on the number."""
    personal = {"userName": f"person{number % people}@example.com", "n": number}
    return audit.Entry(
        at=START + timedelta(microseconds=number * 1_000_003),
        actor=f"source:{number % 2}",
        action="identity.changed" if number % 3 else "identity.created",
        subject=person(number % people),
        cause=number or None,
        facts={"method": "PATCH", "n": number, "share": number / 7, "nested": {"b": [1, None], "a": "ü\n\"'"}},
        personal=personal if number % 4 else {},
    )


async def write(dsn: str, numbers: range, *, later: timedelta = timedelta(0)) -> None:
    """Write entries, each in a transaction of its own."""
    async with await connect(dsn, autocommit=True) as connection:
        for number in numbers:
            one = entry(number)
            await audit.record(connection, replace(one, at=one.at + later))


async def seal(dsn: str, folder: Path | None, now: datetime = START) -> list[Step]:
    """Seal whatever can be sealed, as a process does that starts now, and sign a checkpoint of it."""
    database = Database(dsn, 1)
    await database.open()
    try:
        sealing = Sealing(database, Signer(folder, make=True) if folder else None)
        assert await sealing.open(now) is None
        steps = []
        while step := await sealing.advance(now, wait=True):
            steps.append(step)
        await sealing.checkpoint(now, at_least=True)
    finally:
        await database.close()
    return steps


def make_trail(dsn: str, folder: Path, blocks: tuple[int, ...] = (4, 3, 5)) -> None:
    """Write and seal so many entries in so many blocks."""

    async def make() -> None:
        start = 0
        for count in blocks:
            await write(dsn, range(start, start + count))
            await seal(dsn, folder)
            start += count

    asyncio.run(make())


def check(dsn: str, folder: Path | None = None, watch: list[tuple[str, Checkpoint]] | None = None) -> Report:
    """Verify online, with the checkpoint of the folder."""
    kept = checkpoints.kept(folder) if folder else None
    named = [*(watch or []), *([("the checkpoint in the data folder", kept)] if kept else [])]
    return asyncio.run(trail.verify(dsn, None, named))


def export_lines(
    dsn: str, folder: Path, since: datetime | None = None, until: datetime | None = None
) -> tuple[list[bytes], Checkpoint]:
    """The lines of an export, and the checkpoint at its end."""

    async def write_lines() -> tuple[list[bytes], Checkpoint]:
        file, last = io.BytesIO(), None
        async with trail.snapshot(dsn) as connection:
            async for line in export.lines(connection, Signer(folder), START, since, until):
                if isinstance(line, Checkpoint):
                    last = line
                else:
                    file.write(line)
        assert last is not None
        return file.getvalue().splitlines(keepends=True), last

    return asyncio.run(write_lines())


def check_export(
    lines: list[bytes], folder: Path, at: Path, watch: list[tuple[str, Checkpoint]] | None = None
) -> Report:
    """Verify an export offline, with the public key of the folder."""
    file = at / "export.jsonl"
    file.write_bytes(b"".join(lines))
    return export.verify(file, TrustedKeys([Signer(folder).public]), watch or [])


def redact(dsn: str, subject: str) -> int:
    """Take a person out of the trail."""

    async def run() -> int:
        async with await connect(dsn) as connection:
            return await redaction.redact(connection, subject, "request 4711", "cli:test", START)

    return asyncio.run(run())


def tamper(dsn: str, *statements: str, **values: Any) -> None:
    """Change what is stored as the owner of the tables can, past the triggers."""
    with psycopg.connect(dsn) as connection:
        for table in TABLES:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        for statement in statements:
            connection.execute(statement.encode(), values)
        for table in TABLES:
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())


def said(report: Report) -> list[tuple[str, int | None, int | None]]:
    """How, block and entry of each problem."""
    return [(p.how, p.block, p.entry) for p in report.problems]

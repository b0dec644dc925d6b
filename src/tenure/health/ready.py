"""Readiness: the database answers, its migrations are those of this version, and the engine's loop is alive."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass

from tenure.store import vitals
from tenure.store.database import Database, DatabaseAway
from tenure.store.migrate import head

ANSWER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the house: whether it is as it should be, and what is not. Names nobody and no address."""

    ok: bool
    detail: str


class Pulse:
    """Knows whether the engine's loop is alive in this process."""

    def __init__(self) -> None:
        self._engine: asyncio.Task[None] | None = None

    def watch(self, engine: asyncio.Task[None]) -> None:
        """The engine's loop is this task."""
        self._engine = engine

    def part(self) -> Part:
        """Whether the loop has begun, and was not broken off; without a target it ends at once, and that is well."""
        if self._engine is None:
            return Part(False, "the engine has not been started in this process")
        if self._engine.cancelled() or (self._engine.done() and self._engine.exception() is not None):
            return Part(False, "the engine of this process has ended: see its log, and start it again")
        return Part(True, "the engine of this process works")


async def readiness(database: Database, pulse: Pulse) -> dict[str, Part]:
    """The parts `database`, `migrations` and `engine`; waits two seconds at most."""
    at: str | None = None
    try:
        async with asyncio.timeout(ANSWER_SECONDS), database.transaction() as connection:
            at = await vitals.migrated_to(connection)
        base = Part(True, "the database answers")
    except (DatabaseAway, TimeoutError):
        base = Part(False, f"the database does not answer within {ANSWER_SECONDS:.0f} seconds")
    return {"database": base, "migrations": _migrations(base.ok, at), "engine": pulse.part()}


def _migrations(known: bool, at: str | None) -> Part:
    if not known:
        return Part(False, "not known while the database does not answer")
    if at != head():
        return Part(False, f"the database is at migration {at or 'none'}, this version needs {head()}")
    return Part(True, f"the database is at migration {at}")


def as_json(parts: dict[str, Part]) -> dict[str, object]:
    """The answer's body."""
    return {"ready": all(part.ok for part in parts.values()), **{name: asdict(part) for name, part in parts.items()}}

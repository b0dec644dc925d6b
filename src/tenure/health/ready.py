"""Readiness: the database answers, its migrations are those of this version, and the engine's loop is alive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from tenure.store import vitals
from tenure.store.database import Database, DatabaseAway
from tenure.store.schema import head

ANSWER_SECONDS = 2.0
HANGS_SECONDS = 60.0
"""A loop that has not come round for so long hangs: it looks each second, and every call in it has a time-out."""


Hangs = Callable[[float], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the house: whether it is as it should be, and what is not. Names nobody and no address."""

    ok: bool
    detail: str


class Pulse:
    """Knows whether the engine's loops are alive in this process."""

    def __init__(self) -> None:
        self._engine: asyncio.Task[None] | None = None
        self._hangs: Hangs = lambda seconds: ()

    def watch(self, engine: asyncio.Task[None], hangs: Hangs) -> None:
        """The engine works in this task; `hangs` names the targets whose loop did not come round for some seconds."""
        self._engine, self._hangs = engine, hangs

    def part(self) -> Part:
        """Whether the loops have begun and come round; without a target there is none, and that is well."""
        if self._engine is None:
            return Part(False, "the engine has not been started in this process")
        if self._engine.cancelled() or (self._engine.done() and self._engine.exception() is not None):
            return Part(False, "the engine of this process has ended: see its log, and start it again")
        hanging = self._hangs(HANGS_SECONDS)
        if hanging:
            return Part(False, f"nothing has moved for {HANGS_SECONDS:.0f} seconds at {len(hanging)} of the targets")
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

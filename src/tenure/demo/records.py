"""Tenure's own records, followed from outside while the story is played."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from tenure.demo.play import Done
from tenure.model.change import (
    AccountChange,
    AdoptAccount,
    AdoptGroup,
    Change,
    CreateAccount,
    CreateGroup,
    JoinGroups,
    LeaveGroups,
    RenameAccount,
    UpdateAccount,
    decode,
)
from tenure.model.farewell import AspectProof
from tenure.report.farewell import proof
from tenure.store import journal
from tenure.store.database import Database, Row
from tenure.store.overview import target_states
from tenure.store.story import stories_of, story_of
from tenure.targets.untold import UNTOLD


class JournalRecords:
    """Reads the journal of a running Tenure. Use as a context manager."""

    def __init__(self, dsn: str) -> None:
        """`dsn` is the database of the running house."""
        self._runner = asyncio.Runner()
        self._database = Database(dsn, connections=2)

    def __enter__(self) -> JournalRecords:
        """Connect."""
        self._runner.run(self._database.open())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Disconnect."""
        self._runner.run(self._database.close())
        self._runner.close()

    def quiet(self) -> bool:
        """True when nothing is due and nothing is under way."""
        return not self._runner.run(self._left())

    async def _left(self) -> bool:
        async with self._database.transaction() as connection:
            return await journal.left_to_do(connection)

    def done_after(self, number: int) -> tuple[int, tuple[Done, ...]]:
        """The changes journalled after this number, and the number of the last."""
        found = self._runner.run(self._entries(number))
        return (found[-1]["id"] if found else number), tuple(_done(entry) for entry in found)

    def proofs(self, name: str) -> dict[str, tuple[AspectProof, ...]]:
        """The proof of the farewell of somebody who left, by application."""
        return self._runner.run(_proofs(self._database, name))

    async def _entries(self, number: int) -> list[Row]:
        async with self._database.transaction() as connection:
            return await journal.entries_after(connection, number)


async def _proofs(database: Database, name: str) -> dict[str, tuple[AspectProof, ...]]:
    async with database.transaction() as connection:
        states = await target_states(connection)
        first = await story_of(connection, states[0].name, name)
        assert first is not None
        assert first.told is not None
        stories = await stories_of(connection, first.told.identity.id)
        return {story.target.name: proof(story, UNTOLD[story.target.kind]) for story in stories}


def _done(entry: Row) -> Done:
    change = decode(entry["change"])
    return Done(
        target=entry["target"],
        change=change.kind.value,
        account=_account(change),
        detail=_detail(change),
        why=_why(change, entry),
        outcome=entry["outcome"],
        evidence=entry["evidence"],
        answer=entry["detail"],
    )


def _account(change: Change) -> str:
    return change.account.name if isinstance(change, AccountChange) else change.name


def _detail(change: Change) -> str:
    if isinstance(change, CreateAccount | UpdateAccount):
        fields = {n: v for n, v in change.fields.items() if n != "username"}
        return ", ".join(f"{name} = {'nothing' if value is None else value}" for name, value in fields.items())
    if isinstance(change, RenameAccount):
        return f"-> {change.name}"
    if isinstance(change, JoinGroups | LeaveGroups):
        return ", ".join(change.groups)
    return change.evidence if isinstance(change, AdoptAccount) else ""


def _why(change: Change, entry: Row) -> str:
    cells: dict[str, Any] = entry["cells"] or {}
    if isinstance(change, CreateGroup | AdoptGroup):
        return "a group at the provider leads to it"
    if isinstance(change, LeaveGroups):
        return "no group at the provider leads to it any more"
    wanted = _cells(change)
    reasons = [r for r in cells.get("reasons", ()) if r["cell"] in wanted]
    if reasons:
        return "; ".join(f"{r['source']} by {r['rule']}" for r in reasons)
    return {"MEMBER": "active at the provider"}.get(str(cells.get("standing")).upper(), str(cells.get("standing", "")))


def _cells(change: Change) -> set[str]:
    if isinstance(change, CreateAccount):
        return {"username"}
    if isinstance(change, UpdateAccount):
        return set(change.fields)
    if isinstance(change, RenameAccount):
        return {"username"}
    if isinstance(change, JoinGroups):
        return {f"member:{name}" for name in change.groups}
    return {"standing"}

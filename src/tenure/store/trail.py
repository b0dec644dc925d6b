"""The whole trail out of the database, in the order of the chain: a chunk at a time, in one snapshot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal

from tenure.store import checkpoints
from tenure.store.chain import BLOCK, FROM_THE_START, Seal, Written, genesis
from tenure.store.check import REDACTED, Checker, Report, Start
from tenure.store.checkpoints import Checkpoint
from tenure.store.database import Connection, connect, row, rows
from tenure.store.seal import COLUMNS, SEAL_COLUMNS
from tenure.store.signing import TrustedKeys

_LAST = 2**63 - 1
_END = (2**64, _LAST)

Piece = tuple[Literal["block", "stray", "tail"], Seal | None, list[Written]]

_ENTRIES = f"""
SELECT {COLUMNS}, p.salt, p.fields FROM audit a LEFT JOIN audit_personal p ON p.audit = a.id
WHERE a.id BETWEEN %s AND %s AND (a.xid, a.id) > (%s::xid8, %s) ORDER BY a.xid, a.id
"""


class NoTrail(Exception):
    """There is nothing to check or to export; the message says why."""


@asynccontextmanager
async def snapshot(dsn: str) -> AsyncIterator[Connection]:
    """A connection that sees the database as it is now, and goes on seeing that."""
    async with await connect(dsn) as connection:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection


async def installation_of(connection: Connection) -> str:
    """The id of the installation; raises NoTrail when Tenure never ran on this database."""
    found = await row(connection, "SELECT id::text FROM installation")
    if found is None:
        raise NoTrail("this database holds no trail yet: `tenure serve` has not run on it")
    return str(found["id"])


async def verify(dsn: str, trusted: TrustedKeys | None, watch: list[tuple[str, Checkpoint]]) -> Report:
    """Check the trail in the database; with `trusted` None, signatures by the keys that the database names.

    `watch` are checkpoints that were kept elsewhere, read before this is called. Raises NoTrail.
    """
    async with snapshot(dsn) as connection:
        installation = await installation_of(connection)
        trusted = trusted or TrustedKeys((await checkpoints.public_keys(connection)).values())
        checker = Checker(installation, Start(genesis(installation)), trusted, watch)
        async for kind, seal, entries in pieces(connection):
            if seal is not None:
                checker.block(seal, entries)
            elif kind == "stray":
                checker.stray(entries)
            else:
                checker.tail(entries)
        async for stated, block in checkpoints.each(connection):
            checker.checkpoint(f"the checkpoint of {stated.at} in the database", stated, block)
        return checker.end()


async def pieces(connection: Connection, after: Seal | None = None) -> AsyncIterator[Piece]:
    """Every block after this one with the entries that lie in its range, in order, then what no block has."""
    openings = await _openings(connection, after)
    for index, (block, first, floor) in enumerate(openings):
        following = openings[index + 1] if index + 1 < len(openings) else None
        until = following[1] - 1 if following else _LAST
        async with connection.cursor(name="entries") as cursor:
            await cursor.execute(_ENTRIES.encode(), (first, until, *floor))
            entries = _Entries(cursor)
            async for seal in _seals(connection, block, following[0] if following else _LAST):
                async for stray in entries.too_many(seal.position):
                    yield "stray", None, stray
                yield "block", seal, entries.taken
            async for rest in entries.rest():
                yield "stray" if following else "tail", None, rest


async def redactions(connection: Connection) -> dict[str, int]:
    """The last redaction entry of each person who was redacted."""
    found = await rows(
        connection, "SELECT subject, max(id) AS id FROM audit WHERE action = %s GROUP BY subject", REDACTED
    )
    return {r["subject"]: r["id"] for r in found if r["subject"] is not None}


async def block_before(connection: Connection, since: datetime) -> Seal | None:
    """The last block that was sealed before this time, if another follows; None when there is none."""
    found = await row(
        connection,
        f"""SELECT {SEAL_COLUMNS} FROM seal WHERE block < coalesce(
            (SELECT min(block) FROM seal WHERE sealed_at >= %s), (SELECT max(block) FROM seal))
        ORDER BY block DESC LIMIT 1""",
        since,
    )
    return Seal(**found) if found else None


async def _openings(connection: Connection, after: Seal | None) -> list[tuple[int, int, tuple[str, int]]]:
    """Where to begin: (block from which on, first number, position after which), for each epoch that is not over."""
    found = await rows(connection, "SELECT block, first FROM seal WHERE n = 0 ORDER BY block")
    begun = [(r["block"], r["first"], ("0", FROM_THE_START)) for r in found]
    if after is None:
        return begun or [(1, FROM_THE_START, ("0", FROM_THE_START))]
    later = [opening for opening in begun if opening[0] > after.block]
    return [(after.block + 1, after.first, (after.xid, after.id)), *later]


async def _seals(connection: Connection, block: int, before: int) -> AsyncIterator[Seal]:
    query = f"SELECT {SEAL_COLUMNS} FROM seal WHERE block >= %s AND block < %s ORDER BY block"
    async with connection.cursor(name="seals") as cursor:
        await cursor.execute(query.encode(), (block, before))
        while found := await cursor.fetchmany(20):
            for seal in found:
                yield Seal(*seal)


class _Entries:
    """The entries of an epoch, taken up to one position after the other."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._ahead: list[Written] = []
        self._at = 0
        self.taken: list[Written] = []

    async def too_many(self, position: tuple[int, int]) -> AsyncIterator[list[Written]]:
        """Take the entries up to a position: `taken` has them; what no block can hold besides comes out before."""
        self.taken = []
        while await self._more() and self._ahead[self._at].position <= position:
            start = self._at
            while self._at < len(self._ahead) and self._ahead[self._at].position <= position:
                self._at += 1
            self.taken += self._ahead[start : self._at]
            if len(self.taken) > 2 * BLOCK:
                yield self.taken[:BLOCK]
                self.taken = self.taken[BLOCK:]

    async def rest(self) -> AsyncIterator[list[Written]]:
        """Everything that is left, in chunks."""
        while await self._more():
            chunk, self._at = self._ahead[self._at :], len(self._ahead)
            yield chunk

    async def _more(self) -> bool:
        if self._at == len(self._ahead):
            self._ahead, self._at = [Written(*r) for r in await self._cursor.fetchmany(BLOCK)], 0
        return bool(self._ahead)

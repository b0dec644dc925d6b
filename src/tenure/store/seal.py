"""Sealing: the next entries that nothing can come before any more become a block of the chain.

Entries are taken in the order (xid, id), up to the oldest transaction that still runs: what commits later stands later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tenure.store import audit, chain
from tenure.store.chain import BLOCK, FROM_THE_START, Seal, Written, microseconds
from tenure.store.check import EPOCH_BEGAN
from tenure.store.database import Connection, row, rows

_SEALING = 0x7E4E0002
"""The advisory lock under which one process at a time adds to the chain."""
_LAST = 2**63 - 1
_LOOKED_AT = 1000

AT = "CASE WHEN isfinite({0}) THEN (extract(epoch FROM {0}) * 1000000)::bigint END"
COLUMNS = f"""a.id, a.xid::text, {AT.format("a.at")} AS at, a.actor, a.action, a.source, a.target, a.subject, a.cause,
a.facts::text, encode(a.commitment, 'hex') AS commitment"""
SEAL_COLUMNS = f"""block, epoch, first, prev, hash, xid::text, id, top, n, total, leaves,
coalesce({AT.format("sealed_at")}, 0) AS sealed_at"""

_NEXT = f"""
SELECT {COLUMNS} FROM audit a
WHERE (a.xid, a.id) > (%s::xid8, %s) AND a.id BETWEEN %s AND %s AND {{bound}} ORDER BY a.xid, a.id LIMIT %s
"""
_SETTLED = _NEXT.format(bound="a.xid < pg_snapshot_xmin(pg_current_snapshot())")
_ALL = _NEXT.format(bound="true")
_STATE = """
SELECT %s::xid8 >= pg_snapshot_xmax(pg_current_snapshot()) OR EXISTS (
    SELECT FROM (SELECT xid FROM audit WHERE id > %s ORDER BY id LIMIT %s) u
    WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())
) AS went_back, (SELECT hash FROM seal WHERE block = %s) AS there
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A block that was seen on the chain before, and has to be there still; `signed` is what proves that it was."""

    block: int
    hash: bytes
    signed: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A block that was added; with `why` when it begins an epoch since the chain was not as it had been."""

    seal: Seal
    why: str | None = None


async def seal_next(
    connection: Connection, installation: UUID, known: Known | None, now: datetime, *, wait: bool = False
) -> Step | None:
    """Add the next block in the caller's transaction, which must be fresh; None when there is nothing to seal yet.

    A database that lacks the `known` block, or whose transaction numbers went back, is an older one that was
    restored: everything in it is sealed, and a new epoch begins. Another process that is sealing is waited for only
    with `wait`.
    """
    if not await _lock(connection, wait):
        return None
    last = await last_seal(connection)
    if last is None:
        return Step(await _insert(connection, _opening(None, installation, FROM_THE_START, ("0", 0), now)))
    why = await _why_not(connection, last, known)
    if why is not None:
        return Step(await _begin_epoch(connection, installation, last, known, why, now), why)
    entries = await _entries(connection, _SETTLED, last, _LAST)
    return Step(await _insert(connection, chain.follow(last, entries, microseconds(now)))) if entries else None


async def last_seal(connection: Connection) -> Seal | None:
    """The end of the chain."""
    found = await row(connection, f"SELECT {SEAL_COLUMNS} FROM seal ORDER BY block DESC LIMIT 1")
    return Seal(**found) if found else None


async def oldest_unsealed(connection: Connection) -> datetime | None:
    """When the entry was made that waits longest to be sealed; None when none waits."""
    found = await row(
        connection,
        """SELECT at FROM audit WHERE id > coalesce((SELECT top FROM seal ORDER BY block DESC LIMIT 1), 0)
        ORDER BY id LIMIT 1""",
    )
    return found["at"] if found else None


async def _lock(connection: Connection, wait: bool) -> bool:
    if wait:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_SEALING,))
        return True
    found = await row(connection, "SELECT pg_try_advisory_xact_lock(%s) AS ours", _SEALING)
    return bool(found and found["ours"])


async def _why_not(connection: Connection, last: Seal, known: Known | None) -> str | None:
    """Why the chain cannot go on as it is; None when it can."""
    block = known.block if known else 0
    found = await row(connection, _STATE, last.xid, last.top, _LOOKED_AT, block)
    assert found is not None
    if known is not None and found["there"] is None:
        return f"block {block} was on the chain and is not there any more: an older database was restored"
    if known is not None and found["there"] != known.hash:
        return f"block {block} is another one than before: an older database was restored"
    if found["went_back"]:
        return "the numbers of transactions went back: the database was moved to another server"
    return None


async def _begin_epoch(
    connection: Connection, installation: UUID, last: Seal, known: Known | None, why: str, now: datetime
) -> Seal:
    """Seal what is there, in an order of its own, and begin anew; writers wait meanwhile, so none is under way."""
    await connection.execute("LOCK TABLE audit IN SHARE ROW EXCLUSIVE MODE")
    last = await _close(connection, last, last.top, now)
    found = await row(
        connection,
        """SELECT (SELECT max(id) FROM audit) AS top,
        (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text AS below""",
    )
    assert found is not None
    top = max(found["top"] or 0, last.top)
    if top > last.top:
        rest = _opening(last, installation, last.top + 1, ("0", last.top), now)
        last = await _close(connection, await _insert(connection, rest), top, now)
    new = await _insert(connection, _opening(last, installation, top + 1, (found["below"], top), now))
    facts: dict[str, Any] = {"epoch": new.epoch, "block": new.block, "why": why}
    if known is not None:
        facts["known"] = known.signed or {"block": known.block, "hash": known.hash.hex()}
    await audit.record(connection, audit.Entry(now, "sealer", EPOCH_BEGAN, facts=facts))
    return new


def _opening(last: Seal | None, installation: UUID, first: int, floor: tuple[str, int], now: datetime) -> Seal:
    return chain.open_epoch(last, installation, first, floor, microseconds(now))


async def _close(connection: Connection, last: Seal, until: int, now: datetime) -> Seal:
    """Seal whatever the epoch has up to this number; nobody is writing."""
    while entries := await _entries(connection, _ALL, last, until):
        last = await _insert(connection, chain.follow(last, entries, microseconds(now)))
    return last


async def _entries(connection: Connection, query: str, last: Seal, until: int) -> list[Written]:
    found = await rows(connection, query, last.xid, last.id, last.first, until, BLOCK)
    return [Written(**r) for r in found]


async def _insert(connection: Connection, seal: Seal) -> Seal:
    await connection.execute(
        """INSERT INTO seal (block, epoch, first, prev, hash, xid, id, top, n, total, leaves, sealed_at)
        VALUES (%s, %s, %s, %s, %s, %s::xid8, %s, %s, %s, %s, %s, %s)""",
        (
            *(seal.block, seal.epoch, seal.first, seal.prev, seal.hash, seal.xid, seal.id, seal.top, seal.n),
            *(seal.total, seal.leaves, chain.moment(seal.sealed_at)),
        ),
    )
    return seal

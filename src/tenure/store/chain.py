"""The chain of seals: what a digest covers, byte for byte. Pure; `docs/audit.md` tells the same to auditors."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

BLOCK = 1000
"""The most entries of a block."""
FROM_THE_START = -(2**63)
"""The `first` of the first epoch: no number is lower."""

_LEAF = 8 + 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number", order="deterministic")


class Written(NamedTuple):
    """An audit entry as it is sealed, with its personal values if they are still there.

    `at` is in microseconds since 1970 in UTC (None for a time that the trail never writes), `facts` JSON as the
    database shows it, `commitment` hexadecimal, `fields` the JSON that salt and commitment were made with.
    """

    id: int
    xid: str
    at: int | None
    actor: str
    action: str
    source: int | None
    target: int | None
    subject: str | None
    cause: int | None
    facts: str
    commitment: str | None
    salt: bytes | None = None
    fields: str | None = None

    @property
    def position(self) -> tuple[int, int]:
        """Where it stands in its epoch."""
        return int(self.xid), self.id


@dataclass(frozen=True, slots=True)
class Seal:
    """One block of the chain. `sealed_at` is in microseconds since 1970; the other fields are told in the schema."""

    block: int
    epoch: int
    first: int
    prev: bytes
    hash: bytes
    xid: str
    id: int
    top: int
    n: int
    total: int
    leaves: bytes
    sealed_at: int

    @property
    def position(self) -> tuple[int, int]:
        """Where its last entry stands in its epoch."""
        return int(self.xid), self.id

    @property
    def entries(self) -> list[tuple[int, bytes]]:
        """Number and digest of each of its entries, in order."""
        starts = range(0, len(self.leaves) - _LEAF + 1, _LEAF)
        return [(int.from_bytes(self.leaves[i : i + 8], signed=True), self.leaves[i + 8 : i + _LEAF]) for i in starts]


def canonical(value: Any) -> bytes:
    """JSON in the one form that is hashed: keys sorted by code point, no spaces, UTF-8, the least escaping."""
    return _encoder.encode(value)


def canonical_text(text: str | bytes) -> bytes:
    """The canonical form of JSON text, with every number exact; raises msgspec.DecodeError when it is none."""
    return _encoder.encode(_decoder.decode(text))


def microseconds(at: datetime) -> int:
    """A time in microseconds since 1970 in UTC."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """The time that is so many microseconds after 1970. Raises OverflowError beyond the year 9999."""
    return _EPOCH + at * _MICROSECOND


def time_text(at: int) -> str:
    """A time in UTC to the microsecond, as 2026-06-30T12:00:00.000000Z. Raises OverflowError beyond the year 9999."""
    return moment(at).isoformat(timespec="microseconds").replace("+00:00", "Z")


def time_of(text: str) -> int:
    """The time that `time_text` wrote; raises ValueError for any other form."""
    told = datetime.fromisoformat(text)
    at = microseconds(told) if told.tzinfo else None
    if at is None or time_text(at) != text:
        raise ValueError(f"{text!r} is not a time in the form of the trail")
    return at


def digest(entry: Written) -> bytes:
    """The SHA-256 of every column of the entry, as one JSON array; of personal values, of their commitment alone."""
    try:
        facts = _decoder.decode(entry.facts)
    except (msgspec.DecodeError, RecursionError):
        facts = entry.facts  # no JSON of ours: as text it still has a digest, and that differs from any sealed one
    return hashlib.sha256(_encoder.encode((*entry[:9], facts, entry.commitment))).digest()


def leaves(entries: Sequence[Written]) -> bytes:
    """Number (8 bytes, big-endian) and digest (32 bytes) of each entry, in order."""
    return b"".join(entry.id.to_bytes(8, signed=True) + digest(entry) for entry in entries)


def block_hash(seal: Seal) -> bytes:
    """The hash of a block: over every other field of it, and so over all blocks before it."""
    said = (
        "tenure-seal-1", seal.block, seal.epoch, seal.first, seal.prev.hex(), seal.xid, seal.id, seal.top, seal.n,
        seal.total, seal.sealed_at,
    )  # fmt: skip
    return hashlib.sha256(canonical(said) + b"\n" + seal.leaves).digest()


def genesis(installation: UUID | str) -> bytes:
    """What the first block follows: it binds the chain to this installation."""
    return hashlib.sha256(f"tenure-genesis-1\n{installation}".encode()).digest()


def open_epoch(last: Seal | None, installation: UUID, first: int, floor: tuple[str, int], at: int) -> Seal:
    """The empty block that begins an epoch; its entries have numbers from `first` on and stand above `floor`."""
    number, epoch, total = (last.block + 1, last.epoch + 1, last.total) if last else (1, 1, 0)
    prev, top = (last.hash, last.top) if last else (genesis(installation), 0)
    return _sealed(Seal(number, epoch, first, prev, b"", *floor, top, 0, total, b"", at))


def follow(last: Seal, entries: Sequence[Written], at: int) -> Seal:
    """The block of these entries, which are the next of the epoch, in order."""
    end = entries[-1]
    draft = replace(
        last,
        block=last.block + 1,
        prev=last.hash,
        xid=end.xid,
        id=end.id,
        top=max(last.top, *(entry.id for entry in entries)),
        n=len(entries),
        total=last.total + len(entries),
        leaves=leaves(entries),
        sealed_at=at,
    )
    return _sealed(draft)


def _sealed(draft: Seal) -> Seal:
    return replace(draft, hash=block_hash(draft))

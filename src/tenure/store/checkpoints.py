"""Checkpoints: the signed statement that the chain had this hash at that block, kept in the database and outside."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import orjson

from tenure.store import audit
from tenure.store.chain import Seal, canonical, microseconds, time_text
from tenure.store.database import Connection, row, rows
from tenure.store.signing import Signer, TrustedKeys, write_private

CHECKPOINT_FILE = "audit-checkpoint.json"

_STATED = "installation::text, epoch, block, count, hash, at, key, signature"


class NoCheckpoint(Exception):
    """A file that should hold a checkpoint does not; the message says which."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was signed: `count` entries are in the blocks up to `block`, whose hash (hexadecimal) this is.

    `key` is the id of the key, `signature` base64. It signs `statement`.
    """

    installation: str
    epoch: int
    block: int
    count: int
    hash: str
    at: str
    key: str
    signature: str = ""

    @property
    def statement(self) -> bytes:
        """The bytes that are signed: all of it but the signature."""
        said = asdict(self)
        del said["signature"]
        return b"tenure-checkpoint-1\n" + canonical(said)

    @property
    def text(self) -> str:
        """It as JSON, on several lines."""
        return orjson.dumps(self, option=orjson.OPT_INDENT_2).decode() + "\n"

    def unsigned_or_edited(self, trusted: TrustedKeys) -> str | None:
        """What is wrong with its signature; None when it is right."""
        try:
            signature = base64.b64decode(self.signature, validate=True)
        except (binascii.Error, ValueError):
            signature = b""
        return trusted.problem(self.key, self.statement, signature)


def sign(signer: Signer, installation: UUID | str, seal: Seal, now: datetime) -> Checkpoint:
    """A checkpoint of this block."""
    at = time_text(microseconds(now))
    draft = Checkpoint(str(installation), seal.epoch, seal.block, seal.total, seal.hash.hex(), at, signer.id)
    return replace(draft, signature=base64.b64encode(signer.sign(draft.statement)).decode())


def read(path: Path) -> Checkpoint:
    """The checkpoint in a file; raises NoCheckpoint when it holds none, OSError when it cannot be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    except msgspec.MsgspecError as problem:
        raise NoCheckpoint(f"{path} does not hold a checkpoint: {problem}") from None


def keep(folder: Path, checkpoint: Checkpoint) -> None:
    """Keep it as the last one in the data folder, outside the database."""
    write_private(folder / CHECKPOINT_FILE, checkpoint.text.encode(), replace=True)


def kept(folder: Path) -> Checkpoint | None:
    """The last one that was kept in the data folder; None when there is none. Raises as `read` does."""
    path = folder / CHECKPOINT_FILE
    return read(path) if path.is_file() else None


async def save(connection: Connection, checkpoint: Checkpoint, now: datetime) -> None:
    """Enter it in the database; `now` is the time that it states."""
    await connection.execute(
        """INSERT INTO checkpoint (installation, epoch, block, count, hash, at, key, signature)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)""",
        (
            *(checkpoint.installation, checkpoint.epoch, checkpoint.block, checkpoint.count),
            *(bytes.fromhex(checkpoint.hash), now, checkpoint.key, base64.b64decode(checkpoint.signature)),
        ),
    )


async def last(connection: Connection) -> tuple[int, datetime] | None:
    """Block and time of the last one that was entered in the database."""
    found = await row(connection, "SELECT block, at FROM checkpoint ORDER BY id DESC LIMIT 1")
    return (found["block"], found["at"]) if found else None


async def each(connection: Connection) -> AsyncIterator[tuple[Checkpoint, tuple[int, int, str] | None]]:
    """Each checkpoint of the database, with (epoch, total, hash) of the block as the chain has it, if it has."""
    query = f"""SELECT c.*, s.epoch AS its_epoch, s.total AS its_total, encode(s.hash, 'hex') AS its_hash
    FROM (SELECT id, {_STATED} FROM checkpoint) c LEFT JOIN seal s USING (block) ORDER BY c.id"""
    async with connection.cursor(name="checkpoints") as cursor:
        await cursor.execute(query.encode())
        while found := await cursor.fetchmany(500):
            for _, *stated, epoch, total, digest in found:
                yield _stored(stated), (epoch, total, digest) if digest is not None else None


def _stored(stated: list[Any]) -> Checkpoint:
    installation, epoch, block, count, digest, at, key, signature = stated
    return Checkpoint(
        *(installation, epoch, block, count, digest.hex(), time_text(microseconds(at)), key),
        signature=base64.b64encode(signature).decode(),
    )


async def register(connection: Connection, signer: Signer, now: datetime) -> bool:
    """Make the public key known in the database, with an audit entry; gives whether it is new there."""
    made = await row(
        connection,
        "INSERT INTO audit_key (id, public, since) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
        signer.id,
        signer.public,
        now,
    )
    if made is not None:
        facts = {"key": signer.id, "public": signer.public}
        await audit.record(connection, audit.Entry(now, "sealer", "audit.key_made", facts=facts))
    return made is not None


async def public_keys(connection: Connection) -> dict[str, str]:
    """Every public key of this installation in PEM form, by its id, the newest first."""
    return {
        r["id"]: r["public"] for r in await rows(connection, "SELECT id, public FROM audit_key ORDER BY since DESC")
    }

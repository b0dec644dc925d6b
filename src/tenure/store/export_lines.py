"""The lines of an export: JSON, each exactly the bytes that are written here, so that any edit shows."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict

import msgspec

from tenure.store.chain import Seal, Written, canonical, canonical_text, time_of, time_text
from tenure.store.checkpoints import Checkpoint

FORM = "tenure-audit-export-1"


class Broken(ValueError):
    """A line is not one that Tenure wrote; the message says in what."""


class Header(msgspec.Struct, forbid_unknown_fields=True, tag="header", tag_field="line"):
    """The first line: where the chain is taken up, and what the numbers in the entries are called.

    `redactions` has the number of the last redaction entry of each person who was redacted, be it in the export or not.
    """

    form: str
    installation: str
    after_block: int
    prev: str
    epoch: int
    total: int
    sources: dict[str, str]
    targets: dict[str, str]
    redactions: dict[str, int]


class EntryLine(msgspec.Struct, forbid_unknown_fields=True, tag="entry", tag_field="line"):
    """An audit entry; `personal` and `salt` are null when there are none, or none any more."""

    id: int
    xid: str
    at: str
    actor: str
    action: str
    source: int | None
    target: int | None
    subject: str | None
    cause: int | None
    facts: msgspec.Raw
    commitment: str | None
    salt: str | None
    personal: msgspec.Raw


class SealLine(msgspec.Struct, forbid_unknown_fields=True, tag="seal", tag_field="line"):
    """A block of the chain: it stands after its entries."""

    block: int
    epoch: int
    first: int
    prev: str
    hash: str
    xid: str
    id: int
    top: int
    n: int
    total: int
    leaves: bytes
    sealed_at: str


class End(msgspec.Struct, forbid_unknown_fields=True, tag="end", tag_field="line"):
    """The last line: a checkpoint of the last block, and a signature over the whole line with the header's digest."""

    header: str
    entries: int
    blocks: int
    checkpoint: Checkpoint
    signature: str

    @property
    def statement(self) -> bytes:
        """The bytes that are signed: everything but the signature itself."""
        said = {"header": self.header, "entries": self.entries, "blocks": self.blocks}
        return b"tenure-export-1\n" + canonical(said | {"checkpoint": asdict(self.checkpoint)})


Line = Header | EntryLine | SealLine | End

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Line] = msgspec.json.Decoder(Line)


def encode(line: Line) -> bytes:
    """The line with its end."""
    return _encoder.encode(line) + b"\n"


def decode(raw: bytes) -> Line:
    """A line of an export; raises Broken when it is not exactly as `encode` writes it."""
    try:
        line = _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        raise Broken(f"it cannot be read: {problem}") from None
    if encode(line) != raw:
        raise Broken("it is not in the form that Tenure writes")
    return line


def entry_line(entry: Written) -> EntryLine:
    """An entry as a line. Raises Broken when it holds what Tenure never writes: then the trail does not verify."""
    try:
        personal = b"null" if entry.fields is None else entry.fields.encode()
        msgspec.json.decode(personal)
        if b"\n" in personal or entry.at is None:
            raise ValueError("a time or a text that is not one of ours")
        facts, at = canonical_text(entry.facts), time_text(entry.at)
    except (ValueError, OverflowError, RecursionError) as problem:
        raise Broken(f"entry {entry.id} cannot be written: {problem}") from None
    return EntryLine(
        *(entry.id, entry.xid, at, entry.actor, entry.action, entry.source, entry.target, entry.subject, entry.cause),
        facts=msgspec.Raw(facts),
        commitment=entry.commitment,
        salt=None if entry.salt is None else entry.salt.hex(),
        personal=msgspec.Raw(personal),
    )


def written(line: EntryLine) -> Written:
    """The entry of a line; raises Broken when a value is not in its form."""
    facts, personal = bytes(line.facts), bytes(line.personal)
    try:
        if canonical_text(facts) != facts:
            raise ValueError("its facts are not in their form")
        salt = None if line.salt is None else bytes.fromhex(line.salt)
        if salt is not None and salt.hex() != line.salt:
            raise ValueError("its salt is not in its form")
        at = time_of(line.at)
        if int(line.xid) < 0 or not -(2**63) <= line.id < 2**63:
            raise ValueError("its numbers are not of the trail")
        fields = None if personal == b"null" else personal.decode()
    except (ValueError, OverflowError, RecursionError) as problem:
        raise Broken(f"{problem}") from None
    return Written(
        *(line.id, line.xid, at, line.actor, line.action, line.source, line.target, line.subject, line.cause),
        facts=facts.decode(),
        commitment=line.commitment,
        salt=salt,
        fields=fields,
    )


def seal_line(seal: Seal) -> SealLine:
    """A block as a line."""
    return SealLine(
        *(seal.block, seal.epoch, seal.first, seal.prev.hex(), seal.hash.hex(), seal.xid, seal.id, seal.top, seal.n),
        total=seal.total,
        leaves=seal.leaves,
        sealed_at=time_text(seal.sealed_at),
    )


def sealed(line: SealLine) -> Seal:
    """The block of a line; raises Broken when a value is not in its form."""
    try:
        prev, digest, at = bytes.fromhex(line.prev), bytes.fromhex(line.hash), time_of(line.sealed_at)
        int(line.xid)
        if (prev.hex(), digest.hex()) != (line.prev, line.hash):
            raise ValueError("its hashes are not in their form")
    except (ValueError, OverflowError) as problem:
        raise Broken(f"{problem}") from None
    return Seal(
        *(line.block, line.epoch, line.first, prev, digest, line.xid, line.id, line.top, line.n, line.total),
        leaves=line.leaves,
        sealed_at=at,
    )


def header(installation: str, after: Seal | None, prev: bytes, names: Mapping[str, dict[str, str]]) -> Header:
    """The first line of an export that takes up the chain after this block; redactions are added by the caller."""
    place = (after.block, prev.hex(), after.epoch, after.total) if after else (0, prev.hex(), 0, 0)
    return Header(FORM, installation, *place, names["source"], names["target"], {})


def digest(raw: bytes) -> str:
    """The SHA-256 of a line, in hexadecimal."""
    return hashlib.sha256(raw).hexdigest()


def base64_text(content: bytes) -> str:
    """Base64, as text."""
    return base64.b64encode(content).decode()

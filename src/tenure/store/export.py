"""An export: whole blocks of the trail as JSON Lines, which can be checked without a database."""

from __future__ import annotations

import base64
import binascii
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

from tenure.store import checkpoints, export_lines, trail
from tenure.store.chain import BLOCK, Seal, Written, genesis, microseconds
from tenure.store.check import Checker, Report, Start
from tenure.store.checkpoints import Checkpoint
from tenure.store.database import Connection, rows
from tenure.store.export_lines import Broken, End, EntryLine, Header, SealLine
from tenure.store.signing import Signer, TrustedKeys

_LONGEST = 64 * 1024 * 1024
"""Bytes of a line that is still read."""


async def lines(
    connection: Connection, signer: Signer, now: datetime, since: datetime | None, until: datetime | None
) -> AsyncIterator[bytes | Checkpoint]:
    """The lines of an export, from a snapshot; the checkpoint that ends it comes last once more, for who keeps it.

    Whole blocks are written: from the first that was sealed at `since` or later, to the first that was sealed at
    `until` or later and holds nothing from before. Raises NoTrail when there is no block, Broken when an entry is not
    one that Tenure wrote.
    """
    installation = await trail.installation_of(connection)
    after = await trail.block_before(connection, since) if since else None
    first = await _header(connection, installation, after)
    yield first
    last, counted, blocks = after, 0, 0
    async for kind, seal, entries in trail.pieces(connection, after):
        if kind != "block" or seal is None:
            continue  # what is not sealed is no evidence; what stands astray, `verify` tells
        for entry in entries:
            yield export_lines.encode(export_lines.entry_line(entry))
        yield export_lines.encode(export_lines.seal_line(seal))
        last, counted, blocks = seal, counted + len(entries), blocks + 1
        if until is not None and _is_over(seal, entries, until):
            break
    if last is None or blocks == 0:
        raise trail.NoTrail("nothing is sealed yet, so there is nothing to export")
    checkpoint = checkpoints.sign(signer, installation, last, now)
    end = End(export_lines.digest(first), counted, blocks, checkpoint, "")
    end.signature = export_lines.base64_text(signer.sign(end.statement))
    yield export_lines.encode(end)
    yield checkpoint


def verify(path: Path, trusted: TrustedKeys, watch: list[tuple[str, Checkpoint]]) -> Report:
    """Check an export with public keys that were kept elsewhere; raises OSError when it cannot be read."""
    with path.open("rb") as file:
        raw = file.readline(_LONGEST)
        try:
            first = export_lines.decode(raw)
            if not isinstance(first, Header):
                raise Broken("it is not the header of an export")
            start = Start(bytes.fromhex(first.prev), first.after_block, first.epoch, first.total)
        except ValueError as problem:
            checker = Checker("", Start(b""), trusted)
            checker.problem("edited" if raw else "missing", f"line 1: {problem}")
            return checker.end()
        checker = Checker(first.installation, start, trusted, watch)
        if first.form != export_lines.FORM or (first.after_block == 0 and start.prev != genesis(first.installation)):
            checker.problem("edited", "line 1: it does not begin the chain of this installation")
        for subject, entry in first.redactions.items():
            checker.redaction(subject, entry)
        _Reading(checker, trusted, export_lines.digest(raw)).read(iter(lambda: file.readline(_LONGEST), b""))
        return checker.end()


async def _header(connection: Connection, installation: str, after: Seal | None) -> bytes:
    names = {
        table: {
            str(r["id"]): str(r["name"]) for r in await rows(connection, f"SELECT id, name FROM {table} ORDER BY id")
        }
        for table in ("source", "target")
    }
    first = export_lines.header(installation, after, after.hash if after else genesis(installation), names)
    first.redactions = await trail.redactions(connection)
    return export_lines.encode(first)


def _is_over(seal: Seal, entries: list[Written], until: datetime) -> bool:
    end = microseconds(until)
    return seal.sealed_at >= end and not any(entry.at is not None and entry.at < end for entry in entries)


class _Reading:
    """Reads the lines after the header, and hands on a block when its seal has come."""

    def __init__(self, checker: Checker, trusted: TrustedKeys, header: str) -> None:
        self._checker, self._trusted, self._header = checker, trusted, header
        self._entries: list[Written] = []
        self._ended = False

    def read(self, lines: Iterator[bytes]) -> None:
        """Read all of them; whatever is wrong goes to the checker."""
        for number, raw in enumerate(lines, start=2):
            try:
                self._line(raw)
            except Broken as broken:
                self._checker.problem("edited", f"line {number}: {broken}")
            if len(self._entries) > 2 * BLOCK:
                self._checker.stray(self._entries)
                self._entries = []
        self._checker.stray(self._entries)
        if not self._ended:
            self._checker.problem("cut", "the export has no end: the line that closes it is not there")

    def _line(self, raw: bytes) -> None:
        line = export_lines.decode(raw)
        if self._ended:
            raise Broken("it stands after the end of the export")
        if isinstance(line, EntryLine):
            self._entries.append(export_lines.written(line))
        elif isinstance(line, SealLine):
            entries, self._entries = self._entries, []
            self._checker.block(export_lines.sealed(line), entries)
        elif isinstance(line, End):
            self._end(line)
        else:
            raise Broken("a second header")

    def _end(self, end: End) -> None:
        self._ended, report = True, self._checker.report
        try:
            signature = base64.b64decode(end.signature, validate=True)
        except (binascii.Error, ValueError):
            signature = b""
        wrong = self._trusted.problem(end.checkpoint.key, end.statement, signature)
        if wrong is not None:
            raise Broken(f"the end of the export cannot be believed: {wrong}")
        if end.header != self._header:
            self._checker.problem("edited", "line 1: the header is not the one that was signed")
        if (end.entries, end.blocks) != (report.entries, report.blocks):
            told = f"{end.entries} entries in {end.blocks} blocks were written"
            self._checker.problem("cut", f"{told}, and there are {report.entries} in {report.blocks}")
        self._checker.checkpoint("the checkpoint at the end of the export", end.checkpoint, self._checker.last)

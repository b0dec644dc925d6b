"""Checking a chain: every entry against its seal, every seal against the one before, every checkpoint against both.

Pure, and fed block by block: from the database or from an export, with a chunk in memory and never all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tenure.store import chain
from tenure.store.audit import commitment
from tenure.store.chain import Seal, Written
from tenure.store.checkpoints import Checkpoint
from tenure.store.signing import TrustedKeys

REDACTED = "person.redacted"
EPOCH_BEGAN = "audit.epoch_began"
MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not verify. `how` is edited, missing, added, reordered or cut; `entry` is its number."""

    how: str
    detail: str
    block: int | None = None
    entry: int | None = None

    def __str__(self) -> str:
        """It in a sentence, with where it is."""
        where = [f"block {self.block}"] if self.block is not None else []
        where += [f"entry {self.entry}"] if self.entry is not None else []
        return f"{', '.join(where) or 'the trail'}: {self.how}: {self.detail}"


@dataclass(slots=True)
class Report:
    """What was checked, and what does not verify (at most 1,000 problems; `found` counts all of them).

    `unsealed` entries are not yet evidence; the oldest was made at `oldest`, in microseconds since 1970. `redacted`
    counts entries whose personal values were removed by a redaction. `end` is the last block and its hash. `begun` are
    the entries that say that a new epoch began: an older database was restored, or somebody cut the end of the chain.
    """

    entries: int = 0
    blocks: int = 0
    epochs: int = 0
    checkpoints: int = 0
    redacted: int = 0
    unsealed: int = 0
    oldest: int | None = None
    end: tuple[int, str] | None = None
    begun: list[Written] = field(default_factory=list)
    found: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def verified(self) -> bool:
        """Whether all of it verifies."""
        return self.found == 0


@dataclass(frozen=True, slots=True)
class Start:
    """Where a chain is taken up: the block before, its hash, its epoch and how many entries were sealed up to it."""

    prev: bytes
    block: int = 0
    epoch: int = 0
    total: int = 0


class Checker:
    """Takes the blocks in order with the entries that lie in them, then the tail; ends with a report."""

    def __init__(
        self, installation: str, start: Start, trusted: TrustedKeys, watch: Iterable[tuple[str, Checkpoint]] = ()
    ) -> None:
        """`watch` are checkpoints that were kept elsewhere, each with what it is called in a problem."""
        self.report = Report()
        self._installation, self._trusted, self._at = installation, trusted, start
        self._start, self._watch = start, list(watch)
        self._reached = {start.block: (start.epoch, start.total, start.prev.hex())}
        self._bare: dict[str | None, list[int]] = {}
        self._redactions: dict[str, int] = {}

    @property
    def last(self) -> tuple[int, int, str] | None:
        """(epoch, total, hash) of the last block; None when there was none."""
        at = self._at
        return (at.epoch, at.total, at.prev.hex()) if self.report.blocks else None

    def problem(self, how: str, detail: str, block: int | None = None, entry: int | None = None) -> None:
        """Note that something does not verify."""
        self.report.found += 1
        if len(self.report.problems) < MOST_PROBLEMS:
            self.report.problems.append(Problem(how, detail, block, entry))

    def redaction(self, subject: str, entry: int) -> None:
        """What entries before this one said of this person may be gone: a redaction said so."""
        self._redactions[subject] = max(entry, self._redactions.get(subject, entry))

    def block(self, seal: Seal, entries: Sequence[Written]) -> None:
        """Check the next block, with all entries that lie in its range."""
        gap = self._follows(seal)
        if seal.hash != chain.block_hash(seal) or seal.n * 40 != len(seal.leaves):
            self.problem("edited", "the seal itself was edited: its hash does not fit it", seal.block)
        leaves = b"".join(self._leaf(entry, seal.block) for entry in entries)
        if leaves != seal.leaves and not gap:
            self._compare(seal, [(entry.id, leaves[i * 40 + 8 : i * 40 + 40]) for i, entry in enumerate(entries)])
        self.report.entries += len(entries)
        self.report.blocks += 1
        self.report.epochs += seal.epoch != self._at.epoch
        self.report.end = (seal.block, seal.hash.hex())
        self._at = Start(seal.hash, seal.block, seal.epoch, seal.total)
        if any(seal.block == checkpoint.block for _, checkpoint in self._watch):
            self._reached[seal.block] = (seal.epoch, seal.total, seal.hash.hex())

    def stray(self, entries: Sequence[Written]) -> None:
        """Entries that stand where no block covers them and none will."""
        for entry in entries:
            self._leaf(entry, None)
            self.problem("added", "it stands where everything was sealed, and no block has it", None, entry.id)

    def tail(self, entries: Sequence[Written]) -> None:
        """Entries that are not sealed yet."""
        for entry in entries:
            self._leaf(entry, None)
            if entry.at is not None:
                self.report.oldest = min(entry.at, self.report.oldest or entry.at)
        self.report.unsealed += len(entries)

    def checkpoint(self, name: str, stated: Checkpoint, block: tuple[int, int, str] | None) -> None:
        """Check a checkpoint against (epoch, total, hash) of its block; None when the chain does not reach it."""
        self.report.checkpoints += 1
        wrong = stated.unsigned_or_edited(self._trusted)
        if wrong is not None:
            self.problem("edited", f"{name} cannot be believed: {wrong}", stated.block)
        elif stated.installation != self._installation:
            self.problem("edited", f"{name} is of another installation, {stated.installation}", stated.block)
        elif block is None:
            end = f"up to block {self._at.block}" if self._at.block else "without a block"
            self.problem("cut", f"{name} says that this block was there; the chain is {end}", stated.block)
        elif block != (stated.epoch, stated.count, stated.hash):
            self.problem("edited", f"{name} was signed for another block of this number", stated.block)

    def end(self) -> Report:
        """Check what can be judged only now, and give the report."""
        for name, checkpoint in self._watch:
            if checkpoint.block < self._start.block:
                begins = f"this begins after block {self._start.block}, so {name} cannot be held against it"
                self.problem("missing", begins, checkpoint.block)
            else:
                self.checkpoint(name, checkpoint, self._reached.get(checkpoint.block))
        for subject, numbers in self._bare.items():
            last = self._redactions.get(subject or "", chain.FROM_THE_START)
            self.report.redacted += sum(number < last for number in numbers)
            for number in numbers:
                if number >= last:
                    self.problem("missing", "its personal values are gone, and no redaction says why", entry=number)
        self.report.problems = _reordered(self.report.problems)
        return self.report

    def _follows(self, seal: Seal) -> bool:
        """Check that the block follows the one before; gives whether blocks are missing in between."""
        if seal.block > self._at.block + 1:
            first, last = self._at.block + 1, seal.block - 1
            self.problem("missing", f"{last - first + 1} blocks are gone" if last > first else "it is gone", first)
            return True
        if seal.block != self._at.block + 1:
            self.problem("reordered", f"it stands after block {self._at.block}", seal.block)
        elif seal.prev != self._at.prev and seal.block == 1:
            self.problem("edited", "it does not begin the chain of this installation", seal.block)
        elif seal.prev != self._at.prev:
            self.problem(
                "edited", f"it follows another block {self._at.block} than is there: one was edited", seal.block
            )
        elif seal.total != self._at.total + seal.n or seal.epoch not in (self._at.epoch, self._at.epoch + 1):
            self.problem("edited", "its counts do not follow those of the block before", seal.block)
        return False

    def _leaf(self, entry: Written, block: int | None) -> bytes:
        """The leaf of an entry, after a look at its personal values."""
        if entry.action == REDACTED and entry.subject is not None:
            self.redaction(entry.subject, entry.id)
        if entry.action == EPOCH_BEGAN and len(self.report.begun) < MOST_PROBLEMS:
            self.report.begun.append(entry)
        if entry.salt is None and entry.fields is None:
            if entry.commitment is not None:
                self._bare.setdefault(entry.subject, []).append(entry.id)
        elif commitment(entry.salt or b"", (entry.fields or "").encode()).hex() != entry.commitment:
            self.problem("edited", "its personal values are not those that were committed to", block, entry.id)
        return entry.id.to_bytes(8, signed=True) + chain.digest(entry)

    def _compare(self, seal: Seal, found: Sequence[tuple[int, bytes]]) -> None:
        """Say which entries of a block are not as they were sealed."""
        before, sealed = self.report.found, dict(seal.entries)
        there: set[int] = set()
        for number, digest in found:
            if number not in sealed or number in there:
                self.problem("added", "it was not there when the block was sealed", seal.block, number)
            elif digest != sealed[number]:
                self.problem("edited", "it is not what was sealed", seal.block, number)
            there.add(number)
        for number in sealed:
            if number not in there:
                self.problem("missing", "it was sealed and is gone", seal.block, number)
        if self.report.found == before:
            pairs = zip((number for number, _ in found), sealed, strict=False)
            moved = next((is_there for is_there, was in pairs if is_there != was), None)
            self.problem("reordered", "the entries of the block stand in another order", seal.block, moved)


def _reordered(problems: list[Problem]) -> list[Problem]:
    """What is missing in one place and was added in another was moved."""
    missing = {p.entry: p for p in problems if p.how == "missing" and p.entry is not None}
    moved = {p.entry: p for p in problems if p.how == "added" and p.entry in missing}
    told = [p for p in problems if not (p.entry in moved and p.how in ("missing", "added"))]
    for number, added in moved.items():
        there = f"in block {added.block}" if added.block is not None else "outside of any block"
        was = missing[number].block
        told.append(Problem("reordered", f"it was sealed in this block and stands {there} now", was, number))
    return told

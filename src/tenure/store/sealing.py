"""One process's part in sealing: it adds blocks, signs checkpoints, and remembers what the chain has to hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from tenure.store import checkpoints, estate
from tenure.store.chain import Seal
from tenure.store.checkpoints import Checkpoint, NoCheckpoint
from tenure.store.database import Database
from tenure.store.seal import Known, Step, last_seal, seal_next
from tenure.store.signing import Signer, TrustedKeys

CHECKPOINT_BLOCKS = 1000
CHECKPOINT_EVERY = timedelta(hours=1)


class Sealing:
    """Adds to the chain of one database; without a key no checkpoints are signed."""

    def __init__(self, database: Database, signer: Signer | None) -> None:
        """Nothing happens before `open`."""
        self._database = database
        self._signer = signer
        self._installation: UUID | None = None
        self._known: Known | None = None

    async def open(self, now: datetime) -> str | None:
        """Make the key known, and read which block was the last one; gives what is wrong with that, if anything."""
        self._installation = await estate.installation(self._database, now)
        if self._signer is None:
            return None
        async with self._database.transaction() as connection:
            await checkpoints.register(connection, self._signer, now)
        try:
            kept = checkpoints.kept(self._signer.folder)
        except NoCheckpoint as unusable:
            return str(unusable)
        if kept is None:
            return None
        if kept.installation != str(self._installation):
            return f"the kept checkpoint is of another installation, {kept.installation}"
        problem = kept.unsigned_or_edited(TrustedKeys([self._signer.public]))
        if problem is None:
            signed = {"checkpoint": kept.statement.decode(), "signature": kept.signature}
            self._known = Known(kept.block, bytes.fromhex(kept.hash), signed)
        return f"the kept checkpoint is not used: {problem}" if problem else None

    async def advance(self, now: datetime, *, wait: bool = False) -> Step | None:
        """Add a block, if there is something to seal; another process that seals is waited for only with `wait`."""
        assert self._installation is not None, "open it first"
        async with self._database.transaction() as connection:
            step = await seal_next(connection, self._installation, self._known, now, wait=wait)
        if step is not None:
            self._known = Known(step.seal.block, step.seal.hash)
        return step

    def keep(self, seal: Seal, now: datetime) -> None:
        """Keep a signed checkpoint of this block in the data folder: if the database goes back, it tells."""
        if self._signer is not None and self._installation is not None:
            checkpoints.keep(self._signer.folder, checkpoints.sign(self._signer, self._installation, seal, now))

    async def checkpoint(self, now: datetime, *, at_least: bool = False, of: Seal | None = None) -> Checkpoint | None:
        """Sign a checkpoint of the end of the chain, or of the block `of`, and enter it in the database.

        Without `at_least` that is done when there are 1,000 new blocks, or new ones and an hour has gone. None when
        it was not done.
        """
        async with self._database.transaction() as connection:
            seal = of or await last_seal(connection)
            before = await checkpoints.last(connection)
            if seal is None or self._signer is None or self._installation is None:
                return None
            block, at = before or (0, datetime.min.replace(tzinfo=now.tzinfo))
            due = abs(seal.block - block) >= CHECKPOINT_BLOCKS or (seal.block != block and now - at >= CHECKPOINT_EVERY)
            if not due and not at_least:
                return None
            signed = checkpoints.sign(self._signer, self._installation, seal, now)
            await checkpoints.save(connection, signed, now)
        if of is None:
            checkpoints.keep(self._signer.folder, signed)
        return signed

"""The sealer: adds what was written to the audit trail to its chain, every second or when something happened."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta

import structlog

from tenure.model.clock import Clock
from tenure.store.chain import BLOCK, Seal
from tenure.store.database import Database, DatabaseAway
from tenure.store.seal import oldest_unsealed
from tenure.store.sealing import Sealing
from tenure.store.signing import Signer

log = structlog.get_logger()
_LOOK_EVERY = 1.0
_PAUSE = 0.2
_LATE = timedelta(seconds=10)
_ALARM_EVERY = timedelta(minutes=1)


class Sealer:
    """Seals in this process, beside any number of others: one at a time adds a block."""

    def __init__(self, database: Database, clock: Clock, signer: Signer | None) -> None:
        """Without a signer the chain grows, and no checkpoints of it are signed."""
        self._database, self._clock = database, clock
        self._sealing = Sealing(database, signer)
        self._ready = False
        self._alarmed: datetime | None = None

    async def run(self, woken: asyncio.Event) -> None:
        """Seal until cancelled: when woken, at most five times a second, and every second anyway."""
        while True:
            woken.clear()
            try:
                await self.seal()
                await self._watch()
            except DatabaseAway as error:
                self._ready = False
                log.warning("the database is away", why=str(error))
            except Exception:
                log.exception("sealing the audit trail failed")
            await asyncio.sleep(_PAUSE)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), _LOOK_EVERY - _PAUSE)

    async def seal(self) -> None:
        """Seal everything that can be sealed now, and sign checkpoints when they are due."""
        await self._open()
        last: Seal | None = None
        while step := await self._sealing.advance(self._clock.now()):
            last = step.seal
            if step.why is not None:
                log.error("a new epoch of the audit trail begins", epoch=last.epoch, block=last.block, why=step.why)
            if 0 < last.n < BLOCK:
                break
        if last is not None:
            await asyncio.to_thread(self._sealing.keep, last, self._clock.now())
            await self._sealing.checkpoint(self._clock.now())

    async def end(self) -> None:
        """Seal what is left, and sign a checkpoint of it."""
        try:
            await self.seal()
            await self._sealing.checkpoint(self._clock.now(), at_least=True)
        except (DatabaseAway, OSError) as error:
            log.error("the end of the audit trail was not sealed", why=str(error))

    async def _open(self) -> None:
        if self._ready:
            return
        trouble = await self._sealing.open(self._clock.now())
        if trouble is not None:
            log.error("it cannot be told whether an older database was restored", why=trouble)
        self._ready = True

    async def _watch(self) -> None:
        """Say it when entries wait too long: somebody holds a transaction open, or nobody seals."""
        async with self._database.transaction() as connection:
            oldest = await oldest_unsealed(connection)
        now = self._clock.now()
        if oldest is None or now - oldest <= _LATE:
            self._alarmed = None
        elif self._alarmed is None or now - self._alarmed >= _ALARM_EVERY:
            self._alarmed = now
            log.error("the audit trail is not sealed in time", seconds=(now - oldest).total_seconds())

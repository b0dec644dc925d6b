"""When sources are read by themselves: each as often as the estate says, by whichever process comes first."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from tenure.engine.intake import Intake
from tenure.engine.pull import PulledSource, pull
from tenure.model.error import TargetError
from tenure.model.reading import NotRead
from tenure.store import pulls
from tenure.store.database import DatabaseAway

log = structlog.get_logger()
_LOOK_EVERY = 5.0


class Pulls:
    """Reads the sources of an estate that are due."""

    def __init__(self, intake: Intake, sources: Mapping[str, PulledSource]) -> None:
        """`sources` are all that are read, by name; those without `every` are left to `tenure pull`."""
        self.intake, self.sources = intake, sources

    async def run(self) -> None:
        """Look what is due, until cancelled."""
        while any(source.every for source in self.sources.values()):
            await self.look()
            await self.intake.clock.sleep(_LOOK_EVERY)

    async def look(self) -> None:
        """Read each source whose last reading, however it ended, is long enough ago."""
        for source in self.sources.values():
            try:
                if await self._due(source):
                    await self._read(source)
            except (pulls.BeingRead, DatabaseAway) as problem:
                log.info("not read now", source=source.told.name, why=str(problem) or "it is being read")
            except Exception:
                log.exception("a reading failed", source=source.told.name)

    async def _due(self, source: PulledSource) -> bool:
        if source.every is None:
            return False
        async with self.intake.database.transaction() as connection:
            last = await pulls.last(connection, source.told.id)
        return last is None or last.read_at + source.every <= self.intake.clock.now()

    async def _read(self, source: PulledSource) -> None:
        try:
            found = await pull(self.intake, source)
        except (NotRead, TargetError) as problem:
            log.warning("source not read", source=source.told.name, why=str(problem))
            return
        log.info("source read", source=source.told.name, new=found.new, changed=found.changed, missing=found.missing,
                 gone=found.gone, waiting=len(found.waiting), held=found.held, **found.extent.parts())  # fmt: skip

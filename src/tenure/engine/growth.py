"""Growth: while much comes in, the database is told how its tables have grown."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from tenure.store.database import Database, DatabaseAway
from tenure.store.statistics import analyse_grown

log = structlog.get_logger()
_PAUSE = 1.0
_LOOK_EVERY = 60.0


async def analyse_while_growing(database: Database, woken: asyncio.Event) -> None:
    """Look until cancelled: when woken, at most once a second, and once a minute anyway."""
    while True:
        woken.clear()
        try:
            grown = await analyse_grown(database)
            if grown:
                log.debug("tables were analysed", tables=grown)
        except DatabaseAway as error:
            log.warning("the database is away", why=str(error))
        except Exception:
            log.exception("analysing tables failed")
        await asyncio.sleep(_PAUSE)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(woken.wait(), _LOOK_EVERY)

"""What a decision about an idle seat leaves behind: an approved one is not given again, a rejected one not proposed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from tenure.model.held import HeldLeaf
from tenure.model.veto import IDLE, MEMBER, PRESENT
from tenure.planning.inversion import Inverse
from tenure.planning.reconciliation import sent_hash
from tenure.store import decisions, idle
from tenure.store.database import Connection

FOR_EVER = timedelta(days=36_500)
"""Nobody is asked again whether a seat that was taken from somebody who did not come is to be given back."""


async def approved(
    connection: Connection, target: int, leaves: Iterable[HeldLeaf], decision: int, now: datetime
) -> None:
    """The groups that these people leave are not given again until a person says so, or no rule asks for them."""
    for leaf in leaves:
        for inverse in map(Inverse.of_data, leaf.inverses):
            if inverse.cell.startswith(MEMBER):
                await decisions.refuse(
                    connection, target, UUID(leaf.subject), inverse.cell, sent_hash(PRESENT), decision, now,
                    keep=inverse.keep, lasts=FOR_EVER,
                )  # fmt: skip


async def rejected(
    connection: Connection, target: int, leaves: Iterable[HeldLeaf], decision: int, now: datetime
) -> None:
    """These people are not proposed again until they come, or the rejection is old."""
    for leaf in leaves:
        who = UUID(leaf.subject)
        used = await idle.last_used(connection, target, who)
        value = used.isoformat() if used else ""
        await decisions.refuse(connection, target, who, IDLE, sent_hash(value), decision, now)

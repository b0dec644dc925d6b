"""The state of each target: running or stopped, its rate, and the epochs of its shards."""

from __future__ import annotations

from datetime import datetime

from tenure.model.seen import Health
from tenure.store.database import Connection, Row, row


class Stolen(Exception):
    """Another process owns the shard by now: what this one was about to write is void."""


class Outdated(Exception):
    """A newer estate was activated: what this process plans by the older one is void, for as long as it runs."""


async def state(connection: Connection, target: int) -> Row:
    """The row of a target."""
    found = await row(connection, "SELECT * FROM target WHERE id = %s", target)
    assert found is not None
    return found


async def stop(connection: Connection, target: int, reason: str, probe_at: datetime) -> None:
    """Send nothing more to this target until a probe succeeds."""
    await connection.execute(
        "UPDATE target SET state = 'stopped', stop_reason = %s, probe_at = %s WHERE id = %s", (reason, probe_at, target)
    )


async def checked(connection: Connection, target: int, health: Health, now: datetime) -> None:
    """Keep what a check found; a healthy target runs."""
    await connection.execute(
        """UPDATE target SET checked_at = %s, account = coalesce(%s, account), server_id = coalesce(%s, server_id),
            version = coalesce(%s, version), state = CASE WHEN %s THEN 'running' ELSE state END,
            stop_reason = CASE WHEN %s THEN NULL ELSE stop_reason END
        WHERE id = %s""",
        (now, health.account, health.server_id, health.version, health.ok, health.ok, target),
    )


async def pin(connection: Connection, target: int, health: Health, url: str) -> str | None:
    """Pin a target to the server that answers, at the first check; later, say when another one does.

    A restored copy or a swapped address is another server: nothing is written there until a person says that it is
    meant. Gives the caution, which is kept.
    """
    known = await state(connection, target)
    another = another_server(known, health, url)
    caution = another or health.caution
    if known["pinned_url"] is None:
        await connection.execute(
            "UPDATE target SET pinned_url = %s, pinned_server_id = %s WHERE id = %s", (url, health.server_id, target)
        )
    elif another is None and known["pinned_url"] != url:
        await connection.execute("UPDATE target SET pinned_url = %s WHERE id = %s", (url, target))
    await connection.execute("UPDATE target SET caution = %s WHERE id = %s", (caution, target))
    return caution


def another_server(known: Row, health: Health, url: str) -> str | None:
    """A sentence when the server that answers is not the one that the target's row is pinned to; else None."""
    pinned, found = known["pinned_server_id"], health.server_id
    if known["pinned_url"] is None or not (pinned != found or (found is None and known["pinned_url"] != url)):
        return None
    return f"another server answers at {url}: its id is {found or 'not told'}, and {pinned or 'none'} was known"


def why_closed(known: Row) -> str | None:
    """Why nothing is written at a target now, by its row: somebody froze it, or it is not what we know."""
    if known["frozen_at"] is not None:
        return f"frozen by {known['frozen_by']} at {known['frozen_at']:%Y-%m-%d %H:%M} UTC: nothing is written"
    return f"{known['caution']}: nothing is written" if known["caution"] else None


async def take_tokens(
    connection: Connection, target: int, per_second: float, burst: float, wanted: float, now: datetime
) -> float:
    """Take up to `wanted` requests out of the target's bucket, which all processes share; gives how many."""
    cursor = await connection.execute(
        """UPDATE target SET tokens = b.full - least(b.full, %(wanted)s), tokens_at = %(now)s
        FROM (SELECT id, greatest(0, least(%(burst)s, tokens + %(rate)s * greatest(0,
                  extract(epoch FROM %(now)s - coalesce(tokens_at, %(now)s - interval '1 minute'))))) AS full
              FROM target WHERE id = %(target)s FOR UPDATE) b
        WHERE target.id = b.id RETURNING least(b.full, %(wanted)s)""",
        {"wanted": wanted, "now": now, "burst": burst, "rate": per_second, "target": target},
    )
    found = await cursor.fetchone()
    return float(found[0]) if found else 0.0


async def begin_epoch(connection: Connection, target: int, shard: int) -> int:
    """A new owner of a shard; whoever held it before can no longer write intents."""
    cursor = await connection.execute(
        """INSERT INTO shard (target, shard, epoch) VALUES (%s, %s, 1)
        ON CONFLICT (target, shard) DO UPDATE SET epoch = shard.epoch + 1 RETURNING epoch""",
        (target, shard),
    )
    found = await cursor.fetchone()
    assert found is not None
    return int(found[0])


async def still_owned(connection: Connection, target: int, shard: int, epoch: int) -> None:
    """Raise Stolen unless the epoch is still the shard's, and keep it so until this transaction ends."""
    found = await row(connection, "SELECT epoch FROM shard WHERE target = %s AND shard = %s FOR SHARE", target, shard)
    if found is None or found["epoch"] != epoch:
        raise Stolen(f"shard {shard} of target {target}")


async def still_current(connection: Connection, revision: int) -> None:
    """Raise Outdated when an estate newer than this revision was activated."""
    found = await row(connection, "SELECT max(id) AS newest FROM estate_revision")
    if found is not None and found["newest"] is not None and found["newest"] != revision:
        raise Outdated(f"estate revision {found['newest']} is active, not {revision}: restart this process with it")

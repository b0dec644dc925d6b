"""What groups open at a target, as it was last read of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from tenure.model.opening import Opening, RightsRead
from tenure.model.seen import GroupOpens, RightSeen
from tenure.store.database import Connection, row, rows

POPULATION = "rights"
"""What the reading of it is called among the readings, and the mark by which it is asked for."""


async def save(
    connection: Connection, target: int, opened: Sequence[GroupOpens], canon: Callable[[str], str], now: datetime
) -> None:
    """Keep what groups were seen to open, by a reading that began at `now`."""
    async with connection.cursor() as cursor:
        await cursor.executemany(
            """INSERT INTO seen_right (target, canon, kind, what, level, seen_at) VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (target, canon, kind, what, level) DO UPDATE SET seen_at = excluded.seen_at""",
            [(target, canon(one.group), one.right.kind, one.right.what, one.right.level, now) for one in opened],
        )


async def end_whole(connection: Connection, target: int, started: datetime) -> None:
    """After a whole reading: what it did not see is not there, and of every group it is known what it opens."""
    await connection.execute("DELETE FROM seen_right WHERE target = %s AND seen_at < %s", (target, started))
    await connection.execute("UPDATE seen_group SET rights_at = %s WHERE target = %s", (started, target))


async def last(connection: Connection, target: int) -> RightsRead | None:
    """The last reading of what groups open that ended, whole or not."""
    found = await row(
        connection,
        """SELECT ended_at, problem, proof->'unknown' AS unknown FROM reading
        WHERE target = %s AND population = %s AND ended_at IS NOT NULL ORDER BY id DESC LIMIT 1""",
        target,
        POPULATION,
    )
    return RightsRead(found["ended_at"], found["problem"] or "", tuple(found["unknown"] or ())) if found else None


async def of_group(connection: Connection, target: int, canon: str, gives: frozenset[str]) -> Opening:
    """What is known of what one group opens; `gives` is what the application shows with the group itself."""
    group = await row(connection, "SELECT rights_at FROM seen_group WHERE target = %s AND canon = %s", target, canon)
    found = await rows(
        connection,
        "SELECT kind, what, level FROM seen_right WHERE target = %s AND canon = %s ORDER BY kind, what, level",
        target,
        canon,
    )
    return Opening(
        gives,
        tuple(RightSeen(r["kind"], r["what"], r["level"]) for r in found),
        group["rights_at"] if group else None,
        await last(connection, target),
    )


async def known(connection: Connection, target: str, canon: str) -> Opening | None:
    """What is known of what a group opens, by the names of both; None when no such target or group was seen."""
    found = await row(
        connection,
        """SELECT g.target, g.canon, g.gives FROM seen_group g JOIN target t ON t.id = g.target
        WHERE t.name = %s AND g.canon = %s""",
        target,
        canon,
    )
    return await of_group(connection, found["target"], found["canon"], frozenset(found["gives"])) if found else None


async def covers_all(connection: Connection, target: int, *, since: datetime) -> bool:
    """Whether a reading ended since then that answers all who wait for one: it failed, or covers their groups."""
    found = await last(connection, target)
    if found is None or found.at < since:
        return False
    uncovered = await row(
        connection,
        """SELECT p.id FROM plan p LEFT JOIN seen_group g ON g.target = p.target AND 'group:' || g.canon = p.subject
        WHERE p.target = %s AND p.current AND p.waiting AND p.waits_on @> %s AND g.rights_at IS NULL LIMIT 1""",
        target,
        [POPULATION],
    )
    return bool(found.problem) or uncovered is None


async def groups_that_wait(connection: Connection, target: int) -> list[str]:
    """The subjects of the groups whose current plan waits for anything."""
    found = await rows(
        connection,
        "SELECT subject FROM plan WHERE target = %s AND current AND waiting AND subject LIKE %s ORDER BY subject",
        target,
        "group:%",
    )
    return [r["subject"] for r in found]

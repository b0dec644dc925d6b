"""Certifications: what is about to be made, what was found, and how far each target is certified now."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from tenure.model.certification import Certification, Standing, Verdict
from tenure.store.database import Connection, row, rows
from tenure.store.estate import NotActivated

_STANDINGS = """
SELECT t.name, t.mode, c.verdict, c.ended_at AS at, c.version,
       t.server_id IS NULL AND t.pinned_url IS NULL
           OR coalesce(c.server_id, c.url) = coalesce(t.server_id, t.pinned_url) AS same_server,
       t.version IS NULL OR c.version IS NOT DISTINCT FROM t.version AS same_version,
       coalesce(u.names, '{}') AS uncleared
FROM target t
LEFT JOIN LATERAL (SELECT * FROM certification WHERE target = t.id AND verdict IN ('certified', 'not-as-expected')
                   ORDER BY id DESC LIMIT 1) c ON true
LEFT JOIN LATERAL (SELECT array_agg(account ORDER BY id) AS names FROM certification
                   WHERE target = t.id AND cleared_at IS NULL AND account IS NOT NULL) u ON true
WHERE t.retired_at IS NULL ORDER BY t.name
"""


@dataclass(frozen=True, slots=True)
class Uncleared:
    """What a certification wrote down that it would make, and of which it was not seen that it is gone."""

    id: int
    account: str
    account_key: str | None
    group_name: str


async def target_number(connection: Connection, name: str, kind: str, now: datetime) -> int:
    """The number of the target. One that no active estate names yet gets one, and is retired until an estate does.

    Raises NotActivated when the name belongs to another kind of application.
    """
    await connection.execute(
        """INSERT INTO target (name, kind, mode, made_at, retired_at) SELECT %s, %s, 'observe', %s, %s
        WHERE NOT EXISTS (SELECT FROM target WHERE name = %s)""",
        (name, kind, now, now, name),
    )
    known = await row(connection, "SELECT id, kind FROM target WHERE name = %s", name)
    assert known is not None
    if known["kind"] != kind:
        raise NotActivated(f"{name} is the name of an application of kind {known['kind']}: give this one another name")
    return int(known["id"])


async def begin(
    connection: Connection, target: int, certification: Certification, account: str | None, group: str | None
) -> int:
    """Write down that a certification begins, and the names that it will use; None for one that only reads."""
    found = await row(
        connection,
        """INSERT INTO certification
            (target, began_at, began_by, mode, url, server_id, version, account, group_name, cleared_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, CASE WHEN %s::text IS NULL THEN %s::timestamptz END)
        RETURNING id""",
        target, certification.began_at, certification.by, certification.mode, certification.url,
        certification.server_id, certification.version, account, group, account, certification.began_at,
    )  # fmt: skip
    assert found is not None
    return int(found["id"])


async def made(connection: Connection, number: int, key: str) -> None:
    """Keep the key of the account that a certification made."""
    await connection.execute("UPDATE certification SET account_key = %s WHERE id = %s", (key, number))


async def cleared(connection: Connection, number: int, now: datetime) -> None:
    """It was seen that nothing is left of what a certification made."""
    await connection.execute("UPDATE certification SET cleared_at = %s WHERE id = %s", (now, number))


async def end(connection: Connection, number: int, found: Certification) -> None:
    """Keep what a certification found."""
    await connection.execute(
        """UPDATE certification SET ended_at = %s, verdict = %s, why = %s, remains = %s, steps = %s WHERE id = %s""",
        (
            found.ended_at, found.verdict.value, found.why, list(found.remains),
            Jsonb([asdict(step) for step in found.steps]), number,
        ),
    )  # fmt: skip


async def uncleared(connection: Connection, target: int, server_id: str | None, url: str) -> list[Uncleared]:
    """What earlier certifications of this server may have left there."""
    found = await rows(
        connection,
        """SELECT id, account, account_key, group_name FROM certification WHERE target = %s AND cleared_at IS NULL
        AND coalesce(server_id, url) = coalesce(%s, %s) ORDER BY id""",
        target,
        server_id,
        url,
    )
    return [Uncleared(**one) for one in found]


async def standings(connection: Connection) -> dict[str, Standing]:
    """How far each target that is not retired is certified, by its name."""
    found = {}
    for one in await rows(connection, _STANDINGS):
        name, verdict, names = one.pop("name"), one.pop("verdict"), one.pop("uncleared")
        found[name] = Standing(**one, verdict=Verdict(verdict) if verdict else None, uncleared=tuple(names))
    return found

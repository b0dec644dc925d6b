"""What `tenure doctor` asks the database: of itself, and of the house in it. Reads only, and needs no migration."""

from __future__ import annotations

from tenure.model.checkup import DatabaseFacts, Revision
from tenure.model.clock import Clock
from tenure.store.database import Connection, row
from tenure.store.schema import head
from tenure.store.vitals import migrated_to


async def database_facts(connection: Connection, clock: Clock) -> DatabaseFacts:
    """Version, migration and clock of the database."""
    at = await migrated_to(connection)
    before = clock.now()
    found = await row(connection, "SELECT clock_timestamp() AS at")
    assert found is not None
    middle = before + (clock.now() - before) / 2
    return DatabaseFacts(connection.info.server_version, at, head(), (found["at"] - middle).total_seconds())


async def active_revision(connection: Connection) -> Revision | None:
    """The newest revision of the configuration; None before the first."""
    found = await row(connection, "SELECT id, digest, activated_at FROM estate_revision ORDER BY id DESC LIMIT 1")
    return Revision(found["id"], bytes(found["digest"]), found["activated_at"]) if found else None

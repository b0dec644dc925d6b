"""Tables that grow fast are analysed without waiting for PostgreSQL's own look, once a minute."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest

from tenure.store.database import Database
from tenure.store.statistics import analyse_grown

FILL = """INSERT INTO identity (id, source, user_name, user_name_canon, active, doc, doc_canon, created_at, modified_at)
SELECT gen_random_uuid(), 1, n, n, true, '{"userName": "x"}', '{}', now(), now()
FROM generate_series(%s::int, %s::int) n
"""


async def grown(database: Database, first: int, last: int) -> list[str]:
    """Add people, and give what was analysed as soon as the database has counted them."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(FILL, (first, last))
        connection.execute("SELECT pg_stat_force_next_flush()")
    return await analyse_grown(database)


@pytest.fixture
async def house(database: str) -> AsyncIterator[Database]:
    """A database with one source, and nobody in it."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO source (name, kind, made_at) VALUES ('okta', 'scim', now())")
    opened = Database(database, connections=1)
    await opened.open()
    yield opened
    await opened.close()


async def test_a_table_is_analysed_when_it_is_new_and_when_it_has_grown_fivefold(house: Database) -> None:
    assert await grown(house, 1, 100) == [], "too few to matter"
    assert await grown(house, 101, 400) == ["identity"]
    assert await analyse_grown(house) == []
    assert await grown(house, 401, 1000) == [], "not fivefold yet"
    assert await grown(house, 1001, 2300) == ["identity"]
    row = (await house.rows("SELECT reltuples::int AS n FROM pg_class WHERE relname = 'identity'"))[0]
    assert row["n"] == 2300


async def test_a_locked_table_is_left_for_later(house: Database) -> None:
    with psycopg.connect(house.dsn) as holder:
        holder.execute(FILL, (1, 300))
        holder.commit()
        holder.execute("SELECT pg_stat_force_next_flush()")
        holder.commit()
        holder.execute("LOCK TABLE identity IN SHARE MODE")
        async with asyncio.timeout(5):
            await analyse_grown(house)
        holder.rollback()
    async with asyncio.timeout(5):
        assert await analyse_grown(house) == ["identity"]

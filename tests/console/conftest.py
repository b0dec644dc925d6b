"""A filled house for the console's tests: filled once, and copied for each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from copy import deepcopy

import psycopg
import pytest

from tenure.store.database import Database

from .filling import Filling, fill


@pytest.fixture(scope="session")
def filled(postgres_dsn: str) -> Filling:
    """What is in the database `filled`."""
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE filled TEMPLATE migrated STRATEGY file_copy")
    return asyncio.run(_filled(postgres_dsn.replace("dbname=tenure", "dbname=filled")))


async def _filled(dsn: str) -> Filling:
    database = Database(dsn, connections=1)
    await database.open()
    filling = await fill(database)
    await database.close()
    return filling


@pytest.fixture
def database(request: pytest.FixtureRequest, make_database: Callable[..., str]) -> str:
    """A database of its own: a filled one for a test that asks for the filling, else an empty one."""
    if "filling" not in request.fixturenames:
        return make_database()
    request.getfixturevalue("filled")
    return make_database("filled")


@pytest.fixture
async def store(database: str) -> AsyncIterator[Database]:
    found = Database(database, connections=4)
    await found.open()
    yield found
    await found.close()


@pytest.fixture
def filling(filled: Filling) -> Filling:
    return deepcopy(filled)

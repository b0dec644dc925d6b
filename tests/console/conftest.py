"""A filled house for the console's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tenure.store.database import Database

from .filling import Filling, fill


@pytest.fixture
async def store(database: str) -> AsyncIterator[Database]:
    found = Database(database, connections=4)
    await found.open()
    yield found
    await found.close()


@pytest.fixture
async def filling(store: Database) -> Filling:
    return await fill(store)

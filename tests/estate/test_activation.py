"""Activating an estate: revisions, the numbers of names, tokens, marks; and the installation's console token."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tenure.estate.document import Estate
from tenure.model.capability import Mode
from tenure.store import estate as store
from tenure.store import overview
from tenure.store.database import Database

from .parts import ENVIRONMENT, SMALL, loaded

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
async def db(database: str) -> AsyncIterator[Database]:
    opened = Database(database)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return loaded(tmp_path, SMALL)


def renewed(estate: Estate, **changed: Any) -> Estate:
    """Another document: the same estate with other parts."""
    text = estate.document + "#"
    return replace(estate, document=text, digest=hashlib.sha256(text.encode()).digest(), **changed)


async def marked(db: Database) -> dict[tuple[int, str], bool]:
    """The marks by target and subject, with whether a cause is known; they are removed."""
    found = await db.rows("DELETE FROM due RETURNING target, subject, cause")
    return {(row["target"], row["subject"]): row["cause"] is not None for row in found}


async def test_the_first_activation(db: Database, estate: Estate) -> None:
    done = await store.activate(db, estate, "serve", NOW)
    assert (set(done.sources), set(done.targets)) == ({"okta"}, {"jira"})
    (revision,) = await db.rows("SELECT * FROM estate_revision")
    assert (revision["id"], revision["document"], revision["activated_by"]) == (done.revision, SMALL, "serve")
    assert bytes(revision["digest"]) == estate.digest
    (target,) = await db.rows("SELECT * FROM target")
    assert (target["id"], target["kind"], target["mode"]) == (done.targets["jira"], "jira", "observe")
    (token,) = await db.rows("SELECT * FROM source_token")
    assert token["source"] == done.sources["okta"]
    assert bytes(token["hash"]) == hashlib.sha256(ENVIRONMENT["OKTA_SCIM_TOKEN"].encode()).digest()
    number = done.targets["jira"]
    assert await marked(db) == {(number, "scope:all"): True, (number, "reading"): True}
    (entry,) = await db.rows("SELECT actor, action, facts FROM audit")
    assert (entry["actor"], entry["action"], entry["facts"]["revision"]) == ("serve", "estate.activated", done.revision)


async def test_the_same_document_again_is_no_revision_and_reads_anew(db: Database, estate: Estate) -> None:
    first = await store.activate(db, estate, "serve", NOW)
    await marked(db)
    assert await store.activate(db, estate, "serve", LATER) == first
    assert await marked(db) == {(first.targets["jira"], "reading"): False}
    assert len(await db.rows("SELECT 1 FROM estate_revision")) == 1


async def test_an_older_document_again_is_a_new_revision(db: Database, estate: Estate) -> None:
    numbers = [(await store.activate(db, one, "serve", NOW)).revision for one in (estate, renewed(estate), estate)]
    assert numbers == sorted(set(numbers))


async def test_another_mode_is_written_and_a_new_token_takes_the_place_of_the_old(
    db: Database, estate: Estate, tmp_path: Path
) -> None:
    first = await store.activate(db, estate, "serve", NOW)
    other = loaded(tmp_path, SMALL + "    mode: full\n", environment=ENVIRONMENT | {"OKTA_SCIM_TOKEN": "n" * 20})
    second = await store.activate(db, other, "serve", LATER)
    assert (second.sources, second.targets) == (first.sources, first.targets)
    assert [row["mode"] for row in await db.rows("SELECT mode FROM target")] == [Mode.FULL.value]
    (token,) = await db.rows("SELECT hash, since FROM source_token")
    assert (bytes(token["hash"]), token["since"]) == (hashlib.sha256(b"n" * 20).digest(), LATER)


async def test_a_token_that_changes_without_the_document_counts_at_once(
    db: Database, estate: Estate, tmp_path: Path
) -> None:
    first = await store.activate(db, estate, "serve", NOW)
    other = loaded(tmp_path, SMALL, environment=ENVIRONMENT | {"OKTA_SCIM_TOKEN": "n" * 20})
    assert (await store.activate(db, other, "serve", LATER)).revision == first.revision
    (token,) = await db.rows("SELECT hash FROM source_token")
    assert bytes(token["hash"]) == hashlib.sha256(b"n" * 20).digest()


async def test_a_name_that_goes_is_retired_and_one_that_returns_is_the_same(db: Database, estate: Estate) -> None:
    first = await store.activate(db, estate, "serve", NOW)
    await marked(db)
    empty = await store.activate(db, renewed(estate, targets={}, sources={}), "serve", LATER)
    assert (empty.sources, empty.targets) == ({}, {})
    assert await marked(db) == {}
    assert [row["retired_at"] for row in await db.rows("SELECT retired_at FROM target")] == [LATER]
    assert await db.rows("SELECT 1 FROM source_token") == []
    again = await store.activate(db, estate, "serve", LATER)
    assert (again.sources, again.targets) == (first.sources, first.targets)
    assert [row["retired_at"] for row in await db.rows("SELECT retired_at FROM target")] == [None]
    assert [row["retired_at"] for row in await db.rows("SELECT retired_at FROM source")] == [None]


async def test_a_name_keeps_its_kind(db: Database, estate: Estate) -> None:
    await store.activate(db, estate, "serve", NOW)
    changed = {"jira": replace(estate.targets["jira"], kind="crowd")}
    with pytest.raises(store.NotActivated, match="target jira was of kind jira and is now of kind crowd"):
        await store.activate(db, renewed(estate, sources={}, targets=changed), "serve", LATER)
    assert len(await db.rows("SELECT 1 FROM estate_revision")) == 1
    assert [row["retired_at"] for row in await db.rows("SELECT retired_at FROM source")] == [None]


async def test_processes_that_start_together_agree(db: Database, estate: Estate) -> None:
    done = await asyncio.gather(*(store.activate(db, estate, "serve", NOW) for _ in range(6)))
    assert len({activation.revision for activation in done}) == 1
    assert len(await db.rows("SELECT 1 FROM source_token")) == 1


async def test_the_installation_is_made_once_and_its_console_opens_to_the_token_that_was_set_last(db: Database) -> None:
    assert await console_opens_to(db) is None
    assert len(set(await asyncio.gather(*(store.installation(db, NOW) for _ in range(4))))) == 1
    nobodys = await console_opens_to(db)
    for token in ("one", "two"):
        await store.set_console_token(db, hashlib.sha256(token.encode()).digest(), NOW)
    assert nobodys is not None
    assert await console_opens_to(db) == hashlib.sha256(b"two").digest() != nobodys
    assert len(await db.rows("SELECT 1 FROM installation")) == 1


async def console_opens_to(db: Database) -> bytes | None:
    async with db.transaction() as connection:
        return await overview.console_token_hash(connection)

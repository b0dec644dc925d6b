"""Sealing beside writers: nothing is missed, nothing is sealed twice, and a kill or a restore leaves a chain."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from structlog.testing import capture_logs
from tests.audit.trail_world import START, check, entry, make_trail, said, seal, tamper, write

from tenure.engine.sealer import Sealer
from tenure.store import audit, checkpoints
from tenure.store import seal as sealing_module
from tenure.store.database import Database, connect
from tenure.store.sealing import Sealing
from tenure.store.signing import Signer


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


def sealed_numbers(dsn: str) -> list[int]:
    """The number of every entry that a block has, in order."""
    with psycopg.connect(dsn) as connection:
        leaves = b"".join(leaf for (leaf,) in connection.execute("SELECT leaves FROM seal ORDER BY block"))
    return [int.from_bytes(leaves[i : i + 8], signed=True) for i in range(0, len(leaves), 40)]


def numbers(dsn: str) -> list[int]:
    """The number of every entry."""
    with psycopg.connect(dsn) as connection:
        return [number for (number,) in connection.execute("SELECT id FROM audit ORDER BY id")]


def bulk(dsn: str, count: int) -> None:
    """Write many entries in one statement."""
    with psycopg.connect(dsn) as connection:
        connection.execute(
            "INSERT INTO audit (at, actor, action) SELECT now(), 'x', 'y' FROM generate_series(1, %s)", (count,)
        )


async def _writer(dsn: str, seed: int, count: int) -> None:
    """Transactions that take their numbers at once and commit in any order; some never do."""
    choose = random.Random(seed)
    async with await connect(dsn) as connection:
        for number in range(count):
            for _ in range(choose.randint(1, 3)):
                await audit.record(connection, entry(number))
                await asyncio.sleep(choose.choice((0, 0, 0.001, 0.005)))
            await (connection.rollback() if choose.random() < 0.1 else connection.commit())


async def _sealer(database: Database, folder: Path, until: asyncio.Event) -> None:
    sealing = Sealing(database, Signer(folder, make=True))
    assert await sealing.open(START) is None
    while not until.is_set():
        while await sealing.advance(START):
            pass
        await asyncio.sleep(0.002)


@pytest.mark.parametrize("sealers", [1, 3])
async def test_many_writers_and_sealers_at_once(database: str, tmp_path: Path, sealers: int) -> None:
    house, done = Database(database, 4), asyncio.Event()
    await house.open()
    try:
        at_work = [asyncio.create_task(_sealer(house, tmp_path, done)) for _ in range(sealers)]
        await asyncio.gather(*(_writer(database, seed, 60) for seed in range(8)))
        done.set()
        await asyncio.gather(*at_work)
    finally:
        await house.close()
    await seal(database, tmp_path)
    in_order = sealed_numbers(database)
    assert sorted(in_order) == numbers(database)
    assert in_order != sorted(in_order), "the test shows nothing when all committed in the order of their numbers"
    report = await asyncio.to_thread(check, database, tmp_path)
    assert report.problems == []
    assert report.blocks > 5


async def test_what_commits_later_is_waited_for(database: str, tmp_path: Path) -> None:
    async with await connect(database) as slow:
        await audit.record(slow, entry(0))
        await write(database, range(1, 3))
        await seal(database, tmp_path)
        assert sealed_numbers(database) == []
        await slow.commit()
    await seal(database, tmp_path)
    assert sealed_numbers(database)[:3] == [1, 2, 3]


def test_a_block_is_bounded(database: str, tmp_path: Path) -> None:
    bulk(database, 2500)
    steps = asyncio.run(seal(database, tmp_path))
    assert [step.seal.n for step in steps] == [0, 1000, 1000, 501]  # one entry is the key's own


@pytest.mark.parametrize("seed", range(4))
async def test_a_kill_between_and_inside_blocks_leaves_a_chain(database: str, tmp_path: Path, seed: int) -> None:
    bulk(database, 5000)
    choose = random.Random(seed)
    for _ in range(6):
        house = Database(database, 1)
        await house.open()
        task = asyncio.create_task(_sealer(house, tmp_path, asyncio.Event()))
        await asyncio.sleep(choose.uniform(0.0, 0.15))
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"""
            )
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await house.close()
        report = await asyncio.to_thread(check, database)
        assert report.problems == []
    await seal(database, tmp_path)
    assert sorted(sealed_numbers(database)) == numbers(database)
    assert (await asyncio.to_thread(check, database, tmp_path)).verified


def copy(dsn: str, name: str) -> str:
    """A copy of a database, as it is now."""
    with psycopg.connect(dsn) as connection:
        original = connection.info.dbname
    with psycopg.connect(dsn.replace(f"dbname={original}", "dbname=tenure"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {original}".encode())
    return dsn.replace(f"dbname={original}", f"dbname={name}")


def test_after_a_restore_of_an_older_database_a_new_epoch_begins(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    asyncio.run(write(database, range(20, 23)))
    older = copy(database, "older_one")
    try:
        asyncio.run(seal(database, tmp_path))
        lost = checkpoints.kept(tmp_path)
        assert lost is not None
        asyncio.run(write(older, range(30, 32)))
        steps = asyncio.run(seal(older, tmp_path))
        assert [step.why is not None for step in steps] == [True, False]
        assert "older database was restored" in str(steps[0].why)
        report = check(older, tmp_path)
        assert (report.problems, report.epochs, report.unsealed) == ([], 3, 0)  # what was left is one by itself
        assert said(check(older, watch=[("the lost one", lost)])) == [("edited", lost.block, None)]
        with psycopg.connect(older) as connection:
            ((facts,),) = connection.execute("SELECT facts FROM audit WHERE action = 'audit.epoch_began'").fetchall()
        assert lost.signature == facts["known"]["signature"]
        assert asyncio.run(seal(older, tmp_path)) == []
        tamper(older, "UPDATE audit SET actor = 'x' WHERE id = 15")
        assert [(how, number) for how, _, number in said(check(older))] == [("edited", 15)]
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("DROP DATABASE older_one")


def test_after_a_move_to_another_server_a_new_epoch_begins(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As another server would have left it: transaction numbers that are not reached here for a long time, some sealed,
    # some not, and one whose number was given out early and committed late.
    asyncio.run(write(database, range(8)))
    tamper(database, "UPDATE audit SET xid = (1000000000 + id)::text::xid8")
    tamper(database, "UPDATE audit SET xid = '1000000020' WHERE id = 2")
    with monkeypatch.context() as patched:
        patched.setattr(sealing_module, "_SETTLED", sealing_module._ALL.replace("true", "a.xid < '1000000007'"))
        later = sealing_module._STATE.replace("pg_snapshot_xmax(", "greatest('2000000000'::xid8, ").replace(
            "pg_current_snapshot())", "'0'::xid8)"
        )
        patched.setattr(sealing_module, "_STATE", later)
        asyncio.run(seal(database, None))
    assert sealed_numbers(database) == [1, 3, 4, 5, 6]
    asyncio.run(write(database, range(8, 11)))
    steps = asyncio.run(seal(database, tmp_path))
    assert [step.why for step in steps if step.why] == [
        "the numbers of transactions went back: the database was moved to another server"
    ]
    assert sorted(sealed_numbers(database)) == numbers(database)
    report = check(database, tmp_path)
    assert (report.problems, report.epochs, report.unsealed) == ([], 3, 0)
    asyncio.run(write(database, range(11, 14)))
    assert [step.why for step in asyncio.run(seal(database, tmp_path))] == [None]
    assert check(database, tmp_path).verified


def test_a_chain_that_is_cut_under_a_running_sealer_is_noticed(database: str, tmp_path: Path) -> None:
    async def run() -> list[str | None]:
        house = Database(database, 1)
        await house.open()
        try:
            sealing = Sealing(house, Signer(tmp_path, make=True))
            await sealing.open(START)
            await write(database, range(3))
            while await sealing.advance(START):
                pass
            tamper(database, "DELETE FROM seal WHERE block = 2")
            await write(database, range(3, 5))
            return [step.why for step in [await sealing.advance(START)] if step]
        finally:
            await house.close()

    assert asyncio.run(run()) == ["block 2 was on the chain and is not there any more: an older database was restored"]


async def test_the_loop_seals_and_says_when_it_cannot(database: str, tmp_path: Path) -> None:
    house, clock, woken = Database(database, 2), Clock(), asyncio.Event()
    await house.open()
    try:
        sealer = Sealer(house, clock, Signer(tmp_path, make=True))
        with capture_logs() as logs:
            task = asyncio.create_task(sealer.run(woken))
            await write(database, range(3))
            woken.set()
            await _until(lambda: len(sealed_numbers(database)) == 4)
            assert logs == []
            async with await connect(database) as slow:
                await audit.record(slow, entry(3))
                await write(database, range(4, 5))
                clock.at = START + timedelta(seconds=20)
                await _until(lambda: bool(logs))
            assert [line["event"] for line in logs] == ["the audit trail is not sealed in time"]
            await _until(lambda: len(sealed_numbers(database)) == 6)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await write(database, range(5, 7))
            await sealer.end()
    finally:
        await house.close()
    assert sorted(sealed_numbers(database)) == numbers(database), "the chain is in the order of transactions"
    report = await asyncio.to_thread(check, database, tmp_path)
    assert (report.problems, report.unsealed) == ([], 0)
    last = checkpoints.kept(tmp_path)
    assert last is not None
    assert last.count == len(numbers(database))


async def _until(condition: object) -> None:
    assert callable(condition)
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come to that")


async def test_a_writer_that_stalls_is_ended_by_the_server(database: str) -> None:
    house = Database(database, 1)
    await house.open()
    try:
        async with house.transaction() as pooled, await connect(database) as single:
            for connection in (pooled, single):
                found = await (await connection.execute("SHOW idle_in_transaction_session_timeout")).fetchone()
                assert found == ("1min",)
    finally:
        await house.close()

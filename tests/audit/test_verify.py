"""Whatever is done to one row of a sealed trail shows, and says where; what is allowed does not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from tests.audit.trail_world import (
    check,
    make_trail,
    person,
    redact,
    said,
    seal,
    tamper,
    write,
)


def test_an_untouched_trail_verifies(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    report = check(database, tmp_path)
    # The key's own entry is in the first block of entries, and an empty block begins the epoch.
    assert (report.verified, report.entries, report.blocks, report.epochs, report.unsealed) == (True, 13, 4, 1, 0)
    assert report.checkpoints == 4  # three in the database, one in the folder


def test_what_is_not_sealed_yet_is_counted_and_is_no_problem(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    asyncio.run(write(database, range(20, 23)))
    report = check(database, tmp_path)
    assert (report.verified, report.entries, report.unsealed) == (True, 13, 3)
    assert report.oldest is not None


COLUMNS = {
    "xid": "(xid::text::bigint + 1)::text::xid8",
    "at": "at + interval '1 microsecond'",
    "actor": "'somebody else'",
    "action": "'identity.removed'",
    "subject": "'00000000-0000-0000-0000-000000000009'",
    "cause": "coalesce(cause, 0) + 1",
    "facts": "facts || '{\"share\": 0.14285714285714286000000000000000001}'",
    "commitment": "sha256('x')",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_an_edited_column_of_one_entry_shows(database: str, tmp_path: Path, column: str) -> None:
    make_trail(database, tmp_path)
    tamper(database, f"UPDATE audit SET {column} = {COLUMNS[column]} WHERE id = 7")
    report = check(database)
    assert not report.verified
    assert {p.entry for p in report.problems} == {7}
    assert ("edited", 3, 7) in said(report)


def test_a_time_that_is_none_does_not_stop_the_check(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(database, "UPDATE audit SET at = 'infinity' WHERE id = 7")
    assert said(check(database)) == [("edited", 3, 7)]


def test_a_deleted_entry_is_missing(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(database, "DELETE FROM audit_personal WHERE audit = 7", "DELETE FROM audit WHERE id = 7")
    assert said(check(database)) == [("missing", 3, 7)]


def test_swapped_contents_show_at_both(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(
        database,
        """UPDATE audit a SET facts = b.facts, cause = b.cause, actor = b.actor, action = b.action FROM audit b
        WHERE (a.id, b.id) IN ((6, 7), (7, 6))""",
    )
    assert said(check(database)) == [("edited", 3, 6), ("edited", 3, 7)]


def test_an_entry_that_was_moved_to_another_block_is_reordered(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(database, "UPDATE audit SET xid = (SELECT xid FROM audit WHERE id = 12) WHERE id = 7")
    assert said(check(database)) == [("reordered", 3, 7)]


INSERT = (
    "INSERT INTO audit (id, xid, at, actor, action) OVERRIDING SYSTEM VALUE SELECT {}, xid, at, actor, 'x' FROM audit"
)


@pytest.mark.parametrize(
    ("number", "beside", "block"),
    [
        pytest.param("-5", 7, 3, id="a number from before the first"),
        pytest.param("1000", 7, 3, id="a number of today"),
        pytest.param("max(id) OVER () + 1", 3, 2, id="the next number"),
    ],
)
def test_an_entry_inserted_in_the_past_was_added(
    database: str, tmp_path: Path, number: str, beside: int, block: int
) -> None:
    make_trail(database, tmp_path)
    numbered = f"SELECT n FROM (SELECT id, {number} AS n FROM audit) q WHERE q.id = {beside}"
    tamper(database, INSERT.format(f"({numbered})") + f" WHERE id = {beside}")
    ((how, where, _),) = said(check(database))
    assert (how, where) == ("added", block)


def test_a_cut_tail_shows_by_the_checkpoint_outside_of_the_database(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(
        database,
        "DELETE FROM checkpoint WHERE block = 4",
        "DELETE FROM seal WHERE block = 4",
        "DELETE FROM audit_personal WHERE audit > 8",
        "DELETE FROM audit WHERE id > 8",
    )
    assert check(database).verified  # nothing in the database can know it
    assert said(check(database, tmp_path)) == [("cut", 4, None)]


def test_the_checkpoint_in_the_database_shows_a_cut_too(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(database, "DELETE FROM seal WHERE block = 4")
    assert said(check(database)) == [("cut", 4, None)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE seal SET n = n + 1 WHERE block = 3", [3]),
        ("UPDATE seal SET sealed_at = sealed_at + interval '1 hour' WHERE block = 3", [3]),
        ("UPDATE seal SET leaves = leaves || leaves WHERE block = 3", [3]),
        ("UPDATE seal SET hash = sha256('x') WHERE block = 3", [3, 4]),
        ("UPDATE seal SET prev = sha256('x') WHERE block = 2", [2]),
        ("UPDATE seal SET epoch = 2 WHERE block = 3", [3]),
        ("UPDATE checkpoint SET count = 1 WHERE block = 3", [3]),
        ("UPDATE installation SET id = gen_random_uuid()", [1]),
    ],
)
def test_an_edited_seal_or_checkpoint_shows(database: str, tmp_path: Path, statement: str, expected: list[int]) -> None:
    make_trail(database, tmp_path)
    tamper(database, statement)
    assert {("edited", block, None) for block in expected} <= set(said(check(database)))


def test_a_block_in_the_middle_is_missing(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(database, "DELETE FROM checkpoint", "DELETE FROM seal WHERE block = 3")
    assert said(check(database)) == [("missing", 3, None)]


def test_a_chain_that_was_made_anew_does_not_fit_its_checkpoints(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(database, "UPDATE audit SET actor = 'x' WHERE id = 3", "DELETE FROM seal", "DELETE FROM checkpoint")
    asyncio.run(seal(database, None))
    assert check(database).verified
    assert said(check(database, tmp_path))[0][0] in ("edited", "cut")


def test_personal_values_are_held_to_their_commitment(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(database, "UPDATE audit_personal SET fields = replace(fields, 'person', 'Person') WHERE audit = 7")
    assert said(check(database)) == [("edited", 3, 7)]


def test_personal_values_that_vanish_without_a_redaction_are_missing(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    tamper(database, "DELETE FROM audit_personal WHERE audit = 7")
    assert said(check(database)) == [("missing", None, 7)]


def test_a_redacted_person_is_gone_and_the_chain_verifies(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    assert redact(database, person(1)) == 3
    assert check(database, tmp_path).verified
    asyncio.run(seal(database, tmp_path))
    report = check(database, tmp_path)
    assert (report.verified, report.redacted, report.unsealed) == (True, 3, 0)
    with psycopg.connect(database) as connection:
        left = connection.execute(
            "SELECT fields FROM audit_personal JOIN audit a ON a.id = audit WHERE subject = %s", (person(1),)
        )
        assert left.fetchall() == []


def test_a_redaction_covers_only_what_was_there(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    redact(database, person(1))
    asyncio.run(write(database, range(22, 23)))  # of the same person
    asyncio.run(seal(database, tmp_path))
    tamper(database, "DELETE FROM audit_personal WHERE audit = (SELECT max(audit) FROM audit_personal)")
    assert [how for how, _, _ in said(check(database))] == ["missing"]


def test_values_cannot_be_put_back_after_a_redaction(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    redact(database, person(1))
    asyncio.run(seal(database, tmp_path))
    tamper(
        database,
        """INSERT INTO audit_personal SELECT id, 'salt', '{}' FROM audit
        WHERE commitment IS NOT NULL AND NOT EXISTS (SELECT FROM audit_personal p WHERE p.audit = id) LIMIT 1""",
    )
    assert [how for how, _, _ in said(check(database))] == ["edited"]


@pytest.mark.parametrize("table", ["audit", "seal", "checkpoint", "audit_key", "audit_personal"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {} = {}"])
def test_the_tables_are_insert_only(database: str, tmp_path: Path, table: str, statement: str) -> None:
    make_trail(database, tmp_path, (3,))
    column = {"seal": "block", "audit_personal": "audit", "audit": "actor"}.get(
        table, "id" if table == "audit_key" else "block"
    )
    with (
        psycopg.connect(database) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="insert-only"),
    ):
        connection.execute(statement.format(table, column, column).encode())

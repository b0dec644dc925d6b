"""An export is evidence by itself: any edited, deleted or moved line shows without a database."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from tests.audit.trail_world import (
    START,
    check_export,
    export_lines,
    make_trail,
    person,
    redact,
    said,
    seal,
    write,
)

from tenure.store import checkpoints
from tenure.store.signing import Signer


@pytest.fixture
def lines(database: str, tmp_path: Path) -> list[bytes]:
    make_trail(database, tmp_path)
    return export_lines(database, tmp_path)[0]


def index_of(lines: list[bytes], number: int) -> int:
    return next(i for i, line in enumerate(lines) if line.startswith(b'{"line":"entry","id":%d,' % number))


def test_an_export_verifies(lines: list[bytes], tmp_path: Path) -> None:
    report = check_export(lines, tmp_path, tmp_path)
    assert (report.verified, report.entries, report.blocks, report.checkpoints) == (True, 13, 4, 1)


def test_every_line_is_json_that_a_person_can_read(lines: list[bytes]) -> None:
    told = [json.loads(line) for line in lines]
    assert [one["line"] for one in told if one["line"] != "entry"] == ["header", *["seal"] * 4, "end"]
    entry = told[index_of(lines, 7)]
    assert entry["at"] == "2026-06-30T12:00:05.000015Z"
    assert entry["personal"] == {"n": 5, "userName": "person2@example.com"}
    assert entry["facts"]["nested"] == {"a": "ü\n\"'", "b": [1, None]}


def _nearby(value: object) -> object:
    """Another value of the same kind."""
    if isinstance(value, bool) or value is None:
        return "x"
    if isinstance(value, int):
        return value + 1
    if isinstance(value, dict):
        return {**value, "x": 1}
    text = str(value)
    return text[:-1] + ("0" if text[-1:] != "0" else "1")


def test_any_value_of_any_line_that_is_edited_shows(lines: list[bytes], tmp_path: Path) -> None:
    for at, line in enumerate(lines):
        told = orjson.loads(line)
        for field, value in told.items():
            edited = orjson.dumps({**told, field: _nearby(value)}) + b"\n"
            changed = [*lines[:at], edited, *lines[at + 1 :]]
            assert not check_export(changed, tmp_path, tmp_path).verified, (at, field)


def test_any_deleted_or_repeated_line_shows(lines: list[bytes], tmp_path: Path) -> None:
    for at, line in enumerate(lines):
        without = check_export([*lines[:at], *lines[at + 1 :]], tmp_path, tmp_path)
        twice = check_export([*lines[:at], line, *lines[at:]], tmp_path, tmp_path)
        assert not without.verified, at
        assert not twice.verified, at


def test_any_two_lines_that_change_places_show(lines: list[bytes], tmp_path: Path) -> None:
    for first in range(len(lines)):
        for second in range(first + 1, len(lines)):
            moved = list(lines)
            moved[first], moved[second] = moved[second], moved[first]
            assert not check_export(moved, tmp_path, tmp_path).verified, (first, second)


def test_it_is_said_what_happened_to_an_entry(lines: list[bytes], tmp_path: Path) -> None:
    at = index_of(lines, 7)
    edited = [*lines[:at], lines[at].replace(b'"actor":"source:', b'"actor":"Source:'), *lines[at + 1 :]]
    assert said(check_export(edited, tmp_path, tmp_path)) == [("edited", 3, 7)]
    assert ("missing", 3, 7) in said(check_export([*lines[:at], *lines[at + 1 :]], tmp_path, tmp_path))
    swapped = list(lines)
    swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
    assert said(check_export(swapped, tmp_path, tmp_path)) == [("reordered", 3, 8)]
    away = [*lines[:at], *lines[at + 1 : -2], lines[at], *lines[-2:]]
    assert said(check_export(away, tmp_path, tmp_path)) == [("reordered", 3, 7)]


def test_other_spelling_of_a_line_shows(lines: list[bytes], tmp_path: Path) -> None:
    at = index_of(lines, 7)
    for spelled in (
        lines[at].replace(b'"id":7', b'"id": 7'),
        lines[at].replace(b'"id":7', b'"id":8,"id":7'),
        lines[at].replace(b'"n":5,', b'"n":6,"n":5,', 1),
        lines[at].replace(b"\n", b"\r\n"),
        b"garbage\n",
        b"\xff\xfe\n",
        b"",
    ):
        assert not check_export([*lines[:at], spelled, *lines[at + 1 :]], tmp_path, tmp_path).verified, spelled
    for text in ([], [b"\n"], lines[:-1], [*lines, b"\n"], [*lines[:-1], lines[-1].rstrip()]):
        assert not check_export(text, tmp_path, tmp_path).verified


def test_an_older_export_is_cut_before_a_later_checkpoint(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path, (3,))
    older, _ = export_lines(database, tmp_path)
    asyncio.run(write(database, range(10, 12)))
    asyncio.run(seal(database, tmp_path))
    later = checkpoints.kept(tmp_path)
    assert later is not None
    assert check_export(older, tmp_path, tmp_path).verified
    assert said(check_export(older, tmp_path, tmp_path, [("the later one", later)])) == [("cut", 3, None)]
    newer, _ = export_lines(database, tmp_path)
    assert check_export(newer, tmp_path, tmp_path, [("the later one", later)]).verified


def test_an_export_by_another_key_is_not_believed(lines: list[bytes], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Signer(other, make=True)
    report = check_export(lines, other, tmp_path)
    assert [p.how for p in report.problems] == ["edited"]
    assert "not one of those to be trusted" in report.problems[0].detail


def test_a_redacted_person_is_not_in_an_export_and_it_verifies(database: str, tmp_path: Path) -> None:
    make_trail(database, tmp_path)
    redact(database, person(1))
    asyncio.run(seal(database, tmp_path))
    lines, _ = export_lines(database, tmp_path)
    report = check_export(lines, tmp_path, tmp_path)
    assert (report.verified, report.redacted) == (True, 3)
    assert b"person1@example.com" not in b"".join(lines)
    put_back = next(
        i for i, line in enumerate(lines) if b'"salt":null,"personal":null' in line and b'"commitment":"' in line
    )
    forged = lines[put_back].replace(b'"personal":null', b'"personal":{"userName":"x"}')
    assert not check_export([*lines[:put_back], forged, *lines[put_back + 1 :]], tmp_path, tmp_path).verified


def test_a_part_of_the_trail_verifies_by_itself(database: str, tmp_path: Path) -> None:
    for hour, numbers in enumerate((range(4), range(4, 8), range(8, 12))):
        asyncio.run(write(database, numbers, later=timedelta(hours=hour)))
        asyncio.run(seal(database, tmp_path, START + timedelta(hours=hour, minutes=1)))
    redact(database, person(1))  # said outside of the part
    part, signed = export_lines(database, tmp_path, START + timedelta(minutes=30), START + timedelta(hours=1))
    report = check_export(part, tmp_path, tmp_path)
    assert (report.verified, report.blocks, report.entries, report.redacted, signed.block) == (True, 1, 4, 1, 3)
    assert not check_export(
        [part[0].replace(b'"after_block":2', b'"after_block":1'), *part[1:]], tmp_path, tmp_path
    ).verified


def test_a_part_is_held_to_the_checkpoint_where_it_begins_and_to_none_before(database: str, tmp_path: Path) -> None:
    kept = []
    for hour in range(3):
        asyncio.run(write(database, range(hour * 2, hour * 2 + 2), later=timedelta(hours=hour)))
        asyncio.run(seal(database, tmp_path, START + timedelta(hours=hour, minutes=1)))
        kept.append(checkpoints.kept(tmp_path))
    part, _ = export_lines(database, tmp_path, START + timedelta(hours=2))
    first, second, third = kept
    assert first is not None
    assert second is not None
    assert third is not None
    assert check_export(part, tmp_path, tmp_path, [("second", second), ("third", third)]).verified
    assert said(check_export(part, tmp_path, tmp_path, [("first", first)])) == [("missing", 2, None)]

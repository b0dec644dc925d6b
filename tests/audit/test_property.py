"""Random small trails, and one random thing done to each: it always shows; and nothing shows when nothing was done."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.audit.trail_world import check, make_trail, seal, tamper, write

from tenure.store import chain
from tenure.store.chain import Seal, Written
from tenure.store.check import Checker, Report, Start
from tenure.store.signing import TrustedKeys

INSTALLATION = UUID(int=7)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=5)
NUMBERS = st.one_of(st.integers(-(10**30), 10**30), st.floats(allow_nan=False, allow_infinity=False))
FACTS = st.dictionaries(
    TEXT, st.recursive(st.none() | st.booleans() | NUMBERS | TEXT, st.lists, max_leaves=3), max_size=3
)

Block = tuple[Seal, list[Written]]


@st.composite
def entries(draw: st.DrawFn, number: int) -> Written:
    salt, personal = draw(st.binary(min_size=4, max_size=4)), draw(st.none() | TEXT.map(lambda t: f'"{t}"'))
    return Written(
        id=number,
        xid=str(draw(st.integers(number * 2, number * 2 + 1))),
        at=draw(st.integers(0, 2**50)),
        actor=draw(TEXT),
        action=draw(TEXT),
        source=draw(st.none() | st.integers(1, 3)),
        target=draw(st.none() | st.integers(1, 3)),
        subject=draw(st.none() | TEXT),
        cause=draw(st.none() | st.integers(1, 9)),
        facts=chain.canonical(draw(FACTS)).decode(),
        commitment=None if personal is None else hashlib.sha256(salt + personal.encode()).hexdigest(),
        salt=None if personal is None else salt,
        fields=personal,
    )


@st.composite
def trails(draw: st.DrawFn) -> list[Block]:
    """A chain of a few blocks, perhaps with a second epoch in it."""
    last = chain.open_epoch(None, INSTALLATION, chain.FROM_THE_START, ("0", 0), 0)
    made: list[Block] = [(last, [])]
    number = 1
    for size in draw(st.lists(st.integers(0, 4), min_size=1, max_size=4)):
        if size == 0:
            last = chain.open_epoch(last, INSTALLATION, number, (str(number * 2 - 1), number - 1), number)
            made.append((last, []))
            continue
        found = [draw(entries(n)) for n in range(number, number + size)]
        last = chain.follow(last, found, number)
        made.append((last, found))
        number += size
    return made


def checked(trail: list[Block], end: str) -> Report:
    """The report on a trail whose last hash is known from elsewhere."""
    checker = Checker(str(INSTALLATION), Start(chain.genesis(INSTALLATION)), TrustedKeys([]))
    for block, found in trail:
        checker.block(block, found)
    report = checker.end()
    if report.end is None or report.end[1] != end:
        checker.problem("cut", "the end is another one")
    return report


def _other(value: Any) -> Any:
    if isinstance(value, int):
        return value + 1
    if isinstance(value, bytes):
        return bytes([*value[:-1], value[-1] ^ 1]) if value else b"\x00"
    return "1" if value is None else f"{value}1"


def _edit_entry(trail: list[Block], draw: st.DrawFn) -> None:
    block, at = _entry(trail, draw)
    entry = trail[block][1][at]
    names = [
        n for n in Written._fields if n not in ("salt", "fields", "source", "target", "cause") or getattr(entry, n)
    ]
    name = draw(st.sampled_from(names))
    if name == "facts":
        trail[block][1][at] = entry._replace(facts='{"x": 1.0000000000000000000001}')
    else:
        trail[block][1][at] = entry._replace(**{name: _other(getattr(entry, name))})


def _delete_entry(trail: list[Block], draw: st.DrawFn) -> None:
    block, at = _entry(trail, draw)
    del trail[block][1][at]


def _repeat_entry(trail: list[Block], draw: st.DrawFn) -> None:
    block, at = _entry(trail, draw)
    trail[draw(st.integers(0, len(trail) - 1))][1].append(trail[block][1][at])


def _move_entry(trail: list[Block], draw: st.DrawFn) -> None:
    block, at = _entry(trail, draw)
    others = [b for b in range(len(trail)) if b != block]
    trail[draw(st.sampled_from(others))][1].append(trail[block][1].pop(at))


def _edit_seal(trail: list[Block], draw: st.DrawFn) -> None:
    at = draw(st.integers(0, len(trail) - 1))
    name = draw(st.sampled_from([f.name for f in fields(Seal)]))
    block, found = trail[at]
    trail[at] = (replace(block, **{name: _other(getattr(block, name))}), found)


def _delete_block(trail: list[Block], draw: st.DrawFn) -> None:
    del trail[draw(st.integers(0, len(trail) - 1))]


def _rewrite_block(trail: list[Block], draw: st.DrawFn) -> None:
    """Edit an entry and make its seal fit again, as somebody would who knows how it is done."""
    block, at = _entry(trail, draw)
    was, found = trail[block]
    found[at] = found[at]._replace(actor=found[at].actor + "1")
    draft = replace(was, leaves=chain.leaves(found))
    trail[block] = (replace(draft, hash=chain.block_hash(draft)), found)


def _entry(trail: list[Block], draw: st.DrawFn) -> tuple[int, int]:
    return draw(st.sampled_from([(b, e) for b, (_, found) in enumerate(trail) for e in range(len(found))]))


DEEDS: list[Callable[[list[Block], st.DrawFn], None]] = [
    _edit_entry, _delete_entry, _repeat_entry, _move_entry, _edit_seal, _delete_block, _rewrite_block
]  # fmt: skip


@given(trails())
def test_a_trail_that_nobody_touched_verifies(trail: list[Block]) -> None:
    assert checked(trail, trail[-1][0].hash.hex()).problems == []


@given(st.data(), trails(), st.sampled_from(DEEDS))
@settings(max_examples=200)
def test_whatever_is_done_shows(
    data: st.DataObject, trail: list[Block], deed: Callable[[list[Block], st.DrawFn], None]
) -> None:
    end = trail[-1][0].hash.hex()
    if deed not in (_edit_seal, _delete_block) and not any(found for _, found in trail):
        return
    deed(trail, data.draw)
    assert not checked(trail, end).verified, deed.__name__


@given(FACTS)
def test_the_canonical_form_is_one(facts: dict[str, Any]) -> None:
    once = chain.canonical_text(chain.canonical(facts))
    assert chain.canonical_text(once) == once


ROWS = {
    "edit": "UPDATE audit SET actor = actor || 'x' WHERE id = %(id)s",
    "delete": "DELETE FROM audit WHERE id = %(id)s",
    "number": """WITH gone AS (DELETE FROM audit WHERE id = %(id)s RETURNING *)
                 INSERT INTO audit OVERRIDING SYSTEM VALUE
                 SELECT 1000 + id, xid, at, actor, action, source, target, subject, cause, facts, commitment
                 FROM gone""",
    "insert": """INSERT INTO audit (id, xid, at, actor, action) OVERRIDING SYSTEM VALUE
                 SELECT id - 1000, xid, at, actor, action FROM audit WHERE id = %(id)s""",
    "swap": """UPDATE audit a SET facts = b.facts, cause = b.cause FROM audit b WHERE a.id IN (%(id)s, %(next)s)
               AND b.id = %(id)s + %(next)s - a.id""",
    "order": """UPDATE audit a SET xid = b.xid FROM audit b WHERE a.id IN (%(id)s, %(next)s)
                AND b.id = %(id)s + %(next)s - a.id""",
    "cut": "DELETE FROM audit WHERE id >= %(id)s",
}


@pytest.mark.parametrize("what", ROWS)
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(blocks=st.lists(st.integers(1, 4), min_size=1, max_size=3), data=st.data())
def test_whatever_is_done_to_a_row_shows(
    make_database: Callable[[], str], tmp_path_factory: Any, what: str, blocks: list[int], data: st.DataObject
) -> None:
    database, folder = make_database(), tmp_path_factory.mktemp("data")
    make_trail(database, folder, (2, *blocks))
    asyncio.run(write(database, range(50, 52)))
    sealed = check(database, folder)
    assert (sealed.verified, sealed.unsealed) == (True, 2)
    number = data.draw(st.integers(2, sealed.entries - 1))
    tamper(
        database,
        "ALTER TABLE audit_personal DROP CONSTRAINT audit_personal_audit_fkey",
        ROWS[what],
        "DELETE FROM audit_personal p WHERE NOT EXISTS (SELECT FROM audit WHERE id = p.audit)",
        id=number,
        next=number + 1,
    )
    assert not check(database, folder).verified
    asyncio.run(seal(database, folder))
    assert not check(database, folder).verified


def test_a_key_file_is_for_its_owner_alone(tmp_path: Path, database: str) -> None:
    make_trail(database, tmp_path, (1,))
    assert {p.name: p.stat().st_mode & 0o777 for p in tmp_path.iterdir()} == {
        "audit-key.pem": 0o600,
        "audit-checkpoint.json": 0o600,
    }

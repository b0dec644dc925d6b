"""Lists in order and in pages: the hits of a condition behind so many others, or on one side of a position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from tenure.store.catalogues import CREATED
from tenure.store.database import Connection
from tenure.store.filters import Column, Condition, Inside, Relation, compile_condition, compile_field

T = TypeVar("T")
U = TypeVar("U")

LONGEST_KEY = 1_000
"""Characters by which long texts are put in order; what is equal so far follows its id. Keeps positions short."""


@dataclass(frozen=True, slots=True)
class Preferred:
    """The value of a list's primary element, or of its first one when none is primary (RFC 7644 section 3.4.2.3)."""

    path: tuple[str, ...]
    value: Inside


@dataclass(frozen=True, slots=True)
class FirstRelated:
    """The value of the first related row, in the order in which they are shown."""

    relation: Relation
    value: Column


@dataclass(frozen=True, slots=True)
class Order:
    """By the value of the field, then by id. No value comes last, and when `descending` everything is turned round."""

    field: Column | Inside | Preferred | FirstRelated
    descending: bool = False


OLDEST_FIRST = Order(CREATED)


@dataclass(frozen=True, slots=True)
class Position:
    """A place between rows: that of the row with this key and id. `key` is None where there is no value."""

    key: Any
    id: UUID


@dataclass(frozen=True, slots=True)
class Window:
    """Which hits are wanted: `limit` of them, of those behind `after` or before it if `backward`, `offset` passed over.

    `counted` says how many hits there are when that is known already. Backward, the nearest hit comes first.
    """

    limit: int
    offset: int = 0
    after: Position | None = None
    backward: bool = False
    counted: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """How many hits there are, the rows of one page, and the position of each of them."""

    total: int
    rows: Sequence[T]
    positions: Sequence[Position]

    def of(self, make: Callable[[T], U]) -> Page[U]:
        """The same page of what is made of the rows."""
        return Page(self.total, [make(row) for row in self.rows], self.positions)


async def page(
    connection: Connection,
    table: str,
    columns: str,
    source: int,
    condition: Condition | None,
    order: Order,
    window: Window,
) -> Page[Any]:
    """One page of the live rows of a source, found as ids first: passing over reads an index alone.

    The hits of a condition are gathered before they are put in order; else the planner, which cannot know how rare
    they are, may walk through everybody in order until it has a page of them.
    """
    values: list[Any] = []
    key = _key(order, values)
    where, said = ("true", []) if condition is None else compile_condition(condition)
    plain = condition is None and order.field is CREATED
    mine = "r.source + 0" if plain else "r.source"  # what the index of pages is on, and no other
    hits = f"FROM {table} r WHERE {mine} = %s AND r.gone_at IS NULL AND {where}"
    counts = condition is not None and window.counted is None
    found: list[Any] = []
    if window.limit:
        kept = "" if condition is None else "MATERIALIZED"
        beside, bounds = _beside(order, window)
        shown = "p.key::text" if _kind(order) == "numeric" else "p.key"
        word = "DESC" if order.descending != window.backward else "ASC"
        query = f"""WITH hit AS {kept} (SELECT r.id, {key} AS key {hits})
        SELECT {"(SELECT count(*) FROM hit)" if counts else "0"}, {shown}, {columns} FROM (
            SELECT id, key FROM hit WHERE {beside} ORDER BY key {word}, id {word} LIMIT %s OFFSET %s
        ) p JOIN {table} r ON r.id = p.id ORDER BY p.key {word}, p.id {word}"""
        bound = (*values, source, *said, *bounds, window.limit, window.offset)
        found = await (await connection.execute(query.encode(), bound)).fetchall()
    total = window.counted
    if total is None:
        total = _told(found, window, counts)
    if total is None:
        cursor = await connection.execute(f"SELECT count(*) {hits}".encode(), (source, *said))
        total = (await cursor.fetchall())[0][0]
    return Page(total, [row[2:] for row in found], [Position(row[1], row[2]) for row in found])


def _told(found: Sequence[Any], window: Window, counts: bool) -> int | None:
    """How many hits there are, when the page tells it: it is the last one, or they were counted for it."""
    if window.after is None and window.limit and len(found) < window.limit and (found or not window.offset):
        return window.offset + len(found)
    return int(found[0][0]) if found and counts else None


def _key(order: Order, values: list[Any]) -> str:
    """The SQL of what rows are put in order by: a time, or a text that is compared by code point."""
    match order.field:
        case Column(sql, kind):
            return sql if kind == "time" else f'({sql})::text COLLATE "C"'
        case Inside() as field:
            key = compile_field(field, values)
            return key if field.kind == "number" else f"left({key}, {LONGEST_KEY})"
        case Preferred(path, field):
            elements = f"{'r.doc' if field.kind == 'exact' else 'r.doc_canon'} #> %s::text[]"
            values += [list(path), list(path), list(field.path)]
            primary = f"jsonb_path_query_first({elements}, '$[*] ? (@.primary == true)')"
            return f'left(coalesce({primary}, {elements} -> 0) #>> %s::text[], {LONGEST_KEY}) COLLATE "C"'
        case FirstRelated(relation, Column(sql)):
            first = f"SELECT ({sql})::text FROM {relation.sql} ORDER BY {relation.order} LIMIT 1"
            return f'left(({first}), {LONGEST_KEY}) COLLATE "C"'


def _kind(order: Order) -> str:
    """The type of the key in SQL."""
    match order.field:
        case Column(_, "time"):
            return "timestamptz"
        case Inside(_, "number"):
            return "numeric"
    return "text"


def _beside(order: Order, window: Window) -> tuple[str, list[Any]]:
    """The SQL for what is on the wanted side of the position, and its parameters. No value is above every value."""
    after = window.after
    if after is None:
        return "true", []
    above = order.descending == window.backward
    if after.key is None:
        return ("key IS NULL AND id > %s" if above else "(key IS NOT NULL OR id < %s)"), [after.id]
    field = order.field
    pair, bounds = f"(key, id) {{}} (%s::{_kind(order)}, %s)", [after.key, after.id]
    if not above:
        return pair.format("<"), bounds
    if isinstance(field, Column) and field.always:  # then the pair alone is a range of an index
        return pair.format(">"), bounds
    return f"({pair.format('>')} OR key IS NULL)", bounds

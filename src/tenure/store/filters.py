"""Conditions on identities and groups, and the SQL that they compile to; every value travels as a parameter."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import orjson

from tenure.model.capability import canon_name

Kind = Literal["name", "folded", "exact", "id", "boolean", "time", "number"]
"""How values compare: `name` and `folded` without regard to case, `id` as UUIDs, the others as they are."""

OPERATORS: Mapping[str, str] = {
    "eq": "{0} = %s",
    "ne": "{0} IS DISTINCT FROM %s",
    "co": "position(%s in {0}) > 0",
    "sw": "starts_with({0}, %s)",
    "ew": "right({0}, length(%s)) = %s",
    "gt": "{0} > %s",
    "ge": "{0} >= %s",
    "lt": "{0} < %s",
    "le": "{0} <= %s",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column, or an expression over columns; `sql` is ours and never comes from a request.

    `always` when every row has a value.
    """

    sql: str
    kind: Kind
    always: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """A value inside the document (or inside the element, within `Elements`)."""

    path: tuple[str, ...]
    kind: Kind


@dataclass(frozen=True, slots=True)
class Compare:
    """The field stands in this relation to the value."""

    field: Column | Inside
    op: str
    value: Any


@dataclass(frozen=True, slots=True)
class Present:
    """The field has a value that is not empty."""

    field: Column | Inside


@dataclass(frozen=True, slots=True)
class Elements:
    """One element of the list at `path` satisfies the condition."""

    path: tuple[str, ...]
    condition: Condition


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of another table that belong to the one looked at: members of a group, groups of a person.

    `order` is the one in which they are shown.
    """

    sql: str
    order: str
    fields: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Related:
    """One related row satisfies the condition."""

    relation: Relation
    condition: Condition


@dataclass(frozen=True, slots=True)
class Never:
    """The condition does not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Every:
    """All of the conditions hold; of none, always."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One of the conditions holds; of none, never."""

    conditions: tuple[Condition, ...]


Condition = Compare | Present | Elements | Related | Never | Every | Some


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What can be asked of a table beside its documents, by RFC 7643 name."""

    columns: Mapping[str, Column]
    relations: Mapping[str, Relation]


def fold(value: str) -> str:
    """The form in which texts are compared without regard to case: lower case in Unicode NFC."""
    if value.isascii():
        return value.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", value).lower())


def folded(value: Any) -> Any:
    """A document with every text in its folded form, for the column that filters look at."""
    if isinstance(value, str):
        return fold(value)
    if isinstance(value, dict):
        return {name: folded(inner) for name, inner in value.items()}
    return [folded(inner) for inner in value] if isinstance(value, list) else value


def compile_condition(condition: Condition) -> tuple[str, list[Any]]:
    """SQL over a row `r` of `identity` or `source_group`, and its parameters."""
    values: list[Any] = []
    return _sql(condition, values, "r.doc", "r.doc_canon"), values


def compile_field(field: Inside, values: list[Any]) -> str:
    """SQL for the text of a field of the document of a row `r`; its parameters are added to the values."""
    return _text(field, values, "r.doc", "r.doc_canon")


def _sql(condition: Condition, values: list[Any], exact: str, canon: str) -> str:
    """`exact` and `canon` name the document, or the element, as it was sent and in folded form.

    An unknown (SQL's null) counts as false: at the top WHERE sees to that, below a NOT we do.
    """
    match condition:
        case Every(conditions) | Some(conditions):
            if (contained := _contained(condition)) is not None:
                return _containment(contained, values, exact, canon)
            word, empty = (" AND ", "true") if isinstance(condition, Every) else (" OR ", "false")
            return "(" + (word.join([_sql(c, values, exact, canon) for c in conditions]) or empty) + ")"
        case Never(inner):
            return f"(NOT coalesce({_sql(inner, values, exact, canon)}, false))"
        case Related(relation, inner):
            return f"EXISTS (SELECT 1 FROM {relation.sql} AND {_sql(inner, values, exact, canon)})"
        case Elements(path, inner):
            if (contained := _contained(condition)) is not None:
                return _containment(contained, values, exact, canon)
            values += [list(path), list(path)]
            inside = _sql(inner, values, "e.exact", "e.canon")
            return (
                f"EXISTS (SELECT 1 FROM ROWS FROM (jsonb_array_elements({exact} #> %s::text[]), "
                f"jsonb_array_elements({canon} #> %s::text[])) AS e(exact, canon) WHERE {inside})"
            )
        case Present(field):
            return f"coalesce(({_text(field, values, exact, canon)})::text, '') <> ''"
        case Compare():
            return _comparison(condition, values, exact, canon)


def _comparison(compare: Compare, values: list[Any], exact: str, canon: str) -> str:
    field, op, value = compare.field, compare.op, compare.value
    if (contained := _contained(compare)) is not None:
        return _containment(contained, values, exact, canon)
    if isinstance(field, Column) and field.kind in ("boolean", "time"):
        values.append(value)
        return OPERATORS[op].format(field.sql)
    if isinstance(field, Column) and field.kind == "id" and op in ("eq", "ne"):
        values.append(value)
        return f"{field.sql} = %s::uuid" if op == "eq" else f"{field.sql} <> %s::uuid"
    left = _text(field, values, exact, canon)
    if field.kind == "number":
        values.append(Decimal(repr(value)))
        return OPERATORS[op].format(left)
    right = canonical(field.kind, op, value)
    if op == "co":  # its value stands before the field, whose path may be a parameter too
        values.insert(len(values) - (isinstance(field, Inside)), right)
    else:
        values += [right, right] if op == "ew" else [right]
    return OPERATORS[op].format(left)


def canonical(kind: Kind, op: str, value: Any) -> Any:
    """The value in the form in which the field is compared."""
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "name" and op in ("eq", "ne"):
        return canon_name(value)
    return fold(value) if kind in ("name", "folded") else value


def _text(field: Column | Inside, values: list[Any], exact: str, canon: str) -> str:
    if isinstance(field, Column):
        return f'(({field.sql})::text COLLATE "C")' if field.kind in ("id", "boolean", "time") else field.sql
    values.append(list(field.path))
    if field.kind == "number":  # what was kept before the attribute became a number counts as no value
        return f"(jsonb_path_query_first({exact} #> %s::text[], '$ ? (@.type() == \"number\")'))::numeric"
    document = exact if field.kind == "exact" else canon
    return f'(({document} #>> %s::text[]) COLLATE "C")'


def _containment(contained: tuple[bool, Any], values: list[Any], exact: str, canon: str) -> str:
    values.append(orjson.dumps(contained[1]).decode())
    return f"{exact if contained[0] else canon} @> %s::jsonb"


def _contained(condition: Condition) -> tuple[bool, Any] | None:
    """The condition as "the document contains this" (and whether exactly), which an index can answer; or None."""
    match condition:
        case Compare(Inside(path, kind), "eq", value):
            made = value if kind in ("boolean", "number") else canonical(kind, "eq", value)
            for name in reversed(path):
                made = {name: made}
            return kind in ("exact", "number"), made
        case Elements(path, inner):
            below = _contained(inner)
            if below is None:
                return None
            made = [below[1]]
            for name in reversed(path):
                made = {name: made}
            return below[0], made
        case Every(conditions) if conditions:
            parts = [_contained(c) for c in conditions]
            merged: dict[str, Any] = {}
            for part in parts:
                if part is None or part[0] != parts[0][0] or merged.keys() & part[1].keys():  # type: ignore[index]
                    return None
                merged |= part[1]
            return parts[0][0], merged  # type: ignore[index]
    return None

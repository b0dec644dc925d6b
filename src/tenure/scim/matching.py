"""Evaluates a filter on one element of a multi-valued attribute, for PATCH."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

from tenure.scim import dialects
from tenure.scim.filters import And, Comparison, Filter, Not, Or, Presence, ValuePath
from tenure.scim.scalars import moment_in, number_in
from tenure.scim.schema import Attribute
from tenure.store.filters import fold

_ORDER = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


class Unmatchable(ValueError):
    """The filter asks for what the elements do not have; `str()` says what."""


def matches(filter: Filter, element: Mapping[str, Any], attribute: Attribute) -> bool:
    """True when the element satisfies the filter. Raises Unmatchable."""
    match filter:
        case And(parts):
            return all(matches(part, element, attribute) for part in parts)
        case Or(parts):
            return any(matches(part, element, attribute) for part in parts)
        case Not(inner):
            return not matches(inner, element, attribute)
        case Presence(name):
            return element.get(_sub(attribute, name).name) not in (None, "")
        case Comparison():
            return _compare(filter, element, attribute)
        case ValuePath(name):
            raise Unmatchable(f"{name} cannot have a filter of its own inside another one")


def element_of(filter: Filter, attribute: Attribute) -> dict[str, Any] | None:
    """The element that the filter describes (`type eq "work"` is `{"type": "work"}`), or None if it describes none."""
    match filter:
        case Comparison(name, "eq", value, raw) if value is not None:
            sub = _sub(attribute, name)
            return {sub.name: dialects.boolean(raw) if sub.type == "boolean" else raw}
        case And(parts):
            made: dict[str, Any] = {}
            for part in parts:
                described = element_of(part, attribute)
                if described is None:
                    return None
                made.update(described)
            return made
    return None


def _sub(attribute: Attribute, name: str) -> Attribute:
    found = attribute.names.get(name.lower())
    if found is None:
        raise Unmatchable(f"{attribute.name} has no sub-attribute {name[:50]!r}")
    return found


def _compare(comparison: Comparison, element: Mapping[str, Any], attribute: Attribute) -> bool:
    sub = _sub(attribute, comparison.name)
    held = element.get(sub.name)
    if comparison.value is None:
        return (held is None) == (comparison.op == "eq")
    if sub.type == "boolean":
        asked = dialects.boolean(comparison.raw)
        if asked is None or comparison.op not in ("eq", "ne"):
            raise Unmatchable(f"{sub.name} can only be compared with true or false by eq or ne")
        return (bool(held) == asked) == (comparison.op == "eq")
    if held is None:
        return comparison.op == "ne"
    if sub.type in ("integer", "decimal", "dateTime"):
        return _compare_values(held, comparison, sub)
    if sub.exact:
        return compare_texts(held, comparison.op, comparison.raw)
    return compare_texts(fold(held), comparison.op, fold(comparison.raw))


def _compare_values(held: Any, comparison: Comparison, sub: Attribute) -> bool:
    """A comparison of numbers, or of moments."""
    read = moment_in if sub.type == "dateTime" else number_in
    value, asked = read(str(held)), read(comparison.raw)
    if asked is None or comparison.op in ("co", "sw", "ew"):
        raise Unmatchable(f"{sub.name} is compared with a {sub.type}, by eq to le")
    if value is None:  # kept before the attribute had this type
        return comparison.op == "ne"
    found: bool = _ORDER[comparison.op](value, asked)
    return found


def compare_texts(held: str, op: str, asked: str) -> bool:
    """A comparison of two texts in canonical form; order is by code point."""
    match op:
        case "eq":
            return held == asked
        case "ne":
            return held != asked
        case "co":
            return asked in held
        case "sw":
            return held.startswith(asked)
        case "ew":
            return held.endswith(asked)
        case "gt":
            return held > asked
        case "ge":
            return held >= asked
        case "lt":
            return held < asked
    return held <= asked

"""Filters (RFC 7644 section 3.4.2.2): read into a test that a document passes or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from .schemas import Attribute, Kind, Place, named
from .texts import Refused, invalid

Test = Callable[[dict[str, Any]], bool]
_WORD = re.compile(r'\s*(\(|\)|\[|\]|"(?:\\.|[^"\\])*"|[^\s()\[\]"]+)')
_TEXTUAL = ("co", "sw", "ew")
_ORDERED = ("gt", "ge", "lt", "le")
OPERATORS = ("eq", "ne", *_TEXTUAL, *_ORDERED)


def bad(detail: str) -> Refused:
    """A filter that cannot be read."""
    return invalid(detail, "invalidFilter")


def words(text: str) -> list[str]:
    """The words of a filter or of a path."""
    found, at = [], 0
    while text[at:].strip():
        match = _WORD.match(text, at)
        if match is None:
            raise bad(f"the filter cannot be read from {text[at:]!r} on")
        found.append(match[1])
        at = match.end()
    return found


class Parser:
    """Reads one filter about documents of a kind, or, with `within`, about the values of a complex attribute."""

    def __init__(self, text: str, kind: Kind, within: Attribute | None = None) -> None:
        """Split the text into words."""
        self._words = words(text)
        self._at = 0
        self._kind = kind
        self._within = within

    def whole(self) -> Test:
        """The test that the whole text stands for."""
        test = self._either()
        if self._peek():
            raise bad(f"{self._peek()!r} is too much")
        return test

    def _peek(self) -> str:
        return self._words[self._at] if self._at < len(self._words) else ""

    def _next(self) -> str:
        word = self._peek()
        if not word:
            raise bad("the filter ends too early")
        self._at += 1
        return word

    def _expect(self, word: str) -> None:
        if self._next() != word:
            raise bad(f"{word!r} is missing")

    def _either(self) -> Test:
        tests = [self._both()]
        while self._peek().lower() == "or":
            self._next()
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._peek().lower() == "and":
            self._next()
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def _one(self) -> Test:
        word = self._next()
        if word == "(":
            test = self._either()
            self._expect(")")
            return test
        if word.lower() == "not":
            self._expect("(")
            refused = self._either()
            self._expect(")")
            return lambda document: not refused(document)
        place = self._place(word)
        if self._peek() == "[":
            return self._values(place)
        return self._comparison(place)

    def _place(self, name: str) -> Place:
        if self._within is not None:
            sub = named(self._within.get("subAttributes", ()), name)
            place = Place(None, sub) if sub else None
        else:
            place = self._kind.find(name)
        if place is None:
            raise bad(f"there is no attribute {name}")
        return place

    def _values(self, place: Place) -> Test:
        """`emails[type eq "work"]`: some value of the attribute passes all of the test."""
        self._expect("[")
        inner = Parser("", self._kind, place.attribute)
        inner._words, inner._at = self._words, self._at
        test = inner._either()
        self._at = inner._at
        self._expect("]")
        return lambda document: any(isinstance(one, dict) and test(one) for one in _top(document, place))

    def _comparison(self, place: Place) -> Test:
        operator = self._next().lower()
        if operator == "pr":
            return lambda document: any(value not in (None, "", [], {}) for value in values(document, place))
        if operator not in OPERATORS:
            raise bad(f"there is no operator {operator}")
        try:
            wanted = orjson.loads(self._next())
        except orjson.JSONDecodeError:
            raise bad("a value is text in quotes, a number, true, false or null") from None
        leaf = _leaf(place)
        if operator in _ORDERED and leaf["type"] in ("boolean", "binary"):
            raise bad(f"{leaf['name']} has no order")
        exact = leaf.get("caseExact", True)
        return lambda document: _holds(operator, _compared(values(document, place), exact), _fold(wanted, exact))


def _leaf(place: Place) -> Attribute:
    if place.sub is not None:
        return place.sub
    return named(place.attribute.get("subAttributes", ()), "value") or place.attribute


def _fold(value: Any, exact: bool) -> Any:
    return value.lower() if isinstance(value, str) and not exact else value


def _compared(found: Iterator[Any], exact: bool) -> list[Any]:
    return [_fold(value, exact) for value in found]


def _holds(operator: str, found: list[Any], wanted: Any) -> bool:
    if operator == "ne":
        return wanted not in found
    if wanted is None:
        return operator == "eq" and not found
    return any(type(value) is type(wanted) and _compare(operator, value, wanted) for value in found)


def _compare(operator: str, value: Any, wanted: Any) -> bool:
    match operator:
        case "eq":
            return bool(value == wanted)
        case "co":
            return wanted in value
        case "sw":
            return bool(value.startswith(wanted))
        case "ew":
            return bool(value.endswith(wanted))
        case "gt":
            return bool(value > wanted)
        case "ge":
            return bool(value >= wanted)
        case "lt":
            return bool(value < wanted)
        case _:
            return bool(value <= wanted)


def _top(document: dict[str, Any], place: Place) -> list[Any]:
    holder = document if place.urn is None else document.get(place.urn, {})
    value = holder.get(place.attribute["name"])
    return value if isinstance(value, list) else [] if value is None else [value]


def values(document: dict[str, Any], place: Place) -> Iterator[Any]:
    """The simple values at a place of a document; those of a complex attribute are its `value`s."""
    for one in _top(document, place):
        value = one.get(place.sub["name"] if place.sub else "value") if isinstance(one, dict) else one
        if value is not None:
            yield value

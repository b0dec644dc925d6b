"""Crowd's search: restrictions as data, in its query language (CQL) or in a body, and what they find."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .state import Account, Group
from .texts import refused

Found = Callable[[Account | Group], bool]
NULL = "null-search-restriction"
DEEPEST = 50
_TOKEN = re.compile(r'\s*(?:([()=<>])|"((?:[^"\\]|\\.)*)"|([^\s()=<>"]+))')
_MODES = {"=": "EXACTLY_MATCHES", "<": "LESS_THAN", ">": "GREATER_THAN"}
_PARTIAL = {"CONTAINS", "STARTS_WITH", "ENDS_WITH"}
_OWN = {
    "name": "name",
    "firstName": "first_name",
    "lastName": "last_name",
    "displayName": "display_name",
    "email": "email",
    "active": "active",
    "description": "description",
    "createdDate": "created_ms",
    "updatedDate": "updated_ms",
}


def _tokens(cql: str) -> list[tuple[str, str]]:
    found, place = [], 0
    cql = cql.rstrip()
    while place < len(cql):
        match = _TOKEN.match(cql, place)
        if match is None:
            raise refused("restriction")
        sign, quoted, word = match.groups()
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else word
        found.append(("sign", sign) if sign else ("quoted" if quoted is not None else "word", text))
        place = match.end()
    return found


class _Cql:
    """Reads `a = b and (c > d or e = "f*")`; `and` binds closer than `or`."""

    def __init__(self, cql: str) -> None:
        self._left = _tokens(cql)
        self._depth = 0

    def whole(self) -> dict[str, Any]:
        found = self._any()
        if self._left:
            raise refused("restriction")
        return found

    def _take(self, *kinds: str) -> str:
        if not self._left or self._left[0][0] not in kinds:
            raise refused("restriction")
        return self._left.pop(0)[1]

    def _next(self, kind: str, text: str) -> bool:
        if self._left and self._left[0][0] == kind and self._left[0][1].lower() == text:
            self._left.pop(0)
            return True
        return False

    def _any(self) -> dict[str, Any]:
        return self._joined("or", lambda: self._joined("and", self._one))

    def _joined(self, word: str, part: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        parts = [part()]
        while self._next("word", word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        return {"restriction-type": "boolean-search-restriction", "boolean-logic": word, "restrictions": parts}

    def _one(self) -> dict[str, Any]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise refused("restriction")
        if self._next("sign", "("):
            found = self._any()
            if not self._next("sign", ")"):
                raise refused("restriction")
            self._depth -= 1
            return found
        self._depth -= 1
        name, sign, value = self._take("word"), self._take("sign"), self._take("word", "quoted")
        if sign not in _MODES:
            raise refused("restriction")
        return _property(name, *_wild(_MODES[sign], value))


def _wild(mode: str, value: str) -> tuple[str, str]:
    """A star at an end of a value asks for a part of the field."""
    starts, ends = value.startswith("*"), value.endswith("*")
    if mode != "EXACTLY_MATCHES" or not (starts or ends):
        return mode, value
    return ("CONTAINS" if starts and ends else "ENDS_WITH" if starts else "STARTS_WITH"), value.strip("*")


def _property(name: str, mode: str, value: str) -> dict[str, Any]:
    told = {"property": {"name": name}, "match-mode": mode, "value": value}
    return {"restriction-type": "property-search-restriction", **told}


def from_cql(cql: str) -> dict[str, Any]:
    """The restriction that a text of the query language stands for; an empty text finds everything."""
    return _Cql(cql).whole() if cql.strip() else {"restriction-type": NULL}


def compiled(restriction: Any, depth: int = 0) -> Found:
    """What a restriction finds; 400 if it is none."""
    kind = restriction.get("restriction-type") if isinstance(restriction, dict) else None
    if depth > DEEPEST:
        raise refused("restriction")
    if kind == NULL:
        return lambda _: True
    if kind == "property-search-restriction":
        return _matcher(restriction)
    parts = restriction.get("restrictions") if kind == "boolean-search-restriction" else None
    if not isinstance(parts, list) or str(restriction.get("boolean-logic")).lower() not in ("and", "or"):
        raise refused("restriction")
    every = restriction["boolean-logic"].lower() == "and"
    tests = [compiled(part, depth + 1) for part in parts]
    return lambda one: (all if every else any)(test(one) for test in tests)


def _matcher(restriction: dict[str, Any]) -> Found:
    name = restriction["property"].get("name") if isinstance(restriction.get("property"), dict) else None
    mode, value = restriction.get("match-mode"), restriction.get("value")
    if not isinstance(name, str) or not isinstance(mode, str) or not isinstance(value, str | None):
        raise refused("restriction")
    if mode == "NULL":
        return lambda one: not any(_values(one, name))
    wanted = _comparable(name, value or "")
    tests: dict[str, Callable[[Any], bool]] = {
        "EXACTLY_MATCHES": lambda v: bool(v == wanted),
        "CONTAINS": lambda v: wanted in str(v),
        "STARTS_WITH": lambda v: str(v).startswith(wanted),
        "ENDS_WITH": lambda v: str(v).endswith(wanted),
        "LESS_THAN": lambda v: bool(v < wanted),
        "GREATER_THAN": lambda v: bool(v > wanted),
    }
    if mode not in tests or (mode in _PARTIAL and not isinstance(wanted, str)):
        raise refused("restriction")
    return lambda one: any(tests[mode](value) for value in _values(one, name))


def _values(one: Account | Group, name: str) -> list[Any]:
    """The values of a property; what is no property of Crowd's own is an attribute."""
    if name in _OWN:
        value = getattr(one, _OWN[name], "")
        return [value.lower() if isinstance(value, str) else value]
    return [value.lower() for value in one.attributes.get(name, [])]


def _comparable(name: str, value: str) -> Any:
    if name == "active":
        return value.lower() == "true"
    if not name.endswith("Date"):
        return value.lower()
    try:
        year, month, day = [*(int(part) for part in value[:10].split("-")), 1, 1][:3]
        moment = datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        raise refused("restriction") from None
    return int(moment.timestamp() * 1000)

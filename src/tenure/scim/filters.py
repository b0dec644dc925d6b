"""Reads SCIM filters and PATCH paths (RFC 7644 sections 3.4.2.2 and 3.5.2) into a tree; knows the grammar alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

import orjson

Operator = Literal["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]
Value = str | bool | int | float | None
OPERATORS = frozenset(("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"))

LONGEST = 16_384
DEEPEST = 40
MOST_TERMS = 400


@dataclass(frozen=True, slots=True)
class Comparison:
    """`name op value`; `raw` is the value as it was written, without quotes."""

    name: str
    op: Operator
    value: Value
    raw: str


@dataclass(frozen=True, slots=True)
class Presence:
    """`name pr`."""

    name: str


@dataclass(frozen=True, slots=True)
class ValuePath:
    """`name[filter]`: one and the same element has to satisfy the filter."""

    name: str
    filter: Filter


@dataclass(frozen=True, slots=True)
class Not:
    """`not (filter)`."""

    filter: Filter


@dataclass(frozen=True, slots=True)
class And:
    """Every part holds."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any part holds."""

    parts: tuple[Filter, ...]


Filter = Comparison | Presence | ValuePath | Not | And | Or


@dataclass(frozen=True, slots=True)
class PathText:
    """A PATCH path: an attribute (which may be qualified and dotted), a filter on its elements, a sub-attribute."""

    name: str
    filter: Filter | None = None
    sub: str | None = None


class Unreadable(ValueError):
    """The text is not a filter or a path; `str()` says where it goes wrong."""


_TOKEN = re.compile(r'\s*(?:([()\[\]])|"((?:[^"\\]|\\.)*)"|([^\s()\[\]"]+))', re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?\Z")
_NAME = re.compile(r"[A-Za-z$][\w$.:/-]*\Z")


def parse(text: str) -> Filter:
    """The filter as a tree. Raises Unreadable; also for one that is too long, too deep or has too many terms."""
    reader = _Reader(text)
    found = reader.alternatives(0)
    reader.end()
    return found


def parse_path(text: str) -> PathText:
    """The path of a PATCH operation. Raises Unreadable."""
    reader = _Reader(text)
    name = reader.name()
    if reader.kind != "[":
        reader.end()
        return PathText(name)
    inner = reader.bracket(0)
    sub = reader.sub()
    reader.end()
    return PathText(name, inner, sub)


class _Reader:
    """A recursive descent over the tokens; `kind` is a bracket, `"` for a string, `w` for a word, "" at the end."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise Unreadable(f"it is longer than {LONGEST} characters")
        if "\0" in text:
            raise Unreadable("it contains a NUL character")
        self.text, self.position, self.terms = text, 0, 0
        self.kind, self.token = "", ""
        self.advance()

    def advance(self) -> None:
        found = _TOKEN.match(self.text, self.position)
        if found is None:
            if self.text[self.position :].strip():
                raise Unreadable(f"it cannot be read from position {self.position + 1}")
            self.kind, self.token = "", ""
            return
        self.position = found.end()
        mark, string, word = found.groups()
        self.kind = mark or ("w" if word is not None else '"')
        self.token = mark or (word if word is not None else string)

    def end(self) -> None:
        if self.kind:
            raise Unreadable(f"{self.token[:50]!r} is not expected there")

    def alternatives(self, depth: int) -> Filter:
        parts = [self.conjunction(depth)]
        while self.kind == "w" and self.token.lower() == "or":
            self.advance()
            parts.append(self.conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def conjunction(self, depth: int) -> Filter:
        parts = [self.term(depth)]
        while self.kind == "w" and self.token.lower() == "and":
            self.advance()
            parts.append(self.term(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def term(self, depth: int) -> Filter:
        self.terms += 1
        if depth > DEEPEST or self.terms > MOST_TERMS:
            raise Unreadable(f"it nests deeper than {DEEPEST} levels or has more than {MOST_TERMS} terms")
        if self.kind == "(":
            self.advance()
            inner = self.alternatives(depth + 1)
            self.expect(")")
            return inner
        if self.kind == "w" and self.token.lower() == "not":
            self.advance()
            return Not(self.term(depth + 1))
        name = self.name()
        if self.kind != "[":
            return self.comparison(name)
        inner = self.bracket(depth)
        sub = self.sub()
        return ValuePath(name, inner if sub is None else And((inner, self.comparison(sub))))

    def bracket(self, depth: int) -> Filter:
        self.expect("[")
        inner = self.alternatives(depth + 1)
        self.expect("]")
        return inner

    def sub(self) -> str | None:
        """The `.value` behind a closing bracket, if there is one."""
        if self.kind != "w" or not self.token.startswith("."):
            return None
        name = self.token[1:]
        if not _NAME.match(name):
            raise Unreadable(f"{name[:50]!r} is not the name of an attribute")
        self.advance()
        return name

    def comparison(self, name: str) -> Filter:
        op = self.token.lower() if self.kind == "w" else ""
        if op == "pr":
            self.advance()
            return Presence(name)
        if op not in OPERATORS:
            raise Unreadable(f"an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr) is missing after {name[:100]!r}")
        self.advance()
        if self.kind not in ("w", '"'):
            raise Unreadable(f"a value is missing after {name[:100]!r} {op}")
        value, raw = _quoted(self.token) if self.kind == '"' else (_word(self.token), self.token)
        self.advance()
        return Comparison(name, cast(Operator, op), value, raw)

    def name(self) -> str:
        if self.kind != "w" or not _NAME.match(self.token):
            raise Unreadable(f"the name of an attribute is missing before {self.token[:50]!r}")
        name = self.token
        self.advance()
        return name

    def expect(self, mark: str) -> None:
        if self.kind != mark:
            raise Unreadable(f"{mark!r} is missing before {self.token[:50]!r}")
        self.advance()


def _quoted(inner: str) -> tuple[str, str]:
    """A JSON string; one with a stray backslash (`"CORP\\jdoe"`) is taken as it stands."""
    if "\\" in inner:
        try:
            inner = str(orjson.loads(f'"{inner}"'))
        except orjson.JSONDecodeError:
            pass
    if "\0" in inner:
        raise Unreadable("it contains a NUL character")
    return inner, inner


def _word(word: str) -> Value:
    lower = word.lower()
    if lower in ("true", "false"):
        return lower == "true"
    if lower == "null":
        return None
    if _NUMBER.match(word):
        return float(word) if {".", "e", "E"} & set(word) else int(word) if len(word) < 20 else float(word)
    return word

"""The syntax tree of a compiled expression, read from the bytes in which the CEL library hands it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Constant:
    """A value written in the expression; `text` is None for numbers, truths and null."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """A variable, or the name of a type."""

    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """A part of something: `operand.part`."""

    operand: Node
    part: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator; `target` is what stands before the dot."""

    function: str
    arguments: tuple[Node, ...]
    target: Node | None = None


@dataclass(frozen=True, slots=True)
class Several:
    """A list or a map written out: its elements, or its keys and values."""

    elements: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """What `map`, `filter`, `exists`, `all` and their like become: a fold over `over`."""

    variables: tuple[str, ...]
    over: Node
    result_variable: str
    start: Node
    condition: Node
    step: Node
    result: Node


Node = Constant | Name | Select | Call | Several | Loop


class UnknownTree(Exception):
    """The tree holds something that an expression of the estate has no use for; the message names it."""


def read_tree(serialized: bytes) -> Node:
    """The tree in a serialised CheckedExpr (the CEL project's `checked.proto` and `syntax.proto`), wrapped in an Any.

    Raises UnknownTree for what we do not know, so that nothing passes a check by not being understood.
    """
    return _node(_bytes(_fields(_bytes(_fields(serialized), 2)), 4))


Fields = dict[int, list[int | bytes]]


def _node(data: bytes) -> Node:
    for number, values in _fields(data).items():
        if number != 2 and values:  # 2 is the node's own number
            value = values[-1]
            if isinstance(value, bytes) and number in _READERS:
                return _READERS[number](_fields(value))
    raise UnknownTree("something that Tenure does not know")


def _constant(fields: Fields) -> Node:
    return Constant(_text(fields, 6) if 6 in fields else None)


def _select(fields: Fields) -> Node:
    return Select(_node(_bytes(fields, 1)), _text(fields, 2))


def _call(fields: Fields) -> Node:
    target = _node(_bytes(fields, 1)) if 1 in fields else None
    return Call(_text(fields, 2), tuple(_each(fields, 3)), target)


def _struct(fields: Fields) -> Node:
    if 1 in fields:
        raise UnknownTree(f"a message ({_text(fields, 1)})")
    parts: list[Node] = []
    for entry in fields.get(2, []):
        inner = _fields(entry if isinstance(entry, bytes) else b"")
        parts += [_node(_bytes(inner, 3)), _node(_bytes(inner, 4))]
    return Several(tuple(parts))


def _loop(fields: Fields) -> Node:
    names = tuple(_text(fields, number) for number in (1, 8) if number in fields)
    over, start, condition, step, result = (_node(_bytes(fields, number)) for number in (2, 4, 5, 6, 7))
    return Loop(names, over, _text(fields, 3), start, condition, step, result)


_READERS = {
    3: _constant,
    4: lambda fields: Name(_text(fields, 1)),
    5: _select,
    6: _call,
    7: lambda fields: Several(tuple(_each(fields, 1))),
    8: _struct,
    9: _loop,
}


def _each(fields: Fields, number: int) -> Iterator[Node]:
    return (_node(value) for value in fields.get(number, []) if isinstance(value, bytes))


def _bytes(fields: Fields, number: int) -> bytes:
    value = fields.get(number, [b""])[-1]
    return value if isinstance(value, bytes) else b""


def _text(fields: Fields, number: int) -> str:
    return _bytes(fields, number).decode()


def _fields(data: bytes) -> Fields:
    """The fields of one protocol buffer message, by number (the encoding's wire types 0, 1, 2 and 5)."""
    found: Fields = {}
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        value: int | bytes
        if key & 7 == 0:
            value, place = _varint(data, place)
        else:
            length = {1: 8, 5: 4}.get(key & 7)
            if length is None:
                length, place = _varint(data, place)
            value, place = data[place : place + length], place + length
        found.setdefault(key >> 3, []).append(value)
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place

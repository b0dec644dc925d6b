"""The most that an expression can cost, judged before it ever runs: no value of a source may make it long or large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import re2

from tenure.planning.expression_tree import Call, Constant, Loop, Name, Node, Select, Several

LONGEST_VALUE = 1_000
"""Characters of a value that an expression reads; a longer one is refused when it is read."""
MOST_GROUPS, LONGEST_GROUP = 100, 400
"""What a person's groups are taken for: a loop in a loop over them is the 10,000 steps at which the library stops."""
LARGEST_COST = 100_000_000
"""About nanoseconds, so about a tenth of a second, if every value were as long as it may be."""

_NODE_NS, _CHARACTER_NS = 50, 5
# fmt: off
_SMALL = frozenset({
    "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "_in_", "@in", "_&&_", "_||_", "!_", "@not_strictly_false",
    "size", "startsWith", "endsWith", "contains", "hasValue", "type", "int", "uint", "double", "bool",
    "indexOf", "lastIndexOf",
})
# fmt: on
_INDEXING = frozenset({"_[_]", "_[?_]", "_?._"})


class TooCostly(Exception):
    """The expression could take too long or grow too large; the message says by what."""


@dataclass(frozen=True, slots=True)
class _Bound:
    """The most that a value can be: characters in all, elements, characters of one element; and the work to get it."""

    size: int = 8
    count: int = 0
    each: int = 8
    work: int = _NODE_NS

    def element(self) -> _Bound:
        return _Bound(self.each, self.each, self.each, 0)


_Scope = Mapping[str, _Bound]


def check_cost(tree: Node) -> None:
    """Raise TooCostly when the expression could cost more than LARGEST_COST."""
    if _bound(tree, {}).work > LARGEST_COST:
        raise TooCostly("it could take too long, or grow too large, for some person")


def _bound(node: Node, scope: _Scope) -> _Bound:
    match node:
        case Constant(text):
            return _Bound(len(text)) if text is not None else _Bound()
        case Name(name):
            return scope.get(name) or _variable(name)
        case Select(operand, _):
            inner = _bound(operand, scope)
            return _Bound(inner.each, inner.each, inner.each, inner.work + _NODE_NS)
        case Several(elements):
            return _several([_bound(element, scope) for element in elements])
        case Loop():
            return _loop(node, scope)
    arguments = [_bound(argument, scope) for argument in node.arguments]
    parts = [_bound(node.target, scope), *arguments] if node.target else arguments
    return _call(node, parts)


def _variable(name: str) -> _Bound:
    if name == "groups":
        return _Bound(MOST_GROUPS * LONGEST_GROUP, MOST_GROUPS, LONGEST_GROUP)
    if name in ("emails", "phoneNumbers", "addresses", "name", "enterprise"):
        return _Bound(12 * LONGEST_VALUE, 8, LONGEST_VALUE)
    return _Bound(LONGEST_VALUE, 0, LONGEST_VALUE)


def _several(parts: list[_Bound]) -> _Bound:
    size, work = sum(part.size for part in parts), sum(part.work for part in parts)
    return _Bound(size + len(parts), len(parts), max((part.size for part in parts), default=0), work + size + _NODE_NS)


def _loop(loop: Loop, scope: _Scope) -> _Bound:
    over, start = _bound(loop.over, scope), _bound(loop.start, scope)
    inside = {**scope, **dict.fromkeys(loop.variables, over.element()), loop.result_variable: start}
    condition, step = _bound(loop.condition, inside), _bound(loop.step, inside)
    turns = over.count
    gathered = _Bound(start.size + turns * step.size, start.count + turns * step.count, max(start.each, step.each), 0)
    result = _bound(loop.result, {**scope, loop.result_variable: gathered})
    work = over.work + start.work + turns * (condition.work + step.work + 10 * _NODE_NS) + gathered.size + result.work
    return _Bound(result.size, result.count, result.each, work)


def _call(call: Call, parts: list[_Bound]) -> _Bound:
    size = sum(part.size for part in parts)
    count, each = sum(part.count for part in parts), max((part.each for part in parts), default=8)
    work = sum(part.work for part in parts) + _NODE_NS
    name = call.function.rpartition(".")[2]
    if name == "matches":
        return _Bound(work=work + parts[0].size * _pattern_size(call))
    if call.function in _INDEXING:
        one = parts[0].each
        return _Bound(one, one, one, work)
    if name in _SMALL:
        return _Bound(work=work + size)
    if name == "replace":
        size = count = each = _replaced(call, parts)
    elif name == "join":
        size = count = each = parts[0].size + parts[0].count * (parts[1].size if len(parts) > 1 else 0)
    elif name == "format":
        directives = _written(call.target).count("%") if _written(call.target) else parts[0].size
        size = count = each = 2 * size + 1_400 * directives  # a precision may be 1,000; a text as hexadecimal is double
    elif name == "split":
        count = parts[0].size + 1
        each = parts[0].size
    elif name == "quote":
        size = 2 * size + 2
        each = size
    else:
        each = max(each, size)
    return _Bound(size, count, each, work + (1 if name == "_+_" else _CHARACTER_NS) * size)


def _written(node: Node | None) -> str:
    return node.text or "" if isinstance(node, Constant) else ""


def _replaced(call: Call, parts: list[_Bound]) -> int:
    """The longest text after a replacement: each `old` found becomes a `new`."""
    if len(parts) < 3:
        return sum(part.size for part in parts)
    whole, new = parts[0].size, parts[2].size
    old = len(_written(call.arguments[0]))
    if not old:  # an empty one, or one that is not written out: between any two characters
        return whole + (whole + 1) * new
    return max(whole, whole * new // old + new)


def _pattern_size(call: Call) -> int:
    """The nanoseconds that a regular expression takes for one character, at worst; it has to be written out."""
    pattern = _written(call.arguments[-1])
    if not isinstance(call.arguments[-1], Constant):
        raise TooCostly("the pattern of matches() is computed; it has to be written out in quotes")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options=options)
    except re2.error:
        raise TooCostly("the pattern of matches() is not a regular expression of RE2") from None
    return int(8 * compiled.programsize)

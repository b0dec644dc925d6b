"""Expressions of the estate, in CEL: checked when they are loaded, bounded when they are computed.

CEL is the Common Expression Language (its language definition is `langdef.md` of the cel-spec project), with the
extensions for strings, optionals and mathematics. Both sides of `condition ? a : b` must be of one kind; when one
of them is null, write dyn(...) around the other: `title == null ? null : dyn(title + '!')`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any, Literal

from cel_expr_python import cel
from cel_expr_python.ext import ext_math, ext_optional, ext_strings

from tenure.planning.expression_cost import LONGEST_VALUE, TooCostly, check_cost
from tenure.planning.expression_tree import Call, Constant, Loop, Name, Node, Select, Several, UnknownTree, read_tree
from tenure.planning.rules import Expression, ExpressionFailed, ExpressionLacks
from tenure.planning.variables import EXTENSION, SCHEMA, nearest_path, texts_in, value_at, variables, wrong_path

__all__ = ["ExpressionInvalid", "compile_expression", "variables"]

LONGEST_EXPRESSION, LONGEST_RESULT = 2_000, 10_000
MOST_DOUBLINGS = 4
_DOUBLING = re.compile(r"\bopt(?:Flat)?Map\b")  # compiling one writes out what stands before it twice
Wants = Literal["text", "truth"]

_TYPE = cel.Type
_TEXTS = frozenset({"STRING", "INT", "UINT", "DOUBLE", "NULL"})
_PLAIN = frozenset({"STRING", "INT", "UINT", "DOUBLE", "BOOL"})
"""The kinds whose plain value may be asked for. Giving out a null, alone or in a list, the library (0.1.3) drops a
reference to None that it does not own: after some thousands of them a Python before 3.12 aborts the process."""
# fmt: off
_FUNCTIONS = [
    "all", "charAt", "contains", "endsWith", "exists", "exists_one", "filter", "format", "has", "indexOf", "join",
    "lastIndexOf", "lowerAscii", "map", "matches", "optional", "orValue", "replace", "size", "split", "startsWith",
    "string", "substring", "trim", "upperAscii",
]
# fmt: on


class ExpressionInvalid(Exception):
    """An expression cannot be used: `str()` says why, `hint` what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        """`hint` is a sentence, or empty."""
        super().__init__(message)
        self.hint = hint


class _Compiled:
    """A checked expression; it is not changed after it is made, and may be used by any thread."""

    __slots__ = ("_program", "_roots", "paths", "text", "wants")

    def __init__(self, text: str, wants: Wants, program: Any, paths: tuple[str, ...]) -> None:
        self.text, self.wants, self.paths = text, wants, paths
        self._program = program
        self._roots = tuple(dict.fromkeys(path.split(".", 1)[0] for path in paths))

    def __repr__(self) -> str:
        return f"<expression {self.text!r}>"

    def evaluate(self, values: Mapping[str, Any]) -> str | bool | None:
        """The text, truth or null for one identity, out of what `variables` gave.

        Raises ExpressionFailed; its sentence names the expression and the variables, never a value of theirs.
        """
        read = {root: values[root] for root in self._roots}
        if EXTENSION in read:  # what the source does not give is null, as everywhere
            parts = (path.partition(".")[2] for path in self.paths if path.startswith(f"{EXTENSION}."))
            read[EXTENSION] = dict.fromkeys(parts) | read[EXTENSION]
        for path in self.paths:
            if any(len(text) > LONGEST_VALUE for text in texts_in(value_at(values, path))):
                raise self._failed(f"{path} is longer than {LONGEST_VALUE:,} characters")
        try:
            answer = self._program.eval(data=read)
            kind = answer.type().name()
            value = answer.plain_value() if kind in _PLAIN else None
        except (RuntimeError, TypeError, ValueError, MemoryError) as problem:
            raise self._failed(_cause(str(problem))) from None
        if kind == "ERROR":  # an error is a value in this library, and its plain value is the error's own text
            raise self._error(values, answer)
        return self._truth(kind, value) if self.wants == "truth" else self._text(kind, value)

    def _truth(self, kind: str, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        raise self._failed(f"it gives {_KINDS.get(kind, 'something else')}, where true or false is needed")

    def _text(self, kind: str, value: Any) -> str | None:
        if kind not in _TEXTS:
            raise self._failed(f"it gives {_KINDS.get(kind, 'something else')}, where a text is needed")
        if value is None:
            return None
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        if len(text) > LONGEST_RESULT:
            raise self._failed(f"it gives more than {LONGEST_RESULT:,} characters")
        if "\x00" in text:
            raise self._failed("it gives a text with a NUL character")
        return text

    def _error(self, values: Mapping[str, Any], answer: Any) -> ExpressionFailed:
        try:
            said = str(answer.plain_value())
        except TypeError:
            said = "optional"
        missing = [path for path in self.paths if value_at(values, path) is None]
        if missing and "null" in said:
            lacks = f"{' and '.join(missing)} {'has' if len(missing) == 1 else 'have'} no value"
            return ExpressionLacks(str(self._failed(lacks)))
        return self._failed(_cause(said))

    def _failed(self, why: str) -> ExpressionFailed:
        return ExpressionFailed(f"{_short(self.text)} could not be computed: {why}")


@lru_cache(maxsize=4096)
def compile_expression(text: str, wants: Wants) -> Expression:
    """Compile an expression that is to give a text (or null, a number becomes a text) or a truth.

    Raises ExpressionInvalid when it is not CEL, names a variable that there is not, gives something else, is nested
    deeper than 32 levels, or could cost too much for some value.
    """
    if len(text) > LONGEST_EXPRESSION:
        raise ExpressionInvalid(f"the expression is longer than {LONGEST_EXPRESSION:,} characters", "split it up")
    if len(_DOUBLING.findall(text)) > MOST_DOUBLINGS:
        raise ExpressionInvalid(f"{_short(text)} has more than {MOST_DOUBLINGS} of optMap", "make it simpler")
    if not text.strip():
        raise ExpressionInvalid("the expression is empty", "write one, such as userName, or remove the key")
    try:
        program = _environment().compile(text)
        tree = read_tree(program.serialize())
        check_cost(tree)
    except TooCostly as problem:
        raise ExpressionInvalid(f"{_short(text)} is refused: {problem}", "make it simpler") from None
    except UnknownTree as problem:
        raise ExpressionInvalid(f"{_short(text)} uses {problem}", "use texts, numbers, lists and variables") from None
    except (RuntimeError, ValueError, TypeError) as problem:
        raise _not_cel(text, str(problem)) from None
    paths = tuple(dict.fromkeys(_paths(tree, frozenset())))
    for path in paths:
        if wrong := wrong_path(path):
            raise ExpressionInvalid(*wrong)
    _check_kind(text, wants, _kind(tree, program.return_type().name()))
    return _Compiled(text, wants, program, tuple(".".join(path) for path in paths))


@cache
def _environment() -> Any:
    known = {"active": _TYPE.BOOL, "groups": _TYPE.List(_TYPE.STRING)}
    return cel.NewEnv(
        variables={name: known.get(name, _TYPE.DYN) for name in SCHEMA},
        extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional(), ext_math.ExtMath()],
    )


_KINDS = {
    "BOOL": "true or false",
    "BYTES": "bytes",
    "DOUBLE": "a number",
    "DURATION": "a duration",
    "INT": "a number",
    "NULL": "no value",
    "STRING": "a text",
    "TIMESTAMP": "a time",
    "TYPE": "the name of a type",
    "UINT": "a number",
}


def _kind(tree: Node, kind: str) -> str:
    """The kind of what the expression gives; the compiler does not know it of a variable that may be null, we do."""
    path = _path(tree)
    if kind != "DYN" or not path:
        return kind
    found = value_at(SCHEMA, ".".join(path))
    return "MAP" if isinstance(found, Mapping) else "STRING" if found == "text" else kind


def _check_kind(text: str, wants: Wants, kind: str) -> None:
    if kind == "DYN" or kind in (_TEXTS if wants == "text" else {"BOOL"}):
        return
    name = kind.split("<", 1)[0]
    given = {"LIST": "a list", "MAP": "a map", "optional_type": "an optional"}.get(name, _KINDS.get(name, "a message"))
    wanted = "a text" if wants == "text" else "true or false"
    hint = {"optional_type": "end it with .orValue(...)", "LIST": "write .join(', ') behind a list of texts"}.get(name)
    hint = "write string(...) around it" if name == "BOOL" else hint or f"write one that gives {wanted}"
    if wants == "truth":
        hint = "compare it with something: ==, !=, in, startsWith(...)"
    raise ExpressionInvalid(f"{_short(text)} gives {given}, where {wanted} is needed", hint)


def _paths(node: Node, own: frozenset[str]) -> Iterator[tuple[str, ...]]:
    """The variables that a tree reads, each as far as it is followed; `own` are the loops' own variables."""
    path = _path(node)
    if path and path[0] in SCHEMA and path[0] not in own:
        yield path
    for child in () if path else _children(node):
        yield from _paths(child, own)
    if isinstance(node, Loop):
        inside = own | {*node.variables, node.result_variable}
        for child in (node.condition, node.step, node.result):
            yield from _paths(child, inside)


def _path(node: Node) -> tuple[str, ...]:
    """The dotted path that a node is, or nothing."""
    match node:
        case Name(name):
            return (name.lstrip("."),)
        case Select(operand, part) | Call("_[_]" | "_?._" | "_[?_]", (operand, Constant(str(part)))):
            path = _path(operand)
            return (*path, part) if path else ()
    return ()


def _children(node: Node) -> list[Node]:
    match node:
        case Select(operand, _):
            return [operand]
        case Call(_, arguments, target):
            return [*([target] if target else []), *arguments]
        case Several(elements):
            return list(elements)
        case Loop(_, over, _, start):
            return [over, start]
    return []


def _not_cel(text: str, problem: str) -> ExpressionInvalid:
    """What the compiler said, in one sentence, with what was probably meant."""
    first = re.search(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)", problem)
    if "recursion" in problem:
        return ExpressionInvalid(f"{_short(text)} is nested too deeply (more than 32 levels)", "make it simpler")
    where, said = (f"character {first[2]}: ", first[3]) if first else ("", problem.split(" [", 1)[0])
    unknown = re.search(r"undeclared reference to '(\w+)'", said)
    if unknown:
        name = unknown[1]
        if re.search(rf"\b{name}\s*\(", text):
            close = get_close_matches(name, _FUNCTIONS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"functions are: {', '.join(_FUNCTIONS)}"
            return ExpressionInvalid(f"there is no function {name}", hint)
        hint = nearest_path(name) or f"the variables are: {', '.join(SCHEMA)}; texts stand in quotes: '{name}'"
        return ExpressionInvalid(f"there is no variable {name}", hint)
    return ExpressionInvalid(f"{_short(text)} is not a CEL expression: {where}{_tidy(said)}", _hint(text, said))


def _hint(text: str, said: str) -> str:
    if "'_?_:_'" in said:
        return "both sides of ? : must be of one kind; when one is null, write dyn(...) around the other"
    if "no matching overload" in said:
        return "make the kinds fit: string(...) turns a number into a text"
    if re.search(r"\b(and|or|not)\b", text) or re.search(r"[^=!<>]=[^=]", text):
        return "write && for and, || for or, ! for not, == for equals"
    return "an expression looks like emails.primary, userName.lowerAscii() or 'staff' in groups"


def _tidy(said: str) -> str:
    said = said.replace("Syntax error: ", "").split(" [INVALID_ARGUMENT]", 1)[0].split(" (in container", 1)[0]
    said = re.sub(r" expecting \{.*", "", said)
    return said if len(said) <= 200 else said[:200] + " ..."


def _cause(said: str) -> str:
    """A sentence for what the library said; its own words may hold a person's value, so they are not passed on."""
    for sign, cause in (
        ("budget", "it takes too many steps"),
        ("Index error", "it asks for a part that is not there"),
        ("greater than", "it asks for a part that is not there"),
        ("Key not found", "it asks for a part that is not there"),
        ("divide by zero", "it divides by zero"),
        ("modulus by zero", "it divides by zero"),
        ("overflow", "a number is too large"),
        ("optional", "it gives an optional: end it with .orValue(...)"),
        ("Python type", "it gives an optional: end it with .orValue(...)"),
        ("conver", "a text is not what it is to be turned into"),
        ("overload", "a function is used on a kind of value that it does not work on"),
    ):
        if sign in said:
            return cause
    return "the values do not fit the expression"


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:77] + "..."

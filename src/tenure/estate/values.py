"""The kinds of value that an estate is made of: expressions, patterns, durations, names."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, NoReturn

import re2
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from tenure.estate.tree import shown
from tenure.model.duration import parse, told
from tenure.planning.expressions import ExpressionInvalid, compile_expression
from tenure.planning.fallbacks import FirstOf
from tenure.planning.rules import AT_ONCE, Expression, Usernames

LONGEST_TEXT, LONGEST_PATTERN = 400, 1_000
SHORTEST_COMPARE, LONGEST_COMPARE = timedelta(seconds=1), timedelta(days=30)
SHORTEST_HEARTBEAT, SHORTEST_EVERY = timedelta(minutes=5), timedelta(minutes=1)
MOST_FALLBACKS = 10
LONGEST_AFTER = timedelta(days=3650)


def refuse(message: str, hint: str = "") -> NoReturn:
    """Refuse a value: `message` says what is wrong, `hint` what to write instead."""
    raise PydanticCustomError("estate", "{message}", {"message": message, "hint": hint})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        refuse(f"{str(value).lower()} is not a text", f'write "{str(value).lower()}" in quotes if it is meant as one')
    if not isinstance(value, str) or not value.strip():
        refuse("a text belongs here", "write one, or remove the key")
    if len(value) > LONGEST_TEXT:
        refuse(f"a text here has at most {LONGEST_TEXT} characters")
    if not value.isprintable():
        refuse("a text here has no line ends or other characters that do not print")
    return value


def _texts(value: Any) -> Any:
    """A single text where a list may stand is a list of one; whatever stands twice stands once."""
    if isinstance(value, list):
        return tuple(dict.fromkeys(_text(one) for one in value))
    return (_text(value),)


def _compiled(value: Any, wants: Literal["text", "truth"]) -> Expression:
    if isinstance(value, bool):
        value = str(value).lower()
    if not isinstance(value, str):
        refuse("an expression belongs here", "write one, such as userName, or remove the key")
    try:
        return compile_expression(value, wants)
    except ExpressionInvalid as problem:
        refuse(str(problem), problem.hint)


def _text_expression(value: Any) -> Expression:
    """One expression, or a list of them, of which the first that gives a value counts."""
    if not isinstance(value, list):
        return _compiled(value, "text")
    if not 1 <= len(value) <= MOST_FALLBACKS:
        refuse(f"a list here has from 1 to {MOST_FALLBACKS} expressions", "write the first choice first")
    return FirstOf([_compiled(one, "text") for one in value])


def _usernames(value: Any) -> Usernames:
    """`hold`, or what is tried instead: expressions in order, and at the end perhaps `number`."""
    if value == "hold":
        return Usernames()
    tried = value if isinstance(value, list) else [value]
    if not 1 <= len(tried) <= MOST_FALLBACKS:
        refuse(f"a list here has from 1 to {MOST_FALLBACKS} alternatives", "write hold where nothing is to be tried")
    if "hold" in tried:
        refuse("hold stands alone: it means that nothing is tried", "take it out of the list")
    number = tried[-1] == "number"
    expressions = tried[:-1] if number else tried
    if "number" in expressions:
        refuse("number stands last, and once: a free number is always found", "move it to the end")
    return Usernames(tuple(_compiled(one, "text") for one in expressions), number)


def _pattern(value: Any) -> str:
    if not isinstance(value, str):
        refuse("a regular expression belongs here", "write one in quotes, such as '^jira-'")
    if len(value) > LONGEST_PATTERN:
        refuse(f"a regular expression has at most {LONGEST_PATTERN:,} characters")
    try:
        group_count(value)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        hint = "RE2 has no look-ahead, look-behind or back-references"
        refuse(f"'{shown(value)}' is not a regular expression of RE2: {said}", hint)
    return value


def group_count(pattern: str) -> int:
    """How many groups a pattern has; raises re2.error when it is none."""
    options = re2.Options()
    options.log_errors = False
    return int(re2.compile(pattern, options=options).groups)


def _duration(value: Any, shortest: timedelta = SHORTEST_COMPARE) -> timedelta:
    duration = parse(value) if isinstance(value, str) else None
    if duration is None:
        written = f'"{shown(value)}" is' if isinstance(value, str) else "this is"
        refuse(f"{written} not a duration", "write a number with s, m, h or d, such as 30m or 6h")
    if not shortest <= duration <= LONGEST_COMPARE:
        refuse(f'"{value}" is out of range', f"write something from {told(shortest)} to 30d")
    return duration


def _after(value: Any) -> timedelta | None:
    """`after 30d`, `true` (at once) or `false` (never)."""
    if isinstance(value, bool) or value is None:
        return AT_ONCE if value else None
    duration = parse(value.removeprefix("after").strip()) if isinstance(value, str) else None
    if duration is None or not value.startswith("after "):
        refuse(f'"{shown(str(value))}" is not a time', "write after 30d, or true for at once, or false for never")
    if duration > LONGEST_AFTER:
        refuse(f'"{value}" is out of range', "write at most after 3650d")
    return duration


Text = Annotated[str, BeforeValidator(_text)]
After = Annotated[timedelta | None, BeforeValidator(_after)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Pattern = Annotated[str, BeforeValidator(_pattern)]
Duration = Annotated[timedelta, BeforeValidator(_duration)]
Heartbeat = Annotated[timedelta, BeforeValidator(lambda value: _duration(value, SHORTEST_HEARTBEAT))]
Every = Annotated[timedelta, BeforeValidator(lambda value: _duration(value, SHORTEST_EVERY))]
TextExpression = Annotated[Any, BeforeValidator(_text_expression)]
Taken = Annotated[Any, BeforeValidator(_usernames)]
TruthExpression = Annotated[Any, BeforeValidator(lambda value: _compiled(value, "truth"))]

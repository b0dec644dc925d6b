"""Fallbacks: several expressions of the estate, of which the first that gives a value counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tenure.planning.rules import Expression, ExpressionLacks


class FirstOf:
    """Expressions in order: the first that gives a value counts. It is itself an expression.

    One that lacks a value which it needs is passed over like one that gives none; any other failure is a failure.
    When none gives a value, the last one says what that means: no value, or a failure.
    """

    def __init__(self, expressions: Sequence[Expression]) -> None:
        """`expressions` has at least one."""
        self._expressions = tuple(expressions)
        self.text = ", else ".join(one.text for one in expressions)
        self.paths = tuple(dict.fromkeys(path for one in expressions for path in one.paths))

    def evaluate(self, variables: Mapping[str, Any]) -> str | bool | None:
        """The first value that there is, or None; raises ExpressionFailed."""
        *others, last = self._expressions
        for one in others:
            try:
                value = one.evaluate(variables)
            except ExpressionLacks:
                continue
            if value is not None and value != "":
                return value
        return last.evaluate(variables)

"""A reply is an application's answer as a connector sees it: status, headers, and the JSON of the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from tenure.model.error import OutcomeUnknown, TargetError, Unreachable
from tenure.wire.operation import Operation

T = TypeVar("T")


def lost(operation: Operation, message: str) -> TargetError:
    """The error for "no believable answer": a write may have taken effect, a read changed nothing."""
    return OutcomeUnknown(message) if operation.writes else Unreachable(message)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the application. `body` is the decoded JSON, or None when the body was empty."""

    operation: Operation
    status: int
    headers: Mapping[str, str]
    body: Any = None

    def read(self, shape: type[T]) -> T:
        """The body as a `msgspec.Struct` or other type; fields that the type does not name are passed over.

        Raises OutcomeUnknown for a write and Unreachable for a read when the body has another shape.
        """
        try:
            return msgspec.convert(self.body, type=shape)
        except msgspec.ValidationError as problem:
            raise lost(self.operation, f"{self.operation} answered in an unknown form: {problem}") from None

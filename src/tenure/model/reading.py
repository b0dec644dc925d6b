"""What a source that is read gave us: how much of it there is, or why nothing was taken from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_FAULTS = 100
"""So many faults are told one by one; the others are counted."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong in what was read. `line` counts from 1; `column` is the column's name, or empty."""

    file: str
    line: int
    column: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """One line: file, line, column, what is wrong, what to write instead."""
        where = f"{self.file}:{self.line}: " + (f"{self.column}: " if self.column else "")
        return where + self.message + (f"; {self.hint}" if self.hint else "")


class NotRead(Exception):
    """Nothing is to be taken from this reading.

    `faults` are the first hundred of `count`. They may show values of people; `str()` shows none.
    """

    def __init__(self, faults: Sequence[Fault], count: int) -> None:
        """`faults` has at least one."""
        self.faults, self.count = tuple(faults), count
        first = faults[0]
        many = f"{count} problems, the first" if count > 1 else "a problem"
        super().__init__(f"nothing was taken: there is {many} in line {first.line} of {first.file}")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a reading showed. `groups` and `memberships` are None where it told nothing of groups at all."""

    people: int
    groups: int | None = None
    memberships: int | None = None

    def parts(self) -> dict[str, int]:
        """What was counted, by its name on screens."""
        counted = {"people": self.people, "groups": self.groups, "memberships": self.memberships}
        return {name: number for name, number in counted.items() if number is not None}

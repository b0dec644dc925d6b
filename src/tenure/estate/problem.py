"""What is wrong with an estate file: where it stands, what it is, and what to write instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `line` and `column` count from 1; `path` is dotted (`targets.jira.mode`), or empty."""

    line: int
    column: int
    path: str
    message: str
    hint: str = ""
    file: str = "estate.yaml"

    def __str__(self) -> str:
        """One line: file, line, path, what is wrong, what to write."""
        where = f"{self.file}:{self.line}: " + (f"{self.path}: " if self.path else "")
        return where + self.message + (f"; {self.hint}" if self.hint else "")


class EstateInvalid(Exception):
    """The estate cannot be used; `problems` are all that was found, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """`problems` has at least one."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def instead(written: str, known: Sequence[str]) -> str:
    """What was probably meant by a name that is not known."""
    close = get_close_matches(written.lower(), [name.lower() for name in known], n=1, cutoff=0.6)
    meant = next((name for name in known if close and name.lower() == close[0]), None)
    return f"did you mean {meant}?" if meant else f"write one of {', '.join(known)}"

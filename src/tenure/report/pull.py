"""What a reading of a source came to, as text and as data: what was wrong by line, what was taken, who is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol

from tenure.model.reading import Extent, NotRead
from tenure.report import words
from tenure.report.why import Line

_ONE = {"people": "person", "groups": "group", "memberships": "membership"}


class Pulled(Protocol):
    """What is told of a reading that was taken in."""

    @property
    def extent(self) -> Extent:
        """How much it showed."""
        ...

    @property
    def new(self) -> int:
        """People who were not known."""
        ...

    @property
    def changed(self) -> int:
        """People of whom something else is said now."""
        ...

    @property
    def missing(self) -> int:
        """People and groups that it lacks, and the one before did not."""
        ...

    @property
    def gone(self) -> int:
        """People whom it lacks, as the one before did."""
        ...

    @property
    def waiting(self) -> Sequence[str]:
        """UserNames that somebody else has at this source."""
        ...

    @property
    def held(self) -> str | None:
        """Why nobody was taken away."""
        ...


def checked_json(source: str, extent: Extent) -> dict[str, Any]:
    """A reading that took nothing, and could have."""
    return {"source": source, "ok": True, **asdict(extent), "problems": [], "problem_count": 0}


def checked_lines(source: str, extent: Extent) -> list[Line]:
    """The same as text."""
    said = f"{words.shown(source)} can be read whole: {_counted(extent)}. Nothing was taken."
    return [Line(said, tone="good")]


def not_read_json(source: str, problem: NotRead) -> dict[str, Any]:
    """A reading of which nothing can be taken."""
    faults = [asdict(fault) for fault in problem.faults]
    return {"source": source, "ok": False, "problems": faults, "problem_count": problem.count}


def not_read_lines(source: str, problem: NotRead) -> list[Line]:
    """The same as text, a line for each fault."""
    found = [Line(words.shown(fault), tone="bad") for fault in problem.faults]
    if problem.count > len(problem.faults):
        found.append(Line(f"and {problem.count - len(problem.faults)} more"))
    count = "1 problem" if problem.count == 1 else f"{problem.count} problems"
    said = f"Nothing was taken from {words.shown(source)}, and nobody is missing by it: mend the {count} above."
    return [*found, Line(said, tone="bad")]


def pulled_json(source: str, found: Pulled) -> dict[str, Any]:
    """A reading that was taken in."""
    return {
        "source": source, "ok": found.held is None and not found.waiting, **asdict(found.extent), "new": found.new,
        "changed": found.changed, "missing": found.missing, "gone": found.gone, "waiting": list(found.waiting),
        "held": found.held, "problems": [], "problem_count": 0,
    }  # fmt: skip


def pulled_lines(source: str, found: Pulled) -> list[Line]:
    """The same as text."""
    name = words.shown(source)
    lines = [
        Line(f"{name} was read: {_counted(found.extent)}.", tone="title"),
        Line(f"{found.new} new, {found.changed} changed, {found.gone} gone", "  people"),
    ]
    if found.missing:
        said = f"{found.missing} who were there are not in it: in the next whole reading without them they are gone"
        lines.append(Line(said, "  missing", "wait"))
    if found.held is not None:
        lines.append(Line(words.shown(found.held), "  held", "bad"))
        to_do = f"if that is right: tenure pull {name} --accept-shrunk {found.extent.people}"
        lines.append(Line(to_do, "  to do"))
    if found.waiting:
        said = f"{', '.join(map(words.shown, found.waiting))}: somebody with another externalId has this userName"
        lines.append(Line(said, "  waiting", "wait"))
        lines.append(Line("read it again when that person has another name, or is gone", "  to do"))
    return lines


def _counted(extent: Extent) -> str:
    told = [f"{number} {_ONE[name] if number == 1 else name}" for name, number in extent.parts().items()]
    return ", ".join(told) + ("" if extent.groups is not None else "; it tells nothing of groups")

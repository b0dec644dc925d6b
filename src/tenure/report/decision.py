"""What was decided, and what an undo would do, as text and as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tenure.model.change import decode
from tenure.model.undoing import Backward, Undoing
from tenure.model.veto import ATTRIBUTE, LINK, MEMBER, STATE
from tenure.report import words
from tenure.report.why import Line

_SHOWN = 50


def utc(moment: datetime | None) -> datetime | None:
    """A moment that was written without a zone is meant in UTC."""
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def decision_lines(
    verb: str, number: int, people: Sequence[str], left_out: Sequence[tuple[str, str]], opened: bool
) -> list[Line]:
    """A decision that was taken."""
    found = [Line(f"{verb}, decision {number}: {_some(people)}", tone="good")]
    found += [Line(f"not {words.shown(name)}: {words.shown(why)}", "  left out", "wait") for name, why in left_out]
    if opened:
        found.append(Line("The gate is open again."))
    return found


def decision_json(
    number: int, people: Sequence[str], left_out: Sequence[tuple[str, str]], opened: bool
) -> dict[str, Any]:
    """A decision that was taken, as scripts read it."""
    out = [{"person": name, "why": why} for name, why in left_out]
    return {"decision": number, "people": list(people), "left_out": out, "opened": opened}


def _some(people: Sequence[str]) -> str:
    told = ", ".join(words.shown(name) for name in people[:_SHOWN])
    more = len(people) - _SHOWN
    return (told or "nobody waits") + (f" and {more} more" if more > 0 else "")


def undoing_lines(planned: Undoing) -> list[Line]:
    """What an undo does, and what it does not: that first, for nobody should learn it afterwards."""
    found: list[Line] = []
    if planned.stays:
        found.append(Line("Cannot be taken back", tone="title"))
        found += [
            Line(
                f"{words.shown(s.person)} at {words.shown(s.target)}: {words.describe(decode(s.what))}: {s.why}",
                "  stays",
                "bad",
            )
            for s in planned.stays[:_SHOWN]
        ]
        found += _more(len(planned.stays))
    found.append(Line(f"Goes back: {len(planned.backward)} values", tone="title"))
    found += [
        Line(f"{words.shown(one.person)} at {words.shown(one.target)}: {_cell(one)}", "  back")
        for one in planned.backward[:_SHOWN]
    ]
    return found + _more(len(planned.backward))


def _more(count: int) -> list[Line]:
    return [Line(f"and {count - _SHOWN} more")] if count > _SHOWN else []


def _cell(one: Backward) -> str:
    if one.cell == STATE:
        return "the account is switched back"
    if one.cell == LINK:
        return "the account is let go"
    if one.cell.startswith(MEMBER):
        return f"membership in {words.shown(one.keep or one.cell.removeprefix(MEMBER))} is switched back"
    return f"{one.cell.removeprefix(ATTRIBUTE)} goes back to {words.value(one.keep)}"


def undoing_json(planned: Undoing, number: int | None) -> dict[str, Any]:
    """What an undo does, as scripts read it; `decision` is null when it was only looked at."""
    return {
        "decision": number,
        "back": [
            {"target": one.target, "person": one.person, "cell": one.cell, "keep": one.keep} for one in planned.backward
        ],
        "stays": [
            {"target": one.target, "person": one.person, "change": dict(one.what), "why": one.why}
            for one in planned.stays
        ],
    }


def run_lines(found: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The newest events that led to changes."""
    if not found:
        return [Line("Nothing was changed yet.", tone="good")]
    lines = [Line("What led to changes, newest first (tenure undo --run NUMBER)", tone="title")]
    for run in found:
        told = words.happened(run["action"], run["actor"], {})
        counted = f"{run['changes']} changes, {run['people']} people or groups"
        lines.append(Line(f"{words.at(run['at'])}  {told}: {counted}", f"  {run['id']}"))
    return lines


def waiting_lines(counted: Mapping[str, int]) -> list[Line]:
    """What waits at a frozen application."""
    if not counted:
        return [Line("Nothing waits to be written.", tone="good")]
    return [Line("What waits to be written", tone="title"), *(Line(str(n), f"  {k}") for k, n in counted.items())]

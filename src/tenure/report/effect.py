"""What a configuration would do to the people that there are, as text and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from tenure.model.change import Change, encode
from tenure.report import holds, words
from tenure.report.why import Line


class Effect(Protocol):
    """What is told of an effect."""

    @property
    def people(self) -> int:
        """How many were looked at."""
        ...

    @property
    def changes(self) -> Mapping[tuple[str, str], int]:
        """How many changes, by kind and decision."""
        ...

    @property
    def samples(self) -> Mapping[str, list[tuple[str, Change]]]:
        """A few people of each kind, with their change."""
        ...

    @property
    def losing(self) -> Mapping[str, int]:
        """How many people would lose something, by the class of the gate."""
        ...

    @property
    def allowed(self) -> Mapping[str, int | None]:
        """What each gate lets pass unasked; None for one that does not apply."""
        ...

    @property
    def problems(self) -> Mapping[str, int]:
        """What stops plans from being made, and for how many."""
        ...


def held_by(effect: Effect) -> list[str]:
    """The gates that would hold something of it."""
    over = ((name, effect.allowed.get(name)) for name in sorted(effect.losing))
    return [name for name, most in over if most is not None and effect.losing[name] > most]


def effect_lines(found: Mapping[str, Effect]) -> list[Line]:
    """The effect at each application."""
    lines: list[Line] = []
    for target, effect in found.items():
        lines += [Line(""), Line(f"{words.shown(target)}: {effect.people} people looked at", tone="title")]
        lines += _told(effect)
    return lines or [Line("No application of it is known yet: its first run starts with a reading.")]


def _told(effect: Effect) -> Iterator[Line]:
    if not effect.changes and not effect.problems:
        yield Line("nothing would change", "  effect", "good")
    for (kind, decision), count in sorted(effect.changes.items()):
        yield Line(f"{count} {kind}", f"  {decision}", "good" if decision == "go" else "wait")
        for name, change in effect.samples.get(kind, ())[:3]:
            yield Line(f"{words.shown(name)}: {words.describe(change)}", "    such as")
    held = held_by(effect)
    for name in sorted(effect.losing):
        most = effect.allowed.get(name)
        told = f"{holds.about(name)}: {effect.losing[name]}" + ("" if most is None else f", {most} pass unasked")
        yield Line(told, "  held" if name in held else "  passes", "bad" if name in held else "plain")
    for problem, count in sorted(effect.problems.items(), key=lambda p: -p[1])[:10]:
        yield Line(f"{count}: {words.shown(problem)}", "  problem", "bad")


def effect_json(found: Mapping[str, Effect]) -> dict[str, Any]:
    """The effect at each application, as scripts read it."""
    return {
        target: {
            "people": e.people,
            "changes": [{"kind": k, "decision": d, "count": n} for (k, d), n in sorted(e.changes.items())],
            "samples": [
                {"person": name, "change": encode(change)} for some in e.samples.values() for name, change in some
            ],
            "gates": [
                {"class": name, "people": e.losing[name], "allowed": e.allowed.get(name), "held": name in held_by(e)}
                for name in sorted(e.losing)
            ],
            "problems": dict(e.problems),
        }
        for target, e in found.items()
    }

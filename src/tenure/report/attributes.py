"""What the configuration makes of one person, application by application: source value, expression, result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from tenure.model.desired import Standing
from tenure.model.story import Story
from tenure.report import plan as plans
from tenure.report import words
from tenure.report.parts import Part, parts
from tenure.report.why import STATES, TONES, Line

_STANDINGS = {
    Standing.MEMBER: "is to have an account",
    Standing.OUT_OF_SCOPE: "is active, and out of scope",
    Standing.LEAVER: "has left",
}
NOBODY_LOOKED = "nothing was computed yet: the person was not looked at since they came, or no configuration is active"


def identity_lines(stories: Sequence[Story]) -> list[Line]:
    """One person at each application, as text: each value with where it comes from, then what is planned."""
    found: list[Line] = []
    for story in stories:
        found += [Line("")] if found else []
        found += [Line(f"{_person(story)} at {words.shown(story.target.name)}", tone="title"), *_standing(story)]
        for part in _computed(story):
            found += _part_lines(part)
        desired = story.desired
        found += [Line(words.shown(fault), "  problem", "bad") for fault in (desired.faults if desired else ())]
        if story.planned is not None and story.planned.plan.waiting:
            found += [Line(""), *plans.plan_lines((story.planned,))]
        elif story.looking:
            found.append(Line("the person is marked, and is looked at next", "  plan", "busy"))
        else:
            found.append(Line("nothing is planned that has not gone", "  plan"))
    return found


def _standing(story: Story) -> Iterator[Line]:
    desired = story.desired
    if desired is None:
        yield Line(NOBODY_LOOKED, "  computed", "wait")
        return
    why = next((r for r in desired.reasons if r.cell in ("standing", "scope")), None)
    by = f": {_trail(why.source, why.rule, why.value)}" if why else ""
    yield Line(f"{_STANDINGS[desired.standing]}{by}", "  person")


def _computed(story: Story) -> list[Part]:
    """The fields and groups that the configuration leads to."""
    if story.desired is None or story.desired.standing is not Standing.MEMBER:
        return []
    return [part for part in parts(story) if part.reason is not None and part.cell not in ("account", "active")]


def _part_lines(part: Part) -> Iterator[Line]:
    assert part.reason is not None
    yield Line(f"  {words.shown(part.title)}")
    yield Line(_trail(part.reason.source, part.reason.rule, part.reason.value), "    value", "step")
    if part.chosen is not None:
        yield Line(words.shown(part.chosen), "    chosen", "wait")
    yield Line(f"{STATES[part.state]}: {part.why}", "    state", TONES[part.state])


def _trail(source: str, rule: str, value: str | None) -> str:
    return f"{words.shown(source) or 'nothing of the person'} -> {words.shown(rule)} -> {words.value(value)}"


def _person(story: Story) -> str:
    return words.shown(story.told.identity.user_name if story.told else story.asked)


def identity_json(stories: Sequence[Story]) -> list[dict[str, Any]]:
    """The same as JSON-ready data, in the words of the code."""
    return [_as_json(story) for story in stories]


def _as_json(story: Story) -> dict[str, Any]:
    computed, desired = _computed(story), story.desired
    return {
        "target": story.target.name,
        "person": story.told.identity.user_name if story.told else story.asked,
        "subject": str(story.told.identity.id) if story.told else None,
        "source": story.told.identity.source if story.told else None,
        "standing": desired.standing.value if desired else None,
        "looking": story.looking,
        "attributes": [
            {"attribute": part.cell, **_cell(part)} | _choice(story, part)
            for part in computed
            if not part.cell.startswith("member:")
        ],
        "groups": [{"group": part.reason.value if part.reason else None, **_cell(part)} for part in computed
                   if part.cell.startswith("member:")],
        "problems": list(desired.faults) if desired else [],
        "plan": plans.plan_json((story.planned,))[0] if story.planned else None,
    }  # fmt: skip


def _cell(part: Part) -> dict[str, Any]:
    assert part.reason is not None
    return {
        "source": part.reason.source,
        "expression": part.reason.rule,
        "result": part.reason.value,
        "desired": part.wanted,
        "actual": part.actual if part.known else None,
        "state": part.state.value,
        "why": part.why,
    }


def _choice(story: Story, part: Part) -> dict[str, Any]:
    choice = story.desired.choice if story.desired and part.cell == "username" else None
    return {"choice": asdict(choice)} if choice else {}

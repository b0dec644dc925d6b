"""A plan is an ordered set of changes, each with a verdict and its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tenure.model.change import Change, decode, encode

REMAINS = "not renamed with it: "
"""Begins the note in a plan about something that keeps the old name when the account gets another."""

TWO_NAMES = "this person has two names until that is mended"
"""Ends the reason of a rename that waits at one target although it was done at another."""


class Decision(StrEnum):
    """What admission says to a change."""

    GO = "go"
    HOLD = "hold"  # waits for a person
    WAIT = "wait"  # waits for something else, named in `waits_on`
    REFUSE = "refuse"  # never done, whatever a plan says


@dataclass(frozen=True, slots=True)
class Verdict:
    """A change with admission's decision and the reason in a sentence.

    `waits_on` names the subject that a waiting change needs (`group:dev`, `reading`, or the kind of a change before).
    `gate` is the class of the decision that a person can take about a held change (`GateClass`, `group:<name>`); a hold
    without one ends when its reason does.
    """

    change: Change
    decision: Decision
    reason: str = ""
    waits_on: str | None = None
    gate: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for one subject at one target, now. `problems` are sentences that stop it being made.

    `drift`: neither the source nor the rules changed since the account was as desired; somebody changed it at the
    target.
    """

    situation: str
    verdicts: tuple[Verdict, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())
    drift: bool = False

    @property
    def go(self) -> tuple[Change, ...]:
        """The changes that may be sent."""
        return tuple(v.change for v in self.verdicts if v.decision is Decision.GO)

    @property
    def waiting(self) -> bool:
        """True when something in it needs a person, or something else, first."""
        return bool(self.problems) or any(v.decision is not Decision.GO for v in self.verdicts)

    @property
    def waits_on(self) -> tuple[str, ...]:
        """The subjects that must be settled before the waiting changes can go."""
        return tuple(sorted({v.waits_on for v in self.verdicts if v.waits_on}))


def encode_plan(plan: Plan) -> dict[str, Any]:
    """The plan as JSON-ready data."""
    return {
        "verdicts": [
            {
                "change": encode(v.change),
                "decision": v.decision.value,
                "reason": v.reason,
                "waits_on": v.waits_on,
                "gate": v.gate,
            }
            for v in plan.verdicts
        ],
        "problems": list(plan.problems),
        "notes": list(plan.notes),
        "drift": plan.drift,
    }


def decode_plan(situation: str, data: Mapping[str, Any]) -> Plan:
    """The plan that `encode_plan` wrote."""
    verdicts = tuple(
        Verdict(decode(v["change"]), Decision(v["decision"]), v["reason"], v["waits_on"], v.get("gate"))
        for v in data["verdicts"]
    )
    drift = data.get("drift", False)  # plans made before it was told apart say nothing of it
    return Plan(situation, verdicts, tuple(data["problems"]), tuple(data["notes"]), drift)

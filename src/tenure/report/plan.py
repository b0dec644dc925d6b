"""What is planned and has not gone: by person as text, or gathered into what waits for one decision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tenure.model.change import Change, ChangeKind, encode
from tenure.model.gate import GateClass
from tenure.model.held import HeldPlan
from tenure.model.plan import Decision, Verdict
from tenure.model.story import Planned
from tenure.report import holds, words
from tenure.report.why import Line

CLASSES = {
    ChangeKind.ADOPT_ACCOUNT: "adoption",
    ChangeKind.CREATE_ACCOUNT: "creation",
    ChangeKind.RENAME_ACCOUNT: "rename",
    ChangeKind.UPDATE_ACCOUNT: "update",
    ChangeKind.REACTIVATE_ACCOUNT: "update",
    ChangeKind.JOIN_GROUPS: "membership",
    ChangeKind.CREATE_GROUP: "group",
    ChangeKind.ADOPT_GROUP: "group",
    ChangeKind.DELETE_GROUP: "group",
}
"""What a held change is about; every kind that is not here takes something away."""

CLASS_WORDS = {
    "adoption": "Take over existing accounts",
    "creation": "New accounts",
    "rename": "Renames",
    "update": "Updates",
    "removal": "Removals",
    "membership": "Group memberships",
    "group": "Groups",
    "refused": "Refused",
    "problem": "Problems",
}
_TONES = {Decision.GO: "good", Decision.HOLD: "wait", Decision.WAIT: "wait", Decision.REFUSE: "bad"}
_REASONS = 3
_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class Held:
    """What waits for one decision at one target: `revision` is the newest plan in it, and grows with each newcomer.

    `people` are the names of the identities or groups, in order.
    """

    target: str
    kind: str
    revision: int
    people: tuple[str, ...]
    reason: str

    @property
    def id(self) -> str:
        """How a command names it."""
        return f"{self.target}:{self.kind}"


def held(waiting: Sequence[Planned]) -> tuple[Held, ...]:
    """What waits for a person, gathered by target and by what it is about. What waits for something else is not in."""
    gathered: dict[tuple[str, str], list[tuple[Planned, str]]] = {}
    for planned in waiting:
        for kind, reason in _stops(planned):
            gathered.setdefault((planned.target, kind), []).append((planned, reason))
    return tuple(_held(target, kind, gathered[target, kind]) for target, kind in sorted(gathered))


def _stops(planned: Planned) -> Iterator[tuple[str, str]]:
    for verdict in planned.plan.verdicts:
        if verdict.decision is Decision.REFUSE or (verdict.decision is Decision.HOLD and verdict.gate is None):
            yield _class(verdict), words.reason(verdict.reason)
    for problem in planned.plan.problems:
        yield "problem", words.reason(problem)


def _class(verdict: Verdict) -> str:
    if verdict.decision is Decision.REFUSE:
        return "refused"
    return CLASSES.get(verdict.change.kind, "removal")


def _held(target: str, kind: str, entries: list[tuple[Planned, str]]) -> Held:
    names = {planned.subject: planned.person for planned, _ in entries}
    subjects = sorted(names, key=lambda s: (names[s].casefold(), s))
    counts: dict[str, int] = {}
    for _, reason in entries:
        counts[reason] = counts.get(reason, 0) + 1
    reasons = sorted(counts, key=lambda r: (-counts[r], r))
    told = "; ".join(reasons[:_REASONS])
    more = len(reasons) - _REASONS
    return Held(
        target=target,
        kind=kind,
        revision=max(planned.id for planned, _ in entries),
        people=tuple(names[s] for s in subjects),
        reason=told + (f"; and {more} more reasons" if more > 0 else ""),
    )


def held_json(plans: Sequence[HeldPlan], waiting: Sequence[Planned]) -> list[dict[str, Any]]:
    """What waits for a person, as scripts read it: what gates hold, then what cannot be approved, but mended."""
    gated = [
        {"id": p.id, "target": p.target, "class": p.name, "revision": p.revision,
         "people": [leaf.person for leaf in p.leaves], "reason": p.reason, "shut": p.shut,
         "changes": [{"person": leaf.person, "revision": leaf.revision, "asked_by": leaf.asked_by,
                      "since": leaf.since.isoformat(), "drift": leaf.drift,
                      "changes": [encode(c) for c in leaf.changes], "possible": [asdict(p) for p in leaf.possible],
                      "notes": list(leaf.notes)}
                     for leaf in p.leaves]}
        for p in plans
    ]  # fmt: skip
    return gated + [
        {"id": h.id, "target": h.target, "class": h.kind, "revision": h.revision, "people": list(h.people),
         "reason": h.reason}
        for h in held(waiting)
    ]  # fmt: skip


def held_lines(plans: Sequence[HeldPlan], waiting: Sequence[Planned]) -> list[Line]:
    """What waits for a person, as text."""
    found = [Line("Waiting for approval", tone="title")]
    for plan in plans:
        found += [Line(""), *_gate_lines(plan)]
    for h in held(waiting):
        count = f"{len(h.people)} {'person' if len(h.people) == 1 else 'people'}"
        if h.kind == "group":
            count = f"{len(h.people)} {'group' if len(h.people) == 1 else 'groups'}"
        found += [Line(""), Line(f"{CLASS_WORDS[h.kind]} at {words.shown(h.target)}: {count}", tone="title")]
        found += [Line(h.reason, "  why", "wait"), Line(", ".join(map(words.shown, h.people)), "  who")]
    return found if len(found) > 1 else [Line("Nothing waits for a person.", tone="good")]


def _gate_lines(plan: HeldPlan) -> Iterator[Line]:
    count = f"{len(plan.leaves)} {'person' if len(plan.leaves) == 1 else 'people'}"
    if plan.name == GateClass.GROUPS:
        count = f"{len(plan.leaves)} {'group' if len(plan.leaves) == 1 else 'groups'}"
    yield Line(f"{holds.about(plan.name)} at {words.shown(plan.target)}: {count}", tone="title")
    yield Line(words.reason(plan.reason), "  why", "wait")
    for leaf in plan.leaves[:_PEOPLE]:
        told = "; ".join(words.describe(change) for change in leaf.changes) or words.shown(leaf.reason)
        by_hand = f" ({words.DRIFT})" if leaf.drift else ""
        yield Line(f"{words.shown(leaf.person)}: {told}{by_hand}", "  who")
        yield from (line for change in leaf.changes for line in _opens(change))
        yield from (Line(holds.account(one), "  could be") for one in leaf.possible)
        yield from (Line(words.shown(note), "  note") for note in leaf.notes)
    if len(plan.leaves) > _PEOPLE:
        yield Line(f"and {len(plan.leaves) - _PEOPLE} more (--json lists them)")
    yield Line(f"tenure approve {words.shown(plan.id)} --revision {plan.revision}", "  approve")
    if not plan.leaves:
        yield Line("nobody waits by now; the gate opens when that is approved")


def plan_lines(waiting: Sequence[Planned]) -> list[Line]:
    """Every plan that has not gone whole, person by person, as text; apart, what somebody changed by hand."""
    if not waiting:
        return [Line("Nothing is planned that has not gone.", tone="good")]
    drifted = [planned for planned in waiting if planned.plan.drift]
    found = _plans(planned for planned in waiting if not planned.plan.drift)
    if drifted:
        found += [*([Line("")] if found else []), Line("Changed by hand at the application", tone="title"), Line("")]
        found += _plans(drifted)
    return found


def _plans(waiting: Iterable[Planned]) -> list[Line]:
    found: list[Line] = []
    for planned in waiting:
        situation = words.situation(planned.plan.situation, planned.subject)
        title = f"{words.shown(planned.person)} at {words.shown(planned.target)}"
        found += [Line(""), Line(title, tone="title")] if found else [Line(title, tone="title")]
        found.append(Line(f"{planned.id} of {words.at(planned.made_at)}, revision {planned.revision} of the "
                          f"configuration: {situation}", "  plan"))  # fmt: skip
        for verdict in planned.plan.verdicts:
            told = words.describe(verdict.change)
            if verdict.decision is not Decision.GO:
                told += f". {words.DECISIONS[verdict.decision]}: {words.reason(verdict.reason)}"
            found.append(Line(told, f"  {_SIGNS[verdict.decision]}", _TONES[verdict.decision]))
            found += _opens(verdict.change)
        found += [Line(words.reason(problem), "  problem", "bad") for problem in planned.plan.problems]
        found += [Line(words.shown(note), "  note") for note in planned.plan.notes]
    return found


def _opens(change: Change) -> list[Line]:
    told = "; ".join(words.opening(change))
    return [Line(told, "  opens")] if told else []


_SIGNS = {Decision.GO: "goes", Decision.HOLD: "held", Decision.WAIT: "waits", Decision.REFUSE: "refused"}


def plan_json(waiting: Sequence[Planned]) -> list[dict[str, Any]]:
    """Every plan that has not gone whole, as JSON-ready data in the words of the code."""
    return [
        {
            "plan": p.id,
            "target": p.target,
            "subject": p.subject,
            "person": p.person,
            "situation": p.plan.situation,
            "revision": p.revision,
            "made_at": p.made_at.isoformat(),
            "drift": p.plan.drift,
            "changes": [
                {"change": encode(v.change), "decision": v.decision.value, "reason": v.reason, "waits_on": v.waits_on}
                for v in p.plan.verdicts
            ],
            "problems": list(p.plan.problems),
            "notes": list(p.plan.notes),
        }
        for p in waiting
    ]

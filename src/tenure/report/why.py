"""Why a person's account at an application is as it is: the story told as lines of text, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenure.model.change import encode
from tenure.model.story import Cause, Planned, Story, Write
from tenure.report import words
from tenure.report.parts import Part, PartState, parts

STATES = {
    PartState.WRITTEN: "as it should be",
    PartState.UNCONFIRMED: "written, not yet seen",
    PartState.SAME: "as it should be",
    PartState.KEPT: "kept as it is",
    PartState.SENDING: "on its way",
    PartState.HELD: "waiting for approval",
    PartState.WAITING: "waiting for something else",
    PartState.REFUSED: "refused",
    PartState.FAILED: "failed",
    PartState.VANISHED: "vanished",
    PartState.DIFFERS: "differs",
    PartState.UNDECIDED: "not known yet",
    PartState.NOT_OURS: "left alone",
}
"""The state of a part, in the words of screens."""

TONES = {
    PartState.WRITTEN: "good",
    PartState.SAME: "good",
    PartState.UNCONFIRMED: "busy",
    PartState.SENDING: "busy",
    PartState.HELD: "wait",
    PartState.WAITING: "wait",
    PartState.VANISHED: "bad",
    PartState.DIFFERS: "busy",
    PartState.UNDECIDED: "wait",
    PartState.REFUSED: "bad",
    PartState.FAILED: "bad",
    PartState.KEPT: "plain",
    PartState.NOT_OURS: "plain",
}
"""How a state is to look: good, busy, wait, bad or plain."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text with a label before it; `tone` is `title`, `step` or one of `TONES`."""

    text: str
    label: str = ""
    tone: str = "plain"


def headline(story: Story) -> str:
    """The story in one sentence."""
    account, target = story.account, words.shown(story.target.name)
    if story.told is None:
        return f"This account is not linked to anybody: Tenure does not touch it.{_holder(story)}"
    left = story.told.identity.left
    if story.link is None:
        waits = " A plan waits." if story.planned is not None and story.planned.plan.waiting else ""
        who = "The person has left and" if left else "The person"
        return f"{who} has no account at {target} that Tenure looks after.{waits}{_holder(story)}"
    how = "taken over" if story.link.adopted else "made by Tenure"
    since = f"{how} on {words.at(story.link.since)} ({words.shown(story.link.evidence)})"
    if account is None:
        return f"The linked account {story.link.key} was not found at the last reading; it was {since}."
    state = "open" if account.active else "closed"
    return f"The account is {state}, and was {since}." + (" The person has left." if left else "")


def _holder(story: Story) -> str:
    return f" An account of that name belongs to {words.shown(story.held_by)}." if story.held_by else ""


def steps(part: Part) -> list[tuple[str, str]]:
    """The trail of one part: source value, rule, plan, write, answer, seen; each with its label, as far as it goes."""
    found = []
    if part.reason is not None:
        found += [("source", words.shown(part.reason.source) or "nothing of the person"),
                  ("rule", words.shown(part.reason.rule))]  # fmt: skip
    if part.cell in ("account", "active") or part.cell.startswith("member:"):
        value = part.wanted
    else:
        value = words.value(part.wanted) if part.reason is not None else None
    if value is not None:
        found.append(("desired", value))
    write = part.failed or part.write
    if part.verdict is not None and (write is None or write.plan != part.plan):
        found.append(("plan", f"plan {part.plan}: {words.verb(part.verdict.change)}"))
    if write is not None:
        found += _write_steps(write)
    if part.write is not None and part.write.evidence is not None and part.write.seen_at is not None:
        seen = f"{words.EVIDENCE[part.write.evidence]}, {words.at(part.write.seen_at)}"
        found.append(("seen", seen))
    unread = part.write is not None and part.write.evidence is None and part.seen_at == part.write.answered_at
    if part.known and part.seen_at is not None and not unread:
        key = "key " if part.cell == "account" else ""
        found.append(("now", f"{key}{words.value(part.actual)}, as of {words.at(part.seen_at)}"))
    return found


def _write_steps(write: Write) -> Iterator[tuple[str, str]]:
    yield "plan", f"plan {write.plan}"
    yield "write", f"{words.verb(write.change)}, journal {write.id}"
    answer = words.OUTCOMES[write.outcome] + (f": {words.shown(write.detail)}" if write.detail else "")
    yield "answer", f"{answer}, {words.at(write.answered_at)}"


def cause_line(cause: Cause) -> str:
    """An audit entry in a sentence: when, and who told or did what."""
    return f"{words.at(cause.at)}: {words.happened(cause.action, cause.actor, cause.facts)}"


def lines(story: Story) -> list[Line]:
    """The whole story as text."""
    found = [Line(f"{words.shown(story.asked)} at {words.shown(story.target.name)}", tone="title")]
    found += [Line(headline(story)), *_facts(story)]
    for part in parts(story):
        tone = TONES[part.state]
        found += [Line(""), Line(words.shown(part.title), tone="title"), Line(STATES[part.state], "  state", tone)]
        found += [Line(part.why, "  why"), *(Line(text, f"  {label}", "step") for label, text in steps(part))]
    found += _history(story)
    return found


def _facts(story: Story) -> Iterator[Line]:
    target = story.target
    mode = words.MODES.get(target.mode, target.mode)
    stopped = f", stopped: {words.shown(target.stop_reason)}" if target.state == "stopped" else ""
    yield Line(f"{words.shown(target.name)} ({target.kind}), {mode}{stopped}", "application")
    if story.told is not None:
        who = story.told.identity
        state = "deleted at the source" if who.gone else "active" if who.active else "not active"
        name = f" ({words.shown(story.told.display_name)})" if story.told.display_name else ""
        yield Line(f"{words.shown(who.user_name)}{name}, {state}, from {words.shown(who.source)}, {who.id}", "person")
        groups = ", ".join(words.shown(g.display_name) for g in story.told.groups)
        yield Line(groups or "none", "groups there")
    if story.account is not None and story.seen_at is not None:
        state = "open" if story.account.active else "closed"
        where = "" if story.account.authority == "internal" else f", in a {story.account.authority} directory"
        known = f"key {words.shown(story.account.key)}{where}, seen {words.at(story.seen_at)}"
        yield Line(f"{words.shown(story.account.name)}, {state}, {known}", "account")
    if story.planned is not None:
        yield from _plan_lines(story.planned)
    for other in story.others:
        told = f"{words.shown(other.what)}: tenure why {words.shown(target.name)} {words.shown(other.ask)}"
        yield Line(told, "also", "wait")


def _plan_lines(planned: Planned) -> Iterator[Line]:
    situation = words.situation(planned.plan.situation, planned.subject)
    yield Line(f"plan {planned.id} of {words.at(planned.made_at)}, made when: {situation}", "plan")
    if planned.plan.drift:
        yield Line(words.DRIFT, "by", "wait")
    for problem in planned.plan.problems:
        yield Line(words.reason(problem), "problem", "bad")
    for note in planned.plan.notes:
        yield Line(words.shown(note), "decided", "wait")


def history(story: Story) -> tuple[Cause, ...]:
    """What the identity provider told, and what else led to the plan and the writes; newest first, each told once."""
    chains = [story.events, story.planned.causes if story.planned else (), *(write.causes for write in story.writes)]
    causes = {cause.id: cause for chain in chains for cause in chain}
    return tuple(causes[number] for number in sorted(causes, reverse=True))


def _history(story: Story) -> Iterator[Line]:
    causes = history(story)
    if causes:
        yield from (Line(""), Line("What led to it", tone="title"))
    for cause in causes:
        yield Line(cause_line(cause), f"  audit {cause.id}", "step")


def as_json(story: Story) -> dict[str, Any]:
    """The whole story as JSON-ready data, in the words of the code."""
    who, link, account = story.told, story.link, story.account
    return {
        "target": story.target.name,
        "mode": story.target.mode,
        "asked": story.asked,
        "found_by": story.found_by,
        "summary": headline(story),
        "person": None if who is None else {
            "id": str(who.identity.id),
            "source": who.identity.source,
            "user_name": who.identity.user_name,
            "active": who.identity.active,
            "gone": who.identity.gone,
            "groups": [group.display_name for group in who.groups],
        },
        "link": None if link is None else {
            "key": link.key, "evidence": link.evidence, "adopted": link.adopted, "since": _at(link.since)
        },
        "account": None if account is None else {
            "key": account.key, "name": account.name, "active": account.active, "seen_at": _at(story.seen_at),
            "groups": None if account.groups is None else sorted(account.groups),
        },
        "standing": story.desired.standing.value if story.desired else None,
        "plan": _plan_json(story.planned),
        "parts": [_part_json(part) for part in parts(story)],
        "events": _causes_json(story.events),
        "others": [{"what": other.what, "ask": other.ask} for other in story.others],
    }  # fmt: skip


def _plan_json(planned: Planned | None) -> dict[str, Any] | None:
    if planned is None:
        return None
    return {
        "number": planned.id,
        "situation": planned.plan.situation,
        "revision": planned.revision,
        "made_at": _at(planned.made_at),
        "drift": planned.plan.drift,
        "problems": list(planned.plan.problems),
        "decided": list(planned.plan.notes),
        "causes": _causes_json(planned.causes),
    }


def _part_json(part: Part) -> dict[str, Any]:
    reason, verdict = part.reason, part.verdict
    return {
        "cell": part.cell,
        "state": part.state.value,
        "why": part.why,
        "source": reason.source if reason else None,
        "rule": reason.rule if reason else None,
        "desired": part.wanted,
        "actual": part.actual if part.known else None,
        "seen_at": _at(part.seen_at),
        "decision": verdict.decision.value if verdict else None,
        "waits_on": verdict.waits_on if verdict else None,
        "write": _write_json(part.write),
        "failed": _write_json(part.failed),
    }


def _write_json(write: Write | None) -> dict[str, Any] | None:
    if write is None:
        return None
    return {
        "journal": write.id,
        "plan": write.plan,
        "change": encode(write.change),
        "outcome": write.outcome.value,
        "answer": write.detail,
        "answered_at": _at(write.answered_at),
        "evidence": write.evidence,
        "seen_at": _at(write.seen_at),
        "drift": write.drift,
        "causes": _causes_json(write.causes),
    }


def _causes_json(causes: tuple[Cause, ...]) -> list[dict[str, Any]]:
    return [
        {"audit": c.id, "at": _at(c.at), "actor": c.actor, "action": c.action, "facts": dict(c.facts)} for c in causes
    ]


def _at(when: datetime | None) -> str | None:
    return when.isoformat() if when else None

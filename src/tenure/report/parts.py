"""One part of an account at a time: each field, state and group with what was wanted, written, answered and seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tenure.model.capability import canon_name
from tenure.model.change import AdoptAccount, Change, CreateAccount, Outcome
from tenure.model.desired import Reason, Standing
from tenure.model.plan import Decision, Verdict
from tenure.model.story import GroupTold, Sending, Story, Write
from tenure.planning import evidence
from tenure.planning.naming import told
from tenure.report import words


class PartState(StrEnum):
    """How a part of an account stands."""

    WRITTEN = "written"  # Tenure set it, and it was seen
    UNCONFIRMED = "unconfirmed"  # Tenure set it; nobody has seen it yet
    SAME = "same"  # it is as desired without having been written
    KEPT = "kept"  # it differs from what is desired, and stays so by a rule
    SENDING = "sending"  # written down as about to be sent
    HELD = "held"  # waits for a person
    WAITING = "waiting"  # waits for something else
    REFUSED = "refused"
    FAILED = "failed"
    VANISHED = "vanished"  # the linked account was not found any more
    DIFFERS = "differs"  # it was seen otherwise than desired, and is looked at next
    UNDECIDED = "undecided"  # nothing can be said before it was looked at
    NOT_OURS = "not-ours"  # nothing in the configuration leads to it: left alone


@dataclass(frozen=True, slots=True)
class Part:
    """One cell of an account: `account`, `active`, a field, or `member:<group>`; `why` is the sentence that sums it up.

    `actual` means nothing unless `known`. `verdict` is what plan number `plan` says of the cell. `write` is the change
    that last set the cell, `failed` a later one that did not succeed, `seen_at` when the cell was last seen.
    `chosen` says why the account name is another than the computed one.
    """

    cell: str
    title: str
    state: PartState
    why: str
    reason: Reason | None = None
    wanted: str | None = None
    actual: str | None = None
    known: bool = False
    verdict: Verdict | None = None
    plan: int | None = None
    write: Write | None = None
    failed: Write | None = None
    seen_at: datetime | None = None
    chosen: str | None = None


_FIRST = ("username", "display_name", "email")
_GOOD = (Outcome.APPLIED, Outcome.ALREADY, Outcome.PENDING)
_STATES = {Decision.HOLD: PartState.HELD, Decision.WAIT: PartState.WAITING, Decision.REFUSE: PartState.REFUSED}


def parts(story: Story) -> tuple[Part, ...]:
    """Every part of the account in the order in which a person reads them: account, state, fields, groups."""
    wanted, actual = _wanted(story), _actual(story)
    writes, verdicts, sending = _by_cell(story)
    reasons = {_canonical(r.cell): r for r in (story.desired.reasons if story.desired else ())}
    found = []
    for cell in _order({*wanted, *actual, *writes, *verdicts} | {f"member:{canon}" for canon in story.groups}):
        mine = writes.get(cell, [])
        write = next((w for w in mine if w.outcome in _GOOD), None)
        failed = mine[0] if mine and mine[0] is not write else None
        verdict = verdicts.get(cell)
        state, why = _judge(story, cell, write, failed, verdict, sending.get(cell), wanted, actual)
        found.append(
            Part(
                cell=cell,
                title=_title(cell, story.groups),
                state=state,
                why=why,
                reason=reasons.get(cell) or _standing(story, cell, reasons),
                wanted=wanted.get(cell),
                actual=actual.get(cell),
                known=cell in actual,
                verdict=verdict,
                plan=story.planned.id if story.planned and verdict else None,
                write=write,
                failed=failed if state is PartState.FAILED else None,
                seen_at=story.seen_at if cell in actual else None,
                chosen=_chosen(story) if cell == "username" else None,
            )
        )
    return tuple(found)


def _chosen(story: Story) -> str | None:
    desired = story.desired
    return told(desired.choice, desired.fields["username"] or "") if desired and desired.choice else None


def _wanted(story: Story) -> dict[str, str | None]:
    desired = story.desired
    if desired is None:
        return {}
    if desired.standing is not Standing.MEMBER:
        return {"active": "closed"} if story.link else {}
    groups = {f"member:{canon_name(g.name)}": "in the group" for g in desired.groups}
    return {"account": "an account", "active": "open", **desired.fields, **groups}


def _actual(story: Story) -> dict[str, str | None]:
    account = story.account
    if account is None:
        return {}
    found: dict[str, str | None] = {"account": account.key, "active": "open" if account.active else "closed"}
    found |= {**account.fields, "username": account.name}
    if account.groups is not None:
        for canon, group in story.groups.items():
            found[f"member:{canon}"] = "in the group" if group.inside else "not in the group"
    return found


def _by_cell(story: Story) -> tuple[dict[str, list[Write]], dict[str, Verdict], dict[str, Sending]]:
    """The writes of each cell, newest first, what the current plan says of it, and what is about to be sent."""
    writes: dict[str, list[Write]] = {}
    for write in story.writes:
        for cell in _cells(write.change):
            writes.setdefault(cell, []).append(write)
    verdicts: dict[str, Verdict] = {}
    for verdict in story.planned.plan.verdicts if story.planned else ():
        for cell in _cells(verdict.change):
            verdicts.setdefault(cell, verdict)
    return writes, verdicts, {cell: s for s in story.sending for cell in _cells(s.change)}


def _cells(change: Change) -> list[str]:
    found = [_canonical(cell) for cell in evidence.cells(change)]
    if isinstance(change, CreateAccount | AdoptAccount):
        found.append("account")
    return [cell for cell in found if cell != "link"]


def _canonical(cell: str) -> str:
    kind, colon, name = cell.partition(":")
    return f"{kind}:{canon_name(name)}" if colon else cell


def _order(cells: Iterable[str]) -> list[str]:
    def place(cell: str) -> tuple[int, str]:
        if cell in ("account", "active"):
            return 0, cell
        if cell in _FIRST:
            return 1, str(_FIRST.index(cell))
        return (3 if cell.startswith("member:") else 2), cell

    return sorted(cells, key=place)


def _title(cell: str, groups: Mapping[str, GroupTold]) -> str:
    if cell.startswith("member:"):
        canon = cell.removeprefix("member:")
        return f"group {groups[canon].name if canon in groups else canon}"
    return cell


def _standing(story: Story, cell: str, reasons: Mapping[str, Reason]) -> Reason | None:
    """Why there is to be an account at all, and an open one: the person's standing, by the scope."""
    if cell not in ("account", "active") or story.desired is None or story.told is None:
        return None
    for name in ("standing", "scope"):
        if name in reasons:
            found = reasons[name]
            rule = f"scope: {found.rule}" if name == "scope" else found.rule
            return Reason(cell, found.source or f"scope = {found.value}", rule, found.value)
    return Reason(cell, "active = true", "everybody who is active: no scope is set", "true")


def _judge(
    story: Story,
    cell: str,
    write: Write | None,
    failed: Write | None,
    verdict: Verdict | None,
    sending: Sending | None,
    wanted: Mapping[str, str | None],
    actual: Mapping[str, str | None],
) -> tuple[PartState, str]:
    if sending is not None:
        return PartState.SENDING, f"is being sent since {words.at(sending.made_at)}; the answer is not known yet"
    if verdict is not None and verdict.decision is not Decision.GO:
        return _STATES[verdict.decision], _stopped(story, verdict)
    if verdict is not None and failed is not None:
        return PartState.FAILED, f"could not be written: {words.shown(failed.detail)}"
    if verdict is not None and (write is None or story.planned is None or write.plan != story.planned.id):
        return PartState.SENDING, "is planned and goes next"
    if story.link is not None and story.account is None:
        return PartState.VANISHED, "the linked account was not found any more: nothing is written"
    if _differs(story, cell, wanted, actual):
        looking = "it is marked to be looked at" if story.looking else "nothing is planned for it yet"
        return PartState.DIFFERS, f"the application shows {words.value(actual[cell])}; {looking}"
    if _uncleared(story, cell, wanted, actual):
        if story.looking:
            return PartState.DIFFERS, "has no value at the source any more; it is marked to be looked at"
        return PartState.KEPT, "is kept: there is no value at the source, and the application cannot clear this field"
    if write is not None:
        return _written(story, cell, write, wanted)
    if cell in wanted:
        return _unwritten(story, cell, wanted[cell], actual)
    return _left_alone(story, cell)


def _uncleared(story: Story, cell: str, wanted: Mapping[str, str | None], actual: Mapping[str, str | None]) -> bool:
    """Whether a field of a linked account is to have no value and has one, of which nothing comes."""
    return story.link is not None and cell in wanted and not wanted[cell] and bool(actual.get(cell))


def _differs(story: Story, cell: str, wanted: Mapping[str, str | None], actual: Mapping[str, str | None]) -> bool:
    """Whether a linked account plainly shows something else than is desired, and no rule says that it may."""
    if story.link is None or cell == "account" or cell in story.echoes or cell not in wanted or cell not in actual:
        return False
    if wanted[cell] is None or (cell == "username" and story.link.adopted):
        return False
    return canon_name(wanted[cell] or "") != canon_name(actual[cell] or "")


def _stopped(story: Story, verdict: Verdict) -> str:
    reason = words.reason(verdict.reason)
    subject = verdict.waits_on or ""
    group = story.groups.get(subject.partition(":")[2]) if subject.startswith("group:") else None
    if group is None or group.planned is None:
        return reason
    plan = group.planned.plan
    stops = [words.reason(v.reason) for v in plan.verdicts if v.decision is not Decision.GO] + list(plan.problems)
    opens = [phrase for v in plan.verdicts for phrase in words.opening(v.change)]
    stops += [f"the group opens: {'; '.join(opens)}"] if opens else []
    return f"{reason}; plan {group.planned.id} for that group: {'; '.join(stops)}" if stops else reason


def _written(story: Story, cell: str, write: Write, wanted: Mapping[str, str | None]) -> tuple[PartState, str]:
    if cell in story.echoes:
        return PartState.KEPT, f"was sent; the application made {words.value(story.echoes[cell])} of it, which is kept"
    if write.evidence is None:
        return PartState.UNCONFIRMED, "was sent and answered; it has not been seen yet"
    by = "was set by Tenure"
    if cell == "account":
        by = "was taken over" if isinstance(write.change, AdoptAccount) else "was made by Tenure"
    if cell in wanted or cell == "account":
        return PartState.WRITTEN, f"{by} and seen"
    if story.desired is not None and story.desired.standing is not Standing.MEMBER:
        return PartState.WRITTEN, f"{by} and seen; no longer changed, since the person {_gone(story)}"
    return PartState.WRITTEN, f"{by} and seen; nothing in the configuration leads to it any more"


def _unwritten(story: Story, cell: str, wanted: str | None, actual: Mapping[str, str | None]) -> tuple[PartState, str]:
    if story.desired is not None and story.desired.faults:
        return PartState.HELD, "; ".join(map(words.shown, story.desired.faults))
    if story.planned is not None and story.planned.plan.problems:
        return PartState.HELD, "; ".join(map(words.reason, story.planned.plan.problems))
    if story.link is None and story.planned is not None and story.planned.plan.verdicts:
        first = story.planned.plan.verdicts[0]
        return PartState.WAITING, f"waits for: {words.verb(first.change)} ({_stopped(story, first)})"
    if story.link is None or cell not in actual:
        looking = "and is marked to be looked at" if story.looking else "and nothing is planned for it"
        return PartState.UNDECIDED, f"was not seen at the application, {looking}"
    if cell == "username" and canon_name(actual[cell] or "") != canon_name(wanted or ""):
        return PartState.KEPT, "keeps its name: the configuration does not rename this account"
    group = story.groups.get(cell.removeprefix("member:"))
    if group is not None and group.given_since is not None:
        return PartState.SAME, f"was so already; in Tenure's care since {words.at(group.given_since)}"
    return PartState.SAME, "was so already: nothing was written"


def _left_alone(story: Story, cell: str) -> tuple[PartState, str]:
    if story.link is None:
        return PartState.NOT_OURS, "the account is not linked: Tenure does not touch it"
    if cell == "account":
        return PartState.SAME, f"is linked ({words.shown(story.link.evidence)})"
    if story.desired is not None and story.desired.standing is not Standing.MEMBER:
        return PartState.NOT_OURS, f"is left as it is: the person {_gone(story)}"
    if cell.startswith("member:"):
        return PartState.NOT_OURS, "was not given by Tenure, and no rule leads to it: left alone"
    return PartState.NOT_OURS, "is not mapped in the configuration: Tenure does not touch it"


def _gone(story: Story) -> str:
    left = story.desired is not None and story.desired.standing is Standing.LEAVER
    return "has left" if left else "is out of scope"

"""The proof of a leaver's farewell at one application: aspect by aspect, what was done, what was seen, what is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tenure.model.capability import canon_name
from tenure.model.change import Change, ChangeKind, LeaveGroups, Outcome
from tenure.model.farewell import Aspect, AspectProof, ProofState
from tenure.model.plan import Decision, Verdict
from tenure.model.story import GroupTold, Story, Write
from tenure.report import words

_BY: Mapping[Aspect, ChangeKind] = {
    Aspect.PERMISSIONS: ChangeKind.REVOKE_PERMISSIONS,
    Aspect.SESSIONS: ChangeKind.END_SESSIONS,
    Aspect.TOKENS: ChangeKind.REVOKE_TOKENS,
    Aspect.KEYS: ChangeKind.REVOKE_TOKENS,
    Aspect.LEADS: ChangeKind.HAND_OVER_LEADS,
}
"""The change that takes an aspect away which no reading shows."""
_CLOSING = frozenset({ChangeKind.DEACTIVATE_ACCOUNT, ChangeKind.ANONYMIZE_ACCOUNT, ChangeKind.DELETE_ACCOUNT})
_DONE = frozenset({Outcome.APPLIED, Outcome.ALREADY})


def proof(story: Story, untold: Mapping[Aspect, str]) -> tuple[AspectProof, ...]:
    """What is proven of somebody who left, at one application; nothing where no account was linked to them.

    `untold` says of aspects why the application does not tell them.
    """
    if story.link is None and not any(write.change.kind in _CLOSING for write in story.writes):
        return ()
    gone = story.account is None
    found = [_account(story, untold.get(Aspect.ACCOUNT))]
    groups = [group for group in story.groups.values() if group.inside]
    for aspect in (Aspect.ADMINISTRATION, Aspect.LICENCE, Aspect.GROUPS):
        if aspect in untold and not gone:
            found.append(AspectProof(aspect, ProofState.UNKNOWN, untold[aspect]))
        else:
            found.append(_groups(story, aspect, [g for g in groups if _is(aspect, g)]))
    return (*found, *(_taken(story, aspect, untold.get(aspect)) for aspect in Aspect if aspect not in _SHOWN))


_SHOWN = (Aspect.ACCOUNT, Aspect.ADMINISTRATION, Aspect.LICENCE, Aspect.GROUPS)


def _account(story: Story, why: str | None) -> AspectProof:
    account, write = story.account, _last(story.writes, _CLOSING) or _last(story.elsewhere, _CLOSING)
    done_at = write.answered_at if write else None
    if account is None:
        return AspectProof(Aspect.ACCOUNT, ProofState.DONE, "is gone", done_at, story.seen_at or _seen(write))
    if not account.active:
        told = f"is closed, which {story.authority} did" if write in story.elsewhere else "is closed"
        return AspectProof(Aspect.ACCOUNT, ProofState.DONE, told, done_at, story.seen_at)
    verdict = _planned(story, _CLOSING)
    if write is not None and write in story.elsewhere and (verdict is None or verdict.decision is Decision.WAIT):
        told = f"was closed at {story.authority}, and is open here until {story.target.name} shows it"
        return AspectProof(Aspect.ACCOUNT, ProofState.UNDER_WAY, told, done_at)
    if why is not None and story.desired is not None and story.desired.reached:
        return AspectProof(Aspect.ACCOUNT, ProofState.REPORTED, why, None, story.seen_at)
    return _open(story, Aspect.ACCOUNT, _CLOSING, "is open")


def _is(aspect: Aspect, group: GroupTold) -> bool:
    gives = {Aspect.ADMINISTRATION: "administration", Aspect.LICENCE: "licence"}
    if aspect in gives:
        return gives[aspect] in group.gives
    return not {"administration", "licence"} & set(group.gives)


def _groups(story: Story, aspect: Aspect, inside: Sequence[GroupTold]) -> AspectProof:
    """Memberships of one sort: those that are left, or that none is."""
    if not inside or story.account is None:
        left = [w for w in story.writes if isinstance(w.change, LeaveGroups) and w.outcome in _DONE]
        mine = next((w for w in left if any(_of(aspect, name, story) for name in _names(w.change))), None)
        return AspectProof(aspect, ProofState.DONE, "none", mine.answered_at if mine else None, story.seen_at)
    names = ", ".join(words.shown(group.name) for group in inside)
    if story.account.active:
        return _open(story, aspect, {ChangeKind.LEAVE_GROUPS}, f"is in {names}")
    spared = _spared(story, ChangeKind.LEAVE_GROUPS)
    if spared is not None:
        return AspectProof(
            aspect, ProofState.REPORTED, f"in {names}, which open nothing for a closed account; {spared}"
        )
    ours = [group for group in inside if group.given_since is not None]
    when = story.desired.look_again_at if story.desired else None
    if ours and when is not None:
        return AspectProof(aspect, ProofState.LATER, f"in {names}, which open nothing: next step {words.at(when)}")
    return AspectProof(aspect, ProofState.REPORTED, f"in {names}, which open nothing for a closed account")


def _spared(story: Story, step: ChangeKind) -> str | None:
    """Who decided that this step does not come, in words; None when nobody did."""
    notes = story.planned.plan.notes if story.planned else ()
    return next((words.shown(note) for note in notes if note.startswith(f"{step}: ")), None)


def _names(change: Change) -> tuple[str, ...]:
    return change.groups if isinstance(change, LeaveGroups) else ()


def _of(aspect: Aspect, name: str, story: Story) -> bool:
    told = story.groups.get(canon_name(name))
    return _is(aspect, told) if told else aspect is Aspect.GROUPS


def _taken(story: Story, aspect: Aspect, why: str | None) -> AspectProof:
    """An aspect that no reading shows: what was written about it is all that is known."""
    held = story.account.permissions if story.account and aspect is Aspect.PERMISSIONS else None
    if held is not None and not held:
        return AspectProof(aspect, ProofState.DONE, "holds none itself", None, story.seen_at)
    kind = _BY.get(aspect)
    write = _last(story.writes, {kind}) if kind else None
    if write is not None:
        told = words.shown(write.detail) or words.OUTCOMES[write.outcome]
        state = ProofState.DONE if write.seen_at is not None else ProofState.UNKNOWN  # in part, or it was not shown
        return AspectProof(aspect, state, told, write.answered_at, write.seen_at)
    if kind is not None and _planned(story, {kind}) is not None:
        return _open(story, aspect, {kind}, "not yet taken away")
    if story.account is None:
        return AspectProof(aspect, ProofState.DONE, "gone with the account", None, story.seen_at)
    if why is not None:
        return AspectProof(aspect, ProofState.UNKNOWN, why)
    told = "nobody is named to take over" if aspect is Aspect.LEADS else "the configuration does not ask for it"
    return AspectProof(aspect, ProofState.REPORTED, told)


def _open(story: Story, aspect: Aspect, kinds: Iterable[ChangeKind], told: str) -> AspectProof:
    """Something that is still there: what the plan says of it."""
    verdict = _planned(story, kinds)
    if verdict is None and (story.sending or story.looking):
        return AspectProof(aspect, ProofState.UNDER_WAY, told)
    if verdict is None:
        return AspectProof(aspect, ProofState.REPORTED, f"{told}, and nothing is planned")
    if verdict.decision is Decision.GO:
        return AspectProof(aspect, ProofState.UNDER_WAY, told)
    return AspectProof(aspect, ProofState.WAITING, f"{told}: {words.shown(verdict.reason)}")


def _planned(story: Story, kinds: Iterable[ChangeKind]) -> Verdict | None:
    verdicts = story.planned.plan.verdicts if story.planned else ()
    wanted = set(kinds)
    return next((verdict for verdict in verdicts if verdict.change.kind in wanted), None)


def _last(writes: Sequence[Write], kinds: Iterable[ChangeKind]) -> Write | None:
    wanted = set(kinds)
    return next((w for w in writes if w.change.kind in wanted and w.outcome in _DONE), None)


def _seen(write: Write | None) -> Any:
    return write.seen_at if write else None


def as_lines(proofs: Sequence[AspectProof]) -> Iterator[tuple[str, str, str, str, str]]:
    """One line an aspect: what, how far, in words, when it was done, when it was seen."""
    for one in proofs:
        done = words.at(one.done_at) if one.done_at else ""
        seen = words.at(one.seen_at) if one.seen_at else ""
        yield words.ASPECTS[one.aspect], words.PROOFS[one.state], one.told, done, seen

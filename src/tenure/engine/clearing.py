"""Clearing: the account and the group of a trial are looked for, taken away, and seen to be gone."""

from __future__ import annotations

from dataclasses import dataclass, field

from tenure.engine import send
from tenure.engine.trial import Halted, Trial
from tenure.model.certification import Judged, Step
from tenure.model.change import Change, ChangeKind, DeactivateAccount, DeleteAccount, DeleteGroup, Handle
from tenure.model.error import Recovery, TargetError
from tenure.model.seen import AccountSeen, ByKey, ByName

_TRIES_AFTER_S = (0.0, 2.0, 5.0)
_WORTH_ANOTHER = (Recovery.RETRY, Recovery.REREAD)


@dataclass(slots=True)
class _Left:
    """What was done, what stays because nothing else is possible here, and what stays although it should not."""

    did: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    remains: list[str] = field(default_factory=list)


async def clear(trial: Trial, name: str, asked: str) -> list[str]:
    """Take away what the trial may have made, as one step of it; gives what remains, in sentences for a person."""
    began, left = trial.house.clock.monotonic(), _Left()
    if trial.begun_group:
        await _group(trial, left)
    if trial.begun_account:
        await _account(trial, left)
    ms = round((trial.house.clock.monotonic() - began) * 1000, 1)
    seen, verdict = "neither the account nor the group is there", Judged.AS_EXPECTED
    if left.remains or left.kept:
        seen = "; ".join(left.remains + left.kept)
        verdict = Judged.NOT_AS_EXPECTED if left.remains else Judged.CANNOT
    trial.add(Step(name, asked, "; ".join(left.did) or "nothing was to be done", seen, ms, verdict))
    return left.remains


async def _group(trial: Trial, left: _Left) -> None:
    name, why = trial.names.group, ""
    for pause in _TRIES_AFTER_S:
        try:
            await trial.house.clock.sleep(pause)
            if await send.read_group(trial.target, name) is None:
                return
            again, why = await _tried(trial, DeleteGroup(name), left)
        except TargetError as problem:
            again, why = problem.recovery in _WORTH_ANOTHER, str(problem)
        if not again:
            break
    if why:
        left.remains.append(f"the group {name} is there, or may be: {why}")


async def _account(trial: Trial, left: _Left) -> None:
    """Delete it; where that cannot be done it is at least shut."""
    why, found = "", None
    for pause in _TRIES_AFTER_S:
        try:
            await trial.house.clock.sleep(pause)
            found = await _found(trial)
            if found is None:
                return
            if not trial.can(ChangeKind.DELETE_ACCOUNT):
                break
            again, why = await _tried(trial, DeleteAccount(Handle(found.key, found.name)), left)
        except TargetError as problem:
            again, why = problem.recovery in _WORTH_ANOTHER, str(problem)
        if not again:
            break
    if found is None:
        left.remains.append(f"the account {trial.names.account}, or {trial.names.renamed}, may be there: {why}")
    elif why or not trial.can(ChangeKind.DELETE_ACCOUNT):
        shut = await _shut(trial, found, left)
        state = "deactivated" if shut else "and is open"
        told = f"the account {found.name} stays, {state}: {why or 'it cannot be deleted here'}"
        (left.remains if why or not shut else left.kept).append(told)


async def _found(trial: Trial) -> AccountSeen | None:
    """The account, by its key or one of its names; None when it is nowhere, or became somebody else's."""
    key = trial.account.key if trial.account else ""
    whats: list[ByKey | ByName] = [ByKey(key)] if key else []
    for what in (*whats, ByName(trial.names.account), ByName(trial.names.renamed)):
        found = await send.read_account(trial.target, what)
        if found is not None and trial.names.own(found.name):
            trial.account = Handle(found.key, found.name)
            return found
    return None


async def _shut(trial: Trial, found: AccountSeen, left: _Left) -> bool:
    if not found.active or not trial.can(ChangeKind.DEACTIVATE_ACCOUNT):
        return not found.active
    again, why = await _tried(trial, DeactivateAccount(Handle(found.key, found.name)), left)
    return not again and not why


async def _tried(trial: Trial, change: Change, left: _Left) -> tuple[bool, str]:
    """Whether another try is worth it, and why it did not work ("" when it did)."""
    try:
        done = await trial.attempt("clear", change)
    except Halted as halt:
        return False, str(halt)
    left.did.append(f"{change.kind.value}: {done.answered}")
    if done.fine:
        return False, ""
    return done.problem is None or done.problem.recovery in _WORTH_ANOTHER, f"{done.answered}; {done.seen}"

"""Sending: the changes of one subject in order, each answer taken for what it says, then the evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from datetime import timedelta
from functools import partial

import structlog

from tenure.connector import Joining
from tenure.engine.active import SEND_SECONDS, ActiveTarget, House
from tenure.engine.joining import Joins
from tenure.engine.precedence import goes_first, priority, rank
from tenure.engine.work import Settled, Work, backoff
from tenure.model.capability import CALLS_NOBODY
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    Answer,
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    EndLink,
    Handle,
    HandOverLeads,
    JoinGroups,
    Outcome,
    RenameAccount,
    at,
)
from tenure.model.error import Conflict, OutcomeUnknown, RateLimited, Recovery, TargetError
from tenure.model.seen import AccountSeen, ByKey, ByName, GroupByName, GroupSeen, NotThere
from tenure.planning import evidence
from tenure.store import marks, targets
from tenure.store.intents import Intent

log = structlog.get_logger()
_PROBE = timedelta(seconds=15)
PROMISED_S = 15.0
"""How soon after an application said that it would do something later it is asked what became of it."""


class NotSent(Exception):
    """A change is not sent any more; says why. It is planned anew."""


class Stopped(Exception):
    """The target was stopped: nothing more is sent to it until a probe succeeds."""


async def send(house: House, target: ActiveTarget, works: list[Work], *, few: bool) -> None:
    """Send what was intended, and look for the evidence.

    Fills each work's answers; raises Stopped after every answer is taken down.
    """
    rank.set(next(target.turns.ranks))
    results = await asyncio.gather(*(_send_one(house, target, work) for work in works), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Stopped):
            raise result
    await asyncio.gather(*(_see(target, work, few and work.mark.prio != marks.BULK) for work in works if work.settled))
    stops = [result for result in results if isinstance(result, Stopped)]
    if stops:
        raise stops[0]


async def _send_one(house: House, target: ActiveTarget, work: Work) -> None:
    priority.set(work.mark.prio)
    rest, joins = list(work.intents), _joins(house, target)
    try:
        with joins.coming() if joins else nullcontext():
            while rest and await _sent(house, target, work, rest.pop(0)):
                pass
    finally:
        skipped = Answer(Outcome.FAILED, detail="not sent: a change before it did not go")
        work.settled += [Settled(intent, skipped) for intent in rest]
        target.under_way -= len(work.intents)


async def _sent(house: House, target: ActiveTarget, work: Work, intent: Intent) -> bool:
    """Send one change and take down what is answered; False when those after it are not to be sent."""
    change = at(intent.change, work.handle) if work.handle else intent.change
    try:
        answer = await _together(house, target, intent, change)
        if answer is None:
            async with house.precedence.turn(target.id, target.turns):
                if reason := _not_now(house, target, intent):
                    raise NotSent(reason)
                answer = await apply(target, change)
    except NotSent as told:
        work.again = 0.0
        work.settled.append(Settled(intent, Answer(Outcome.FAILED, detail=str(told))))
        return False
    except OutcomeUnknown:
        work.unknown.append(intent)
        return False
    except TargetError as error:
        work.settled.append(Settled(intent, Answer(Outcome.FAILED, detail=str(error))))
        return not await _give_up(house, target, work, intent.change, error)
    work.settled.append(Settled(intent, answer))
    work.account = evidence.folded(work.account, change, answer)
    _relieved(work, change, answer)
    if answer.task is not None:
        work.again = PROMISED_S
    return True


async def _together(house: House, target: ActiveTarget, intent: Intent, change: Change) -> Answer | None:
    """Put an account into groups together with others; None when it is to be sent by itself. Raises TargetError."""
    connector, joins = joining(target), _joins(house, target)
    if connector is None or joins is None or not isinstance(change, JoinGroups) or goes_first(priority.get()):
        return None
    if not connector.joinable(change.account):
        return None
    return await joins.give(change, intent.deadline.timestamp() - SEND_SECONDS)


def joining(target: ActiveTarget) -> Joining | None:
    """The connector, where one request puts many accounts into a group."""
    connector = target.connector
    return connector if connector.capabilities.accounts_a_call > 1 and isinstance(connector, Joining) else None


def _joins(house: House, target: ActiveTarget) -> Joins | None:
    connector, most = joining(target), target.connector.capabilities.accounts_a_call
    if target.joins is None and connector is not None:
        send = partial(_join, target, connector)
        target.joins = Joins(house.clock, most, target.concurrency, send, lambda: house.precedence.due)
    return target.joins


async def _join(
    target: ActiveTarget, connector: Joining, group: str, accounts: Sequence[Handle]
) -> Collection[str] | None:
    """Put them into the group by one request, in the turn of those who wait for it: some may be in a leaver's shard."""
    priority.set(marks.SINGLE)
    if target.closed is not None:
        return None  # each is told by itself why it is not sent
    try:
        async with asyncio.timeout(SEND_SECONDS):
            return await connector.join(group, accounts)
    except TimeoutError as error:
        raise OutcomeUnknown(f"no answer within {SEND_SECONDS:.0f} s") from error


def _not_now(house: House, target: ActiveTarget, intent: Intent) -> str | None:
    """Why a change is not sent any more, or None: it could be under way beyond its time, or nothing is written now."""
    if house.clock.now().timestamp() > intent.deadline.timestamp() - SEND_SECONDS:
        return "not sent in time: planned anew"
    if target.closed is not None and intent.change.kind not in CALLS_NOBODY:
        return f"not sent: {target.closed}"
    return None


def _relieved(work: Work, change: Change, answer: Answer) -> None:
    """Who no longer leads anything may be shut now, where that was refused: it is tried again, and waits for nobody."""
    failed = {s.intent.change.kind for s in work.settled if s.answer.outcome is Outcome.FAILED}
    relieved = isinstance(change, HandOverLeads) and answer.outcome is Outcome.APPLIED
    if relieved and failed == {ChangeKind.DEACTIVATE_ACCOUNT}:
        work.held.clear()
        work.again = 0.0


async def apply(target: ActiveTarget, change: Change) -> Answer:
    """Send one change, or keep it where it calls nobody. Raises TargetError; OutcomeUnknown when no answer comes."""
    if isinstance(change, AdoptAccount | AdoptGroup | EndLink):
        account = change.account if not isinstance(change, AdoptGroup) else None
        return Answer(Outcome.APPLIED, account, evidence.cells(change), "kept in our records")
    try:
        async with asyncio.timeout(SEND_SECONDS):
            return await target.connector.apply(change)
    except TimeoutError as error:
        raise OutcomeUnknown(f"no answer within {SEND_SECONDS:.0f} s") from error


async def _give_up(house: House, target: ActiveTarget, work: Work, change: Change, error: TargetError) -> bool:
    """Decide what follows from an error; gives True when the changes after this one are not to be sent either."""
    recovery = error.recovery
    log.info("change failed", target=target.name, change=change.kind.value, recovery=recovery.value, why=str(error))
    if recovery is Recovery.CHECK:
        recovery = Recovery.HOLD if (await target.connector.check()).ok else Recovery.STOP
    if recovery is Recovery.STOP:
        await stop(house, target, str(error))
        raise Stopped(str(error))
    if isinstance(error, Conflict) and isinstance(change, RenameAccount) and work.mark.attempts > 0:
        recovery = Recovery.HOLD  # the name was looked for since, and the application shows nobody who bears it
    if recovery is Recovery.HOLD:
        work.held.append(f"{change.kind.value} was refused: {error}")
        return isinstance(change, CreateAccount)
    pause = error.retry_after if isinstance(error, RateLimited) else None
    first_look = recovery is Recovery.REREAD and work.mark.attempts == 0
    work.again = 0.0 if first_look else max(pause or 0.0, backoff(work.mark.attempts))
    return True


async def stop(house: House, target: ActiveTarget, reason: str) -> None:
    """Stop the target: nothing is sent to it until a probe succeeds; its marks stay."""
    log.error("target stopped", target=target.name, reason=reason)
    async with house.database.transaction() as connection:
        await targets.stop(connection, target.id, reason, house.clock.now() + _PROBE)


async def _see(target: ActiveTarget, work: Work, few: bool) -> None:
    """Prove each change that was applied: by the answer's own body, else by reading the account again."""
    capabilities = target.connector.capabilities
    applied = [s for s in work.settled if s.answer.outcome in (Outcome.APPLIED, Outcome.ALREADY)]
    for entry in applied:
        if entry.intent.change.kind in CALLS_NOBODY:
            entry.evidence = "record"
        elif evidence.proven(entry.intent.change, entry.answer.shown, capabilities):
            entry.evidence = "body"
    if work.group is not None:
        await _see_group(target, work)
        return
    leaver = any(s.intent.change.kind is ChangeKind.DEACTIVATE_ACCOUNT for s in applied)
    unproven = [s for s in applied if s.evidence is None]
    if work.handle is None or not (unproven or leaver) or not (few or leaver):
        return
    try:
        work.reread = await read_account(target, ByKey(work.handle.key, target.unlisted()))
    except TargetError as error:
        log.info("could not re-read", target=target.name, why=str(error))
        work.again = backoff(work.mark.attempts)
        return
    if work.reread is None:
        work.again = backoff(work.mark.attempts)
        return
    shown = evidence.shown_by(work.reread, capabilities)
    for entry in unproven + [s for s in applied if leaver and s not in unproven]:
        told = {**entry.answer.shown, **shown}  # some fields are told by the answer alone, and never shown again
        if evidence.proven(entry.intent.change, told, capabilities, whole=work.reread.groups is not None):
            entry.evidence = "re-read"


async def _see_group(target: ActiveTarget, work: Work) -> None:
    for entry in work.settled:
        change = entry.intent.change
        if isinstance(change, CreateGroup) and entry.answer.outcome is Outcome.APPLIED and entry.evidence is None:
            try:
                entry.evidence = "re-read" if await read_group(target, change.name) else None
            except TargetError as error:
                log.info("could not re-read", target=target.name, why=str(error))


async def read_group(target: ActiveTarget, name: str) -> GroupSeen | None:
    """One group, read now; None when the application says that it is not there. Raises TargetError."""
    found: GroupSeen | None = None
    told = False
    async for thing in target.connector.read(GroupByName(name)):
        if isinstance(thing, GroupSeen):
            found, told = thing, True
        elif isinstance(thing, NotThere):
            told = True
    if not told:
        raise OutcomeUnknown("the application neither showed the group nor said that it is not there")
    return found


async def read_account(target: ActiveTarget, what: ByKey | ByName) -> AccountSeen | None:
    """One account, read now; None when the application says that it is not there. Raises TargetError."""
    found: AccountSeen | None = None
    told = False
    async for thing in target.connector.read(what):
        if isinstance(thing, AccountSeen):
            found, told = thing, True
        elif isinstance(thing, NotThere):
            told = True
    if not told:
        raise OutcomeUnknown("the application neither showed the account nor said that it is not there")
    return found

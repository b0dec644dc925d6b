"""One pass over a few subjects at one target: read, plan, intend, send, see, journal, acknowledge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from tenure.engine import effects, gating, groups, promises, seating
from tenure.engine.active import ActiveTarget, House
from tenure.engine.foresight import foresee_due
from tenure.engine.limiter import priority
from tenure.engine.look import Subject, look, overlap, plan
from tenure.engine.send import Stopped, read_account, send, stop
from tenure.engine.work import Work, backoff
from tenure.model.change import AdoptAccount, Outcome, UpdateAccount
from tenure.model.desired import Desired, Standing
from tenure.model.error import RateLimited, Recovery, TargetError
from tenure.model.plan import Plan
from tenure.model.seen import AccountSeen, ByKey, ByName
from tenure.model.situation import Candidate
from tenure.store import care, decisions, intents, marks, plans, seen, targets
from tenure.store.database import Connection
from tenure.store.marks import Mark

log = structlog.get_logger()
_FRESH = (marks.LEAVER, marks.LOSS, marks.SINGLE)
_SNAPSHOT_WITHIN = timedelta(minutes=5)
_TURN_SECONDS = 2.0
_MOST_A_PASS = 48.0
"""Changes in one pass, however fast the target is said to be: the machine, or the target, may be slower than that."""
_MANY = 100


async def run(house: House, target: ActiveTarget, shard: int, epoch: int, due: Sequence[Mark], *, few: bool) -> None:
    """One pass over these marks, which are all of one shard.

    When only a few people are due at the target, each is read before the plan, and after what was sent. In a larger
    run that would double the requests: absence comes from the last whole reading then, and the evidence from the
    answers and the next reading. Leavers are always read. Raises Stopped, Stolen, Outdated.
    """
    priority.set(min(mark.prio for mark in due))
    if shard == marks.GROUPS:
        works = await groups.works(house, target, due)
    else:
        promised = await promises.look_after(house, target, shard, epoch, due)
        works = await _identity_works(house, target, due, few)
        for work in works:
            work.again = promised.get(work.mark.subject) if work.again is None else work.again
    works, later = _affordable(target, works)
    if any(work.standing is Standing.OUT_OF_SCOPE and work.plan.go for work in works):
        await foresee_due(house, target)
    await seating.freshen(house, target, works)
    await _intend(house, target, shard, epoch, [mark for mark in due if mark.subject not in later], works)
    sent = [work for work in works if work.intents]
    if not sent:
        return
    try:
        await send(house, target, sent, few=few)
    finally:
        await _settle(house, target, sent)


def _affordable(target: ActiveTarget, works: list[Work]) -> tuple[list[Work], set[str]]:
    """As many works, the urgent first, as the target may take in two seconds; the subjects of the others stay marked.

    So that what becomes urgent in this shard does not wait for a long row of what is not.
    """
    budget, taken, later = min(max(8.0, _TURN_SECONDS * target.per_second), _MOST_A_PASS), list[Work](), set[str]()
    for work in sorted(works, key=lambda w: w.mark.prio):
        if taken and len(work.plan.go) > budget:
            later.add(work.mark.subject)
            continue
        budget -= len(work.plan.go)
        taken.append(work)
    return taken, later


async def _identity_works(house: House, target: ActiveTarget, due: Sequence[Mark], few: bool) -> list[Work]:
    subjects = await look(house, target, due)
    works = await asyncio.gather(*(_work(house, target, subject, few) for subject in subjects), return_exceptions=True)
    failed = [work for work in works if isinstance(work, BaseException)]
    if failed:
        raise failed[0]
    return [work for work in works if isinstance(work, Work)]


async def _work(house: House, target: ActiveTarget, subject: Subject, few: bool) -> Work:
    """Plan one identity from what is stored, then, where that matters, from a fresh look at the account."""
    planned = plan(target, subject)
    leaving = subject.desired.standing is Standing.LEAVER and bool(planned.go)
    work = Work(subject.mark, planned, subject.identity.id, account=subject.sight.linked)
    work.asked, work.refused = subject.asked, bool(subject.decided.vetoes)
    if (few and subject.mark.prio in _FRESH) or leaving or _unread_before(target, subject, planned):
        try:
            work.refreshed = await _refresh(house, target, subject)
        except TargetError as error:
            return await _unread(house, target, work, error)
        work.plan = planned = plan(target, subject)
        work.account = subject.sight.linked
    adopted = [v.change.account.key for v in planned.verdicts if isinstance(v.change, AdoptAccount)]
    if adopted:
        work.account = next(c.account for c in subject.sight.candidates if c.account.key == adopted[0])
    work.absence_proof = subject.sight.absent_at
    work.cleared, work.ended = frozenset(subject.decided.cleared), subject.kept.ended
    work.overlap = overlap(target, subject, work.account)
    return work


def _unread_before(target: ActiveTarget, subject: Subject, planned: Plan) -> bool:
    """Whether a field is to be set that no listing shows and nobody has read: an undo has to know what was there."""
    there = [subject.sight.linked, *(candidate.account for candidate in subject.sight.candidates)]
    known = {account.key: account.fields for account in there if account is not None}
    return any(
        name not in known.get(change.account.key, {})
        for change in planned.go
        if isinstance(change, UpdateAccount)
        for name in change.fields.keys() & set(target.unlisted())
    )


async def _refresh(house: House, target: ActiveTarget, subject: Subject) -> bool:
    """Read the account now: the linked one by its key, else whoever bears the name. Gives whether anything was read."""
    if subject.link is not None:
        account = await read_account(target, ByKey(subject.link.key, target.unlisted()))
        if account is not None and subject.sight.linked is not None:
            account = _remembering(target, account, subject.sight.linked)
        subject.sight = replace(subject.sight, linked=account, linked_gone=account is None)
        return True
    if subject.desired.standing is not Standing.MEMBER or not subject.username:
        return False
    account = await read_account(target, ByName(subject.username, target.unlisted()))
    others = tuple(c for c in subject.sight.candidates if account is None or c.account.key != account.key)
    if account is None:
        if subject.sight.absent_at is not None:
            name = target.connector.capabilities.canon("username", subject.username)
            canon = target.connector.capabilities.canon
            others = tuple(c for c in others if canon("username", c.account.name) != name)
            subject.sight = replace(subject.sight, candidates=others, absent_at=house.clock.now())
        return True
    known = [c for c in subject.sight.candidates if c.account.key == account.key]
    if known:
        fresh = replace(known[0], account=_remembering(target, account, known[0].account))
    else:
        async with house.database.transaction() as connection:
            held = await care.holders(connection, target.id, [account.key])
        fresh = Candidate(account, held[account.key]["id"]) if account.key in held else Candidate(account)
    subject.sight = replace(subject.sight, candidates=(*others, fresh))
    return True


def _remembering(target: ActiveTarget, account: AccountSeen, before: AccountSeen) -> AccountSeen:
    """An account as just read, with what is known of fields that this application never shows."""
    never = {name: before.fields[name] for name in target.unlisted() if name in before.fields}
    return replace(account, fields={**never, **account.fields})


async def _unread(house: House, target: ActiveTarget, work: Work, error: TargetError) -> Work:
    if error.recovery is Recovery.STOP:
        await stop(house, target, str(error))
        raise Stopped(str(error)) from error
    pause = error.retry_after if isinstance(error, RateLimited) else None
    work.again = max(pause or 0.0, backoff(work.mark.attempts))
    work.plan = Plan("UNSEEN", problems=(f"the account could not be read: {error}",))
    return work


async def _intend(
    house: House, target: ActiveTarget, shard: int, epoch: int, due: Sequence[Mark], works: list[Work]
) -> None:
    """Commit the plans, and what is about to be sent; acknowledge what needs nothing."""
    now = house.clock.now()
    async with house.database.transaction() as connection:
        await targets.still_owned(connection, target.id, shard, epoch)
        await targets.still_current(connection, target.revision)
        await gating.judge(connection, house, target, works)
        await seating.judge(connection, house, target, works)
        total = sum(len(work.plan.go) for work in works)
        for work in works:
            await _keep_sight(connection, house, target, work)
            work.number = await plans.save_plan(
                connection, target.id, work.mark.subject, work.plan, target.revision, work.mark.cause, now
            )
            if work.plan.go and work.number is not None:
                work.intents = await intents.open_intents(
                    connection,
                    plan=work.number,
                    target=target.id,
                    subject=work.mark.subject,
                    changes=work.plan.go,
                    key=work.account.key if work.account else None,
                    before=_before(work),
                    absence_proof=work.absence_proof,
                    deadline=now + target.send_window(total),
                    shard=shard,
                    epoch=epoch,
                    revision=target.revision,
                    cause=work.mark.cause,
                    now=now,
                )
                target.under_way += len(work.intents)
        await gating.write_down(connection, house, target, works)
        await _keep_reached(connection, target, [(w, _in_step(w)) for w in works if not w.intents])
        await _release(connection, house, target, due, works)
        await _ask_for_groups(connection, target, works)


async def _release(
    connection: Connection, house: House, target: ActiveTarget, due: Sequence[Mark], works: list[Work]
) -> None:
    """Acknowledge or postpone the marks of which nothing is sent; the others wait for what is answered."""
    sent, now = {work.mark.subject for work in works if work.intents}, house.clock.now()
    again = {w.mark.subject: now + timedelta(seconds=w.again) for w in works if w.again is not None}
    idle = [mark for mark in due if mark.subject not in sent]
    done = [mark for mark in idle if mark.subject not in again]
    await marks.release(connection, target.id, done, [(m, again[m.subject]) for m in idle if m.subject in again])


async def _ask_for_groups(connection: Connection, target: ActiveTarget, works: list[Work]) -> None:
    """Mark the groups that these plans wait for, in key order."""
    causes = {subject: work.mark.cause for work in works for subject in work.plan.waits_on}
    for subject in sorted(causes):
        if subject.startswith("group:"):
            await marks.mark_subject(connection, [target.id], subject, marks.GROUPS, causes[subject])


async def _keep_sight(connection: Connection, house: House, target: ActiveTarget, work: Work) -> None:
    now = house.clock.now()
    if work.refreshed and work.account is not None:
        await seen.save_accounts(connection, target.id, [work.account], target.connector.capabilities, None, now)
    if work.overlap and work.account is not None and work.plan.situation == "LINKED":
        await care.give_members(connection, target.id, work.account.key, work.overlap, now)
    if work.ended:
        await decisions.end_vetoes(connection, work.ended, "the computed value changed", now)


def _in_step(work: Work) -> bool:
    """Whether the account is as desired: nothing was to be done, or all of it was."""
    done = all(s.answer.outcome in (Outcome.APPLIED, Outcome.ALREADY) for s in work.settled)
    whole = done and not work.held and len(work.settled) == len(work.plan.go)
    return whole and work.plan.situation in ("LINKED", "FOUND", "ABSENT") and not work.plan.waiting


async def _keep_reached(connection: Connection, target: ActiveTarget, works: Sequence[tuple[Work, bool]]) -> None:
    """Keep whose account is as the rules ask: what is otherwise later, somebody changed at the target.

    What a person refused is not reached: when it is released, it is our change.
    """
    said: list[tuple[Desired, bool]] = []
    for work, in_step in works:
        if work.asked is None or work.asked.reached == (in_step and not work.refused):
            continue
        if in_step or work.refused:
            said.append((work.asked, not work.refused))
    if said:
        await plans.save_reached(connection, target.id, said)


def _before(work: Work) -> dict[str, object]:
    if work.account is None:
        return {}
    account = work.account
    groups = sorted(account.groups) if account.groups is not None else None
    return {"name": account.name, "active": account.active, "fields": dict(account.fields), "groups": groups}


async def _settle(house: House, target: ActiveTarget, works: list[Work]) -> None:
    """Commit what became of each change, and acknowledge the marks, in one transaction."""
    now, done, again = house.clock.now(), list[Mark](), list[tuple[Mark, datetime]]()
    async with house.database.transaction() as connection:
        for work in works:
            for entry in work.settled:
                await effects.record(connection, house, target, work, entry)
            account = work.known
            if account is not None and work.identity is not None:
                await seen.save_accounts(connection, target.id, [account], target.connector.capabilities, None, now)
            for problem in work.held:
                assert work.number is not None
                await plans.hold_plan(connection, work.number, problem)
            if work.unknown:
                again.append((work.mark, max(intent.deadline for intent in work.unknown)))
            elif work.again is not None:
                again.append((work.mark, now + timedelta(seconds=work.again)))
            elif len(work.settled) == len(work.intents):
                done.append(work.mark)
            await seating.freed(connection, house, target, work)
        await _keep_reached(connection, target, [(w, _in_step(w)) for w in works])
        woken = sorted({subject for work in works for subject in work.woken}, key=str)
        if woken:
            prio = marks.BULK if len(woken) > _MANY else marks.SINGLE
            await marks.mark_identities(connection, [target.id], woken, prio, works[0].mark.cause)
        await marks.release(connection, target.id, done, again)
        unsure = (Outcome.APPLIED, Outcome.PENDING)
        if any(s.evidence is None and s.answer.outcome in unsure for w in works for s in w.settled):
            await marks.bring_forward(connection, target.id, "reading", marks.READINGS, now + _SNAPSHOT_WITHIN)

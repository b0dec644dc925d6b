"""One pass over a few subjects at one target: read, plan, intend, send, see, journal, acknowledge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tenure.engine import authority, effects, gating, groups, identities, promises, renamed, rights, seating
from tenure.engine.active import CHUNK, ActiveTarget, House
from tenure.engine.foresight import foresee_due
from tenure.engine.precedence import priority
from tenure.engine.send import joining, send
from tenure.engine.work import Work
from tenure.model.change import JoinGroups, Outcome
from tenure.model.desired import Desired, Standing
from tenure.store import care, decisions, intents, marks, plans, seen, targets
from tenure.store.database import Connection
from tenure.store.marks import Mark

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
        works = await identities.works(house, target, due, few)
        for work in works:
            work.again = promised.get(work.mark.subject) if work.again is None else work.again
    works, later = _affordable(target, works)
    target.chunk = max(1, len(works)) if later else min(CHUNK, 2 * target.chunk)
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
    together = joining(target) is not None
    budget, taken, later = min(max(8.0, _TURN_SECONDS * target.per_second), _MOST_A_PASS), list[Work](), set[str]()
    for work in sorted(works, key=lambda w: w.mark.prio):
        requests = sum(not (together and isinstance(change, JoinGroups)) for change in work.plan.go)
        if taken and requests > budget:
            later.add(work.mark.subject)
            continue
        budget -= requests
        taken.append(work)
    return taken, later


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
        await _keep_sights(connection, house, target, works)
        made = [(work.mark.subject, work.plan, work.mark.cause) for work in works]
        numbers = await plans.save_plans(connection, target.id, made, target.revision, now)
        for work in works:
            work.number = numbers.get(work.mark.subject)
        openings = [_opening(work) for work in works if work.plan.go]
        opened = await intents.open_intents(
            connection,
            target.id,
            openings,
            deadline=now + target.send_window(sum(len(opening.changes) for opening in openings)),
            shard=shard,
            epoch=epoch,
            revision=target.revision,
            now=now,
        )
        for work in works:
            work.intents = opened.get(work.mark.subject, [])
            target.under_way += len(work.intents)
        await gating.write_down(connection, house, target, works)
        await authority.settle(connection, house, target, works)
        await renamed.tell(connection, target, works)
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
    """Mark the groups that these plans wait for, in key order, and that somebody has to know what groups open."""
    causes = {subject: work.mark.cause for work in works for subject in work.plan.waits_on}
    for subject in sorted(causes):
        if subject.startswith("group:"):
            await marks.mark_subject(connection, [target.id], subject, marks.GROUPS, causes[subject])
        elif subject == rights.SUBJECT:
            await marks.mark_once(connection, [target.id], subject, marks.RIGHTS, causes[subject])


def _opening(work: Work) -> intents.Opening:
    assert work.number is not None  # a plan with changes says something
    key = work.account.key if work.account else None
    return intents.Opening(
        work.number, work.mark.subject, work.plan.go, key, _before(work), work.absence_proof, work.mark.cause
    )


async def _keep_sights(connection: Connection, house: House, target: ActiveTarget, works: Sequence[Work]) -> None:
    now = house.clock.now()
    fresh = [work.account for work in works if work.refreshed and work.account is not None]
    await seen.save_accounts(connection, target.id, fresh, target.connector.capabilities, None, now)
    given = [(w.account.key, w.overlap) for w in works if w.account is not None and w.plan.situation == "LINKED"]
    await care.give_members(connection, target.id, given, now)
    ended = [number for work in works for number in work.ended]
    if ended:
        await decisions.end_vetoes(connection, ended, "the computed value changed", now)


def _in_step(work: Work) -> bool:
    """Whether the account is as desired: nothing was to be done, or all of it was."""
    done = all(s.answer.outcome in (Outcome.APPLIED, Outcome.ALREADY) for s in work.settled)
    whole = done and not work.held and work.again is None and len(work.settled) == len(work.plan.go)
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
    told = {"name": account.name, "active": account.active, "fields": dict(account.fields), "groups": groups}
    return told | ({"once": work.once} if work.once else {})


async def _settle(house: House, target: ActiveTarget, works: list[Work]) -> None:
    """Commit what became of each change, and acknowledge the marks, in one transaction."""
    now, done, again = house.clock.now(), list[Mark](), list[tuple[Mark, datetime]]()
    async with house.database.transaction() as connection:
        await effects.record(connection, house, target, [(work, entry) for work in works for entry in work.settled])
        known = [account for work in works if work.identity is not None and (account := work.known) is not None]
        await seen.save_accounts(connection, target.id, known, target.connector.capabilities, None, now)
        for work in works:
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
        await renamed.settled(connection, target, works)
        await _keep_reached(connection, target, [(w, _in_step(w)) for w in works])
        woken = sorted({subject for work in works for subject in work.woken}, key=str)
        if woken:
            prio = marks.BULK if len(woken) > _MANY else marks.SINGLE
            await marks.mark_identities(connection, [target.id], woken, prio, works[0].mark.cause)
        await marks.release(connection, target.id, done, again)
        unsure = (Outcome.APPLIED, Outcome.PENDING)
        if any(s.evidence is None and s.answer.outcome in unsure for w in works for s in w.settled):
            await marks.bring_forward(connection, target.id, "reading", marks.READINGS, now + _SNAPSHOT_WITHIN)

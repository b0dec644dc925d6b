"""Identities at work: what is planned for each, from what is stored and, where it matters, from a fresh look."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from tenure.engine import renaming
from tenure.engine.active import ActiveTarget, House
from tenure.engine.look import Subject, another_name, candidate, look
from tenure.engine.planned import overlap, plan
from tenure.engine.send import Stopped, read_account, stop
from tenure.engine.work import Work, backoff
from tenure.model.change import AdoptAccount, RenameAccount, UpdateAccount
from tenure.model.desired import Standing
from tenure.model.error import RateLimited, Recovery, TargetError
from tenure.model.plan import Plan
from tenure.model.seen import AccountSeen, ByKey, ByName
from tenure.store import care, marks, seen
from tenure.store.marks import Mark

_FRESH = (marks.LEAVER, marks.LOSS, marks.SINGLE)


async def works(house: House, target: ActiveTarget, due: Sequence[Mark], few: bool) -> list[Work]:
    """The plans of these identities, those read anew for whom that matters. Raises Stopped."""
    subjects = await look(house, target, due)
    made = await asyncio.gather(*(_work(house, target, subject, few) for subject in subjects), return_exceptions=True)
    failed = [work for work in made if isinstance(work, BaseException)]
    if failed:
        raise failed[0]
    planned = [work for work in made if isinstance(work, Work)]
    await renaming.judge(house, target, list(zip(subjects, planned, strict=True)))
    return planned


async def _work(house: House, target: ActiveTarget, subject: Subject, few: bool) -> Work:
    """Plan one identity from what is stored, then, where that matters, from a fresh look at the account."""
    planned = plan(target, subject)
    leaving = subject.desired.standing is Standing.LEAVER and bool(planned.go)
    work = Work(subject.mark, planned, subject.identity.id, account=subject.sight.linked)
    work.asked, work.refused = subject.asked, bool(subject.decided.vetoes)
    refused = subject.link is None and subject.mark.attempts > 0
    refused = refused or (subject.mark.attempts > 0 and any(isinstance(one, RenameAccount) for one in planned.go))
    if (few and subject.mark.prio in _FRESH) or leaving or refused or _unread_before(target, subject, planned):
        try:
            work.refreshed = await _refresh(house, target, subject)
            if await another_name(house, target, subject):
                await _refresh(house, target, subject)
            if subject.link is not None and subject.mark.attempts > 0:
                await _whose_name(house, target, planned)
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


async def _whose_name(house: House, target: ActiveTarget, planned: Plan) -> None:
    """Read who bears the name that is to be given, after a first try that did not end well: somebody may, by now."""
    for name in [change.name for change in planned.go if isinstance(change, RenameAccount)]:
        account = await read_account(target, ByName(name, target.unlisted()))
        if account is not None:
            async with house.database.transaction() as connection:
                now, capabilities = house.clock.now(), target.connector.capabilities
                await seen.save_accounts(connection, target.id, [account], capabilities, None, now)


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
            await seen.save_accounts(
                connection, target.id, [account], target.connector.capabilities, None, house.clock.now()
            )
            held = await care.holders(connection, target.id, [account.key])
        fresh = candidate(account, held.get(account.key), subject.identity)
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

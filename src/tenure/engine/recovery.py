"""Recovery: an intent that nobody settled may have been sent, so what it was about is read before anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog

from tenure.connector import Finishing
from tenure.engine import effects
from tenure.engine.active import ActiveTarget, House
from tenure.engine.look import desired_group
from tenure.engine.send import Stopped, read_account, read_group, stop
from tenure.engine.work import Settled, Work
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    Answer,
    CreateAccount,
    CreateGroup,
    EndLink,
    Handle,
    Outcome,
)
from tenure.model.error import Recovery, TargetError
from tenure.model.plan import Plan
from tenure.model.seen import AccountSeen, ByKey, ByName
from tenure.planning import evidence
from tenure.store import intents, marks, seen, targets
from tenure.store.intents import Intent
from tenure.store.marks import Mark
from tenure.store.promises import NO_TASK

log = structlog.get_logger()
ABSENCE_STANDS = timedelta(seconds=60)
"""How old the proof may be that nobody was there, for an account found later to count as the one that we made."""


async def recover(house: House, target: ActiveTarget, shard: int, epoch: int) -> set[str]:
    """Settle the open intents of a shard; gives the subjects whose requests may still be under way.

    Raises Stopped when the target does not let us in.
    """
    async with house.database.transaction() as connection:
        found = await intents.still_open(connection, target.id, shard)
    blocked: set[str] = set()
    subjects: dict[str, list[Intent]] = {}
    for intent in found:
        subjects.setdefault(intent.subject, []).append(intent)
    for subject, mine in subjects.items():
        if max(intent.deadline for intent in mine) > house.clock.now() or not await _settle(
            house, target, shard, epoch, subject, mine
        ):
            blocked.add(subject)
    return blocked


async def _settle(house: House, target: ActiveTarget, shard: int, epoch: int, subject: str, mine: list[Intent]) -> bool:
    log.info("open intents", target=target.name, subject=subject, changes=[i.change.kind.value for i in mine])
    try:
        work = await _read(house, target, subject, mine)
    except TargetError as error:
        if error.recovery is Recovery.STOP:
            await stop(house, target, str(error))
            raise Stopped(str(error)) from error
        async with house.database.transaction() as connection:
            await intents.postpone_intents(connection, mine, house.clock.now() + timedelta(seconds=5))
        return False
    now = house.clock.now()
    async with house.database.transaction() as connection:
        await targets.still_owned(connection, target.id, shard, epoch)
        await effects.record(connection, house, target, [(work, entry) for entry in work.settled])
        if work.account is not None:
            await seen.save_accounts(connection, target.id, [work.account], target.connector.capabilities, None, now)
        subjects = sorted({*work.woken, *([work.identity] if work.identity else ())}, key=str)
        await marks.mark_identities(connection, [target.id], subjects, marks.SINGLE, work.mark.cause)
        if work.identity is None:
            await marks.mark_subject(connection, [target.id], subject, marks.GROUPS, work.mark.cause)
    return True


async def _read(house: House, target: ActiveTarget, subject: str, mine: list[Intent]) -> Work:
    work = Work(Mark(subject, marks.SINGLE, 0, 0, mine[0].cause), Plan("RECOVERY"))
    if subject.startswith("group:"):
        work.group = await desired_group(house, target, subject.partition(":")[2])
        for intent in mine:
            work.settled.append(await _group_answer(target, intent))
        return work
    work.identity = UUID(subject)
    creation = next((i for i in mine if isinstance(i.change, CreateAccount)), None)
    if mine[0].key is not None:
        work.account = await read_account(target, ByKey(mine[0].key, target.unlisted()))
    elif creation is not None:
        assert isinstance(creation.change, CreateAccount)
        work.account = await read_account(target, ByName(creation.change.name, target.unlisted()))
        if work.account is not None and not is_ours(target, creation, work.account):
            work.account = None
    for intent in mine:
        work.settled.append(_account_answer(target, work.account, intent))
    if creation is not None and work.account is not None and isinstance(target.connector, Finishing):
        told = await target.connector.finish(Handle(work.account.key, work.account.name))
        work.settled = [_telling(entry, told) if entry.intent is creation else entry for entry in work.settled]
    return work


def _telling(entry: Settled, told: str) -> Settled:
    """The answer with something more to tell."""
    said = "; ".join(part for part in (entry.answer.detail, told) if part)
    return replace(entry, answer=replace(entry.answer, detail=said))


def is_ours(target: ActiveTarget, intent: Intent, account: AccountSeen) -> bool:
    """Whether an account found after a lost answer is the one that this intent made.

    Only if nobody was there within a minute before, every value that was sent is there (a field that is set by a
    request of its own may still be empty), and the account has no rights: an account that is older has some.
    """
    change, capabilities = intent.change, target.connector.capabilities
    assert isinstance(change, CreateAccount)
    sent_within = target.send_window(0) + ABSENCE_STANDS
    if intent.absence_proof is None or intent.deadline - intent.absence_proof > sent_within or account.groups:
        return False
    for name, value in change.fields.items():
        shown = account.name if name == "username" else account.fields.get(name)
        spec = capabilities.spec(name)
        late = spec is not None and not spec.listed and shown is None
        if not late and capabilities.canon(name, shown) != capabilities.canon(name, value):
            return False
    return True


def _account_answer(target: ActiveTarget, account: AccountSeen | None, intent: Intent) -> Settled:
    change = intent.change
    if isinstance(change, AdoptAccount | EndLink):
        return Settled(intent, Answer(Outcome.FAILED, detail="interrupted before it was recorded: planned anew"))
    if evidence.ended(change, account):
        gone = Handle(intent.key or "", "")
        return Settled(
            intent, Answer(Outcome.APPLIED, gone, {}, "the answer was lost; seen when read again"), "re-read"
        )
    if account is None:
        return Settled(intent, Answer(Outcome.FAILED, detail="interrupted, and not there when read again"))
    handle = Handle(account.key, account.name)
    if change.kind in target.connector.capabilities.later:
        told = "the answer was lost: whether the application took it on is seen when it is done"
        return Settled(intent, Answer(Outcome.PENDING, handle, {}, told, NO_TASK))
    if isinstance(change, CreateAccount):
        answer = Answer(Outcome.APPLIED, handle, {}, "the answer was lost; found when read again")
        return Settled(intent, answer, "re-read", link_evidence="create-unconfirmed")
    shown = evidence.shown_by(account, target.connector.capabilities)
    if evidence.proven(change, shown, target.connector.capabilities, whole=account.groups is not None):
        answer = Answer(Outcome.APPLIED, handle, {}, "the answer was lost; seen when read again")
        return Settled(intent, answer, "re-read")
    return Settled(intent, Answer(Outcome.FAILED, handle, {}, "interrupted, and not done when read again"))


async def _group_answer(target: ActiveTarget, intent: Intent) -> Settled:
    change = intent.change
    if isinstance(change, AdoptGroup):
        return Settled(intent, Answer(Outcome.FAILED, detail="interrupted before it was recorded: planned anew"))
    assert isinstance(change, CreateGroup)
    there = await read_group(target, change.name)
    if there is None or intent.absence_proof is None:
        return Settled(intent, Answer(Outcome.FAILED, detail="interrupted, and not there when read again"))
    answer = Answer(Outcome.APPLIED, None, {"group": there.name}, "the answer was lost; found when read again")
    return Settled(intent, answer, "re-read")

"""What an answered change does to our records: links, memberships in our care, what was seen, journal and audit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tenure.engine import authority
from tenure.engine.active import ActiveTarget, House
from tenure.engine.work import Settled, Work
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    Answer,
    CreateAccount,
    CreateGroup,
    DeleteAccount,
    EndLink,
    JoinGroups,
    LeaveGroups,
    Outcome,
    RenameAccount,
    UpdateAccount,
    encode,
)
from tenure.model.gate import GateClass
from tenure.model.seen import GroupSeen
from tenure.model.situation import Link
from tenure.planning.authority import MADE
from tenure.planning.inversion import invert
from tenure.planning.reconciliation import sent_hash
from tenure.planning.renames import is_temporary
from tenure.store import audit, care, decisions, gates, intents, plans, seen
from tenure.store.database import Connection

Answered = tuple[Work, Settled]
"""A change that was answered, with the subject that it is part of."""


async def record(connection: Connection, house: House, target: ActiveTarget, answered: Sequence[Answered]) -> None:
    """Close intents: journal, audit, and the records that the changes concern."""
    now, capabilities = house.clock.now(), target.connector.capabilities
    for work, entry in answered:
        if isinstance(entry.intent.change, AdoptAccount) and entry.answer.outcome is Outcome.APPLIED:
            entry.answer = await _adopt(connection, house, target, work, entry)
    closings = [
        intents.Closing(e.intent, e.answer, e.evidence, invert(e.intent.change, e.intent.before, capabilities))
        for _, e in answered
    ]
    numbers = await intents.settle(connection, target.id, closings, now)
    closed = [(work, entry) for work, entry in answered if entry.intent.id in numbers]
    outcomes = {entry.intent.id: entry.answer.outcome for _, entry in closed}
    spent = await gates.settle(connection, target.id, outcomes, now)
    for work, entry in closed:
        if GateClass.PERSONS in spent.get(entry.intent.id, ()) and work.identity is not None:
            await care.know_person(connection, target.id, work.identity)
    await audit.record_all(connection, [_entry(target, entry, numbers[entry.intent.id], now) for _, entry in closed])
    took = [(w, e) for w, e in closed if e.answer.outcome in (Outcome.APPLIED, Outcome.ALREADY)]
    for work, entry in took:
        await _effect(connection, house, target, work, entry)
        await authority.done(connection, house, target, entry.intent.subject)
    await _made_and_joined(connection, target, took, now)


def _entry(target: ActiveTarget, entry: Settled, number: int, now: datetime) -> audit.Entry:
    intent = entry.intent
    return audit.Entry(
        at=now,
        actor="engine",
        action=intent.change.kind.value,
        subject=intent.subject,
        target=target.id,
        cause=intent.cause,
        facts={
            "outcome": entry.answer.outcome.value,
            "plan": intent.plan,
            "journal": number,
            "evidence": entry.evidence,
            "revision": target.revision,
        },
        personal={"change": encode(intent.change), "before": dict(intent.before)},
    )


async def _made_and_joined(
    connection: Connection, target: ActiveTarget, took: Sequence[Answered], now: datetime
) -> None:
    """What most changes of a first load lead to, at once for all: links of accounts made, and memberships given."""
    canon = target.connector.capabilities.group.canon
    links, given = list[Link](), list[tuple[str, list[str]]]()
    for work, entry in took:
        change, key = entry.intent.change, _key(entry)
        if isinstance(change, CreateAccount) and key and work.identity:
            links.append(Link(key, work.identity, entry.link_evidence, adopted=False))
        elif isinstance(change, JoinGroups) and key:
            given.append((key, [canon(name) for name in change.groups]))
    if links:
        await care.make_links(connection, target.id, links, now)
    await care.give_members(connection, target.id, given, now)


def _key(entry: Settled) -> str | None:
    return entry.answer.account.key if entry.answer.account else entry.intent.key


async def _adopt(connection: Connection, house: House, target: ActiveTarget, work: Work, entry: Settled) -> Answer:
    change = entry.intent.change
    assert isinstance(change, AdoptAccount)
    assert work.identity is not None
    link = Link(change.account.key, work.identity, change.evidence, adopted=not change.evidence.startswith(MADE))
    if await care.make_links(connection, target.id, [link], house.clock.now()):
        return entry.answer
    work.again = 0.0
    return Answer(Outcome.FAILED, change.account, detail="the account was linked to somebody else meanwhile")


async def _effect(connection: Connection, house: House, target: ActiveTarget, work: Work, entry: Settled) -> None:
    change, key, now = entry.intent.change, _key(entry), house.clock.now()
    canon = target.connector.capabilities.group.canon
    if isinstance(change, LeaveGroups) and key:
        await care.take_members(connection, target.id, key, [canon(g) for g in change.groups])
        await seen.exit_groups(connection, target.id, key, [canon(g) for g in change.groups])
    elif isinstance(change, AdoptAccount) and key and work.identity:
        await care.give_members(connection, target.id, [(key, work.overlap)], now)
        work.again = 0.0  # now that the account is ours, what it has from former times counts as well
        await decisions.end_clearances(connection, "account", [work.identity], now, target.id)
    elif isinstance(change, RenameAccount) and (change.towards is not None or is_temporary(change.account.name)):
        work.again = 0.0  # on the way to its name, or back at one that is not what the rules ask for
    elif isinstance(change, DeleteAccount) and key:
        await care.end_link(connection, target.id, key, "the account was deleted", now)
    elif isinstance(change, EndLink) and key:
        await care.end_link(connection, target.id, key, change.because, now)
    elif isinstance(change, CreateGroup | AdoptGroup):
        await _group(connection, house, target, work, change)
    elif isinstance(change, UpdateAccount) and key and work.reread is not None and entry.evidence is None:
        await _echoes(connection, house, target, work, change)


async def _group(
    connection: Connection, house: House, target: ActiveTarget, work: Work, change: CreateGroup | AdoptGroup
) -> None:
    capabilities, now = target.connector.capabilities, house.clock.now()
    canon = capabilities.group.canon(change.name)
    origin = "made" if isinstance(change, CreateGroup) else "adopted"
    source_group = work.group.source_group if work.group else None
    await care.take_group(connection, target.id, canon, change.name, source_group, origin, now)
    if isinstance(change, CreateGroup):
        await seen.save_groups(connection, target.id, [GroupSeen(change.name)], capabilities, None, now)
    work.woken += [UUID(s) for s in await plans.waiting_for(connection, target.id, f"group:{canon}")]


async def _echoes(
    connection: Connection, house: House, target: ActiveTarget, work: Work, change: UpdateAccount
) -> None:
    """The application shows something else than we sent: remember both, so that it is not sent for ever."""
    assert work.reread is not None
    capabilities = target.connector.capabilities
    for name, value in change.fields.items():
        shown, wanted = work.reread.fields.get(name), capabilities.canon(name, value)
        if name in work.reread.fields and capabilities.canon(name, shown) != wanted:
            await care.save_echo(
                connection, target.id, change.account.key, name, sent_hash(wanted), shown, house.clock.now()
            )

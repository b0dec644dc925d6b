"""A whole reading of a target: who and what is there; only what is proven whole tells who is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from tenure.engine import rights, seating
from tenure.engine.active import ActiveTarget, House
from tenure.engine.send import Stopped, stop
from tenure.model.change import decode
from tenure.model.error import Recovery, TargetError
from tenure.model.seen import Accounts, AccountSeen, Groups, GroupSeen, MembersOf, ReadComplete, Selector
from tenure.model.seen import MemberSeen as Member
from tenure.planning import evidence
from tenure.planning.assignment import desired_groups
from tenure.planning.rules import ReadRights
from tenure.store import care, directory, gates, intents, marks, seen, targets
from tenure.store.database import Connection

log = structlog.get_logger()
_BATCH = 500
_CHECK_LASTS_S = 5.0
_SHRINKS_FROM = 10
"""Things below which a population that shrinks raises no doubt."""
_SAME = 0.95
"""How much of what was agreed to has to be there for it to count as the same."""


@dataclass(slots=True)
class _Reading:
    number: int
    started: datetime
    count: int = 0
    proof: Mapping[str, object] | None = None
    problem: str = ""
    batch: list[AccountSeen | GroupSeen | Member] = field(default_factory=list)


async def read_whole(house: House, target: ActiveTarget, cause: int) -> bool:
    """Check the target, read it, and mark everybody; gives whether the reading of accounts and groups was whole.

    `cause` is the audit entry of this reading. Raises Stopped when the target does not let us in.
    """
    if target.checked_at is None or house.clock.monotonic() - target.checked_at > _CHECK_LASTS_S:
        await check(house, target)
    accounts = await _read(house, target, "accounts", Accounts())
    groups = await _read(house, target, "groups", Groups())
    for name in await _groups_that_matter(house, target):
        await _read(house, target, f"members:{name}", MembersOf(name))
    await seating.read(house, target)
    whole = accounts.proof is not None and groups.proof is not None
    log.info("reading", target=target.name, accounts=accounts.count, groups=groups.count, whole=whole,
             problem=accounts.problem or groups.problem or None)  # fmt: skip
    async with house.database.transaction() as connection:
        await marks.mark_subject(connection, [target.id], "scope:all", marks.READINGS, cause, prio=marks.BULK)
        if target.rules.read_rights is ReadRights.COMPARE and target.connector.capabilities.tells_rights:
            await marks.mark_once(connection, [target.id], rights.SUBJECT, marks.RIGHTS, cause)
    await _confirm(house, target, accounts.started)
    return whole


async def check(house: House, target: ActiveTarget) -> None:
    """Ask the target how it is; raises Stopped when it does not let us in.

    Nothing is written at a server that is not the one that the target was pinned to, or whose version is not known.
    """
    health = await target.connector.check()
    if not health.ok:
        await stop(house, target, health.detail)
        raise Stopped(health.detail)
    async with house.database.transaction() as connection:
        await targets.checked(connection, target.id, health, house.clock.now())
        caution = await targets.pin(connection, target.id, health, target.url)
        target.brake.closed = targets.why_closed(await targets.state(connection, target.id))
    if caution:
        log.warning("nothing is written", target=target.name, why=caution)
    target.own_account, target.checked_at = health.account, house.clock.monotonic()


async def _groups_that_matter(house: House, target: ActiveTarget) -> list[str]:
    """Groups in our care, groups that are there and that the rules lead to, and those that license or administer."""
    canon = target.connector.capabilities.group.canon
    async with house.database.transaction() as connection:
        found = {r["canon"]: r["seen_name"] for r in await care.groups_in_care(connection, target.id)}
        found |= await seen.groups_that_give(connection, target.id)
        there = await directory.groups_of_sources(connection, target.source_ids, target.id)
        wanted = desired_groups(there, target.rules)
        for group in wanted:
            known = await seen.group_named(connection, target.id, canon(group.name))
            if known is not None:
                found.setdefault(canon(group.name), known.name)
    return [found[c] for c in sorted(found)]


async def _read(house: House, target: ActiveTarget, population: str, what: Selector) -> _Reading:
    async with house.database.transaction() as connection:
        started = house.clock.now()
        reading = _Reading(await seen.begin_reading(connection, target.id, population, started), started)
    try:
        async for thing in target.connector.read(what):
            if isinstance(thing, ReadComplete):
                reading.proof = {**thing.proof, "count": thing.count}
            elif isinstance(thing, AccountSeen | GroupSeen | Member):
                reading.count += 1
                reading.batch.append(thing)
                if len(reading.batch) >= _BATCH:
                    await _save(house, target, reading, population)
        if reading.proof is None:
            reading.problem = "the listing ended without a proof that it was whole"
    except TargetError as error:
        if error.recovery is Recovery.STOP:
            await stop(house, target, str(error))
            raise Stopped(str(error)) from error
        reading.problem = str(error)
    await _save(house, target, reading, population)
    await _end(house, target, reading, population)
    return reading


async def _save(house: House, target: ActiveTarget, reading: _Reading, population: str) -> None:
    capabilities, now = target.connector.capabilities, house.clock.now()
    batch, reading.batch = reading.batch, []
    async with house.database.transaction() as connection:
        accounts = [t for t in batch if isinstance(t, AccountSeen)]
        groups = [t for t in batch if isinstance(t, GroupSeen)]
        members = [t for t in batch if isinstance(t, Member)]
        if accounts:
            await seen.save_accounts(connection, target.id, accounts, capabilities, reading.number, reading.started)
        if groups:
            await seen.save_groups(connection, target.id, groups, capabilities, reading.number, now)
        if members:
            canon = capabilities.group.canon(population.partition(":")[2])
            await seen.save_members(connection, target.id, canon, members, now)


async def _end(house: House, target: ActiveTarget, reading: _Reading, population: str) -> None:
    async with house.database.transaction() as connection:
        if reading.proof is not None:
            await _doubt(connection, house, target, reading, population)
        if reading.proof is not None:
            if population == "accounts":
                await seen.forget_unread_accounts(connection, target.id, reading.number)
                await seen.count_active_linked(connection, target.id)
            elif population == "groups":
                await seen.forget_unread_groups(connection, target.id, reading.number)
            else:
                canon = target.connector.capabilities.group.canon(population.partition(":")[2])
                await seen.forget_unread_members(connection, target.id, canon, reading.started)
        await seen.end_reading(
            connection,
            reading.number,
            house.clock.now(),
            count=reading.count,
            proof=reading.proof,
            problem=reading.problem,
        )


async def _doubt(
    connection: Connection, house: House, target: ActiveTarget, reading: _Reading, population: str
) -> None:
    """Take the proof away from a reading that shows far less than we knew of, until a person agrees.

    It is read again first; shown the same twice, it is held for a decision.
    """
    last = await seen.last_reading(connection, target.id, population)
    assert reading.proof is not None
    before: int = (last["count"] or 0) if last else 0
    before = max(before, await seen.known(connection, target.id, population))
    reading.proof = {**reading.proof, "last": before}
    if last is None or population.startswith("members:") or before < _SHRINKS_FROM:
        return
    if reading.count >= before * (1 - target.rules.limits.shrink):
        await gates.forget_doubt(connection, target.id, population)
        return
    said = f"{population}: {before} were known, {reading.count} are shown now"
    agreed = await gates.agreed_count(connection, target.id, population, last["id"])
    if agreed is not None and reading.count >= agreed * _SAME:
        await gates.forget_doubt(connection, target.id, population)
        return
    earlier = await seen.last_count(connection, target.id, population)
    reading.proof, reading.problem = None, f"not believed yet ({said})"
    if earlier is not None and earlier < before and abs(earlier - reading.count) <= max(1, earlier * (1 - _SAME)):
        await gates.doubt(connection, target.id, population, last["id"], reading.count, said, house.clock.now())


async def _confirm(house: House, target: ActiveTarget, started: datetime) -> None:
    """Find, in what the reading saw, the effect of changes that nobody has seen yet."""
    capabilities, after = target.connector.capabilities, 0
    while True:
        async with house.database.transaction() as connection:
            entries = await intents.unseen(connection, target.id, started, after, _BATCH)
            accounts = await seen.accounts_by_key(connection, target.id, [e["key"] for e in entries if e["key"]])
            good = []
            for entry in entries:
                account = accounts.get(entry["key"])
                if account is None:
                    continue
                shown = evidence.shown_by(account, capabilities)
                if evidence.proven(decode(entry["change"]), shown, capabilities, whole=True):
                    good.append(entry["id"])
            await intents.mark_seen(connection, good, "snapshot", house.clock.now())
        if len(entries) < _BATCH:
            return
        after = entries[-1]["id"]

"""Certifying: a target is read, tried on a throwaway account and group, and cleared of them again, whatever happens.

It takes the one way of writing as far as that makes sense for what belongs to nobody: each request goes through the
same client with its mode, its rate and its brake, and is on disk before it leaves. There is no plan and no gate, since
no person, no link and no account of anybody else is in it (docs/decisions/0012-a-certification-is-nobodys.md).
"""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from tenure.engine.active import ActiveTarget, House
from tenure.engine.clearing import clear
from tenure.engine.throwaway import live
from tenure.engine.trial import Halted, Names, Trial
from tenure.model.capability import Mode
from tenure.model.certification import Certification, Judged, NotCertified, Step, Verdict
from tenure.model.change import ChangeKind, Handle
from tenure.model.seen import Accounts, Groups, Health, ReadComplete, Seats, SeatsSeen, Selector
from tenure.store import certifications, targets
from tenure.store.certifications import Uncleared
from tenure.store.database import DatabaseAway
from tenure.store.locks import Locks

log = structlog.get_logger()
BROKEN_OFF = "it was broken off by whoever ran it"
_LOCK = 2000
"""The number of the lock; shards and places have smaller ones."""
_COPY = "to certify it, name a copy of the configuration with `mode: full` for it"


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: by whom, only to read, the domain of the e-mail address, and who is told of each step."""

    by: str
    read_only: bool
    domain: str
    tell: Callable[[Step], None]


async def alone(locks: Locks, target: int, name: str) -> None:
    """See to it that a target is certified by one process at a time; raises NotCertified when another one does."""
    if not await locks.try_lock(target, _LOCK):
        raise NotCertified(f"{name} is being certified by another process: wait until it has ended")


async def certify(house: House, target: ActiveTarget, kind: str, order: Order) -> Certification:
    """Try the target out, and keep what was found. Nothing that it makes is left there, or it is said.

    Raises DatabaseAway; what was made by then is cleared by the next certification.
    """
    trial = Trial(house, target, Names.of(secrets.token_hex(4)), order.by, order.tell, order.domain)
    began = house.clock.now()
    health = await _check(trial)
    mode = target.rules.mode
    found = Certification(
        target.name, kind, target.url, mode.value, order.by, began, began, Verdict.READ_ONLY, (),
        health.server_id, health.version, health.account,
    )  # fmt: skip
    why = trial.closed = await _why_only_read(trial, health, order)
    await _begin(trial, found, writes=why is None)
    earlier = await _earlier(trial, found)
    broken, remains = await _tried(trial, health, earlier, writes=why is None)
    verdict = _verdict(trial, broken, remains, wrote=why is None)
    found = dataclasses.replace(
        found, verdict=verdict, why=broken or why or "", remains=tuple(remains), steps=tuple(trial.steps),
        ended_at=house.clock.now(),
    )  # fmt: skip
    await trial.note("certification.ended", verdict=verdict.value, remains=list(remains))
    async with house.database.transaction() as connection:
        await certifications.end(connection, trial.number, found)
    return found


async def _check(trial: Trial) -> Health:
    began = trial.house.clock.monotonic()
    health = await trial.target.connector.check()
    ms = round((trial.house.clock.monotonic() - began) * 1000, 1)
    verdict = Judged.AS_EXPECTED if health.ok else Judged.NOT_AS_EXPECTED
    missing = f"missing: {', '.join(health.missing)}" if health.missing else "no permission is missing"
    seen = missing if health.ok or health.missing else "nothing"
    trial.add(Step("check", "Sign in, and find the version", health.detail, seen, ms, verdict))
    return health


async def _why_only_read(trial: Trial, health: Health, order: Order) -> str | None:
    """Why nothing is written, or None. What is taken away again has to be allowed before anything is made."""
    target, mode = trial.target, trial.target.rules.mode
    async with trial.house.database.transaction() as connection:
        row = await targets.state(connection, target.id)
    another = targets.another_server(row, health, target.url)
    if order.read_only:
        return "it was asked to read only"
    if mode is not Mode.FULL:
        return f"the mode of {target.name} is {mode.value}, and what a certification makes it also takes away: {_COPY}"
    if another:
        return f"{another}; if it is meant, `tenure unfreeze {target.name} --accept-server`, else give it another name"
    if closed := targets.why_closed(row) or health.caution:
        return closed
    if target.rules.protected.covers(trial.names.account):
        return f"the configuration protects the name {trial.names.account}"
    pairs = ((ChangeKind.CREATE_GROUP, ChangeKind.DELETE_GROUP), (ChangeKind.CREATE_ACCOUNT, ChangeKind.DELETE_ACCOUNT),
             (ChangeKind.CREATE_ACCOUNT, ChangeKind.DEACTIVATE_ACCOUNT))  # fmt: skip
    if not any(trial.can(make) and trial.can(end) for make, end in pairs):
        return "this application in this version makes nothing that could be taken away again"
    return None


async def _begin(trial: Trial, found: Certification, *, writes: bool) -> None:
    names = trial.names
    account, group = (names.account, names.group) if writes else (None, None)
    async with trial.house.database.transaction() as connection:
        trial.number = await certifications.begin(connection, trial.target.id, found, account, group)
    trial.cause = await trial.note("certification.began", mode=found.mode, account=account, group=group)


async def _earlier(trial: Trial, found: Certification) -> list[Uncleared]:
    async with trial.house.database.transaction() as connection:
        known = await certifications.uncleared(connection, trial.target.id, found.server_id, found.url)
    return [one for one in known if one.id != trial.number]


async def _tried(trial: Trial, health: Health, earlier: list[Uncleared], *, writes: bool) -> tuple[str, list[str]]:
    """Everything that is tried, and the clearing after it: why it was broken off ("" if not), and what remains."""
    broken = ""
    left = [f"an earlier certification may have left {one.account} there" for one in earlier]
    try:
        if not health.ok:
            raise Halted(health.detail)
        if writes:
            left = await _clear_earlier(trial, earlier)
        if writes and left:
            raise Halted("what an earlier certification left could not be taken away: nothing new is made")
        await _read(trial)
        if writes:
            await live(trial)
    except Halted as halt:
        broken = str(halt)
    except asyncio.CancelledError:
        broken = BROKEN_OFF
        _taken()
    except DatabaseAway:
        raise
    except Exception as error:  # whatever it was: what was made has to go
        log.exception("a certification failed", target=trial.target.name)
        broken = f"an error of Tenure's own ({type(error).__name__}): please report it, with the log"
    return broken, [*left, *(await _cleared(trial) if writes else [])]


async def _cleared(trial: Trial) -> list[str]:
    try:
        remains = await clear(trial, "clear", "See that nothing is left of it")
    except asyncio.CancelledError:
        _taken()
        return [f"the clearing was broken off: {trial.names.account} may be there, as an account and as a group"]
    if not remains:
        async with trial.house.database.transaction() as connection:
            await certifications.cleared(connection, trial.number, trial.house.clock.now())
    return remains


def _taken() -> None:
    """The wish to stop was heard: what follows is to end by itself."""
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


async def _clear_earlier(trial: Trial, earlier: list[Uncleared]) -> list[str]:
    """Take away what certifications left that were killed or could not clear; gives what remains even so."""
    left: list[str] = []
    for one in earlier:
        past = Trial(trial.house, trial.target, Names(one.account, one.group_name), trial.by, trial.tell)
        past.number, past.cause, past.steps = one.id, trial.cause, trial.steps
        past.begun_account = past.begun_group = True
        past.account = Handle(one.account_key, one.account) if one.account_key else None
        remains = await clear(past, "clear-earlier", f"Clear what the certification {one.id} left")
        left += remains
        if not remains:
            async with trial.house.database.transaction() as connection:
                await certifications.cleared(connection, one.id, trial.house.clock.now())
    return left


async def _read(trial: Trial) -> None:
    for name, asked, what in (
        ("read-accounts", "Read all accounts", Accounts()),
        ("read-groups", "Read all groups", Groups()),
        ("read-seats", "Read the licences", Seats()),
    ):
        await trial.look(name, asked, partial(_whole, trial, what))


async def _whole(trial: Trial, what: Selector) -> tuple[bool, str]:
    count, told, proof = 0, [], None
    async for seen in trial.target.connector.read(what):
        if isinstance(seen, ReadComplete):
            proof = seen.proof
        else:
            count += 1
        if isinstance(seen, SeatsSeen):
            total = "no limit" if seen.total is None else f"{seen.total} seats"
            told.append(f"{seen.licence}: {total}, used {'unknown' if seen.used is None else seen.used}")
    if proof is None:
        return False, f"{count} shown, not proven whole: nobody's absence is believed here"
    told += [f"{name}: {value}" for name, value in proof.items()]
    return True, f"{count} shown, whole ({'; '.join(told)})"


def _verdict(trial: Trial, broken: str, remains: list[str], *, wrote: bool) -> Verdict:
    if broken:
        return Verdict.BROKEN_OFF
    if not wrote:
        return Verdict.READ_ONLY
    wrong = remains or any(step.verdict is Judged.NOT_AS_EXPECTED for step in trial.steps)
    return Verdict.NOT_AS_EXPECTED if wrong else Verdict.CERTIFIED

"""What an application promised to do later is looked after until it is seen, or known to have failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import structlog

from tenure.engine.active import ActiveTarget, House
from tenure.engine.send import PROMISED_S, Stopped, read_account, stop
from tenure.model.change import DeleteAccount, Outcome, encode
from tenure.model.error import Recovery, TargetError
from tenure.model.seen import ByKey, NotThere, TaskOf, TaskSeen, TaskState
from tenure.planning import evidence
from tenure.store import audit, care, promises, targets
from tenure.store.marks import Mark
from tenure.store.promises import NO_TASK, Promise

log = structlog.get_logger()
LOOK_AT_MOST_S = 300.0
"""The longest time between two looks: they come at longer and longer intervals."""
SETTLES_WITHIN = timedelta(minutes=10)
"""How long an application may take to show what it says is done, or to know of a task that it has just begun."""

LOST_WITHIN = timedelta(hours=1)
"""How long an application may take over what it may have taken on: nothing says whose the tasks are that it lists."""

_Ended = tuple[Outcome, str]


async def look_after(
    house: House, target: ActiveTarget, shard: int, epoch: int, due: Sequence[Mark]
) -> dict[str, float]:
    """Ask what became of the promises to the subjects that are due, and write down what has ended.

    Gives who is to be looked at again, and in how many seconds. Nothing is sent that changes anything: what failed is
    planned anew, and waits for a person again. Raises Stopped when the target does not let us in.
    """
    async with house.database.transaction() as connection:
        found = await promises.outstanding(connection, target.id, [mark.subject for mark in due])
    again: dict[str, float] = {}
    for promise in found:
        try:
            ended = await _ended(house, target, promise)
        except TargetError as error:
            if error.recovery is Recovery.STOP:
                await stop(house, target, str(error))
                raise Stopped(str(error)) from error
            log.info("a promise could not be looked after", target=target.name, task=promise.task, why=str(error))
            ended = None
        if ended is None:
            age = (house.clock.now() - promise.promised_at).total_seconds()
            again[promise.subject] = min(max(PROMISED_S, age / 4), LOOK_AT_MOST_S)
        else:
            await _write_down(house, target, shard, epoch, promise, *ended)
    return again


async def _ended(house: House, target: ActiveTarget, promise: Promise) -> _Ended | None:
    """How it ended, by the task and then by the account, which decides; None while it may still be under way."""
    if promise.task == NO_TASK:
        return await _seen_to_end(house, target, promise)
    task = await _task(target, promise.task)
    if task is not None and task.state is TaskState.RUNNING:
        return None
    account = await read_account(target, ByKey(promise.key))
    if evidence.ended(promise.change, account):
        return Outcome.APPLIED, f"done in the application's task {promise.task}, and seen"
    if task is not None and task.state is TaskState.FAILED:
        return Outcome.FAILED, f"the application did not do it: its task {promise.task} failed ({task.told})"
    if house.clock.now() - promise.promised_at < SETTLES_WITHIN:
        return None
    if task is None:
        return Outcome.FAILED, f"the application did not do it, and knows nothing of its task {promise.task} any more"
    return Outcome.FAILED, f"the application did not do it, although its task {promise.task} says that it is done"


async def _seen_to_end(house: House, target: ActiveTarget, promise: Promise) -> _Ended | None:
    """How it ended by the account alone: the answer was lost that would have named a task."""
    if evidence.ended(promise.change, await read_account(target, ByKey(promise.key))):
        return Outcome.APPLIED, "the answer was lost; seen when read again"
    if house.clock.now() - promise.promised_at < LOST_WITHIN:
        return None
    return Outcome.FAILED, "the application did not do it: the answer was lost, and the account is still as it was"


async def _task(target: ActiveTarget, name: str) -> TaskSeen | None:
    """The task as the application shows it; None when it says that it knows of none."""
    async for thing in target.connector.read(TaskOf(name)):
        if isinstance(thing, TaskSeen):
            return thing
        if isinstance(thing, NotThere):
            return None
    return None


async def _write_down(
    house: House, target: ActiveTarget, shard: int, epoch: int, promise: Promise, outcome: Outcome, detail: str
) -> None:
    now = house.clock.now()
    async with house.database.transaction() as connection:
        await targets.still_owned(connection, target.id, shard, epoch)
        if not await promises.end(connection, promise, outcome, detail, now):
            return
        facts = {"outcome": outcome.value, "plan": promise.plan, "journal": promise.journal, "task": promise.task}
        entry = audit.Entry(
            now, "engine", promise.change.kind.value, promise.subject, target=target.id, cause=promise.cause,
            facts=facts, personal={"change": encode(promise.change)},
        )  # fmt: skip
        await audit.record(connection, entry)
        if outcome is Outcome.APPLIED and isinstance(promise.change, DeleteAccount):
            await care.end_link(connection, target.id, promise.key, "the account was deleted", now)
    if outcome is Outcome.FAILED:
        log.error("a promise was broken", target=target.name, change=promise.change.kind.value, task=promise.task)

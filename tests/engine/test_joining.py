"""Memberships that many are given at once: who goes together, and what becomes of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

import pytest

from tenure.engine.joining import LONGEST_S, Joins
from tenure.engine.turns import Turns
from tenure.model.change import Answer, Handle, JoinGroups, Outcome
from tenure.model.error import NotFound, OutcomeUnknown, RateLimited, Rejected, TargetError

from .world import VirtualClock


class Application:
    """Takes two accounts a request; what it answers for a group is an error, None for what was not sent, or who is in
    it."""

    def __init__(self, **answers: TargetError | Collection[str] | None) -> None:
        self.answers, self.requests = answers, list[tuple[str, list[str]]]()
        self.clock, self.urgent = VirtualClock(), False
        self.joins = Joins(self.clock, 2, 4, self.send, lambda: self.urgent)

    async def send(self, group: str, accounts: Sequence[Handle]) -> Collection[str] | None:
        self.requests.append((group, [one.key for one in accounts]))
        await asyncio.sleep(0)
        answer = self.answers.get(group, ())
        if isinstance(answer, TargetError):
            raise answer
        return answer

    async def give(self, key: str, *groups: str) -> Answer | TargetError | None:
        with self.joins.coming():
            try:
                until = 0.0 if key == "late" else float("inf")
                return await self.joins.give(JoinGroups(Handle(key, key), groups), until)
            except TargetError as problem:
                return problem

    async def all(self, **memberships: Sequence[str]) -> list[Answer | TargetError | None]:
        return await asyncio.gather(*(self.give(key, *groups) for key, groups in memberships.items()))


def applied(key: str, *groups: str) -> Answer:
    return Answer(Outcome.APPLIED, Handle(key, key), {f"member:{group}": group for group in groups})


async def test_who_is_alone_waits_for_nobody_and_is_left_to_go_alone() -> None:
    application = Application()
    began = application.clock.now()
    assert await application.give("a", "dev", "ops") is None
    assert (application.requests, application.clock.now()) == ([], began)


async def test_those_who_come_at_once_go_together_as_many_as_a_request_takes() -> None:
    application = Application(dev=("a", "b", "c", "e"), ops=())
    answers = await application.all(a=("dev", "ops"), b=("dev",), c=("dev",), d=("ops",), e=("ops", "dev"))
    assert application.requests == [("dev", ["a", "b"]), ("dev", ["c", "e"]), ("ops", ["a", "d"]), ("ops", ["e"])]
    told = [applied("a", "dev"), applied("b", "dev"), applied("c", "dev"), applied("d"), applied("e", "dev")]
    assert answers == told, "what the answer showed is evidence"


async def test_whom_the_answer_does_not_show_among_others_goes_alone() -> None:
    application = Application(dev=("a", "somebody"))
    assert await application.all(a=("dev",), b=("dev",)) == [applied("a", "dev"), None]


async def test_who_is_too_late_is_left_out_and_keeps_nobody_waiting() -> None:
    application = Application()
    assert await application.all(a=("dev",), late=("dev",)) == [applied("a"), None]
    assert application.requests == [("dev", ["a"])]


async def test_where_it_saves_no_request_each_goes_alone() -> None:
    application = Application()
    assert await application.all(a=("dev", "ops"), b=("dev", "ops")) == [None, None]
    assert application.requests == []


@pytest.mark.parametrize(
    ("ops", "told"),
    [
        (Rejected("not c"), None),
        (NotFound("no group"), None),
        (None, OutcomeUnknown),
        (OutcomeUnknown("lost"), OutcomeUnknown),
        (RateLimited("slow down", 7.0), OutcomeUnknown),
    ],
)
async def test_what_went_wrong_is_told_of_those_whom_it_concerns(
    ops: TargetError | None, told: type[TargetError] | None
) -> None:
    application = Application(ops=ops)
    a, b, *others = await application.all(a=("dev",), b=("dev", "ops"), c=("dev",), d=("dev",))
    assert [a, *others] == [applied("a"), applied("c"), applied("d")]
    assert b is None if told is None else type(b) is told


async def test_what_is_not_known_comes_before_what_was_refused() -> None:
    application = Application(dev=Rejected("no"), ops=OutcomeUnknown("lost"))
    both, dev = ("dev", "ops"), ("dev",)
    answers = await application.all(a=both, b=both, c=both, d=both, e=dev, f=dev)
    assert [type(one) for one in answers] == [OutcomeUnknown] * 4 + [type(None)] * 2


async def test_slow_down_for_all_of_it_is_told_as_that() -> None:
    application = Application(dev=RateLimited("slow down", 7.0))
    answers = await application.all(a=("dev",), b=("dev",))
    assert [one.retry_after for one in answers if isinstance(one, RateLimited)] == [7.0, 7.0]


async def with_another(application: Application, until: Callable[[], bool]) -> list[Answer | TargetError | None]:
    """One joins while somebody else is under way, who joins too once it is so far."""

    async def other() -> Answer | TargetError | None:
        with application.joins.coming():
            while not until():
                await asyncio.sleep(0)
        return await application.give("other", "dev")

    return await asyncio.gather(application.give("early", "dev"), other())


async def test_who_is_under_way_is_waited_for() -> None:
    application = Application()
    later = application.clock.monotonic() + LONGEST_S / 2
    await with_another(application, lambda: application.clock.monotonic() > later)
    assert application.requests == [("dev", ["early", "other"])]


async def test_nobody_is_waited_for_longer_than_two_seconds_or_while_somebody_leaves() -> None:
    slow, urgent = Application(), Application()
    later = slow.clock.monotonic() + 3 * LONGEST_S
    give_up = asyncio.create_task(with_another(slow, lambda: slow.clock.monotonic() >= later))
    while slow.clock.monotonic() < later and not give_up.done():
        await slow.clock.sleep(0.05)
    assert (await give_up, slow.requests) == ([None, None], [])
    urgent.urgent = True
    turns = iter(range(50))
    assert await with_another(urgent, lambda: next(turns) == 40) == [None, None]


async def test_a_request_that_is_nearly_full_goes_at_once() -> None:
    application = Application()
    with application.joins.coming():
        await application.all(a=("dev",), b=("dev",))
    assert application.requests == [("dev", ["a", "b"])]


async def test_what_was_broken_off_leaves_nobody_waiting() -> None:
    application = Application()
    under_way = asyncio.Event()

    async def stuck(group: str, accounts: Sequence[Handle]) -> Collection[str] | None:
        under_way.set()
        return await asyncio.Event().wait() and None

    application.joins = Joins(application.clock, 2, 4, stuck, lambda: False)
    waiting = [asyncio.create_task(application.give(key, "dev")) for key in "ab"]
    await under_way.wait()
    await application.joins.close()
    await asyncio.wait(waiting, timeout=1)
    assert all(one.cancelled() for one in waiting), "whether it was sent, only a look can tell"


async def test_the_lowest_rank_is_next_and_who_gave_up_is_passed_over() -> None:
    turns, told = Turns(1), list[str]()

    async def take(name: str, rank: int) -> None:
        async with turns.one(rank):
            told.append(name)
            await asyncio.sleep(0)

    async with turns.one(0):
        tasks = {
            name: asyncio.create_task(take(name, rank)) for name, rank in (("c", 2), ("a", 1), ("gone", 1), ("b", 1))
        }
        await asyncio.sleep(0)
        tasks["gone"].cancel()
        await asyncio.sleep(0)
    await asyncio.wait(tasks.values())
    assert told == ["a", "b", "c"]
    async with asyncio.timeout(1), turns.one(9):
        pass

"""Joining: memberships that many people are given at the same time go together, one request for a group."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tenure.model.change import Answer, Handle, JoinGroups, Outcome
from tenure.model.clock import Clock
from tenure.model.error import Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected, TargetError

LONGEST_S = 2.0
"""So long, in seconds, those who are to join are gathered at most, while others may still come."""
_LOOK_S = 0.1
_RIPE = 0.75
"""So full a request is sent: while it is looked whether it is, more have come."""
_REFUSALS = (NotFound, Conflict, Rejected, Forbidden)


@dataclass(frozen=True, slots=True, eq=False)
class Joiner:
    """A change that waits for others; `until` is the last moment to send it, in seconds since the epoch."""

    change: JoinGroups
    until: float
    answer: asyncio.Future[Answer | None]


Send = Callable[[str, Sequence[Handle]], Awaitable[Collection[str] | None]]
"""Makes accounts members of a group by one request: the keys of those whom the answer shows there, or None when nothing
was sent. Raises TargetError."""
Told = Collection[str] | BaseException | None


class Joins:
    """The memberships that are to be given at one target, where one request takes many accounts.

    They are gathered while somebody is under way who may still come, for two seconds at most, or until a request is
    nearly full. So a person who is alone waits for nobody, and in a larger run a group takes them by the hundred.
    """

    def __init__(self, clock: Clock, most: int, at_once: int, send: Send, urgent: Callable[[], bool]) -> None:
        """`most` accounts go by one request, so many requests `at_once`; nobody waits while something is `urgent`."""
        self._clock, self._most, self._send, self._urgent = clock, most, send, urgent
        self._turns = asyncio.Semaphore(at_once)
        self._waiting: list[Joiner] = []
        self._coming = 0
        self._going: asyncio.Task[None] | None = None

    @contextmanager
    def coming(self) -> Iterator[None]:
        """While somebody's changes are sent, of whom memberships may be to come."""
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    async def give(self, change: JoinGroups, until: float) -> Answer | None:
        """Give one account its memberships; who asks is `coming`, and until the answer is not.

        None when that is to be done for this account alone: together it takes no fewer requests, or was refused, which
        may be because of somebody else. Raises TargetError.
        """
        joiner = Joiner(change, until, asyncio.get_running_loop().create_future())
        self._waiting.append(joiner)
        if self._going is None:
            self._going = asyncio.create_task(self._go())
        self._coming -= 1
        try:
            return await joiner.answer
        finally:
            self._coming += 1

    async def close(self) -> None:
        """Break off what is under way."""
        if self._going is not None:
            self._going.cancel()
            await asyncio.gather(self._going, return_exceptions=True)

    async def _go(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                joiners, self._waiting = self._waiting, []
                await self._together([one for one in joiners if not one.answer.done()])
        finally:
            self._going = None

    async def _gather(self) -> None:
        began = self._clock.monotonic()
        while self._coming > 0 and not self._urgent() and self._clock.monotonic() < began + LONGEST_S:
            groups = Counter(group for one in self._waiting for group in one.change.groups)
            if max(groups.values(), default=0) >= _RIPE * self._most:
                return
            await self._clock.sleep(_LOOK_S)

    async def _together(self, joiners: Sequence[Joiner]) -> None:
        requests = self._requests(joiners)
        if len(requests) >= len(joiners):
            for one in joiners:
                one.answer.set_result(None)
            return
        try:
            sending = [self._in_turn(group, some) for group, some in requests]
            told = await asyncio.gather(*sending, return_exceptions=True)
        except BaseException:
            for one in joiners:
                one.answer.cancel()
            raise
        answers: dict[Joiner, dict[str, Told]] = {one: {} for one in joiners}
        for (group, some), answer in zip(requests, told, strict=True):
            for one in some:
                answers[one][group] = answer[one] if isinstance(answer, dict) else answer
        for one in joiners:
            _settle(one, answers[one])

    async def _in_turn(self, group: str, joiners: Sequence[Joiner]) -> dict[Joiner, Told]:
        """Send one request; who is too late by then is not named in it."""
        async with self._turns:
            now = self._clock.now().timestamp()
            in_time = [one for one in joiners if one.until >= now]
            told: Told = None
            if in_time:
                try:
                    told = await self._send(group, [one.change.account for one in in_time])
                except TargetError as problem:
                    told = problem
            return {one: told if one in in_time else None for one in joiners}

    def _requests(self, joiners: Sequence[Joiner]) -> list[tuple[str, list[Joiner]]]:
        groups: dict[str, list[Joiner]] = {}
        for one in joiners:
            for group in one.change.groups:
                groups.setdefault(group, []).append(one)
        return [
            (group, some[at : at + self._most])
            for group, some in groups.items()
            for at in range(0, len(some), self._most)
        ]


def _settle(joiner: Joiner, answers: Mapping[str, Told]) -> None:
    """Hand over what became of one change: its answer, its error, or that it is to be sent alone.

    What is not known comes first: it must not be sent again before it was looked for.
    """
    if joiner.answer.done():
        return
    account, told = joiner.change.account, list(answers.values())
    problems = [one for one in told if isinstance(one, BaseException)]
    worst = next((one for one in problems if not isinstance(one, TargetError)), None)
    unknown = worst or next((one for one in problems if isinstance(one, OutcomeUnknown)), None)
    in_part = any(not isinstance(one, BaseException | None) for one in told)
    if unknown is not None:
        joiner.answer.set_exception(unknown)
    elif in_part and None in told:
        joiner.answer.set_exception(OutcomeUnknown(f"{account.name} was moved in part: the rest was not sent in time"))
    elif any(_left_out(one, account.key) for one in told):
        joiner.answer.set_result(None)
    elif in_part and problems:
        joiner.answer.set_exception(OutcomeUnknown(f"{account.name} was moved in part: {problems[0]}"))
    elif problems:
        joiner.answer.set_exception(problems[0])
    else:
        shown: dict[str, str | None] = {f"member:{group}": group for group, members in answers.items() if members}
        joiner.answer.set_result(Answer(Outcome.APPLIED, account, shown))


def _left_out(told: Told, key: str) -> bool:
    """Whether one is to be sent alone: nothing was sent, or it was refused, or members were shown and not this one."""
    if isinstance(told, BaseException):
        return isinstance(told, _REFUSALS)
    return told is None or (bool(told) and key not in told)

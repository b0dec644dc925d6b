"""A trial: one step after another at one target, on an account and a group of its own, each judged by reading again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenure.engine import send
from tenure.engine.active import ActiveTarget, House
from tenure.model.capability import Capabilities, canon_name
from tenure.model.certification import PREFIX, Judged, Step
from tenure.model.change import (
    Answer,
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeleteAccount,
    DeleteGroup,
    Handle,
    Outcome,
    encode,
)
from tenure.model.error import Closed, NotAllowed, RateLimited, Recovery, TargetError, Unauthorized
from tenure.model.seen import AccountSeen, ByKey, ByName
from tenure.planning import evidence
from tenure.store import audit, certifications, targets

Seeing = Callable[[], Awaitable[tuple[bool, str]]]
"""Reads again: whether it is as expected, and what was seen."""
_AGAIN_S = (1.0, 5.0)
"""How long it waits before sending again what was surely not carried out (429, or no connection)."""
_LOOKS_S = (0.3, 0.7, 1.0, 2.0)
_LATER_S = (*_LOOKS_S, 8.0, 16.0, 32.0)
"""How long it waits between looking for an effect, and where the application promised to do it later."""
_LONGEST_S = 30.0


class Halted(Exception):
    """Nothing more is sent: the message says why."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the account and the group of a trial are called; nothing else is ever touched."""

    account: str
    group: str

    @property
    def renamed(self) -> str:
        """What the account is called between two renames."""
        return f"{self.account}-b"

    @classmethod
    def of(cls, token: str) -> Names:
        """The names made of a few random characters."""
        return cls(f"{PREFIX}{token}", f"{PREFIX}{token}")

    def own(self, name: str) -> bool:
        """Whether an account or a group of this name is the trial's."""
        return canon_name(name) in (self.account, self.renamed, self.group)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one change: whether it is as expected, what was answered and seen, and the error, if it was one."""

    fine: bool
    answered: str
    seen: str
    ms: float
    problem: TargetError | None


@dataclass(slots=True)
class Trial:
    """What is known on the way. `number` and `cause` are the certification and its first audit entry.

    `closed` says why it only reads, if it does, `domain` is where its e-mail address is. `begun_account` and
    `begun_group` say that one may have been made, `account` is the account as it is known now.
    """

    house: House
    target: ActiveTarget
    names: Names
    by: str
    tell: Callable[[Step], None]
    domain: str = "example.com"
    closed: str | None = None
    number: int = 0
    cause: int | None = None
    steps: list[Step] = field(default_factory=list)
    account: Handle | None = None
    begun_account: bool = False
    begun_group: bool = False

    @property
    def capabilities(self) -> Capabilities:
        """What the target can do, as the check narrowed it."""
        return self.target.connector.capabilities

    def can(self, kind: ChangeKind) -> bool:
        """Whether the target has this kind of change."""
        return kind in self.capabilities.operations

    def add(self, step: Step) -> None:
        """Take down a step, and tell it."""
        self.steps.append(step)
        self.tell(step)

    def leave_out(self, name: str, asked: str, why: str, verdict: Judged = Judged.CANNOT) -> None:
        """Take down a step that is not tried."""
        self.add(Step(name, asked, "", why, 0.0, verdict))

    async def look(self, name: str, asked: str, seeing: Seeing) -> bool:
        """A step that only reads; gives whether it was as expected. Raises Halted when we are not let in."""
        began, problem = self.house.clock.monotonic(), None
        try:
            fine, seen = await seeing()
            answered = "read"
        except TargetError as error:
            fine, seen, answered, problem = False, "nothing", str(error), error
        self.add(Step(name, asked, answered, seen, self._ms(began), _judged(fine)))
        if isinstance(problem, Unauthorized):
            raise Halted(str(problem))
        return fine

    async def change(self, name: str, asked: str, change: Change, seeing: Seeing | None = None) -> None:
        """A step that writes, as `attempt` does it. Raises Halted also when we are not let in, or may not write."""
        done = await self.attempt(name, change, seeing)
        self.add(Step(name, asked, done.answered, done.seen, done.ms, _judged(done.fine)))
        if isinstance(done.problem, Unauthorized | Closed | NotAllowed):
            raise Halted(str(done.problem))

    async def attempt(self, name: str, change: Change, seeing: Seeing | None = None) -> Attempt:
        """Write it down, send it, and look for it. `seeing` tells what is expected, else it is what the change asks.

        Raises Halted when writing was stopped meanwhile, and when the change names anybody but the trial's own account
        and group.
        """
        for one in evidence.named(change):
            if not self.names.own(one):
                raise Halted(
                    f"the application shows {one} where {self.names.account} was expected: nothing more is sent"
                )
        asking = await self.note("certification.asked", step=name, change=encode(change))
        began = self.house.clock.monotonic()
        answer, problem = await self._sent(change)
        ms = self._ms(began)
        if seeing is None:
            fine, seen = await self._seen(change, answer)
        else:
            fine, seen = await self._patiently(seeing, _LOOKS_S)
        outcome = answer.outcome.value if answer else type(problem).__name__
        await self.note("certification.answered", cause=asking, step=name, outcome=outcome, as_expected=fine)
        return Attempt(fine, _outcome(answer) if answer else str(problem), seen, ms, problem)

    async def note(self, action: str, *, cause: int | None = None, **facts: Any) -> int:
        """An audit entry, on disk before this returns. Raises Halted when writing was stopped meanwhile."""
        now = self.house.clock.now()
        entry = audit.Entry(
            now, self.by, action, f"certification:{self.number}", target=self.target.id, cause=cause or self.cause,
            facts=facts,
        )  # fmt: skip
        async with self.house.database.transaction() as connection:
            number = await audit.record(connection, entry)
            frozen = targets.why_closed(await targets.state(connection, self.target.id))
        self.target.brake.closed = self.closed or frozen
        if self.target.closed is not None and action == "certification.asked":
            raise Halted(self.target.closed)
        return number

    async def _sent(self, change: Change) -> tuple[Answer | None, TargetError | None]:
        """Send it; what was surely not carried out is sent again, and nothing else."""
        for pause in (*_AGAIN_S, None):
            try:
                return await self._to_its_end(change), None
            except TargetError as error:
                if error.recovery is not Recovery.RETRY or pause is None or isinstance(error, Closed):
                    return None, error
                asked = error.retry_after if isinstance(error, RateLimited) else None
                await self.house.clock.sleep(min(_LONGEST_S, max(pause, asked or 0.0)))
        raise AssertionError("the last attempt returns")

    async def _to_its_end(self, change: Change) -> Answer:
        """Send it; who is cancelled meanwhile waits for the answer: else it could come true after the clearing."""
        if isinstance(change, CreateAccount):
            self.begun_account = True
        if isinstance(change, CreateGroup):
            self.begun_group = True
        sending = asyncio.ensure_future(send.apply(self.target, change))
        try:
            return await asyncio.shield(sending)
        except asyncio.CancelledError:
            await asyncio.wait([sending])
            sending.exception()
            raise

    async def _seen(self, change: Change, answer: Answer | None) -> tuple[bool, str]:
        looks = _LATER_S if answer is not None and answer.outcome is Outcome.PENDING else _LOOKS_S
        if isinstance(change, CreateGroup | DeleteGroup):
            return await self._patiently(lambda: self._group_is(there=isinstance(change, CreateGroup)), looks)
        if isinstance(change, DeleteAccount):
            return await self._patiently(self.account_is_gone, looks)
        shown = answer.shown if answer else {}
        if isinstance(change, CreateAccount):
            await self._known(answer)
        return await self._patiently(lambda: self._account_shows(change, shown), looks)

    async def _known(self, answer: Answer | None) -> None:
        """The account that was made, once a reading shows it under one of our names; no answer is enough for that.

        Also where the answer was lost: nobody had the name just before.
        """
        told = answer.account if answer else None
        what = ByKey(told.key) if told and told.key else ByName(self.names.account)

        async def shown() -> tuple[bool, str]:
            found = await send.read_account(self.target, what)
            if found is not None and self.names.own(found.name):
                self.account = Handle(found.key, found.name)
            return found is not None, ""

        await self._patiently(shown, _LOOKS_S)
        if self.account is not None:
            async with self.house.database.transaction() as connection:
                await certifications.made(connection, self.number, self.account.key)

    async def _group_is(self, *, there: bool) -> tuple[bool, str]:
        found = await send.read_group(self.target, self.names.group)
        return (found is not None) == there, f"by its name: {'there' if found else 'not there'}"

    async def account_is_gone(self) -> tuple[bool, str]:
        """Whether neither its key nor its names find the account."""
        key = self.account.key if self.account else ""
        if key and await send.read_account(self.target, ByKey(key)) is not None:
            return False, "by its key: still there"
        for name in (self.names.account, self.names.renamed):
            if await send.read_account(self.target, ByName(name)) is not None:
                return False, f"by its name: {name} is still there"
        return True, "by key and by name: not there"

    async def _account_shows(self, change: Change, answered: Mapping[str, str | None]) -> tuple[bool, str]:
        if self.account is None:
            return False, "no account of that name is shown"
        asked = tuple(n for n in evidence.cells(change) if (spec := self.capabilities.spec(n)) and not spec.listed)
        found = await send.read_account(self.target, ByKey(self.account.key, asked))
        if found is None:
            return False, "by its key: not there"
        self.account = Handle(found.key, found.name)
        return _judge(change, found, answered, self.capabilities)

    async def _patiently(self, seeing: Seeing, looks: tuple[float, ...]) -> tuple[bool, str]:
        """Look until it is as expected, for some seconds: an application may show an effect later than it answers."""
        began = self.house.clock.monotonic()
        for pause in (*looks, None):
            try:
                fine, seen = await seeing()
            except TargetError as error:
                fine, seen = False, f"it could not be read: {error}"
            if fine or pause is None:
                late = self.house.clock.monotonic() - began
                return fine, seen if not fine or pause == looks[0] else f"{seen} (after {late:.1f} s)"
            await self.house.clock.sleep(pause)
        raise AssertionError("the last look returns")

    def _ms(self, began: float) -> float:
        return round((self.house.clock.monotonic() - began) * 1000, 1)


def _judged(fine: bool) -> Judged:
    return Judged.AS_EXPECTED if fine else Judged.NOT_AS_EXPECTED


def _outcome(answer: Answer) -> str:
    return f"{answer.outcome.value}: {answer.detail}" if answer.detail else answer.outcome.value


def _judge(
    change: Change, found: AccountSeen, answered: Mapping[str, str | None], capabilities: Capabilities
) -> tuple[bool, str]:
    """Whether the change took effect, by what a reading shows, and by the answer for what no reading ever shows."""
    shown, whole = evidence.shown_by(found, capabilities), found.groups is not None
    fine = evidence.proven(change, {**answered, **shown}, capabilities, whole=whole)
    told = {evidence.canonical_cell(cell, capabilities): value for cell, value in answered.items()}
    parts = []
    for cell in evidence.cells(change):
        place = evidence.canonical_cell(cell, capabilities)
        if place in shown or (whole and cell.startswith("member:")):
            parts.append(f"{cell}: {shown.get(place) or 'none'}")
        elif place in told:
            parts.append(f"{cell}: {told[place] or 'none'} (told by the answer alone)")
        else:
            parts.append(f"{cell}: not shown")
    return fine is True, "; ".join(parts)

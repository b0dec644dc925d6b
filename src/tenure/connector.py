"""Source and Target, the two contracts: a connector is a class of one of these shapes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from typing import Protocol, runtime_checkable

from tenure.model.capability import Capabilities
from tenure.model.change import Answer, Change, Handle
from tenure.model.event import ReadComplete, SourceEvent
from tenure.model.seen import Health, Seen, Selector


class Source(Protocol):
    """An identity provider that Tenure reads. A push source has no reader: the SCIM door hands over the same events."""

    async def check(self) -> Health:
        """Touch the world: sign in, and name each permission that is missing."""
        ...

    def read(self, since: str | None) -> AsyncIterator[SourceEvent | ReadComplete]:
        """Stream the whole source (`since` is None), or what changed after the cursor of an earlier reading.

        People come first, then groups, then who is in them; each once. `active` is told of everybody. Ends with
        `ReadComplete`, or is not whole. Raises NotRead when nothing is to be taken, before the first event.
        """
        ...


class Target(Protocol):
    """An application that Tenure writes."""

    capabilities: Capabilities

    async def check(self) -> Health:
        """Touch the world: sign in, find the version, name each permission that is missing.

        Never raises for what the application answers: the Health says it. Narrows `capabilities` to the version found.
        """
        ...

    def read(self, what: Selector) -> AsyncIterator[Seen]:
        """Stream what the application shows. A reading of a population ends with `ReadComplete`, or is not whole.

        A single look-up (`ByKey`, `ByName`, `GroupByName`) yields the thing or `NotThere`, then `ReadComplete`.
        Raises TargetError; what was yielded before that is presence, never absence.
        """
        ...

    async def apply(self, change: Change) -> Answer:
        """Carry out one change. Doing it twice is as doing it once.

        Raises TargetError; its `recovery` says what the engine does next. `OutcomeUnknown` for every write whose
        answer was lost or was a 5xx.
        """
        ...

    async def aclose(self) -> None:
        """Let go of the connections."""
        ...


@runtime_checkable
class Finishing(Protocol):
    """A target where a creation is not over when the account is there."""

    async def finish(self, made: Handle) -> str:
        """Do what is left of a creation whose answer was lost; gives what is to be told of it, be it a failure."""
        ...


@runtime_checkable
class Joining(Protocol):
    """A target where one request puts many accounts into a group."""

    def joinable(self, account: Handle) -> bool:
        """Whether the account may be named beside others as it is known now, without asking for it first."""
        ...

    async def join(self, group: str, accounts: Sequence[Handle]) -> Collection[str]:
        """Make the accounts members of the group by one request; gives the keys of those whom the answer shows there.

        Who is a member already is no error. Raises TargetError: where the request is refused, none has joined.
        """
        ...

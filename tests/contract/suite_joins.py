"""The contract suite: many accounts are put into a group by one request, where an application takes that."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tenure.connector import Joining
from tenure.model.capability import Mode
from tenure.model.change import Handle
from tenure.model.error import (
    Forbidden,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TargetError,
    Unauthorized,
)

from .place import Place
from .suite_base import SuiteBase

NAMES = ("anna", "o'brien", "éva")


class Joined(SuiteBase):
    """What joins together, and what becomes of a request that is refused or lost. `joins`: where it goes."""

    joins: ClassVar[tuple[str, str]]

    async def three(self, place: Place) -> tuple[Joining, list[Handle]]:
        """A target with three new accounts."""
        target = place.open()
        await target.check()
        assert target.capabilities.accounts_a_call > len(NAMES)
        assert isinstance(target, Joining)
        made = [
            await self.made(target, username=name, email=f"p{at}@example.com", display_name=f"Person {at}")
            for at, name in enumerate(NAMES)
        ]
        return target, made

    async def inside(self, place: Place) -> set[str]:
        """Who of the three is in the group."""
        group = await place.group("helpdesk")
        assert group is not None
        return set(NAMES) & set(group["members"])

    async def test_many_join_by_one_request_and_twice_is_as_once(self) -> None:
        place = self.place()
        target, three = await self.three(place)
        assert all(target.joinable(one) for one in three)
        before = await place.state()
        shown = await target.join("helpdesk", three[:2])
        assert await self.inside(place) == set(NAMES[:2])
        assert (await place.state())["writes"] == before["writes"] + 1
        assert set(shown) <= {one.key for one in three[:2]} | {m["key"] for m in before["accounts"]}
        await target.join("helpdesk", three)
        assert await self.inside(place) == set(NAMES)

    async def test_with_somebody_who_is_not_there_nobody_joins(self) -> None:
        place = self.place()
        target, three = await self.three(place)
        before = await place.state()
        for group, accounts in (("helpdesk", [*three, Handle("999999", "ghost")]), ("no such group", three)):
            with pytest.raises((NotFound, Rejected)):
                await target.join(group, accounts)
            assert await place.state() == before

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize(
        ("kind", "how"), [("drop", {}), ("status", {"status": 503}), ("proxy_html", {"status": 404})]
    )
    async def test_a_lost_answer_is_unknown(self, when: str, kind: str, how: dict[str, Any]) -> None:
        place = self.place()
        target, three = await self.three(place)
        method, path = self.joins
        await place.fault(kind, when=when, method=method, path_regex=path, **how)
        with pytest.raises(OutcomeUnknown):
            await target.join("helpdesk", three)
        assert await self.inside(place) == (set() if when == "before" else set(NAMES))
        assert len(await place.fired()) == 1, "it is not sent again"

    @pytest.mark.parametrize(
        ("how", "error"),
        [({"status": 429}, RateLimited), ({"status": 401}, Unauthorized), ({"status": 403}, Forbidden)],
    )
    async def test_a_refusal_changed_nothing(self, how: dict[str, Any], error: type[TargetError]) -> None:
        place = self.place()
        target, three = await self.three(place)
        before = await place.state()
        method, path = self.joins
        await place.fault("status", method=method, path_regex=path, **how)
        with pytest.raises(error):
            await target.join("helpdesk", three)
        assert await place.state() == before

    async def test_the_mode_is_held(self) -> None:
        place = self.place()
        _, three = await self.three(place)
        watching = place.open(Mode.OBSERVE)
        assert isinstance(watching, Joining)
        with pytest.raises(NotAllowed):
            await watching.join("helpdesk", three)
        assert not await self.inside(place)

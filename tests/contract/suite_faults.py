"""The contract suite: what may go wrong, and that nobody is fooled by it."""

from __future__ import annotations

from typing import Any

import pytest

from tenure.connector import Target
from tenure.model.change import Answer, ChangeKind, Handle, LeaveGroups
from tenure.model.error import (
    Forbidden,
    OutcomeUnknown,
    RateLimited,
    TargetError,
    Unauthorized,
    Unreachable,
)
from tenure.model.seen import (
    Accounts,
    ByKey,
    ByName,
    GroupByName,
    Groups,
    MembersOf,
    NotThere,
    ReadComplete,
    Selector,
)

from .place import Place, collect, completed
from .suite_base import SuiteBase

_UNDISTURBED: dict[type[SuiteBase], dict[ChangeKind, dict[str, Any]]] = {}


class Faulty(SuiteBase):
    """Every fault of a write leads to the right error."""

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize(
        ("kind", "how"),
        [
            ("drop", {}),
            ("status", {"status": 500}),
            ("status", {"status": 503}),
            ("proxy_html", {"status": 200}),
            ("proxy_html", {"status": 404}),
        ],
    )
    async def test_a_lost_answer_to_a_write_is_unknown(self, when: str, kind: str, how: dict[str, Any]) -> None:
        for change_kind, (method, path) in self.writes.items():
            place = self.place()
            target = place.open()
            change = await self.scene(target, change_kind)
            before = await place.state()
            await place.fault(kind, when=when, method=method, path_regex=path, **how)
            got = await self.attempt(target, change)
            fired = await place.fired()
            await place.clear_faults()
            assert type(got) is OutcomeUnknown, (change_kind, got)
            assert len(fired) == 1, "a write is never sent again"
            assert (await place.state() == before) is (when == "before")
            # what the engine does after it has looked: the end is that of one undisturbed attempt
            await self.attempt(target, change)
            await self.carried_out(target, change)
            if when == "after" and change_kind is ChangeKind.CREATE_ACCOUNT:
                await self.take_back(place, target)
            assert {**await place.state(), "writes": 0} == {**await self.undisturbed(change_kind), "writes": 0}

    async def take_back(self, place: Place, target: Target) -> None:
        """Take a new account out of what the application itself gave it, exactly: the create could not any more."""
        world = await place.account("anna")
        assert world is not None
        assert set(world["groups"]) == self.given
        if self.given:
            await target.apply(LeaveGroups(Handle(world["key"], "anna"), tuple(self.given)))

    async def undisturbed(self, kind: ChangeKind) -> dict[str, Any]:
        """What one undisturbed attempt leaves: always the same, so that it is made once for each class and kind."""
        known = _UNDISTURBED.setdefault(type(self), {})
        if kind not in known:
            place = self.place()
            target = place.open()
            change = await self.scene(target, kind)
            await target.apply(change)
            await self.carried_out(target, change)
            known[kind] = await place.state()
        return known[kind]

    @pytest.mark.parametrize("kind", ["truncate", "cut_short"])
    async def test_half_an_answer_to_a_write_is_unknown(self, kind: str) -> None:
        for change_kind, (method, path) in self.writes.items():
            place = self.place()
            target = place.open()
            change = await self.scene(target, change_kind)
            await place.fault(kind, method=method, path_regex=path)
            got = await self.attempt(target, change)
            if kind == "truncate" and change_kind in self.silent:
                assert isinstance(got, Answer)
            else:
                assert type(got) is OutcomeUnknown, (change_kind, got)

    @pytest.mark.parametrize(
        ("kind", "how", "error"),
        [
            ("status", {"status": 429, "retry_after": 7}, RateLimited),
            ("status", {"status": 401}, Unauthorized),
            ("status", {"status": 403}, Forbidden),
            ("forbidden", {}, Forbidden),
            ("read_only", {"status": 403}, Forbidden),
            ("captcha", {}, Forbidden),
        ],
    )
    async def test_a_refused_write_changed_nothing(
        self, kind: str, how: dict[str, Any], error: type[TargetError]
    ) -> None:
        if kind in self.immune:
            pytest.skip(f"{self.kind} never has {kind}")
        for change_kind, (method, path) in self.writes.items():
            if kind == "read_only" and change_kind in self.beside_directory:
                continue
            place = self.place()
            target = place.open()
            change = await self.scene(target, change_kind)
            before = await place.state()
            await place.fault(kind, method=method, path_regex=path, **how)
            got = await self.attempt(target, change)
            assert type(got) is error, (change_kind, got)
            assert await place.state() == before
            if isinstance(got, RateLimited):
                assert got.retry_after == 7

    async def test_a_slow_write_is_unknown_and_a_slow_reading_unreachable(self) -> None:
        place = self.place()
        target = place.open(timeout=0.05)
        kind = ChangeKind.UPDATE_ACCOUNT if ChangeKind.UPDATE_ACCOUNT in self.writes else ChangeKind.JOIN_GROUPS
        change = await self.scene(target, kind)
        method, path = self.writes[kind]
        await place.fault("latency", ms=1000, method=method, path_regex=path)
        assert type(await self.attempt(target, change)) is OutcomeUnknown
        await place.fault("latency", ms=1000)
        with pytest.raises(Unreachable):
            await collect(target, ByName("anna"))


class Disturbed(SuiteBase):
    """No disturbed reading is taken for a whole one."""

    @pytest.mark.parametrize(
        ("kind", "how", "error"),
        [
            ("drop", {}, Unreachable),
            ("cut_short", {}, Unreachable),
            ("truncate", {}, Unreachable),
            ("status", {"status": 500}, Unreachable),
            ("status", {"status": 503}, Unreachable),
            ("status", {"status": 429, "retry_after": 1}, RateLimited),
            ("status", {"status": 401}, Unauthorized),
            ("status", {"status": 403}, Forbidden),
            ("proxy_html", {"status": 200}, Unreachable),
            ("proxy_html", {"status": 404}, Unreachable),
        ],
    )
    async def test_a_disturbed_reading_is_never_whole_and_tells_no_absence(
        self, kind: str, how: dict[str, Any], error: type[TargetError]
    ) -> None:
        for what in self.readings():
            place = self.place(60)
            await place.fault(kind, **how)
            seen, problem = await self.watch(place, what)
            assert type(problem) is error
            assert not any(isinstance(one, (ReadComplete, NotThere)) for one in seen)

    def readings(self) -> list[Selector]:
        return [
            *([Accounts()] if self.listing else []),
            Groups(),
            MembersOf("helpdesk"),
            ByKey("nobody"),
            ByName("nobody"),
            ByName("mwolf"),
            GroupByName("nothing"),
        ]

    async def test_a_short_disturbance_of_a_reading_is_passed_over(self) -> None:
        for what in self.readings():
            place = self.place()
            await place.fault("status", status=503, nth=[1])
            completed(await collect(place.open(), what))

    async def test_a_listing_that_repeats_a_page_is_not_whole(self) -> None:
        if self.listing:
            place = self.place(2345)
            await place.fault("repeat_page", path=self.listing)
            assert not await self.is_whole(place, Accounts())
        if self.pages_members:
            place = self.place(300)
            await place.fault("repeat_page")
            assert not await self.is_whole(place, MembersOf(self.licensed))

    @pytest.mark.parametrize("keep", [0, 1, 5])
    async def test_a_capped_listing_is_not_whole(self, keep: int) -> None:
        place = self.place(60)
        await place.fault("cap", path=self.listing or "", keep=keep)
        assert not await self.is_whole(place, Accounts())

    async def test_a_reading_with_fewer_rights_is_not_whole(self) -> None:
        place = self.place(60)
        await place.fault("forbidden")
        assert not await self.is_whole(place, Accounts())
        assert not await self.is_whole(place, Groups())
        assert not await self.is_whole(place, MembersOf("helpdesk"))
        assert not await self.is_whole(place, ByName("nobody"))

    async def test_rights_that_are_lost_on_the_way_are_seen(self) -> None:
        place = self.place(60)
        await place.fault("forbidden", path=self.listing or "")
        assert not await self.is_whole(place, Accounts())

"""The contract suite: checking and reading."""

from __future__ import annotations

import pytest

from tenure.model.error import (
    NotFound,
    Unauthorized,
)
from tenure.model.seen import (
    Accounts,
    AccountSeen,
    ByKey,
    ByName,
    GroupByName,
    Groups,
    GroupSeen,
    MemberSeen,
    MembersOf,
    NotThere,
    ReadComplete,
)

from .place import collect, completed
from .suite_base import SuiteBase


class Reading(SuiteBase):
    """Who, where, whole or not, there or not."""

    async def test_check_tells_who_where_and_which_version(self) -> None:
        target = self.place().open()
        health = await target.check()
        assert health.ok
        assert health.account == self.signed_in
        assert bool(health.server_id) is self.has_id
        assert health.version
        assert health.missing == ()
        assert target.capabilities.version == health.version

    async def test_check_with_wrong_credentials_says_so(self) -> None:
        place = self.place()
        health = await place.open(password="wrong").check()
        assert not health.ok
        assert "credentials" in health.detail
        with pytest.raises(Unauthorized):
            await collect(place.open(password="wrong"), Accounts())

    async def test_check_at_another_address_says_so(self) -> None:
        health = await self.place().open(path="/elsewhere").check()
        assert not health.ok
        assert "http://app.test/elsewhere" in health.detail

    async def test_check_names_the_permission_that_is_missing(self) -> None:
        place = self.place()
        await place.fault("forbidden")
        health = await place.open().check()
        assert not health.ok
        assert health.missing

    async def test_check_never_raises(self) -> None:
        for kind, how in (("status", {"status": 500}), ("drop", {}), ("proxy_html", {}), ("truncate", {})):
            place = self.place()
            await place.fault(kind, **how)
            assert not (await place.open().check()).ok

    @pytest.mark.parametrize("users", [0, 60, 2345])
    async def test_all_accounts_inactive_ones_too(self, users: int) -> None:
        place = self.place(users)
        seen = await collect(place.open(), Accounts())
        world = {a["key"]: (a["name"], a["active"]) for a in (await place.state())["accounts"]}
        shown = [one for one in seen if isinstance(one, AccountSeen)]
        if self.capped(len(world)):
            assert not any(isinstance(one, ReadComplete) for one in seen)
            assert {a.key for a in shown} <= set(world)
            assert self.listing is None or len(shown) < len(world)
            return
        assert completed(seen).count == len(world)
        assert {a.key: (a.name, a.active) for a in shown} == world
        assert len(shown) == len(world)
        assert any(not a.active for a in shown)

    async def test_one_account_by_key_and_name(self) -> None:
        place = self.place()
        target = place.open()
        world = await self.somebody(place, target)
        key, name, asked = world["key"], world["name"], (self.extra,) if self.extra else ()
        wanted = {"username": name, "email": world["email"], "display_name": world["display_name"]}
        wanted = {field: wanted[field] for field in self.shows} | self.with_extra("+49 30")
        for what in (ByKey(key, asked), ByName(name, asked), ByName(name.upper(), asked)):
            seen = await collect(target, what)
            assert completed(seen).count == 1
            (one,) = seen[:-1]
            assert isinstance(one, AccountSeen)
            assert (one.key, one.name, one.active, one.groups) == (key, name, True, frozenset(world["groups"]))
            assert {field: one.fields[field] for field in wanted} == wanted
            assert not {"email", "display_name"} - self.shows & one.fields.keys()

    async def test_what_is_not_there_is_said_to_be_so(self) -> None:
        place = self.place()
        target = place.open()
        name = (await self.somebody(place, target))["name"]
        for what in (ByKey("no-such-key"), ByName(name[:-1]), ByName(f"{name}.abel"), GroupByName("no such group")):
            seen = await collect(target, what)
            assert completed(seen).count == 0
            assert isinstance(seen[0], NotThere)
        with pytest.raises(NotFound):
            await collect(target, MembersOf("no such group"))

    async def test_groups_and_members(self) -> None:
        place = self.place(300)
        target = place.open()
        world = {g["name"]: set(g["members"]) for g in (await place.state())["groups"]}
        seen = await collect(target, Groups())
        assert completed(seen).count == len(world)
        assert {g.name for g in seen if isinstance(g, GroupSeen)} == set(world)
        assert {right for g in seen if isinstance(g, GroupSeen) for right in g.gives} == self.gives
        for group, members in world.items():
            listed = await collect(target, MembersOf(group))
            assert completed(listed).count == len(members)
            assert {m.name for m in listed if isinstance(m, MemberSeen)} == members
            (one, end) = await collect(target, GroupByName(group.upper()))
            assert isinstance(one, GroupSeen)
            assert one.name == group
            assert isinstance(end, ReadComplete)

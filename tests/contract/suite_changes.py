"""The contract suite: changes, names that are odd, and modes."""

from __future__ import annotations

from typing import Any

import pytest

from tenure.connector import Target
from tenure.model.capability import LOSING, Mode
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    Answer,
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    Handle,
    JoinGroups,
    LeaveGroups,
    Outcome,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.error import (
    Conflict,
    Forbidden,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    Rejected,
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
)

from .place import collect, completed
from .suite_base import ANNA, SuiteBase

ODD_NAMES = [
    "a@b.example",
    "plus+sign",
    "sla/sh",
    "back\\slash",
    "two words",
    "O'Brien",
    "comma, comma",
    "per%2Fcent",
    "#hash",
    "what?",
    "a&b=c",
    "emoji😀",
    "e\u0301clair",
    "\u00e9cole",
    "ışık",
    "İzmir",
    "שלום",
    "x" * 255,
    "x" * 256,
    ".",
    "..",
    "{name}",
    "UPPER",
]


class Changing(SuiteBase):
    """What each change does, once and twice, and what a mode lets through."""

    async def test_a_life_from_joining_to_leaving(self) -> None:
        place = self.place()
        target = place.open()
        account = await self.made(target, **self.with_extra("1"))
        wanted: dict[str, Any] = {
            "name": "anna",
            "key": account.key,
            "email": "anna@example.com",
            "display_name": "Anna Abel",
            "active": True,
            "groups": [],
            "properties": self.kept("1"),
        }
        assert await place.account("anna") == wanted
        if ChangeKind.UPDATE_ACCOUNT in self.writes:
            fields = {"email": "anna@new.example", "display_name": "Anna Bell"}
            more = {**self.with_extra("2"), self.beside: "R1"} if self.extra else {}
            await self.told(target, UpdateAccount(account, {**fields, **more}), fields)
            wanted |= {**fields, "properties": self.kept("2", "R1")}
        await target.apply(CreateGroup("Dev Team"))
        await target.apply(JoinGroups(account, ("Dev Team", "helpdesk")))
        wanted["groups"] = ["Dev Team", "helpdesk"]
        if ChangeKind.RENAME_ACCOUNT in self.writes:
            renamed = await target.apply(RenameAccount(account, "anna.bell"))
            assert renamed.account == Handle(account.key, "anna.bell")
            assert await place.account("anna") is None
            account = renamed.account
            wanted["name"] = "anna.bell"
        assert await place.account(account.name) == wanted
        left = await target.apply(LeaveGroups(account, ("helpdesk",)))
        assert left.outcome is Outcome.APPLIED
        wanted["groups"] = ["Dev Team"]
        if ChangeKind.DEACTIVATE_ACCOUNT in self.writes:
            await self.told(target, DeactivateAccount(account), {"active": "false"})
            assert await place.account(account.name) == {**wanted, "active": False}
        listed = await collect(target, MembersOf("Dev Team"))
        assert [m.name for m in listed if isinstance(m, MemberSeen)] == [account.name]
        if ChangeKind.REACTIVATE_ACCOUNT in self.writes:
            await self.told(target, ReactivateAccount(account), {"active": "true"})
        assert await place.account(account.name) == wanted

    async def told(self, target: Target, change: Change, cells: dict[str, str]) -> None:
        """Apply a change; its answer has to show those of the cells that this target tells."""
        answer = await target.apply(change)
        assert answer.outcome is Outcome.APPLIED
        wanted = {name: value for name, value in cells.items() if name in self.tells}
        assert {name: value for name, value in answer.shown.items() if name in cells} == wanted

    async def test_what_this_version_can_do_is_what_is_tested(self) -> None:
        target = self.place().open()
        await target.check()
        assert target.capabilities.operations == set(self.writes)

    async def test_what_the_answer_shows_is_what_is_there(self) -> None:
        place = self.place()
        answer = await place.open().apply(CreateAccount({**ANNA, "username": "ANNA"}))
        assert answer.account is not None
        assert answer.account.name.lower() == "anna"
        world = await place.account(answer.account.name)
        assert world is not None
        wanted = {
            "username": world["name"],
            "email": world["email"],
            "display_name": world["display_name"],
            "active": "true",
        }
        assert {name: answer.shown[name] for name in self.tells} == {name: wanted[name] for name in self.tells}

    async def test_fields_are_cleared_and_clearing_nothing_is_no_error(self) -> None:
        place = self.place()
        target = place.open()
        account = await self.made(target, **self.with_extra("1"))
        if self.extra is None:
            assert not any(spec.clearable for spec in target.capabilities.fields.values())
            return
        for _ in range(2):
            await target.apply(UpdateAccount(account, {self.extra: None, self.beside: ""}))
        world = await place.account("anna")
        assert world is not None
        assert world["properties"] == {}
        (seen, _) = await collect(target, ByKey(account.key, (self.extra,)))
        assert isinstance(seen, AccountSeen)
        assert seen.fields[self.extra] is None

    async def test_what_the_application_has_not_is_refused(self) -> None:
        target = self.place().open()
        account = await self.made(target)
        await target.check()
        for fields in ({"shoe_size": "43"}, *self.refused):
            with pytest.raises(Rejected):
                await target.apply(UpdateAccount(account, fields))

    async def test_changes_that_call_nobody_do_not_arrive(self) -> None:
        place = self.place()
        for change in (AdoptAccount(Handle("admin", "admin"), "by hand"), AdoptGroup("helpdesk")):
            with pytest.raises(ValueError, match="not a request"):
                await place.open().apply(change)
        assert (await place.state())["writes"] == 0

    async def test_a_change_to_nobody_is_not_found(self) -> None:
        target = self.place().open()
        ghost = Handle("no-such-key", "ghost")
        changes: list[Change] = [
            UpdateAccount(ghost, {"email": "a@b.example"}),
            *([UpdateAccount(ghost, {self.extra: None})] if self.extra else []),
            RenameAccount(ghost, "ghost2"),
            DeactivateAccount(ghost),
            JoinGroups(ghost, ("helpdesk",)),
            LeaveGroups(ghost, ("helpdesk",)),
        ]
        for change in changes:
            if change.kind in self.writes:
                with pytest.raises(NotFound):
                    await target.apply(change)
        account = await self.made(target)
        with pytest.raises(NotFound):
            await target.apply(JoinGroups(account, ("no such group",)))
        assert (await target.apply(LeaveGroups(account, ("no such group",)))).outcome is Outcome.ALREADY

    async def test_a_name_that_is_taken_is_a_conflict(self) -> None:
        place = self.place()
        target = place.open()
        account = await self.made(target)
        before = await place.state()
        for change in (CreateAccount({**ANNA, "username": "Anna"}), RenameAccount(account, "MWOLF")):
            if change.kind in self.writes:
                with pytest.raises(Conflict):
                    await target.apply(change)
        for group in ("helpdesk", "HELPDESK"):
            with pytest.raises(Conflict):
                await target.apply(CreateGroup(group))
        assert await place.state() == before

    async def test_twice_is_as_once(self) -> None:
        for kind in self.writes:
            place = self.place()
            target = place.open()
            change = await self.scene(target, kind)
            assert (await target.apply(change)).outcome is self.first(kind)
            await self.carried_out(target, change)
            once = await place.state()
            if kind in (ChangeKind.CREATE_ACCOUNT, ChangeKind.CREATE_GROUP):
                with pytest.raises(Conflict):
                    await target.apply(change)
            else:
                again = await target.apply(change)
                assert again.outcome is self.second(kind)
            assert {**await place.state(), "writes": 0} == {**once, "writes": 0}

    @pytest.mark.parametrize("name", ODD_NAMES)
    async def test_an_odd_account_name_works_or_is_refused(self, name: str) -> None:
        place = self.place()
        target = place.open()
        try:
            account = await self.made(target, username=name)
        except Rejected:
            assert len((await place.state())["accounts"]) == len((await self.place().state())["accounts"])
            return
        world = await place.account(account.name)
        assert world is not None
        canon = target.capabilities.fields["username"].canon
        assert canon(world["name"]) == canon(name)
        for what in (ByName(name), ByKey(account.key)):
            (seen, _) = await collect(target, what)
            assert isinstance(seen, AccountSeen)
            assert seen.key == account.key
        await target.apply(JoinGroups(account, ("helpdesk",)))
        if ChangeKind.DEACTIVATE_ACCOUNT in self.writes:
            await target.apply(DeactivateAccount(account))
        world = await place.account(account.name)
        assert world is not None
        shut = ChangeKind.DEACTIVATE_ACCOUNT in self.writes
        assert (world["groups"], world["active"]) == (["helpdesk"], not shut)
        assert (await target.apply(LeaveGroups(account, ("helpdesk",)))).outcome is Outcome.APPLIED

    @pytest.mark.parametrize("name", ODD_NAMES)
    async def test_an_odd_group_name_works_or_is_refused(self, name: str) -> None:
        place = self.place()
        target = place.open()
        account = await self.made(target)
        try:
            await target.apply(CreateGroup(name))
        except Rejected:
            assert await place.group(name) is None
            return
        await target.apply(JoinGroups(account, (name,)))
        world = await place.group(name)
        assert world is not None
        assert world["members"] == ["anna"]
        (seen, _) = await collect(target, GroupByName(name))
        assert isinstance(seen, GroupSeen)
        assert seen.name == name
        listed = await collect(target, MembersOf(name))
        assert [m.key for m in listed if isinstance(m, MemberSeen)] == [account.key]
        assert (await target.apply(JoinGroups(account, (name,)))).outcome is self.second(ChangeKind.JOIN_GROUPS)
        await target.apply(LeaveGroups(account, (name,)))
        assert (await target.apply(LeaveGroups(account, (name,)))).outcome is self.second(ChangeKind.LEAVE_GROUPS)
        world = await place.group(name)
        assert world is not None
        assert world["members"] == []

    def second(self, kind: ChangeKind) -> Outcome:
        """What a change of this kind comes to when it is made a second time."""
        return Outcome.ALREADY if kind in self.settled else Outcome.APPLIED

    async def test_two_normal_forms_of_a_name_are_told_apart_or_refused(self) -> None:
        place = self.place()
        target = place.open()
        keys = []
        for name in ("jos\u00e9", "jose\u0301"):
            try:
                keys.append((await self.made(target, username=name)).key)
            except (Rejected, Conflict):
                continue
        assert len(set(keys)) == len(keys) >= 1

    @pytest.mark.parametrize("mode", [Mode.OBSERVE, Mode.CREATE_ONLY, Mode.NO_REMOVAL])
    async def test_a_mode_is_held_in_the_client(self, mode: Mode) -> None:
        for kind in self.writes:
            place = self.place()
            change = await self.scene(place.open(), kind)
            before = await place.state()
            got = await self.attempt(place.open(mode), change)
            if mode.allows(kind):
                assert isinstance(got, Answer)
            else:
                assert type(got) is NotAllowed
                assert await place.state() == before
        assert mode is Mode.FULL or not any(mode.allows(kind) for kind in LOSING)

    async def test_observing_reads_everything(self) -> None:
        target = self.place().open(Mode.OBSERVE)
        assert (await target.check()).ok
        completed(await collect(target, Accounts()))
        completed(await collect(target, MembersOf("helpdesk")))

    async def test_many_groups_are_all_found(self) -> None:
        target = self.place().open()
        names = [f"Team {n % 7}-{n:03}" for n in range(120)] + ["zeta", "éclair club", "Ünique"]
        for name in names:
            await target.apply(CreateGroup(name))
        seen = await collect(target, Groups())
        assert {g.name for g in seen if isinstance(g, GroupSeen)} >= set(names)
        assert completed(seen).count == len(seen) - 1

    async def test_what_is_not_known_is_told_before_what_was_refused(self) -> None:
        place = self.place()
        target = place.open()
        account = await self.made(target)
        await target.apply(CreateGroup("Dev Team"))
        for group in ("Dev Team", "helpdesk"):
            await target.apply(JoinGroups(account, (group,)))
        method, path = self.writes[ChangeKind.LEAVE_GROUPS]
        await place.fault("status", status=403, method=method, path_regex=path, nth=1)
        await place.fault("drop", when="after", method=method, path_regex=path, nth=2)
        got = await self.attempt(target, LeaveGroups(account, ("Dev Team", "helpdesk")))
        assert type(got) is (OutcomeUnknown if target.capabilities.groups_a_call > 1 else Forbidden)

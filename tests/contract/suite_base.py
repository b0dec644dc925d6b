"""What the parts of the contract suite share: the place, a scene for each kind of change, and ways to watch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
import stamina
from starlette.applications import Starlette

from tenure.connector import Target
from tenure.model.change import (
    AnonymizeAccount,
    Answer,
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    EndSessions,
    Handle,
    HandOverLeads,
    JoinGroups,
    LeaveGroups,
    Outcome,
    ReactivateAccount,
    RenameAccount,
    RevokePermissions,
    RevokeTokens,
    UpdateAccount,
)
from tenure.model.error import (
    TargetError,
)
from tenure.model.seen import (
    AccountSeen,
    Apart,
    ByKey,
    ByName,
    NotThere,
    ReadComplete,
    Seen,
    Selector,
)

from .place import Place, collect

ANNA = {"username": "anna", "email": "anna@example.com", "display_name": "Anna Abel"}
SETTLED = frozenset(
    {
        ChangeKind.JOIN_GROUPS,
        ChangeKind.LEAVE_GROUPS,
        ChangeKind.HAND_OVER_LEADS,
        ChangeKind.REVOKE_PERMISSIONS,
        ChangeKind.REVOKE_TOKENS,
        ChangeKind.ANONYMIZE_ACCOUNT,
        ChangeKind.DELETE_ACCOUNT,
        ChangeKind.DELETE_GROUP,
    }
)
"""Done a second time, most applications tell that it was so already."""


class SuiteBase:
    """Tests of one target over one application of the sandbox.

    A subclass says the `kind`, builds the `app`, and names where the calls go: for each kind of change the method and
    path of its (first) request, and the path that lists accounts. `silent` are the changes whose success
    has no body, so that a truncated answer is a whole one; those `beside_directory` change nothing in a directory of
    people, so that one that is read-only does not refuse them; those `later` are promised, and carried out while others
    are asked. `lead` is somebody who leads one thing there, `holder` somebody with permissions, if no new account can
    be given some. What an application can or cannot do is said by the others: `settled` are the changes that are seen
    to be done already before anything is sent, or by a refusal; `refused` the fields that it does not take; `gives`
    what its groups are known to open; `immune` the faults that it never has; `signed_in` as whom it says that we are;
    `has_id` whether a server has an identifier of its own; `extra` a field beside name, address and display name that
    can be cleared, or None, and `beside` another; `shows` the fields that a reading shows, and `tells` the cells that
    the answer to a create, an update or a switch shows; `licensed` a group that everybody is in, whose members come in
    pages if it `pages_members`; `given` the groups that the application itself puts a new account into, and which a
    create takes away again unless its answer is lost. A kind of change that is not in `writes` is one that this version
    cannot make; a `listing` of None is one that it has not.
    """

    kind: ClassVar[str]
    writes: ClassVar[dict[ChangeKind, tuple[str, str]]]
    listing: ClassVar[str | None]
    silent: ClassVar[frozenset[ChangeKind]] = frozenset()
    beside_directory: ClassVar[frozenset[ChangeKind]] = frozenset()
    later: ClassVar[frozenset[ChangeKind]] = frozenset()
    lead: ClassVar[Handle]
    holder: ClassVar[str | None] = None
    settled: ClassVar[frozenset[ChangeKind]] = SETTLED
    refused: ClassVar[tuple[dict[str, str | None], ...]] = ({"email": None}, {"email": "not an address"})
    gives: ClassVar[frozenset[str]] = frozenset({"licence", "administration"})
    immune: ClassVar[frozenset[str]] = frozenset()
    signed_in: ClassVar[str | None] = "admin"
    has_id: ClassVar[bool] = True
    extra: ClassVar[str | None] = "properties.phone"
    beside: ClassVar[str] = "properties.room"
    shows: ClassVar[frozenset[str]] = frozenset(ANNA)
    tells: ClassVar[frozenset[str]] = frozenset({*ANNA, "active"})
    licensed: ClassVar[str] = "jira-software-users"
    pages_members: ClassVar[bool] = True
    given: ClassVar[frozenset[str]] = frozenset()

    def app(self, users: int = 0) -> Starlette:
        raise NotImplementedError

    def place(self, users: int = 0) -> Place:
        return Place(self.app(users), self.kind)

    @pytest.fixture(autouse=True)
    def _quick_retries(self) -> Iterator[None]:
        with stamina.set_testing(True, attempts=3, cap=True):
            yield

    async def made(self, target: Target, **fields: str | None) -> Handle:
        answer = await target.apply(CreateAccount({**ANNA, **fields}))
        assert answer.outcome is Outcome.APPLIED
        assert answer.account is not None
        assert answer.account.key
        return answer.account

    def with_extra(self, value: str | None) -> dict[str, str | None]:
        """The extra field with this value, at a target that has one."""
        return {self.extra: value} if self.extra else {}

    def kept(self, value: str, beside: str | None = None) -> dict[str, str]:
        """What the application then keeps beside name, address and display name."""
        kept = {self.extra: value} if self.extra else {}
        kept |= {self.beside: beside} if self.extra and beside else {}
        return {name.removeprefix("properties."): one for name, one in kept.items()}

    async def somebody(self, place: Place, target: Target) -> dict[str, Any]:
        """Anna, or where no account can be made somebody who was there before, as the application has them."""
        name = "hdiaz"
        if ChangeKind.CREATE_ACCOUNT in self.writes:
            name = (await self.made(target, **self.with_extra("+49 30"))).name
        world = await place.account(name)
        assert world is not None
        return world

    def capped(self, accounts: int) -> bool:
        """Whether this version of the application cannot list so many."""
        return False

    async def scene(self, target: Target, kind: ChangeKind) -> Change:
        """A change of the kind, and the world that it needs."""
        if kind is ChangeKind.CREATE_ACCOUNT:
            return CreateAccount(ANNA)
        if kind is ChangeKind.CREATE_GROUP:
            return CreateGroup("Dev Team")
        if kind is ChangeKind.DELETE_GROUP:
            await target.apply(CreateGroup("Dev Team"))
            return DeleteGroup("Dev Team")
        if kind is ChangeKind.HAND_OVER_LEADS:
            return HandOverLeads(self.lead, "tbecker")
        if kind is ChangeKind.REVOKE_PERMISSIONS and self.holder:
            (holder, _) = await collect(target, ByName(self.holder))
            assert isinstance(holder, AccountSeen)
            return RevokePermissions(Handle(holder.key, holder.name))
        account = await self.made(target)
        if kind is ChangeKind.LEAVE_GROUPS:
            await target.apply(JoinGroups(account, ("helpdesk",)))
            return LeaveGroups(account, ("helpdesk",))
        if kind is ChangeKind.REACTIVATE_ACCOUNT:
            await target.apply(DeactivateAccount(account))
            return ReactivateAccount(account)
        made: dict[ChangeKind, Change] = {
            ChangeKind.UPDATE_ACCOUNT: UpdateAccount(account, {"email": "new@example.com", **self.with_extra("2")}),
            ChangeKind.RENAME_ACCOUNT: RenameAccount(account, "anna2"),
            ChangeKind.DEACTIVATE_ACCOUNT: DeactivateAccount(account),
            ChangeKind.JOIN_GROUPS: JoinGroups(account, ("helpdesk",)),
            ChangeKind.END_SESSIONS: EndSessions(account),
            ChangeKind.REVOKE_PERMISSIONS: RevokePermissions(account),
            ChangeKind.REVOKE_TOKENS: RevokeTokens(account),
            ChangeKind.ANONYMIZE_ACCOUNT: AnonymizeAccount(account),
            ChangeKind.DELETE_ACCOUNT: DeleteAccount(account),
        }
        self.equip(account, kind)
        return made[kind]

    def first(self, kind: ChangeKind) -> Outcome:
        """What a change of this kind comes to when it is made for the first time."""
        return Outcome.PENDING if kind in self.later else Outcome.APPLIED

    async def carried_out(self, target: Target, change: Change) -> None:
        """Wait until a reading by key shows that what was promised is done; only an account's end is promised."""
        if change.kind not in self.later:
            return
        assert isinstance(change, DeleteAccount | AnonymizeAccount)
        for _ in range(10):
            (seen, _) = await collect(target, ByKey(change.account.key))
            if isinstance(seen, NotThere):
                return
            if isinstance(change, AnonymizeAccount) and isinstance(seen, AccountSeen) and seen.apart:
                assert seen.apart is Apart.ANONYMIZED
                return
        raise AssertionError(f"{change.account.name} is still there")

    def equip(self, account: Handle, kind: ChangeKind) -> None:
        """Give an account at the application of the last place what a change of the kind takes away."""

    async def attempt(self, target: Target, change: Change) -> Answer | TargetError:
        try:
            return await target.apply(change)
        except TargetError as problem:
            return problem

    async def watch(self, place: Place, what: Selector) -> tuple[list[Seen], TargetError | None]:
        """What a reading told, up to the error that ended it."""
        seen: list[Seen] = []
        try:
            async for one in place.open().read(what):
                seen.append(one)
        except TargetError as problem:
            return seen, problem
        return seen, None

    async def is_whole(self, place: Place, what: Selector) -> bool:
        seen, problem = await self.watch(place, what)
        assert await place.fired(), "the fault has to have fired"
        whole = any(isinstance(one, (ReadComplete, NotThere)) for one in seen)
        assert not (whole and problem)
        return whole

"""The connector for a SCIM 2.0 server: its settings, what it can do once that is found out, and who does it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from typing import Unpack

from tenure.model.capability import Capabilities, FieldSpec, canon_exact, canon_name, canon_trimmed
from tenure.model.change import (
    Answer,
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    Handle,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.error import Forbidden, TargetError, Unreachable
from tenure.model.seen import Accounts, ByKey, ByName, GroupByName, Groups, Health, MembersOf, Seats, Seen, Selector
from tenure.targets.opening import Around, ServerSettings, client_of
from tenure.targets.scim import calls, fields
from tenure.targets.scim.discovery import Server
from tenure.targets.scim.reading import ScimReading
from tenure.targets.scim.writing import ScimWriting
from tenure.wire import Auth, Basic

MAY_READ = "the right to read Users and Groups over SCIM"
SWITCHES = frozenset({ChangeKind.DEACTIVATE_ACCOUNT, ChangeKind.REACTIVATE_ACCOUNT})
OF_GROUPS = frozenset(
    {ChangeKind.JOIN_GROUPS, ChangeKind.LEAVE_GROUPS, ChangeKind.CREATE_GROUP, ChangeKind.DELETE_GROUP}
)

CAPABILITIES = Capabilities(
    operations=frozenset(operation.kind for operation in calls.OPERATIONS if operation.kind is not None),
    fields={
        "username": FieldSpec(canon=canon_name),
        "email": FieldSpec(canon=canon_trimmed, clearable=True),
        "display_name": FieldSpec(canon=canon_trimmed, clearable=True),
        "first_name": FieldSpec(canon=canon_trimmed, clearable=True),
        "last_name": FieldSpec(canon=canon_trimmed, clearable=True),
        fields.PROPERTY: FieldSpec(canon=canon_exact, longest=4096, clearable=True, listed=False),
    },
    group=FieldSpec(canon=canon_name),
    groups_a_call=10,
    accounts_a_call=100,  # the least that a server is known to take at most: AWS IAM Identity Center, PatchGroup
    left_by_rename=("whatever the application itself keeps by username: SCIM does not tell what that is",),
)


class ScimSettings(ServerSettings):
    """How to reach a SCIM server: the address that /Users stands below, and a token, or a name and password."""

    auth: Auth


class ScimTarget:
    """One SCIM server. `capabilities` are those of one that has everything until `check` finds out.

    A kind of server that is known says what is its own: `product`, how its errors look, and whether it lets a group be
    asked for without its members.
    """

    product = "SCIM 2.0"
    own_error = staticmethod(calls.own_error)
    sparing = True

    def __init__(self, settings: ScimSettings, **around: Unpack[Around]) -> None:
        """Touch nobody yet."""
        self.capabilities = CAPABILITIES
        self._url = settings.url
        self._account = settings.auth.username if isinstance(settings.auth, Basic) else None
        self._client = client_of(
            settings,
            settings.auth,
            calls.OPERATIONS,
            self.own_error,
            around,
            kind="scim",
            headers=calls.ACCEPT,
            content_type=calls.MEDIA_TYPE,
        )
        self._reading = ScimReading(self._client, around["clock"], self.sparing)
        self._writing = ScimWriting(self._client, self._reading)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def check(self) -> Health:
        """Ask what the server can do, and see whether it shows us its people.

        Whether we may write cannot be asked: the server says so at the first write that it refuses.
        """
        server = None
        try:
            server = await self._reading.discovered()
            server = await self._reading.looked(server)
        except Forbidden as problem:
            return Health(False, f"{problem}; missing: {MAY_READ}", self._account, missing=(MAY_READ,))
        except TargetError as problem:
            lost = isinstance(problem, Unreachable) and server is None
            said = f"no {self.product} answers at {self._url}: {problem}" if lost else str(problem)
            return Health(False, said, self._account)
        self.capabilities = self.narrowed(server)
        as_whom = f", signed in as {self._account}" if self._account else ""
        return Health(True, f"{self.product} {server}{as_whom}", self._account, None, self.product)

    def narrowed(self, server: Server) -> Capabilities:
        """What can be done at this server."""
        cannot = (frozenset() if server.active else SWITCHES) | (OF_GROUPS if server.group is None else frozenset())
        group = FieldSpec(canon=canon_exact if server.exact("Groups", "displayName") else canon_name)
        name = fields.place(server, "username")
        cannot |= frozenset() if name is not None and name.writable else {ChangeKind.RENAME_ACCOUNT}
        operations = CAPABILITIES.operations - cannot
        rules = fields.specs(server)
        many = CAPABILITIES.accounts_a_call if server.patch else 1
        return replace(
            CAPABILITIES, operations=operations, fields=rules, group=group, accounts_a_call=many, version=self.product
        )

    def read(self, what: Selector) -> AsyncIterator[Seen]:
        """Stream what the server shows; see `ScimReading` for what makes each reading whole."""
        match what:
            case Accounts():
                return self._reading.accounts()
            case Groups():
                return self._reading.all_groups()
            case MembersOf(group):
                return self._reading.members(group)
            case ByKey(key, more):
                return self._reading.by_key(key, more)
            case ByName(name, more):
                return self._reading.by_name(name, more)
            case GroupByName(name):
                return self._reading.group(name)
            case Seats():
                return self._reading.seats()
            case _:
                raise ValueError(f"a SCIM server is not asked for {what}")

    def joinable(self, account: Handle) -> bool:
        """Whoever has an id is named by it."""
        return bool(account.key)

    async def join(self, group: str, accounts: Sequence[Handle]) -> Collection[str]:
        """Add accounts to a group by one PATCH."""
        return await self._writing.join(group, accounts)

    async def apply(self, change: Change) -> Answer:
        """Carry out one change; see `ScimWriting`. Raises ValueError for a change that calls nobody."""
        match change:
            case CreateAccount():
                return await self._writing.create(change)
            case UpdateAccount():
                return await self._writing.update(change)
            case RenameAccount():
                return await self._writing.rename(change)
            case DeactivateAccount() | ReactivateAccount():
                return await self._writing.switch(change)
            case JoinGroups() | LeaveGroups():
                return await self._writing.membership(change)
            case CreateGroup():
                return await self._writing.create_group(change)
            case DeleteAccount():
                return await self._writing.delete(change)
            case DeleteGroup():
                return await self._writing.delete_group(change)
            case _:
                raise ValueError(f"{change.kind.value} is not a request to a SCIM server")

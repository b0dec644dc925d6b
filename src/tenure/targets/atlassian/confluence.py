"""The connector for Confluence Data Center and Server, 7 to 10: its settings, what it can do, and who does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Unpack

from tenure.model.capability import Capabilities, FieldSpec, canon_name, canon_trimmed
from tenure.model.change import (
    Answer,
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RevokePermissions,
    UpdateAccount,
)
from tenure.model.error import Rejected, TargetError, Unreachable
from tenure.model.seen import (
    Accounts,
    ByKey,
    ByName,
    GroupByName,
    Groups,
    Health,
    MembersOf,
    RightsOfAccount,
    RightsOfGroups,
    Seats,
    Seen,
    Selector,
    TaskOf,
)
from tenure.targets.atlassian.confluence_calls import OPERATIONS, Manifest, own_error
from tenure.targets.atlassian.confluence_farewell import ConfluenceFarewell
from tenure.targets.atlassian.confluence_read import LISTS_FROM, ConfluenceReading
from tenure.targets.atlassian.confluence_rights import SPACES_FROM, ConfluenceRights
from tenure.targets.atlassian.confluence_write import ConfluenceWriting
from tenure.targets.atlassian.version import version_numbers
from tenure.targets.opening import Around, ServerSettings, client_of
from tenure.wire import Auth

KNOWN_MAJORS = (7, 8, 9, 10)
PRODUCT = "confluence"
WRITES_FROM = (8, 2)  # disable, enable, delete; of groups and memberships this is the earliest that it can be
FIRST = {
    ChangeKind.CREATE_ACCOUNT: (8, 4),
    ChangeKind.UPDATE_ACCOUNT: (9, 4),  # the first that documents it
    ChangeKind.REVOKE_PERMISSIONS: (10, 0),  # the first that documents it
}

CAPABILITIES = Capabilities(
    operations=frozenset(operation.kind for operation in OPERATIONS if operation.kind is not None),
    fields={
        "username": FieldSpec(canon=canon_name),  # kept in lower case, found in any
        "email": FieldSpec(canon=canon_trimmed, listed=False),  # written, and never shown
        "display_name": FieldSpec(canon=canon_trimmed),
    },
    group=FieldSpec(canon=canon_name),
    groups_a_call=1,
    tells_rights=True,
    later=frozenset({ChangeKind.DELETE_ACCOUNT}),
)


class ConfluenceSettings(ServerSettings):
    """How to reach a Confluence: its base address, and an administrator's access token or name and password."""

    auth: Auth


class ConfluenceTarget:
    """One Confluence. `capabilities` are those of the newest version until `check` finds the version that is there."""

    def __init__(self, settings: ConfluenceSettings, **around: Unpack[Around]) -> None:
        """Touch nobody yet."""
        self.capabilities = CAPABILITIES
        self._url = settings.url
        self._client = client_of(settings, settings.auth, OPERATIONS, own_error, around, kind="confluence")
        self._reading = ConfluenceReading(self._client, around["clock"])
        self._rights = ConfluenceRights(self._client, self._reading)
        self._writing = ConfluenceWriting(self._client, self._reading, around["clock"])
        self._farewell = ConfluenceFarewell(self._client, self._reading, self._writing)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def check(self) -> Health:
        """Find the server and its version, sign in, and name the permission that is missing."""
        info = None
        try:
            info = await self._reading.server()
            self.capabilities = _narrowed(info.version)
            account = await self._reading.myself()
            missing = await self._reading.missing()
        except TargetError as problem:
            lost = isinstance(problem, Unreachable) and info is None
            said = f"no Confluence answers at {self._url}: {problem}" if lost else str(problem)
            return Health(False, said, version=info.version if info else None)
        return _health(info, account, missing)

    def read(self, what: Selector) -> AsyncIterator[Seen]:
        """Stream what Confluence shows; see `ConfluenceReading` for what makes each reading whole."""
        match what:
            case Accounts():
                return self._reading.accounts()
            case Groups():
                return self._reading.groups()
            case MembersOf(group):
                return self._reading.members(group)
            case ByKey(key):
                return self._reading.one({"key": key})
            case ByName(name):
                return self._reading.one({"username": name})
            case GroupByName(name):
                return self._reading.one_group(name)
            case Seats():
                return self._reading.seats()
            case RightsOfGroups():
                return self._rights.of_groups()
            case RightsOfAccount(key):
                return self._rights.of_account(key)
            case TaskOf(name):
                return self._farewell.task(name)

    async def apply(self, change: Change) -> Answer:
        """Carry out one change; see `ConfluenceWriting`.

        Raises Rejected for a change that the version found lacks, and ValueError for one that calls nobody.
        """
        if change.kind in CAPABILITIES.operations - self.capabilities.operations:
            raise Rejected(f"Confluence {self.capabilities.version} has no way to {change.kind.value}: nothing is sent")
        match change:
            case CreateAccount():
                return await self._writing.create(change)
            case UpdateAccount():
                return await self._writing.update(change)
            case DeactivateAccount() | ReactivateAccount():
                return await self._writing.switch(change)
            case JoinGroups() | LeaveGroups():
                return await self._writing.membership(change)
            case CreateGroup():
                return await self._writing.create_group(change)
            case RevokePermissions():
                return await self._farewell.revoke(change)
            case DeleteAccount():
                return await self._farewell.delete(change)
            case DeleteGroup():
                return await self._farewell.delete_group(change)
            case _:
                raise ValueError(f"{change.kind.value} is not a request to Confluence")


def _narrowed(version: str) -> Capabilities:
    numbers = version_numbers(version)
    kept = {kind for kind in CAPABILITIES.operations if numbers >= FIRST.get(kind, WRITES_FROM)}
    told = numbers >= SPACES_FROM
    return replace(CAPABILITIES, operations=frozenset(kept), version=version, tells_rights=told)


def _health(info: Manifest, account: str, missing: tuple[str, ...]) -> Health:
    numbers, right = version_numbers(info.version), info.type_id.lower() == PRODUCT
    said = [f"Confluence {info.version}, signed in as {account}"]
    if not right:
        said = [f"this is no Confluence but {info.type_id} {info.version}, signed in as {account}"]
    if missing:
        said.append(f"missing: {', '.join(missing)}")
    caution = None
    if not numbers or numbers[0] not in KNOWN_MAJORS:
        known = ", ".join(map(str, KNOWN_MAJORS))
        caution = f"the major version of Confluence {info.version} is not known (known: {known}): preview only"
    elif numbers < WRITES_FROM:
        caution = f"Confluence {info.version} has no REST operations for accounts and groups: preview only"
    if caution:
        said.append(caution)
    if numbers < LISTS_FROM:
        said.append("this version lists no accounts, and makes none: nobody's absence can be proven")
    elif numbers < FIRST[ChangeKind.UPDATE_ACCOUNT]:
        said.append("this version changes no names or e-mail addresses")
    return Health(right and not missing, "; ".join(said), account, info.id, info.version, missing, caution)

"""The connector for Bitbucket Data Center and Server, 7 to 9: its settings, what it can do, and who does it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from typing import Unpack

from tenure.model.capability import Capabilities, FieldSpec, canon_name, canon_trimmed
from tenure.model.change import (
    AnonymizeAccount,
    Answer,
    Change,
    CreateAccount,
    CreateGroup,
    DeleteAccount,
    DeleteGroup,
    Handle,
    JoinGroups,
    LeaveGroups,
    RenameAccount,
    RevokePermissions,
    RevokeTokens,
    UpdateAccount,
)
from tenure.model.error import Forbidden, TargetError, Unreachable
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
from tenure.targets.atlassian.bitbucket_calls import OPERATIONS, own_error
from tenure.targets.atlassian.bitbucket_farewell import BitbucketFarewell
from tenure.targets.atlassian.bitbucket_read import BitbucketReading
from tenure.targets.atlassian.bitbucket_rights import BitbucketRights
from tenure.targets.atlassian.bitbucket_write import BitbucketWriting
from tenure.targets.opening import Around, ServerSettings, client_of
from tenure.wire import Basic

KNOWN_MAJORS = (7, 8, 9)
NEEDED = "ADMIN (global permission), which an access token never carries"

CAPABILITIES = Capabilities(
    operations=frozenset(operation.kind for operation in OPERATIONS if operation.kind is not None),
    fields={
        "username": FieldSpec(canon=canon_name),  # its case is kept, and it is found in any
        "email": FieldSpec(canon=canon_trimmed),
        "display_name": FieldSpec(canon=canon_trimmed),
    },
    group=FieldSpec(canon=canon_name),
    groups_a_call=20,  # joined in one request; each that is left takes its own
    accounts_a_call=100,
    tells_rights=True,
    left_by_rename=(
        "clones and links with the address of a personal repository (~username), which follows the new name",
        "commits, which keep the name and e-mail address that Git wrote into them",
    ),
)


class BitbucketSettings(ServerSettings):
    """How to reach a Bitbucket: its base address, and an administrator's name and password."""

    auth: Basic


class BitbucketTarget:
    """One Bitbucket. `capabilities` bear the version once `check` found it; versions 7 to 9 can do the same."""

    def __init__(self, settings: BitbucketSettings, **around: Unpack[Around]) -> None:
        """Touch nobody yet."""
        self.capabilities = CAPABILITIES
        self._url = settings.url
        self._client = client_of(settings, settings.auth, OPERATIONS, own_error, around, kind="bitbucket")
        self._reading = BitbucketReading(self._client, around["clock"])
        self._rights = BitbucketRights(self._client, self._reading)
        self._writing = BitbucketWriting(self._client, self._reading, around["clock"])
        self._farewell = BitbucketFarewell(self._client, self._reading, self._writing)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def check(self) -> Health:
        """Find the version, sign in, and see whether we administer.

        Whether we are a system administrator is not asked: without, accounts of those who are cannot be changed.
        """
        version = None
        try:
            version = await self._reading.version()
            me, licence = await self._reading.trusted()
        except Forbidden as problem:
            return Health(False, f"{problem}; missing: {NEEDED}", version=version, missing=(NEEDED,))
        except TargetError as problem:
            lost = isinstance(problem, Unreachable) and version is None
            said = f"no Bitbucket answers at {self._url}: {problem}" if lost else str(problem)
            return Health(False, said, version=version)
        self.capabilities = replace(CAPABILITIES, version=version)
        said, caution, major = f"Bitbucket {version}, signed in as {me}", None, re.match(r"\d+", version)
        if major is None or int(major[0]) not in KNOWN_MAJORS:
            known = ", ".join(map(str, KNOWN_MAJORS))
            caution = f"the major version of Bitbucket {version} is not known (known: {known}): preview only"
            said = f"{said}; {caution}"
        return Health(True, said, me, licence.status.server_id, version, (), caution)

    def read(self, what: Selector) -> AsyncIterator[Seen]:
        """Stream what Bitbucket shows; see `BitbucketReading` for what makes each reading whole."""
        match what:
            case Accounts():
                return self._reading.accounts()
            case Groups():
                return self._reading.groups()
            case MembersOf(group):
                return self._reading.members(group)
            case ByKey(key):
                return self._reading.one(key=key)
            case ByName(name):
                return self._reading.one(name=name)
            case GroupByName(name):
                return self._reading.one_group(name)
            case Seats():
                return self._reading.seats()
            case RightsOfGroups():
                return self._rights.of_groups()
            case RightsOfAccount(key, name):
                return self._rights.of_account(key, name)
            case TaskOf():
                raise ValueError("Bitbucket does nothing later")

    async def finish(self, made: Handle) -> str:
        """Replace the first password, which stood in a web address."""
        return await self._writing.replaced(made.name)

    def joinable(self, account: Handle) -> bool:
        """Whoever was seen lately is named as they were."""
        return self._writing.known(account)

    async def join(self, group: str, accounts: Sequence[Handle]) -> Collection[str]:
        """Put accounts into a group by one request."""
        return await self._writing.join(group, accounts)

    async def apply(self, change: Change) -> Answer:
        """Carry out one change; see `BitbucketWriting`. Raises ValueError for a change that calls nobody."""
        match change:
            case CreateAccount():
                return await self._writing.create(change)
            case UpdateAccount():
                return await self._writing.update(change)
            case RenameAccount():
                return await self._writing.rename(change)
            case JoinGroups() | LeaveGroups():
                return await self._writing.membership(change)
            case CreateGroup():
                return await self._writing.create_group(change)
            case DeleteGroup():
                return await self._writing.delete_group(change)
            case _:
                return await self._take_away(change)

    async def _take_away(self, change: Change) -> Answer:
        match change:
            case RevokePermissions():
                return await self._farewell.revoke_permissions(change)
            case RevokeTokens():
                return await self._farewell.revoke_tokens(change)
            case DeleteAccount():
                return await self._farewell.delete(change)
            case AnonymizeAccount():
                return await self._farewell.anonymize(change)
            case _:
                raise ValueError(f"{change.kind.value} is not a request to Bitbucket")

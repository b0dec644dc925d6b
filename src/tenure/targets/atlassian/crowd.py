"""The connector for Crowd Data Center and Server, 4 to 6: its settings, what it can do, and who does it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
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
    EndSessions,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.error import Forbidden, TargetError, Unauthorized, Unreachable
from tenure.model.seen import Accounts, ByKey, ByName, GroupByName, Groups, Health, MembersOf, Seats, Seen, Selector
from tenure.targets.atlassian.crowd_calls import OPERATIONS, own_error
from tenure.targets.atlassian.crowd_farewell import CrowdFarewell
from tenure.targets.atlassian.crowd_read import NO_DIRECTORY, CrowdReading
from tenure.targets.atlassian.crowd_write import CrowdWriting
from tenure.targets.opening import Around, ServerSettings, client_of
from tenure.wire import Basic

KNOWN_MAJORS = (4, 5, 6)
NOT_LET_IN = "our address among the application's remote addresses in Crowd, or the application is not active"

CAPABILITIES = Capabilities(
    operations=frozenset(operation.kind for operation in OPERATIONS if operation.kind is not None),
    fields={
        "username": FieldSpec(canon=canon_name),  # its case is kept, and it is found in any
        "email": FieldSpec(canon=canon_trimmed, clearable=True),
        "display_name": FieldSpec(canon=canon_trimmed),
        "first_name": FieldSpec(canon=canon_trimmed),
        "last_name": FieldSpec(canon=canon_trimmed),
        "properties.": FieldSpec(canon=canon_exact, longest=255, clearable=True, listed=False),
    },
    group=FieldSpec(canon=canon_name),
    groups_a_call=1,
    left_by_rename=(
        "what applications attached to Crowd keep by username: each follows in its own way, at its next look",
    ),
)


class CrowdSettings(ServerSettings):
    """How to reach a Crowd: its base address with /crowd, and the name and password of an application, not a person."""

    auth: Basic


class CrowdTarget:
    """One Crowd. `capabilities` are those of a server with keys until `check` finds out."""

    def __init__(self, settings: CrowdSettings, **around: Unpack[Around]) -> None:
        """Touch nobody yet."""
        self.capabilities = CAPABILITIES
        self._url = settings.url
        self._application = settings.auth.username
        self._client = client_of(settings, settings.auth, OPERATIONS, own_error, around, kind="crowd")
        self._reading = CrowdReading(self._client, around["clock"])
        self._writing = CrowdWriting(self._client, self._reading)
        self._farewell = CrowdFarewell(self._client, self._reading, self._writing)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def check(self) -> Health:
        """Sign in, find the version, and see whether anybody is shown.

        Whether the application may write cannot be asked: Crowd says so at the first write that it refuses. Crowd has
        no identifier of its own that an application could see.
        """
        server = None
        try:
            server = await self._reading.server()
            somebody = await self._reading.somebody()
            keys = somebody and await self._reading.has_keys()
        except Forbidden as problem:
            return Health(False, f"{problem}; missing: {NOT_LET_IN}", missing=(NOT_LET_IN,))
        except Unauthorized as problem:
            return Health(False, f"{problem} Crowd wants those of an application, not of a person")
        except TargetError as problem:
            lost = isinstance(problem, Unreachable) and server is None
            return Health(False, f"no Crowd answers at {self._url}: {problem}" if lost else str(problem))
        version = server.rpartition("/")[2]
        rename = frozenset() if keys or not somebody else frozenset({ChangeKind.RENAME_ACCOUNT})
        self.capabilities = replace(CAPABILITIES, operations=CAPABILITIES.operations - rename, version=version)
        return self._health(server, version, somebody, not rename)

    def _health(self, server: str, version: str, somebody: bool, keys: bool) -> Health:
        said, caution = [f"{server}, signed in as the application {self._application}"], None
        major = re.match(r"\d+", version)
        if not server.startswith("Crowd/"):
            caution = f"{server} speaks as Crowd does, and is none: preview only"
        elif major is None or int(major[0]) not in KNOWN_MAJORS:
            known = ", ".join(map(str, KNOWN_MAJORS))
            caution = f"the major version of {server} is not known (known: {known}): preview only"
        missing = () if somebody else (NO_DIRECTORY,)
        said += [caution] if caution else []
        said += [f"missing: {one}" for one in missing]
        if not keys:
            said.append("this server shows no keys: an account is known by its name, and is not renamed")
        return Health(somebody, "; ".join(said), self._application, None, version, missing, caution)

    def read(self, what: Selector) -> AsyncIterator[Seen]:
        """Stream what Crowd shows; see `CrowdReading` for what makes each reading whole."""
        match what:
            case Accounts():
                return self._reading.accounts()
            case Groups():
                return self._reading.groups()
            case MembersOf(group):
                return self._reading.members(group)
            case ByKey(key, fields):
                return self._reading.one(key, by_key=True, fields=fields)
            case ByName(name, fields):
                return self._reading.one(name, by_key=False, fields=fields)
            case GroupByName(name):
                return self._reading.one_group(name)
            case Seats():
                return self._reading.seats()
            case _:
                raise ValueError(f"Crowd is not asked for {what}")

    async def apply(self, change: Change) -> Answer:
        """Carry out one change; see `CrowdWriting`. Raises ValueError for a change that calls nobody."""
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
            case EndSessions():
                return await self._farewell.end_sessions(change)
            case DeleteAccount():
                return await self._farewell.delete(change)
            case DeleteGroup():
                return await self._farewell.delete_group(change)
            case _:
                raise ValueError(f"{change.kind.value} is not a request to Crowd")

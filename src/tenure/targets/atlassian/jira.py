"""The connector for Jira Data Center and Server, 8 to 10: its settings, what it can do, and who does it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Unpack

from tenure.model.capability import Capabilities, FieldSpec, canon_exact, canon_name, canon_trimmed
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
    HandOverLeads,
    JoinGroups,
    LeaveGroups,
    ReactivateAccount,
    RenameAccount,
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
from tenure.targets.atlassian.jira_calls import OPERATIONS, ServerInfo, own_error
from tenure.targets.atlassian.jira_farewell import JiraFarewell
from tenure.targets.atlassian.jira_listing import CAP, AccountListing
from tenure.targets.atlassian.jira_read import JiraReading
from tenure.targets.atlassian.jira_rights import JiraRights
from tenure.targets.atlassian.jira_write import JiraWriting
from tenure.targets.atlassian.version import version_numbers
from tenure.targets.opening import Around, ServerSettings, client_of
from tenure.wire import Auth

KNOWN_MAJORS = (8, 9, 10)
FIRST = {
    ChangeKind.DEACTIVATE_ACCOUNT: (8, 3),
    ChangeKind.REACTIVATE_ACCOUNT: (8, 3),
    ChangeKind.ANONYMIZE_ACCOUNT: (8, 7),
}

CAPABILITIES = Capabilities(
    operations=frozenset(operation.kind for operation in OPERATIONS if operation.kind is not None),
    fields={
        "username": FieldSpec(canon=canon_name),  # kept in lower case, found in any
        "email": FieldSpec(canon=canon_trimmed),  # its case is kept
        "display_name": FieldSpec(canon=canon_trimmed),
        "properties.": FieldSpec(
            canon=canon_exact, longest=32_766, clearable=True, listed=False, in_directory=False
        ),  # 32 KiB of JSON, which Jira keeps itself
    },
    group=FieldSpec(canon=canon_name),
    groups_a_call=1,
    tells_rights=True,
    later=frozenset({ChangeKind.ANONYMIZE_ACCOUNT}),
    left_by_rename=(
        "JQL that names the person, in saved filters and boards as in scripts",
        "what others keep by username outside Jira: scripts, reports, addresses of profiles",
    ),
)


class JiraSettings(ServerSettings):
    """How to reach a Jira: its base address, and an administrator's access token or name and password."""

    auth: Auth


class JiraTarget:
    """One Jira. `capabilities` are those of the newest version until `check` finds the version that is there."""

    def __init__(self, settings: JiraSettings, **around: Unpack[Around]) -> None:
        """Touch nobody yet."""
        self.capabilities = CAPABILITIES
        self._url = settings.url
        self._client = client_of(settings, settings.auth, OPERATIONS, own_error, around, kind="jira")
        self._reading = JiraReading(self._client, around["clock"])
        self._rights = JiraRights(self._client, self._reading, around["clock"])
        self._writing = JiraWriting(self._client, self._reading)
        self._farewell = JiraFarewell(self._client, self._reading)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def check(self) -> Health:
        """Find the server and its version, sign in, and name the permissions that are missing."""
        info, server_id = None, None
        try:
            info = await self._reading.server()
            self.capabilities = _narrowed(info.version)
            account = await self._reading.myself()
            missing = await self._reading.missing()
            server_id = await self._reading.server_id()
        except TargetError as problem:
            lost = isinstance(problem, Unreachable) and info is None
            said = f"no Jira answers at {self._url}: {problem}" if lost else str(problem)
            return Health(False, said, version=info.version if info else None)
        return _health(info, server_id, account, missing)

    def read(self, what: Selector) -> AsyncIterator[Seen]:
        """Stream what Jira shows; see `JiraReading` for what makes each reading whole."""
        match what:
            case Accounts():
                return self._reading.accounts()
            case Groups():
                return self._reading.groups()
            case MembersOf(group):
                return self._reading.members(group)
            case ByKey(key, fields):
                return self._reading.one({"key": key}, fields)
            case ByName(name, fields):
                return self._reading.one({"username": name}, fields)
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
        """Carry out one change; see `JiraWriting`.

        Raises Rejected for a change that the version found lacks, and ValueError for one that calls nobody.
        """
        if change.kind in CAPABILITIES.operations - self.capabilities.operations:
            raise Rejected(f"Jira {self.capabilities.version} has no way to {change.kind.value}: nothing is sent")
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
            case _:
                return await self._take_away(change)

    async def _take_away(self, change: Change) -> Answer:
        match change:
            case EndSessions():
                return await self._farewell.end_sessions(change)
            case HandOverLeads():
                return await self._farewell.hand_over(change)
            case AnonymizeAccount():
                return await self._farewell.anonymize(change)
            case DeleteAccount():
                return await self._farewell.delete(change)
            case DeleteGroup():
                return await self._farewell.delete_group(change)
            case _:
                raise ValueError(f"{change.kind.value} is not a request to Jira")


def _narrowed(version: str) -> Capabilities:
    numbers = version_numbers(version)
    kept = {kind for kind in CAPABILITIES.operations if numbers >= FIRST.get(kind, ())}
    return replace(CAPABILITIES, operations=frozenset(kept), version=version)


def _health(info: ServerInfo, server_id: str | None, account: str, missing: tuple[str, ...]) -> Health:
    numbers = version_numbers(info.version)
    said = [f"Jira {info.version}, signed in as {account}"]
    if missing:
        said.append(f"missing: {', '.join(missing)}")
    if info.deployment_type == "Cloud":
        said.append("this is Jira Cloud: use the target kind atlassian-cloud")
    caution = None
    if not numbers or numbers[0] not in KNOWN_MAJORS:
        known = ", ".join(map(str, KNOWN_MAJORS))
        caution = f"the major version of Jira {info.version} is not known (known: {known}): preview only"
        said.append(caution)
    if AccountListing.is_capped(info.version):
        said.append(f"this version lists the first {CAP} accounts alone: with more, nobody's absence can be proven")
    ok = not missing and info.deployment_type != "Cloud"
    return Health(ok, "; ".join(said), account, server_id, info.version, missing, caution)

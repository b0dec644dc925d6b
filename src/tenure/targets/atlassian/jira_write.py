"""What Tenure writes to Jira: one change, one or a few requests, and an answer that claims no more than was shown."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UnsetType

from tenure.model.capability import canon_name
from tenure.model.change import (
    Answer,
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
from tenure.model.error import Conflict, NotFound, OutcomeUnknown, Rejected, TargetError, Unreachable
from tenure.targets.atlassian import jira_calls as calls
from tenure.targets.atlassian.jira_read import JiraReading
from tenure.wire import Client, Operation, Reply

IN_JIRA = {"username": "name", "email": "emailAddress", "display_name": "displayName"}
PROPERTY = "properties."


class JiraWriting:
    """The changes at one Jira. Whether a refusal means "already so" is decided by looking, never by its wording."""

    def __init__(self, client: Client, reading: JiraReading) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading

    async def create(self, change: CreateAccount) -> Answer:
        """Make the account without access to any application (else Jira gives its default groups) and no password.

        Properties follow in requests of their own. One that fails does not unmake the account: the answer does not
        show it, and it is set as an update later. Raises Conflict when an account of that name is there.
        """
        bean, properties = _sorted(change.fields)
        name = str(bean.get("name") or "").lower()  # Jira keeps names in lower case
        reply = await self._client.send(
            calls.CREATE_USER, json={**bean, "name": name, "applicationKeys": []}, accept={400}
        )
        if reply.status == 400:
            if name and await self._reading.account({"username": name}) is not None:
                raise Conflict(f"an account named {name} is there already")
            raise Rejected(f"Jira does not make the account {name}: {calls.own_error(reply)}")
        made = reply.read(calls.WrittenUser)
        account, left_out = Handle(made.key, made.name), ""
        for key, value in properties.items():
            if value:
                try:
                    await self._set_property(calls.SET_FIRST_PROPERTY, account, key, value)
                except TargetError as problem:
                    left_out = f"made, but without its properties: {problem}"
                    break
        return Answer(Outcome.APPLIED, account, _shown(made), left_out)

    async def update(self, change: UpdateAccount) -> Answer:
        """Set fields in one request, then each property in its own; None clears a property.

        When a later request fails, the earlier ones have taken effect: OutcomeUnknown, so that somebody looks.
        """
        bean, properties = _sorted(change.fields)
        if "name" in bean:
            raise ValueError("a username is changed by RenameAccount")
        answer = Answer(Outcome.APPLIED, change.account)
        if bean:
            answer = await self._put(calls.UPDATE_USER, change.account, bean)
        for place, (key, value) in enumerate(properties.items()):
            try:
                if value:
                    await self._set_property(calls.SET_PROPERTY, change.account, key, value)
                else:
                    await self._clear_property(change.account, key)
            except TargetError as problem:
                if not bean and place == 0:
                    raise
                raise OutcomeUnknown(f"{change.account.name} was changed in part: {problem}") from problem
        return answer

    async def rename(self, change: RenameAccount) -> Answer:
        """Give the account another name; its key stays. Raises Conflict when somebody else bears the name."""
        name = change.name.lower()
        try:
            return await self._put(calls.RENAME_USER, change.account, {"name": name})
        except Rejected:
            bearer = await self._reading.account({"username": name})
            if bearer is None or bearer.key == change.account.key:
                raise
            raise Conflict(f"{change.account.name} cannot be renamed: {name} is somebody else's name") from None

    async def switch(self, change: DeactivateAccount | ReactivateAccount) -> Answer:
        """Shut or open the account."""
        shut = isinstance(change, DeactivateAccount)
        operation = calls.DEACTIVATE_USER if shut else calls.REACTIVATE_USER
        return await self._put(operation, change.account, {"active": not shut})

    async def membership(self, change: JoinGroups | LeaveGroups) -> Answer:
        """Put the account into its groups, or take it out: a request for each, by the account's name."""
        done, shown = 0, {}
        for group in change.groups:
            try:
                reply = await self._join_or_leave(change, group)
                if reply.status < 400:
                    done += 1
                else:
                    shown[f"member:{group}"] = await self._settled(change, group, reply)
            except TargetError as problem:
                if not done:
                    raise
                raise OutcomeUnknown(f"{change.account.name} was moved in part: {problem}") from problem
        return Answer(Outcome.APPLIED if done else Outcome.ALREADY, change.account, shown)

    async def create_group(self, change: CreateGroup) -> Answer:
        """Make the group. Raises Conflict when a group of that name is there."""
        reply = await self._client.send(calls.MAKE_GROUP, json={"name": change.name}, accept={400})
        if reply.status == 400:
            if change.name and (seen := await self._reading.group(change.name)) is not None:
                raise Conflict(f"a group named {seen.name} is there already")
            raise Rejected(f"Jira does not make the group {change.name}: {calls.own_error(reply)}")
        return Answer(Outcome.APPLIED, shown={"group": reply.read(calls.GroupName).name})

    async def _put(self, operation: Operation, account: Handle, bean: Mapping[str, object]) -> Answer:
        query = {"key": account.key} if account.key else {"username": account.name}
        written = (await self._client.send(operation, query=query, json=dict(bean))).read(calls.WrittenUser)
        if account.key not in ("", written.key):
            raise OutcomeUnknown(f"asked to change {account.name}, Jira answered about {written.name}")
        return Answer(Outcome.APPLIED, Handle(written.key, written.name), _shown(written))

    async def _set_property(self, operation: Operation, account: Handle, key: str, value: str) -> None:
        path, query = calls.property_path(key), {"userKey": account.key}
        await self._client.send(operation, path=path, query=query, json=value)

    async def _clear_property(self, account: Handle, key: str) -> None:
        path, query = calls.property_path(key), {"userKey": account.key}
        reply = await self._client.send(calls.CLEAR_PROPERTY, path=path, query=query, accept={404})
        if reply.status == 404 and await self._reading.account({"key": account.key}) is None:
            raise NotFound(f"the account {account.name} is not there")

    async def _join_or_leave(self, change: JoinGroups | LeaveGroups, group: str) -> Reply:
        accept = {400, 404}
        if isinstance(change, JoinGroups):
            name = {"name": change.account.name}
            return await self._client.send(calls.JOIN_GROUP, query={"groupname": group}, json=name, accept=accept)
        query = {"groupname": group, "username": change.account.name}
        return await self._client.send(calls.LEAVE_GROUP, query=query, accept=accept)

    async def _settled(self, change: JoinGroups | LeaveGroups, group: str, reply: Reply) -> str | None:
        """After a refusal: the cell as it is, if it is as wanted already; else raises what the refusal means."""
        account = change.account
        by = {"key": account.key} if account.key else {"username": account.name}
        seen = await self._reading.account(by)
        if seen is None:
            raise NotFound(f"the account {account.name} is not there")
        if seen.groups is None:
            raise Unreachable(f"Jira does not show the groups of {account.name}")
        bears = next((name for name in seen.groups if canon_name(name) == canon_name(group)), None)
        if (bears is not None) == isinstance(change, JoinGroups):
            return bears
        said = f"{account.name} and group {group}: {calls.own_error(reply)}"
        raise NotFound(said) if reply.status == 404 else Rejected(said)


def _sorted(fields: Mapping[str, str | None]) -> tuple[dict[str, object], dict[str, str | None]]:
    """The fields in Jira's spelling, and the properties by key. Raises Rejected for a field that Jira has not."""
    bean: dict[str, object] = {}
    properties: dict[str, str | None] = {}
    for name, value in fields.items():
        if name.startswith(PROPERTY) and name != PROPERTY:
            properties[name.removeprefix(PROPERTY)] = value
        elif name not in IN_JIRA:
            raise Rejected(f"Jira has no field {name}: it has {', '.join(IN_JIRA)} and {PROPERTY}<key>")
        elif not value:
            raise Rejected(f"Jira does not let {name} be empty")
        else:
            bean[IN_JIRA[name]] = value
    return bean, properties


def _shown(written: calls.WrittenUser) -> dict[str, str | None]:
    shown = calls.shown_fields(written)
    if not isinstance(written.active, UnsetType):
        shown["active"] = "true" if written.active else "false"
    return shown

"""What Tenure writes to Confluence: one change, a few requests, and an answer that claims no more than was shown."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

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
    UpdateAccount,
)
from tenure.model.clock import Clock
from tenure.model.error import NotFound, OutcomeUnknown, Rejected, TargetError
from tenure.targets.atlassian import confluence_calls as calls
from tenure.targets.atlassian.confluence_read import ConfluenceReading
from tenure.targets.lately import FOR_JOINS_S, JUST_NOW_S, Lately
from tenure.wire import Client, Operation, Reply

IN_CONFLUENCE = {"username": "userName", "email": "email", "display_name": "fullName"}


class ConfluenceWriting:
    """The changes at one Confluence, which addresses accounts by name: whose name it is now is read first by its key.

    Its answers to writes are empty, except that a create tells the key. An e-mail address is never shown anywhere: that
    Confluence took it is all that can be known, and the answer to the change says so. Whether a refusal means "already
    so" is decided by looking, never by its wording.
    """

    def __init__(self, client: Client, reading: ConfluenceReading, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading
        self._names = Lately(clock)

    async def current(self, account: Handle) -> calls.User:
        """The account as it is now; raises NotFound when it is not there."""
        by = {"key": account.key} if account.key else {"username": account.name}
        user = await self._reading.user(by)
        if user is None:
            raise NotFound(f"the account {account.name} is not there")
        self._names.keep(user.user_key, user.username)
        return user

    async def create(self, change: CreateAccount) -> Answer:
        """Make the account in no group, with a random password that nobody is told.

        Confluence may put a new account into a group that uses its licence: it is taken out again, which the estate did
        not ask for. If that fails the answer shows the group; if the answer to the create is lost, the account stays in
        it. Raises Conflict when an account of that name is there, Rejected when no seat is left.
        """
        bean = _bean(change.fields)
        name, password = bean.get("userName", "").lower(), f"aA1-{secrets.token_urlsafe(32)}"
        if not calls.addressable(name):
            raise Rejected(f"Confluence could not be asked for the account {name!r} later: choose another name")
        body = {**bean, "userName": name, "password": password}
        reply = await self._client.send(calls.CREATE_USER, json=body, accept={400})
        if reply.status == 400:
            said = (calls.own_error(reply) or "").replace(password, "***")
            raise Rejected(f"Confluence does not make the account {name}: {said}")
        account = Handle(reply.read(calls.UserKey).user_key, name)
        self._names.keep(account.key, name)
        shown: dict[str, str | None] = {"email": bean["email"]} if "email" in bean else {}
        left_out = await self._take_back(account, shown)
        return Answer(Outcome.APPLIED, account, shown, left_out)

    async def _take_back(self, account: Handle, shown: dict[str, str | None]) -> str:
        """Take a new account out of the groups that Confluence put it into; gives what did not work."""
        try:
            given = await self._reading.groups_of({"key": account.key})
        except TargetError as problem:
            return f"made; whether it is in a group could not be read: {problem}"
        for group in given:
            try:
                path = {"username": account.name, **calls.group_path(group)}
                await self._client.send(calls.LEAVE_GIVEN, path=path)
            except TargetError as problem:
                shown[f"member:{group}"] = group
                return f"made, but still in the group {group} that Confluence put it into: {problem}"
        return ""

    async def update(self, change: UpdateAccount) -> Answer:
        """Set full name and e-mail address, only those that are named, in one request."""
        bean = _bean(change.fields)
        if "userName" in bean:
            raise Rejected("Confluence changes no username")
        user = await self.current(change.account)
        reply = await self._client.send(calls.UPDATE_USER, path={"username": user.username}, json=bean, accept={400})
        if reply.status == 400:
            await self.current(change.account)
            raise Rejected(f"Confluence does not change {user.username}: {calls.own_error(reply)}")
        shown: dict[str, str | None] = {"email": bean["email"]} if "email" in bean else {}
        return Answer(Outcome.APPLIED, Handle(user.user_key, user.username), shown)

    async def switch(self, change: DeactivateAccount | ReactivateAccount) -> Answer:
        """Disable or enable the account."""
        operation = calls.DISABLE_USER if isinstance(change, DeactivateAccount) else calls.ENABLE_USER
        user = await self.current(change.account)
        await self._client.send(operation, path={"username": user.username})
        return Answer(Outcome.APPLIED, Handle(user.user_key, user.username))

    async def membership(self, change: JoinGroups | LeaveGroups) -> Answer:
        """Put the account into its groups, or take it out: a request for each, which Confluence takes twice as once."""
        done, shown, name = 0, {}, await self._name(change)
        for group in change.groups:
            try:
                reply = await self._join_or_leave(change, name, group)
                if reply.status < 400:
                    done += 1
                else:
                    shown[f"member:{group}"] = await self._settled(change, group, reply)
            except TargetError as problem:
                if not done:
                    raise
                raise OutcomeUnknown(f"{name} was moved in part: {problem}") from problem
        account = Handle(change.account.key, name)
        return Answer(Outcome.APPLIED if done else Outcome.ALREADY, account, shown)

    async def create_group(self, change: CreateGroup) -> Answer:
        """Make the group. Raises Conflict when a group of that name is there."""
        name = calls.group_path(change.name)["groupName"]
        reply = await self._client.send(calls.MAKE_GROUP, json={"name": name, "type": "group"})
        return Answer(Outcome.APPLIED, shown={"group": reply.read(calls.Group).name})

    async def _name(self, change: JoinGroups | LeaveGroups) -> str:
        """The account's name, read again if it was not seen lately."""
        lasts = FOR_JOINS_S if isinstance(change, JoinGroups) else JUST_NOW_S
        return self._names.seen(change.account.key, lasts) or (await self.current(change.account)).username

    async def _join_or_leave(self, change: JoinGroups | LeaveGroups, name: str, group: str) -> Reply:
        operation: Operation = calls.JOIN_GROUP if isinstance(change, JoinGroups) else calls.LEAVE_GROUP
        return await self._client.send(operation, path={"username": name, **calls.group_path(group)}, accept={404})

    async def _settled(self, change: JoinGroups | LeaveGroups, group: str, reply: Reply) -> str | None:
        """After a 404: the cell as it is, if it is as wanted already; else raises what the refusal means."""
        user = await self.current(change.account)
        groups = await self._reading.groups_of({"key": user.user_key})
        bears = next((name for name in groups if canon_name(name) == canon_name(group)), None)
        if (bears is not None) == isinstance(change, JoinGroups):
            return bears
        raise NotFound(f"{user.username} and group {group}: {calls.own_error(reply)}")


def _bean(fields: Mapping[str, str | None]) -> dict[str, str]:
    """The fields in Confluence's spelling. Raises Rejected for one that it has not, and for one that would be empty."""
    bean = {}
    for name, value in fields.items():
        if name not in IN_CONFLUENCE:
            raise Rejected(f"Confluence has no field {name}: it has {', '.join(IN_CONFLUENCE)}")
        if not value:
            raise Rejected(f"Confluence does not let {name} be empty")
        bean[IN_CONFLUENCE[name]] = value
    return bean

"""What Tenure writes to Crowd: one change, a few requests, and an answer that claims no more than was shown."""

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
    RenameAccount,
    UpdateAccount,
)
from tenure.model.error import Conflict, NotFound, OutcomeUnknown, Rejected, TargetError
from tenure.targets.atlassian import crowd_calls as calls
from tenure.targets.atlassian.crowd_read import CrowdReading
from tenure.wire import Client, Operation, Query, Reply

CLEARABLE = ("email",)


class CrowdWriting:
    """The changes at one Crowd, which addresses accounts by name: whose name it is now is read first by its key.

    Whether a refusal means "already so" is decided by looking, never by its wording.
    """

    def __init__(self, client: Client, reading: CrowdReading) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading

    async def current(self, account: Handle) -> calls.User:
        """The account as it is now; raises NotFound when it is not there."""
        user = await self._reading.user(key=account.key or None, name=account.name)
        if user is None:
            raise NotFound(f"the account {account.name} is not there")
        return user

    async def create(self, change: CreateAccount) -> Answer:
        """Make the account, with a random password that nobody is told, then its attributes; no value is left out.

        Attributes that fail do not unmake the account: the answer does not show them, and they are set as an update
        later. Raises Conflict when an account of that name is there, OutcomeUnknown when it was made and cannot be
        read.
        """
        bean, attributes = _sorted({field: value for field, value in change.fields.items() if value})
        name, password = str(bean.get("name", "")), f"aA1-{secrets.token_urlsafe(32)}"
        body = {**bean, "active": True, "password": {"value": password}}
        reply = await self._client.send(calls.CREATE_USER, json=body, accept={400})
        if reply.status == 400:
            said = (calls.own_error(reply) or "").replace(password, "***")
            if name and await self._reading.user(name=name) is not None:
                raise Conflict(f"an account named {name} is there already")
            raise Rejected(f"Crowd does not make the account {name}: {said}")
        made = await self._made(reply, name)
        account, left_out = Handle(made.anchor, made.name), ""
        if attributes:
            try:
                await self._set(calls.SET_FIRST_ATTRIBUTES, made.name, attributes)
            except TargetError as problem:
                left_out = f"made, but without its properties: {problem}"
        return Answer(Outcome.APPLIED, account, _shown(made), left_out)

    async def _made(self, reply: Reply, name: str) -> calls.User:
        """The new account: most servers answer it, one that shows nothing has to be asked."""
        if reply.body is not None:
            return reply.read(calls.User)
        try:
            return await self.current(Handle("", name))
        except TargetError as problem:
            raise OutcomeUnknown(f"the account {name} was made, and cannot be read: {problem}") from problem

    async def update(self, change: UpdateAccount) -> Answer:
        """Set fields in one request that says all others again, then attributes; None clears.

        When a later request fails, the earlier ones have taken effect: OutcomeUnknown, so that somebody looks.
        """
        bean, attributes = _sorted(change.fields)
        if "name" in bean:
            raise ValueError("a username is changed by RenameAccount")
        user, done = await self.current(change.account), 0
        try:
            if bean:
                await self._put(calls.UPDATE_USER, user, bean)
                done += 1
            if kept := {key: value for key, value in attributes.items() if value}:
                await self._set(calls.SET_ATTRIBUTES, user.name, kept)
                done += 1
            for key in attributes.keys() - kept.keys():
                query = {"username": user.name, "attributename": key}
                await self._client.send(calls.CLEAR_ATTRIBUTE, query=query)
                done += 1
        except TargetError as problem:
            if not done:
                raise
            raise OutcomeUnknown(f"{user.name} was changed in part: {problem}") from problem
        return await self._looked_at(user) if bean else Answer(Outcome.APPLIED, Handle(user.anchor, user.name))

    async def switch(self, change: DeactivateAccount | ReactivateAccount) -> Answer:
        """Shut or open the account, saying all else again."""
        shut = isinstance(change, DeactivateAccount)
        user = await self.current(change.account)
        operation = calls.DEACTIVATE_USER if shut else calls.REACTIVATE_USER
        await self._put(operation, user, {"active": not shut})
        return await self._looked_at(user)

    async def rename(self, change: RenameAccount) -> Answer:
        """Give the account another name; its key stays. Raises Conflict when somebody else bears the name."""
        user = await self.current(change.account)
        if user.name == change.name:
            return Answer(Outcome.ALREADY, Handle(user.anchor, user.name), _shown(user))
        query, body = {"username": user.name}, {"new-name": change.name}
        reply = await self._client.send(calls.RENAME_USER, query=query, json=body, accept={400, 404})
        if reply.status < 400:
            renamed = reply.read(calls.User)
            if renamed.key != user.key:
                raise OutcomeUnknown(f"asked to rename {user.name}, Crowd answered about {renamed.name}")
            return Answer(Outcome.APPLIED, Handle(renamed.anchor, renamed.name), _shown(renamed))
        await self.current(change.account)
        bearer = await self._reading.user(name=change.name)
        if bearer is not None and bearer.key != user.key:
            raise Conflict(f"{user.name} cannot be renamed: {change.name} is somebody else's name")
        raise Rejected(f"Crowd does not rename {user.name}: {calls.own_error(reply)}")

    async def membership(self, change: JoinGroups | LeaveGroups) -> Answer:
        """Make the account a direct member of its groups, or end that: a request for each, by the account's name."""
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
        body = {"name": change.name, "type": "GROUP", "description": "", "active": True}
        reply = await self._client.send(calls.MAKE_GROUP, json=body, accept={400})
        if reply.status == 400:
            if change.name and (seen := await self._reading.group(change.name)) is not None:
                raise Conflict(f"a group named {seen.name} is there already")
            raise Rejected(f"Crowd does not make the group {change.name}: {calls.own_error(reply)}")
        return Answer(Outcome.APPLIED)

    async def _put(self, operation: Operation, user: calls.User, changed: Mapping[str, object]) -> None:
        await self._client.send(operation, query={"username": user.name}, json={**user.bean(), **changed})

    async def _set(self, operation: Operation, name: str, attributes: Mapping[str, str | None]) -> None:
        rows = [{"name": key, "values": [value]} for key, value in attributes.items()]
        await self._client.send(operation, query={"username": name}, json={"attributes": rows})

    async def _looked_at(self, user: calls.User) -> Answer:
        """The answer to a PUT, which shows nothing itself: what is there now, or nothing if that cannot be read."""
        account = Handle(user.anchor, user.name)
        try:
            now = await self.current(account)
        except TargetError:
            return Answer(Outcome.APPLIED, account)
        return Answer(Outcome.APPLIED, account, _shown(now))

    async def _join_or_leave(self, change: JoinGroups | LeaveGroups, group: str) -> Reply:
        who: Query = {"username": change.account.name}
        if isinstance(change, JoinGroups):
            body = {"name": group}
            return await self._client.send(calls.JOIN_GROUP, query=who, json=body, accept={400, 404, 409})
        query: Query = {**who, "groupname": group}
        return await self._client.send(calls.LEAVE_GROUP, query=query, accept={400, 404})

    async def _settled(self, change: JoinGroups | LeaveGroups, group: str, reply: Reply) -> str | None:
        """After a refusal: the cell as it is, if it is as wanted already; else raises what the refusal means."""
        account = change.account
        seen = await self._reading.account(key=account.key or None, name=account.name)
        if seen is None:
            raise NotFound(f"the account {account.name} is not there")
        bears = next((name for name in seen.groups or () if canon_name(name) == canon_name(group)), None)
        if (bears is not None) == isinstance(change, JoinGroups):
            return bears
        said = f"{account.name} and group {group}: {calls.own_error(reply)}"
        if canon_name(seen.name) != canon_name(account.name) or await self._reading.group(group) is None:
            raise NotFound(said)
        raise Rejected(said)


def _sorted(fields: Mapping[str, str | None]) -> tuple[dict[str, object], dict[str, str | None]]:
    """The fields in Crowd's spelling, and the attributes by name. Raises Rejected for a field that Crowd has not."""
    bean: dict[str, object] = {}
    attributes: dict[str, str | None] = {}
    for name, value in fields.items():
        if name.startswith(calls.PROPERTY) and name != calls.PROPERTY:
            attributes[name.removeprefix(calls.PROPERTY)] = value
        elif name not in calls.IN_CROWD:
            raise Rejected(f"Crowd has no field {name}: it has {', '.join(calls.IN_CROWD)} and {calls.PROPERTY}<name>")
        elif not value and name not in CLEARABLE:
            raise Rejected(f"Crowd fills {name} itself when it is empty: it cannot be cleared")
        else:
            bean[calls.IN_CROWD[name]] = value or ""
    return bean, attributes


def _shown(user: calls.User) -> dict[str, str | None]:
    return {**user.fields(), "active": "true" if user.active else "false"}

"""What Tenure writes to Bitbucket: one change, a few requests, and an answer that claims no more than was shown."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence

from tenure.model.capability import canon_name
from tenure.model.change import (
    Answer,
    CreateAccount,
    CreateGroup,
    DeleteGroup,
    Handle,
    JoinGroups,
    LeaveGroups,
    Outcome,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.clock import Clock
from tenure.model.error import Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected, TargetError
from tenure.model.secret import Secret
from tenure.model.seen import AccountSeen
from tenure.targets.atlassian import bitbucket_calls as calls
from tenure.targets.atlassian.bitbucket_read import BitbucketReading
from tenure.targets.lately import FOR_JOINS_S, JUST_NOW_S, Lately
from tenure.wire import Client, Query, Reply

NEW = {"username": "name", "display_name": "displayName", "email": "emailAddress"}  # as a create spells them
CHANGED = {"display_name": "displayName", "email": "email"}  # as an update does
NOT_REPLACED = "made, but the first password, which stood in a web address, could not be replaced"


class BitbucketWriting:
    """The changes at one Bitbucket, which addresses accounts by name: whose name it is now is read first by its id.

    Whether a refusal means "already so" is decided by looking, never by its wording.
    """

    def __init__(self, client: Client, reading: BitbucketReading, clock: Clock) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading
        self._names = Lately(clock)

    async def current(self, account: Handle) -> calls.User:
        """The account as it is now; raises NotFound when it is not there."""
        user = await self._reading.user(key=account.key or None, name=account.name)
        if user is None:
            await self._reading.proven()
            raise NotFound(f"the account {account.name} is not there")
        self._names.keep(user.key, user.name)
        return user

    async def create(self, change: CreateAccount) -> Answer:
        """Make the account without the default group (it takes a seat), with a password that nobody is told.

        Bitbucket wants the first password in the web address, which others log: it is replaced at once by one that
        stands in a body. A failure of that does not unmake the account: the answer tells it. Raises Conflict when an
        account of that name is there, OutcomeUnknown when it was made and cannot be read.
        """
        fields, name, first = _spelled(change.fields, NEW), change.name, _password()
        if missing := [field for field in NEW if not change.fields.get(field)]:
            raise Rejected(f"Bitbucket makes no account without {', '.join(missing)}")
        query: Query = {**fields, "password": first.reveal(), "addToDefaultGroup": False, "notify": False}
        reply = await self._client.send(calls.CREATE_USER, query=query, accept={400, 409}, hide=first)
        if reply.status >= 400:
            if reply.status == 409 or await self._reading.user(name=name) is not None:
                raise Conflict(f"an account named {name} is there already")
            said = (calls.own_error(reply) or "").replace(first.reveal(), "***")
            raise Rejected(f"Bitbucket does not make the account {name}: {said}")
        made = await self._made(name)
        self._names.keep(made.key, made.name)
        return Answer(Outcome.APPLIED, Handle(made.key, made.name), _shown(made), await self.replaced(made.name))

    async def _made(self, name: str) -> calls.User:
        """The new account, which the answer does not show."""
        try:
            made = await self._reading.user(name=name)
        except TargetError as problem:
            raise OutcomeUnknown(f"the account {name} was made and cannot be read: {problem}") from problem
        if made is None:
            raise OutcomeUnknown(f"the account {name} was made and is not shown")
        return made

    async def replaced(self, name: str) -> str:
        """Replace the first password; gives what is to be told of it: nothing when it went well."""
        second = _password()
        body = {"name": name, "password": second.reveal(), "passwordConfirm": second.reveal()}
        try:
            await self._client.send(calls.REPLACE_PASSWORD, json=body, hide=second)
        except TargetError as problem:
            return f"{NOT_REPLACED}: {problem}"
        return ""

    async def update(self, change: UpdateAccount) -> Answer:
        """Set display name and address in one request, which says again what does not change."""
        if "username" in change.fields:
            raise ValueError("a username is changed by RenameAccount")
        fields = _spelled(change.fields, CHANGED)
        user = await self.current(change.account)
        said_again = {CHANGED[field]: value for field, value in user.fields().items() if field in CHANGED and value}
        reply = await self._client.send(calls.UPDATE_USER, json={"name": user.name, **said_again, **fields})
        return self._about(user, reply)

    async def rename(self, change: RenameAccount) -> Answer:
        """Give the account another name; its id stays. Raises Conflict when somebody else bears the name."""
        user = await self.current(change.account)
        if user.name == change.name:
            return Answer(Outcome.ALREADY, Handle(user.key, user.name), _shown(user))
        body = {"name": user.name, "newName": change.name}
        reply = await self._client.send(calls.RENAME_USER, json=body, accept={400, 409})
        if reply.status < 400:
            return self._about(user, reply)
        bearer = await self._reading.user(name=change.name)
        if bearer is not None and bearer.key != user.key:
            raise Conflict(f"{user.name} cannot be renamed: {change.name} is somebody else's name")
        raise Rejected(f"Bitbucket does not rename {user.name}: {calls.own_error(reply)}")

    async def membership(self, change: JoinGroups | LeaveGroups) -> Answer:
        """Put the account into all groups in one request, or take it out of each in its own.

        That it was so before, Bitbucket does not say.
        """
        account = await self._addressed(change.account, JUST_NOW_S if isinstance(change, LeaveGroups) else FOR_JOINS_S)
        if isinstance(change, LeaveGroups):
            return await self._left(change, account)
        body = {"user": account.name, "groups": list(change.groups)}
        reply = await self._client.send(calls.JOIN_GROUPS, json=body, accept={404})
        if reply.status == 404:
            return Answer(Outcome.ALREADY, account, await self._settled(change, account, reply))
        return Answer(Outcome.APPLIED, account)

    def known(self, account: Handle) -> bool:
        """Whether the name of the account is known, as far as a membership is concerned."""
        return self._names.seen(account.key, FOR_JOINS_S) is not None

    async def join(self, group: str, accounts: Sequence[Handle]) -> Collection[str]:
        """Put accounts into a group by one request, whose answer shows nobody. Raises NotFound when one is not there,
        or when the group is not."""
        names = [(await self._addressed(account, FOR_JOINS_S)).name for account in accounts]
        try:
            await self._client.send(calls.JOIN_GROUP, json={"group": group, "users": names})
        except NotFound:
            for account in accounts:
                self._names.drop(account.key)
            raise
        return ()

    async def _addressed(self, account: Handle, within: float) -> Handle:
        """The account with the name that it bears, read again if it was not seen within so many seconds."""
        name = self._names.seen(account.key, within)
        if name is not None:
            return Handle(account.key, name)
        user = await self.current(account)
        return Handle(user.key, user.name)

    async def _left(self, change: LeaveGroups, account: Handle) -> Answer:
        """Take the account out of each group; one that refuses does not keep it in the others."""
        done, shown, refusals = 0, dict[str, str | None](), list[TargetError]()
        for group in change.groups:
            try:
                body = {"context": account.name, "itemName": group}
                reply = await self._client.send(calls.LEAVE_GROUP, json=body, accept={404})
                if reply.status < 400:
                    done += 1
                else:
                    shown |= await self._settled(LeaveGroups(account, (group,)), account, reply)
            except TargetError as problem:
                refusals.append(problem)
                if not isinstance(problem, (Forbidden, Rejected, NotFound)):
                    break
        if refusals and done:
            raise OutcomeUnknown(f"{account.name} was moved in part: {refusals[-1]}") from refusals[-1]
        if refusals:
            raise refusals[-1]  # what ended the row, and may have taken effect, before what was refused
        return Answer(Outcome.APPLIED if done else Outcome.ALREADY, account, shown)

    async def create_group(self, change: CreateGroup) -> Answer:
        """Make the group. Raises Conflict when a group of that name is there."""
        reply = await self._client.send(calls.MAKE_GROUP, query={"name": change.name}, accept={400, 409})
        if reply.status < 400:
            return Answer(Outcome.APPLIED, shown={"group": reply.read(calls.Group).name})
        if change.name and (seen := await self._reading.group(change.name)) is not None:
            raise Conflict(f"a group named {seen} is there already")
        raise Rejected(f"Bitbucket does not make the group {change.name}: {calls.own_error(reply)}")

    async def delete_group(self, change: DeleteGroup) -> Answer:
        """Delete a group. Raises Rejected when Bitbucket keeps it, as it does when it gives us our own permission."""
        reply = await self._client.send(calls.DELETE_GROUP, query={"name": change.name}, accept={400, 404, 409})
        if reply.status in (400, 409):
            raise Rejected(f"Bitbucket does not delete the group {change.name}: {calls.own_error(reply)}")
        if reply.status == 404 and await self._reading.group(change.name) is not None:
            raise OutcomeUnknown(f"Bitbucket neither deletes the group {change.name} nor says why")
        if reply.status < 400:
            reply.read(calls.Group)
        return Answer(Outcome.ALREADY if reply.status == 404 else Outcome.APPLIED, shown={"group": None})

    def _about(self, user: calls.User, reply: Reply) -> Answer:
        written = reply.read(calls.User)
        if written.key != user.key:
            raise OutcomeUnknown(f"asked to change {user.name}, Bitbucket answered about {written.name}")
        self._names.keep(written.key, written.name)
        return Answer(Outcome.APPLIED, Handle(written.key, written.name), _shown(written))

    async def _settled(self, change: JoinGroups | LeaveGroups, account: Handle, reply: Reply) -> dict[str, str | None]:
        """After a refusal: the cells as they are, if all are as wanted already; else raises what it means."""
        self._names.drop(account.key)
        seen = await self._reading.account(key=account.key, name=account.name)
        if seen is None:
            raise NotFound(f"the account {account.name} is not there")
        cells = {f"member:{group}": _bears(seen, group) for group in change.groups}
        if all((name is not None) == isinstance(change, JoinGroups) for name in cells.values()):
            return cells
        raise NotFound(f"{account.name} and {', '.join(change.groups)}: {calls.own_error(reply)}")


def _password() -> Secret:
    return Secret(f"aA1-{secrets.token_urlsafe(32)}")


def _bears(seen: AccountSeen, group: str) -> str | None:
    return next((name for name in seen.groups or () if canon_name(name) == canon_name(group)), None)


def _spelled(fields: Mapping[str, str | None], spelling: Mapping[str, str]) -> dict[str, str]:
    """The fields in Bitbucket's spelling. Raises Rejected for one that it has not, or that would be empty."""
    for name, value in fields.items():
        if name not in NEW:
            raise Rejected(f"Bitbucket has no field {name}: it has {', '.join(NEW)}")
        if not value:
            raise Rejected(f"Bitbucket does not let {name} be empty")
    return {spelling[name]: value for name, value in fields.items() if value}


def _shown(user: calls.User) -> dict[str, str | None]:
    return {**user.fields(), "active": "true" if user.active else "false"}

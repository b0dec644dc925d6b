"""What Tenure writes to a SCIM server: read, changed where it differs, and sent with the version that was read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from tenure.model.change import (
    Answer,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    Handle,
    JoinGroups,
    LeaveGroups,
    Outcome,
    ReactivateAccount,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.error import Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected, TargetError
from tenure.targets.scim import calls, difference, fields
from tenure.targets.scim.calls import Document
from tenure.targets.scim.discovery import Server
from tenure.targets.scim.groups import members
from tenure.targets.scim.reading import Person, ScimReading
from tenure.wire import Client, Reply

TRIES = 2  # a change whose version was overtaken was not made: it is computed again, once

Edit = Callable[[Document], Document]


class ScimWriting:
    """The changes at one server. Whether something is as wanted already is seen before anything is sent."""

    def __init__(self, client: Client, reading: ScimReading) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading

    async def create(self, change: CreateAccount) -> Answer:
        """Make the account, without a password. Raises Conflict when an account of that name is there.

        Raises OutcomeUnknown when it was made and cannot be read.
        """
        server = await self._reading.server()
        empty: Document = {"schemas": [calls.USER_URN], **({"active": True} if server.active else {})}
        values = {name: value for name, value in change.fields.items() if value}
        document = fields.edited(server, empty, values, anew=True)
        name = change.name
        reply = await self._client.send(calls.CREATE_USER, json=document, accept={400, 409})
        if reply.status >= 400:
            if reply.status == 409 or (name and await self._reading.user_named(name) is not None):
                raise Conflict(f"an account like {name} is there already: {calls.own_error(reply)}")
            raise Rejected(f"the server does not make the account {name}: {calls.own_error(reply)}")
        made = calls.document(reply) if reply.body is not None else await self._made(name)
        return _answer(server, Person(made, None).handle, made, Outcome.APPLIED)

    async def _made(self, name: str) -> Document:
        """The new account of a server that answers nothing."""
        try:
            return (await self._reading.needed(Handle("", name))).document
        except TargetError as problem:
            raise OutcomeUnknown(f"the account {name} was made, and cannot be read: {problem}") from problem

    async def update(self, change: UpdateAccount) -> Answer:
        """Set fields in one request; None clears. What is as wanted is not sent."""
        if "username" in change.fields:
            raise ValueError("a username is changed by RenameAccount")
        server = await self._reading.server()
        return await self._change(
            change.kind, change.account, lambda before: self._edited(server, before, change.fields)
        )

    async def switch(self, change: DeactivateAccount | ReactivateAccount) -> Answer:
        """Shut or open the account."""
        wanted = isinstance(change, ReactivateAccount)
        return await self._change(change.kind, change.account, lambda before: {**before, "active": wanted})

    async def rename(self, change: RenameAccount) -> Answer:
        """Give the account another userName; its id stays. Raises Conflict when somebody else bears the name."""
        try:
            return await self._change(change.kind, change.account, lambda before: {**before, "userName": change.name})
        except Rejected:
            bearer = await self._reading.user_named(change.name)
            if bearer is None or bearer.handle.key == change.account.key:
                raise
            raise Conflict(f"{change.account.name} cannot be renamed: {change.name} is somebody else's name") from None

    async def membership(self, change: JoinGroups | LeaveGroups) -> Answer:
        """Make the account a direct member of its groups, or end that: a request for each.

        Where members are added by name, who is one already is not looked at first: added twice is as once
        (RFC 7644, section 3.5.2.1). A server that refuses it is asked what is so. One group that refuses does not keep
        the account out of the others, or in them. Raises OutcomeUnknown when it was moved in part.
        """
        server, done, shown, refusals = await self._reading.server(), 0, dict[str, str | None](), list[TargetError]()
        for group in change.groups:
            try:
                if await self._added(server, change, group) or await self._move(server, change, group):
                    done += 1
                else:
                    shown[f"member:{group}"] = group if isinstance(change, JoinGroups) else None
            except TargetError as problem:
                refusals.append(problem)
                if not isinstance(problem, Forbidden | Rejected | NotFound):
                    break
        if refusals and done:
            raise OutcomeUnknown(f"{change.account.name} was moved in part: {refusals[-1]}") from refusals[-1]
        if refusals:
            raise refusals[-1]  # what ended the row, and may have taken effect, before what was refused
        return Answer(Outcome.APPLIED if done else Outcome.ALREADY, change.account, shown)

    async def join(self, group: str, accounts: Sequence[Handle]) -> Collection[str]:
        """Add accounts to a group by one request, without a look; gives the keys of those that the answer shows there.

        Raises NotFound when there is no such group, Rejected when the server refuses the request.
        """
        server = await self._reading.server()
        known = await self._reading.groups.joined_by(server, group)
        if known is None:
            raise NotFound(f"the group {group} is not there")
        reply = await self._add(known, [account.key for account in accounts])
        if reply.status >= 400:
            self._reading.groups.doubted(server, group)
            raise Rejected(f"not all were added to {group} by one request: {calls.own_error(reply)}")
        return members(calls.document(reply)) if reply.body is not None else ()

    async def create_group(self, change: CreateGroup) -> Answer:
        """Make the group. Raises Conflict when a group of that name is there: few servers do that themselves."""
        server = await self._reading.server()
        if change.name and await self._reading.groups.named(server, change.name) is not None:
            raise Conflict(f"a group named {change.name} is there already")
        body = {"schemas": [calls.GROUP_URN], "displayName": change.name}
        reply = await self._client.send(calls.MAKE_GROUP, json=body)
        if reply.body is None:
            return Answer(Outcome.APPLIED)
        return Answer(Outcome.APPLIED, shown={"group": str(calls.document(reply).get("displayName", ""))})

    async def delete(self, change: DeleteAccount) -> Answer:
        """Delete the account that has this id."""
        account, gone = change.account, {"account": None}
        person = await (self._reading.user(account.key) if account.key else self._reading.user_named(account.name))
        if person is None:
            return Answer(Outcome.ALREADY, account, gone, "the account is gone")
        await self._client.send(calls.DELETE_USER, path={"id": person.handle.key})
        return Answer(Outcome.APPLIED, account, gone, "the account is gone")

    async def delete_group(self, change: DeleteGroup) -> Answer:
        """Delete a group."""
        group = await self._reading.groups.named(await self._reading.server(), change.name)
        if group is not None:
            await self._client.send(calls.DELETE_GROUP, path={"id": str(group["id"])})
        return Answer(Outcome.ALREADY if group is None else Outcome.APPLIED, shown={"group": None})

    def _edited(self, server: Server, before: Document, values: Mapping[str, str | None]) -> Document:
        different = {
            name: value for name, value in values.items() if fields.needed(server, name).read(before) != (value or None)
        }
        return fields.edited(server, before, different)

    async def _change(self, kind: ChangeKind, account: Handle, edit: Edit) -> Answer:
        """Send what the edit changes of the account as it is now, and tell what the server then shows."""
        server = await self._reading.server()
        for _ in range(TRIES):
            person = await self._reading.needed(account)
            after = edit(person.document)
            if after == person.document:
                return _answer(server, person.handle, after, Outcome.ALREADY)
            reply = await self._send(server, kind, person.handle.key, person.document, after, person.version)
            if reply.status != 412:
                return _answer(server, person.handle, await self._shown(reply, person.handle), Outcome.APPLIED)
        raise Conflict(f"somebody else is changing {account.name}: its version was overtaken {TRIES} times")

    async def _shown(self, reply: Reply, account: Handle) -> Document | None:
        """What the answer shows, or what is there now; None when neither can be read."""
        if reply.body is None:
            try:
                return (await self._reading.needed(account)).document
            except TargetError:
                return None
        found = calls.document(reply)
        if found["id"] != account.key:
            raise OutcomeUnknown(f"asked to change {account.name}, the server answered about {found['id']}")
        return found

    async def _send(
        self, server: Server, kind: ChangeKind, key: str, before: Document, after: Document, version: str | None
    ) -> Reply:
        headers = {"If-Match": version} if server.etag and version else {}
        accept = {412} if headers else set()
        if server.patch:
            body: object = {"schemas": [calls.PATCH_URN], "Operations": difference.operations(server, before, after)}
            operation = calls.PATCH[kind]
        else:
            body, operation = difference.writable(server, after), calls.PUT[kind]
        return await self._client.send(operation, path={"id": key}, json=body, accept=accept, headers=headers)

    async def _added(self, server: Server, change: JoinGroups | LeaveGroups, name: str) -> bool:
        """Add the account to one group without a look; False where that is not how it goes, or it was refused."""
        if not (server.patch and isinstance(change, JoinGroups) and change.account.key):
            return False
        group = await self._reading.groups.joined_by(server, name)
        if group is None:
            return False
        reply = await self._add(group, [change.account.key])
        if reply.status >= 400:
            self._reading.groups.doubted(server, name)
        return reply.status < 400

    async def _add(self, group: str, keys: Sequence[str]) -> Reply:
        body = {"schemas": [calls.PATCH_URN], "Operations": [difference.joining(keys)]}
        operation = calls.PATCH[ChangeKind.JOIN_GROUPS]
        return await self._client.send(operation, path={"id": group}, json=body, accept={400, 404, 409})

    async def _move(self, server: Server, change: JoinGroups | LeaveGroups, name: str) -> bool:
        """Put the person into one group, or take them out; False when that is so already."""
        person = await self._reading.needed(change.account)
        joins, key = isinstance(change, JoinGroups), person.handle.key
        group = await self._reading.groups.named(server, name)
        if group is None:
            if joins:
                raise NotFound(f"the group {name} is not there")
            return False
        if await self._reading.groups.holds(server, group, person.document) == joins:
            return False
        if server.patch:
            await self._patch_member(change.kind, str(group["id"]), key, joins)
        else:
            await self._put_members(server, change.kind, group, key, joins)
        return True

    async def _patch_member(self, kind: ChangeKind, group: str, key: str, joins: bool) -> None:
        """Add or remove one member by name, whoever else comes or goes meanwhile.

        A removal says whom in its path. Said in the body instead, some servers empty the whole group.
        """
        step = difference.joining([key]) if joins else difference.leaving(key)
        body = {"schemas": [calls.PATCH_URN], "Operations": [step]}
        await self._client.send(calls.PATCH[kind], path={"id": group}, json=body)

    async def _put_members(self, server: Server, kind: ChangeKind, group: Document, key: str, joins: bool) -> None:
        """Say the whole group again, with the member or without; every other member is kept."""
        for _ in range(TRIES):
            before, version = await self._reading.groups.whole(group)
            kept = [row for row in before.get("members") or () if str(row.get("value")) != key]
            after = {**before, "members": [*kept, {"value": key}] if joins else kept}
            reply = await self._send(server, kind, str(group["id"]), before, after, version)
            if reply.status != 412:
                return
        raise Conflict(f"somebody else is changing the group: its version was overtaken {TRIES} times")


def _answer(server: Server, account: Handle, document: Document | None, outcome: Outcome) -> Answer:
    """The answer, with the cells that a document shows, where there is one."""
    if document is None:
        return Answer(outcome, account)
    active = fields.FALSE if document.get("active") is False else fields.TRUE
    return Answer(outcome, Person(document, None).handle, {**fields.shown(server, document), "active": active})

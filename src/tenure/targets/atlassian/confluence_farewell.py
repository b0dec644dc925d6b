"""What Tenure takes from a leaver at Confluence beside access: permissions, the account itself; and groups it made."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tenure.model.change import Answer, DeleteAccount, DeleteGroup, Outcome, RevokePermissions
from tenure.model.error import NotFound, OutcomeUnknown, Rejected
from tenure.model.seen import NotThere, ReadComplete, Seen, TaskSeen, TaskState
from tenure.targets.atlassian import confluence_calls as calls
from tenure.targets.atlassian.confluence_read import ConfluenceReading
from tenure.targets.atlassian.confluence_write import ConfluenceWriting
from tenure.wire import Client


class ConfluenceFarewell:
    """The later steps of a farewell at one Confluence."""

    def __init__(self, client: Client, reading: ConfluenceReading, writing: ConfluenceWriting) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading
        self._writing = writing

    async def revoke(self, change: RevokePermissions) -> Answer:
        """Take the global permissions that the account holds itself; what is left is read again, and shown."""
        user = await self._writing.current(change.account)
        held = await self._held(user.user_key)
        if not held:
            return Answer(Outcome.ALREADY, change.account, {"permissions": None}, "held none itself")
        body = [{"targetType": one.target_type, "operationKey": one.operation_key} for one in held]
        await self._client.send(calls.REVOKE, path={"user": user.user_key}, json=body)
        left = ", ".join(f"{one.target_type} {one.operation_key}" for one in await self._held(user.user_key))
        return Answer(Outcome.APPLIED, change.account, {"permissions": left or None})

    async def _held(self, key: str) -> list[calls.Permission]:
        reply = await self._client.send(calls.USER_PERMISSIONS, path={"user": key})
        return [held.operation for held in reply.read(tuple[calls.Held, ...])]

    async def delete(self, change: DeleteAccount) -> Answer:
        """Ask for the account that has this key to be deleted, whatever it is called now.

        Confluence does that later: the answer is PENDING with the number of its task, and a reading by key tells when
        the account is gone.
        """
        account, gone = change.account, {"account": None}
        try:
            user = await self._writing.current(account)
        except NotFound:
            return Answer(Outcome.ALREADY, account, gone, "the account is gone")
        reply = await self._client.send(calls.DELETE_USER, path={"username": user.username}, accept={404})
        if reply.status != 404:
            task = reply.read(calls.Submitted).id
            told = f"Confluence deletes the account in its long task {task}"
            return Answer(Outcome.PENDING, account, {}, told, task)
        if await self._reading.user({"key": user.user_key}) is not None:
            raise OutcomeUnknown(f"Confluence neither deletes {user.username} nor says why")
        return Answer(Outcome.ALREADY, account, gone, "the account is gone")

    async def task(self, name: str) -> AsyncIterator[Seen]:
        """How far a long task is; NotThere when Confluence knows of none by this name.

        Whether a task that is not at its end is successful so far is in no document, and not looked at.
        """
        reply = await self._client.send(calls.LONG_TASK, path={"id": name}, accept={404})
        if reply.status == 404:
            yield NotThere(name)
        else:
            task = reply.read(calls.LongTask)
            ended = TaskState.DONE if task.successful else TaskState.FAILED
            yield TaskSeen(name, ended if task.percentage_complete >= 100 else TaskState.RUNNING, task.told)
        yield ReadComplete(f"task:{name}", int(reply.status != 404))

    async def delete_group(self, change: DeleteGroup) -> Answer:
        """Delete a group. Raises Rejected when Confluence keeps it, as it does with the last of administrators."""
        path = calls.group_path(change.name)
        reply = await self._client.send(calls.DELETE_GROUP, path=path, accept={400, 404})
        if reply.status == 400:
            raise Rejected(f"Confluence does not delete the group {change.name}: {calls.own_error(reply)}")
        if reply.status == 404 and await self._reading.group(change.name) is not None:
            raise OutcomeUnknown(f"Confluence neither deletes the group {change.name} nor says why")
        return Answer(Outcome.ALREADY if reply.status == 404 else Outcome.APPLIED, shown={"group": None})

"""What Tenure takes from a leaver at Crowd beside access: sessions, and the account itself; and groups that it made."""

from __future__ import annotations

from tenure.model.change import Answer, DeleteAccount, DeleteGroup, EndSessions, Outcome
from tenure.model.error import NotFound, OutcomeUnknown
from tenure.targets.atlassian import crowd_calls as calls
from tenure.targets.atlassian.crowd_read import CrowdReading
from tenure.targets.atlassian.crowd_write import CrowdWriting
from tenure.wire import Client


class CrowdFarewell:
    """The later steps of a farewell at one Crowd."""

    def __init__(self, client: Client, reading: CrowdReading, writing: CrowdWriting) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading
        self._writing = writing

    async def end_sessions(self, change: EndSessions) -> Answer:
        """Sign the account out of everything that shares Crowd's single sign-on."""
        user = await self._writing.current(change.account)
        await self._client.send(calls.END_SESSIONS, query={"username": user.name})
        return Answer(Outcome.APPLIED, change.account, {"sessions": None}, "every session was ended")

    async def delete(self, change: DeleteAccount) -> Answer:
        """Delete the account that has this key, whatever it is called now."""
        account, gone = change.account, {"account": None}
        try:
            user = await self._writing.current(account)
        except NotFound:
            await self._reading.proven()
            return Answer(Outcome.ALREADY, account, gone, "the account is gone")
        reply = await self._client.send(calls.DELETE_USER, query={"username": user.name}, accept={404})
        if reply.status == 404 and await self._reading.user(key=account.key or None, name=account.name) is not None:
            raise OutcomeUnknown(f"Crowd neither deletes {account.name} nor says why")
        return Answer(Outcome.ALREADY if reply.status == 404 else Outcome.APPLIED, account, gone, "the account is gone")

    async def delete_group(self, change: DeleteGroup) -> Answer:
        """Delete a group."""
        reply = await self._client.send(calls.DELETE_GROUP, query={"groupname": change.name}, accept={404})
        if reply.status == 404 and await self._reading.group(change.name) is not None:
            raise OutcomeUnknown(f"Crowd neither deletes the group {change.name} nor says why")
        return Answer(Outcome.ALREADY if reply.status == 404 else Outcome.APPLIED, shown={"group": None})

"""What Tenure takes from a leaver at Jira beside access: sessions, leads, and the account itself."""

from __future__ import annotations

from collections.abc import AsyncIterator

from tenure.model.change import (
    AnonymizeAccount,
    Answer,
    DeleteAccount,
    DeleteGroup,
    EndSessions,
    Handle,
    HandOverLeads,
    Outcome,
)
from tenure.model.error import NotFound, OutcomeUnknown, RateLimited, Rejected, TargetError
from tenure.model.seen import Apart, NotThere, ReadComplete, Seen, TaskSeen
from tenure.targets.atlassian import jira_calls as calls
from tenure.targets.atlassian.jira_read import JiraReading
from tenure.targets.atlassian.jira_shapes import Anonymizing, Looked
from tenure.wire import Client

ANONYMIZING_S = 30.0  # when it is worth asking again


class JiraFarewell:
    """The later steps of a farewell at one Jira."""

    def __init__(self, client: Client, reading: JiraReading) -> None:
        """Ask nothing yet."""
        self._client = client
        self._reading = reading

    async def end_sessions(self, change: EndSessions) -> Answer:
        """Sign the account out everywhere."""
        account, path = change.account, {"username": change.account.name}
        reply = await self._client.send(calls.END_SESSIONS, path=path, accept={404})
        if reply.status == 404:
            raise NotFound(f"the account {account.name} is not there")
        return Answer(Outcome.APPLIED, account, {"sessions": None}, "every session was ended")

    async def hand_over(self, change: HandOverLeads) -> Answer:
        """Make somebody else the lead of each project and component that the account leads.

        When a later request fails, the earlier ones have taken effect: OutcomeUnknown, so that somebody looks.
        """
        projects, components = await self._reading.led_by(change.account.key)
        done = 0
        try:
            for project in projects:
                path = {"projectIdOrKey": project.id}
                await self._client.send(calls.LEAD_PROJECT, path=path, json={"lead": change.to})
                done += 1
            for component in components:
                await self._client.send(
                    calls.LEAD_COMPONENT, path={"id": component.id}, json={"leadUserName": change.to}
                )
                done += 1
        except TargetError as problem:
            if not done:
                raise
            raise OutcomeUnknown(f"{change.account.name} was relieved in part: {problem}") from problem
        if not done:
            return Answer(Outcome.ALREADY, change.account, {"leads": None}, "led nothing")
        told = ", ".join([p.key for p in projects] + [c.name for c in components])
        return Answer(Outcome.APPLIED, change.account, {"leads": None}, f"{change.to} leads {told}")

    async def anonymize(self, change: AnonymizeAccount) -> Answer:
        """Ask for the account that has this key to be anonymized; what it still owns goes to the one we sign in with.

        Jira looks into it first, and raises Rejected what it finds. It does one at a time, and later: the answer is
        PENDING with the number of its task, and a reading by key tells when the account is nobody's any more. While
        another one is under way nothing is sent, and RateLimited raised.
        """
        account = change.account
        user = await self._reading.account({"key": account.key})
        if user is None or user.apart is Apart.ANONYMIZED:
            return Answer(Outcome.ALREADY, account, {"person": None}, "the account is nobody's any more")
        now = await self._anonymizing()
        if now is not None and now.under_way:
            if now.user_key != account.key:
                raise _busy(account)
            return _promised(account, now)
        looked = await self._client.send(calls.LOOK_INTO_ANONYMIZING, query={"userKey": account.key}, accept={400})
        if looked.status == 400 or not looked.read(Looked).success:
            raise Rejected(f"Jira does not anonymize {account.name}: {calls.own_error(looked)}")
        owner = (await self._client.send(calls.MYSELF)).read(calls.User).key
        body = {"userKey": account.key, "newOwnerKey": owner}
        reply = await self._client.send(calls.ANONYMIZE_USER, json=body, accept={400, 409})
        if reply.status == 400:
            raise Rejected(f"Jira does not anonymize {account.name}: {calls.own_error(reply)}")
        if reply.status == 409:
            raise _busy(account)
        task = reply.read(Anonymizing)
        if task.user_key != account.key:
            raise OutcomeUnknown(f"asked to anonymize {account.name}, Jira answered about somebody else")
        return _promised(account, task)

    async def _anonymizing(self) -> Anonymizing | None:
        """The anonymization that Jira did last, or does now; None when it knows of none."""
        reply = await self._client.send(calls.ANONYMIZING, accept={404})
        return None if reply.status == 404 else reply.read(Anonymizing)

    async def task(self, name: str) -> AsyncIterator[Seen]:
        """How far an anonymization is; NotThere when Jira knows of none by this number."""
        reply = await self._client.send(calls.ANONYMIZING, query={"taskId": name}, accept={404})
        if reply.status == 404:
            yield NotThere(name)
        else:
            task = reply.read(Anonymizing)
            yield TaskSeen(name, task.state, task.told)
        yield ReadComplete(f"task:{name}", int(reply.status != 404))

    async def delete(self, change: DeleteAccount) -> Answer:
        """Delete the account. Raises Rejected when Jira keeps it, as it does when it wrote or leads something."""
        account = change.account
        reply = await self._client.send(calls.DELETE_USER, query={"key": account.key}, accept={400, 404})
        if reply.status == 400:
            raise Rejected(f"Jira does not delete {account.name}: {calls.own_error(reply)}")
        if reply.status == 404 and await self._reading.account({"key": account.key}) is not None:
            raise OutcomeUnknown(f"Jira neither deletes {account.name} nor says why")
        outcome = Outcome.ALREADY if reply.status == 404 else Outcome.APPLIED
        return Answer(outcome, account, {"account": None}, "the account is gone")

    async def delete_group(self, change: DeleteGroup) -> Answer:
        """Delete a group. Raises Rejected when Jira keeps it."""
        reply = await self._client.send(calls.DELETE_GROUP, query={"groupname": change.name}, accept={400, 404})
        if reply.status == 400:
            raise Rejected(f"Jira does not delete the group {change.name}: {calls.own_error(reply)}")
        if reply.status == 404 and await self._reading.group(change.name) is not None:
            raise OutcomeUnknown(f"Jira neither deletes the group {change.name} nor says why")
        return Answer(Outcome.ALREADY if reply.status == 404 else Outcome.APPLIED, shown={"group": None})


def _busy(account: Handle) -> RateLimited:
    return RateLimited(f"{account.name} waits: Jira anonymizes one account at a time", ANONYMIZING_S)


def _promised(account: Handle, task: Anonymizing) -> Answer:
    number = task.progress_url.rpartition("taskId=")[2]
    told = f"Jira anonymizes the account in its task {number or '?'}"
    return Answer(Outcome.PENDING, account, {}, told, number or None)

"""What Tenure takes from a leaver at Jira beside access: sessions, leads, and the account itself."""

from __future__ import annotations

from tenure.model.change import (
    Answer,
    DeleteAccount,
    DeleteGroup,
    EndSessions,
    HandOverLeads,
    Outcome,
)
from tenure.model.error import NotFound, OutcomeUnknown, Rejected, TargetError
from tenure.targets.atlassian import jira_calls as calls
from tenure.targets.atlassian.jira_read import JiraReading
from tenure.wire import Client


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

"""What the gates hold in a filled house, written through the store as the engine does it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from tests.console.filling import CAPABILITIES, NOW, ODD, Filling, account, desire, event, wanted

from tenure.model.capability import canon_name
from tenure.model.change import AdoptAccount, Change, CreateAccount, DeactivateAccount, Handle, LeaveGroups
from tenure.planning.inversion import CannotUndo, refuse
from tenure.store import gates
from tenure.store.database import Connection, Database

LEAVERS = ("nadia.haddad", "tomás.ferreira", "priya.raman", "jonas.lindqvist", "mei.tanaka")
LOSERS = ("greta.vogel", "ivan.petrov", "sofia.rossi", ODD)


def closing(name: str) -> Change:
    """The account of somebody is closed."""
    return DeactivateAccount(Handle(f"key-{name}", canon_name(name)))


def losing(name: str) -> Change:
    """Somebody loses a group."""
    return LeaveGroups(Handle(f"key-{name}", canon_name(name)), ("software_dev",))


async def hold(
    connection: Connection, filling: Filling, name: str, person: str, change: Change, reason: str, target: str = "jira"
) -> int:
    """Hold a change of somebody at a gate; gives the revision."""
    who, number = filling.people[person], filling.targets[target]
    cause = await event(connection, filling, who, "identity.changed", {"method": "PATCH"})
    await gates.lock(connection, number, [name])
    found = refuse(change, CAPABILITIES)
    inverses = [] if isinstance(found, CannotUndo) else [one.as_data() for one in found]
    return await gates.hold(connection, number, str(who), name, [change], inverses, reason, None, cause, filling.tick())


async def leave(connection: Connection, filling: Filling, names: Sequence[str]) -> None:
    """These people have left, and their accounts wait at the gate."""
    for name in names:
        await connection.execute("UPDATE identity SET active = false WHERE id = %s", (filling.people[name],))
        reason = "the gate for people losing their account is shut until a person decides"
        await hold(connection, filling, "leavers", name, closing(name), reason)


async def fill_gates(store: Database, filling: Filling) -> None:
    """A full gate for leavers, one for those who leave a group, and proposals of which one is in doubt."""
    async with store.transaction() as connection:
        jira = filling.targets["jira"]
        await leave(connection, filling, LEAVERS)
        told = "more than 25 people losing their account in this window (25 went through, 5 more are to)"
        await gates.fill(connection, jira, "leavers", told, NOW)
        shut = "more than 11 people leaving the group software_dev in this window (4 more are to)"
        for name in LOSERS:
            await hold(connection, filling, "group:software_dev", name, losing(name), shut)
        await gates.fill(connection, jira, "group:software_dev", shut, NOW)
        by = "match: username and email"
        known = AdoptAccount(Handle("JIRAUSER10008", "carol.diaz"), by)
        await hold(connection, filling, "adoptions", "carol.diaz", known, f"adopt: ask ({by})")
        await desire(connection, filling, wanted(filling.people["pat.lee"], "pat.lee", "Pat Lee"))
        await account(connection, filling, "JIRAUSER10031", "pat.lee", "Patricia Lee", active=False)
        new = CreateAccount({"username": "pat.lee", "display_name": "Pat Lee"})
        await hold(
            connection, filling, "adoptions", "pat.lee", new, "the name pat.lee is taken by an account that differs"
        )


async def states(store: Database, name: str, target: int) -> dict[UUID | str, str]:
    """Who is held or approved at a gate."""
    found = await store.rows("SELECT subject, state FROM held WHERE target = %s AND class = %s", target, name)
    return {r["subject"]: r["state"] for r in found}

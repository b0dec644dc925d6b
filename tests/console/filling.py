"""A house full of people in every state that a story can have, written through the store as the engine does it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from psycopg.types.json import Jsonb

from tenure.model.capability import Capabilities, FieldSpec, canon_exact, canon_name
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    Answer,
    Change,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    Handle,
    JoinGroups,
    Outcome,
    UpdateAccount,
)
from tenure.model.desired import Desired, DesiredGroup, Reason, Standing
from tenure.model.plan import Decision, Plan, Verdict
from tenure.model.seen import AccountSeen, GroupSeen
from tenure.model.situation import Link
from tenure.planning.inversion import invert
from tenure.store import audit, care, intents, marks, plans, seen
from tenure.store.database import Connection, Database

NOW = datetime(2026, 6, 30, 9, 0, tzinfo=UTC)
TOKEN = "an-installation-token-of-the-tests"
CAPABILITIES = Capabilities(
    operations=frozenset(),
    fields={"username": FieldSpec(canon=canon_name), "email": FieldSpec(), "display_name": FieldSpec(canon_exact)},
)
_NAMES = UUID("6f1f2a52-4f0e-4f7c-9d8a-5a4f2c1d0e00")
SCOPE = "active && 'staff' in groups"
RULES = {
    "username": ("userName", "userName.lowerAscii()"),
    "email": ("emails.primary", "emails.primary"),
    "display_name": ("displayName", "displayName"),
}
ODD = "o'neil <script>alert(1)</script>\u202e&amp;"
CROWD = (
    "Nadia Haddad", "Tomás Ferreira", "Priya Raman", "Jonas Lindqvist", "Mei Tanaka", "Oluwaseun Adeyemi",
    "Greta Vogel", "Ivan Petrov", "Sofia Rossi", "Liam O'Brien", "Aisha Khan", "Pierre Dubois", "Hanna Nowak",
    "Diego Morales", "Yuki Sato", "Emre Yılmaz", "Chloé Martin", "Anders Holm", "Fatima Zahra", "Marek Novák",
    "Lucía Gómez", "Samuel Okoro", "Ingrid Berg", "Rahul Mehta", "Zoë Jansen", "Karim Aziz", "Elena Popescu",
    "Noah Fischer", "Amara Nwosu", "Viktor Horváth", "Isla Murray", "Mateus Silva", "Nora Lund", "Omar Said",
    "Petra Kovač", "Ravi Iyer", "Selin Kaya", "Theo Laurent", "Uma Pillai", "Wanda Zielińska", "Xin Li",
    "Yusuf Demir", "Zsófia Kiss", "Bruno Costa",
)  # fmt: skip


@dataclass
class Filling:
    """What was filled in: the people by name, and the numbers of sources and targets."""

    people: dict[str, UUID] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    targets: dict[str, int] = field(default_factory=dict)
    moments: int = 0

    def tick(self) -> datetime:
        """The next moment of the story: some seconds after the last one."""
        self.moments += 1
        return NOW - timedelta(hours=3) + timedelta(seconds=20 * self.moments)


async def fill(database: Database) -> Filling:
    """Fill an empty, migrated database."""
    filling = Filling()
    async with database.transaction() as connection:
        await _frame(connection, filling)
        await _made(connection, filling, "alice.jones", "Alice Jones")
        await _adopted(connection, filling)
        await _held_adoption(connection, filling)
        await _left(connection, filling)
        await _waiting_for_group(connection, filling)
        await _refused(connection, filling)
        await _on_its_way(connection, filling)
        await _made(connection, filling, ODD, '<b>Odd</b> "Name"')
        await _foreign(connection, filling)
        for name in CROWD:
            await _made(connection, filling, canon_name(name).replace(" ", ".").replace("'", ""), name)
    return filling


async def _frame(connection: Connection, filling: Filling) -> None:
    await connection.execute(
        "INSERT INTO installation (id, console_token_hash, made_at) VALUES (%s, %s, %s)",
        (_NAMES, hashlib.sha256(TOKEN.encode()).digest(), NOW),
    )
    await connection.execute(
        "INSERT INTO estate_revision (document, digest, activated_by, activated_at) VALUES ('', '', 'test', %s)", (NOW,)
    )
    for name, kind in (("okta", "scim"), ("corp", "keycloak")):
        filling.sources[name] = await _number(
            connection, "INSERT INTO source (name, kind, made_at) VALUES (%s, %s, %s) RETURNING id", name, kind, NOW
        )
    for name, kind, mode, version in (
        ("jira", "jira", "full", "10.3.24"), ("wiki", "confluence", "observe", "9.2.1"),
        ("code", "bitbucket", "no-removal", None),
    ):  # fmt: skip
        filling.targets[name] = await _number(
            connection,
            "INSERT INTO target (name, kind, mode, version, made_at) VALUES (%s, %s, %s, %s, %s) RETURNING id",
            name, kind, mode, version, NOW,
        )  # fmt: skip
        reading = await seen.begin_reading(connection, filling.targets[name], "accounts", NOW - timedelta(hours=4))
        whole = {"pages": 3} if version else None
        problem = "" if version else "HTTP 502 from the proxy in front of Bitbucket"
        await seen.end_reading(
            connection, reading, NOW - timedelta(hours=4), count=61 if version else 12, proof=whole, problem=problem
        )
    await connection.execute(
        "UPDATE target SET state = 'stopped', stop_reason = %s WHERE name = 'code'",
        ("HTTP 401: the token was not accepted",),
    )
    groups = [GroupSeen("software_dev"), GroupSeen("jira-administrators", frozenset({"administration"}))]
    await seen.save_groups(connection, filling.targets["jira"], groups, CAPABILITIES, None, NOW)
    await care.take_group(connection, filling.targets["jira"], "software_dev", "software_dev", None, "adopted", NOW)
    source_group = uuid5(_NAMES, "group")
    await connection.execute(
        """INSERT INTO source_group (id, source, display_name, display_name_canon, doc, created_at)
        VALUES (%s, %s, 'Dev users', 'dev users', '{}', %s)""",
        (source_group, filling.sources["okta"], NOW),
    )
    await connection.execute("INSERT INTO group_version VALUES (%s, 0, 1, %s)", (source_group, NOW))


async def _number(connection: Connection, query: str, *values: Any) -> int:
    cursor = await connection.execute(query.encode(), values)
    found = await cursor.fetchone()
    assert found is not None
    return int(found[0])


async def identity(
    connection: Connection, filling: Filling, name: str, display: str, *, source: str = "okta", active: bool = True
) -> UUID:
    """A person of a source, in its group, with the audit entry of their creation."""
    who, at = uuid5(_NAMES, f"{source}/{name}"), filling.tick()
    document = {"userName": name, "displayName": display, "emails": [{"value": _mail(display), "primary": True}]}
    await connection.execute(
        """INSERT INTO identity (id, source, user_name, user_name_canon, active, display_name, doc, created_at,
            modified_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (who, filling.sources[source], name, canon_name(name), active, display, Jsonb(document), at, at),
    )
    if source == "okta":
        await connection.execute("INSERT INTO member VALUES (%s, %s, %s)", (uuid5(_NAMES, "group"), who, at))
    filling.people[name] = who
    return who


def _mail(display: str) -> str:
    return canon_name(display).replace(" ", ".") + "@example.com"


def wanted(who: UUID, name: str, display: str, groups: tuple[str, ...] = ("software_dev",)) -> Desired:
    """What the rules make of a person who is in scope."""
    fields = {"username": canon_name(name), "email": _mail(display), "display_name": display}
    told = {"username": name, "email": _mail(display), "display_name": display}
    reasons = [Reason("scope", "active = true, groups = Dev users, staff", SCOPE, "true")]
    reasons += [Reason(cell, f"{RULES[cell][0]} = {told[cell]}", RULES[cell][1], fields[cell]) for cell in fields]
    reasons += [Reason(f"member:{g}", "member of Dev users", "groups.mapping", g) for g in groups]
    found = tuple(DesiredGroup(g, source_group=uuid5(_NAMES, "group")) for g in groups)
    return Desired(who, Standing.MEMBER, fields, found, tuple(reasons))


async def event(connection: Connection, filling: Filling, who: UUID, action: str, facts: Mapping[str, Any]) -> int:
    """An audit entry of something that okta told."""
    entry = audit.Entry(
        at=filling.tick(), actor="source:okta", action=action, subject=str(who), source=filling.sources["okta"],
        facts=facts,
    )  # fmt: skip
    return await audit.record(connection, entry)


async def planned(
    connection: Connection, filling: Filling, who: UUID, plan: Plan, cause: int | None, target: str = "jira"
) -> int:
    """The current plan of a person; gives its number."""
    made = [(str(who), plan, cause)]
    numbers = await plans.save_plans(connection, filling.targets[target], made, 1, filling.tick())
    return numbers[str(who)]


async def done(
    connection: Connection, filling: Filling, who: UUID, number: int, cause: int | None, change: Change,
    answer: Answer, evidence: str | None,
) -> None:  # fmt: skip
    """An intent that was opened, answered and settled."""
    opened = await intend(connection, filling, who, number, cause, change)
    back = invert(change, {}, CAPABILITIES)
    closing = intents.Closing(opened, answer, evidence, back)
    await intents.settle(connection, filling.targets["jira"], [closing], filling.tick())


async def intend(
    connection: Connection, filling: Filling, who: UUID, number: int, cause: int | None, change: Change
) -> intents.Intent:
    """An intent that is open."""
    now = filling.tick()
    opening = intents.Opening(number, str(who), [change], None, {}, now, cause)
    deadline = now + timedelta(seconds=30)
    opened = await intents.open_intents(
        connection, filling.targets["jira"], [opening], deadline=deadline, shard=0, epoch=1, revision=1, now=now
    )
    return opened[str(who)][0]


async def account(
    connection: Connection, filling: Filling, key: str, name: str, display: str, *, active: bool = True,
    groups: frozenset[str] = frozenset({"software_dev"}),
) -> None:  # fmt: skip
    """An account as Jira showed it."""
    fields = {"email": _mail(display), "display_name": display}
    shown = AccountSeen(key, name, active, fields, groups)
    await seen.save_accounts(connection, filling.targets["jira"], [shown], CAPABILITIES, None, filling.tick())


def go(*changes: Change) -> tuple[Verdict, ...]:
    """Verdicts that let every change go."""
    return tuple(Verdict(change, Decision.GO) for change in changes)


async def desire(connection: Connection, filling: Filling, desired: Desired, target: str = "jira") -> None:
    await plans.save_desired(connection, filling.targets[target], [(desired, b"")], 1, CAPABILITIES)


async def _made(connection: Connection, filling: Filling, name: str, display: str) -> None:
    """Somebody whose account Tenure made, with a group; the wiki only previews theirs."""
    jira = filling.targets["jira"]
    who = await identity(connection, filling, name, display)
    cause = await event(connection, filling, who, "identity.created", {"method": "POST", "attributes": ["userName"]})
    desired = wanted(who, name, display)
    await desire(connection, filling, desired)
    key = f"JIRAUSER{10100 + len(filling.people)}"
    handle = Handle(key, canon_name(name))
    create, join = CreateAccount(dict(desired.fields)), JoinGroups(Handle("", handle.name), ("software_dev",))
    number = await planned(connection, filling, who, Plan("ABSENT", go(create, join)), cause)
    answer = Answer(Outcome.APPLIED, handle, dict(desired.fields), "201 Created")
    await done(connection, filling, who, number, cause, create, answer, "body")
    joined = Answer(Outcome.APPLIED, handle, {}, "201 Created")
    await done(connection, filling, who, number, cause, join, joined, "re-read")
    await care.make_links(connection, jira, [Link(key, who, "created", adopted=False)], filling.tick())
    await care.give_members(connection, jira, [(key, ["software_dev"])], filling.tick())
    await account(connection, filling, key, handle.name, display)
    await desire(connection, filling, desired, "wiki")
    preview = Verdict(create, Decision.HOLD, "mode observe: nothing is written")
    await planned(connection, filling, who, Plan("ABSENT", (preview,)), cause, "wiki")


async def _adopted(connection: Connection, filling: Filling) -> None:
    """Somebody whose older account was taken over: it keeps its name, and its e-mail was corrected."""
    who, jira = await identity(connection, filling, "Bob.Stone", "Bob Stone"), filling.targets["jira"]
    cause = await event(connection, filling, who, "group.members", {"method": "PATCH", "added": [str(who)]})
    await desire(connection, filling, wanted(who, "Bob.Stone", "Bob Stone"))
    handle = Handle("JIRAUSER10007", "bstone")
    adopt = AdoptAccount(handle, "match: email and display_name")
    update = UpdateAccount(handle, {"email": "bob.stone@example.com"}, {"email": "bob@old.example.com"})
    number = await planned(connection, filling, who, Plan("FOUND", go(adopt, update)), cause)
    kept = Answer(Outcome.APPLIED, handle, {"link": "yes"}, "kept in our records")
    await done(connection, filling, who, number, cause, adopt, kept, "record")
    set_now = Answer(Outcome.APPLIED, handle, {}, "200 OK")
    await done(connection, filling, who, number, cause, update, set_now, "snapshot")
    await care.make_links(connection, jira, [Link(handle.key, who, adopt.evidence, adopted=True)], filling.tick())
    await care.give_members(connection, jira, [(handle.key, ["software_dev"])], filling.tick())
    inside = frozenset({"software_dev", "old-timers"})
    await account(connection, filling, handle.key, "bstone", "Bob Stone", groups=inside)


async def _held_adoption(connection: Connection, filling: Filling) -> None:
    """Somebody whose older account waits for a person's word."""
    who = await identity(connection, filling, "carol.diaz", "Carol Diaz")
    cause = await event(connection, filling, who, "identity.created", {"method": "POST"})
    await desire(connection, filling, wanted(who, "carol.diaz", "Carol Diaz"))
    handle = Handle("JIRAUSER10008", "carol.diaz")
    by = "match: username and email"
    held = Verdict(AdoptAccount(handle, by), Decision.HOLD, f"adopt: ask ({by})")
    wait = Verdict(JoinGroups(handle, ("software_dev",)), Decision.WAIT, "needs adopt-account first", "adopt-account")
    await planned(connection, filling, who, Plan("FOUND", (held, wait)), cause)
    await account(connection, filling, handle.key, handle.name, "Carol Diaz", groups=frozenset())


async def _left(connection: Connection, filling: Filling) -> None:
    """Somebody who has left, and whose account was closed."""
    jira = filling.targets["jira"]
    who = await identity(connection, filling, "dave.moss", "Dave Moss", active=False)
    cause = await event(connection, filling, who, "identity.deactivated", {"method": "PUT", "attributes": ["active"]})
    left = Desired(who, Standing.LEAVER, reasons=(Reason("standing", "active = false", "leaver", "left"),))
    await desire(connection, filling, left)
    handle = Handle("JIRAUSER10009", "dave.moss")
    close = DeactivateAccount(handle)
    number = await planned(connection, filling, who, Plan("LINKED", go(close)), cause)
    answer = Answer(Outcome.APPLIED, handle, {"active": "no"}, "200 OK")
    await done(connection, filling, who, number, cause, close, answer, "re-read")
    await care.make_links(connection, jira, [Link(handle.key, who, "created", adopted=False)], filling.tick())
    await account(connection, filling, handle.key, handle.name, "Dave Moss", active=False)


async def _waiting_for_group(connection: Connection, filling: Filling) -> None:
    """Somebody who is to be in a group that opens administration, which a person has to name first."""
    jira = filling.targets["jira"]
    who = await identity(connection, filling, "erin.fox", "Erin Fox")
    cause = await event(connection, filling, who, "group.members", {"method": "PATCH", "added": [str(who)]})
    await desire(connection, filling, wanted(who, "erin.fox", "Erin Fox", ("jira-administrators", "software_dev")))
    handle = Handle("JIRAUSER10010", "erin.fox")
    reason = "jira-administrators gives administration: name it in the mapping to join it"
    group = Plan("FOUND", (Verdict(AdoptGroup("jira-administrators"), Decision.HOLD, reason),))
    await plans.save_plans(connection, jira, [("group:jira-administrators", group, cause)], 1, filling.tick())
    wait = Verdict(
        JoinGroups(handle, ("jira-administrators",)), Decision.WAIT, "waits for the group jira-administrators",
        "group:jira-administrators",
    )  # fmt: skip
    await planned(connection, filling, who, Plan("LINKED", (wait,)), cause)
    await care.make_links(connection, jira, [Link(handle.key, who, "created", adopted=False)], filling.tick())
    await care.give_members(connection, jira, [(handle.key, ["software_dev"])], filling.tick())
    await account(connection, filling, handle.key, handle.name, "Erin Fox")


async def _refused(connection: Connection, filling: Filling) -> None:
    """Somebody whose account the application refuses, and somebody who is protected."""
    who = await identity(connection, filling, "grace.hall", "Grace Hall")
    cause = await event(connection, filling, who, "identity.created", {"method": "POST"})
    desired = wanted(who, "grace.hall", "Grace Hall", ())
    await desire(connection, filling, desired)
    create = CreateAccount(dict(desired.fields))
    number = await planned(connection, filling, who, Plan("ABSENT", go(create)), cause)
    detail = "HTTP 400: the e-mail address is not of an allowed domain"
    await done(connection, filling, who, number, cause, create, Answer(Outcome.FAILED, detail=detail), None)
    await plans.hold_plan(connection, number, f"create-account was refused: {detail}")
    guard = await identity(connection, filling, "svc-backup", "Backup Robot")
    await desire(connection, filling, wanted(guard, "svc-backup", "Backup Robot", ()))
    robot = CreateAccount({"username": "svc-backup"})
    refused = Verdict(robot, Decision.REFUSE, "svc-backup is protected")
    await planned(connection, filling, guard, Plan("ABSENT", (refused,)), None)


async def _on_its_way(connection: Connection, filling: Filling) -> None:
    """Somebody whose account is being made at this moment."""
    who = await identity(connection, filling, "henry.wu", "Henry Wu")
    cause = await event(connection, filling, who, "identity.created", {"method": "POST"})
    desired = wanted(who, "henry.wu", "Henry Wu", ())
    await desire(connection, filling, desired)
    create = CreateAccount(dict(desired.fields))
    number = await planned(connection, filling, who, Plan("ABSENT", go(create)), cause)
    await intend(connection, filling, who, number, cause, create)
    await marks.mark_identities(connection, [filling.targets["jira"]], [who], marks.SINGLE, cause)
    group = CreateGroup("tempo-users")
    plan = Plan("ABSENT", (Verdict(group, Decision.HOLD, "the group tempo-users is missing at the application"),))
    await plans.save_plans(connection, filling.targets["jira"], [("group:tempo-users", plan, cause)], 1, filling.tick())


async def _foreign(connection: Connection, filling: Filling) -> None:
    """An account that is nobody's, and two people of one name in two sources."""
    await account(connection, filling, "JIRAUSER10000", "sysadmin", "System Administrator", groups=frozenset())
    await identity(connection, filling, "pat.lee", "Pat Lee")
    await identity(connection, filling, "Pat.Lee", "Pat Lee (contractor)", source="corp")

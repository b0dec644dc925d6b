"""Everything that is stored about one person or account at one target, gathered for telling why. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from tenure.model.capability import canon_name
from tenure.model.change import AdoptAccount, JoinGroups, LeaveGroups, decode
from tenure.model.identity import Identity
from tenure.model.story import (
    Cause,
    GroupTold,
    IdentityTold,
    LinkTold,
    Planned,
    Sending,
    Story,
    TargetState,
    Write,
)
from tenure.store import directory, plans
from tenure.store.database import Connection, Row, row, rows
from tenure.store.finding import Found, find
from tenure.store.overview import names_of, planned_of, target_states, write_of
from tenure.store.seen import account_of

_WRITES = 500
"""How many journal entries of one subject are looked through, newest first."""

_JOURNAL = """
SELECT j.*, t.name AS target_name, coalesce((p.verdicts->>'drift')::boolean, false) AS drift
FROM journal j JOIN target t ON t.id = j.target JOIN plan p ON p.id = j.plan
WHERE j.target = %s AND j.subject = %s ORDER BY j.id DESC LIMIT %s
"""
_CAUSES = """
WITH RECURSIVE chain(start, depth, id) AS (
    SELECT c, 0, c FROM unnest(%s::bigint[]) c
    UNION ALL SELECT start, depth + 1, a.cause FROM chain JOIN audit a USING (id)
    WHERE a.cause IS NOT NULL AND depth < 10)
SELECT chain.start, a.id, a.at, a.actor, a.action, a.facts - 'added' - 'removed' AS facts,
       coalesce(a.facts->'added' ? %s, false) AS added, coalesce(a.facts->'removed' ? %s, false) AS removed,
       g.display_name AS group_name
FROM chain JOIN audit a USING (id) LEFT JOIN source_group g ON g.id::text = a.subject
ORDER BY chain.start, chain.depth
"""
_EVENTS = """
SELECT a.id, a.at, a.actor, a.action, a.facts - 'added' - 'removed' AS facts,
       coalesce(a.facts->'added' ? %s, false) AS added, coalesce(a.facts->'removed' ? %s, false) AS removed,
       g.display_name AS group_name
FROM audit a LEFT JOIN source_group g ON g.id::text = a.subject WHERE a.id IN (
    (SELECT id FROM audit WHERE subject = %s
     AND (source IS NOT NULL OR (action = 'authority.seen' AND target = %s)) ORDER BY id DESC LIMIT 20)
    UNION ALL
    (SELECT id FROM audit WHERE subject = ANY(%s) AND source IS NOT NULL AND action = 'group.members'
     AND (facts->'added' ? %s OR facts->'removed' ? %s) ORDER BY id DESC LIMIT 20))
ORDER BY a.id DESC
"""
_GROUPS = """
SELECT c.canon, coalesce(g.name, t.seen_name) AS name, g.gives, m.key IS NOT NULL AS inside,
       coalesce(m.direct, true) AS direct, n.since AS given_since, t.origin, t.since AS origin_since
FROM (SELECT %s::smallint AS target, %s::text COLLATE "C" AS key) a
CROSS JOIN LATERAL (SELECT unnest(%s::text[]) COLLATE "C" AS canon
                    UNION SELECT canon FROM seen_member WHERE target = a.target AND key = a.key) c
LEFT JOIN seen_group g ON g.target = a.target AND g.canon = c.canon
LEFT JOIN seen_member m ON m.target = a.target AND m.key = a.key AND m.canon = c.canon
LEFT JOIN given_member n ON n.target = a.target AND n.key = a.key AND n.canon = c.canon
LEFT JOIN target_group t ON t.target = a.target AND t.canon = c.canon AND t.origin <> 'foreign'
ORDER BY c.canon
"""


async def story_of(connection: Connection, target_name: str, asked: str) -> Story | None:
    """The story of whoever is meant by `asked` at a target: an account's name or key, an identity's userName or id.

    None when there is no such target, or the name fits nobody.
    """
    target = await row(connection, "SELECT id FROM target WHERE name = %s AND retired_at IS NULL", target_name)
    found = await find(connection, target["id"], asked) if target else None
    if target is None or found is None:
        return None
    state = next(s for s in await target_states(connection) if s.name == target_name)
    return await _gather(connection, target["id"], state, asked, found)


async def stories_of(connection: Connection, identity: UUID) -> tuple[Story, ...]:
    """The stories of one identity at every target that is not retired; nothing when there is no such identity."""
    if await row(connection, "SELECT id FROM identity WHERE id = %s", identity) is None:
        return ()
    numbers = {r["name"]: r["id"] for r in await rows(connection, "SELECT id, name FROM target")}
    found = Found("id", identity)
    return tuple(
        [
            await _gather(connection, numbers[state.name], state, str(identity), found)
            for state in await target_states(connection)
        ]
    )


async def _gather(connection: Connection, target: int, state: TargetState, asked: str, found: Found) -> Story:
    story = Story(asked, found.by, state, others=found.others)
    account = found.account
    if found.identity is not None:
        story = await _with_identity(connection, target, story, found.identity)
        key = story.link.key if story.link else _proposed(story)
        if key is not None and (account is None or account["key"] != key):
            account = await row(connection, "SELECT * FROM seen_account WHERE target = %s AND key = %s", target, key)
    return await _with_account(connection, target, story, account)


def _proposed(story: Story) -> str | None:
    """The key of the account that the current plan would take over."""
    changes = [v.change for v in story.planned.plan.verdicts] if story.planned else []
    return next((c.account.key for c in changes if isinstance(c, AdoptAccount)), None)


async def _with_identity(connection: Connection, target: int, story: Story, who: UUID) -> Story:
    subject, name = str(who), story.target.name
    desired = (await plans.desired_of(connection, target, [who])).get(who)
    link = await row(
        connection, "SELECT * FROM link WHERE target = %s AND identity = %s AND ended_at IS NULL", target, who
    )
    marked = await row(connection, "SELECT not_before FROM due WHERE target = %s AND subject = %s", target, subject)
    told = await _identity(connection, target, who)
    return replace(
        story,
        told=told,
        events=await _events(connection, target, subject, [str(group.id) for group in told.groups]),
        link=LinkTold(link["key"], link["evidence"], link["adopted"], link["made_at"]) if link else None,
        desired=plans.decode_desired(desired) if desired else None,
        desired_revision=desired["revision"] if desired else None,
        planned=(await _plans(connection, target, name, [subject])).get(subject),
        sending=await _sending(connection, target, subject),
        writes=await _writes(connection, target, subject),
        looking=marked is not None,
        **await _elsewhere(connection, target, who),
    )


async def _elsewhere(connection: Connection, target: int, who: UUID) -> dict[str, Any]:
    """The target that keeps the accounts here, if another does, and what was written there since the person left."""
    kept_by = await row(
        connection,
        """SELECT o.id, o.name, i.left_at FROM target t JOIN target o ON o.id = t.authority
        CROSS JOIN identity i WHERE t.id = %s AND i.id = %s""",
        target,
        who,
    )
    if kept_by is None:
        return {}
    since = kept_by["left_at"]
    writes = await _writes(connection, kept_by["id"], str(who))
    counted = tuple(write for write in writes if since is None or write.answered_at >= since)
    return {"authority": kept_by["name"], "elsewhere": counted}


async def _identity(connection: Connection, target: int, who: UUID) -> IdentityTold:
    found = await row(
        connection,
        "SELECT i.*, s.name AS source_name FROM identity i JOIN source s ON s.id = i.source WHERE i.id = %s",
        who,
    )
    assert found is not None
    identity = Identity(
        id=who,
        source=found["source_name"],
        user_name=found["user_name"],
        external_id=found["external_id"],
        active=found["active"],
        gone=found["gone_at"] is not None,
        attributes=found["doc"],
    )
    groups = (await directory.groups_of(connection, [who], target)).get(who, ())
    return IdentityTold(
        identity, found["display_name"], found["created_at"], found["modified_at"], found["gone_at"], groups
    )


async def _plans(connection: Connection, target: int, name: str, subjects: Sequence[str]) -> dict[str, Planned]:
    """The current plans of these subjects, each with what led to it."""
    found = await rows(
        connection, "SELECT * FROM plan WHERE target = %s AND subject = ANY(%s) AND current", target, list(subjects)
    )
    names = await names_of(connection, [r["subject"] for r in found])
    causes = {}
    for r in found:
        causes.update(await _causes(connection, [r["cause"]], r["subject"]))
    return {
        r["subject"]: replace(planned_of({**r, "target": name}, names), causes=causes.get(r["cause"], ()))
        for r in found
    }


async def _sending(connection: Connection, target: int, subject: str) -> tuple[Sending, ...]:
    found = await rows(
        connection,
        """SELECT plan, change, made_at, deadline FROM intent
        WHERE target = %s AND subject = %s AND state = 'open' ORDER BY id""",
        target,
        subject,
    )
    return tuple(Sending(r["plan"], decode(r["change"]), r["made_at"], r["deadline"]) for r in found)


async def _writes(connection: Connection, target: int, subject: str) -> tuple[Write, ...]:
    found = await rows(connection, _JOURNAL, target, subject, _WRITES)
    names = await names_of(connection, [subject])
    causes = await _causes(connection, [r["cause"] for r in found], subject)
    return tuple(
        replace(write_of({**r, "target": r["target_name"]}, names), causes=causes.get(r["cause"], ())) for r in found
    )


async def _causes(
    connection: Connection, starts: Sequence[int | None], subject: str
) -> dict[int | None, tuple[Cause, ...]]:
    """For each of these audit entries, the chain from it back to the event that started it."""
    numbers = sorted({start for start in starts if start is not None})
    chains: dict[int | None, tuple[Cause, ...]] = {}
    for r in await rows(connection, _CAUSES, numbers, subject, subject) if numbers else ():
        cause = Cause(r["id"], r["at"], r["actor"], r["action"], _facts(r))
        chains[r["start"]] = (*chains.get(r["start"], ()), cause)
    return chains


async def _events(connection: Connection, target: int, subject: str, groups: Sequence[str]) -> tuple[Cause, ...]:
    """What the source told of this person, or of their place in the groups that they are in there.

    And that what was done for them at the target that keeps the accounts here was seen here.
    """
    found = await rows(connection, _EVENTS, subject, subject, subject, target, list(groups), subject, subject)
    return tuple(Cause(r["id"], r["at"], r["actor"], r["action"], _facts(r)) for r in found)


def _facts(found: Row) -> Mapping[str, object]:
    told = {name: found[name] for name in ("added", "removed") if found[name]}
    return {**found["facts"], **told} | ({"group": found["group_name"]} if found["group_name"] else {})


async def _with_account(connection: Connection, target: int, story: Story, account: Row | None) -> Story:
    """Add the account as last seen, its groups, and what came back for fields that the application rewrites."""
    key = account["key"] if account else story.link.key if story.link else ""
    groups = await _groups(connection, target, story, key)
    echoes = await rows(connection, "SELECT field, seen FROM echo WHERE target = %s AND key = %s", target, key)
    story = replace(story, groups=groups, echoes={r["field"]: r["seen"] for r in echoes})
    if account is None:
        return story
    inside = {group.name for group in groups.values() if group.inside}
    return replace(
        story,
        account=account_of(account, inside if account["groups_known"] or inside else None),
        seen_at=account["seen_at"],
        held_by=await _holder(connection, target, story, key),
    )


async def _holder(connection: Connection, target: int, story: Story, key: str) -> str | None:
    found = await row(
        connection,
        """SELECT i.id, i.user_name, s.name AS source FROM link l JOIN identity i ON i.id = l.identity
        JOIN source s ON s.id = i.source WHERE l.target = %s AND l.key = %s AND l.ended_at IS NULL""",
        target,
        key,
    )
    if found is None or (story.told is not None and story.told.identity.id == found["id"]):
        return None
    return f"{found['user_name']} of {found['source']}"


async def _groups(connection: Connection, target: int, story: Story, key: str) -> dict[str, GroupTold]:
    """The groups that are desired, that the account is in, or that it was put into or taken out of by us."""
    names = {g.name for g in story.desired.groups} if story.desired else set()
    names |= {n for w in story.writes if isinstance(w.change, JoinGroups | LeaveGroups) for n in w.change.groups}
    by_canon = {canon_name(name): name for name in sorted(names)}
    waiting = await _plans(connection, target, story.target.name, [f"group:{canon}" for canon in by_canon])
    return {
        r["canon"]: GroupTold(
            name=str(r["name"] or by_canon.get(r["canon"]) or r["canon"]),
            inside=r["inside"],
            direct=r["direct"],
            given_since=r["given_since"],
            origin=r["origin"],
            origin_since=r["origin_since"],
            gives=tuple(r["gives"] or ()),
            planned=waiting.get(f"group:{r['canon']}"),
        )
        for r in await rows(connection, _GROUPS, target, key, list(by_canon))
    }

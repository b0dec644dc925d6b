"""The groups of a target: made, or taken into care, one at a time on a shard of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from tenure.engine.active import ActiveTarget, House
from tenure.engine.look import desired_group
from tenure.engine.rights import SUBJECT as RIGHTS
from tenure.engine.send import read_group
from tenure.engine.work import Work, backoff
from tenure.model.change import AdoptGroup, CreateGroup
from tenure.model.desired import DesiredGroup
from tenure.model.error import TargetError
from tenure.model.opening import Opening
from tenure.model.plan import Decision, Plan
from tenure.model.seen import GroupSeen
from tenure.planning import opening as opens
from tenure.planning.admission import GroupSafety, admit_group
from tenure.store import care, gates, marks, plans, rights, seen
from tenure.store.gates import Leaf
from tenure.store.marks import Mark


async def works(house: House, target: ActiveTarget, due: Sequence[Mark]) -> list[Work]:
    """The work for each marked group (`group:<canonical name>`) that the rules still lead to."""
    found = []
    for mark in due:
        work = await _work(house, target, mark)
        if work is not None:
            found.append(work)
    return found


async def _work(house: House, target: ActiveTarget, mark: Mark) -> Work | None:
    canon = mark.subject.partition(":")[2]
    wanted = await desired_group(house, target, canon)
    if wanted is None:
        return None
    async with house.database.transaction() as connection:
        in_care = {r["canon"] for r in await care.groups_in_care(connection, target.id)}
        known = await seen.group_named(connection, target.id, canon)
        if canon in in_care:
            waiting = [UUID(s) for s in await plans.waiting_for(connection, target.id, mark.subject)]
            await marks.mark_identities(connection, [target.id], waiting, marks.SINGLE, mark.cause)
            return None
    try:
        there = await read_group(target, known.name if known else wanted.name)
    except TargetError as error:
        problem = f"the group {wanted.name} could not be read: {error}"
        return Work(mark, Plan("UNSEEN", problems=(problem,)), again=backoff(mark.attempts))
    async with house.database.transaction() as connection:
        kept = await gates.leaves(connection, target.id, [mark.subject])
        if there is not None and known is None:  # it came after the last reading
            capabilities, now = target.connector.capabilities, house.clock.now()
            await seen.save_groups(connection, target.id, [there], capabilities, None, now)
        gives = (there.gives if there else frozenset()) | (known.gives if known else frozenset())
        opening = await rights.of_group(connection, target.id, canon, gives)
    leaves = kept.get(mark.subject, [])
    plan = _first_read(house, target, group_plan(target, wanted, there, opening, leaves), opening)
    proof = house.clock.now() if there is None else None
    return Work(mark, plan, absence_proof=proof, group=wanted)


def group_plan(
    target: ActiveTarget,
    wanted: DesiredGroup,
    there: GroupSeen | None,
    opening: Opening,
    kept: Sequence[Leaf] = (),
) -> Plan:
    """The plan for one group: make it when it is missing, take it over, with what it opens, when it is there."""
    untold = opens.untold(opening, target.connector.capabilities.tells_rights)
    change = CreateGroup(wanted.name) if there is None else AdoptGroup(there.name, opens.told(opening), untold)
    approved = frozenset((leaf.name, digest) for leaf in kept if leaf.approved for digest in leaf.digests)
    gives = opening.gives
    safety = GroupSafety(target.rules, wanted.create, wanted.join, wanted.by_name, gives, approved, target.closed)
    return Plan("ABSENT" if there is None else "FOUND", (admit_group(change, safety),))


def _first_read(house: House, target: ActiveTarget, plan: Plan, opening: Opening) -> Plan:
    """The plan, in which a group that would be taken over waits until it is known what it opens.

    One that a person has to decide on stays held by what is known, while it is read anew.
    """
    (verdict,) = plan.verdicts
    tells = target.connector.capabilities.tells_rights
    if not isinstance(verdict.change, AdoptGroup) or not tells or opens.fresh(opening, house.clock.now()):
        return plan
    if verdict.decision is Decision.REFUSE:
        return plan
    if verdict.decision is Decision.GO or opening.last is None:
        reading = f"what {verdict.change.name} opens is being read"
        return replace(plan, verdicts=(replace(verdict, decision=Decision.WAIT, reason=reading, waits_on=RIGHTS),))
    return replace(plan, verdicts=(replace(verdict, waits_on=RIGHTS),))

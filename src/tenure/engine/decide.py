"""What people decide about plans: they approve or reject what a gate holds, and take back what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tenure.engine import idle
from tenure.model.change import CLOSING, CreateAccount
from tenure.model.gate import GateClass
from tenure.model.held import HeldLeaf, HeldPlan
from tenure.model.undoing import Undoing
from tenure.planning.inversion import Inverse
from tenure.store import decisions, holding, marks, notices, seen
from tenure.store.database import Connection, Database
from tenure.store.decisions import Decider
from tenure.store.undoing import What, undoing

_MANY = 100


class NotDecided(Exception):
    """The decision was not taken, and nothing was changed; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was taken: its number, whom it is about, and who of those asked for it is not about, and why."""

    number: int
    people: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    opened: bool = False


async def approve(
    database: Database,
    now: datetime,
    id: str,
    revision: int,
    decider: Decider,
    only: Sequence[str] = (),
    account: str | None = None,
) -> Decided:
    """Let what a gate holds pass, as it stood at a revision; `only` names some of its people.

    Who was added, or whose changes are others, since that revision is not covered. `account` says which account is
    the person's, where there is doubt. Raises NotDecided.
    """
    async with database.transaction() as connection:
        target, held = await _held(connection, id, revision)
        leaves = _chosen(held, revision, only)
        await _may_approve(connection, target, leaves, decider)
        if account is not None and (held.name != GateClass.ADOPTIONS or len(leaves) != 1):
            raise NotDecided("--account says whose account it is: name that one person with --only, of an adoption")
        if not leaves and not held.shut:
            raise NotDecided(f"{id} holds nobody at revision {revision}: `tenure plan --held` shows what waits")
        if held.name == GateClass.ADOPTIONS and account is None:
            _nobody_in_doubt(leaves)
        subjects = [leaf.subject for leaf in leaves]
        number, cause = await decisions.write_decision(
            connection, "approve", decider, now, target=target, name=held.name, revision=revision, people=subjects
        )
        if account is not None:
            await _give_account(connection, target, held, leaves[0], account, number, now)
        else:
            await holding.approve_leaves(connection, target, held.name, subjects, number)
        if held.name == GateClass.IDLE:
            await idle.approved(connection, target, leaves, number, now)
        opened = await holding.open_if_decided(connection, target, held.name)
        await _look_again(connection, target, held.name, subjects, cause)
        await notices.tell(connection)
    return Decided(number, tuple(leaf.person for leaf in leaves), opened=opened and held.shut)


async def reject(
    database: Database, now: datetime, id: str, revision: int, decider: Decider, only: Sequence[str] = ()
) -> Decided:
    """Refuse what a gate holds: the cells stay as they are for as long as the computed value is the refused one.

    The account of somebody who has left is not kept by it: those stay held. Raises NotDecided.
    """
    if not decider.reason:
        raise NotDecided("a rejection needs a reason: say it with --reason")
    async with database.transaction() as connection:
        target, held = await _held(connection, id, revision)
        leaves = _chosen(held, revision, only)
        kept = [leaf for leaf in leaves if _refusable(leaf)]
        left_out = tuple((leaf.person, _why_not(leaf)) for leaf in leaves if not _refusable(leaf))
        if leaves and not kept:
            raise NotDecided(f"{left_out[0][0]}: {left_out[0][1]}")
        subjects = [leaf.subject for leaf in kept]
        number, cause = await decisions.write_decision(
            connection, "reject", decider, now, target=target, name=held.name, revision=revision, people=subjects
        )
        if held.name == GateClass.IDLE:
            await idle.rejected(connection, target, kept, number, now)
        for leaf in kept if held.name != GateClass.IDLE else ():
            for inverse in map(Inverse.of_data, leaf.inverses):
                await decisions.refuse(
                    connection, target, UUID(leaf.subject), inverse.cell, inverse.refused, number, now,
                    keep=inverse.keep,
                )  # fmt: skip
        await holding.drop_leaves(connection, target, held.name, subjects)
        opened = await holding.open_if_decided(connection, target, held.name)
        await _look_again(connection, target, held.name, subjects, cause)
        await notices.tell(connection)
    return Decided(number, tuple(leaf.person for leaf in kept), left_out, opened and held.shut)


async def _held(connection: Connection, id: str, revision: int) -> tuple[int, HeldPlan]:
    target, colon, name = id.partition(":")
    found = await holding.locked_plan(connection, target, name) if colon else None
    if found is None:
        raise NotDecided(f"there is no held plan {id!r}: `tenure plan --held` lists them")
    if revision > found[1].revision:
        raise NotDecided(f"{id} is at revision {found[1].revision}; there is no revision {revision} yet")
    return found


def _chosen(held: HeldPlan, revision: int, only: Sequence[str]) -> list[HeldLeaf]:
    covered = [leaf for leaf in held.leaves if leaf.revision <= revision]
    if not only:
        if held.leaves and not covered:
            raise NotDecided(
                f"everything that {held.id} held at revision {revision} was planned anew since: look at revision "
                f"{held.revision}"
            )
        return covered
    found = []
    for name in only:
        leaf = next((one for one in covered if name in (one.person, one.subject)), None)
        if leaf is None:
            raise NotDecided(f"{name!r} is not in {held.id} at revision {revision}: `tenure plan --held` lists who is")
        found.append(leaf)
    return found


def _nobody_in_doubt(leaves: Sequence[HeldLeaf]) -> None:
    for leaf in leaves:
        if any(isinstance(change, CreateAccount) for change in leaf.changes):
            raise NotDecided(
                f"whose account it is must be said for {leaf.person} ({leaf.reason}): approve them alone, with "
                "--only NAME --account KEY"
            )


async def _may_approve(connection: Connection, target: int, leaves: Sequence[HeldLeaf], decider: Decider) -> None:
    by_another, with_ticket = await holding.approval_rules(connection, target)
    if with_ticket and not decider.ticket:
        raise NotDecided("the configuration asks for a ticket's number: give it with --ticket")
    own = [leaf.person for leaf in leaves if by_another and leaf.asked_by == decider.by]
    if own:
        raise NotDecided(f"{decider.by} asked for this ({own[0]}): the configuration wants another to approve it")


def _refusable(leaf: HeldLeaf) -> bool:
    leaving = leaf.left and any(isinstance(change, CLOSING) for change in leaf.changes)
    return bool(leaf.inverses) and not leaving and not leaf.subject.startswith("group:")


def _why_not(leaf: HeldLeaf) -> str:
    if leaf.left:
        return (
            "the source says that this person has left, and no rejection keeps their account: mend it at the source, "
            "and it is no longer held"
        )
    return "it stays as it is until it is approved, or taken out of the configuration"


async def _give_account(
    connection: Connection, target: int, held: HeldPlan, leaf: HeldLeaf, account: str, decision: int, now: datetime
) -> None:
    there = await seen.accounts_by_key(connection, target, [account])
    if account not in there:
        raise NotDecided(
            f"there is no account with the key {account!r} at {held.target}: the console and `tenure why` show keys"
        )
    await decisions.clear(connection, "account", UUID(leaf.subject), decision, now, target=target, account=account)
    await holding.drop_leaves(connection, target, held.name, [leaf.subject])


async def _look_again(
    connection: Connection, target: int, name: str, subjects: Sequence[str], cause: int | None
) -> None:
    """Mark those whom a decision is about; what takes access away is urgent."""
    urgent = name in (GateClass.LEAVERS, GateClass.ADMINISTRATORS)
    people = [UUID(one) for one in subjects if ":" not in one and one != "reading"]
    await marks.mark_identities(connection, [target], people, marks.LEAVER if urgent else marks.SINGLE, cause)
    for one in sorted(set(subjects)):
        if one.startswith("group:"):
            await marks.mark_subject(connection, [target], one, marks.GROUPS, cause)
        elif one == "reading":
            await marks.mark_subject(connection, [target], one, marks.READINGS, cause)


async def undo(database: Database, now: datetime, what: What, decider: Decider) -> tuple[Decided, Undoing]:
    """Take back what was done: vetoes against what is computed, and the values from before to be had instead.

    Everything then goes its usual way, through the same gates. Raises NotDecided when there is nothing to take back.
    """
    async with database.transaction() as connection:
        found = await undoing(connection, what)
        if not found.backward:
            raise NotDecided("there is nothing to undo" + (f": {found.stays[0].why}" if found.stays else ""))
        people = sorted({one.identity for one in found.backward}, key=str)
        number, cause = await decisions.write_decision(
            connection, "undo", decider, now, people=[str(one) for one in people]
        )
        for one in found.backward:
            await decisions.refuse(
                connection, one.target_id, one.identity, one.cell, one.refused, number, now,
                keep=one.keep, restores=one.restores,
            )  # fmt: skip
        for target in sorted({one.target_id for one in found.backward}):
            here = sorted({one.identity for one in found.backward if one.target_id == target}, key=str)
            prio = marks.BULK if len(here) > _MANY else marks.SINGLE
            await marks.mark_identities(connection, [target], here, prio, cause)
        await notices.tell(connection)
    return Decided(number, tuple(dict.fromkeys(one.person for one in found.backward))), found

"""The one way in for what people decide: about held plans, and about people before or beside any plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tenure.model.change import CreateAccount, DeactivateAccount
from tenure.model.gate import GateClass
from tenure.model.held import HeldLeaf, HeldPlan
from tenure.planning.inversion import Inverse
from tenure.store import decisions, holding, marks, notices, seen
from tenure.store.database import Connection, Database
from tenure.store.decisions import Decider

EXPECTED_LASTS = timedelta(days=14)


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
        doubtful = [leaf for leaf in leaves if any(isinstance(c, CreateAccount) for c in leaf.changes)]
        if held.name == GateClass.ADOPTIONS and doubtful and (account is None or len(leaves) > 1):
            raise NotDecided(
                f"whose account it is must be said for {doubtful[0].person} ({doubtful[0].reason}): approve this person "
                "alone, with --only NAME --account KEY"
            )
        subjects = [leaf.subject for leaf in leaves]
        number, cause = await decisions.write_decision(
            connection, "approve", decider, now, target=target, name=held.name, revision=revision, people=subjects
        )
        if account is not None:
            await _give_account(connection, target, held, leaves[0], account, number, now)
        else:
            await holding.approve_leaves(connection, target, held.name, subjects, number)
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
        for leaf in kept:
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


async def _may_approve(connection: Connection, target: int, leaves: Sequence[HeldLeaf], decider: Decider) -> None:
    by_another, with_ticket = await holding.approval_rules(connection, target)
    if with_ticket and not decider.ticket:
        raise NotDecided("the configuration asks for a ticket's number: give it with --ticket")
    own = [leaf.person for leaf in leaves if by_another and leaf.asked_by == decider.by]
    if own:
        raise NotDecided(
            f"{decider.by} asked for this ({own[0]}): the configuration wants another person to approve it"
        )


def _refusable(leaf: HeldLeaf) -> bool:
    leaving = leaf.left and any(isinstance(change, DeactivateAccount) for change in leaf.changes)
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
        raise NotDecided(f"there is no account with the key {account!r} at {held.target}: `tenure why` shows keys")
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


async def leave(database: Database, now: datetime, name: str, decider: Decider) -> Decided:
    """Close one person everywhere, at once, whatever the source says and however full a gate is. Raises NotDecided."""
    async with database.transaction() as connection:
        people = await _one_person(connection, name)
        number, cause = await decisions.write_decision(
            connection, "leave", decider, now, people=[str(one) for one in people]
        )
        for one in people:
            await decisions.clear(connection, "leave", one, number, now)
        places = await holding.places_of(connection, people)
        await marks.mark_identities(connection, places, people, marks.LEAVER, cause)
        await notices.tell(connection)
    return Decided(number, (name,))


async def expect(
    database: Database, now: datetime, names: Sequence[str], decider: Decider, until: datetime | None = None
) -> Decided:
    """Announce who will leave: those, and only those, pass without filling the window. Raises NotDecided."""
    async with database.transaction() as connection:
        people = {name: await holding.people_named(connection, name) for name in names}
        unknown = [name for name, found in people.items() if not found]
        if unknown or not names:
            told = ", ".join(unknown[:10]) + (f" and {len(unknown) - 10} more" if len(unknown) > 10 else "")
            raise NotDecided(f"nobody is known by these names: {told}" if unknown else "the list is empty")
        ids = [found["id"] for several in people.values() for found in several]
        number, cause = await decisions.write_decision(
            connection, "expect", decider, now, people=[str(one) for one in ids]
        )
        for one in ids:
            await decisions.clear(connection, "expected", one, number, now, until=until or now + EXPECTED_LASTS)
        await marks.mark_identities(connection, await holding.places_of(connection, ids), ids, marks.SINGLE, cause)
        await notices.tell(connection)
    return Decided(number, tuple(names))


async def release(database: Database, now: datetime, name: str, decider: Decider, target: str | None) -> Decided:
    """End what was decided about one person: vetoes at the target (or everywhere), and a `leave`. Raises NotDecided."""
    async with database.transaction() as connection:
        people = await _one_person(connection, name)
        ended = await decisions.release_vetoes(connection, people, target, now)
        if target is None:
            ended += await decisions.end_clearances(connection, "leave", people, now)
            ended += await decisions.end_clearances(connection, "expected", people, now)
        if not ended:
            raise NotDecided(f"nothing that people decided stands for {name}")
        number, cause = await decisions.write_decision(
            connection, "release", decider, now, people=[str(one) for one in people]
        )
        places = await holding.places_of(connection, people)
        await marks.mark_identities(connection, places, people, marks.SINGLE, cause)
        await notices.tell(connection)
    return Decided(number, (name,))


async def _one_person(connection: Connection, name: str) -> list[UUID]:
    """The identities of one person: of one name, at however many sources."""
    found = await holding.people_named(connection, name)
    names = sorted({r["user_name"] for r in found})
    if not found:
        raise NotDecided(f"nobody is called {name!r}: name a userName, an account, or an id")
    if len({n.casefold() for n in names}) > 1:
        raise NotDecided(f"{name!r} means several people: {', '.join(names)}; name one of them by userName")
    return [r["id"] for r in found]


async def freeze(database: Database, now: datetime, target: str | None, decider: Decider) -> tuple[str, ...]:
    """Stop all writing at a target, or at all, in every process within 5 seconds. Raises NotDecided."""
    async with database.transaction() as connection:
        await _known(connection, target)
        frozen = await holding.freeze(connection, target, decider.by, now)
        for one in frozen:
            await decisions.write_decision(connection, "freeze", decider, now, target=one["id"])
        await notices.tell(connection)
    return tuple(one["name"] for one in frozen)


async def unfreeze(
    database: Database, now: datetime, target: str | None, decider: Decider, *, repin: bool = False
) -> tuple[str, ...]:
    """Let writing go on; everybody is looked at anew. `repin`: the server that answers is meant. Raises NotDecided."""
    async with database.transaction() as connection:
        await _known(connection, target)
        opened = await holding.unfreeze(connection, target, repin=repin)
        for one in opened:
            _, cause = await decisions.write_decision(connection, "unfreeze", decider, now, target=one["id"])
            await marks.mark_subject(connection, [one["id"]], "scope:all", marks.READINGS, cause)
        await notices.tell(connection)
    return tuple(one["name"] for one in opened)


async def _known(connection: Connection, target: str | None) -> None:
    names = [r["name"] for r in await holding.known_targets(connection)]
    if target is not None and target not in names:
        raise NotDecided(f"there is no application {target!r}; there are: {', '.join(names) or 'none'}")

"""What people decide beside any plan: who is closed at once, who is expected to leave, and where nothing is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from tenure.engine.decide import Decided, NotDecided
from tenure.model.change import ChangeKind
from tenure.model.veto import PRESENT, STEP
from tenure.planning.reconciliation import sent_hash
from tenure.store import decisions, holding, marks, notices
from tenure.store.database import Connection, Database
from tenure.store.decisions import Decider

EXPECTED_LASTS = timedelta(days=14)
"""How long somebody who was announced may take to leave."""


async def leave(database: Database, now: datetime, name: str, decider: Decider) -> Decided:
    """Close one person everywhere, at once, whatever the source says and however full a gate is. Raises NotDecided."""
    async with database.transaction() as connection:
        people = await people_of_one(connection, name)
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
        people = await people_of_one(connection, name)
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


async def cancel(
    database: Database, now: datetime, name: str, step: ChangeKind, decider: Decider, target: str | None
) -> Decided:
    """Let a later step of one leaver's farewell not come, at one target or everywhere, until they come back.

    Raises NotDecided.
    """
    if not decider.reason:
        raise NotDecided("a step is not cancelled without a word: give a reason with --reason")
    async with database.transaction() as connection:
        await _known(connection, target)
        people = [r["id"] for r in await holding.leavers_named(connection, name)]
        if not people:
            await people_of_one(connection, name)
            raise NotDecided(f"{name} has not left, or has no account left: there is no step to cancel")
        names = {r["id"]: r["name"] for r in await holding.known_targets(connection)}
        places = [one for one in await holding.places_of(connection, people) if target in (None, names[one])]
        number, cause = await decisions.write_decision(
            connection, "cancel", decider, now, name=step.value, people=[str(one) for one in people]
        )
        for place in places:
            for one in people:
                await decisions.refuse(connection, place, one, STEP + step.value, sent_hash(PRESENT), number, now)
        await marks.mark_identities(connection, places, people, marks.SINGLE, cause)
        await notices.tell(connection)
    return Decided(number, (name,))


async def people_of_one(connection: Connection, name: str) -> list[UUID]:
    """The identities of one person: of one name, at however many sources; a deleted one while an account is left."""
    found = await holding.people_named(connection, name) or await holding.leavers_named(connection, name)
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
            kind = "accept-server" if repin else "unfreeze"
            _, cause = await decisions.write_decision(connection, kind, decider, now, target=one["id"])
            await marks.mark_subject(connection, [one["id"]], "scope:all", marks.READINGS, cause)
        await notices.tell(connection)
    return tuple(one["name"] for one in opened)


async def _known(connection: Connection, target: str | None) -> None:
    names = [r["name"] for r in await holding.known_targets(connection)]
    if target is not None and target not in names:
        raise NotDecided(f"there is no application {target!r}; there are: {', '.join(names) or 'none'}")

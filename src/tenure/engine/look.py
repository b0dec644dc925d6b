"""Looking: what is desired for the identities of a chunk, and what was seen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from tenure.engine import authority, decided, naming
from tenure.engine.active import ActiveTarget, House
from tenure.engine.decided import Decided
from tenure.engine.foresight import desired_of
from tenure.model.change import ChangeKind
from tenure.model.desired import Desired, DesiredGroup, Standing
from tenure.model.identity import Identity
from tenure.model.seen import AccountSeen
from tenure.model.situation import Candidate, Link, Sight
from tenure.model.veto import Kept
from tenure.planning.assignment import desired_groups
from tenure.planning.authority import Elsewhere
from tenure.planning.idle import IdleSeat
from tenure.planning.reconciliation import Care
from tenure.planning.renames import is_temporary
from tenure.planning.vetoes import idle_refused, overlay
from tenure.store import care, directory, idle, journal, promises, renames, seen
from tenure.store.database import Connection, Row
from tenure.store.marks import Mark


@dataclass(slots=True)
class Subject:
    """One identity of a chunk with everything that its plan follows from.

    `desired` is what is left after the vetoes of `asked`, which is what the rules ask for. `unnamed` says why the
    account name is somebody else's and no other was chosen. `once` is the name that the account had before the
    temporary one that it bears.
    """

    mark: Mark
    identity: Identity
    asked: Desired
    desired: Desired
    link: Link | None
    sight: Sight = field(default_factory=Sight)
    care: Care = field(default_factory=Care)
    rival: str | None = None
    crowd: dict[str, str] = field(default_factory=dict)
    unnamed: str | None = None
    decided: Decided = field(default_factory=Decided)
    elsewhere: Elsewhere | None = None
    kept: Kept = field(default_factory=Kept)
    idle: IdleSeat | None = None
    once: str | None = None
    broken: Mapping[ChangeKind, str] = field(default_factory=dict)

    @property
    def username(self) -> str:
        """The account name that the rules ask for, or ""."""
        return self.desired.fields.get("username") or ""


async def look(house: House, target: ActiveTarget, marks: Sequence[Mark]) -> list[Subject]:
    """Everything stored that the plans of these identities follow from. A mark of nobody gives no subject."""
    async with house.database.transaction() as connection:
        identities = await directory.identities(connection, [UUID(m.subject) for m in marks])
        said = await decided.read(connection, house, target, identities)
        identities = await decided.closed(connection, house, identities, said)
        desired = await desired_of(house, connection, target, identities)
        links = await care.links(connection, target.id, list(identities))
        subjects = [
            Subject(mark, identities[who], desired[who], desired[who], links.get(who), decided=said[who])
            for mark in marks
            if (who := UUID(mark.subject)) in identities
        ]
        for subject in subjects:
            _lay_vetoes(house, target, subject)
        await _sights(connection, target, subjects)
        await _elsewhere(connection, house, target, subjects)
        await _idle(connection, house, target, subjects)
    for subject in subjects:
        if subject.elsewhere is None:  # where another target keeps the accounts, it finds the names too
            await another_name(house, target, subject)
    return subjects


async def _elsewhere(connection: Connection, house: House, target: ActiveTarget, subjects: Sequence[Subject]) -> None:
    """See how they stand at the target that keeps the accounts here, if another does."""
    if target.rules.authority is None:
        return
    canon, names, groups = target.connector.capabilities.canon, dict[UUID, set[str]](), set[str]()
    for subject in subjects:
        there = [subject.sight.linked, *(candidate.account for candidate in subject.sight.candidates)]
        accounts = [account for account in there if account is not None]
        called = [subject.username, *(account.name for account in accounts)]
        names[subject.identity.id] = {name for one in called if (name := canon("username", one))}
        inside = [name for account in accounts for name in account.groups or ()]
        asked = [group.name for group in subject.desired.groups]
        groups |= {target.connector.capabilities.group.canon(name) for name in [*inside, *asked]}
    stands = await authority.look(connection, house, target, names, groups)
    for subject in subjects:
        subject.elsewhere = stands.get(subject.identity.id)


async def another_name(house: House, target: ActiveTarget, subject: Subject) -> bool:
    """Where the account name that is asked for is somebody else's, choose another by the rules, and look for who has
    that. Gives whether one was chosen.
    """
    if not naming.contested(target, subject.desired, subject.link, subject.sight, subject.rival):
        return False
    async with house.database.transaction() as connection:
        found = await naming.choose(connection, house, target, subject.identity, subject.asked, subject.sight)
        subject.unnamed = found.why_not
        if found.asked is None:
            subject.rival = None if found.first else subject.rival
            return False
        subject.asked = found.asked
        _lay_vetoes(house, target, subject)
        reading = await seen.last_reading(connection, target.id, "accounts")
        await _candidates(connection, target, [subject], reading, subject.sight.why_unseen)
        await _choose(connection, target, subject)
    return True


async def _idle(connection: Connection, house: House, target: ActiveTarget, subjects: Sequence[Subject]) -> None:
    """Find who takes a seat and was long not there, but for those whose seat a person wants kept."""
    if target.rules.idle is None:
        return
    now, linked = house.clock.now(), [subject.identity.id for subject in subjects if subject.link]
    found = await idle.seats(connection, target.id, linked, now - target.rules.idle)
    for subject in subjects:
        seat = found.get(subject.identity.id)
        if seat is not None:
            refused, subject.kept = idle_refused(seat.value, subject.decided.vetoes, subject.kept, now)
            subject.idle = None if refused else seat


def _lay_vetoes(house: House, target: ActiveTarget, subject: Subject) -> None:
    subject.desired, vetoes = subject.asked, subject.decided.vetoes
    if vetoes:
        capabilities, now = target.connector.capabilities, house.clock.now()
        subject.desired, subject.kept = overlay(subject.desired, vetoes, subject.link, capabilities, now)


async def _sights(connection: Connection, target: ActiveTarget, subjects: Sequence[Subject]) -> None:
    keys = [s.link.key for s in subjects if s.link]
    accounts = await seen.accounts_by_key(connection, target.id, keys)
    cares = await care.care_of(connection, target.id, keys)
    left = {str(s.identity.id): s.identity.left_at for s in subjects if s.link and s.identity.left_at}
    done = await journal.done_since(connection, target.id, left)
    broken = await promises.broken(connection, target.id, left)
    reading = await seen.last_reading(connection, target.id, "accounts")
    problem = await seen.last_problem(connection, target.id)
    why = f"the accounts could not be read whole: {problem}" if problem else "the accounts were not read yet"
    for subject in subjects:
        kinds = done.get(str(subject.identity.id), frozenset())
        subject.care = replace(cares[subject.link.key if subject.link else ""], done=kinds)
        subject.broken = broken.get(str(subject.identity.id), {})
        if subject.link is not None:
            account = accounts.get(subject.link.key)
            gone = account is None and reading is not None
            subject.sight = Sight(account, gone, why_unseen=why)
            if account is not None and is_temporary(account.name):
                await _aside(connection, target, subject, account.name)
    asking = [s for s in subjects if s.desired.standing is Standing.MEMBER and s.username]
    await _candidates(connection, target, asking, reading, why)
    for subject in asking:
        await _crowded(connection, target, subject)
        await _choose(connection, target, subject)


async def _aside(connection: Connection, target: ActiveTarget, subject: Subject, name: str) -> None:
    """Find the name that an account was to get which bears a temporary one, and whether somebody else is to have it."""
    between = await renames.aside(connection, target.id, subject.identity.id, name)
    subject.once, subject.care = between.once, replace(subject.care, towards=between.towards)
    if between.towards is not None and not subject.username:
        canon = target.connector.capabilities.canon("username", between.towards) or ""
        subject.rival = (await care.rivals(connection, target.id, {subject.identity.id: canon})).get(
            subject.identity.id
        )


async def _crowded(connection: Connection, target: ActiveTarget, subject: Subject) -> None:
    capabilities, linked = target.connector.capabilities, subject.sight.linked
    for name, count in (("email", care.crowd), ("display_name", care.namesakes)):
        wanted = subject.desired.fields.get(name)
        canon = capabilities.canon(name, wanted)
        if linked is not None and wanted and canon and canon != capabilities.canon(name, linked.fields.get(name)):
            value = canon if name == "email" else wanted
            told = await count(connection, target.id, subject.identity.id, value)
            subject.crowd |= {name: told} if told else {}


async def _choose(connection: Connection, target: ActiveTarget, subject: Subject) -> None:
    """Where a person said whose account it is, that account is a candidate, whatever agrees."""
    said = subject.decided.cleared.get("account")
    if said is None or said.account is None or subject.link is not None:
        return
    there = await seen.accounts_by_key(connection, target.id, [said.account])
    held = await care.holders(connection, target.id, list(there))
    others = tuple(c for c in subject.sight.candidates if c.account.key != said.account)
    found = tuple(candidate(a, held.get(a.key), subject.identity) for a in there.values())
    by = f"{said.by} (decision {said.decision})"
    subject.sight = replace(subject.sight, candidates=(*others, *found), chosen=(said.account, by))


async def _candidates(
    connection: Connection, target: ActiveTarget, subjects: Sequence[Subject], reading: Row | None, why: str
) -> None:
    """Who could be the account of each of these, and who else wants the name; read at once for all."""
    capabilities = target.connector.capabilities
    matched = {"username", *(field for rule in target.rules.match for field in rule)}
    searched = [s for s in subjects if not _bears_its_name(target, s)]
    cells = {
        s.identity.id: {f: value for f in matched if (value := capabilities.canon(f, s.desired.fields.get(f)))}
        for s in searched
    }
    if not cells:
        return
    like = await seen.accounts_like(connection, target.id, cells)
    held = await care.holders(connection, target.id, sorted({a.key for found in like.values() for a in found}))
    wanted = {s.identity.id: capabilities.canon("username", s.username) or "" for s in searched}
    rivals = await care.rivals(connection, target.id, wanted)
    for subject in searched:
        who = subject.identity
        subject.sight = Sight(
            linked=subject.sight.linked,
            linked_gone=subject.sight.linked_gone,
            candidates=tuple(candidate(a, held.get(a.key), who) for a in like[who.id]),
            absent_at=reading["started_at"] if reading else None,
            why_unseen=why,
        )
        subject.rival = rivals.get(who.id)


def _bears_its_name(target: ActiveTarget, subject: Subject) -> bool:
    canon, linked = target.connector.capabilities.canon, subject.sight.linked
    return linked is not None and canon("username", linked.name) == canon("username", subject.username)


def candidate(account: AccountSeen, holder: Row | None, identity: Identity) -> Candidate:
    """An account that agrees with an identity in something, as `care.holders` knows who holds it."""
    if holder is None:
        return Candidate(account)
    beside = holder["source"] == identity.source and holder["gone_at"] is None
    return Candidate(account, holder["id"], rehire=naming.same_person(holder, identity), beside=beside)


async def desired_group(house: House, target: ActiveTarget, canon: str) -> DesiredGroup | None:
    """The group of this canonical name that the rules lead to from some group of the sources, or None."""
    async with house.database.transaction() as connection:
        groups = await directory.groups_of_sources(connection, target.source_ids, target.id)
    capabilities = target.connector.capabilities
    for group in desired_groups(groups, target.rules):
        if capabilities.group.canon(group.name) == canon:
            return group
    return None

"""Looking: what is desired for the identities of a chunk, what was seen of them, and the plan that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from tenure.engine import decided
from tenure.engine.active import ActiveTarget, House
from tenure.engine.decided import Decided
from tenure.engine.foresight import desired_of
from tenure.model.capability import canon_name
from tenure.model.change import ChangeKind
from tenure.model.desired import Desired, DesiredGroup, Standing
from tenure.model.identity import Identity
from tenure.model.plan import Plan
from tenure.model.seen import AccountSeen
from tenure.model.situation import Candidate, Link, Sight
from tenure.model.veto import Kept
from tenure.planning.admission import Safety, admit
from tenure.planning.assignment import desired_groups
from tenure.planning.correlation import correlate
from tenure.planning.reconciliation import Care, reconcile
from tenure.planning.vetoes import overlay
from tenure.store import care, directory, journal, promises, seen
from tenure.store.database import Connection, Row
from tenure.store.marks import Mark


@dataclass(slots=True)
class Subject:
    """One identity of a chunk with everything that its plan follows from.

    `desired` is what is left after the vetoes of `asked`, which is what the rules ask for.
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
    decided: Decided = field(default_factory=Decided)
    kept: Kept = field(default_factory=Kept)
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
    return subjects


def _lay_vetoes(house: House, target: ActiveTarget, subject: Subject) -> None:
    vetoes = subject.decided.vetoes
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
        if subject.desired.standing is Standing.MEMBER and subject.username:
            await _candidates(connection, target, subject, reading, why)
            await _crowded(connection, target, subject)
            await _choose(connection, target, subject)


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
    found = tuple(_candidate(a, held.get(a.key), subject.identity) for a in there.values())
    by = f"{said.by} (decision {said.decision})"
    subject.sight = replace(subject.sight, candidates=(*others, *found), chosen=(said.account, by))


async def _candidates(
    connection: Connection, target: ActiveTarget, subject: Subject, reading: Row | None, why: str
) -> None:
    capabilities = target.connector.capabilities
    name = capabilities.canon("username", subject.username) or ""
    linked = subject.sight.linked
    if linked is not None and capabilities.canon("username", linked.name) == name:
        return
    matched = {"username", *(field for rule in target.rules.match for field in rule)}
    cells = {f: value for f in matched if (value := capabilities.canon(f, subject.desired.fields.get(f)))}
    accounts = await seen.accounts_like(connection, target.id, cells)
    held = await care.holders(connection, target.id, [a.key for a in accounts])
    subject.sight = Sight(
        linked=linked,
        linked_gone=subject.sight.linked_gone,
        candidates=tuple(_candidate(a, held.get(a.key), subject.identity) for a in accounts),
        absent_at=reading["started_at"] if reading else None,
        why_unseen=why,
    )
    subject.rival = await care.rival(connection, target.id, subject.identity.id, name)


def _candidate(account: AccountSeen, holder: Row | None, identity: Identity) -> Candidate:
    if holder is None:
        return Candidate(account)
    return Candidate(account, holder["id"], rehire=_same_person(holder, identity))


def _same_person(holder: Row, identity: Identity) -> bool:
    """Whether a record that is gone was the same person: externalId, or userName and one more strong attribute."""
    if holder["gone_at"] is None:
        return False
    if identity.external_id and holder["external_id"] == identity.external_id:
        return True
    if canon_name(identity.user_name) != holder["user_name_canon"]:
        return False
    former, now = _mails(holder["doc"]), _mails(identity.attributes)
    return bool(former & now)


def _mails(document: object) -> set[str]:
    found = document.get("emails") if isinstance(document, dict) else None
    return {str(m.get("value", "")).lower() for m in found or () if isinstance(m, dict) and m.get("value")}


async def desired_group(house: House, target: ActiveTarget, canon: str) -> DesiredGroup | None:
    """The group of this canonical name that the rules lead to from some group of the sources, or None."""
    async with house.database.transaction() as connection:
        groups = await directory.groups_of_sources(connection, target.source_ids, target.id)
    capabilities = target.connector.capabilities
    for group in desired_groups(groups, target.rules):
        if capabilities.group.canon(group.name) == canon:
            return group
    return None


def plan(target: ActiveTarget, subject: Subject) -> Plan:
    """The plan of one identity: situation, changes, verdicts."""
    capabilities = target.connector.capabilities
    situation = correlate(subject.desired, subject.link, subject.sight, target.rules.match, capabilities)
    changes = reconcile(subject.desired, situation, subject.care, capabilities, target.rules, subject.kept)
    safety = Safety(
        rules=target.rules,
        standing=subject.desired.standing,
        situation=situation,
        capabilities=capabilities,
        own_account=target.own_account,
        rival=subject.rival,
        ready=frozenset(subject.care.groups),
        names={capabilities.canon("username", c.account.name) or "": c.account.key for c in subject.sight.candidates},
        approved=subject.decided.approved,
        crowd=subject.crowd,
        another_person=_another_person(subject),
        set_back=subject.decided.set_back,
        refused_links=subject.kept.refused_links,
        closed=target.closed,
        silent=target.silent.get(subject.identity.source),
        broken=subject.broken,
    )
    problems = (*subject.desired.faults, *subject.kept.expired)
    drift = bool(changes) and subject.asked.reached and not subject.decided.vetoes
    return Plan(situation.name, tuple(admit(changes, safety)), problems, subject.kept.notes, drift)


def _another_person(subject: Subject) -> str | None:
    """The source's own identifier of somebody who is linked changed: another tenant's person may bear the same name."""
    known = subject.link.external_id if subject.link else None
    now = subject.identity.external_id
    if not known or not now or known == now:
        return None
    return f"the provider's identifier of this person changed from {known} to {now}: is it the same person?"


def overlap(target: ActiveTarget, subject: Subject, account: AccountSeen | None) -> list[str]:
    """The desired groups in our care that the account is in already: from now on they are ours to take away."""
    if account is None or account.groups is None:
        return []
    canon = target.connector.capabilities.group.canon
    inside = {canon(name) for name in account.groups}
    made = subject.link is not None and not subject.link.adopted
    wanted = [group for group in subject.desired.groups if made or not group.for_new]
    ours = [c for group in wanted if (c := canon(group.name)) in inside and c in subject.care.groups]
    return [c for c in ours if c not in subject.care.given]

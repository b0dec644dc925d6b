"""Planning for one identity, as it was looked at: the situation, the changes, and the verdicts about them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tenure.engine.active import ActiveTarget
from tenure.engine.look import Subject
from tenure.model.change import Change, RenameAccount
from tenure.model.plan import REMAINS, Plan, Verdict
from tenure.model.seen import AccountSeen
from tenure.model.situation import Linked, Situation
from tenure.planning import idle
from tenure.planning.admission import Safety, admit
from tenure.planning.authority import beyond, follow, watched
from tenure.planning.correlation import correlate
from tenure.planning.naming import notes_on
from tenure.planning.reconciliation import reconcile

_NO_REASONS: Mapping[str, str] = MappingProxyType({})


def plan(target: ActiveTarget, subject: Subject, *, freed: bool = False) -> Plan:
    """The plan of one identity: situation, changes, verdicts. `freed`: as if nobody else bore its new name."""
    capabilities, there, rules = target.connector.capabilities, subject.elsewhere, target.rules
    situation = _situation(target, subject)
    care = watched(subject.care, situation.account if isinstance(situation, Linked) else None, there, capabilities)
    asked = reconcile(subject.desired, situation, care, capabilities, rules, subject.kept)
    own = target.own_account
    wanted, why_idle = idle.freed(subject.idle, subject.desired, situation, asked, rules, capabilities, own)
    changes = beyond(wanted, there, subject.desired, capabilities)
    problems = (*subject.desired.faults, *subject.kept.expired)
    drift = bool(asked) and subject.asked.reached and not subject.decided.vetoes
    notes = (*subject.kept.notes, *notes_on(subject.desired, situation, capabilities, subject.unnamed))
    if any(isinstance(change, RenameAccount) for change in changes):
        notes += tuple(f"{REMAINS}{what}" for what in capabilities.left_by_rename)
    verdicts = admit(changes, _safety(target, subject, situation, why_idle, freed=freed))
    return Plan(situation.name, tuple(verdicts), problems, notes, drift)


def verdict_of(target: ActiveTarget, subject: Subject, change: Change) -> Verdict:
    """The verdict about a change that takes the place of a planned one, as if the name were free."""
    return next(admit([change], _safety(target, subject, _situation(target, subject), _NO_REASONS, freed=True)))


def _situation(target: ActiveTarget, subject: Subject) -> Situation:
    capabilities = target.connector.capabilities
    found = correlate(subject.desired, subject.link, subject.sight, target.rules.match, capabilities)
    return follow(found, subject.elsewhere)


def _safety(
    target: ActiveTarget, subject: Subject, situation: Situation, why_idle: Mapping[str, str], *, freed: bool
) -> Safety:
    capabilities = target.connector.capabilities
    others = () if freed else subject.sight.candidates
    return Safety(
        rules=target.rules,
        standing=subject.desired.standing,
        situation=situation,
        capabilities=capabilities,
        own_account=target.own_account,
        rival=subject.rival,
        ready=frozenset(subject.care.groups),
        names={capabilities.canon("username", c.account.name) or "": c.account.key for c in others},
        approved=subject.decided.approved,
        crowd=subject.crowd,
        another_person=_another_person(subject),
        set_back=subject.decided.set_back,
        refused_links=subject.kept.refused_links,
        closed=target.closed,
        silent=target.silent.get(subject.identity.source),
        elsewhere=subject.elsewhere,
        idle=why_idle,
        broken=subject.broken,
    )


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

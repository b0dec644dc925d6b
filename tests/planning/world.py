"""A source, an application and our records, all in memory: what planning decides is done here."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from tenure.model.capability import Capabilities, canon_name
from tenure.model.change import (
    ORDER,
    AdoptAccount,
    AdoptGroup,
    Answer,
    Change,
    CreateAccount,
    CreateGroup,
    Handle,
    JoinGroups,
    LeaveGroups,
    Outcome,
    UpdateAccount,
    at,
)
from tenure.model.desired import Desired
from tenure.model.identity import Identity, SourceGroup
from tenure.model.plan import Decision, Plan
from tenure.model.seen import AccountSeen
from tenure.model.situation import Candidate, Link, Linked, Sight
from tenure.planning.admission import GroupSafety, Safety, admit, admit_group
from tenure.planning.assignment import assign, desired_groups
from tenure.planning.correlation import correlate
from tenure.planning.evidence import folded, proven, shown_by
from tenure.planning.reconciliation import Care, reconcile
from tenure.planning.rules import Rules

from .application import Application
from .parts import CAPABILITIES, NOW

OWN, PROTECTED = "tenure", "root"


@dataclass(frozen=True)
class Fog:
    """What a reading did not show: accounts, all groups, and whether it proved that it was whole."""

    hidden: frozenset[str] = frozenset()
    groups_told: bool = True
    whole: bool = True


CLEAR = Fog()


@dataclass
class World:
    """A source with people and groups, an application, and what we know of it."""

    rules: Rules
    app: Application = field(default_factory=Application)
    capabilities: Capabilities = CAPABILITIES
    people: dict[UUID, Identity] = field(default_factory=dict)
    groups: dict[UUID, SourceGroup] = field(default_factory=dict)
    members: set[tuple[UUID, UUID]] = field(default_factory=set)
    links: dict[UUID, Link] = field(default_factory=dict)
    in_care: dict[str, str] = field(default_factory=dict)
    given: dict[str, set[str]] = field(default_factory=dict)
    sent: list[Change] = field(default_factory=list)

    def copy(self) -> World:
        rules, capabilities = self.rules, self.capabilities
        twin = copy.copy(self)
        for name, value in vars(self).items():
            if value is not rules and value is not capabilities:
                setattr(twin, name, copy.deepcopy(value))
        return twin

    # what is desired and what is seen

    def desired(self, who: UUID) -> Desired:
        mine = [self.groups[group] for group, member in sorted(self.members) if member == who]
        return assign(self.people[who], mine, self.rules, NOW)

    def _holder(self, key: str) -> UUID | None:
        return next((who for who, link in self.links.items() if link.key == key), None)

    def _candidate(self, seen: AccountSeen, who: UUID) -> Candidate:
        holder = self._holder(seen.key)
        if holder is None:
            return Candidate(seen)
        former, now = self.people[holder], self.people[who]
        same = bool(now.external_id) and former.external_id == now.external_id
        return Candidate(seen, holder, rehire=former.gone and same)

    def sight(self, who: UUID, fog: Fog = CLEAR) -> Sight:
        shown = {key: seen for key in self.app.accounts if key not in fog.hidden and (seen := self.app.see(key))}
        if not fog.groups_told:
            shown = {key: replace(seen, groups=None) for key, seen in shown.items()}
        link = self.links.get(who)
        linked = shown.get(link.key) if link else None
        return Sight(
            linked=linked,
            linked_gone=link is not None and linked is None and fog.whole,
            candidates=tuple(self._candidate(seen, who) for seen in shown.values()),
            absent_at=NOW if fog.whole else None,
        )

    def _rival(self, who: UUID, desired: Desired) -> str | None:
        name = canon_name(desired.fields.get("username") or "")
        others = (w for w in self.people if w != who and name)
        if any(canon_name(self.desired(w).fields.get("username") or "") == name for w in others):
            return "somebody else wants an account of the same name"
        return None

    # planning

    def plan(self, who: UUID, fog: Fog = CLEAR) -> Plan:
        """The plan for one person, as the engine makes it; what no plan may ever be is asserted here."""
        desired, link, sight = self.desired(who), self.links.get(who), self.sight(who, fog)
        situation = correlate(desired, link, sight, self.rules.match, self.capabilities)
        care = Care(self.in_care, frozenset(self.given.get(link.key, ())) if link else frozenset())
        changes = reconcile(desired, situation, care, self.capabilities, self.rules)
        safety = Safety(
            self.rules, desired.standing, situation, self.capabilities, OWN, self._rival(who, desired),
            frozenset(self.in_care), {c.account.name: c.account.key for c in sight.candidates},
        )  # fmt: skip
        plan = Plan(situation.name, tuple(admit(changes, safety)), desired.faults)
        self._check(plan)
        return plan

    def _check(self, plan: Plan) -> None:
        places = [ORDER[verdict.change.kind] for verdict in plan.verdicts]
        assert places == sorted(places), "taken away before given, in the one order"
        for change in plan.go:
            names = {getattr(change, "name", ""), *getattr(change, "groups", ())}
            if isinstance(change, CreateAccount | UpdateAccount):
                for name, value in change.fields.items():
                    spec = self.capabilities.spec(name)
                    assert spec is not None
                    assert len(value or "") <= spec.longest
            if hasattr(change, "account"):
                names.add(change.account.name)
            assert not {OWN, PROTECTED} & {canon_name(name) for name in names}, "protected, whatever a plan says"

    # doing

    def turn(self, who: UUID, lose: int | None = None) -> int:
        """Plan and do for one person; gives how many changes were done. The answer to change `lose` never arrives."""
        plan = self.plan(who)
        if plan.situation == Linked.name:
            self._overlap(who)
        handle: Handle | None = None
        for place, change in enumerate(plan.go):
            self.sent.append(change)
            if place == lose:
                self._perform(at(change, handle) if handle else change)
                return place + 1
            handle = self._record(who, at(change, handle) if handle else change) or handle
        if plan.go:
            again = self.plan(who)
            assert again.go == (), f"once done, nothing is left to do: {plan.go} then {again.go}"
        waits = [subject.partition(":")[2] for subject in plan.waits_on if subject.startswith("group:")]
        return len(plan.go) + sum(self._group_turn(canon) for canon in waits)

    def _perform(self, change: Change) -> Answer:
        if isinstance(change, AdoptAccount):
            return Answer(Outcome.APPLIED, change.account, {"link": change.account.key})
        return self.app.apply(change)

    def _record(self, who: UUID, change: Change) -> Handle | None:
        before = self.app.see(change.account.key) if hasattr(change, "account") else None
        answer = self._perform(change)
        assert answer.account is not None
        key = answer.account.key
        self._prove(change, before, answer)
        if isinstance(change, CreateAccount):
            self.links[who] = Link(key, who, "created", adopted=False)
        elif isinstance(change, AdoptAccount):
            holder = self._holder(key)
            assert holder is None or change.evidence.startswith("rehire"), "linked to somebody else"
            if holder is not None:
                del self.links[holder]
            self.links[who] = Link(key, who, change.evidence, adopted=True)
            self._overlap(who)
        elif isinstance(change, JoinGroups):
            self.given.setdefault(key, set()).update(canon_name(name) for name in change.groups)
        elif isinstance(change, LeaveGroups):
            self.given.setdefault(key, set()).difference_update(canon_name(name) for name in change.groups)
        return answer.account

    def _prove(self, change: Change, before: AccountSeen | None, answer: Answer) -> None:
        assert answer.account is not None
        after = self.app.see(answer.account.key)
        assert after is not None
        if not isinstance(change, AdoptAccount):
            assert proven(change, shown_by(after, CAPABILITIES), CAPABILITIES, whole=True) is True
        known = folded(before, change, answer)
        assert known is not None
        assert shown_by(known, CAPABILITIES).items() <= shown_by(after, CAPABILITIES).items(), "known without reading"
        assert {canon_name(g) for g in known.groups or ()} == self.app.accounts[after.key].groups

    def _overlap(self, who: UUID) -> None:
        key = self.links[who].key
        if key in self.app.accounts:
            inside = self.app.accounts[key].groups & self.in_care.keys()
            wanted = {canon_name(group.name) for group in self.desired(who).groups}
            self.given.setdefault(key, set()).update(inside & wanted)

    def _group_turn(self, canon: str) -> int:
        wanted = {canon_name(g.name): g for g in desired_groups(self.groups.values(), self.rules)}.get(canon)
        if wanted is None or canon in self.in_care:
            return 0
        there = self.app.groups.get(canon)
        change = CreateGroup(wanted.name) if there is None else AdoptGroup(there)
        gives = frozenset({"administration"} if canon in self.app.administering else ())
        safety = GroupSafety(self.rules, wanted.create, wanted.join, wanted.by_name, gives)
        if admit_group(change, safety).decision is not Decision.GO:
            return 0
        if isinstance(change, CreateGroup):
            self.app.apply(change)
        self.sent.append(change)
        self.in_care[canon] = change.name
        return 1

    def settle(self, order: Iterable[UUID] | None = None) -> None:
        """Look at everybody, in this order, until there is nothing to do."""
        marks: Sequence[UUID] = list(order) if order is not None else sorted(self.people)
        for _ in range(len(self.people) + 5):
            if not sum(self.turn(who) for who in marks):
                return
        raise AssertionError("there is always something left to do")

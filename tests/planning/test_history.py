"""Any history, step by step: people join, move and leave, foreign hands edit, and every settling ends as it should."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tenure.model.capability import Mode, canon_name
from tenure.model.desired import Desired, Standing
from tenure.model.seen import AccountSeen
from tenure.planning.rules import Leaver, OutOfScope, Rename, Rules

from . import histories
from .histories import CALLS, INSIDE, RULES, STARTERS, STEPS, new_world
from .parts import CAPABILITIES
from .world import OWN, PROTECTED, World


class History(RuleBasedStateMachine):
    """A world in which anything may happen, and which is settled now and then."""

    world: World

    @initialize(made=RULES, capabilities=CALLS, starters=STARTERS, inside=INSIDE)
    def begin(self, made: Rules, capabilities: Any, starters: Any, inside: Any) -> None:
        self.world = new_world(made, capabilities, starters, inside)

    @rule(order=st.randoms(use_true_random=False))
    def settle(self, order: Any) -> None:
        world = self.world
        before, linked = deepcopy(world.app.accounts), {link.key for link in world.links.values()}
        first = len(world.sent)
        marks = sorted(world.people)
        order.shuffle(marks)
        world.settle(marks)
        linked |= {link.key for link in world.links.values()}
        for key, record in before.items():
            assert key in world.app.accounts, "nothing was ever deleted"
            if key not in linked or record.name in (OWN, PROTECTED):
                assert world.app.accounts[key] == record, "not ours: not touched"
        for change in world.sent[first:]:
            assert world.rules.mode.allows(change.kind)
        for who in world.people:
            self._ended_well(who)

    def _ended_well(self, who: Any) -> None:
        world, rules = self.world, self.world.rules
        link, desired = world.links.get(who), world.desired(who)
        seen = world.app.see(link.key) if link else None
        if link is None or seen is None or seen.name in (OWN, PROTECTED) or rules.mode is not Mode.FULL:
            return
        if desired.standing is Standing.LEAVER and rules.leaver is Leaver.DEACTIVATE:
            assert not seen.active
        if desired.standing is Standing.OUT_OF_SCOPE and rules.out_of_scope is OutOfScope.DEACTIVATE:
            assert not seen.active
        if desired.standing is Standing.OUT_OF_SCOPE and rules.out_of_scope is OutOfScope.REMOVE_ACCESS:
            assert not world.app.accounts[link.key].groups & world.given.get(link.key, set()) - {PROTECTED}
        if desired.standing is Standing.MEMBER and not desired.faults:
            policy = rules.rename_adopted if link.adopted else rules.rename_made
            self._in_step(desired, seen, policy)

    def _in_step(self, desired: Desired, seen: AccountSeen, policy: Rename) -> None:
        world = self.world
        name = canon_name(desired.fields["username"] or "")
        held = {v.change.kind.value for v in world.plan(desired.identity).verdicts}
        if policy is Rename.FOLLOW and "rename-account" not in held:
            assert seen.name == name
        assert seen.active
        if "update-account" not in held:
            for field, value in desired.fields.items():
                spec = CAPABILITIES.spec(field)
                assert spec is not None
                wanted = CAPABILITIES.canon(field, value)
                if field != "username" and (wanted is not None or spec.clearable):
                    assert CAPABILITIES.canon(field, seen.fields.get(field)) == wanted
        inside = {canon_name(group) for group in seen.groups or ()}
        wanted_groups = {canon_name(group.name) for group in desired.groups}
        assert (wanted_groups & world.in_care.keys()) - {PROTECTED} <= inside
        assert not (inside & world.given.get(seen.key, set()) & world.in_care.keys()) - wanted_groups

    @rule(who=histories.WHO)
    def scope_flips(self, who: int) -> None:
        staff = (histories.GROUPS[0].id, histories.PEOPLE[who])
        self.world.members ^= {staff}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.settle(order=_Shuffle())


class _Shuffle:
    def shuffle(self, marks: list[Any]) -> None:
        marks.reverse()


def _step(happens: Any) -> Any:
    def method(self: History, **known: Any) -> None:
        happens(self.world, **known)

    drawn: Any = STEPS[happens]
    decorate: Any = rule(**drawn)
    return decorate(method)


for _happens in STEPS:
    setattr(History, _happens.__name__, _step(_happens))

TestHistory = History.TestCase

"""Any history, step by step: people join, move and leave, foreign hands edit, and every settling ends as it should."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tenure.model.capability import Mode, canon_name
from tenure.model.change import RenameAccount
from tenure.model.desired import Desired, Standing
from tenure.model.seen import AccountSeen
from tenure.planning.rules import Leaver, OutOfScope, Rename, Rules

from .histories import CALLS, GROUPS, INSIDE, PEOPLE, RULES, STARTERS, STEP, WHO, new_world
from .parts import CAPABILITIES
from .world import OWN, PROTECTED, World


class History(RuleBasedStateMachine):
    """A world in which anything may happen, and which is settled now and then."""

    world: World

    @initialize(made=RULES, capabilities=CALLS, starters=STARTERS, inside=INSIDE)
    def begin(self, made: Rules, capabilities: Any, starters: Any, inside: Any) -> None:
        self.world = new_world(made, capabilities, starters, inside)

    @rule(happening=STEP, order=st.none() | st.randoms(use_true_random=False))
    def something_happens(self, happening: Any, order: Any) -> None:
        step, known = happening
        step(self.world, **known)
        if order is not None:
            self.settle(order)

    def settle(self, order: Any) -> None:
        world = self.world
        before, linked = deepcopy(world.app.accounts), {link.key for link in world.links.values()}
        first, given = len(world.sent), deepcopy(world.given)
        marks = sorted(world.people)
        order.shuffle(marks)
        world.settle(marks)
        linked |= {link.key for link in world.links.values()}
        theirs = {key: record.groups - given.get(key, set()) for key, record in before.items()}
        for key, record in before.items():
            assert theirs[key] <= world.app.accounts[key].groups, "what others gave is not taken away"
            assert key in world.app.accounts, "nothing was ever deleted"
            if key not in linked or record.name in (OWN, PROTECTED):
                assert world.app.accounts[key] == record, "not ours: not touched"
        for change in world.sent[first:]:
            assert world.rules.mode.allows(change.kind)
            if isinstance(change, RenameAccount):
                mine = next(link for link in world.links.values() if link.key == change.account.key)
                policy = world.rules.rename_adopted if mine.adopted else world.rules.rename_made
                assert policy is Rename.FOLLOW, "a name that is not to follow"
        for who in world.people:
            self._ended_well(who)

    def _ended_well(self, who: Any) -> None:
        world, rules = self.world, self.world.rules
        link, desired = world.links.get(who), world.desired(who)
        seen = world.app.see(link.key) if link else None
        if link is None or seen is None or seen.name in (OWN, PROTECTED) or rules.mode is not Mode.FULL:
            return
        if world.people[who].left and rules.leaver is Leaver.DEACTIVATE:
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

    @rule(who=WHO)
    def scope_flips(self, who: int) -> None:
        self.world.members ^= {(GROUPS[0].id, PEOPLE[who])}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.settle(Random(0))


TestHistory = History.TestCase

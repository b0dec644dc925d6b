"""Held plans as the page of approvals shows them: a card for each, of bounded length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenure.model.change import CLOSING, Change, CreateAccount
from tenure.model.gate import GateClass
from tenure.model.held import HeldLeaf, HeldPlan
from tenure.report.holds import rank
from tenure.store import holding
from tenure.store.database import Database

PEOPLE = 100
"""How many people of one plan are shown; an approval of everybody covers the others as well."""
_CHANGES = 5


@dataclass(frozen=True, slots=True)
class Row:
    """One person or group of a held plan. `doubtful`: whose account it is has to be said."""

    leaf: HeldLeaf
    doubtful: bool

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes that are shown."""
        return self.leaf.changes[:_CHANGES]

    @property
    def more(self) -> int:
        """How many changes are not shown."""
        return max(0, len(self.leaf.changes) - _CHANGES)

    @property
    def known(self) -> bool:
        """Whether there is a page about them."""
        return ":" not in self.leaf.subject and self.leaf.subject != "reading"


@dataclass(frozen=True, slots=True)
class Typed:
    """What was in a form that could not be decided on: to be there again."""

    who: frozenset[str] = frozenset()
    reason: str = ""
    ticket: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Card:
    """A held plan with the people that are shown. `ticket`: an approval needs its number."""

    plan: HeldPlan
    rows: tuple[Row, ...]
    ticket: bool
    by_another: bool
    typed: Typed = Typed()

    @property
    def total(self) -> int:
        """How many wait."""
        return len(self.plan.leaves)

    @property
    def certain(self) -> int:
        """How many can be decided on together."""
        return sum(not doubtful(self.plan, leaf) for leaf in self.plan.leaves)

    @property
    def reasons(self) -> bool:
        """Whether each person's reason is shown: it is not the same for all."""
        return not self.plan.shut and len({leaf.reason for leaf in self.plan.leaves}) > 1

    @property
    def leaving(self) -> bool:
        """Whether somebody in it has left, whose account no rejection keeps."""
        return any(
            leaf.left and any(isinstance(change, CLOSING) for change in leaf.changes) for leaf in self.plan.leaves
        )


def doubtful(plan: HeldPlan, leaf: HeldLeaf) -> bool:
    """Whether there is an account that could be theirs, and a person has to say which."""
    return plan.name == GateClass.ADOPTIONS and any(isinstance(change, CreateAccount) for change in leaf.changes)


async def plans_of(database: Database, target: str | None = None) -> tuple[HeldPlan, ...]:
    """The held plans, those whose gate is shut first, and the gravest of them."""
    async with database.transaction() as connection:
        found = await holding.held_plans(connection, target)
    return tuple(sorted(found, key=lambda plan: (not plan.shut, plan.target, rank(plan.name))))


async def cards_of(database: Database, plans: Sequence[HeldPlan], typed: Mapping[str, Typed]) -> tuple[Card, ...]:
    """The cards of some plans."""
    async with database.transaction() as connection:
        numbers = {one["name"]: one["id"] for one in await holding.known_targets(connection)}
        rules = {
            name: await holding.approval_rules(connection, numbers[name])
            for name in sorted({plan.target for plan in plans})
            if name in numbers
        }
    return tuple(_card(plan, rules.get(plan.target, (False, False)), typed.get(plan.id, Typed())) for plan in plans)


def _card(plan: HeldPlan, rules: tuple[bool, bool], typed: Typed) -> Card:
    by_another, ticket = rules
    rows = tuple(Row(leaf, doubtful(plan, leaf)) for leaf in plan.leaves[:PEOPLE])
    return Card(plan, rows, ticket, by_another, typed)

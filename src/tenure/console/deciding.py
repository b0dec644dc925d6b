"""A decision taken on the page: what was asked, whether it can be, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenure.console.forms import Fields, first, number
from tenure.console.held import Typed, doubtful, plans_of
from tenure.console.page import Console
from tenure.engine import decide
from tenure.engine.decide import Decided, NotDecided
from tenure.model.held import HeldLeaf, HeldPlan
from tenure.store.database import Database
from tenure.store.decisions import Decider
from tenure.store.overview import names_of

BY = "console"
_POSSIBLE, _ACCOUNT = "possible:", "account:"
_REASON, _TICKET, _KEY = 500, 100, 255
_NAMES = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for. `everybody` means all that were there at the revision, and none who came later."""

    plan: str
    revision: int
    approve: bool
    everybody: bool
    typed: Typed

    @property
    def target(self) -> str:
        """The application that it is about."""
        return self.plan.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page says about a decision: whom it is about, or in `problem` why there is none."""

    approved: bool = False
    plan: HeldPlan | None = None
    revision: int = 0
    decided: Decided | None = None
    problem: str = ""
    typed: Mapping[str, Typed] = field(default_factory=dict)

    @property
    def names(self) -> Sequence[str]:
        """Those who are named; there may be more."""
        return self.decided.people[:_NAMES] if self.decided else ()


def asked(form: Fields) -> Asked | None:
    """What a form asks for; None for one that is not ours."""
    revision, what = number(first(form, "revision")), first(form, "decision")
    if revision is None or what not in ("approve", "reject"):
        return None
    accounts = {
        name.removeprefix(prefix): first(form, name)[:_KEY]
        for prefix in (_POSSIBLE, _ACCOUNT)  # a key that was typed goes before an account that was picked
        for name in form
        if name.startswith(prefix) and first(form, name)
    }
    typed = Typed(
        who=frozenset(form.get("who", ())),
        reason=first(form, "reason")[:_REASON],
        ticket=first(form, "ticket")[:_TICKET],
        accounts=accounts,
    )
    return Asked(first(form, "plan"), revision, what == "approve", bool(first(form, "everybody")), typed)


async def answer(console: Console, wanted: Asked) -> Answer:
    """Take the decision; what cannot be decided is told, and nothing is changed then."""
    try:
        plan, decided = await _decide(console, wanted)
    except NotDecided as problem:
        return Answer(problem=str(problem), typed={wanted.plan: wanted.typed})
    return Answer(wanted.approve, plan, wanted.revision, decided)


async def _decide(console: Console, wanted: Asked) -> tuple[HeldPlan, Decided]:
    database, now, typed = console.database, console.clock.now(), wanted.typed
    plan = next((one for one in await plans_of(database, wanted.target) if one.id == wanted.plan), None)
    if plan is None:
        raise NotDecided("nothing waits there any more: it was decided on, or is no longer needed")
    chosen = await _chosen(database, plan, wanted)
    decider = Decider(BY, typed.reason or None, typed.ticket or None)
    only = [leaf.subject for leaf in chosen]
    if not wanted.approve:
        if not typed.reason:
            raise NotDecided("a rejection needs a reason: whoever asks later finds it beside the refused change")
        return plan, await decide.reject(database, now, plan.id, wanted.revision, decider, only)
    account = _account(plan, chosen, typed)
    return plan, await decide.approve(database, now, plan.id, wanted.revision, decider, only, account)


async def _chosen(database: Database, plan: HeldPlan, wanted: Asked) -> list[HeldLeaf]:
    """Those whom the decision is about; an empty list stands for all who were there at the revision."""
    who, covered = wanted.typed.who, [leaf for leaf in plan.leaves if leaf.revision <= wanted.revision]
    if not plan.leaves:
        return []
    if wanted.everybody:
        certain = [leaf for leaf in covered if not doubtful(plan, leaf)]
        if covered and not certain:
            raise NotDecided("whose account it is must be said for each of them: tick one, and give its account")
        return [] if len(certain) == len(covered) else certain
    if not who:
        raise NotDecided("nobody is ticked: tick everybody, or those whom the decision is about")
    gone = sorted(who - {leaf.subject for leaf in covered})
    if gone:
        async with database.transaction() as connection:
            name = (await names_of(connection, gone[:1])).get(gone[0], gone[0])
        raise NotDecided(
            f"{name} no longer waits as you saw it at revision {wanted.revision}: look at what is there now"
        )
    return [leaf for leaf in covered if leaf.subject in who]


def _account(plan: HeldPlan, chosen: Sequence[HeldLeaf], typed: Typed) -> str | None:
    """The key of the account that was said to be the person's, where there is doubt."""
    unclear = [leaf for leaf in chosen if doubtful(plan, leaf)]
    if not unclear:
        return None
    key = typed.accounts.get(unclear[0].subject, "")
    if len(chosen) > 1:
        raise NotDecided(f"whose account it is is in doubt for {unclear[0].person}: tick nobody else with them")
    if not key:
        raise NotDecided(
            f"whose account it is must be said for {unclear[0].person}: give the account’s key beside them"
        )
    return key

"""One subject on its way through a pass: its plan, what was sent, what was answered, and when to look again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from tenure.model.change import Answer, CreateAccount, Handle, UpdateAccount
from tenure.model.desired import Desired, DesiredGroup, Standing
from tenure.model.plan import Plan, Verdict
from tenure.model.seen import AccountSeen
from tenure.store.gates import Leaf
from tenure.store.intents import Intent
from tenure.store.marks import Mark


@dataclass(slots=True)
class Settled:
    """An intent with the target's answer, and the evidence that the change took effect.

    `link_evidence` is what a link rests on that this creation leads to.
    """

    intent: Intent
    answer: Answer
    evidence: str | None = None
    link_evidence: str = "created"


@dataclass(slots=True)
class Work:
    """One subject of a pass.

    `asked` is what the rules ask for, `refused` whether a veto stands against any of it. `again` is set when the
    subject has to be looked at again, in so many seconds; `held` when the application refused a change and a person has
    to look. `unknown` are intents whose outcome is not known: they stay open. `refreshed` is the account as just read;
    `overlap` the groups that it is in already and that are desired; `woken` the identities that waited for what was
    done. `leaves` are what gates hold of the subject, `cleared` the kinds of clearance that a person gave, `through`
    the gates that each change passes, by its digest (True: a person opened it). `ended` are the vetoes of which the
    computed value is another one by now. Of a rename: `later` is its verdict when its own
    gates let it pass, `root` what it waits for in the end, and `once` the name that the account had before a temporary
    one.
    """

    mark: Mark
    plan: Plan
    identity: UUID | None = None
    asked: Desired | None = None
    refused: bool = False
    account: AccountSeen | None = None
    refreshed: bool = False
    absence_proof: datetime | None = None
    group: DesiredGroup | None = None
    overlap: list[str] = field(default_factory=list)
    number: int | None = None
    intents: list[Intent] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    unknown: list[Intent] = field(default_factory=list)
    again: float | None = None
    held: list[str] = field(default_factory=list)
    reread: AccountSeen | None = None
    woken: list[UUID] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    cleared: frozenset[str] = frozenset()
    through: dict[str, dict[str, bool]] = field(default_factory=dict)
    ended: tuple[int, ...] = ()
    later: Verdict | None = None
    root: str | None = None
    once: str | None = None

    @property
    def standing(self) -> Standing | None:
        """Where the person stands towards the target."""
        return self.asked.standing if self.asked else None

    @property
    def handle(self) -> Handle | None:
        """How the account is addressed now, once it is there."""
        return Handle(self.account.key, self.account.name) if self.account else None

    @property
    def known(self) -> AccountSeen | None:
        """The account as it is known now: as read again, with what answers told of fields that no reading shows."""
        if self.reread is None:
            return self.account
        told: dict[str, str | None] = {}
        for entry in self.settled:
            change = entry.intent.change
            if isinstance(change, CreateAccount | UpdateAccount):
                told |= {name: value for name, value in entry.answer.shown.items() if name in change.fields}
        return replace(self.reread, fields={**told, **self.reread.fields})


def backoff(attempts: int) -> float:
    """Seconds to wait before another attempt: 1, 2, 4 ... at most five minutes."""
    return float(min(300, 2 ** min(attempts, 9)))

"""Admission: each change gets a verdict with its reason: go, hold, wait or refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from tenure.model.capability import CALLS_NOBODY, LOSING, Capabilities, Mode
from tenure.model.change import (
    AdoptAccount,
    AdoptGroup,
    AnonymizeAccount,
    Change,
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeleteAccount,
    JoinGroups,
    LeaveGroups,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.desired import Standing
from tenure.model.gate import GateClass, digest_of
from tenure.model.plan import Decision, Verdict
from tenure.model.situation import Ambiguous, Missing, Situation, Unseen
from tenure.planning.authority import KEPT, MADE, Elsewhere, divide, entrust
from tenure.planning.evidence import canonical_cell, canonical_value, cells, named
from tenure.planning.rules import Adopt, OutOfScope, Rules

_Judged = TypeVar("_Judged", bound=Change)


@dataclass(frozen=True, slots=True)
class Safety:
    """What admission has to know beside the changes.

    `own_account` is the name that we sign in with. `rival` is another identity that wants the same account name, in
    words; `crowd` says the same, by field, of an e-mail address or a display name that many want. `ready` are the
    canonical names of groups that are there and in our care. `names` maps the canonical names of other accounts at the
    target to their keys, as far as they matter to these changes. `approved` are the decisions of people: (class of the
    gate, digest of the change). `another_person` tells that the source's own identifier of this person changed.
    `set_back` are the cells that somebody keeps changing back, with the value (canonical) that we keep setting.
    `refused_links` maps accounts that are not to be taken over to the decision that said so. `closed` says why nothing
    is written at this target now, `silent` why nothing is taken away from this person now. `elsewhere` is how they are
    at the target that keeps the accounts here, if another does.
    `idle` says, by canonical name, why groups are to be left that give a seat which is not used. `broken` says of kinds
    of change how they ended when the application promised them last, and did not do it.
    """

    rules: Rules
    standing: Standing
    situation: Situation
    capabilities: Capabilities
    own_account: str | None = None
    rival: str | None = None
    ready: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    approved: Set[tuple[str, str]] = frozenset()
    crowd: Mapping[str, str] = field(default_factory=dict)
    another_person: str | None = None
    set_back: Mapping[str, str | None] = field(default_factory=dict)
    refused_links: Mapping[str, str] = field(default_factory=dict)
    closed: str | None = None
    silent: str | None = None
    elsewhere: Elsewhere | None = None
    idle: Mapping[str, str] = field(default_factory=dict)
    broken: Mapping[ChangeKind, str] = field(default_factory=dict)


def admit(changes: Sequence[Change], safety: Safety) -> Iterator[Verdict]:
    """A verdict for each change, in order. What needs a change that does not go, waits for it.

    A change of several groups or fields is divided when they do not fare alike: one that waits does not keep the
    others.
    """
    stopped: str | None = None
    for verdict in (verdict for change in changes for verdict in _verdicts(change, safety)):
        change = verdict.change
        if verdict.decision is not Decision.GO and change.kind in _FOUNDATIONS:
            stopped = change.kind.value
        elif verdict.decision is Decision.GO and stopped is not None:
            verdict = Verdict(change, Decision.WAIT, f"needs {stopped} first", stopped)
        yield verdict


_FOUNDATIONS = frozenset({ChangeKind.ADOPT_ACCOUNT, ChangeKind.CREATE_ACCOUNT})


def _verdicts(change: Change, safety: Safety) -> Iterator[Verdict]:
    if isinstance(change, UpdateAccount):
        yield from (_verdict(part, safety) for part in _apart(change, safety))
        return
    if not isinstance(change, JoinGroups | LeaveGroups):
        yield _verdict(change, safety)
        return
    alike: dict[tuple[Decision, str, str | None], list[str]] = {}
    for name in change.groups:
        found = _verdict(replace(change, groups=(name,)), safety)
        if found.gate is not None:  # a decision is bound to what was judged: each group by itself
            yield found
        else:
            alike.setdefault((found.decision, found.reason, found.waits_on), []).append(name)
    for (decision, reason, waits_on), names in alike.items():
        yield Verdict(replace(change, groups=tuple(names)), decision, reason, waits_on)


def _apart(change: UpdateAccount, safety: Safety) -> Iterator[UpdateAccount]:
    """The fields of an update that many are to have alike or that others write, and those that they do not keep."""
    own = divide(change, safety.situation, safety.elsewhere, safety.capabilities)
    crowded = change.fields.keys() & safety.crowd.keys() - own
    for names in (change.fields.keys() - crowded - own, crowded, own):
        fields = {name: value for name, value in change.fields.items() if name in names}
        if fields:
            yield replace(change, fields=fields, before={n: v for n, v in change.before.items() if n in names})


def _verdict(change: Change, safety: Safety) -> Verdict:
    return judged(change, (partial(judge, safety=safety) for judge in _JUDGES), safety.approved)


def judged(
    change: _Judged, judges: Iterable[Callable[[_Judged], Verdict | None]], approved: Set[tuple[str, str]]
) -> Verdict:
    """The first objection of the judges that no person has answered yet, else GO with the gate that was answered."""
    gate = None
    for judge in judges:
        found = judge(change)
        if found is None:
            continue
        if found.decision is not Decision.HOLD or (found.gate, digest_of(change)) not in approved:
            return found
        gate = found.gate
    return Verdict(change, Decision.GO, gate=gate)


def _protection(change: Change, safety: Safety) -> Verdict | None:
    names = named(change)
    own = safety.own_account
    for name in names:
        if own is not None and safety.capabilities.canon("username", name) == safety.capabilities.canon(
            "username", own
        ):
            return Verdict(change, Decision.REFUSE, f"{name} is the account that Tenure signs in with")
        if safety.rules.protected.covers(name):
            return Verdict(change, Decision.REFUSE, f"{name} is protected")
    return None


def _mode(change: Change, safety: Safety | GroupSafety) -> Verdict | None:
    mode = safety.rules.mode
    if safety.closed is not None:
        return Verdict(change, Decision.HOLD, safety.closed)
    if mode.allows(change.kind):
        return None
    if mode is Mode.OBSERVE:
        return Verdict(change, Decision.HOLD, "mode observe: nothing is written")
    return Verdict(change, Decision.HOLD, f"mode {mode.value} does not allow {change.kind.value}")


def _ability(change: Change, safety: Safety) -> Verdict | None:
    capabilities = safety.capabilities
    if change.kind not in capabilities.operations | CALLS_NOBODY:
        return Verdict(change, Decision.HOLD, f"the application cannot {change.kind.value}")
    if isinstance(change, CreateAccount | UpdateAccount | RenameAccount):
        fields = {"username": change.name} if isinstance(change, RenameAccount) else change.fields
        for name, value in fields.items():
            spec = capabilities.spec(name)
            if spec is None:
                return Verdict(change, Decision.HOLD, f"the application has no field {name}")
            if value is not None and len(value) > spec.longest:
                return Verdict(change, Decision.HOLD, f"{name} is longer than {spec.longest} characters")
    return None


def _situation(change: Change, safety: Safety) -> Verdict | None:
    situation = safety.situation
    if isinstance(change, CreateAccount):
        return _creation(change, situation, safety)
    if isinstance(change, AdoptAccount):
        return _adoption(change, safety)
    held = safety.standing is Standing.OUT_OF_SCOPE and safety.rules.out_of_scope is OutOfScope.HOLD
    if held and change.kind in LOSING:
        return Verdict(change, Decision.HOLD, "out of scope, but has not left", gate=GateClass.OUT_OF_SCOPE)
    left = map(safety.capabilities.group.canon, change.groups if isinstance(change, LeaveGroups) else ())
    for why in (safety.idle[name] for name in left if name in safety.idle):
        return Verdict(change, Decision.HOLD, why, gate=GateClass.IDLE)
    if isinstance(change, AnonymizeAccount | DeleteAccount):
        before = f"; the last time {safety.broken[change.kind]}" if change.kind in safety.broken else ""
        return Verdict(change, Decision.HOLD, f"this cannot be undone{before}", gate=GateClass.ERASURES)
    if isinstance(change, UpdateAccount) and change.fields.keys() & safety.crowd.keys():
        return Verdict(change, Decision.HOLD, next(why for name, why in safety.crowd.items() if name in change.fields))
    if isinstance(change, RenameAccount):
        canon = safety.capabilities.canon("username", change.name) or ""
        if safety.names.get(canon, change.account.key) != change.account.key:
            return Verdict(change, Decision.HOLD, f"the name {change.name} is taken by another account")
        if safety.rival is not None:
            return Verdict(change, Decision.HOLD, safety.rival)
    return None


def _creation(change: CreateAccount, situation: Situation, safety: Safety) -> Verdict | None:
    if "" in safety.refused_links:
        return Verdict(change, Decision.REFUSE, f"refused by {safety.refused_links['']}")
    if isinstance(situation, Ambiguous):
        return Verdict(change, Decision.HOLD, situation.why, gate=GateClass.ADOPTIONS)
    if isinstance(situation, Missing):
        return Verdict(change, Decision.HOLD, f"the linked account {situation.link.key} vanished from the application")
    if isinstance(situation, Unseen):
        return Verdict(change, Decision.WAIT, situation.why, "reading")
    if safety.rival is not None:
        return Verdict(change, Decision.HOLD, safety.rival)
    return None


def _adoption(change: AdoptAccount, safety: Safety) -> Verdict | None:
    if change.account.key in safety.refused_links:
        return Verdict(change, Decision.REFUSE, f"refused by {safety.refused_links[change.account.key]}")
    if safety.rules.adopt is Adopt.ASK and not change.evidence.startswith(("rehire", "chosen", MADE, KEPT)):
        return Verdict(change, Decision.HOLD, f"adopt: ask ({change.evidence})", gate=GateClass.ADOPTIONS)
    if change.evidence == "match: email":
        return Verdict(change, Decision.HOLD, "a match by e-mail alone never takes over an account")
    if safety.rival is not None:
        return Verdict(change, Decision.HOLD, safety.rival)
    return None


def _doubt(change: Change, safety: Safety) -> Verdict | None:
    """What only a person can know: whether this is still the same person, and who else writes here."""
    if safety.another_person is not None and safety.standing is not Standing.LEAVER:
        return Verdict(change, Decision.HOLD, safety.another_person, gate=GateClass.PERSONS)
    back = next((cell for cell in _set_again(change, safety) if cell in safety.set_back), None)
    if back is not None:
        reason = f"another writer: {back} was set back three times within a day"
        return Verdict(change, Decision.HOLD, reason, gate=GateClass.OTHER_WRITERS)
    if safety.silent is not None and change.kind in LOSING:
        return Verdict(change, Decision.HOLD, safety.silent)
    return None


def _set_again(change: Change, safety: Safety) -> Iterator[str]:
    """The cells that a change sets to what somebody else keeps setting back."""
    for cell, value in cells(change).items():
        place = canonical_cell(cell, safety.capabilities)
        if place in safety.set_back and safety.set_back[place] == canonical_value(cell, value, safety.capabilities):
            yield place


def _group(change: Change, safety: Safety) -> Verdict | None:
    if not isinstance(change, JoinGroups):
        return None
    for name in change.groups:
        canon = safety.capabilities.group.canon(name)
        if canon not in safety.ready:
            return Verdict(change, Decision.WAIT, f"waits for the group {name}", f"group:{canon}")
    return None


@dataclass(frozen=True, slots=True)
class GroupSafety:
    """What the admission of a group has to know: whether the rules let it be made or joined, and what it opens."""

    rules: Rules
    create: bool
    join: bool
    by_name: bool
    gives: frozenset[str] = frozenset()
    approved: Set[tuple[str, str]] = frozenset()
    closed: str | None = None


def admit_group(change: CreateGroup | AdoptGroup, safety: GroupSafety) -> Verdict:
    """The verdict for making a group, or for taking one that was there into our care."""
    return judged(change, (partial(judge, safety=safety) for judge in (_group_rules, _mode)), safety.approved)


def _group_rules(change: CreateGroup | AdoptGroup, safety: GroupSafety) -> Verdict | None:
    if safety.rules.protected.covers(change.name):
        return Verdict(change, Decision.REFUSE, f"{change.name} is protected")
    if isinstance(change, CreateGroup):
        missing = f"the group {change.name} is missing at the application"
        return None if safety.create else Verdict(change, Decision.HOLD, missing)
    if not safety.by_name and safety.gives:
        opens = " and ".join(sorted(safety.gives))
        return Verdict(change, Decision.HOLD, f"{change.name} gives {opens}: name it in the mapping to join it")
    if not safety.join:
        there = f"{change.name} was there before: existing: hold"
        return Verdict(change, Decision.HOLD, there, gate=GateClass.GROUPS)
    return None


def _authority(change: Change, safety: Safety) -> Verdict | None:
    return entrust(change, safety.situation, safety.elsewhere, safety.rules.target, safety.capabilities)


_JUDGES = (_protection, _authority, _ability, _situation, _doubt, _group, _mode)

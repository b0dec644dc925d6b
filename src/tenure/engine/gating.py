"""Gates at work: in the intent's transaction, who may pass is counted, and what may not is written down as held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tenure.engine.active import ActiveTarget, House
from tenure.engine.work import Work
from tenure.model.change import Change, LeaveGroups, RenameAccount, UpdateAccount
from tenure.model.desired import Standing
from tenure.model.gate import GROUP, GateClass, digest_of
from tenure.model.plan import Decision, Verdict
from tenure.planning.assignment import desired_groups
from tenure.planning.gates import Use, blocked, losses
from tenure.planning.inversion import CannotUndo, refuse
from tenure.planning.rules import OutOfScope, Rename
from tenure.store import ahead, audit, directory, gates
from tenure.store.database import Connection
from tenure.store.gates import Leaf


@dataclass(slots=True)
class Counts:
    """What one pass knows of its gates; people who pass are added as they do."""

    shut: dict[str, bool]
    through: dict[str, set[str]]
    allowed: dict[str, int | None] = field(default_factory=dict)
    pending: dict[str, set[str]] = field(default_factory=dict)

    def use(self, name: str, subject: str) -> Use:
        """What was counted at this gate, for this one to pass."""
        people = self.through.get(name, set())
        going = self.pending.get(name, set()) - people
        return Use(
            allowed=self.allowed.get(name),
            people=len(people),
            counted=subject in people,
            pending=len(going | {subject}),
            shut=self.shut.get(name, False),
        )

    def blocked(self, name: str, subject: str) -> str | None:
        """Why this one may not pass the gate, or None."""
        return blocked(name, self.use(name, subject))


async def standing(connection: Connection, house: House, target: ActiveTarget, name: str) -> Counts:
    """How a gate stands now, for somebody who does not pass it here. Nothing is locked, and no gate is shut by it."""
    counts = await _through(connection, house, target, [name], await gates.shut(connection, target.id, name))
    await _look_ahead(connection, target, name, counts)
    return counts


async def judge(connection: Connection, house: House, target: ActiveTarget, works: Sequence[Work]) -> None:
    """Let each change that goes pass the gates of what it takes away, or hold it.

    Locks the gates of these works until the transaction ends. Fills in what each work passes.
    """
    opens = await gates.opens(connection, target.id)
    kept = await gates.leaves(connection, target.id, [work.mark.subject for work in works])
    for work in works:
        work.leaves = kept.get(work.mark.subject, [])
    asked = {work.mark.subject: list(_asked(target, work, opens)) for work in works}
    counts = await _counts(connection, house, target, works, asked)
    for work in works:
        if not any(names for _, names in asked[work.mark.subject]) and work.later is None:
            work.through = {
                digest_of(v.change): {v.gate: True}
                for v in work.plan.verdicts
                if v.decision is Decision.GO and v.gate is not None
            }
            continue
        verdicts: list[Verdict] = []
        for verdict, names in asked[work.mark.subject]:
            verdicts.append(await _pass(connection, house, target, work, verdict, names, counts))
        work.plan = replace(work.plan, verdicts=_merged(verdicts, work.through))


def _asked(
    target: ActiveTarget, work: Work, opens: Mapping[str, frozenset[str]]
) -> Iterator[tuple[Verdict, tuple[str, ...]]]:
    """Each verdict, divided where its parts have gates of their own, with the counted gates that it has to pass.

    What a person approved as a whole is not divided: they would be asked about its parts again.
    """
    canon = target.connector.capabilities.group.canon
    for verdict in work.plan.verdicts:
        whole = verdict.decision is not Decision.GO or _approved(work, digest_of(verdict.change))
        for part in (verdict,) if whole else _parts(verdict):
            goes = part.decision is Decision.GO
            names = losses(part.change, work.account, opens, canon, work.standing) if goes else ()
            yield part, names


def _parts(verdict: Verdict) -> Iterator[Verdict]:
    change = verdict.change
    if isinstance(change, LeaveGroups) and len(change.groups) > 1:
        yield from (replace(verdict, change=replace(change, groups=(name,))) for name in change.groups)
    elif isinstance(change, UpdateAccount) and "email" in change.fields and len(change.fields) > 1:
        yield replace(verdict, change=_only(change, {"email"}))
        yield replace(verdict, change=_only(change, change.fields.keys() - {"email"}))
    else:
        yield verdict


def _only(change: UpdateAccount, names: set[str]) -> UpdateAccount:
    fields = {name: value for name, value in change.fields.items() if name in names}
    return replace(change, fields=fields, before={n: v for n, v in change.before.items() if n in names})


def _merged(verdicts: Sequence[Verdict], through: dict[str, dict[str, bool]]) -> tuple[Verdict, ...]:
    """Updates of one account that both go are one request again, unless a person decided about one of them."""
    found: list[Verdict] = []
    for verdict in verdicts:
        whole = _together(found[-1], verdict) if found else None
        if whole is None:
            found.append(verdict)
            continue
        parts = [through.pop(digest_of(part.change), {}) for part in (found[-1], verdict)]
        through[digest_of(whole.change)] = {**parts[0], **parts[1]}
        found[-1] = whole
    return tuple(found)


def _together(one: Verdict, other: Verdict) -> Verdict | None:
    first, second = one.change, other.change
    if not (isinstance(first, UpdateAccount) and isinstance(second, UpdateAccount)) or one.gate or other.gate:
        return None
    if not one.decision is other.decision is Decision.GO:
        return None
    fields, before = {**first.fields, **second.fields}, {**first.before, **second.before}
    return replace(one, change=replace(first, fields=fields, before=before))


async def _counts(
    connection: Connection,
    house: House,
    target: ActiveTarget,
    works: Sequence[Work],
    asked: Mapping[str, Sequence[tuple[Verdict, tuple[str, ...]]]],
) -> Counts:
    counted = sorted({name for parts in asked.values() for _, names in parts for name in names})
    policies = {v.gate for work in works for v in work.plan.verdicts if v.gate and v.decision is Decision.HOLD}
    shut = await gates.lock(connection, target.id, sorted({*counted, *policies}))
    return await _through(connection, house, target, counted, shut) if counted else Counts(shut, {})


async def _through(
    connection: Connection, house: House, target: ActiveTarget, counted: Sequence[str], shut: dict[str, bool]
) -> Counts:
    limits, now = target.rules.limits, house.clock.now()
    through = await gates.passed(connection, target.id, {name: now - limits.window(name) for name in counted})
    counts = Counts(shut, through)
    base = await gates.active_linked(connection, target.id)
    for name in counted:
        limit = limits.of(name)
        if limit is not None:
            counts.allowed[name] = limit.allows(base)
        else:
            await _group(connection, target, name, counts)
    return counts


async def _group(connection: Connection, target: ActiveTarget, name: str, counts: Counts) -> None:
    """A group's own gate: half of those who were in it, and who else is about to lose it."""
    canon = name.removeprefix(GROUP)
    size = await gates.group_size(connection, target.id, canon) + len(counts.through[name])
    counts.allowed[name] = target.rules.limits.group.allows(size)
    if counts.allowed[name] is None:
        return
    sources = await directory.groups_of_sources(connection, target.source_ids, target.id)
    same = target.connector.capabilities.group.canon
    feeding = [g.id for g in sources if any(same(d.name) == canon for d in desired_groups([g], target.rules))]
    counts.pending[name] = await gates.group_leavers(connection, target.id, canon, feeding)


async def _look_ahead(connection: Connection, target: ActiveTarget, name: str, counts: Counts) -> None:
    """Find, once in a pass, who else is about to pass an open gate: what is known of all at once is judged whole."""
    if name not in ahead.CLASSES or name in counts.pending or counts.shut.get(name):
        return
    rules = target.rules
    renames = ((False, rules.rename_made), (True, rules.rename_adopted))
    follow = [adopted for adopted, rule in renames if rule is Rename.FOLLOW]
    closes = rules.out_of_scope is OutOfScope.DEACTIVATE
    counts.pending[name] = await ahead.pending(connection, target.id, name, closes=closes, follow=follow)


async def _pass(
    connection: Connection,
    house: House,
    target: ActiveTarget,
    work: Work,
    verdict: Verdict,
    names: tuple[str, ...],
    counts: Counts,
) -> Verdict:
    """The verdict after the gates: as it was when the change passes them all, else held at the first that is shut."""
    if verdict.decision is not Decision.GO:
        return verdict  # with the gate that holds it, so that a person can decide
    digest, subject = digest_of(verdict.change), work.mark.subject
    opened: dict[str, bool] = {verdict.gate: True} if verdict.gate else {}
    for name in names:
        if _decided(work, verdict.change, name, digest):
            opened[name] = True
            continue
        await _look_ahead(connection, target, name, counts)
        reason = counts.blocked(name, subject)
        if reason is not None:
            if not counts.shut[name] and counts.allowed[name]:
                await gates.fill(connection, target.id, name, reason, house.clock.now())
                counts.shut[name] = True
            return Verdict(verdict.change, Decision.HOLD, reason, gate=name)
        opened[name] = False
    if work.later is not None and isinstance(verdict.change, RenameAccount):
        return work.later  # its own gates let it pass; it is counted when it goes
    for name, approved in opened.items():
        if not approved:
            counts.through.setdefault(name, set()).add(subject)
    if opened:
        work.through[digest] = opened
    return replace(verdict, gate=next((name for name, approved in opened.items() if approved), None))


def _decided(work: Work, change: Change, name: str, digest: str) -> bool:
    """Whether a person opened this gate for this change: by approving it, or beforehand for somebody who leaves.

    An approval of a change, whichever gate held it, opens all of its gates: a person saw this very change.
    """
    if _approved(work, digest):
        return True
    if work.standing is not Standing.LEAVER:
        return False
    return "leave" in work.cleared or (name == GateClass.LEAVERS and "expected" in work.cleared)


def _approved(work: Work, digest: str) -> bool:
    return any(leaf.approved and digest in leaf.digests for leaf in work.leaves)


async def write_down(connection: Connection, house: House, target: ActiveTarget, works: Sequence[Work]) -> None:
    """After the plans and intents: who passes which gate, and what is held, changed or no longer needed there."""
    now = house.clock.now()
    for work in works:
        for intent in work.intents:
            through = work.through.get(digest_of(intent.change))
            if through:
                await gates.use(connection, target.id, work.mark.subject, intent.id, through, now)
        if work.plan.situation != "UNSEEN":
            await _hold(connection, target, work, now)


async def _hold(connection: Connection, target: ActiveTarget, work: Work, now: datetime) -> None:
    held: dict[str, list[Verdict]] = {}
    for verdict in work.plan.verdicts:
        if verdict.decision is Decision.HOLD and verdict.gate:
            held.setdefault(verdict.gate, []).append(verdict)
    there = {leaf.name: leaf for leaf in work.leaves}
    planned = {digest_of(v.change) for v in work.plan.verdicts}
    stopped = {digest_of(v.change) for v in work.plan.verdicts if v.decision is Decision.HOLD and v.gate is None}
    gone = [leaf.name for leaf in work.leaves if leaf.name not in held and not _needed(leaf, planned, stopped)]
    if gone:
        await gates.drop(connection, target.id, work.mark.subject, gone)
    for name in sorted(held):
        changes = [verdict.change for verdict in held[name]]
        leaf = there.get(name)
        if leaf and not leaf.approved and set(leaf.digests) == {digest_of(change) for change in changes}:
            continue
        reason = held[name][0].reason
        subject, cause = work.mark.subject, work.mark.cause
        refused = [refuse(change, target.connector.capabilities) for change in changes]
        inverses = [i.as_data() for found in refused if not isinstance(found, CannotUndo) for i in found]
        revision = await gates.hold(
            connection, target.id, subject, name, changes, inverses, reason, work.number, cause, now
        )
        facts = {"class": name, "revision": revision, "plan": work.number}
        entry = audit.Entry(now, "engine", "change.held", subject, target=target.id, cause=cause, facts=facts)
        await audit.record(connection, entry)


def _needed(leaf: Leaf, planned: set[str], stopped: set[str]) -> bool:
    """An approval stands while its change is planned; what waits, while a freeze or the like holds it up before."""
    return bool(set(leaf.digests) & (planned if leaf.approved else stopped))

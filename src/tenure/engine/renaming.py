"""Renames at work: before one goes, every target of the person is asked, and so is whoever bears a needed name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from tenure.engine import gating
from tenure.engine.active import ActiveTarget, House
from tenure.engine.look import Subject, look
from tenure.engine.planned import plan, verdict_of
from tenure.engine.reading import check
from tenure.engine.send import Stopped
from tenure.engine.work import Work
from tenure.model.capability import Mode
from tenure.model.change import RenameAccount
from tenure.model.gate import GateClass, digest_of
from tenure.model.plan import TWO_NAMES, Decision, Plan, Verdict
from tenure.model.veto import ATTRIBUTE, Kept
from tenure.planning.authority import WAITS_ON as ELSEWHERE
from tenure.planning.renames import Move, Stop, Turn, is_temporary, stopped, temporary_name, turn
from tenure.store import care, marks, renames
from tenure.store.database import Connection
from tenure.store.marks import Mark
from tenure.store.renames import token

_FARTHEST = 50
"""So many renames that need each other's names are followed; more wait for a person."""
_CROWD = 3
"""More people than this who are to have one name are a mistake, and no chain: each would be looked at for each."""
_USERNAME = ATTRIBUTE + "username"


@dataclass(slots=True)
class _Asked:
    """What was found of the renames that those of a chunk need, and of the targets that were asked about them.

    `bear` are the names that the accounts of a person bear, by target.
    """

    moves: dict[UUID, dict[str, Move]] = field(default_factory=dict)
    bear: dict[UUID, dict[str, str]] = field(default_factory=dict)
    stopped: dict[int, str] = field(default_factory=dict)
    gates: dict[int, gating.Counts] = field(default_factory=dict)


async def judge(house: House, target: ActiveTarget, pairs: Sequence[tuple[Subject, Work]]) -> None:
    """Let each planned rename go, wait or be held as it can be done at all targets of its person.

    Nothing is asked for those who are not to be renamed. What has to wait although it may be done is told in
    `work.later`, for after its own gates: what a person has to decide about is put before them first.
    """
    asked: list[tuple[Subject, Work, Verdict]] = []
    for subject, work in pairs:
        if rename_of(work.plan) is None or target.rules.mode is Mode.OBSERVE:
            continue
        own = _planned(target, subject)
        on = None
        if own is not None and own.reason == subject.rival:
            own, on = await _rivalled(house, target, subject)
        assert own is not None
        if own.decision is Decision.GO:
            asked.append((subject, work, own))
        elif own.gate is None:
            _put(work, replace(own, waits_on=on or own.waits_on))
            if subject.rival is not None:
                await _back(house, target, subject, work, own.reason)
    if not asked:
        return
    found = await _explore(house, target, {subject.identity.id: subject for subject, _, _ in asked})
    for subject, work, own in asked:
        work.once = subject.once
        stop = _rule(house, target, subject, work, own, found)
        if stop is not None and stop.kept:
            await _back(house, target, subject, work, stop.reason)


def rename_of(found: Plan) -> Verdict | None:
    """The verdict about the rename in a plan, if there is one."""
    return next((verdict for verdict in found.verdicts if isinstance(verdict.change, RenameAccount)), None)


async def _rivalled(house: House, target: ActiveTarget, subject: Subject) -> tuple[Verdict | None, str | None]:
    """The verdict when those who are to have the same name are looked at first, and whom of them it waits for."""
    planned = _planned(target, subject)
    assert planned is not None
    canon = target.connector.capabilities.canon("username", _change(planned).name) or ""
    async with house.database.transaction() as connection:
        others = await renames.rivals(connection, target.id, canon, subject.identity.id)
    if len(others) > _CROWD:
        return planned, None
    await look(house, target, [Mark(str(who), marks.SINGLE, 0, 0, None) for who in others])
    async with house.database.transaction() as connection:
        rivals = await care.rivals(connection, target.id, {subject.identity.id: canon})
        subject.rival = rivals.get(subject.identity.id)
    return _planned(target, subject), token(target.id, others[0]) if others else None


def _rule(house: House, target: ActiveTarget, subject: Subject, work: Work, own: Verdict, found: _Asked) -> Stop | None:
    who, numbers = subject.identity.id, {other.name: number for number, other in house.targets.items()}
    place = (target.name, who)
    stop = stopped(place, found.moves)
    if stop is not None:
        work.root = stop.root
        reason = stop.reason + _apart(house, target, who, own, found)
        _put(work, Verdict(own.change, Decision.HOLD, reason, _on(stop, numbers)))
        return stop
    when = turn(place, found.moves)
    own = _aside(target, subject, own) if when.aside else own
    _put(work, own)
    gate = stopped(place, found.moves, gates=True)
    if gate is not None:
        work.root = gate.root
        work.later = Verdict(own.change, Decision.HOLD, gate.reason, _on(gate, numbers))
    elif when.after is not None:
        work.later = _after(target, own, when)
    return None


def _apart(house: House, target: ActiveTarget, who: UUID, own: Verdict, found: _Asked) -> str:
    """Where the account has the new name already, while the rename waits here: a refusal comes late."""
    wanted, there = _change(own).name, found.bear.get(who, {})
    same = [
        other.name
        for other in house.targets.values()
        if other is not target and other.name in there
        if (canon := other.connector.capabilities.canon)("username", there[other.name]) == canon("username", wanted)
    ]
    return f"; renamed already at {', '.join(sorted(same))}: {TWO_NAMES}" if same else ""


async def _back(house: House, target: ActiveTarget, subject: Subject, work: Work, reason: str) -> None:
    """Give back its former name to an account that stepped aside, when the name that it was to get is kept by another.

    The name has to be free. Whoever is to have it otherwise comes before somebody of whom the rules ask no name any
    more, unless they are kept from it for good themselves.
    """
    held = rename_of(work.plan)
    if subject.once is None or held is None:
        return
    capabilities, who = target.connector.capabilities, subject.identity.id
    canon = capabilities.canon("username", subject.once) or ""
    async with house.database.transaction() as connection:
        if await renames.bearers(connection, target.id, [canon]):
            return
        others = [] if subject.username else await renames.rivals(connection, target.id, canon, who)
    found = await _explore(house, target, {}, others)
    for other in others:
        stop = stopped((target.name, other), found.moves) if target.name in found.moves[other] else None
        if stop is None or not stop.kept:
            return
    back = verdict_of(target, subject, replace(_change(held), name=subject.once, towards=None))
    if back.decision is Decision.GO:
        _put(work, replace(back, reason=f"goes back to its former name: {reason}"))


def _aside(target: ActiveTarget, subject: Subject, own: Verdict) -> Verdict:
    """The rename by way of a temporary name, if the rules let that name be given."""
    assert isinstance(own.change, RenameAccount)
    way = replace(own.change, name=temporary_name(subject.identity.id), towards=own.change.name)
    return verdict_of(target, subject, way)


def _after(target: ActiveTarget, own: Verdict, when: Turn) -> Verdict:
    assert when.after is not None
    assert isinstance(own.change, RenameAccount)
    reason = f"waits until another account has given up the name {own.change.name}"
    return Verdict(own.change, Decision.WAIT, reason, token(target.id, when.after))


def _on(stop: Stop, numbers: Mapping[str, int]) -> str | None:
    return token(numbers[stop.on[0]], stop.on[1]) if stop.on is not None else None


def _put(work: Work, verdict: Verdict) -> None:
    verdicts = (verdict if isinstance(v.change, RenameAccount) else v for v in work.plan.verdicts)
    work.plan = replace(work.plan, verdicts=tuple(verdicts))


async def _explore(
    house: House, target: ActiveTarget, mine: Mapping[UUID, Subject], others: Iterable[UUID] = ()
) -> _Asked:
    """The renames of these people at all their targets, of those who bear the names that they need, and so on."""
    found, frontier = _Asked(), {*mine, *others}
    async with house.database.transaction() as connection:
        found.stopped = await renames.stopped_targets(connection)
    for _ in range(_FARTHEST):
        if not frontier:
            return found
        found.moves |= {who: {} for who in frontier}
        async with house.database.transaction() as connection:
            there = await renames.places(connection, sorted(frontier, key=str))
        for number in sorted(there.keys() | {target.id}):
            other = house.targets.get(number)
            if other is None or other.rules.mode is Mode.OBSERVE:
                continue  # a preview writes nothing: nobody waits for it
            known = [mine[who] for who in sorted(frontier & mine.keys(), key=str)] if other is target else []
            whose = [who for who in there.get(number, ()) if not (other is target and who in mine)]
            subjects = [*known, *await look(house, other, [Mark(str(who), marks.SINGLE, 0, 0, None) for who in whose])]
            for subject in subjects:
                if subject.sight.linked is not None:
                    found.bear.setdefault(subject.identity.id, {})[other.name] = subject.sight.linked.name
            for who, move in (await _moves(house, other, subjects, found)).items():
                found.moves[who][other.name] = move
        bearers = {move.bearer for who in frontier for move in found.moves[who].values() if move.borne}
        frontier = {bearer for bearer in bearers if bearer is not None} - found.moves.keys()
    _cut(found, frontier)
    return found


def _cut(found: _Asked, beyond: set[UUID]) -> None:
    told = f"more than {_FARTHEST} accounts would have to give their names on to each other: rename some by hand"
    for places in found.moves.values():
        for name, move in places.items():
            if move.bearer in beyond:
                places[name] = replace(move, obstacle=told)


async def _moves(house: House, target: ActiveTarget, subjects: Sequence[Subject], found: _Asked) -> dict[UUID, Move]:
    """Of these people, those whose accounts at this target are to be renamed, and what is in the way of that there."""
    planned = {s.identity.id: (s, v) for s in subjects if (v := _planned(target, s)) is not None and not _mirrored(v)}
    if planned and target.checked_at is None and target.id not in found.stopped:
        try:
            await check(house, target)  # what it can do is not known before
        except Stopped as why:
            found.stopped[target.id] = str(why)
        return await _moves(house, target, subjects, found)
    moves = {s.identity.id: Move(told[0], refused=told[1]) for s in subjects if (told := _refused(target, s))}
    canon = target.connector.capabilities.canon
    names = {who: canon("username", _change(verdict).name) or "" for who, (_, verdict) in planned.items()}
    if not names:
        return moves
    async with house.database.transaction() as connection:
        bearers = await renames.bearers(connection, target.id, sorted(set(names.values())))
        refusals = await renames.refusals(connection, target.id, list(planned))
        for who, (subject, verdict) in planned.items():
            others = [whose for key, whose in bearers.get(names[who], ()) if key != _change(verdict).account.key]
            bearer = None if None in others else next(iter(others), None)
            obstacle, gate = _in_the_way(target, verdict, found.stopped.get(target.id), refusals.get(who))
            if obstacle is None and gate is None:
                gate = await _gate(connection, house, target, subject, verdict, found)
            undone = any(veto.cell == _USERNAME for veto in subject.decided.vetoes)
            moves[who] = Move(_change(verdict).name, obstacle, gate, undone, None, bool(others), bearer)
    return moves


def _in_the_way(
    target: ActiveTarget, verdict: Verdict, stopped_by: str | None, refused: str | None
) -> tuple[str | None, str | None]:
    """What is in the way of a rename at this target itself, and what a person has to decide first."""
    if verdict.decision is not Decision.GO:
        return (None, decided_first(target, verdict.gate)) if verdict.gate else (verdict.reason, None)
    return (f"does not let us in ({stopped_by})" if stopped_by is not None else refused), None


def _change(verdict: Verdict) -> RenameAccount:
    assert isinstance(verdict.change, RenameAccount)
    return verdict.change


def _planned(target: ActiveTarget, subject: Subject) -> Verdict | None:
    """What this target by itself says of the rename, were the name free; None when none is planned there."""
    return rename_of(plan(target, subject, freed=True))


def _mirrored(verdict: Verdict) -> bool:
    """Whether the account is another target's, which renames it by itself: this one follows, and holds nobody."""
    return (verdict.waits_on or "").startswith(ELSEWHERE)


def _refused(target: ActiveTarget, subject: Subject) -> tuple[str, str] | None:
    """The name that this target would give, had a person not refused it there, and who did."""
    said = next((veto for veto in subject.decided.vetoes if veto.cell == _USERNAME), None)
    if said is None or said.id in subject.kept.ended or _planned(target, subject) is not None:
        return None
    computed = _planned(target, replace(subject, desired=subject.asked, kept=Kept()))
    told = f"the new name is refused there by {said.because}: release that, or refuse the name everywhere"
    return (_change(computed).name, told) if computed is not None else None


async def _gate(
    connection: Connection, house: House, target: ActiveTarget, subject: Subject, verdict: Verdict, found: _Asked
) -> str | None:
    """Why the limit of renames would not let this one pass by itself, as it stands now."""
    digest = digest_of(verdict.change)
    if is_temporary(_change(verdict).account.name) or any(digest == one for _, one in subject.decided.approved):
        return None
    if target.id not in found.gates:
        found.gates[target.id] = await gating.standing(connection, house, target, GateClass.RENAMES)
    shut = found.gates[target.id].blocked(GateClass.RENAMES, str(subject.identity.id))
    return decided_first(target, GateClass.RENAMES) if shut else None


def decided_first(target: ActiveTarget, gate: str) -> str:
    """What is told of a rename that a gate holds."""
    return f"a person has to decide first (tenure plan --held: {target.name}:{gate})"

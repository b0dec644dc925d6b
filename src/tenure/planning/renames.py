"""Renames judged together: all applications of a person or none, and whoever needs a name waits until it is free."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

TEMPORARY = "tenure-rename-"
"""Begins the name that an account bears while others take the names that it stands between."""
_TEMPORARY = re.compile(TEMPORARY + "[0-9a-f]{32}")


def temporary_name(identity: UUID) -> str:
    """The name that this person's account takes to break a ring of names: the same each time, and nobody else's."""
    return TEMPORARY + identity.hex


def is_temporary(name: str) -> bool:
    """True for a name that `temporary_name` gives to somebody."""
    return _TEMPORARY.fullmatch(name.lower()) is not None


@dataclass(frozen=True, slots=True)
class Move:
    """A rename that is planned at one target. `wanted` is the new name, as people read it.

    `obstacle` is why it cannot be done there, whatever becomes of others, and `gate` what a person has to decide there
    first. `borne`: another account has the new name; `bearer` is whose that is, None for nobody's. `undone`: it goes
    back to a former name, because a person refused the one that the rules give. `refused` says so where nothing is to
    be done about it: the account has the name already that it is to keep.
    """

    wanted: str
    obstacle: str | None = None
    gate: str | None = None
    undone: bool = False
    refused: str | None = None
    borne: bool = False
    bearer: UUID | None = None


Place = tuple[str, UUID]
"""A target's name, with an identity: where a rename is planned."""
Moves = Mapping[UUID, Mapping[str, Move]]
"""The renames that are planned of each person, by target. They are closed: who bears a wanted name is in it, with
nothing planned where they keep it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a rename is not done. `root` is what has to go away, `on` the place to look at for it.

    `kept`: that is an account which keeps its name, so that nothing but a change of the names that are asked for, or
    of that account by somebody else, lets the rename go on.
    """

    reason: str
    root: str
    on: Place | None
    kept: bool = False


def stopped(place: Place, moves: Moves, *, gates: bool = False) -> Stop | None:
    """What keeps a rename from being done although nothing at its own target does, or None.

    It is done when it can be at every target where the same person is to be renamed, and when all those can be renamed
    who bear a name that is needed, each at all of theirs. `gates`: what a person has to decide first counts too.
    """
    where, who = place
    taken = _taken(place, moves)
    if taken is not None:
        keeper = moves[who][where].bearer
        on = (where, keeper) if keeper is not None else None
        return Stop(f"{taken}, which keeps it", f"{where}: {taken}", on, kept=True)
    known, queue = {who}, deque[tuple[UUID, str, Place | None]]([(who, where, None)])
    while queue:
        who, came, first = queue.popleft()
        for target, move in sorted(moves[who].items()):
            on = first or ((target, who) if target != where else None)
            told = _told(target, who, moves, gates) if (target, who) != place else None
            if told is not None and on is not None and not (move.refused and moves[who][came].undone):
                found = _stop(target, told, on, own=first is None, mend=told != move.gate and not move.refused)
                return replace(found, kept=told == _taken((target, who), moves))
            if move.bearer is not None and move.bearer not in known:
                known.add(move.bearer)
                queue.append((move.bearer, target, on or (where, move.bearer)))
    return None


def _stop(target: str, told: str, on: Place, *, own: bool, mend: bool) -> Stop:
    root = f"{target}: {told}"
    if not own:
        return Stop(f"needs a name that another account has to give up first, which waits: {root}", root, on)
    how = f". Mend that, or let {target} keep its names (rename: never)" if mend else ""
    return Stop(f"all of a person's accounts are renamed, or none: {root}{how}", root, on)


def _told(target: str, who: UUID, moves: Moves, gates: bool) -> str | None:
    """What is in the way of a rename at its own target."""
    move = moves[who][target]
    return move.obstacle or move.refused or _taken((target, who), moves) or (move.gate if gates else None)


def _taken(place: Place, moves: Moves) -> str | None:
    """That the name which is wanted at this place is somebody's who does not give it up, or None."""
    target, who = place
    move = moves[who][target]
    if not move.borne:
        return None
    giving = moves.get(move.bearer, {}).get(target) if move.bearer is not None else None
    gives = giving is not None and not giving.refused
    return None if gives else f"the name {move.wanted} is taken by another account"


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is for a rename that is not stopped: its own, when `after` is None, else after that person's.

    `aside`: it is to break a ring, by a name that is temporary.
    """

    after: UUID | None = None
    aside: bool = False


def turn(place: Place, moves: Moves) -> Turn:
    """When a rename comes: whoever wants a free name goes first; of a ring of names, one member steps aside.

    Which one is told by the ids, so that whoever asks, and however often, is told the same.
    """
    where, who = place
    chain = list(_chain(where, who, moves))
    if len(chain) == 1:
        return Turn()
    if chain[-1] != who:
        return Turn(after=chain[1])
    return Turn(aside=True) if who == min(chain, key=str) else Turn(after=chain[1])


def _chain(where: str, who: UUID, moves: Moves) -> Iterator[UUID]:
    """Who bears the name that is wanted, who bears the name that they want, and so on; ends where a ring closes."""
    known: set[UUID] = set()
    one: UUID | None = who
    while one is not None:
        yield one
        if one in known:
            return
        known.add(one)
        move = moves.get(one, {}).get(where)
        one = move.bearer if move is not None and move.borne else None

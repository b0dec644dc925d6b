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
    """Why a rename is not done. `root` is what has to go away, `on` the place to look at for it."""

    reason: str
    root: str
    on: Place | None


def stopped(place: Place, moves: Moves, *, gates: bool = False) -> Stop | None:
    """What keeps a rename from being done although nothing at its own target does, or None.

    It is done when it can be at every target where the same person is to be renamed, and when all those can be renamed
    who bear a name that is needed, each at all of theirs. `gates`: what a person has to decide first counts too.
    """
    where, who = place
    known, queue = {who}, deque[tuple[UUID, str, Place]]()
    for target, move in sorted(moves[who].items()):
        on = (target, who)
        if target != where and (root := _told(target, move, gates, moves[who][where])):
            mend = f". Mend that, or let {target} keep its names (rename: never)" if move.obstacle else ""
            return Stop(f"all of a person's accounts are renamed, or none: {root}{mend}", root, on)
        found = _bearer(on, moves)
        if isinstance(found, Stop):
            return found if target == where else replace(found, on=on)
        if found is not None and found not in known:
            known.add(found)
            queue.append((found, target, on if target != where else (where, found)))
    while queue:
        who, where, on = queue.popleft()
        for target, move in sorted(moves[who].items()):
            root = _told(target, move, gates, moves[who][where])
            if root is not None:
                return Stop(f"needs a name that another account has to give up first, which waits: {root}", root, on)
            found = _bearer((target, who), moves)
            if isinstance(found, Stop):
                return replace(found, on=on)
            if found is not None and found not in known:
                known.add(found)
                queue.append((found, target, on))
    return None


def _told(target: str, move: Move, gates: bool, asking: Move) -> str | None:
    """What is in the way at a target; that a name is refused there is not in the way of going back from it."""
    found = move.obstacle or (None if asking.undone else move.refused) or (move.gate if gates else None)
    return f"{target}: {found}" if found else None


def _bearer(place: Place, moves: Moves) -> UUID | Stop | None:
    """Who gives up the name that is wanted at this place; None when it is free, or why nobody does."""
    target, who = place
    move = moves[who][target]
    if not move.borne or move.refused:
        return None
    giving = moves.get(move.bearer, {}).get(target) if move.bearer is not None else None
    if giving is not None and not giving.refused:
        return move.bearer
    root = f"{target}: the name {move.wanted} is taken by another account"
    return Stop(f"{root}, which keeps it", root, (target, move.bearer) if move.bearer is not None else None)


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

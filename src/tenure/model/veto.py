"""What a rejection or an undo leaves behind: "this computed value is refused here"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tenure.model.change import ChangeKind

ATTRIBUTE, MEMBER, STATE, LINK, EXISTENCE, STEP, IDLE = (
    "attr:",
    "member:",
    "state",
    "link",
    "existence",
    "step:",
    "idle",
)
"""The cells that a veto can be about: a field, a membership (by the group's canonical name), whether the account is
open, which account is this person's, whether there is to be one, a step of the farewell to a leaver (by its kind
of change), and that an idle seat is to be freed (by when the person last came)."""

PRESENT, ABSENT = "present", "absent"
ACTIVE, OUT_OF_SCOPE, LEFT = "active", "out-of-scope", "left"


@dataclass(frozen=True, slots=True)
class Veto:
    """One refused value of one cell of one person at one target.

    `refused` is the computed value in canonical form, as `planning.vetoes.computed` gives it. `keep` is the value to
    have instead when `restores` is true (an undo); else the cell stays as it is (a rejection). `because` names the
    decision, for people. After `expires_at` the cell is still kept, and a person is asked. `of_seat`: it comes of a
    decision about an idle seat, which is about the time until the person leaves, and not about another after that.
    """

    id: int
    cell: str
    refused: bytes
    because: str
    expires_at: datetime
    keep: str | None = None
    restores: bool = False
    of_seat: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What vetoes ask of a person's account beside its fields and groups.

    `state` is `open` or `closed`, or None when nothing is refused there. `refused_links` maps keys of accounts that are
    not to be taken over to the decision that said so (the key "" is the one that is not to be made); `unlinked`: the
    link that there is is to end. `ended` are vetoes of which the computed value is another one by now, `expired`
    sentences about those that have stood too long. `spared` are the steps of a farewell that a person refused.
    """

    state: str | None = None
    refused_links: Mapping[str, str] = field(default_factory=dict)
    unlinked: bool = False
    ended: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    expired: tuple[str, ...] = ()
    spared: frozenset[ChangeKind] = frozenset()

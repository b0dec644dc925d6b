"""What a group opens, in words for whoever decides whether people are put into it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from tenure.model.opening import Opening
from tenure.model.seen import RightSeen

FRESH = timedelta(days=1)
"""How old what was read may be when a group is taken over."""
NOT_TOLD = "this application does not tell what groups open"
_SHOWN = 3
_PARTS = 12
_GIVES = {"administration": "it administers the application", "licence": "it gives a licence"}
_WORDS = {
    "application": "use of {what}",
    "global permission": "global permission {level} ({what})",
    "permission scheme": "{level} by the permission scheme {what}",
    "project role": "project role {level} in {what}",
    "space": "{level} in the space {what}",
}
_ELSE = "{level} on the {kind} {what}"
_MANY_LEVELS = frozenset({"permission scheme"})
"""Kinds of which a group has many levels at one place, rather than one level at many."""


def fresh(opening: Opening, now: datetime) -> bool:
    """Whether a group may be judged by what is known of it: it was read within a day, or could not be."""
    last = opening.last
    return last is not None and now - last.at < FRESH and bool(last.problem or opening.whole_at)


def told(opening: Opening) -> tuple[str, ...]:
    """What the group opens, one phrase for each kind of right; what it gives to everybody in it comes first."""
    gives = [said for name, said in _GIVES.items() if name in opening.gives]
    parts = [*gives, *_phrases(opening.rights)]
    if len(parts) > _PARTS:
        parts = [*parts[:_PARTS], f"and {len(parts) - _PARTS} more kinds of right"]
    if not parts and opening.whole_at is not None and not (opening.last and opening.last.problem):
        return ("nothing that the application tells of",)
    return tuple(parts)


def untold(opening: Opening, tells: bool) -> str:
    """What of it is not known, and why; empty when there is nothing of the kind."""
    if not tells:
        return NOT_TOLD
    if opening.last is None:
        return "what it opens was not read yet"
    if opening.last.problem:
        return f"what it opens could not be read whole: {opening.last.problem}"
    return f"not told: {', '.join(opening.last.unknown)}" if opening.last.unknown else ""


def _phrases(rights: Sequence[RightSeen]) -> Iterator[str]:
    alike: dict[tuple[str, str], list[str]] = {}
    for one in sorted(rights, key=lambda r: (r.kind, r.level, r.what)):
        place, varies = (one.what, one.level) if one.kind in _MANY_LEVELS else (one.level, one.what)
        alike.setdefault((one.kind, place), []).append(varies)
    for (kind, place), several in alike.items():
        shown = ", ".join(several[:_SHOWN]) + (f" and {len(several) - _SHOWN} more" if len(several) > _SHOWN else "")
        what, level = (place, shown) if kind in _MANY_LEVELS else (shown, place)
        yield _WORDS.get(kind, _ELSE).format(kind=kind, what=what, level=level)

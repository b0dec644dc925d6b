"""The match table, as text and as data: which accounts are whose, by what evidence, and which are nobody's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from tenure.model.match import Match, MatchKind, Stray
from tenure.report import holds, words
from tenure.report.why import Line

_MOST = 50
"""So many of a kind are told as text; JSON has all."""
_TITLES = {
    MatchKind.DOUBT: ("For a person to decide", "wait"),
    MatchKind.LEFT: ("Have left, and an account that is open could be theirs", "bad"),
    MatchKind.MATCH: ("Take over existing account, proposed", "wait"),
    MatchKind.VANISHED: ("Vanished", "bad"),
    MatchKind.UNREAD: ("Could not be read", "wait"),
    MatchKind.NEW: ("Never existed: a new account", "good"),
    MatchKind.LINKED: ("Linked", "good"),
    MatchKind.NONE: ("Without an account, and to have none", "good"),
}
"""What a kind is called on screens, in the order in which they are told."""


def matches_json(matches: Sequence[Match], strays: Sequence[Stray]) -> dict[str, Any]:
    """Everybody, and every account that is nobody's."""
    people = [
        {"target": m.target, "source": m.source, "person": m.person, "active": m.active, "match": m.kind.value,
         "account": m.account, "evidence": m.evidence, "possible": [asdict(one) for one in m.possible]}
        for m in matches
    ]  # fmt: skip
    return {"people": people, "strays": [asdict(one) for one in strays]}


def matches_lines(matches: Sequence[Match], strays: Sequence[Stray]) -> list[Line]:
    """The same by application and kind, what needs a person first."""
    found: list[Line] = []
    for target in sorted({one.target for one in matches} | {one.target for one in strays}):
        here = [one for one in matches if one.target == target]
        for kind, (title, tone) in _TITLES.items():
            these = [one for one in here if one.kind is kind]
            found += _section(f"{title}, at {words.shown(target)}", tone, [list(_person(one)) for one in these])
        nobody = [one for one in strays if one.target == target]
        title = f"Accounts that are nobody's, at {words.shown(target)}: they are left alone"
        found += _section(title, "wait", [[Line(_stray(one), "  account")] for one in nobody])
    return found or [Line("Nobody was compared yet: read the identity provider, and let `tenure serve` run.")]


def _section(title: str, tone: str, entries: Sequence[Sequence[Line]]) -> list[Line]:
    if not entries:
        return []
    found = [Line(f"{title}: {len(entries)}", tone=tone), *(line for entry in entries[:_MOST] for line in entry)]
    return found + ([Line(f"and {len(entries) - _MOST} more (--json lists them)")] if len(entries) > _MOST else [])


def _person(one: Match) -> Iterator[Line]:
    told = words.shown(one.person)
    if one.account is not None:
        told += f" is {words.shown(one.account)}"
    if one.evidence is not None:
        told += f" ({words.reason(one.evidence)})"
    yield Line(told, "  person")
    yield from (Line(holds.account(account), "  could be") for account in one.possible)


def _stray(one: Stray) -> str:
    told = [words.shown(one.email) if one.email else "no e-mail address", *([] if one.active else ["closed"])]
    return f"{words.shown(one.name)} ({', '.join(told)})"

"""The words for what waits for approval: what each gate is about, and who asked for it."""

from __future__ import annotations

from collections.abc import Mapping

from tenure.model.gate import GROUP, GateClass
from tenure.model.held import Possible
from tenure.report import words

ABOUT: Mapping[str, str] = {
    GateClass.ADMINISTRATORS: "People losing administrator rights",
    GateClass.LICENCES: "People losing their licence",
    GateClass.LEAVERS: "People losing their account",
    GateClass.LOSERS: "People losing a group",
    GateClass.RENAMES: "Accounts getting another name",
    GateClass.EMAILS: "Accounts getting another e-mail address",
    GateClass.ADOPTIONS: "Take over existing accounts",
    GateClass.OUT_OF_SCOPE: "People no longer in scope",
    GateClass.GROUPS: "Take over existing groups",
    GateClass.PERSONS: "People with another identifier at the identity provider",
    GateClass.OTHER_WRITERS: "Values that somebody else keeps changing back",
    GateClass.ERASURES: "Accounts to be anonymised or deleted",
    GateClass.IDLE: "People who take a seat and do not come",
    GateClass.READINGS: "An application that shows far less than before",
}
"""What each class of a gate is called on screens."""


_RANKS: Mapping[str, int] = {name: place for place, name in enumerate(GateClass)}


def rank(name: str) -> int:
    """Where a class stands in a list: the gravest loss first."""
    return _RANKS.get(name, _RANKS[GateClass.LOSERS])


def about(name: str) -> str:
    """What a gate is about."""
    if name.startswith(GROUP):
        return f"People leaving the group {words.shown(name.removeprefix(GROUP))}"
    return ABOUT.get(name, words.shown(name))


def account(one: Possible) -> str:
    """An account that could be the person's: its key, and what tells it from another."""
    told = [words.shown(one.name), words.shown(one.email) if one.email else "no e-mail address"]
    told += [] if one.active else ["closed"]
    told += [f"the account of {words.shown(one.held_by)}"] if one.held_by else []
    return f"{words.shown(one.key)} ({', '.join(told)})"


def actor(text: str) -> str:
    """Who did or asked something, from the actor that the audit keeps."""
    kind, _, name = text.partition(":")
    if kind == "source":
        return f"identity provider {words.shown(name)}"
    if kind == "cli" and name:
        return f"{words.shown(name)}, by command"
    return {"engine": "Tenure", "console": "somebody at the console"}.get(kind, words.shown(text))

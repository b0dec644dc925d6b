"""Correlation: which account, if any, is this person's, and by what evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tenure.model.capability import Capabilities
from tenure.model.desired import Desired
from tenure.model.seen import AccountSeen, Apart
from tenure.model.situation import (
    Absent,
    Ambiguous,
    Candidate,
    Found,
    Link,
    Linked,
    Missing,
    Sight,
    Situation,
    Unseen,
)

_APART = {
    Apart.ANONYMIZED: "was anonymized: it is nobody's any more",
    Apart.SHADOWED: "more than one directory has an account of this name",
    Apart.CUSTOMER: "opens the customers' portal alone",
}


def correlate(
    desired: Desired,
    link: Link | None,
    sight: Sight,
    match_rules: Sequence[Sequence[str]],
    capabilities: Capabilities,
) -> Situation:
    """The situation of one identity at one target.

    `match_rules` are alternatives: in each, every field named must equal the desired one (canonical forms). What
    agrees in part is for a person, and so is an account that is linked to somebody else or that is `apart`. An account
    that was anonymized is nobody's any more: not even that of the identity that it is linked to.

    A name that was chosen because the computed one was taken finds nobody, save the account of somebody who comes back.
    """
    if link is not None:
        if sight.linked is not None and sight.linked.apart is not Apart.ANONYMIZED:
            return Linked(sight.linked, link)
        gone = sight.linked_gone or sight.linked is not None
        return Missing(link) if gone else Unseen("the linked account could not be read")
    chosen = _chosen(sight)
    if chosen is not None:
        return chosen
    own = computed(desired)
    agree = [
        (c, by)
        for c in sight.candidates
        if not (desired.choice and c.beside)
        and (by := agrees_in(desired if c.rehire else own, c.account, match_rules, capabilities))
    ]
    full = [(c, by) for c, by in agree if c.account.apart is None]
    if agree and not full:
        return Ambiguous(_accounts([c for c, _ in agree]), _why_apart(agree[0][0].account))
    if len(full) > 1:
        return Ambiguous(_accounts([c for c, _ in full]), f"{len(full)} accounts agree in full")
    if len(full) == 1:
        return _found(full[0][0], full[0][1])
    return _without_match(desired, sight, match_rules, capabilities)


def _chosen(sight: Sight) -> Situation | None:
    if sight.chosen is None:
        return None
    key, chooser = sight.chosen
    for candidate in sight.candidates:
        free = candidate.claimed_by is None and candidate.account.apart is not Apart.ANONYMIZED
        if candidate.account.key == key and free:
            return Found(candidate.account, f"chosen by {chooser}")
    return None


def _why_apart(account: AccountSeen) -> str:
    return f"{account.name} agrees, but {_APART[account.apart]}" if account.apart else ""


def _found(candidate: Candidate, agreed: tuple[str, ...]) -> Situation:
    if candidate.rehire:
        return Found(candidate.account, "rehire: " + " and ".join(agreed))
    if candidate.claimed_by is not None:
        why = f"{candidate.account.name} agrees, but is linked to another identity ({candidate.claimed_by})"
        return Ambiguous((candidate.account,), why)
    return Found(candidate.account, "match: " + " and ".join(agreed))


def _without_match(
    desired: Desired, sight: Sight, match_rules: Sequence[Sequence[str]], capabilities: Capabilities
) -> Situation:
    taken = [c for c in sight.candidates if same(desired, c.account, "username", capabilities)]
    if taken:
        return Ambiguous(_accounts(taken), f"the name {taken[0].account.name} is taken by an account that differs")
    named = {name for rule in match_rules for name in rule}
    part = [
        c
        for c in sight.candidates
        if c.claimed_by is None and any(same(desired, c.account, name, capabilities) for name in named)
    ]
    if part:
        return Ambiguous(_accounts(part), f"{part[0].account.name} agrees in part only")
    return Absent(sight.absent_at) if sight.absent_at is not None else Unseen(sight.why_unseen)


def computed(desired: Desired) -> Desired:
    """The desired state with the account name that is computed, where another one was chosen."""
    if desired.choice is None:
        return desired
    return replace(desired, fields={**desired.fields, "username": desired.choice.computed})


def agrees_in(
    desired: Desired, account: AccountSeen, match_rules: Sequence[Sequence[str]], capabilities: Capabilities
) -> tuple[str, ...]:
    """The fields of the first rule in which an account agrees in full; none when it agrees in none."""
    for rule in match_rules:
        if rule and all(same(desired, account, name, capabilities) for name in rule):
            return tuple(rule)
    return ()


def same(desired: Desired, account: AccountSeen, name: str, capabilities: Capabilities) -> bool:
    """Whether an account has the desired value of a field; a field without a value is the same as nothing."""
    wanted = capabilities.canon(name, desired.fields.get(name))
    seen = account.name if name == "username" else account.fields.get(name)
    return wanted is not None and wanted == capabilities.canon(name, seen)


def _accounts(candidates: Sequence[Candidate]) -> tuple[AccountSeen, ...]:
    return tuple(c.account for c in candidates)

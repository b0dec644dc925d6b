"""Account names that are taken: whether a name is somebody else's for certain, and what is tried instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenure.model.capability import Capabilities
from tenure.model.desired import Choice, Desired
from tenure.model.seen import AccountSeen, Apart
from tenure.model.situation import Candidate, Found, Linked, Sight, Situation
from tenure.planning.correlation import agrees_in, computed, same
from tenure.planning.rules import ExpressionFailed, Usernames

NUMBERS = range(2, 100)
"""The numbers that are tried behind a name."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A name to try, and the part of the estate that gives it."""

    name: str
    rule: str


def alternatives(name: str, usernames: Usernames, variables: Mapping[str, Any]) -> Iterator[Alternative]:
    """What to try instead of the computed account name, in order. What gives no value for this person is left out."""
    for place, expression in enumerate(usernames.alternatives, 1):
        try:
            value = expression.evaluate(variables)
        except ExpressionFailed:
            continue
        if isinstance(value, str) and value.strip():
            yield Alternative(value, f"alternative {place}, {expression.text}")
    if usernames.number:
        yield from (Alternative(numbered(name, number), "number") for number in NUMBERS)


def possible(
    tried: Iterable[Alternative], capabilities: Capabilities, untouchable: Callable[[str], bool]
) -> dict[str, Alternative]:
    """What of this could be an account's name, by its canonical form: in order, each name once, none untouchable."""
    spec = capabilities.spec("username")
    found: dict[str, Alternative] = {}
    for one in tried:
        canon = capabilities.canon("username", one.name)
        if canon is not None and not untouchable(one.name) and (spec is None or len(one.name) <= spec.longest):
            found.setdefault(canon, one)
    return found


def numbered(name: str, number: int) -> str:
    """The name with a number, which stands before the `@` of one that has the form of an e-mail address."""
    local, at, domain = name.partition("@")
    return f"{local}{number}{at}{domain}"


def notes_on(
    desired: Desired, situation: Situation, capabilities: Capabilities, unnamed: str | None
) -> tuple[str, ...]:
    """What a plan has to tell of the account name, and of fields that the application cannot clear."""
    found = []
    if desired.choice is not None and not isinstance(situation, Linked):
        found.append(told(desired.choice, desired.fields.get("username") or ""))
    if unnamed is not None:
        found.append(f"username: {unnamed}")
    account = situation.account if isinstance(situation, Linked | Found) else None
    for name in uncleared(desired, account, capabilities) if account else ():
        found.append(f"{name}: has no value at the source any more, and the application cannot clear it")
    return tuple(found)


def told(choice: Choice, name: str) -> str:
    """Why an account has another name than the computed one, in a sentence."""
    return f"username: computed {choice.computed}, taken by {choice.taken_by}; chosen {name} by {choice.rule}"


def uncleared(desired: Desired, account: AccountSeen, capabilities: Capabilities) -> tuple[str, ...]:
    """The fields that are to have no value, that have one, and that the application cannot clear."""
    return tuple(
        name
        for name, value in desired.fields.items()
        if name != "username"
        and (spec := capabilities.spec(name)) is not None
        and not spec.clearable
        and capabilities.canon(name, value) is None
        and capabilities.canon(name, account.fields.get(name)) is not None
    )


def bearer(desired: Desired, sight: Sight, capabilities: Capabilities) -> Candidate | None:
    """Who has the desired account name, if anybody is known to."""
    return next((c for c in sight.candidates if same(desired, c.account, "username", capabilities)), None)


def may_be_theirs(
    desired: Desired, sight: Sight, match_rules: Sequence[Sequence[str]], capabilities: Capabilities
) -> bool:
    """Whether any of these accounts could be this person's own: then a person decides, and nothing is chosen.

    An account of the desired name is somebody else's for certain only if another record of the same source holds it,
    or if it agrees in nothing that the match rules ask for and plainly differs in something. What was not shown, or has
    no value, is no difference.
    """
    own = computed(desired)
    fields = {name for rule in match_rules for name in rule} - {"username"}
    for candidate in sight.candidates:
        account = candidate.account
        if candidate.beside:
            continue
        if candidate.rehire or agrees_in(own, account, match_rules, capabilities):
            return True
        named = same(desired, account, "username", capabilities)
        if (named or candidate.claimed_by is None) and any(same(own, account, f, capabilities) for f in fields):
            return True
        if named and (account.apart is Apart.SHADOWED or not _differs(own, account, fields, capabilities)):
            return True
    return False


def _differs(desired: Desired, account: AccountSeen, fields: set[str], capabilities: Capabilities) -> bool:
    for name in fields:
        wanted = capabilities.canon(name, desired.fields.get(name))
        seen = capabilities.canon(name, account.fields.get(name))
        if wanted is not None and seen is not None and wanted != seen:
            return True
    return False

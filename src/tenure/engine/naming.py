"""Account names at work: who has a name that several want, what another gets instead, and that it stays theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from tenure.engine.active import ActiveTarget, House
from tenure.model.capability import canon_name
from tenure.model.desired import Choice, Desired, Standing
from tenure.model.identity import Identity
from tenure.model.situation import Candidate, Link, Sight
from tenure.planning.naming import alternatives, bearer, may_be_theirs, possible
from tenure.planning.variables import variables
from tenure.store import directory, marks, names, plans
from tenure.store.database import Connection, Row


@dataclass(frozen=True, slots=True)
class Named:
    """What came of a name that is taken.

    `asked` is the desired state with another name, where one was chosen. `first`: the name is this person's, whoever
    else wants it. `why_not` says why no other was chosen, for people.
    """

    asked: Desired | None = None
    first: bool = False
    why_not: str | None = None


class _Taken(NamedTuple):
    by: str
    rivals: list[UUID]


def contested(target: ActiveTarget, desired: Desired, link: Link | None, sight: Sight, rival: str | None) -> bool:
    """Whether an account is to be made whose name is somebody else's, and the estate says what is tried then.

    Nothing is, before it is proven who is there, when the account could be the person's own, or when a person said
    which is; a name that is protected is a person's matter.
    """
    name = desired.fields.get("username") or ""
    if link is not None or desired.standing is not Standing.MEMBER or desired.faults or not name:
        return False
    if not target.rules.usernames.any or sight.chosen is not None or sight.absent_at is None:
        return False
    capabilities = target.connector.capabilities
    taken = rival is not None or bearer(desired, sight, capabilities) is not None
    if not taken or _untouchable(target, name):
        return False
    return not may_be_theirs(desired, sight, target.rules.match, capabilities)


def _untouchable(target: ActiveTarget, name: str) -> bool:
    canon, own = target.connector.capabilities.canon, target.own_account
    return target.rules.protected.covers(name) or (
        own is not None and canon("username", name) == canon("username", own)
    )


async def choose(
    connection: Connection, house: House, target: ActiveTarget, identity: Identity, asked: Desired, sight: Sight
) -> Named:
    """Choose the first alternative that is nobody's: no account bears it and nobody else is to have it. It is kept.

    To be called with what is `contested`. Who else wants the taken name is looked at again.
    """
    await names.lock(connection, target.id)
    who = _who(target, asked, sight)
    if who is None:
        found = await _among_rivals(connection, house, target, asked)
        if isinstance(found, Named):
            return found
        who = found
    groups = (await directory.groups_of(connection, [identity.id], target.id)).get(identity.id, ())
    computed = asked.choice.computed if asked.choice else asked.fields["username"] or ""
    tried = alternatives(computed, target.rules.usernames, variables(identity, groups))
    capabilities = target.connector.capabilities
    may = possible(tried, capabilities, lambda name: _untouchable(target, name))
    may.pop(capabilities.canon("username", asked.fields["username"]) or "", None)
    gone = await names.taken(connection, target.id, identity.id, list(may))
    for one in (one for canon, one in may.items() if canon not in gone):
        choice = Choice(computed, who.by, one.rule)
        if await _take(connection, house, target, asked, one.name, choice):
            named = replace(asked, fields={**asked.fields, "username": one.name}, choice=choice)
            await plans.name_desired(connection, target.id, named, capabilities)
            await marks.mark_identities(connection, [target.id], who.rivals, marks.SINGLE, None)
            return Named(named)
    return Named(why_not=f"{computed} is taken by {who.by}, and nothing that the configuration tries instead is free")


def _who(target: ActiveTarget, asked: Desired, sight: Sight) -> _Taken | None:
    found: Candidate | None = bearer(asked, sight, target.connector.capabilities)
    if found is None:
        return None
    whose = f", linked to {found.claimed_by}" if found.claimed_by else ""
    return _Taken(f"the account {found.account.name} (key {found.account.key}{whose})", [])


async def _among_rivals(connection: Connection, house: House, target: ActiveTarget, asked: Desired) -> Named | _Taken:
    """Who of those who want a name gets it: the one to whom it was given before, else who has an account, else who came
    first. Records of two sources may be one person: they are held unless their addresses differ.
    """
    name = asked.fields["username"] or ""
    canon = target.connector.capabilities.canon("username", name) or ""
    others = await names.rivals(connection, target.id, asked.identity, canon)
    if any(not other["same_source"] and other["same_email"] is not False for other in others):
        return Named(why_not=f"{name} is wanted from two identity providers, perhaps for one person: no other is tried")
    if others and others[0]["ahead"]:
        first = others[0]
        return _Taken(f"{first['user_name']} of {first['source']}", [other["id"] for other in others])
    if others and asked.choice is None:
        await _take(connection, house, target, asked, name, Choice(name, "", ""))
    return Named(first=True)


async def _take(
    connection: Connection, house: House, target: ActiveTarget, asked: Desired, name: str, choice: Choice
) -> bool:
    canon, now = target.connector.capabilities.canon, house.clock.now()
    base, chosen = canon("username", choice.computed) or "", canon("username", name) or ""
    return await names.take(connection, target.id, asked.identity, base, name, chosen, choice, now)


async def remember(
    connection: Connection, target: ActiveTarget, identities: Mapping[UUID, Identity], computed: Mapping[UUID, Desired]
) -> dict[UUID, Desired]:
    """The desired states as they were just computed, with the names that were chosen before.

    A name stays chosen until the computed one is another; the new record of somebody who comes back gets the one that
    the former had.
    """
    canon = target.connector.capabilities.canon
    bases = {who: base for who, one in computed.items() if (base := canon("username", one.fields.get("username")))}
    kept = (
        await names.remembered(connection, target.id, list(computed), sorted(set(bases.values()))) if computed else []
    )
    found, own = dict(computed), {row["identity"]: row for row in kept}
    stale = [who for who, base in bases.items() if who in own and own[who]["base"] != base]
    back = {
        who: row
        for who, base in sorted(bases.items(), key=lambda one: str(one[0]))
        if who not in own and (row := _former(kept, base, identities[who])) is not None
    }
    if stale or back:
        await names.lock(connection, target.id)
        await names.forget(connection, target.id, stale)
        for who, row in back.items():
            await names.hand_on(connection, target.id, row["identity"], who)
    for who in bases:
        row = back.get(who) or (own.get(who) if who not in stale else None)
        if row is not None and row["rule"]:
            found[who] = _named(found[who], row)
    return found


def _named(desired: Desired, row: Row) -> Desired:
    choice = Choice(desired.fields["username"] or "", row["taken_by"], row["rule"])
    return replace(desired, fields={**desired.fields, "username": row["name"]}, choice=choice)


def _former(kept: list[Row], base: str, identity: Identity) -> Row | None:
    return next((row for row in kept if row["base"] == base and same_person(row, identity)), None)


def same_person(former: Row, identity: Identity) -> bool:
    """Whether a record that is gone was the same person: externalId, or userName and one more strong attribute."""
    if former["gone_at"] is None:
        return False
    if identity.external_id and former["external_id"] == identity.external_id:
        return True
    if canon_name(identity.user_name) != former["user_name_canon"]:
        return False
    return bool(_mails(former["doc"]) & _mails(identity.attributes))


def _mails(document: object) -> set[str]:
    found = document.get("emails") if isinstance(document, dict) else None
    return {str(m.get("value", "")).lower() for m in found or () if isinstance(m, dict) and m.get("value")}

"""Compiles a target's part of an estate to the rules that planning works by."""

from __future__ import annotations

from datetime import timedelta

from tenure.estate.limits import approval_of, limits_of
from tenure.estate.schema import TargetPart
from tenure.planning.rules import Farewell, OnTheFly, Protected, Rules

SHOWN_WITHIN = timedelta(minutes=90)
"""The deadline of a leaver where another target closes the account: applications read their directory every hour."""


def rules_of(name: str, part: TargetPart, sources: tuple[str, ...]) -> Rules:
    """The rules of the target of this name, which these sources feed."""
    fly = part.groups.on_the_fly
    authority = part.authority if part.authority != name else None
    return Rules(
        target=name,
        sources=sources,
        mode=part.mode,
        scope=part.scope,
        out_of_scope=part.out_of_scope,
        match=part.match,
        adopt=part.adopt,
        attributes=part.attributes.flat(),
        rename_made=part.rename.made,
        rename_adopted=part.rename.adopted,
        mapping=part.groups.mapping,
        on_the_fly=OnTheFly(fly.match, fly.excluding, fly.name, fly.create, fly.existing) if fly else None,
        default_groups=part.groups.default,
        new_groups=part.groups.new,
        keep_foreign_members=part.groups.keep_foreign_members,
        read_rights=part.groups.read_rights,
        leaver=part.leaver.action,
        farewell=part.leaver.farewell(Farewell().deadline if authority is None else SHOWN_WITHIN),
        protected=Protected(part.protected),
        limits=limits_of(part.limits),
        approval=approval_of(part.approval),
        seats_first=part.seats.first,
        authority=authority,
        usernames=part.usernames.taken,
        idle=part.seats.idle,
        seat_price=part.seats.price,
    )

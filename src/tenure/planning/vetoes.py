"""Vetoes, laid over what the rules compute: a refused value is kept out, for as long as it is the computed one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from tenure.model.capability import Capabilities
from tenure.model.change import ChangeKind
from tenure.model.desired import Desired, DesiredGroup, Standing
from tenure.model.situation import Link
from tenure.model.veto import (
    ABSENT,
    ACTIVE,
    ATTRIBUTE,
    EXISTENCE,
    IDLE,
    LEFT,
    LINK,
    MEMBER,
    OUT_OF_SCOPE,
    PRESENT,
    STATE,
    STEP,
    Kept,
    Veto,
)
from tenure.planning.reconciliation import sent_hash

_STATES = {Standing.MEMBER: ACTIVE, Standing.OUT_OF_SCOPE: OUT_OF_SCOPE, Standing.LEAVER: LEFT}


def computed(cell: str, desired: Desired, capabilities: Capabilities) -> str | None:
    """The value that the rules compute for a cell, in canonical form; None for one that they do not compute."""
    if cell == STATE:
        return _STATES[desired.standing]
    if cell.startswith(STEP):
        due = desired.standing is Standing.LEAVER and cell.removeprefix(STEP) in desired.steps
        return PRESENT if due else None
    if desired.standing is not Standing.MEMBER:
        return None
    if cell.startswith(ATTRIBUTE):
        name = cell.removeprefix(ATTRIBUTE)
        return (capabilities.canon(name, desired.fields[name]) or "") if name in desired.fields else None
    if cell.startswith(MEMBER):
        wanted = {capabilities.group.canon(group.name) for group in desired.groups}
        return PRESENT if cell.removeprefix(MEMBER) in wanted else ABSENT
    return None


def overlay(
    desired: Desired, vetoes: Sequence[Veto], link: Link | None, capabilities: Capabilities, now: datetime
) -> tuple[Desired, Kept]:
    """The desired state without the values that are refused, and what else the vetoes ask.

    A veto of which the computed value is another one by now, or is computed no more, has ended. Somebody whom the
    source says has left is not kept by any, but a later step of their farewell may be refused. What was decided about
    an idle seat has ended with them: if they come back, that is another time.
    """
    kept = Kept()
    for veto in vetoes:
        if veto.of_seat and desired.standing is Standing.LEAVER:
            kept = replace(kept, ended=(*kept.ended, veto.id))
            continue
        if veto.cell == IDLE:
            continue  # known by what was seen, not by the rules: `idle_refused`
        if veto.cell in (LINK, EXISTENCE):
            key = (veto.keep or "") if veto.cell == LINK else ""
            unlinked = kept.unlinked or (link is not None and link.key == key and desired.standing is Standing.MEMBER)
            kept = replace(kept, refused_links={**kept.refused_links, key: veto.because}, unlinked=unlinked)
            continue
        value = computed(veto.cell, desired, capabilities)
        if veto.cell.startswith(STEP) and desired.standing is Standing.LEAVER:
            value = PRESENT  # also before it is due: that it will not come is told at once
        if link is None or (value is None and desired.standing is not Standing.MEMBER):
            continue
        if value is None or sent_hash(value) != veto.refused:
            kept = replace(kept, ended=(*kept.ended, veto.id))
        elif veto.cell.startswith(STEP):
            step = ChangeKind(veto.cell.removeprefix(STEP))
            kept = replace(kept, spared=kept.spared | {step}, notes=(*kept.notes, f"{step}: refused by {veto.because}"))
        elif desired.standing is not Standing.LEAVER:
            desired, kept = _refused(desired, kept, veto, value, capabilities, now)
    return desired, kept


def idle_refused(value: str, vetoes: Sequence[Veto], kept: Kept, now: datetime) -> tuple[bool, Kept]:
    """Whether a person refused to free the seat of somebody who last came at `value`, and what vetoes ask then."""
    refused = False
    for veto in vetoes:
        if veto.cell != IDLE:
            continue
        if veto.refused == sent_hash(value) and now < veto.expires_at:
            refused, kept = True, replace(kept, notes=(*kept.notes, f"the seat is kept: {veto.because}"))
        else:
            kept = replace(kept, ended=(*kept.ended, veto.id))
    return refused, kept


def _refused(
    desired: Desired, kept: Kept, veto: Veto, value: str, capabilities: Capabilities, now: datetime
) -> tuple[Desired, Kept]:
    if now >= veto.expires_at:
        asked = f"{veto.cell}: {veto.because} has expired: release it, or reject the change again"
        kept = replace(kept, expired=(*kept.expired, asked))
    kept = replace(kept, notes=(*kept.notes, f"{veto.cell}: computed {value or 'no value'}, refused by {veto.because}"))
    if veto.cell == STATE:
        return desired, replace(kept, state="closed" if value == ACTIVE else "open")
    if veto.cell.startswith(ATTRIBUTE):
        name = veto.cell.removeprefix(ATTRIBUTE)
        fields = {n: v for n, v in desired.fields.items() if n != name}
        return replace(desired, fields={**fields, name: veto.keep} if veto.restores else fields), kept
    canon = veto.cell.removeprefix(MEMBER)
    groups = tuple(group for group in desired.groups if capabilities.group.canon(group.name) != canon)
    if value == ABSENT:
        groups = (*groups, DesiredGroup(veto.keep or canon))
    return replace(desired, groups=groups), kept

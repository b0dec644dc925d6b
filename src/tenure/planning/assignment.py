"""Assignment: what the rules say that an identity should have at a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tenure.model.capability import canon_name
from tenure.model.desired import Desired, DesiredGroup, Reason, Standing
from tenure.model.identity import Identity, SourceGroup
from tenure.planning.expressions import variables
from tenure.planning.farewell import steps_due
from tenure.planning.rules import Expression, ExpressionFailed, Rules


def assign(identity: Identity, groups: Sequence[SourceGroup], rules: Rules, now: datetime) -> Desired:
    """The desired state of one identity.

    Somebody who left has no fields and no groups: what becomes of their account is reconciliation's matter. `now` is
    for rules that depend on time; a Desired that time alone will change says when in `look_again_at`.
    """
    if identity.left:
        because = "deleted at the source" if identity.gone else "active = false"
        if identity.active and not identity.gone:
            because = f"closed by {identity.closed_by}"
        steps, next_at = steps_due(rules, identity.left_at, now)
        reasons = (Reason("standing", because, "leaver", "left"),)
        return Desired(identity.id, Standing.LEAVER, reasons=reasons, steps=steps, look_again_at=next_at)
    values = variables(identity, groups)
    told: list[Reason] = []
    faults: list[str] = []
    in_scope = True
    if rules.scope is not None:
        verdict = _evaluate(rules.scope, "scope", values, told, faults)
        in_scope = verdict == "true"
    if not in_scope and not faults:
        return Desired(identity.id, Standing.OUT_OF_SCOPE, reasons=tuple(told))
    fields = {name: _evaluate(e, name, values, told, faults) for name, e in rules.attributes.items()}
    if not faults and not (fields.get("username") or "").strip():
        faults.append("the expression for username gives no value")
    first = (
        rules.seats_first is not None and _evaluate(rules.seats_first, "seats.first", values, told, faults) == "true"
    )
    wanted = desired_groups(groups, rules)
    told += [_group_reason(group, groups) for group in wanted]
    return Desired(identity.id, Standing.MEMBER, fields, wanted, tuple(told), tuple(faults), first=first)


def desired_groups(groups: Iterable[SourceGroup], rules: Rules) -> tuple[DesiredGroup, ...]:
    """The target's groups that these source groups, and the defaults, lead to.

    A group named in the mapping goes where the mapping says and nowhere else. Names that differ by letter case alone
    are one group; the first one met gives its spelling (groups are taken by name, then id). A group that was renamed
    leads where it led before; of two of one name at one source the second leads nowhere.
    """
    found: dict[str, DesiredGroup] = {}
    mapping: dict[str, tuple[str, ...]] = {}
    for name, names in rules.mapping.items():
        mapping[canon_name(name)] = (*mapping.get(canon_name(name), ()), *names)
    for name in rules.default_groups:
        found.setdefault(canon_name(name), DesiredGroup(name))
    followed = [group for group in sorted(groups, key=lambda g: (g.display_name, str(g.id))) if not group.apart]
    mapped = {
        group.id: next((mapping[canon] for name in group.names if (canon := canon_name(name)) in mapping), None)
        for group in followed
    }
    for group in followed:
        for name in mapped[group.id] or ():
            found.setdefault(canon_name(name), DesiredGroup(name, source_group=group.id))
    for group in followed:
        fly = rules.on_the_fly
        if fly is None or mapped[group.id] is not None:
            continue
        name_there = fly.name_for(group.display_name) and fly.name_for(group.names[-1])
        if name_there:
            made = DesiredGroup(name_there, fly.create, fly.existing.value == "join", group.id, by_name=False)
            found.setdefault(canon_name(name_there), made)
    return tuple(found[canon] for canon in sorted(found))


def _evaluate(
    expression: Expression, cell: str, values: Mapping[str, Any], reasons: list[Reason], faults: list[str]
) -> str | None:
    try:
        value = expression.evaluate(values)
    except ExpressionFailed as failure:
        faults.append(f"{cell}: {failure}")
        return None
    text = str(value).lower() if isinstance(value, bool) else value
    told = ", ".join(f"{path} = {_shown(_at(values, path))}" for path in expression.paths)
    reasons.append(Reason(cell, told, expression.text, text))
    return text


def _at(values: Mapping[str, Any], path: str) -> Any:
    found: Any = values
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "no value"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _group_reason(wanted: DesiredGroup, groups: Sequence[SourceGroup]) -> Reason:
    by_id = {group.id: group.display_name for group in groups}
    if wanted.source_group is None:
        return Reason(f"member:{wanted.name}", "everybody in scope", "groups.default", wanted.name)
    rule = "groups.mapping" if wanted.by_name else "groups.on_the_fly"
    told = f"member of {by_id.get(wanted.source_group, '')}"
    return Reason(f"member:{wanted.name}", told, rule, wanted.name)

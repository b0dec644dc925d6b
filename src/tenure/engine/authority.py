"""Authority at work: how people stand where their accounts are kept, and what is awaited here until it is seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from tenure.engine.active import ActiveTarget, House
from tenure.engine.work import Work
from tenure.model.plan import Verdict
from tenure.planning.authority import WAITS_ON, Elsewhere
from tenure.store import audit, marks
from tenure.store import authority as store
from tenure.store.database import Connection

_LONGEST = timedelta(hours=1)
"""How long at most until somebody who is awaited is looked at again; a directory is read every hour by default."""
_SHOWS = timedelta(minutes=1)
"""How long after a change at the authority it is looked for here."""
_READ_WITHIN = timedelta(minutes=15)
"""When many are awaited, the target is read whole by then, since nobody is read alone."""


async def look(
    connection: Connection,
    house: House,
    target: ActiveTarget,
    names: Mapping[UUID, Collection[str]],
    groups: Collection[str],
) -> Mapping[UUID, Elsewhere]:
    """How these identities stand at the target that keeps the accounts here; nothing where this one does so itself.

    `names` are canonical names of accounts that matter for each, `groups` canonical names of groups that do.
    """
    wanted = target.rules.authority
    if wanted is None:
        return {}
    kept_by = next((one for one in house.targets.values() if one.name == wanted), None)
    if kept_by is None:
        return dict.fromkeys(names, Elsewhere(wanted))
    return await store.elsewhere(connection, kept_by.id, kept_by.rules, names, groups)


async def settle(connection: Connection, house: House, target: ActiveTarget, works: Sequence[Work]) -> None:
    """Keep who is awaited since when, and write down for whom it was seen that what was done elsewhere shows here."""
    if target.rules.authority is None:
        return
    now, unread = house.clock.now(), False
    for work in works:
        if work.identity is None or work.plan.situation == "UNSEEN":
            continue
        waiting = [v for v in work.plan.verdicts if v.waits_on and v.waits_on.startswith(WAITS_ON)]
        if waiting:
            await store.expect(connection, target.id, work.mark.subject, _told(waiting), now, _LONGEST)
            unread = unread or not work.refreshed
            continue
        since = await store.met(connection, target.id, work.mark.subject)
        if since is None or work.plan.problems:
            continue
        facts = {
            "authority": target.rules.authority,
            "since": since.isoformat(),
            "evidence": "re-read" if work.refreshed else "snapshot",
        }
        entry = audit.Entry(now, "engine", "authority.seen", target=target.id, subject=work.mark.subject,
                            cause=work.mark.cause, facts=facts)  # fmt: skip
        await audit.record(connection, entry)
    if unread:
        await marks.bring_forward(connection, target.id, "reading", marks.READINGS, now + _READ_WITHIN)


def _told(waiting: Sequence[Verdict]) -> str:
    return "; ".join(dict.fromkeys(f"{verdict.change.kind.value} {verdict.reason}" for verdict in waiting))


async def done(connection: Connection, house: House, target: ActiveTarget, subject: str) -> None:
    """Something was done here: where this target keeps the accounts, it is looked for soon."""
    if not any(one.rules.authority == target.name for one in house.targets.values()):
        return  # a query for each change of a first load would be felt
    await store.soon(connection, target.id, subject, house.clock.now() + _SHOWS)

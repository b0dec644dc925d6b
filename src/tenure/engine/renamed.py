"""After renames: whoever waits for an account to give up its name, or for another application, is looked at again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tenure.engine.active import ActiveTarget
from tenure.engine.renaming import decided_first, rename_of
from tenure.engine.work import Work
from tenure.model.change import DeleteAccount, Outcome, RenameAccount
from tenure.model.plan import Decision
from tenure.planning.rules import Rename
from tenure.store import marks, plans, renames
from tenure.store.database import Connection
from tenure.store.renames import Waiting, token


async def tell(connection: Connection, target: ActiveTarget, works: Iterable[Work]) -> None:
    """After the plans of a pass: look again at what a plan waits for from now on, and at who waits for these people.

    Only those are woken who are told something else than before. What is about to be sent tells when it is answered.
    """
    if Rename.FOLLOW not in (target.rules.rename_made, target.rules.rename_adopted):
        return
    people = [work for work in works if work.identity is not None and work.plan.situation != "UNSEEN"]
    places = {work.number: renames.places_of(work.plan.waits_on) for work in people if work.number is not None}
    numbers = [number for number, there in places.items() if there]
    new = await plans.made_now(connection, numbers) if numbers else set()
    for work in people:
        for number, who in places[work.number] if work.number in new else ():
            await marks.mark_identities(connection, [number], [who], marks.SINGLE, work.mark.cause)
    told = {token(target.id, work.identity): work for work in people if work.identity and not _goes(work)}
    if told:
        found = await renames.waiting(connection, list(told))
        await renames.wake(connection, [one for one in found if _news(target, one, told[one.token])])


def _goes(work: Work) -> bool:
    verdict = rename_of(work.plan)
    return verdict is not None and verdict.decision is Decision.GO


def _news(target: ActiveTarget, one: Waiting, work: Work) -> bool:
    verdict = rename_of(work.plan)
    if verdict is None:
        return True
    if verdict.decision is Decision.WAIT:
        return one.verdict.decision is Decision.HOLD
    told = decided_first(target, verdict.gate) if verdict.gate else verdict.reason
    root = work.root if work.root and not verdict.gate else f"{target.name}: {told}"
    return root not in one.verdict.reason


async def settled(connection: Connection, target: ActiveTarget, works: Sequence[Work]) -> None:
    """After the answers of a pass, when what was seen is kept: whoever waited for these renames is looked at again."""
    told: dict[str, str | None] = {}
    for work in works:
        answers = [s.answer.outcome for s in work.settled if isinstance(s.intent.change, RenameAccount | DeleteAccount)]
        if work.identity is None or not answers:
            continue
        if any(one in (Outcome.APPLIED, Outcome.ALREADY) for one in answers):
            told[token(target.id, work.identity)] = None
        elif refused := next((problem for problem in work.held if problem.startswith(renames.REFUSED)), None):
            told[token(target.id, work.identity)] = f"{target.name}: {refused}"
    if told:
        found = await renames.waiting(connection, list(told))
        await renames.wake(connection, [w for w in found if (told[w.token] or "\0") not in w.verdict.reason])

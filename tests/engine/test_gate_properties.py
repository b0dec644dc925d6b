"""No interleaving of workers, pushes, deaths and decisions lets more people through a gate than it allows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.test_gates import ADA, OFF, ON, held, hire, inactive, push
from tests.engine.world import ESTATE, Killed, World

from tenure.app import Tenure
from tenure.engine import decide
from tenure.engine.decide import NotDecided

PEOPLE, ALLOWED = 12, 3
LIMITED = ESTATE + f"    limits: {{leavers: {{people: {ALLOWED}}}}}\n"
USED = "SELECT count(DISTINCT subject) AS n FROM gate_use WHERE class = %s AND state <> 'released' AND NOT approved"
APPROVED = "SELECT coalesce(sum(people), 0) AS n FROM decision WHERE kind = 'approve' AND class = %s"
VETOED = """SELECT count(*) AS n FROM veto v JOIN identity i ON i.id = v.identity
    WHERE v.ended_at IS NULL AND NOT i.active AND v.cell = 'state'"""

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("leave"), st.integers(0, PEOPLE - 1)),
        st.tuples(st.just("come back"), st.integers(0, PEOPLE - 1)),
        st.tuples(st.just("work"), st.integers(0, 2)),  # the one house, the other, both at once
        st.tuples(st.just("die"), st.integers(1, 40)),
        st.tuples(st.just("approve"), st.integers(1, 3)),
        st.tuples(st.just("reject"), st.integers(1, 3)),
        st.tuples(st.just("pass"), st.integers(1, 90)),
    ),
    min_size=3,
    max_size=12,
)


class Exercise:
    """Two houses on one database, what was asked of them, and what has to hold after each step."""

    def __init__(self, world: World) -> None:
        self.world, self.ids, self.left = world, dict[str, str](), set[str]()

    async def play(self, steps: list[tuple[str, int]]) -> None:
        async with self.world.house() as one, self.world.provider(one) as client:
            self.ids = await hire(client, PEOPLE)
            await self.world.finish(one)
            for kind, number in [*(("leave", n) for n in range(ALLOWED)), *steps]:
                name = list(self.ids)[number % PEOPLE]
                if kind == "leave":
                    await push(client, f"/Users/{self.ids[name]}", OFF)
                    self.left.add(name)
                elif kind == "come back":
                    await push(client, f"/Users/{self.ids[name]}", ON)
                    self.left.discard(name)
                elif kind in ("approve", "reject"):
                    await self.decide(one, kind, number)
                elif kind == "pass":
                    self.world.clock.at += timedelta(minutes=number)
                else:
                    await self.work(one, kind, number)
                await self.holds(one)
            await self.world.finish(one, timedelta(hours=2))
            await self.holds(one)
            await self.nobody_is_kept(one)

    async def work(self, one: Tenure, kind: str, number: int) -> None:
        fuse = self.world.fuse
        async with self.world.house(kill_at=number if kind == "die" else None) as other:
            houses = [other] if kind == "die" or number == 1 else [one] if number == 0 else [one, other]
            with contextlib.suppress(Killed):
                await asyncio.gather(*(house.engine.settle() for house in houses))
        self.world.fuse = fuse

    async def decide(self, one: Tenure, kind: str, most: int) -> None:
        plan = (await held(one)).get("leavers")
        if plan is None or not plan.leaves:
            return
        now, only = self.world.clock.now(), [leaf.person for leaf in plan.leaves[:most]]
        with contextlib.suppress(NotDecided):
            await getattr(decide, kind)(one.database, now, plan.id, plan.revision, ADA, only=only)

    async def holds(self, one: Tenure) -> None:
        """At most so many passed unasked within the window, which none of these exercises outlasts."""
        assert (await one.database.rows(USED, "leavers"))[0]["n"] <= ALLOWED
        approved = int((await one.database.rows(APPROVED, "leavers"))[0]["n"])
        closed = [w["subject"] for w in (await self.world.jira())["journal"] if '"active": false' in w["what"].lower()]
        assert len(await inactive(self.world, list(self.ids))) <= ALLOWED + approved
        assert len(set(closed)) <= ALLOWED + approved

    async def nobody_is_kept(self, one: Tenure) -> None:
        """Who has left is closed, or waits at the gate for a person; no veto keeps the account."""
        assert (await one.database.rows(VETOED))[0]["n"] == 0
        plan = (await held(one)).get("leavers")
        waiting = {leaf.person for leaf in plan.leaves} if plan else set()
        assert await inactive(self.world, list(self.ids)) | waiting == self.left


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_no_interleaving_lets_more_through(make_database: Callable[[], str], steps: list[tuple[str, int]]) -> None:
    asyncio.run(Exercise(World(make_database(), LIMITED)).play(steps))

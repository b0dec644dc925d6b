"""A house with a sandbox in which a disaster is played, step by step, and what is to be seen of it afterwards."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx2
import yaml
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send
from tests.engine.world import ESTATE, World, patch, person

from tenure.app import Tenure
from tenure.engine import decide
from tenure.store import holding, marks
from tenure.store.decisions import Decider
from tenure_sandbox.serve import build

ADA = Decider("cli:ada", "it is meant")


class Address:
    """An address at which one server answers, and later perhaps another."""

    def __init__(self, server: Starlette) -> None:
        self.server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.server(scope, receive, send)


def estate_with(changes: dict[str, Any], text: str = ESTATE) -> str:
    """The estate with other values at dotted paths of its target; null takes a key away, [whole] replaces a mapping."""
    document = yaml.safe_load(text)
    for path, value in changes.items():
        *above, last = path.split(".")
        place = document["targets"]["jira"]
        for name in above:
            place = place.setdefault(name, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return yaml.safe_dump(document, allow_unicode=True)


def numbers(said: Any) -> range:
    """People by number: `0-29`, or one."""
    first, _, last = str(said).partition("-")
    return range(int(first), int(last or first) + 1)


def name_of(number: int) -> str:
    return f"p{number:04}@x.example"


def filled(value: Any, number: int) -> Any:
    """A value of a step for one person: `{n}` is the person's number."""
    if isinstance(value, dict):
        return {name: filled(part, number) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, number) for part in value]
    return value.replace("{n}", f"{number:04}") if isinstance(value, str) else value


@dataclass
class Play:
    """One disaster while it is played. `before` is what Jira held when all was well."""

    world: World
    estate: str
    stack: AsyncExitStack
    ids: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    tenure: Tenure = field(init=False)
    client: httpx2.AsyncClient = field(init=False)
    _house: AsyncExitStack = field(default_factory=AsyncExitStack)

    @classmethod
    async def begin(cls, database: str, house: dict[str, Any], stack: AsyncExitStack) -> Play:
        """A house in which all is well: the people have accounts and are in their groups."""
        estate = estate_with(house.get("estate", {}))
        world = World(database, estate)
        jira = dict(house.get("jira", {}))
        world.sandbox = Address(build(**jira))  # type: ignore[assignment]
        play = cls(world, estate, stack)
        stack.push_async_callback(play.close)
        await play.open()
        last = house["people"] - 1
        await play.joiner(last, house)
        await play.finish()  # whoever has an update of their own has the lowest key: a cut listing still shows them
        for number in range(last):
            await play.joiner(number, house)
        for group, who in house.get("groups", {}).items():
            play.groups[group] = await play.post("/Groups", {"displayName": group, "members": play.members(who)})
        await play.finish()
        assert not await play.held(), "the house was to be well"
        play.before = await world.jira()
        return play

    async def joiner(self, number: int, house: dict[str, Any]) -> None:
        """A person of the house appears at the provider."""
        body = person(name_of(number), f"Person {number:04}", phone=f"+44 {number}")
        self.ids[name_of(number)] = await self.post("/Users", body | filled(house.get("each", {}), number))

    async def open(self) -> None:
        """Open the house, with the estate as it is now."""
        self.tenure = await self._house.enter_async_context(self.world.house())
        self.client = await self._house.enter_async_context(self.world.provider(self.tenure))

    async def close(self) -> None:
        """Close the house; the database and the sandbox stay."""
        house, self._house = self._house, AsyncExitStack()
        await house.aclose()

    async def finish(self) -> None:
        """Work, and let time pass, until nothing is put off; what a stopped target keeps waiting stays due."""
        until = self.world.clock.at + timedelta(minutes=30)
        while self.world.clock.at < until:
            await self.tenure.engine.settle()
            [due] = await self.tenure.database.rows(
                "SELECT min(not_before) AS at FROM due WHERE subject <> 'reading' AND not_before > %s",
                self.world.clock.at,
            )
            if due["at"] is None:
                return
            self.world.clock.at = due["at"] + timedelta(milliseconds=1)

    def members(self, who: Any) -> list[dict[str, str]]:
        return [{"value": self.ids[name_of(n)]} for n in numbers(who)] if who not in (None, []) else []

    async def post(self, path: str, body: dict[str, Any]) -> str:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def step(self, step: dict[str, Any]) -> None:
        """One step of a disaster."""
        ((kind, said),) = step.items()
        await getattr(self, f"step_{kind}")(said)

    async def step_set(self, said: dict[str, Any]) -> None:
        values = {name: value for name, value in said.items() if name not in ("people", "every")}
        for number in numbers(said["people"]):
            body = patch({"op": "replace", "value": filled(values, number)})
            answer = await self.client.patch(f"/Users/{self.ids[name_of(number)]}", json=body)
            assert answer.status_code in (200, 204), answer.text
            await self._let_pass(said)

    async def step_delete(self, said: dict[str, Any]) -> None:
        for number in numbers(said["people"]):
            assert (await self.client.delete(f"/Users/{self.ids[name_of(number)]}")).status_code == 204
            await self._let_pass(said)

    async def _let_pass(self, said: dict[str, Any]) -> None:
        if "every" in said:
            self.world.clock.at += timedelta(seconds=said["every"])
            await self.finish()

    async def step_members(self, said: dict[str, Any]) -> None:
        body = {"displayName": said["group"], "members": self.members(said["people"])}
        answer = await self.client.put(f"/Groups/{self.groups[said['group']]}", json=body)
        assert answer.status_code == 200, answer.text

    async def step_estate(self, said: dict[str, Any]) -> None:
        await self.close()
        self.world.estate = estate_with(said, self.estate)
        await self.open()

    async def step_faults(self, said: list[dict[str, Any]]) -> None:
        await self.world.faults(*said)

    async def step_server(self, said: dict[str, Any]) -> None:
        server = build(users=said["users"])
        jira = server.state.world.applications["jira"]
        jira.server_id = said["id"]
        for account in jira.accounts.values():  # else the count depends on whose key an inactive stranger has
            account.active = True
        self.world.sandbox.server = server  # type: ignore[attr-defined]
        self.before = await self.world.jira()

    async def step_compare(self, said: int) -> None:
        for _ in range(said):
            self.world.clock.at += timedelta(minutes=30)
            await self.finish()
            async with self.tenure.database.transaction() as connection:
                [target] = self.tenure.house.targets
                await marks.mark_subject(connection, [target], "reading", marks.READINGS, None)
            await self.finish()

    async def step_wait(self, said: int) -> None:
        self.world.clock.at += timedelta(minutes=said)
        await self.finish()

    async def step_finish(self, said: None) -> None:
        await self.finish()

    async def step_approve(self, said: str) -> None:
        async with self.tenure.database.transaction() as connection:
            plan = next(p for p in await holding.held_plans(connection) if p.name == said)
        await decide.approve(self.tenure.database, self.world.clock.now(), plan.id, plan.revision, ADA)

    async def somebody_else(self, number: int) -> None:
        """A joiner and an update of somebody whom the mistake is not about."""
        await self.post("/Users", person(f"joiner{number}@x.example", f"Jo Iner {number}"))
        last = self.ids[name_of(len(self.ids) - 1)]
        value = [{"value": f"+49 {number}", "type": "work"}]
        body = patch({"op": "replace", "path": "phoneNumbers", "value": value})
        assert (await self.client.patch(f"/Users/{last}", json=body)).status_code in (200, 204)
        await self.finish()

    async def went_through(self, number: int) -> set[str]:
        """Which of the two are at Jira: `joiner`, `update`."""
        accounts = (await self.world.jira())["accounts"]
        found = {"joiner"} if any(a["name"] == f"joiner{number}" for a in accounts) else set()
        return found | ({"update"} if any(a["properties"].get("phone") == f"+49 {number}" for a in accounts) else set())

    async def held(self) -> dict[str, int]:
        """How many people each gate holds."""
        async with self.tenure.database.transaction() as connection:
            plans = await holding.held_plans(connection)
        return {plan.name: len(plan.leaves) for plan in plans if plan.leaves}

    async def waiting(self) -> list[str]:
        """Why the current plans of people that no gate holds wait, a sentence for each."""
        found = await self.tenure.database.rows(
            'SELECT subject, verdicts FROM plan WHERE current AND waiting ORDER BY subject COLLATE "C"'
        )
        return [next(iter(_reasons(r["verdicts"])), "") for r in found]

    async def closed(self) -> str:
        """Why nothing is written at the target, or nothing."""
        [found] = await self.tenure.database.rows("SELECT state, stop_reason, caution FROM target")
        return found["caution"] or (found["stop_reason"] if found["state"] == "stopped" else "") or ""

    async def done(self) -> dict[str, int]:
        """What was done to accounts that were there before, other than what was asked for meanwhile."""
        now = await self.world.jira()
        there = {a["key"]: a for a in now["accounts"]}
        found: Counter[str] = Counter()
        for old in self.before["accounts"]:
            new = there.pop(old["key"], None)
            if new is None:
                found["accounts"] += 1
                continue
            found["accounts"] += old["active"] and not new["active"]
            found["opened"] += new["active"] and not old["active"]
            found["memberships"] += len(set(old["groups"]) - set(new["groups"]))
            found["joined"] += len(set(new["groups"]) - set(old["groups"]))
            found["names"] += old["name"] != new["name"]
            found["emails"] += old["email"] != new["email"]
            found["display names"] += old["display_name"] != new["display_name"]
            last = old["name"] == name_of(len(self.ids) - 1).split("@")[0]
            found["properties"] += old["properties"] != new["properties"] and not last
        found["made"] += sum(not re.fullmatch(r"joiner\d", a["name"]) for a in there.values())
        return {what: count for what, count in found.items() if count}


def _reasons(plan: dict[str, Any]) -> Iterator[str]:
    yield from plan.get("problems", ())
    for verdict in plan.get("verdicts", ()):
        if verdict["decision"] in ("hold", "wait") and not verdict.get("gate"):
            yield verdict["reason"]

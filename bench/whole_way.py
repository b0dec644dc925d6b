"""The way from a push to the effect in Jira: one at a time on an idle house, and a first load."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
from load import Load, joining, patch, person

GROUPS = 2
PATIENCE_SECONDS = 120
QUIET_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class FirstLoad:
    """Seconds from the first push to the last needed write, identities a second, and calls made and unavoidable."""

    seconds: float
    per_second: float
    calls: int
    least: int


class TooSlow(Exception):
    """An effect did not come within the bench's patience."""


class Meter:
    """Reads what the sandbox noted."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        """Start at the beginning of the notes."""
        self._address, self._session, self.calls = address, session, list[dict[str, Any]]()

    async def look(self) -> int:
        """Fetch what is new; gives how many calls there are by now."""
        async with self._session.get(f"{self._address}/_calls?from={len(self.calls)}") as answer:
            self.calls += await answer.json(content_type=None)
        return len(self.calls)

    async def write_after(self, first: int) -> float:
        """Wait for the first write from call number `first` on; gives the moment at which it was answered."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < give_up:
            await self.look()
            for call in self.calls[first:]:
                if is_write(call):
                    return float(call["at"])
            await asyncio.sleep(0.02)
        raise TooSlow(f"no effect within {PATIENCE_SECONDS} s; the last calls were {self.calls[-3:]}")

    async def quiet(self, seconds: float = QUIET_SECONDS) -> None:
        """Wait until nothing was called for so long."""
        give_up, known, since = time.monotonic() + PATIENCE_SECONDS, -1, time.monotonic()
        while time.monotonic() < give_up:
            if (count := await self.look()) != known:
                known, since = count, time.monotonic()
            elif time.monotonic() - since > seconds:
                return
            await asyncio.sleep(0.1)
        raise TooSlow("the house did not come to rest")


def is_write(call: dict[str, Any]) -> bool:
    """Whether a call changed something."""
    return call["method"] != "GET" and 200 <= call["status"] < 300


async def effects(load: Load, meter: Meter, people: int) -> dict[str, list[float]]:
    """Push a joiner, a change and a leaver, each when all is at rest; gives the seconds until each took effect."""
    took: dict[str, list[float]] = {"joiner": [], "change": [], "leaver": []}
    await load.send("POST", "/Users", person("warm-up", 0))
    await meter.quiet()
    for number in range(people):
        name = f"probe{number}"
        began, first = time.monotonic(), len(meter.calls)
        made = await load.send("POST", "/Users", person(name, number))
        took["joiner"].append(await meter.write_after(first) - began)
        for kind, path, value in (("change", "displayName", f"Renamed {number}"), ("leaver", "active", False)):
            await meter.quiet(0.15)
            began, first = time.monotonic(), len(meter.calls)
            await load.send("PATCH", f"/Users/{made['id']}", patch({"op": "replace", "path": path, "value": value}))
            took[kind].append(await meter.write_after(first) - began)
        await meter.quiet(0.15)
    return took


async def first_load(load: Load, meter: Meter, people: int) -> FirstLoad:
    """Push people and two groups with everybody in them into a house that has never seen them."""
    await meter.quiet(1.0)
    first, began = len(meter.calls), time.monotonic()
    _, ids = await load.phase([("POST", "/Users", person(f"first{n}", n)) for n in range(people)])
    for number in range(GROUPS):
        body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": f"load {number}"}
        made = await load.send("POST", "/Groups", body)
        for start in range(0, people, 100):
            await load.send("PATCH", f"/Groups/{made['id']}", joining(ids[start : start + 100]))
    await _done(meter, first, people)
    last = max(call["at"] for call in meter.calls[first:] if is_write(call))
    await meter.quiet()
    least = people + people * GROUPS + GROUPS
    seconds = last - began
    return FirstLoad(seconds, people / seconds, len(meter.calls) - first, least)


async def _done(meter: Meter, first: int, people: int) -> None:
    """Wait until everybody has an account and both memberships."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        await meter.look()
        writes = [call["path"] for call in meter.calls[first:] if is_write(call) and call["method"] == "POST"]
        joined = sum(path.endswith("/group/user") for path in writes)
        made = sum(path.endswith("/2/user") for path in writes)
        if made >= people and joined >= people * GROUPS:
            return
        await asyncio.sleep(0.25)
    raise TooSlow(f"after {PATIENCE_SECONDS} s Jira had {made} of {people} accounts, {joined} memberships")

"""One load for every SCIM server: the same requests in the same order, timed from outside."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
CONNECTIONS = 16
TIMEOUT_SECONDS = 120

Request = tuple[str, str, dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Timing:
    """What one kind of request cost: requests a second over the whole phase, and seconds for a single one."""

    per_second: float
    median: float
    p99: float
    refused: int


class Refused(Exception):
    """A server answered a request of the load with an error: what follows would measure nothing."""


def person(name: str, number: int) -> dict[str, Any]:
    """A User as identity providers send them."""
    address = f"{name}@example.org"
    return {
        "schemas": [USER],
        "userName": address,
        "externalId": f"id-{name}",
        "active": True,
        "displayName": f"Person {number}",
        "name": {"givenName": f"Given {number}", "familyName": f"Family {number % 89}"},
        "emails": [{"value": address, "type": "work", "primary": True}],
        "phoneNumbers": [{"value": f"+1 555 {number:07d}", "type": "work"}],
        "title": "Engineer",
    }


def group(name: str, members: Sequence[str] = ()) -> dict[str, Any]:
    """A Group with its first members."""
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": one} for one in members]}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    """The body of a PATCH."""
    return {"schemas": [PATCH], "Operations": list(operations)}


def joining(members: Sequence[str]) -> dict[str, Any]:
    """The body of a PATCH that adds members to a group."""
    return patch({"op": "add", "path": "members", "value": [{"value": one} for one in members]})


def by_name(name: str) -> str:
    """The address of a search for one userName."""
    return "/Users?filter=" + quote(f'userName eq "{name}@example.org"', safe="")


def by_external_id(name: str) -> str:
    """The address of a search for one externalId."""
    return "/Users?filter=" + quote(f'externalId eq "id-{name}"', safe="")


class Load:
    """Sends phases of requests to one SCIM server over a bounded number of kept connections."""

    def __init__(self, address: str, token: str) -> None:
        """`address` is the base of the SCIM server, without a slash at its end."""
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/scim+json"}

    async def __aenter__(self) -> Load:
        """Open the connections."""
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=3),  # servers end theirs after five
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        await self._session.close()

    async def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request whose answer matters; raises Refused with what the server said."""
        status, raw = await self._exchange(method, path, body)
        if not 200 <= status < 300:
            raise Refused(f"{method} {self._address}{path[:80]} was answered {status}: {raw[:300]!r}")
        return json.loads(raw) if raw else {}

    async def phase(self, requests: Sequence[Request], connections: int = CONNECTIONS) -> tuple[Timing, list[str]]:
        """Send every request, `connections` at once; gives what it cost and the ids in the answers, in order."""
        encoded = [(method, path, None if body is None else json.dumps(body)) for method, path, body in requests]
        todo, took, refused = iter(enumerate(encoded)), [0.0] * len(encoded), 0
        answers = [b""] * len(encoded)

        async def work() -> None:
            nonlocal refused
            for place, (method, path, body) in todo:
                began = time.perf_counter()
                status, answers[place] = await self._exchange(method, path, body)
                took[place] = time.perf_counter() - began
                refused += not 200 <= status < 300

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(connections)))
        wall = time.perf_counter() - began
        if refused > len(encoded) // 100:
            raise Refused(
                f"{refused} of {len(encoded)} requests such as {requests[0][:2]} failed: {answers[-1][:300]!r}"
            )
        took.sort()
        timing = Timing(len(took) / wall, took[len(took) // 2], took[int(len(took) * 0.99)], refused)
        return timing, [json.loads(raw).get("id", "") if raw else "" for raw in answers]

    async def _exchange(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        data = json.dumps(body) if isinstance(body, dict) else body
        async with self._session.request(method, self._address + path, data=data) as answer:
            return answer.status, await answer.read()

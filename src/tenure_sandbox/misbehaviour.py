"""The middleware that carries scheduled faults out, the same under a real server and in one process with its client."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import parse_qsl, urlencode

import httpx2
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .faults import CONDITIONS, PAGE_PARAMETERS, Fault, Schedule

# An ASGI extension with this name holds a function, `close`, that ends the client's connection at once.
HANG_UP = "tenure_sandbox.hang_up"
_HTML = (b"content-type", b"text/html;charset=UTF-8")


async def _hang_up(scope: Scope, receive: Receive) -> None:
    connection = scope.get("extensions", {}).get(HANG_UP)
    if connection is None:  # No connection to close: a client in this process is told what it would have met on a wire.
        raise httpx2.RemoteProtocolError("Server disconnected without sending a response.")
    connection["close"]()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
    length = (b"content-length", str(len(body)).encode())
    kept = [pair for pair in headers if pair[0] != b"content-length"]
    await send({"type": "http.response.start", "status": status, "headers": [*kept, length]})
    await send({"type": "http.response.body", "body": body})


async def _collect(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    messages: list[Message] = []

    async def keep(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, keep)
    start = messages[0]
    return start["status"], list(start["headers"]), b"".join(m.get("body", b"") for m in messages[1:])


def _page(title: str) -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>".encode()


async def _latency(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(fault.fields["ms"] / 1000)
    await app(scope, receive, send)


async def _status(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.fields["when"] == "after":
        await _collect(app, scope, receive)
    wait = fault.fields.get("retry_after")
    headers = [_HTML] + ([] if wait is None else [(b"retry-after", str(wait).encode())])
    title = "Corporate proxy: please sign in" if fault.kind == "proxy_html" else f"HTTP status {fault.fields['status']}"
    await _answer(send, fault.fields["status"], headers, _page(title))


async def _drop(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.fields["when"] == "after":
        await _collect(app, scope, receive)
    await _hang_up(scope, receive)


def _kept(fault: Fault, body: bytes) -> bytes:
    return body[: len(body) // 2 if fault.fields["keep"] is None else int(fault.fields["keep"])]


async def _truncate(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    status, headers, body = await _collect(app, scope, receive)
    await _answer(send, status, headers, _kept(fault, body))


async def _cut_short(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    status, headers, body = await _collect(app, scope, receive)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": _kept(fault, body), "more_body": True})
    await asyncio.sleep(0)
    await _hang_up(scope, receive)


async def _repeat_page(_: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    # The server forgets which page was asked for: the first one comes again, and its token with it.
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    first = urlencode([(name, value) for name, value in query if name not in PAGE_PARAMETERS])
    await app({**scope, "query_string": first.encode()}, receive, send)


async def _condition(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app({**scope, CONDITIONS: {**scope.get(CONDITIONS, {}), fault.kind: fault}}, receive, send)


def _take(fault: Fault, scope: Scope, now: float) -> tuple[int, int]:
    """Take one token from the caller's bucket; return the tokens left and the seconds to wait (0: none needed)."""
    limit, rate = fault.fields["limit"], fault.fields["fill_rate"] / fault.fields["interval_seconds"]
    caller = dict(scope["headers"]).get(b"authorization", b"")
    tokens, at = fault.buckets.get(caller, (float(limit), now))
    tokens = min(float(limit), tokens + (now - at) * rate)
    wait = 0 if tokens >= 1 else math.ceil((1 - tokens) / rate)
    fault.buckets[caller] = (tokens if wait else tokens - 1, now)
    return int(fault.buckets[caller][0]), wait


class Faults:
    """ASGI middleware that carries a schedule out on every path that does not begin with /_ ."""

    def __init__(self, app: ASGIApp, schedule: Schedule) -> None:
        """Wrap `app`, which hears of the faults that it has to carry out itself through its scope."""
        self._app = app
        self._schedule = schedule
        self._effects: dict[str, Callable[..., Awaitable[None]]] = {
            "latency": _latency,
            "status": _status,
            "proxy_html": _status,
            "drop": _drop,
            "truncate": _truncate,
            "cut_short": _cut_short,
            "repeat_page": _repeat_page,
            "rate_limit": self._rate_limit,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request through the faults whose turn it is, the first scheduled outermost."""
        schedule = self._schedule
        if scope["type"] != "http" or scope["path"].startswith("/_"):
            await self._app(scope, receive, send)
            return
        if schedule.latency_ms:
            await asyncio.sleep(schedule.latency_ms / 1000)
        app = self._app
        for fault, call in reversed([(fault, fault.seen) for fault in schedule.faults if fault.meets(scope)]):
            app = self._around(fault, call, app)
        await app(scope, receive, send)

    def _around(self, fault: Fault, call: int, app: ASGIApp) -> ASGIApp:
        effect = self._effects.get(fault.kind, _condition)

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            self._schedule.record(fault, scope, call)
            await effect(fault, app, scope, receive, send)

        return faulty

    async def _rate_limit(self, fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        left, wait = _take(fault, scope, self._schedule.clock())
        told = {"x-ratelimit-limit": "limit", "x-ratelimit-fillrate": "fill_rate"}
        values = {name: fault.fields[key] for name, key in told.items()}
        values |= {"x-ratelimit-interval-seconds": fault.fields["interval_seconds"]}
        values |= {"x-ratelimit-remaining": left, "retry-after": wait}
        headers = [(name.encode(), str(value).encode()) for name, value in values.items()]
        if wait:
            await _answer(send, 429, [_HTML, *headers], _page("Rate limit exceeded"))
            return

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await app(scope, receive, tell)

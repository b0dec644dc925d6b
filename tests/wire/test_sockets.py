"""On a real wire: what was never sent may be sent again, what broke after it was sent may have taken effect."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tenure.model.capability import Mode
from tenure.model.error import OutcomeUnknown, TargetError, Unreachable
from tenure.model.secret import Secret
from tenure.wire import Basic, Client, PacedLimiter

from .parts import LIST, MAKE, JumpingClock, own_error


def wired(port: int, timeout: float = 5.0) -> Client:
    clock = JumpingClock()
    return Client(
        f"http://127.0.0.1:{port}",
        auth=Basic(username="a", password=Secret("b")),
        mode=Mode.FULL,
        operations=(LIST, MAKE),
        limiter=PacedLimiter(clock, 1000, 8),
        own_error=own_error,
        clock=clock,
        name="jira",
        timeout=timeout,
    )


@asynccontextmanager
async def answering(raw: bytes | None) -> AsyncIterator[int]:
    """A server that reads a request and writes these bytes, or nothing and stays (None)."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if raw is None:
            await asyncio.sleep(10)
        writer.write(raw or b"")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_refused_connection_carried_nothing() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        client = wired(taken.getsockname()[1])
        for operation in (LIST, MAKE):
            with pytest.raises(Unreachable, match="no connection"):
                await client.send(operation, json=None if operation is LIST else {})


async def test_a_name_that_does_not_resolve_carried_nothing() -> None:
    client = Client(
        "http://no-such-host.invalid",
        auth=Basic(username="a", password=Secret("b")),
        mode=Mode.FULL,
        operations=(MAKE,),
        limiter=PacedLimiter(JumpingClock(), 1000, 8),
        own_error=own_error,
        clock=JumpingClock(),
        name="jira",
    )
    with pytest.raises(Unreachable):
        await client.send(MAKE, json={})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        None,
    ],
)
async def test_what_broke_after_sending_is_unknown_for_a_write_alone(raw: bytes | None) -> None:
    async with answering(raw) as port:
        client = wired(port, timeout=0.3)
        for operation, error in ((LIST, Unreachable), (MAKE, OutcomeUnknown)):
            with pytest.raises(TargetError) as caught:
                await client.send(operation, json=None if operation is LIST else {})
            assert type(caught.value) is error
        await client.aclose()

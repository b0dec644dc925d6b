"""Every kind of answer, and of none, becomes the error that says what to do next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import msgspec
import pytest

from tenure.model.error import (
    Conflict,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    TargetError,
    Unauthorized,
    Unreachable,
)
from tenure.wire import Operation
from tenure.wire import client as wire_client

from .parts import LIST, MAKE, JumpingClock, client

OWN = {"oops": "no such thing"}
PAGE = {"text": "<html>Bad gateway</html>", "headers": {"content-type": "text/html"}}


def fixed(status: int, **more: Any) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda request: httpx2.Response(status, **more)


@pytest.mark.parametrize(
    ("answer", "for_read", "for_write"),
    [
        (fixed(200, **PAGE), Unreachable, OutcomeUnknown),
        (fixed(200, text='{"half'), Unreachable, OutcomeUnknown),
        (fixed(400, json=OWN), Rejected, Rejected),
        (fixed(400, **PAGE), Unreachable, Rejected),
        (fixed(401, **PAGE), Unauthorized, Unauthorized),
        (fixed(401, json=OWN), Unauthorized, Unauthorized),
        (fixed(401, json=OWN, headers={"X-AUSERNAME": "admin"}), Forbidden, Forbidden),
        (fixed(401, json=OWN, headers={"X-AUSERNAME": "anonymous"}), Unauthorized, Unauthorized),
        (fixed(401, headers={"X-AUSERNAME": "admin"}, text="<html>"), Unauthorized, Unauthorized),
        (fixed(403, json=OWN), Forbidden, Forbidden),
        (fixed(404, json=OWN), NotFound, NotFound),
        (fixed(404, **PAGE), Unreachable, OutcomeUnknown),
        (fixed(404, json={"message": "null for uri"}), Unreachable, OutcomeUnknown),
        (fixed(408), Unreachable, OutcomeUnknown),
        (fixed(409, json=OWN), Conflict, Conflict),
        (fixed(429), RateLimited, RateLimited),
        (fixed(500, json=OWN), Unreachable, OutcomeUnknown),
        (fixed(503, **PAGE), Unreachable, OutcomeUnknown),
        (fixed(302, headers={"location": "https://idp.test/login?next=x"}), Unauthorized, Unauthorized),
        (fixed(301, headers={"location": "https://other.test/lessons"}), Unreachable, OutcomeUnknown),
    ],
)
async def test_status(answer: Any, for_read: type[TargetError], for_write: type[TargetError]) -> None:
    with pytest.raises(TargetError) as read:
        await client(answer).send(LIST)
    assert type(read.value) is for_read
    with pytest.raises(TargetError) as write:
        await client(answer).send(MAKE, json={})
    assert type(write.value) is for_write


@pytest.mark.parametrize(
    ("problem", "for_read", "for_write"),
    [
        (httpx2.ConnectError("refused"), Unreachable, Unreachable),
        (httpx2.ConnectTimeout(""), Unreachable, Unreachable),
        (httpx2.PoolTimeout(""), Unreachable, Unreachable),
        (httpx2.ReadTimeout(""), Unreachable, OutcomeUnknown),
        (httpx2.WriteTimeout(""), Unreachable, OutcomeUnknown),
        (httpx2.ReadError("reset"), Unreachable, OutcomeUnknown),
        (httpx2.WriteError("reset"), Unreachable, OutcomeUnknown),
        (httpx2.RemoteProtocolError("peer closed"), Unreachable, OutcomeUnknown),
        (httpx2.LocalProtocolError("Illegal header value b'Bearer s3cret'"), Unreachable, OutcomeUnknown),
        (ConnectionResetError(), Unreachable, OutcomeUnknown),
    ],
)
async def test_no_answer(problem: Exception, for_read: type[TargetError], for_write: type[TargetError]) -> None:
    def fail(request: httpx2.Request) -> httpx2.Response:
        raise problem

    with pytest.raises(TargetError) as read:
        await client(fail).send(LIST)
    assert type(read.value) is for_read
    with pytest.raises(TargetError) as write:
        await client(fail).send(MAKE, json={})
    assert type(write.value) is for_write
    assert "s3cret" not in str(write.value)


@pytest.mark.parametrize("operation", [LIST, MAKE], ids=str)
async def test_reads_are_tried_three_times_and_writes_once(operation: Operation) -> None:
    sent = 0

    def flaky(request: httpx2.Request) -> httpx2.Response:
        nonlocal sent
        sent += 1
        return httpx2.Response(503) if sent < 3 else httpx2.Response(200, json=[])

    if operation is LIST:
        assert (await client(flaky).send(LIST)).body == []
        assert sent == 3
    else:
        with pytest.raises(OutcomeUnknown):
            await client(flaky).send(MAKE, json={})
        assert sent == 1


@pytest.mark.parametrize(("wait", "attempts"), [("2", 3), ("600", 1)])
async def test_a_long_retry_after_is_left_to_the_engine(wait: str, attempts: int) -> None:
    sent = 0

    def busy(request: httpx2.Request) -> httpx2.Response:
        nonlocal sent
        sent += 1
        return httpx2.Response(429, headers={"retry-after": wait})

    with pytest.raises(RateLimited) as caught:
        await client(busy).send(LIST)
    assert sent == attempts
    assert caught.value.retry_after == float(wait)


async def test_retry_after_may_be_a_date() -> None:
    clock = JumpingClock()
    header = "Thu, 01 Jan 2026 00:17:00 GMT"  # 20 s after the clock's now
    with pytest.raises(RateLimited) as caught:
        await client(fixed(429, headers={"retry-after": header}), clock=clock).send(MAKE, json={})
    assert caught.value.retry_after == pytest.approx(20.0)


async def test_a_whole_answer_has_a_time_limit() -> None:
    class Drip(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                yield b" "
                await asyncio.sleep(0.01)

    drip = fixed(200, stream=Drip())
    with pytest.raises(OutcomeUnknown, match="no answer in time"):
        await client(drip, timeout=0.1).send(MAKE, json={})
    with pytest.raises(Unreachable, match="no answer in time"):
        await client(drip, timeout=0.05).send(LIST)


async def test_an_endless_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_client, "LARGEST", 1000)
    big = fixed(200, json=["x" * 2000])
    with pytest.raises(Unreachable, match="larger than"):
        await client(big).send(LIST)
    with pytest.raises(OutcomeUnknown, match="larger than"):
        await client(big).send(MAKE, json={})


async def test_the_connector_judges_the_refusals_it_names_and_no_proxys() -> None:
    reply = await client(fixed(400, json=OWN)).send(MAKE, json={}, accept={400})
    assert (reply.status, reply.body) == (400, OWN)
    with pytest.raises(OutcomeUnknown):
        await client(fixed(404, **PAGE)).send(MAKE, json={}, accept={404})
    with pytest.raises(OutcomeUnknown):
        await client(fixed(500, json=OWN)).send(MAKE, json={}, accept={404})


async def test_a_locked_account_says_what_to_do() -> None:
    headers = {"x-authentication-denied-reason": "CAPTCHA_CHALLENGE; login-url=http://x/login.jsp"}
    with pytest.raises(Forbidden, match="CAPTCHA"):
        await client(fixed(403, headers=headers)).send(LIST)


async def test_an_answer_of_another_shape_is_no_answer() -> None:
    class Thing(msgspec.Struct):
        name: str

    ok = fixed(200, json={"name": "x", "more": 1})
    assert (await client(ok).send(LIST)).read(Thing).name == "x"
    other = fixed(200, json={"nom": "x"})
    reply = await client(other).send(LIST)
    with pytest.raises(Unreachable):
        reply.read(Thing)
    written = await client(other).send(MAKE, json={})
    with pytest.raises(OutcomeUnknown):
        written.read(Thing)


async def test_a_write_may_answer_with_nothing_and_a_read_may_not() -> None:
    assert (await client(fixed(204)).send(MAKE, json={})).body is None
    with pytest.raises(Unreachable):
        await client(fixed(200)).send(LIST)

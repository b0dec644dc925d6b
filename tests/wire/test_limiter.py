"""The pace: never above its numbers, slower when the application says so, and back again by itself."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from tenure.model.error import RateLimited
from tenure.wire import PacedLimiter

from .parts import MAKE, JumpingClock, client


async def use(limiter: PacedLimiter, clock: JumpingClock, times: list[float], took: float = 0.0) -> None:
    async with limiter.slot():
        times.append(clock.monotonic())
        clock.elapsed += took


async def test_the_rate_is_held() -> None:
    clock, times = JumpingClock(), []
    limiter = PacedLimiter(clock, per_second=10, concurrency=100)
    for _ in range(50):
        await use(limiter, clock, times)
    assert 4.8 <= times[-1] - times[0] <= 5.0
    for first in range(40):
        within = [t for t in times if times[first] <= t < times[first] + 1.0 - 1e-6]
        assert len(within) <= 11


async def test_no_more_at_once_than_said_and_first_come_first_served() -> None:
    clock = JumpingClock()
    limiter = PacedLimiter(clock, per_second=100_000, concurrency=3)
    now, most, order = 0, 0, []
    gate = asyncio.Event()

    async def work(number: int) -> None:
        nonlocal now, most
        async with limiter.slot():
            now += 1
            most = max(most, now)
            order.append(number)
            await gate.wait()
            now -= 1

    tasks = [asyncio.create_task(work(n)) for n in range(12)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert now == 3
    gate.set()
    await asyncio.gather(*tasks)
    assert most == 3
    assert order == list(range(12))


async def test_who_gives_up_waiting_takes_no_place_with_them() -> None:
    clock = JumpingClock()
    limiter = PacedLimiter(clock, per_second=100_000, concurrency=1)
    times: list[float] = []
    for _ in range(3):
        async with limiter.slot():
            waiting = [asyncio.create_task(use(limiter, clock, times)) for _ in range(2)]
            await asyncio.sleep(0)
            waiting[0].cancel()
        waiting[1].cancel()  # its place was given this moment
        await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(1):
        await use(limiter, clock, times)
    assert len(times) == 1


async def test_429_pauses_then_halves_then_comes_back_and_never_exceeds() -> None:
    clock = JumpingClock()
    limiter = PacedLimiter(clock, per_second=10, concurrency=8)
    times: list[float] = []
    await use(limiter, clock, times)
    for _ in range(8):
        limiter.slow_down(3.0)  # eight at once are one sign, not eight
    assert limiter.factor() == 0.5
    await use(limiter, clock, times)
    assert times[1] - times[0] >= 3.0
    await use(limiter, clock, times)
    await use(limiter, clock, times)
    assert times[3] - times[2] > 0.15
    clock.elapsed += 100
    assert limiter.factor() == 1.0


async def test_it_never_stops_altogether() -> None:
    clock = JumpingClock()
    limiter = PacedLimiter(clock, per_second=10, concurrency=1)
    for _ in range(20):
        limiter.slow_down(None)
        clock.elapsed += 1.0
    times: list[float] = []
    async with asyncio.timeout(1):
        await use(limiter, clock, times)
    assert limiter.factor() > 0


async def test_a_server_that_slows_down_is_given_room() -> None:
    clock = JumpingClock()
    limiter = PacedLimiter(clock, per_second=100, concurrency=8)
    for _ in range(20):
        await use(limiter, clock, [], took=0.1)
    assert limiter.factor() == 1.0
    for _ in range(5):
        await use(limiter, clock, [], took=3.0)
    assert limiter.factor() < 1.0


async def test_the_client_tells_the_limiter_and_does_not_wait_for_ever() -> None:
    clock = JumpingClock()
    limiter = PacedLimiter(clock, per_second=10, concurrency=1)
    out = client(lambda r: httpx2.Response(429), clock=clock, limiter=limiter, patience=0.05)
    with pytest.raises(RateLimited):
        await out.send(MAKE, json={})
    assert limiter.factor() == 0.5
    async with limiter.slot():
        with pytest.raises(RateLimited, match="waited too long"):
            await out.send(MAKE, json={})


@pytest.mark.parametrize("numbers", [(0, 1), (-1, 1), (1, 0)])
def test_numbers_that_are_none_are_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"rate\."):
        PacedLimiter(JumpingClock(), per_second=numbers[0], concurrency=numbers[1])

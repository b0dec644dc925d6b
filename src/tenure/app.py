"""Builds the house: database, targets, engine and web, wired together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tenure.clock import SystemClock
from tenure.connector import Source
from tenure.console import routes as console
from tenure.engine import certifying
from tenure.engine.active import ActiveTarget, Brake, House
from tenure.engine.delivery import PushSource
from tenure.engine.effect import Effect, Unkept, effect
from tenure.engine.growth import analyse_while_growing
from tenure.engine.intake import Intake
from tenure.engine.limiter import SharedLimiter
from tenure.engine.pull import Pulled, PulledSource, pull
from tenure.engine.pulling import Pulls
from tenure.engine.sealer import Sealer
from tenure.engine.shard import Engine
from tenure.engine.waking import Waking
from tenure.estate.document import Estate, SourceEstate
from tenure.health import routes as health
from tenure.health.metrics import Metrics, gates_and_seals
from tenure.health.ready import Pulse
from tenure.model.capability import Mode
from tenure.model.certification import Certification, Step
from tenure.model.clock import Clock
from tenure.planning.gates import Limits
from tenure.scim import routes as scim
from tenure.scim.doorkeeper import Doorkeeper
from tenure.sources import SOURCES
from tenure.store import certifications
from tenure.store import estate as revisions
from tenure.store.database import Database
from tenure.store.locks import Locks
from tenure.store.signing import Signer
from tenure.targets import TARGETS

if TYPE_CHECKING:
    import httpx2


@dataclass(frozen=True, slots=True)
class Tenure:
    """The house at work: `web` is the ASGI application, `engine` what drains the marks, `sealer` seals the audit.

    `pulls` reads the sources that are read.
    """

    database: Database
    house: House
    engine: Engine
    waking: Waking
    web: Starlette
    doorkeeper: Doorkeeper
    pulse: Pulse
    sealer: Sealer
    pulls: Pulls


@asynccontextmanager
async def open_house(
    estate: Estate,
    dsn: str,
    *,
    by: str,
    clock: Clock | None = None,
    transports: Mapping[str, httpx2.AsyncBaseTransport] | None = None,
    database: Database | None = None,
    base_url: str | None = None,
    folder: Path | None = None,
) -> AsyncIterator[Tenure]:
    """Open the house of an estate on a migrated database; nothing runs until `engine.run` or `engine.settle`.

    `by` is who activates the estate, for its history. `transports` replaces the network of a target by name. `folder`
    has the key that signs checkpoints of the audit trail, made if missing; without it none are signed. Raises what
    `store.estate.activate` and `store.signing.Signer` raise.
    """
    clock = clock or SystemClock()
    database = database or Database(dsn)
    signer = Signer(folder, make=True) if folder else None
    async with AsyncExitStack() as stack:
        await database.open()
        stack.push_async_callback(database.close)
        activation = await revisions.activate(database, estate, by, clock.now())
        locks, waking = Locks(database), Waking(database)
        await locks.open()
        house = _house(estate, activation, database, locks, clock, transports or {}, stack)
        engine = Engine(house, locks, waking)
        stack.push_async_callback(engine.close)
        intake, sources = Intake(database, clock, waking.wake), _sources(estate, activation)
        pulled = _pulled(estate, sources)
        pushing = {name: source for name, source in sources.items() if name not in pulled}
        doorkeeper, pulse = Doorkeeper(database, clock), Pulse()
        stack.push_async_callback(doorkeeper.stop)
        web = _web(database, clock, intake, pushing, doorkeeper, pulse, base_url)
        sealer = Sealer(database, clock, signer)
        yield Tenure(database, house, engine, waking, web, doorkeeper, pulse, sealer, Pulls(intake, pulled))


def _web(
    database: Database,
    clock: Clock,
    intake: Intake,
    sources: dict[str, PushSource],
    doorkeeper: Doorkeeper,
    pulse: Pulse,
    base_url: str | None,
) -> Starlette:
    metrics = Metrics(database, clock, (gates_and_seals,))
    return Starlette(
        routes=[
            Route("/healthz", _healthz),
            *health.build(database, metrics, pulse),
            scim.build(intake, lambda: sources, doorkeeper, base_url, metrics.observe),
            *console.build(database, clock),
        ]
    )


async def effects(estate: Estate, dsn: str, clock: Clock | None = None) -> dict[str, Effect]:
    """What the estate would do at each of its targets that is known already; nothing is kept, nobody is called."""
    clock, database = clock or SystemClock(), Unkept(dsn, connections=2)
    async with AsyncExitStack() as stack:
        await database.open()
        stack.push_async_callback(database.close)
        numbers = await revisions.numbers(database)
        known = {name: numbers.targets[name] for name in estate.targets if name in numbers.targets}
        parts = {name: estate.targets[name] for name in known}
        locks = Locks(database)
        activation = revisions.Activation(-1, numbers.sources, known)
        looked = replace(estate, targets=parts)
        house = _house(looked, activation, database, locks, clock, {}, stack)
        return {target.name: await effect(house, target) for target in house.targets.values()}


async def certify(
    estate: Estate,
    name: str,
    dsn: str,
    by: str,
    tell: Callable[[Step], None],
    *,
    read_only: bool = False,
    domain: str = "example.com",
    clock: Clock | None = None,
    transports: Mapping[str, httpx2.AsyncBaseTransport] | None = None,
) -> Certification:
    """Certify one target of an estate, which is not activated by it; `tell` is told of each step as it ends.

    Raises NotActivated when the name is another kind's, and NotCertified when it is being certified already.
    """
    clock, database, part = clock or SystemClock(), Database(dsn, connections=3), estate.targets[name]
    if read_only:
        part = replace(part, rules=replace(part.rules, mode=Mode.OBSERVE))
    async with AsyncExitStack() as stack:
        await database.open()
        stack.push_async_callback(database.close)
        async with database.transaction() as connection:
            number = await certifications.target_number(connection, name, part.kind, clock.now())
        locks = Locks(database)
        await locks.open()
        stack.push_async_callback(locks.close)
        await certifying.alone(locks, number, name)
        one, numbers = replace(estate, targets={name: part}), revisions.Activation(0, {}, {name: number})
        house = _house(one, numbers, database, locks, clock, transports or {}, stack)
        order = certifying.Order(by, read_only, domain, tell)
        return await certifying.certify(house, house.targets[number], part.kind, order)


@asynccontextmanager
async def running(tenure: Tenure, *, reads: bool = True) -> AsyncIterator[None]:
    """Run engine and sealer beside whatever the block does; raises what ends the engine early.

    `reads`: sources that are due are read here, where their files are.
    """
    tenure.waking.start()
    tenure.doorkeeper.start()
    engine = asyncio.create_task(tenure.engine.run())
    tenure.pulse.watch(engine, tenure.engine.hangs)
    sealer = asyncio.create_task(tenure.sealer.run(tenure.waking.subscribe()))
    growth = asyncio.create_task(analyse_while_growing(tenure.database, tenure.waking.subscribe()))
    pulling = asyncio.create_task(tenure.pulls.run() if reads else asyncio.sleep(0))
    try:
        yield
        if engine.done():
            engine.result()
    finally:
        for task in (engine, sealer, growth, pulling):
            task.cancel()
        await asyncio.gather(engine, sealer, growth, pulling, return_exceptions=True)
        await tenure.doorkeeper.stop()
        await tenure.sealer.end()
        await tenure.waking.stop()


def _house(
    estate: Estate,
    activation: revisions.Activation,
    database: Database,
    locks: Locks,
    clock: Clock,
    transports: Mapping[str, httpx2.AsyncBaseTransport],
    stack: AsyncExitStack,
) -> House:
    found = {}
    for name, part in estate.targets.items():
        number, rate = activation.targets[name], part.rate
        brake = Brake()
        limiter = SharedLimiter(database, locks, clock, number, rate.per_second, rate.concurrency, brake)
        connector = TARGETS[part.kind].open(
            part.settings, mode=part.rules.mode, limiter=limiter, clock=clock, transport=transports.get(name), name=name
        )
        stack.push_async_callback(connector.aclose)
        found[number] = ActiveTarget(
            id=number,
            name=name,
            connector=connector,
            rules=part.rules,
            revision=activation.revision,
            source_ids=tuple(activation.sources[s] for s in part.rules.sources if s in activation.sources),
            compare=part.compare,
            per_second=rate.per_second,
            concurrency=rate.concurrency,
            url=str(getattr(part.settings, "url", "")),
            brake=brake,
        )
    return House(database, clock, found)


def _sources(estate: Estate, activation: revisions.Activation) -> dict[str, PushSource]:
    """Every source, as the intake knows it."""
    found = {}
    for name, part in estate.sources.items():
        fed = tuple(activation.targets[t] for t, target in estate.targets.items() if name in target.rules.sources)
        number = activation.sources[name]
        found[name] = PushSource(number, name, fed, part.limit, part.extensions, part.announce_pagination)
    return found


def _pulled(estate: Estate, sources: Mapping[str, PushSource]) -> dict[str, PulledSource]:
    """Those that are read, opened; the most careful of the targets that one feeds says how much it may shrink."""
    found = {}
    for name, part in estate.sources.items():
        opened = reader(part)
        if opened is not None:
            fed = [target.rules.limits.shrink for target in estate.targets.values() if name in target.rules.sources]
            found[name] = PulledSource(sources[name], opened, part.every, min(fed, default=Limits().shrink))
    return found


def reader(source: SourceEstate) -> Source | None:
    """What reads a source; None for one that pushes."""
    opens = SOURCES[source.kind].open
    return opens(source.settings) if opens else None


async def pull_now(estate: Estate, dsn: str, name: str, by: str, accept: int | None) -> Pulled:
    """Read one source of the active estate, whoever else runs. Raises what `engine.pull.pull` raises."""
    database = Database(dsn, connections=2)
    await database.open()
    try:
        sources = _sources(estate, await revisions.numbers(database))
        intake = Intake(database, SystemClock(), lambda: None)  # a running engine looks every second
        return await pull(intake, _pulled(estate, sources)[name], by, accept)
    finally:
        await database.close()


async def _healthz(request: Request) -> Response:
    """The process answers; says nothing about what it depends on."""
    return JSONResponse({"status": "ok"})

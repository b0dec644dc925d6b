"""The numbers of the house for Prometheus: those of this process are counted, those of the house are read when asked.

Names and labels are stable. No label ever holds the name of a person, an account or a group.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.process_collector import ProcessCollector

from tenure.model.clock import Clock
from tenure.store.database import Connection, Database, DatabaseAway
from tenure.store.seal import oldest_unsealed
from tenure.store.vitals import SourceVitals, TargetVitals, gate_vitals, vitals

ANSWER_SECONDS = 2.0
KEPT_SECONDS = 1.0
"""What was read serves those who ask within this time: however many ask, the database is asked once a second."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


Values = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Gauge:
    """One gauge: its name beginning with `tenure_`, what it says, and a value for each set of labels."""

    name: str
    help: str
    labels: tuple[str, ...]
    values: Values = field(default_factory=dict)


Reading = Callable[[Connection, datetime], Awaitable[Iterable[Gauge]]]
"""Reads gauges of another part of the house, in the transaction of a scrape: a short query, or several."""


class Metrics:
    """The counters of this process and the gauges of the house."""

    def __init__(self, database: Database, clock: Clock, readings: Sequence[Reading] = ()) -> None:
        """`readings` are asked beside our own at each scrape."""
        self._database, self._clock, self._readings = database, clock, readings
        self._registry = CollectorRegistry()
        ProcessCollector(namespace="tenure", registry=self._registry)
        self._requests = Counter(
            "tenure_scim_requests",
            "SCIM requests answered by this process.",
            ("source", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "tenure_scim_request_seconds",
            "Seconds from the first byte of a SCIM request to the last of its answer, in this process.",
            ("method",),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._failed = Counter(
            "tenure_scim_failed_sign_ins",
            "SCIM requests refused by this process for a credential that is missing, wrong or at its end.",
            ("source",),
            registry=self._registry,
        )
        self._too_many = Counter(
            "tenure_scim_too_many_requests",
            "SCIM requests that this process did not hear since there were too many.",
            ("source",),
            registry=self._registry,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self._asking = asyncio.Lock()
        self._read: tuple[float, list[Gauge]] = (float("-inf"), [])

    def observe(self, source: str, method: str, status: int, seconds: float) -> None:
        """Count one answered SCIM request; `source` is empty when there is none of that name."""
        key = (source, method if method in METHODS else "other", status // 100)
        children = self._children.get(key)
        if children is None:
            children = (self._requests.labels(*key[:2], f"{key[2]}xx"), self._seconds.labels(key[1]))
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)
        if status == 401:
            self._failed.labels(source).inc()
        elif status == 429:
            self._too_many.labels(source).inc()

    async def exposition(self, accept: str) -> tuple[bytes, str]:
        """Everything, in the form that fits an Accept header, with its media type; within two seconds or so.

        When the database does not answer in time, `tenure_database_up` is 0 and the gauges of the house are missing.
        """
        encode, media_type = choose_encoder(accept)
        together = _Together(self._registry, await self._gauges())
        return encode(together), media_type

    async def _gauges(self) -> list[Gauge]:
        async with self._asking:
            at, kept = self._read
            if self._clock.monotonic() - at > KEPT_SECONDS:
                kept = await self._ask()
                self._read = (self._clock.monotonic(), kept)
            return kept

    async def _ask(self) -> list[Gauge]:
        now, most = self._clock.now(), timedelta(seconds=ANSWER_SECONDS)
        up, found = 1.0, []
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._database.transaction() as connection:
                targets, sources = await vitals(connection, now, most)
                found = [*_of_targets(targets, now), *_of_sources(sources, now)]
                for reading in self._readings:
                    found += await reading(connection, now)
        except (DatabaseAway, TimeoutError):
            up, found = 0.0, []
        return [Gauge("tenure_database_up", "1 when the database answered this scrape.", (), {(): up}), *found]


class _Together:
    """The counters of a registry and the gauges that were just read, as an encoder takes them."""

    def __init__(self, registry: CollectorRegistry, gauges: Sequence[Gauge]) -> None:
        self._registry, self._gauges = registry, gauges

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
            yield metric
        for gauge in self._gauges:
            family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
            for labels, value in gauge.values.items():
                family.add_metric(labels, value)
            yield family


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())


def _of_targets(found: Sequence[TargetVitals], now: datetime) -> Iterator[Gauge]:
    def gauge(name: str, text: str, value: Callable[[TargetVitals], float | None]) -> Gauge:
        values: Values = {(t.name,): v for t in found if (v := value(t)) is not None}
        return Gauge(f"tenure_target_{name}", text, ("target",), values)

    yield gauge("running", "1 when the target runs, 0 when it was stopped.", lambda t: t.running)
    yield gauge("marks_due", "People and groups that are to be looked at.", lambda t: t.due)
    yield gauge("marks_put_off", "Those of them that are tried again later.", lambda t: t.put_off)
    yield gauge(
        "oldest_due_seconds",
        "Seconds since what led to the oldest mark happened; 0 when nothing is due.",
        lambda t: _age(t.oldest_due_at, now) if t.due else 0,
    )
    yield gauge("open_intents", "Changes that may have been sent and are not settled.", lambda t: t.open_intents)
    yield gauge("linked", "Accounts that are linked to a person.", lambda t: t.linked)
    yield gauge("waiting_plans", "People and groups with a plan that waits.", lambda t: t.waiting)
    yield gauge(
        "leavers_overdue",
        "People who left longer ago than `leaver.deadline` and whose account is still open.",
        lambda t: t.overdue,
    )
    yield gauge(
        "awaited",
        "People for whom something was done at the target that keeps the accounts, and does not show here yet.",
        lambda t: t.awaited,
    )
    yield gauge("awaited_late", "Those of them for whom that is so for longer than a day.", lambda t: t.late)
    yield gauge(
        "promises_broken",
        "Deletions and the like that the application promised to do later, and that failed or are late.",
        lambda t: t.broken,
    )
    yield gauge(
        "complete_reading_age_seconds",
        "Seconds since the last complete reading of the accounts ended; missing before the first.",
        lambda t: _age(t.read_at, now),
    )
    changes: Values = {(t.name, *key): n for t in found for key, n in t.changes.items()}
    text = "Changes that were answered within the last hour."
    yield Gauge("tenure_target_changes_last_hour", text, ("target", "kind", "outcome"), changes)


def _of_sources(found: Sequence[SourceVitals], now: datetime) -> Iterator[Gauge]:
    def gauge(name: str, text: str, value: Callable[[SourceVitals], float | None]) -> Gauge:
        values: Values = {(s.name,): v for s in found if (v := value(s)) is not None}
        return Gauge(f"tenure_source_{name}", text, ("source",), values)

    yield gauge(
        "last_heard_seconds",
        "Seconds since the last authenticated request, within a minute; missing before the first.",
        lambda s: _age(s.last_heard_at, now),
    )
    yield gauge("silent", "1 when it was not heard for longer than its heartbeat.", lambda s: s.silent)
    yield gauge("confirmed", "1 when a person confirmed its first load.", lambda s: s.confirmed)
    yield gauge(
        "tokens_end_seconds",
        "Seconds until the last of its tokens ends, less than 0 after that; missing when one has no end.",
        lambda s: (s.tokens_end_at - now).total_seconds() if s.tokens_end_at else None,
    )


async def gates_and_seals(connection: Connection, now: datetime) -> list[Gauge]:
    """What gates hold, and how far the sealed chain is behind the audit trail."""
    found = await gate_vitals(connection)
    oldest = await oldest_unsealed(connection)
    labels = ("target", "class")
    shut: Values = {(r["name"], r["class"]): r["shut"] for r in found}
    people: Values = {(r["name"], r["class"]): r["people"] for r in found}
    lag = _age(oldest, now) or 0.0
    return [
        Gauge("tenure_gates_shut", "Gates that filled and stay shut until a person decides.", labels, shut),
        Gauge("tenure_held_people", "People and groups whose change waits for a decision.", labels, people),
        Gauge("tenure_audit_unsealed_seconds", "Age of the oldest audit entry that is not sealed.", (), {(): lag}),
    ]

"""What is watched from outside: /metrics as Prometheus reads it, and /readyz with each part gone in turn."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from tests.engine.world import SECRETS, VirtualClock, World, ensure, person

from tenure.app import Tenure, running
from tenure.health.metrics import Gauge, Metrics
from tenure.health.ready import Pulse
from tenure.health.routes import build

from .conftest import OKTA, Place

Values = dict[tuple[str, ...], float]


@asynccontextmanager
async def outside(web: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=web)
    async with httpx2.AsyncClient(transport=transport, base_url="http://tenure.test") as client:
        yield client


def read(families: Iterable[Any]) -> dict[str, Values]:
    """Every sample by its name and, in the order of their names, the values of its labels."""
    found: dict[str, Values] = {}
    for family in families:
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


async def scraped(tenure: Tenure) -> dict[str, Values]:
    async with outside(tenure.web) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return read(text_string_to_metric_families(answer.text))


async def test_the_numbers_of_a_house_at_work(database: str) -> None:
    world = World(database)
    world.clock.at = datetime.now(UTC)
    async with world.house() as tenure, world.provider(tenure) as client:
        for name in ("ada", "bob"):
            await ensure(client, {}, "Users", "userName", person(f"{name}@x.example", name))
        before = await scraped(tenure)
        assert before["tenure_target_marks_due"][("jira",)] >= 2
        assert ("jira",) not in before.get("tenure_target_complete_reading_age_seconds", {})
        await world.finish(tenure)
        await client.get("/Users", headers={"Authorization": "Bearer wrong"})
        await client.request("PURGE", "/Users")
        async with outside(tenure.web) as other:
            await other.get("/scim/nobody/v2/Users")
        await world.clock.sleep(10)
        found = await scraped(tenure)
        text = str(found)
    assert found["tenure_database_up"] == {(): 1}
    assert found["tenure_target_marks_due"] == {("jira",): 0}
    assert found["tenure_target_oldest_due_seconds"] == {("jira",): 0}
    assert found["tenure_target_linked"] == {("jira",): 2}
    assert found["tenure_target_open_intents"] == found["tenure_target_waiting_plans"] == {("jira",): 0}
    assert found["tenure_target_running"] == {("jira",): 1}
    assert 9 <= found["tenure_target_complete_reading_age_seconds"][("jira",)] < 3600
    assert found["tenure_target_changes_last_hour"][("create-account", "applied", "jira")] == 2
    requests = found["tenure_scim_requests_total"]
    assert requests[("POST", "okta", "2xx")] == 2
    assert requests[("GET", "okta", "4xx")] == 1
    assert requests[("other", "okta", "4xx")] == 1
    assert requests[("GET", "", "4xx")] == 1
    assert found["tenure_scim_failed_sign_ins_total"] == {("okta",): 1}
    assert found["tenure_scim_request_seconds_count"][("POST",)] == 2
    assert found["tenure_source_silent"] == found["tenure_source_confirmed"] == {("okta",): 0}
    assert all(name.startswith("tenure_") for name in found)
    assert not [name for name in found if name.endswith("_created")]
    assert "ada" not in text
    assert "bob" not in text


async def test_the_documentation_names_every_number(place: Place) -> None:
    async with place.world.house() as tenure, outside(tenure.web) as client:
        text = (await client.get("/metrics")).text
    told = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    ours = {name for name in told if not name.startswith("tenure_process_")}
    docs = (Path(__file__).parents[2] / "docs" / "running.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `(tenure_\w+)` \|", docs, re.MULTILINE))
    assert ours == named


async def test_a_stopped_target_and_what_is_due_there(database: str) -> None:
    world = World(database)
    world.clock.at = datetime.now(UTC)
    async with world.house() as tenure, world.provider(tenure) as client:
        await world.finish(tenure)
        with psycopg.connect(database) as connection:
            connection.execute("UPDATE target SET state = 'stopped', stop_reason = 'ada said no'")
            connection.execute("UPDATE source SET heartbeat = '1h', made_at = now() - interval '2h'")
        await ensure(client, {}, "Users", "userName", person("ada@x.example", "Ada"))
        await world.clock.sleep(600)
        found = await scraped(tenure)
    assert found["tenure_target_running"] == {("jira",): 0}
    assert found["tenure_target_marks_due"] == {("jira",): 1}
    assert 599 <= found["tenure_target_oldest_due_seconds"][("jira",)] <= 602
    assert found["tenure_source_silent"] == {("okta",): 1}
    assert "ada" not in str(found)


async def test_the_end_of_the_last_token_is_watched(place: Place) -> None:
    async with place.world.house() as tenure:
        assert "tenure_source_tokens_end_seconds" not in await scraped(tenure)
        with psycopg.connect(place.dsn) as connection:
            connection.execute("DELETE FROM source_token USING source s WHERE source = s.id AND s.name = 'okta'")
        await place.made("add", "okta", "--expires", "1h")
        await place.made("add", "okta", "--expires", "2d")
        place.later(10)
        ends = (await scraped(tenure))["tenure_source_tokens_end_seconds"]
    assert ends.keys() == {("okta",)}
    assert 2 * 86_400 - 60 < ends[("okta",)] < 2 * 86_400


async def test_open_metrics_are_spoken_to_those_who_ask_for_them(place: Place) -> None:
    async with place.world.house() as tenure, outside(tenure.web) as client:
        await place.knock(tenure, OKTA)
        answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    found = read(openmetrics.text_string_to_metric_families(answer.text))
    assert found["tenure_scim_requests_total"] == {("GET", "okta", "2xx"): 1}


async def test_without_a_database_the_counters_of_the_process_are_there(place: Place) -> None:
    async with place.world.house() as tenure:
        await place.knock(tenure, OKTA)
        await tenure.database.close()
        found = await scraped(tenure)
    assert found["tenure_database_up"] == {(): 0}
    assert found["tenure_scim_requests_total"] == {("GET", "okta", "2xx"): 1}
    assert "tenure_target_running" not in found


async def test_another_part_of_the_house_can_add_its_gauges(place: Place) -> None:
    async def lag(connection: Any, now: datetime) -> list[Gauge]:
        found = await (await connection.execute("SELECT 7")).fetchone()
        return [Gauge("tenure_audit_unsealed_seconds", "How old the oldest entry is.", (), {(): found[0]})]

    async with place.world.house() as tenure:
        metrics = Metrics(tenure.database, VirtualClock(), (lag,))
        async with outside(Starlette(routes=build(tenure.database, metrics, Pulse()))) as client:
            found = read(text_string_to_metric_families((await client.get("/metrics")).text))
    assert found["tenure_audit_unsealed_seconds"] == {(): 7}


async def ready(tenure: Tenure) -> tuple[int, dict[str, Any]]:
    async with outside(tenure.web) as client:
        answer = await client.get("/readyz")
        return answer.status_code, answer.json()


async def test_a_house_at_work_is_ready(place: Place) -> None:
    async with place.world.house() as tenure:
        status, told = await ready(tenure)
        assert (status, told["ready"], told["engine"]["ok"]) == (503, False, False)
        async with running(tenure):
            status, told = await ready(tenure)
            assert (status, told["ready"]) == (200, True)
            assert all(told[part]["ok"] for part in ("database", "migrations", "engine"))


async def test_an_engine_that_ended_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def end(self: Any) -> None:
        raise RuntimeError

    async with place.world.house() as tenure:
        monkeypatch.setattr("tenure.engine.shard.Engine.run", end)
        house = running(tenure)
        await house.__aenter__()
        await asyncio.sleep(0.05)
        status, told = await ready(tenure)
        with pytest.raises(RuntimeError):
            await house.__aexit__(None, None, None)
        assert status == 503
        assert [part for part in ("database", "migrations", "engine") if not told[part]["ok"]] == ["engine"]


async def test_an_engine_that_hangs_is_told(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(self: Any, target: Any) -> bool:
        await asyncio.Event().wait()
        return False

    monkeypatch.setattr("tenure.engine.shard.Engine._round", hang)
    world = World(database)
    async with world.house() as tenure, running(tenure):
        while not all(target.alive_at for target in tenure.house.targets.values()):
            await asyncio.sleep(0.01)
        assert (await ready(tenure))[0] == 200
        world.clock.at += timedelta(minutes=2)
        status, told = await ready(tenure)
        assert (status, told["engine"]["ok"]) == (503, False)
        assert "nothing has moved" in told["engine"]["detail"]


async def test_a_database_that_is_behind_is_told(place: Place) -> None:
    async with place.world.house() as tenure, running(tenure):
        with psycopg.connect(place.dsn) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0001'")
        status, told = await ready(tenure)
        assert status == 503
        assert told["migrations"]["detail"].startswith("the database is at migration 0001, this version needs ")
        with psycopg.connect(place.dsn) as connection:
            connection.execute("DROP TABLE alembic_version")
        assert (await ready(tenure))[1]["migrations"]["ok"] is False


async def test_a_database_that_is_away_or_too_slow_is_told_in_time(place: Place, postgres_dsn: str) -> None:
    name = place.dsn.partition("dbname=")[2].split()[0]
    async with place.world.house() as tenure, running(tenure):
        with psycopg.connect(place.dsn) as connection:
            connection.execute("LOCK TABLE alembic_version")
            began = asyncio.get_running_loop().time()
            status, told = await ready(tenure)
            assert asyncio.get_running_loop().time() - began < 4
        assert (status, told["database"]["ok"]) == (503, False)
        assert (await ready(tenure))[0] == 200
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false".encode())
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        status, told = await ready(tenure)
        assert (status, told["ready"], told["database"]["ok"], told["migrations"]["ok"]) == (503, False, False, False)
        assert name not in str(told)
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true".encode())
        for _ in range(50):
            if (await ready(tenure))[1]["database"]["ok"]:
                break
            await asyncio.sleep(0.2)
        assert (await ready(tenure))[1]["database"]["ok"]
    assert SECRETS["OKTA"] not in str(told)

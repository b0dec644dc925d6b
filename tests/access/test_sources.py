"""How sources stand: confirmed by a person, silent for longer than their heartbeat, and what an estate says of that."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from tests.estate.parts import ENVIRONMENT, SMALL, loaded, problems

from tenure.store.database import connect
from tenure.store.sources import silent_sources

from .conftest import BOTH, Place


async def test_a_first_load_is_confirmed_once(place: Place) -> None:
    async with place.world.house() as tenure:
        assert [s["confirmed_at"] for s in await place.told("source", "list")] == [None, None]
        first = await place.told("source", "confirm", "okta", "--by", "alice")
        again = await place.told("source", "confirm", "okta", "--by", "bob")
        assert (first["now"], again["now"]) == (True, False)
        assert first["confirmed_by"] == again["confirmed_by"] == "cli:alice"
        assert first["confirmed_at"] == again["confirmed_at"]
        found = await tenure.database.rows("SELECT actor, source FROM audit WHERE action = 'source.confirmed'")
        assert [r["actor"] for r in found] == ["cli:alice"]
    shown = await place.run("source", "confirm", "okta")
    assert shown.stdout.startswith("The first load of okta is already confirmed, by cli:alice on ")
    missing = await place.run("source", "confirm", "nobody")
    assert (missing.exit_code, "there are: entra, okta" in missing.stderr) == (1, True)


async def test_the_list_counts_people_and_groups(place: Place) -> None:
    async with place.world.house() as tenure, place.world.provider(tenure) as client:
        made = await client.post("/Users", json={"userName": "ada"})
        await client.post("/Groups", json={"displayName": "staff", "members": [{"value": made.json()["id"]}]})
    by_name = {s["name"]: s for s in await place.told("source", "list")}
    assert (by_name["okta"]["people"], by_name["okta"]["groups"], by_name["okta"]["heartbeat"]) == (1, 1, "24h")
    assert (by_name["entra"]["people"], by_name["entra"]["heartbeat"]) == (0, None)
    lines = (await place.run("source", "list")).stdout.splitlines()
    assert lines[2].split("\t") == ["okta", "scim", "1", "1", "never", "not confirmed", "24h"]


async def test_the_estate_says_whether_pagination_is_announced(place: Place) -> None:
    for said, told in (("true", True), ("false", False)):
        place.world.estate = BOTH.replace("heartbeat: 24h", f"announce_pagination: {said}")
        async with place.world.house() as tenure, place.world.provider(tenure) as client:
            shown = (await client.get("/ServiceProviderConfig")).json()
            assert ("pagination" in shown, shown["patch"]) == (told, {"supported": True})


async def test_who_is_silent(place: Place) -> None:
    async with place.world.house() as tenure:
        await place.knock(tenure, None)
    made = place.world.clock.at

    async def silent(after: timedelta) -> list[str]:
        async with await connect(place.dsn) as connection:
            return [one.name for one in await silent_sources(connection, made + after)]

    assert await silent(timedelta(hours=23)) == []
    assert await silent(timedelta(hours=25)) == ["okta"]
    with psycopg.connect(place.dsn) as connection:
        connection.execute("UPDATE source SET last_heard_at = %s", (made + timedelta(hours=10),))
    assert await silent(timedelta(hours=33)) == []
    assert await silent(timedelta(hours=35)) == ["okta"]
    place.world.estate = BOTH.replace(", heartbeat: 24h", "")
    async with place.world.house():
        assert await silent(timedelta(days=400)) == []


def test_several_tokens_and_a_heartbeat_in_an_estate(tmp_path: Path) -> None:
    text = SMALL.replace(
        "token: {env: OKTA_SCIM_TOKEN}", "token: {env: OKTA_SCIM_TOKEN}, tokens: [{env: A}, {env: B}], heartbeat: 90m"
    )
    again = ENVIRONMENT["OKTA_SCIM_TOKEN"]
    estate = loaded(tmp_path, text, environment={**ENVIRONMENT, "A": "a" * 20, "B": again})
    okta = estate.sources["okta"]
    assert [token.reveal() for token in okta.tokens] == [again, "a" * 20]
    assert okta.heartbeat == timedelta(minutes=90)
    assert loaded(tmp_path, SMALL.replace(", token: {env: OKTA_SCIM_TOKEN}", "")).sources["okta"].tokens == ()


@pytest.mark.parametrize(
    ("more", "path", "says"),
    [
        (
            "tokens: [{env: A}, hunter2-hunter2]",
            "sources.okta.tokens[1]",
            "a secret does not stand in the estate itself",
        ),
        ("tokens: hunter2-hunter2", "sources.okta.tokens", "a secret does not stand in the estate itself"),
        ("tokens: [{env: NOT_SET}]", "sources.okta.tokens[0]", "NOT_SET is not set"),
        ("tokens: [{env: SPACED}]", "sources.okta.tokens", "was it pasted whole?"),
        ("heartbeat: 4m", "sources.okta.heartbeat", "write something from 5m to 30d"),
        ("heartbeat: 31d", "sources.okta.heartbeat", "write something from 5m to 30d"),
        ("heartbeat: daily", "sources.okta.heartbeat", "is not a duration"),
        ("announce_pagination: maybe", "sources.okta.announce_pagination", "true or false"),
        ("heartbeet: 1h", "sources.okta.heartbeet", "did you mean heartbeat?"),
    ],
)
def test_what_is_wrong_is_named_and_no_secret_is_shown(tmp_path: Path, more: str, path: str, says: str) -> None:
    text = SMALL.replace("token: {env: OKTA_SCIM_TOKEN}", f"token: {{env: OKTA_SCIM_TOKEN}}, {more}")
    environment = {**ENVIRONMENT, "A": "a" * 20, "SPACED": "hunter2 hunter2"}
    (problem,) = problems(tmp_path, text, environment=environment)
    assert problem.path == path
    assert says in str(problem)
    assert "hunter2" not in repr(problem)

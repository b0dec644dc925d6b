"""Tokens through their commands and the door: made, ended, revoked and rotated under a house that runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from alembic import command
from sqlalchemy import create_engine

from tenure.app import running
from tenure.store import migrate, tokens
from tenure.store.migrate import upgrade

from .conftest import BOTH, ENTRA, OKTA, Place


async def test_a_new_token_opens_within_seconds_and_is_kept_as_a_hash(place: Place) -> None:
    async with place.world.house() as tenure:
        assert await place.knock(tenure, OKTA) == 200
        token = await place.made("add", "okta", "--name", "blue")
        assert await place.knock(tenure, token) == 401
        assert await place.settled(tenure, token) == 200
        assert await place.knock(tenure, token, "entra") == 401
        assert await place.knock(tenure, OKTA) == await place.knock(tenure, ENTRA) == 200
        kept = str(await tenure.database.rows("SELECT * FROM source_token"))
        kept += str(await tenure.database.rows("SELECT * FROM audit"))
    assert token not in kept
    assert len(token) > 40


async def test_a_server_that_is_never_at_rest_sees_it_too(place: Place) -> None:
    async with place.world.house() as tenure:
        token = await place.made("add", "okta")
        for _ in range(10):
            place.later(0.5)
            await asyncio.sleep(0.02)
            status = await place.knock(tenure, token)
        assert status == 200


async def test_a_revoked_token_is_refused(place: Place) -> None:
    async with place.world.house() as tenure:
        token = await place.made("add", "okta", "--name", "blue")
        assert await place.settled(tenure, token) == 200
        done = await place.run("token", "revoke", "okta", "blue")
        assert (done.exit_code, "within 5 seconds" in done.stdout) == (0, True)
        assert await place.settled(tenure, token) == 401
        assert await place.knock(tenure, OKTA) == 200
    assert "blue" not in [t["name"] for t in await place.told("token", "list", "okta")]


async def test_an_expired_token_is_refused_to_the_second_without_a_query(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place.world.house() as tenure:
        token = await place.made("add", "okta", "--expires", "1h")
        place.later(3570)
        assert await place.knock(tenure, token) == 200
        end = next(t["expires_at"] for t in await place.told("token", "list") if t["expires_at"])
        monkeypatch.setattr("tenure.scim.doorkeeper.STALE_SECONDS", 1e6)
        monkeypatch.setattr("tenure.scim.doorkeeper.FRESH_SECONDS", 1e6)
        place.world.clock.at = type(place.world.clock.at).fromisoformat(end) - timedelta(seconds=1)
        assert await place.knock(tenure, token) == 200
        place.later(1)
        assert await place.knock(tenure, token) == 401


async def test_rotation_with_an_overlap(place: Place) -> None:
    async with place.world.house() as tenure:
        old = await place.made("add", "okta", "--name", "old")
        short = await place.made("add", "okta", "--name", "short", "--expires", "1h")
        told = await place.told("token", "rotate", "okta", "--overlap", "2h", "--name", "new")
        assert (told["others"], told["to_remove_in_estate"]) == (["old"], ["estate-1", "estate-2"])
        for token in (old, short, told["token"], OKTA):
            assert await place.settled(tenure, token) == 200
        place.later(3600)
        assert [await place.settled(tenure, token) for token in (old, short)] == [200, 401]
        place.later(3600)
        assert [await place.settled(tenure, token) for token in (old, short)] == [401, 401]
        assert [await place.settled(tenure, token) for token in (told["token"], OKTA)] == [200, 200]
        assert await place.settled(tenure, ENTRA, "entra") == 200
    shown = await place.run("token", "rotate", "okta", "--overlap", "0s", "--expires", "90d")
    assert len(shown.stdout.split()) == 1
    assert "These end now: new, old" in shown.stderr
    assert "To be removed in the configuration, since it stands there: estate-1, estate-2" in shown.stderr


async def test_an_estate_token_that_is_taken_out_is_refused_and_the_others_stay(place: Place) -> None:
    async with place.world.house() as tenure:
        made = await place.made("add", "okta", "--expires", "30d")
        assert await place.settled(tenure, made) == await place.knock(tenure, OKTA) == 200
        place.world.estate = BOTH.replace("[{env: OKTA}, {env: ENTRA}]", "[{env: ENTRA}]")
        async with place.world.house() as newer:
            assert await place.knock(newer, OKTA) == 401
            assert await place.knock(newer, made) == await place.knock(newer, ENTRA) == 200
            assert await place.settled(tenure, OKTA) == 401
            assert await place.knock(tenure, made) == 200
        place.world.estate = BOTH.replace("[{env: OKTA}, {env: ENTRA}]", "[]")
        async with place.world.house() as newest:
            assert await place.knock(newest, ENTRA) == 401
            assert await place.knock(newest, made) == 200
    assert [t["origin"] for t in await place.told("token", "list", "okta")] == ["command"]


async def test_the_estate_takes_over_a_token_that_was_made_by_command(place: Place, database: str) -> None:
    async with place.world.house():
        await place.made("add", "okta", "--name", "blue", "--expires", "1h")
    with psycopg.connect(database) as connection:
        digest = connection.execute("SELECT hash FROM source_token WHERE name = 'estate-1'").fetchone()
        connection.execute("DELETE FROM source_token WHERE origin = 'estate'")
        connection.execute("UPDATE source_token SET hash = %s", digest)
    async with place.world.house():
        listed = [(t["name"], t["origin"], t["expires_at"]) for t in await place.told("token", "list", "okta")]
    assert sorted(listed) == [("estate-1", "estate", None), ("estate-2", "estate", None)]


async def test_last_use_shows_and_is_written_once_a_minute(place: Place) -> None:
    async with place.world.house() as tenure, running(tenure):
        token = await place.made("add", "okta", "--name", "blue")
        assert await place.settled(tenure, token) == 200

        async def used() -> dict[str, str | None]:
            return {t["name"]: t["last_used_at"] for t in await place.told("token", "list", "okta")}

        for _ in range(60):
            if (first := (await used())["blue"]) is not None:
                break
            await asyncio.sleep(0.1)
        assert first is not None
        assert (await used())["estate-1"] is None
        place.later(30)
        assert await place.knock(tenure, token) == 200
        await asyncio.sleep(1.5)
        assert (await used())["blue"] == first
        place.later(31)
        await asyncio.sleep(1.5)
        assert (await used())["blue"] > first
        heard = {s["name"]: s["last_heard_at"] for s in await place.told("source", "list")}
        assert heard["okta"] is not None
        assert heard["entra"] is None


async def test_refused_sign_ins_are_audited_once_a_minute_without_what_was_offered(place: Place) -> None:
    query = "SELECT actor, facts FROM audit WHERE action = 'source.refused' ORDER BY id"
    async with place.world.house() as tenure, running(tenure):
        ended = await place.made("add", "okta", "--expires", "1s")
        place.later(5)

        async def audited(count: int) -> list[dict[str, object]]:
            for _ in range(40):
                found = await tenure.database.rows(query)
                if len(found) >= count:
                    break
                await asyncio.sleep(0.1)
            return found

        statuses = [await place.knock(tenure, t) for t in ("guessed-it", "guessed-it", ended, None)]
        assert statuses == [401] * 4
        (first,) = await audited(1)
        assert first == {"actor": "source:okta", "facts": {"attempts": {"wrong": 2, "expired": 1, "missing": 1}}}
        await place.knock(tenure, "again")
        await asyncio.sleep(1.3)
        assert len(await audited(1)) == 1
        place.later(61)
        assert (await audited(2))[1]["facts"] == {"attempts": {"wrong": 1}}
        assert "guessed-it" not in str(await tenure.database.rows("SELECT * FROM audit"))


async def test_several_processes_audit_refused_sign_ins_as_one(place: Place) -> None:
    async with place.world.house() as one, place.world.house() as other, running(one), running(other):
        for tenure in (one, other):
            assert await place.knock(tenure, "wrong") == 401
        await asyncio.sleep(2.5)
        query = "SELECT facts FROM audit WHERE action = 'source.refused' ORDER BY id"
        assert len(await one.database.rows(query)) == 1
        place.later(61)
        await asyncio.sleep(2.5)
        assert [r["facts"]["attempts"] for r in await one.database.rows(query)] == [{"wrong": 1}] * 2


async def test_many_requests_ask_for_the_tokens_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    real = tokens.known

    async def known(connection):  # type: ignore[no-untyped-def]
        asked.append(1)
        return await real(connection)

    monkeypatch.setattr(tokens, "known", known)
    async with place.world.house() as tenure:
        statuses = await asyncio.gather(*(place.knock(tenure, OKTA) for _ in range(20)))
        assert statuses == [200] * 20
        for _ in range(50):
            await place.knock(tenure, OKTA)
    assert len(asked) == 1


async def test_tokens_that_are_too_old_are_not_believed(place: Place) -> None:
    async with place.world.house() as tenure:
        assert await place.knock(tenure, OKTA) == 200
        await tenure.database.close()
        assert await place.knock(tenure, "wrong") == 401
        assert await place.settled(tenure, "wrong") == 503
        assert await place.knock(tenure, OKTA) == 503


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("add nobody", 1, "there is no source nobody; there are: entra, okta"),
        ("add okta --name blue", 1, "okta has a token blue already"),
        ("add okta --name estate-1", 2, ""),
        ("add okta --name ../x", 2, ""),
        ("add okta --expires soon", 2, ""),
        ("rotate okta --overlap -1h", 2, ""),
        ("rotate nobody", 1, "there is no source nobody"),
        ("revoke okta estate-1", 1, "estate-1 stands in the estate: remove it there"),
        ("revoke okta green", 1, "okta has no token green; there are: blue"),
        ("list nobody", 1, "there is no source nobody"),
    ],
)
async def test_what_cannot_be_done_is_said(place: Place, words: str, code: int, says: str) -> None:
    async with place.world.house():
        await place.made("add", "okta", "--name", "blue")
    before = await place.told("token", "list")
    done = await place.run("token", *words.split())
    assert done.exit_code == code
    assert says in done.stderr
    assert "Traceback" not in done.output
    assert await place.told("token", "list") == before


async def test_names_are_the_day_and_what_people_did_is_audited(place: Place) -> None:
    async with place.world.house() as tenure:
        for _ in range(3):
            await place.made("add", "entra")
        names = [t["name"] for t in await place.told("token", "list", "entra")]
        day = names[1]
        assert names == ["estate-1", day, f"{day}-2", f"{day}-3"]
        await place.run("token", "revoke", "entra", day)
        found = await tenure.database.rows(
            "SELECT actor, action, facts FROM audit WHERE action LIKE 'token.%%' ORDER BY id"
        )
    assert [r["action"] for r in found] == ["token.added"] * 3 + ["token.revoked"]
    assert all(r["actor"].startswith("cli:") for r in found)
    assert found[-1]["facts"] == {"token": day}


async def test_the_list_is_for_people_and_for_programs(place: Place) -> None:
    async with place.world.house():
        await place.made("add", "okta", "--name", "blue", "--expires", "1s")
    await asyncio.sleep(1.1)
    shown = (await place.run("token", "list", "okta")).stdout.splitlines()
    assert shown[0].split("\t")[:3] == ["Identity provider", "Token", "Made"]
    assert any(line.startswith("okta\tblue\there\t") and "\tended " in line for line in shown)
    assert any(line.startswith("okta\testate-1\tin the configuration\t") and "\tnever\tnever" in line for line in shown)


def test_a_database_of_the_version_before_keeps_its_tokens_and_what_was_heard(
    postgres_dsn: str, make_database: Callable[[], str]
) -> None:
    dsn = make_database()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn))
    with engine.begin() as older:
        config = migrate._config()
        config.attributes["connection"] = older
        command.upgrade(config, "0001")
    engine.dispose()
    with psycopg.connect(dsn) as connection:
        connection.execute("INSERT INTO source (name, kind, made_at) VALUES ('okta', 'scim', '2026-01-01Z')")
        connection.execute("INSERT INTO source_token VALUES (1, 'a', '2026-01-01Z'), (1, 'b', '2026-01-02Z')")
        connection.execute(
            "INSERT INTO audit (at, actor, action, source) VALUES ('2026-03-01Z', 'source:okta', 'x', 1)"
        )
    upgrade(dsn)
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT name, origin, kind, login FROM source_token ORDER BY hash").fetchall()
        heard = connection.execute("SELECT last_heard_at = '2026-03-01Z', confirmed_at FROM source").fetchall()
    assert found == [("estate-1", "estate", "token", ""), ("estate-2", "estate", "token", "")]
    assert heard == [(True, None)]

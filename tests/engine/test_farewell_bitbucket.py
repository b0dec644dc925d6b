"""A farewell at an application that closes no account: everything that opens it goes, and no password is kept."""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
import structlog
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tenure.engine import decide
from tenure.store import holding
from tenure.store.decisions import Decider
from tenure_sandbox.atlassian.bitbucket import Bitbucket

from .world import Killed, World, ensure, patch, person

ESTATE = """
sources:
  okta: {kind: scim, token: {env: OKTA}}
targets:
  bitbucket:
    kind: bitbucket
    url: http://jira.test/bitbucket
    auth: {username: admin, password: {env: BITBUCKET}}
    source: okta
    mode: full
    attributes:
      username: userName.split('@')[0].lowerAscii()
      email: emails.primary
      display_name: displayName
    groups: {mapping: {Dev users: [stash-users, software_dev]}}
    rate: {per_second: 200, concurrency: 8}
    leaver: {anonymize: after 60d}
"""
USERS = "/bitbucket/rest/api/latest/admin/users"
DAY = timedelta(days=1)


class Echoing:
    """The sandbox behind a network that keeps each first password, and may refuse the first create with its address."""

    def __init__(self, app: Starlette, *, refuses: bool = True) -> None:
        self.app, self.state, self.refuses = app, app.state, refuses
        self.passwords: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope.get("query_string", b"").decode()
        found = parse_qs(query).get("password", [])
        self.passwords += found
        if not (found and self.refuses) or len(self.passwords) > 1:
            await self.app(scope, receive, send)
            return
        row = {"context": None, "message": f"no: POST {scope['path']}?{query}", "exceptionName": None}
        await Response(orjson.dumps({"errors": [row]}), 403, media_type="application/json")(scope, receive, send)


def held(world: World) -> Bitbucket:
    state: Bitbucket = world.sandbox.state.world.applications["bitbucket"]
    return state


async def joined(world: World) -> dict[str, str]:
    """Ada, in two groups from us and one from others, with a permission, a key and a token of her own."""
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, ids, "Users", "userName", person("ada@x.example", "Ada"))
        members = {"displayName": "Dev users", "members": [{"value": ids["ada@x.example"]}]}
        await ensure(client, ids, "Groups", "displayName", {"schemas": [], **members})
        await world.finish(tenure)
    state = held(world)
    ada = state.accounts["ada"]
    assert ada.groups == {"stash-users", "software_dev"}
    state.join(ada, state.groups["helpdesk"])
    state.grants.users[ada.id] = "PROJECT_CREATE"
    for kind in ("ssh", "token"):
        state.keep(kind, ada, "laptop", "ssh-ed25519 AAAA")
    return ids


async def active(world: World, ids: dict[str, str], value: bool) -> None:
    async with world.house() as tenure, world.provider(tenure) as client:
        told = patch({"op": "replace", "path": "active", "value": value})
        assert (await client.patch(f"/Users/{ids['ada@x.example']}", json=told)).status_code == 200
        await world.finish(tenure)


async def rows(world: World, query: str) -> list[dict[str, Any]]:
    async with world.house() as tenure:
        return [dict(row) for row in await tenure.database.rows(query)]


async def test_a_leaver_is_left_with_nothing_that_opens_bitbucket(database: str) -> None:
    world = World(database, ESTATE, target="bitbucket")
    ids = await joined(world)
    await active(world, ids, False)
    state = held(world)
    ada = state.accounts["ada"]
    assert (ada.active, ada.groups, state.grants.users.get(ada.id)) == (True, set(), None)
    assert state.document()["keys"] == {"ssh": [], "gpg": [], "token": []}
    evidence = await rows(world, "SELECT change->>'kind' AS kind, evidence FROM journal")
    proofs = {one["kind"]: one["evidence"] for one in evidence}
    assert {proofs[kind] for kind in ("revoke-permissions", "revoke-tokens")} == {"body"}
    assert proofs["leave-groups"] == "re-read"
    assert await rows(world, "SELECT * FROM plan WHERE current AND waiting") == []


async def test_who_comes_back_gets_the_groups_back(database: str) -> None:
    world = World(database, ESTATE, target="bitbucket")
    ids = await joined(world)
    await active(world, ids, False)
    await active(world, ids, True)
    assert held(world).accounts["ada"].groups == {"stash-users", "software_dev"}


@pytest.mark.parametrize("kill_at", range(1, 60, 4))
async def test_a_farewell_that_was_killed_ends_the_same(database: str, kill_at: int) -> None:

    world = World(database, ESTATE, target="bitbucket")
    ids = await joined(world)
    async with world.house() as tenure, world.provider(tenure) as client:
        told = patch({"op": "replace", "path": "active", "value": False})
        await client.patch(f"/Users/{ids['ada@x.example']}", json=told)
    try:
        async with world.house(kill_at) as tenure:
            await world.finish(tenure)
    except (Killed, BaseExceptionGroup):
        pass
    async with world.house() as tenure:
        await world.finish(tenure)
    state = held(world)
    ada = state.accounts["ada"]
    assert (ada.groups, state.grants.users.get(ada.id)) == (set(), None)
    assert state.document()["keys"] == {"ssh": [], "gpg": [], "token": []}


async def test_who_left_is_erased_when_a_person_says_so_and_the_link_ends(database: str) -> None:
    world = World(database, ESTATE, target="bitbucket")
    ids = await joined(world)
    await active(world, ids, False)
    world.clock.at += 61 * DAY
    async with world.house() as tenure:
        await world.finish(tenure, within=timedelta(hours=2))
        (gate,) = await tenure.database.rows("SELECT revision FROM held WHERE class = 'erasures' AND state = 'held'")
        assert "ada" in held(world).accounts
        decider = Decider("cli:bo", "as agreed")
        await decide.approve(tenure.database, world.clock.now(), "bitbucket:erasures", gate["revision"], decider)
        await world.finish(tenure)
    state = held(world)
    assert ("ada" in state.accounts, state.deleted, len(state.erased)) == (False, {}, 1)
    world.clock.at += 3 * DAY
    async with world.house() as tenure:
        await world.finish(tenure, within=timedelta(hours=2))
    links = await rows(world, "SELECT end_cause FROM link WHERE ended_at IS NOT NULL")
    assert [link["end_cause"] for link in links] == ["the account was anonymised"]


async def test_no_first_password_is_anywhere_in_the_database_or_the_logs(
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(database, ESTATE, target="bitbucket")
    caplog.set_level(logging.DEBUG)
    world.sandbox = echoing = Echoing(world.sandbox)  # type: ignore[assignment]
    with structlog.testing.capture_logs() as lines:
        async with world.house() as tenure, world.provider(tenure) as client:
            for name in ("ada@x.example", "bo@x.example"):
                await ensure(client, {}, "Users", "userName", person(name, name))
                await world.finish(tenure)
    assert len(echoing.passwords) >= 2
    assert "bo" in held(world).accounts
    tables = await rows(world, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    kept = [str(await rows(world, f'SELECT t::text FROM "{one["tablename"]}" t')) for one in tables]
    assert "password=***" in str(kept), "the refusal is kept, without it"
    assert "password=***" in str(lines)
    for password in echoing.passwords:
        assert password not in f"{kept} {lines} {caplog.text}"


@pytest.mark.parametrize("last", ["POST", "GET", "PUT", None])
async def test_the_first_password_is_replaced_though_the_answer_was_lost(database: str, last: str | None) -> None:
    """It stood in a web address: whatever happens to the answer, or to us after this request, it does not stay."""
    world = World(database, ESTATE, target="bitbucket")
    async with world.house() as tenure, world.provider(tenure) as client:
        await world.finish(tenure)
        await ensure(client, {}, "Users", "userName", person("ada@x.example", "Ada"))
    inner, asked = world.sandbox, list[str]()
    echoing = Echoing(inner, refuses=False)

    async def dying(scope: Scope, receive: Receive, send: Send) -> None:
        await echoing(scope, receive, send)
        if echoing.passwords and scope["path"].startswith(USERS):
            asked.append(scope["method"])
            if asked == ["POST", "GET", "PUT"][: len(asked)] and asked[-1] == last:
                world.fuse.dead = True
                raise Killed

    world.sandbox = dying  # type: ignore[assignment]
    if last is None:
        world.sandbox = echoing  # type: ignore[assignment]
        await world.faults({"kind": "drop", "when": "after", "method": "POST", "path": USERS, "nth": 1})
    with suppress(Killed):
        async with world.house() as tenure:
            await world.finish(tenure)
    assert last is None or asked[-1] == last
    world.sandbox = inner
    async with world.house() as tenure:
        await world.finish(tenure)
    assert len(echoing.passwords) == 1
    assert held(world).accounts["ada"].password not in (None, echoing.passwords[0])


async def test_an_approval_of_several_groups_lets_each_of_them_go(database: str) -> None:
    """Whoever is out of scope is in several groups: what a person agrees to is carried out, and not asked again."""
    text = ESTATE.replace("    mode: full\n", "    mode: full\n    scope: title != 'Visitor'\n")
    world = World(database, text + "    limits: {losers: {people: 0, share: 0%}}\n", target="bitbucket")
    ids = await joined(world)
    async with world.house() as tenure, world.provider(tenure) as client:
        told = patch({"op": "replace", "path": "title", "value": "Visitor"})
        await client.patch(f"/Users/{ids['ada@x.example']}", json=told)
        await world.finish(tenure)
        async with tenure.database.transaction() as connection:
            (plan,) = await holding.held_plans(connection)
        assert held(world).accounts["ada"].groups == {"stash-users", "software_dev", "helpdesk"}
        decider = Decider("cli:ada", "agreed")
        await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, decider)
        await world.finish(tenure)
        async with tenure.database.transaction() as connection:
            assert await holding.held_plans(connection) == ()
    assert held(world).accounts["ada"].groups == set()

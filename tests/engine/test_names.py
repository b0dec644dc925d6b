"""The whole house, and account names that are taken: held, or another chosen that stays."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import timedelta
from typing import Any

import pytest

from tenure.model.capability import canon_name
from tenure.store import names as stored

from .world import ESTATE, Killed, World, ensure, patch, person

SHORT = "name.givenName.substring(0, 1).lowerAscii() + name.familyName.lowerAscii()"
LONG = "name.givenName.lowerAscii() + '.' + name.familyName.lowerAscii()"
NAMED = ESTATE.replace("userName.split('@')[0].lowerAscii()", SHORT)
TRIED = NAMED + f'    usernames: {{taken: ["{LONG}", number]}}\n'
NUMBERED = NAMED + "    usernames: {taken: number}\n"
WIKI = (
    TRIED.replace("  jira:\n", "  wiki:\n")
    .replace("kind: jira", "kind: confluence")
    .replace("jira.test/jira", "wiki.test/confluence")
    .replace("      properties: {phone: phoneNumbers.work}\n", "")
    .replace("adopt: match", "adopt: match\n    match: [[username, display_name]]")
)
PLANS = "SELECT subject, situation, verdicts, waiting FROM plan WHERE current ORDER BY id"


def called(given: str, family: str, mail: str, **more: Any) -> dict[str, Any]:
    return person(mail, f"{given} {family}", **more) | {"name": {"givenName": given, "familyName": family}}


async def hire(world: World, ids: dict[str, str], *people: dict[str, Any]) -> None:
    async with world.house() as tenure, world.provider(tenure) as client:
        for one in people:
            await ensure(client, ids, "Users", "userName", one)
        await world.finish(tenure)


async def change(world: World, id: str, value: dict[str, Any]) -> None:
    async with world.house() as tenure, world.provider(tenure) as client:
        answer = await client.patch(f"/Users/{id}", json=patch({"op": "replace", "value": value}))
        assert answer.status_code in (200, 204), answer.text
        await world.finish(tenure)


async def names(world: World) -> dict[str, str]:
    """E-mail address (or display name, where there is none) to account name, of all but those from the start."""
    accounts = (await world.jira())["accounts"]
    return {a["email"]: a["name"] for a in accounts if a["email"].endswith(".example")}


async def stranger(world: World, name: str, mail: str, display: str = "Somebody Else") -> None:
    body = {"name": name, "emailAddress": mail, "displayName": display, "password": "x"}
    await world.sandbox_call("POST", "/jira/rest/api/2/user", body, auth=True)


async def plans(world: World) -> list[dict[str, Any]]:
    async with world.house() as tenure:
        return await tenure.database.rows(PLANS)


async def test_without_a_strategy_both_are_held_and_told(database: str) -> None:
    world, ids = World(database, NAMED), dict[str, str]()
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"), called("Jim", "Doe", "jim@x.example"))
    assert await names(world) == {}
    reasons = [p["verdicts"]["verdicts"][0]["reason"] for p in await plans(world)]
    assert sorted(reasons) == [f"{who}@x.example of okta wants an account of the same name" for who in ("jim", "jo")]


async def test_a_name_of_a_stranger_is_not_taken_and_what_was_chosen_is_told(database: str) -> None:
    world, ids = World(database, TRIED), dict[str, str]()
    await stranger(world, "jdoe", "old@y.test")
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"))
    assert await names(world) == {"jo@x.example": "jo.doe"}
    async with world.house() as tenure:
        (plan,) = await tenure.database.rows("SELECT verdicts FROM plan WHERE verdicts->'notes' <> '[]'")
    (note,) = plan["verdicts"]["notes"]
    assert note.startswith("username: computed jdoe, taken by the account jdoe (key JIRAUSER")
    assert note.endswith(f"; chosen jo.doe by alternative 1, {LONG}")


async def test_two_at_once_and_those_who_follow_get_one_name_each(database: str) -> None:
    world, ids = World(database, TRIED), dict[str, str]()
    people = [called("Jo", "Doe", f"jo{n}@x.example") for n in range(5)]
    async with world.house() as tenure, world.provider(tenure) as client:
        await asyncio.gather(*(client.post("/Users", json=one) for one in people))
        await world.finish(tenure)
    await hire(world, ids, called("Jo", "Doe", "jo9@x.example"))
    first = await names(world)
    assert len(first) == 6
    assert set(first.values()) == {"jdoe", "jo.doe", "jdoe2", "jdoe3", "jdoe4", "jdoe5"}
    written = (await world.jira())["writes"]
    async with world.house() as tenure:
        await world.finish(tenure)
    assert (await names(world), (await world.jira())["writes"]) == (first, written)


async def test_a_name_stays_when_the_better_one_comes_free_and_goes_with_the_computed_one(database: str) -> None:
    world, ids = World(database, NUMBERED), dict[str, str]()
    await stranger(world, "jdoe", "old@y.test")
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"))
    await world.sandbox_call("DELETE", "/jira/rest/api/2/user?username=jdoe", auth=True)
    await change(world, ids["jo@x.example"], {"displayName": "Joanna Doe", "title": "CEO"})
    world.estate = NAMED  # what was chosen stays, whatever the estate says by now
    await change(world, ids["jo@x.example"], {"displayName": "Jo Doe"})
    assert await names(world) == {"jo@x.example": "jdoe2"}
    assert [p for p in await plans(world) if p["waiting"]] == []
    await change(world, ids["jo@x.example"], {"name": {"givenName": "Jo", "familyName": "Roe"}})
    assert await names(world) == {"jo@x.example": "jroe"}


async def test_an_alternative_never_finds_an_account(database: str) -> None:
    """jdoe2 is there, and has even the person's address: a person decides, and it is neither taken over nor passed."""
    world, ids = World(database, NUMBERED), dict[str, str]()
    await stranger(world, "jdoe", "old@y.test")
    await stranger(world, "jdoe2", "else@y.test")
    await stranger(world, "jdoe3", "jim@x.example")
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"), called("Jim", "Doe", "jim@x.example"))
    assert await names(world) == {"jo@x.example": "jdoe4", "jim@x.example": "jdoe3"}
    (waiting,) = [p for p in await plans(world) if p["waiting"]]
    assert (waiting["subject"], waiting["situation"]) == (ids["jim@x.example"], "AMBIGUOUS")
    async with world.house() as tenure:
        linked = await tenure.database.rows("SELECT identity::text FROM link")
    assert [r["identity"] for r in linked] == [ids["jo@x.example"]]


async def test_whose_account_may_be_their_own_is_held(database: str) -> None:
    """Confluence shows no address: by that alone nobody can say that jdoe is a stranger."""
    world, ids = World(database, WIKI.replace("display_name]]", "email]]"), target="confluence"), dict[str, str]()
    one = {"userName": "jdoe", "email": "old@y.test", "fullName": "Somebody", "password": "x"}
    await world.sandbox_call("POST", "/confluence/rest/api/admin/user", one, auth=True)
    before = (await world.jira())["writes"]
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"))
    assert (await world.jira())["writes"] == before
    assert [p["situation"] for p in await plans(world)] == ["AMBIGUOUS"]


async def test_a_name_that_is_taken_meanwhile_is_found_out_and_another_tried(database: str) -> None:
    world, ids = World(database, NUMBERED), dict[str, str]()
    await hire(world, ids, called("Ada", "Byron", "ada@x.example"))
    await stranger(world, "jdoe", "old@y.test")
    await stranger(world, "jdoe2", "older@y.test")
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"))
    assert (await names(world))["jo@x.example"] == "jdoe3"


async def test_in_a_large_run_a_refused_name_is_read_and_another_tried(database: str) -> None:
    world, ids = World(database, NUMBERED), dict[str, str]()
    await hire(world, ids, called("Ada", "Byron", "ada@x.example"))
    await stranger(world, "jdoe", "old@y.test")
    async with world.house() as tenure, world.provider(tenure) as client:
        for n in range(60):
            await client.post("/Users", json=called(f"N{n}", f"Unique{n}", f"n{n}@x.example"))
        await client.post("/Users", json=called("Jo", "Doe", "jo@x.example"))
        await tenure.database.rows("UPDATE due SET prio = 9 RETURNING 1 AS one")
        await world.finish(tenure)
    assert (await names(world))["jo@x.example"] == "jdoe2"


async def test_protected_names_are_never_chosen(database: str) -> None:
    estate = NUMBERED.replace("[admin, 'svc-*']", "[admin, 'jdoe2', 'jdoe3*']")
    world, ids = World(database, estate), dict[str, str]()
    await stranger(world, "jdoe", "old@y.test")
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"))
    assert await names(world) == {"jo@x.example": "jdoe4"}


async def test_when_nothing_is_free_it_is_held_and_said(database: str) -> None:
    world, ids = World(database, NAMED + f'    usernames: {{taken: "{LONG}"}}\n'), dict[str, str]()
    await stranger(world, "jdoe", "old@y.test")
    await stranger(world, "jo.doe", "older@y.test")
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"))
    (plan,) = await plans(world)
    assert (plan["situation"], plan["waiting"]) == ("AMBIGUOUS", True)
    assert "nothing that the configuration tries instead is free" in plan["verdicts"]["notes"][0]


async def test_who_comes_back_gets_the_same_name_and_account(database: str) -> None:
    world, ids = World(database, NUMBERED), dict[str, str]()
    await stranger(world, "jdoe", "old@y.test")
    jo = called("Jo", "Doe", "jo@x.example")
    await hire(world, ids, jo)
    before = next(a for a in (await world.jira())["accounts"] if a["name"] == "jdoe2")
    async with world.house() as tenure, world.provider(tenure) as client:
        await client.delete(f"/Users/{ids['jo@x.example']}")
        await world.finish(tenure)
    await world.sandbox_call("DELETE", "/jira/rest/api/2/user?username=jdoe", auth=True)
    await hire(world, dict[str, str](), jo)
    after = next(a for a in (await world.jira())["accounts"] if a["email"] == "jo@x.example")
    assert (after["name"], after["key"], after["active"]) == ("jdoe2", before["key"], True)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada", "ADA"), ("Zoë", "Zoe\u0308"), ("İlk", "i\u0307lk"), ("Ŝa", "S\u0302a")],
    ids=["letter case", "normal forms", "Turkish i", "combining marks"],
)
async def test_names_that_are_one_name_to_the_application(database: str, one: str, other: str) -> None:
    estate = NUMBERED.replace(SHORT, "name.givenName")
    world, ids = World(database, estate), dict[str, str]()
    await hire(world, ids, called(one, "Doe", "one@x.example"), called(other, "Doe", "two@x.example"))
    found = await names(world)
    assert sorted(name.endswith("2") for name in found.values()) == [False, True]
    assert len({canon_name(name.removesuffix("2")) for name in found.values()}) == 1
    assert [p for p in await plans(world) if p["waiting"]] == []


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_random_crowd_gets_a_name_each_and_keeps_it(database: str, seed: int) -> None:
    """Whatever the order and however many come at once; who leaves and comes back has the name of before."""
    chance = random.Random(seed)
    world, ids = World(database, TRIED), dict[str, str]()
    await stranger(world, "jdoe", "old@y.test")
    families = [chance.choice(["Doe", "DOE", "Roe", "Doe2"]) for _ in range(14)]
    people = [called(chance.choice(["Jo", "Jim"]), name, f"p{n}@x.example") for n, name in enumerate(families)]
    before: dict[str, str] = {}
    while people:
        some, people = people[: (size := chance.randint(1, 6))], people[size:]
        async with world.house() as tenure, world.provider(tenure) as client:
            answers = await asyncio.gather(*(client.post("/Users", json=one) for one in some))
            ids |= {one["userName"]: answer.json()["id"] for one, answer in zip(some, answers, strict=True)}
            await world.finish(tenure)
        found = await names(world)
        assert before.items() <= found.items()
        assert len({canon_name(name) for name in found.values()}) == len(found)
        before = found
    assert len(before) == 14
    back = chance.sample(sorted(ids.values()), 4)
    for active in (False, True):
        for one in back:
            await change(world, one, {"active": active})
    assert await names(world) == before


async def test_a_death_at_any_point_leaves_one_name_and_one_account(database: str) -> None:
    world, ids, died = World(database, NUMBERED), dict[str, str](), 0
    await stranger(world, "jdoe", "old@y.test")
    await hire(world, ids, called("Ada", "Byron", "ada@x.example"))
    for point in range(1, 14):
        with contextlib.suppress(Killed):
            async with world.house(point) as tenure, world.provider(tenure) as client:
                await ensure(client, ids, "Users", "userName", called("Jo", "Doe", f"p{point}@x.example"))
                await world.finish(tenure)
        died += world.fuse.dead
        await hire(world, ids, called("Jo", "Doe", f"p{point}@x.example"))
    found = await names(world)
    assert died > 5
    assert sorted(found.values()) == sorted(["abyron", *(f"jdoe{n}" for n in range(2, 15))])
    async with world.house() as tenure:
        linked = await tenure.database.rows("SELECT count(*) AS n FROM link WHERE ended_at IS NULL")
    assert linked[0]["n"] == 14


async def test_whose_name_is_free_pays_nothing_for_it(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One statement a chunk, where anything is computed at all; and a pass without a change computes nothing."""
    asked: list[str] = []

    def counted(name: str) -> None:
        real = getattr(stored, name)

        async def count(*values: Any) -> Any:
            asked.append(name)
            return await real(*values)

        monkeypatch.setattr(stored, name, count)

    for name in ("remembered", "lock", "taken", "rivals", "take", "forget"):
        counted(name)
    world, ids = World(database, TRIED), dict[str, str]()
    await hire(world, ids, *(called("Jo", f"Doe{n}", f"p{n}@x.example") for n in range(70)))
    assert set(asked) == {"remembered"}
    assert len(asked) <= 70 // 32 + 16
    asked.clear()
    world.clock.at += timedelta(hours=7)
    async with world.house() as tenure:
        await world.finish(tenure)
    assert asked == []


async def test_namesakes_at_an_application_that_shows_no_address(database: str) -> None:
    world, ids = World(database, WIKI, target="confluence"), dict[str, str]()
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"))
    await hire(world, ids, called("Jo", "Doe", "jo2@x.example"), called("Jo", "Doe", "jo3@x.example"))
    assert {a["name"] for a in (await world.jira())["accounts"]} >= {"jdoe", "jo.doe", "jdoe2"}
    assert [p for p in await plans(world) if p["waiting"]] == []

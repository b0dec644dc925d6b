"""Who leaves in the middle of a ring of renames: closed at once, and nobody is left with a name that is temporary."""

from __future__ import annotations

import httpx2
import pytest
from tests.engine.test_renames import ADA, estate, held, hire, shift, waiting
from tests.engine.world import World, patch, person

from tenure.app import Tenure
from tenure.engine import decide
from tenure.planning.renames import is_temporary

RENAME = {
    "crowd": "/crowd/rest/usermanagement/1/user/rename",
    "bitbucket": "/bitbucket/rest/api/latest/admin/users/rename",
}
OFF = patch({"op": "replace", "path": "active", "value": False})
KEPT = "the name {} is taken by another account, which keeps it"
SWAP, RING = {"ann": "bob", "bob": "ann"}, {"ann": "bob", "bob": "cy", "cy": "ann"}


async def names(world: World, target: str) -> dict[str, str]:
    """What the accounts of those who were hired are called, by the name that each began with."""
    first = {a["display_name"]: a["name"] for a in (await world.state(target))["accounts"]}
    return {shown.removeprefix("First "): name for shown, name in first.items() if shown.startswith("First ")}


async def aside(world: World, target: str) -> list[str]:
    return [one for one, name in (await names(world, target)).items() if is_temporary(name)]


async def closed(world: World, target: str, who: str) -> bool:
    """Whether nothing opens this account; Bitbucket closes none, and takes away what opens it."""
    (account,) = [a for a in (await world.state(target))["accounts"] if a["display_name"] == f"First {who}"]
    return not account["groups"] if target == "bitbucket" else not account["active"]


async def halfway(
    world: World, tenure: Tenure, client: httpx2.AsyncClient, shifted: dict[str, str], **calls: int
) -> dict[str, str]:
    """Names that change places, of which at each application so many calls were done; gives the ids by first names."""
    ids = await hire(client, *shifted)
    await world.finish(tenure)
    later = {"kind": "status", "status": 429, "retry_after": 5}
    faults = [{**later, "path": RENAME[t], "nth": list(range(done + 1, 300))} for t, done in calls.items()]
    await world.faults(*faults)
    await shift(client, ids, shifted)
    await tenure.engine.settle()
    return ids


async def leaves(client: httpx2.AsyncClient, who: str) -> None:
    answer = await client.patch(f"/Users/{who}", json=OFF)
    assert answer.status_code < 300, answer.text


async def goes_on(world: World, tenure: Tenure) -> None:
    """The application answers again; and after it, nothing is left to do."""
    await world.faults()
    await world.finish(tenure)
    before = [(await world.state(target))["writes"] for target in RENAME]
    world.clock.at = world.clock.at.replace(hour=23)
    await world.finish(tenure)
    assert before == [(await world.state(target))["writes"] for target in RENAME], "nothing flaps"


@pytest.mark.parametrize("target", RENAME)
@pytest.mark.parametrize("shifted", [SWAP, RING], ids=["swap", "ring of three"])
async def test_who_is_aside_is_closed_at_once_and_goes_on_to_the_own_name(
    database: str, target: str, shifted: dict[str, str]
) -> None:
    world = World(database, estate(target), target)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await halfway(world, tenure, client, shifted, **{target: 1})
        (gone,) = await aside(world, target)
        await leaves(client, ids[gone])
        await tenure.engine.settle()
        assert await closed(world, target, gone)
        assert await aside(world, target) == [gone], "the others did not move yet"
        await goes_on(world, tenure)
        assert await names(world, target) == shifted
        assert await waiting(tenure) == {}
        assert await held(tenure) == {}


@pytest.mark.parametrize("target", RENAME)
async def test_whose_name_is_kept_by_somebody_who_left_goes_back_to_the_former_one(database: str, target: str) -> None:
    world = World(database, estate(target), target)
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await halfway(world, tenure, client, SWAP, **{target: 1})
        (stays,) = await aside(world, target)
        gone = SWAP[stays]
        await leaves(client, ids[gone])
        await goes_on(world, tenure)
        assert await closed(world, target, gone)
        assert await names(world, target) == {"ann": "ann", "bob": "bob"}
        assert await waiting(tenure) == {(target, gone): KEPT.format(gone)}, "who stays is to be called that"


async def test_who_left_before_the_ring_came_to_an_application_keeps_the_name_at_all(database: str) -> None:
    """At one application the leaver is aside, at the other not yet: there the name stays, and so nobody gets it."""
    world = World(database, estate("bitbucket", "crowd"))
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await halfway(world, tenure, client, SWAP, crowd=1, bitbucket=0)
        (gone,) = await aside(world, "crowd")
        await leaves(client, ids[gone])
        await goes_on(world, tenure)
        for target in RENAME:
            assert await closed(world, target, gone)
            assert await names(world, target) == {"ann": "ann", "bob": "bob"}
            assert KEPT.format(gone).partition(",")[0] in (await waiting(tenure))[target, gone]
        assert len(await waiting(tenure)) == 2, "who left waits for nothing"


async def test_a_gate_that_holds_the_leaver_keeps_nobody_from_a_name(database: str) -> None:
    world = World(database, estate("crowd").replace("    rate:", "    limits: {leavers: {people: 0}}\n    rate:"))
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await halfway(world, tenure, client, SWAP, crowd=1)
        (gone,) = await aside(world, "crowd")
        await leaves(client, ids[gone])
        await goes_on(world, tenure)
        assert await names(world, "crowd") == SWAP
        assert not await closed(world, "crowd", gone)
        plan = (await held(tenure))["crowd:leavers"]
        await decide.approve(tenure.database, world.clock.now(), plan.id, plan.revision, ADA)
        await world.finish(tenure)
        assert await closed(world, "crowd", gone)


async def test_a_name_that_somebody_else_is_to_have_by_now_is_theirs(database: str) -> None:
    """Who left was to be called so; before that, the provider gave the name to somebody who is there."""
    world = World(database, estate("crowd"))
    async with world.house() as tenure, world.provider(tenure) as client:
        ids = await halfway(world, tenure, client, SWAP, crowd=1)
        (gone,) = await aside(world, "crowd")
        await leaves(client, ids[gone])
        assert (await client.delete(f"/Users/{ids[gone]}")).status_code == 204
        wanted = SWAP[gone]
        new = person(f"{wanted}@x", "Somebody New", mail="new@x.example")
        assert (await client.post("/Users", json=new)).status_code == 201
        await goes_on(world, tenure)
        (theirs,) = [a for a in (await world.state("crowd"))["accounts"] if a["name"] == wanted]
        assert theirs["display_name"] == "Somebody New"
        assert await closed(world, "crowd", gone)
        assert await aside(world, "crowd") == [gone]
        told = f"{wanted}@x of okta wants an account of the same name"
        assert await waiting(tenure) == {("crowd", wanted): told}, "nobody waits for it, and the plan says why it stays"

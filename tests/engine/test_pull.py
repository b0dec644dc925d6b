"""A source that is read: the same events as pushed, nobody twice, and nobody gone without two whole readings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tenure.app import Tenure, running
from tenure.engine.pull import Pulled, pull
from tenure.model.reading import NotRead
from tenure.store.pulls import BeingRead, alone

from .world import ESTATE, Killed, World

HEADER = "userName,externalId,displayName,emails.primary,active,groups\n"


class Export:
    """A file of people, and a house that reads it."""

    def __init__(self, world: World, file: Path) -> None:
        self.world, self.file = world, file
        csv = f"people: {{kind: csv, path: {file}, every: 1h, heartbeat: 4h}}"
        self.world.estate = ESTATE.replace("okta: {kind: scim, token: {env: OKTA}}", csv).replace("okta", "people")

    def write(self, *people: str) -> None:
        """The people, each as `ada,1,staff;dev` or `ada,1,staff,false`."""
        lines = []
        for one in people:
            name, key, groups, active = (*one.split(","), "true")[:4]
            lines.append(f"{name},{key},{name.title()},{name}@x.com,{active},{groups}\n")
        self.file.write_text(HEADER + "".join(lines))

    async def read(self, tenure: Tenure, accept: int | None = None) -> Pulled:
        return await pull(tenure.pulls.intake, tenure.pulls.sources["people"], "cli:alice", accept)

    async def people(self, tenure: Tenure) -> dict[str, bool]:
        """Who is in the directory, by userName, and whether active."""
        found = await tenure.database.rows("SELECT user_name, active FROM identity WHERE gone_at IS NULL ORDER BY 1")
        return {r["user_name"]: r["active"] for r in found}

    async def members(self, tenure: Tenure) -> dict[str, set[str]]:
        found = await tenure.database.rows(
            """SELECT g.display_name, i.user_name FROM source_group g LEFT JOIN member m ON m.source_group = g.id
            LEFT JOIN identity i ON i.id = m.identity WHERE g.gone_at IS NULL"""
        )
        told: dict[str, set[str]] = {}
        for r in found:
            told.setdefault(r["display_name"], set()).update([r["user_name"]] if r["user_name"] else [])
        return told


async def marked(tenure: Tenure) -> int:
    """How many people are marked; then none is."""
    found = await tenure.database.rows("DELETE FROM due WHERE subject ~ '^[0-9a-f-]{36}$' RETURNING subject")
    return len(found)


@pytest.fixture
def export(database: str, tmp_path: Path) -> Export:
    return Export(World(database), tmp_path / "people.csv")


async def test_what_is_read_comes_to_be_at_the_application(export: Export) -> None:
    export.write("ada,1,Dev users", "bob,2,Dev users;Marketing", "eve,3,,false")
    async with export.world.house() as tenure:
        found = await export.read(tenure)
        assert (found.new, found.changed, found.extent.people, found.extent.memberships) == (3, 0, 3, 3)
        await export.world.finish(tenure)
        ada, bob = await export.world.account("ada"), await export.world.account("bob")
        assert ada
        assert bob
        assert (ada["email"], ada["groups"]) == ("ada@x.com", ["software_dev"])
        assert sorted(bob["groups"]) == ["Marketing", "software_dev"]
        assert await export.world.account("eve") is None
        export.write("ada,1,Dev users", "bob,2,Marketing,false")
        await export.read(tenure)
        await export.world.finish(tenure)
        bob = await export.world.account("bob")
        assert bob
        assert not bob["active"]
        said = await tenure.database.rows(
            "SELECT actor, action, facts FROM audit WHERE action = 'identity.deactivated'"
        )
        assert [(r["actor"], r["facts"]["method"]) for r in said] == [("source:people", "PULL")]


async def test_the_same_file_again_marks_nobody(export: Export) -> None:
    export.write("ada,1,staff", "bob,2,staff;dev")
    async with export.world.house() as tenure:
        await export.read(tenure)
        assert await marked(tenure) == 2
        audited = await tenure.database.rows("SELECT count(*) AS n FROM audit")
        found = await export.read(tenure)
        assert (found.new, found.changed, found.missing, found.gone) == (0, 0, 0, 0)
        assert await marked(tenure) == 0
        assert await tenure.database.rows("SELECT count(*) AS n FROM audit") == audited


async def test_who_is_missing_is_gone_after_two_whole_readings_only(export: Export) -> None:
    export.write("ada,1,staff", "bob,2,staff", "eve,3,")
    async with export.world.house() as tenure:
        await export.read(tenure)
        export.write("ada,1,staff", "eve,3,")
        first = await export.read(tenure)
        assert (first.missing, first.gone) == (1, 0)
        assert await export.people(tenure) == {"ada": True, "bob": True, "eve": True}
        assert await export.members(tenure) == {"staff": {"ada", "bob"}}
        export.file.write_text(export.file.read_text() + "broken\n")
        with pytest.raises(NotRead):
            await export.read(tenure)
        assert "bob" in await export.people(tenure)
        export.write("ada,1,staff", "eve,3,")
        second = await export.read(tenure)
        assert (second.missing, second.gone) == (0, 1)
        assert await export.people(tenure) == {"ada": True, "eve": True}
        assert await export.members(tenure) == {"staff": {"ada"}}


async def test_who_comes_back_between_is_not_counted_as_missing(export: Export) -> None:
    async with export.world.house() as tenure:
        for people in (["ada,1,", "bob,2,"], ["ada,1,"], ["ada,1,", "bob,2,"], ["ada,1,"]):
            export.write(*people)
            found = await export.read(tenure)
        assert (found.missing, found.gone) == (1, 0)
        assert "bob" in await export.people(tenure)


async def test_nothing_is_taken_from_a_file_with_one_problem(export: Export) -> None:
    export.write("ada,1,")
    async with export.world.house() as tenure:
        await export.read(tenure)
        export.write("ada,1,,false", "bob,2,", "eve,3,,maybe")
        with pytest.raises(NotRead) as refused:
            await export.read(tenure)
        assert str(refused.value) == "nothing was taken: there is a problem in line 4 of people.csv"
        assert await export.people(tenure) == {"ada": True}
        kept = await tenure.database.rows("SELECT problem, people FROM pull")
        assert kept == [{"problem": str(refused.value), "people": 1}]


async def test_a_reading_that_shrank_takes_nobody_away_until_a_person_agrees(export: Export) -> None:
    everybody = [f"p{n},{n},staff" for n in range(20)]
    export.write(*everybody)
    async with export.world.house() as tenure:
        await export.read(tenure)
        export.write(*everybody[:15], "new,99,")
        for _ in range(3):
            held = await export.read(tenure)
            assert held.held == "20 memberships were there at the last reading, 15 are in this one: " + (
                "nobody is taken away by it"
            )
            assert (held.missing, held.gone) == (0, 0)
        people = await export.people(tenure)
        assert len(people) == 21
        assert (await export.read(tenure, accept=21)).held is not None
        accepted = await export.read(tenure, accept=16)
        assert (accepted.held, accepted.missing, accepted.gone) == (None, 5, 0)
        said = await tenure.database.rows("SELECT actor FROM audit WHERE action = 'source.accepted'")
        assert said == [{"actor": "cli:alice"}]
        assert (await export.read(tenure)).gone == 5
        assert len(await export.people(tenure)) == 16


async def test_an_emptied_source_of_a_few_is_held_too(export: Export) -> None:
    export.write("ada,1,", "bob,2,")
    async with export.world.house() as tenure:
        await export.read(tenure)
        export.write()
        with pytest.raises(NotRead, match="line 1"):
            await export.read(tenure)
        assert len(await export.people(tenure)) == 2


async def test_people_are_known_again_by_their_identifier_whatever_their_name(export: Export) -> None:
    async with export.world.house() as tenure:
        export.write("ada,1,staff", "bob,2,")
        await export.read(tenure)
        ids = "SELECT id, user_name, external_id FROM identity WHERE gone_at IS NULL ORDER BY external_id"
        before = await tenure.database.rows(ids)
        export.write("eve,2,", "ada.king,1,staff", "ada,3,dev")
        found = await export.read(tenure)
        assert (found.new, found.changed, found.waiting, found.missing) == (1, 2, (), 0)
        after = await tenure.database.rows(ids)
        assert [(r["user_name"], r["external_id"]) for r in after] == [("ada.king", "1"), ("eve", "2"), ("ada", "3")]
        assert [r["id"] for r in after[:2]] == [r["id"] for r in before]
        assert await export.members(tenure) == {"staff": {"ada.king"}, "dev": {"ada"}}


async def test_a_name_that_somebody_else_still_has_waits(export: Export) -> None:
    async with export.world.house() as tenure:
        export.write("ada,1,", "bob,2,")
        await export.read(tenure)
        export.write("ada,9,staff", "bob,2,")
        first = await export.read(tenure)
        assert (first.waiting, first.missing, first.new) == (("ada",), 1, 0)
        second = await export.read(tenure)
        assert (second.waiting, second.gone, second.new) == ((), 1, 1)
        assert await export.members(tenure) == {"staff": {"ada"}}
        export.write("bob,9,staff", "ada,2,")
        crossed = await export.read(tenure)
        assert (crossed.waiting, crossed.missing, crossed.gone) == (("ada", "bob"), 0, 0)
        assert len(await export.people(tenure)) == 2


async def test_groups_follow_and_an_export_without_them_leaves_them_alone(export: Export) -> None:
    async with export.world.house() as tenure:
        export.write("ada,1,staff;dev", "bob,2,staff")
        await export.read(tenure)
        export.file.write_text("userName,externalId\nada,1\nbob,2\n")
        for _ in range(2):
            found = await export.read(tenure)
        assert found.extent.groups is None
        assert await export.members(tenure) == {"staff": {"ada", "bob"}, "dev": {"ada"}}
        export.write("ada,1,staff", "bob,2,ops")
        await export.read(tenure)
        assert await export.members(tenure) == {"staff": {"ada"}, "dev": set(), "ops": {"bob"}}
        await export.read(tenure)
        assert await export.members(tenure) == {"staff": {"ada"}, "ops": {"bob"}}


async def test_it_is_read_by_itself_as_often_as_the_estate_says(export: Export) -> None:
    export.write("ada,1,")
    clock = export.world.clock
    async with export.world.house() as tenure:
        await tenure.pulls.look()
        assert await export.people(tenure) == {"ada": True}
        export.write("ada,1,", "bob,2,")
        clock.at += timedelta(minutes=59)
        await tenure.pulls.look()
        assert await export.people(tenure) == {"ada": True}
        clock.at += timedelta(minutes=1)
        export.file.unlink()
        await tenure.pulls.look()
        export.write("ada,1,", "bob,2,")
        clock.at += timedelta(hours=1)
        await tenure.pulls.look()
        assert await export.people(tenure) == {"ada": True, "bob": True}


async def test_one_process_reads_at_a_time(export: Export) -> None:
    export.write("ada,1,")
    async with export.world.house() as tenure:
        async with alone(tenure.database, tenure.pulls.sources["people"].told.id):
            with pytest.raises(BeingRead):
                await export.read(tenure)
            await tenure.pulls.look()
        assert await export.people(tenure) == {}
        await export.read(tenure)
        assert await export.people(tenure) == {"ada": True}


async def test_killed_anywhere_it_ends_the_same(make_database: Callable[[], str], tmp_path: Path) -> None:
    async def played(kill_at: int | None) -> tuple[int, object]:
        export = Export(World(make_database()), tmp_path / "people.csv")
        export.write("ada,1,staff", "bob,2,staff;dev", "eve,3,dev")
        async with export.world.house() as tenure:
            await export.read(tenure)
        export.write("ada,1,dev", "bobby,2,staff", "kim,4,dev")
        points = 0
        with suppress(Killed):
            async with export.world.house(kill_at) as tenure:
                await export.read(tenure)
                points = export.world.fuse.count
        async with export.world.house() as tenure:
            for _ in range(2):
                await export.read(tenure)
            return points, (await export.people(tenure), await export.members(tenure))

    points, end = await played(None)
    assert points >= 4
    assert end == ({"ada": True, "bobby": True, "kim": True}, {"staff": {"bobby"}, "dev": {"ada", "kim"}})
    for kill_at in range(1, points + 1):
        assert (await played(kill_at))[1] == end, kill_at


async def test_a_worker_elsewhere_does_not_read_what_is_not_there(export: Export) -> None:
    async with export.world.house() as tenure:
        async with running(tenure, reads=False):
            await asyncio.sleep(0.2)
        assert await tenure.database.rows("SELECT * FROM pull") == []
        export.write("ada,1,")
        async with running(tenure):
            for _ in range(100):
                await asyncio.sleep(0.05)
                if await export.people(tenure):
                    break
        assert await export.people(tenure) == {"ada": True}


async def test_a_leaver_who_is_twice_missing_loses_the_account_and_comes_back_to_it(export: Export) -> None:
    async with export.world.house() as tenure:
        for people in (["ada,1,", "bob,2,"], ["ada,1,"]):
            export.write(*people)
            await export.read(tenure)
            await export.world.finish(tenure)
        bob = await export.world.account("bob")
        assert bob is not None
        assert bob["active"], "one reading without him proves nothing"
        await export.read(tenure)
        await export.world.finish(tenure)
        bob = await export.world.account("bob")
        assert bob is not None
        assert not bob["active"]
        export.write("ada,1,", "bob,2,")
        await export.read(tenure)
        await export.world.finish(tenure)
        back = await export.world.account("bob")
        assert back is not None
        assert (back["active"], back["key"]) == (True, bob["key"])

"""`tenure report`: licensed users and findings, of a Jira as it is and of what became of it since."""

from __future__ import annotations

from tests.engine.world import ESTATE, World, patch, person

from tenure_sandbox.serve import build

from .conftest import Place

LICENSED = ESTATE.replace("{Dev users: [software_dev]}", "{Dev users: [software_dev, jira-software-users]}")


async def read(place: Place, seats: int | None = None) -> World:
    """The place's house, at a Jira with so many seats, that has read it once."""
    place.world.estate, place.world.sandbox = LICENSED, build(seats=seats)
    async with place.world.house() as tenure:
        await place.world.finish(tenure)
    return place.world


async def test_the_seats_of_a_licence_and_what_idle_ones_cost(place: Place) -> None:
    await read(place, seats=12)
    software = next(one for one in await place.told("report", "seats", "--price", "10") if "Software" in one["licence"])
    # of the 8 active people with a licence two have not signed in for 90 days, and one never
    assert {n: software[n] for n in ("target", "total", "used", "free", "idle", "waiting", "idle_costs")} == {
        "target": "jira", "total": 12, "used": 8, "free": 4, "idle": 3, "waiting": 0, "idle_costs": 30.0,
    }  # fmt: skip
    shown = (await place.run("report", "seats", "--idle", "365d")).stdout.splitlines()
    assert shown[0].split("\t")[:7] == ["Application", "Licence", "Seats", "Used", "Free", "Waiting", "Idle"]
    assert next(line for line in shown if "Software" in line).split("\t")[:7] == [
        "jira", "Jira Software", "12", "8", "4", "0", "1",
    ]  # fmt: skip


async def test_a_licence_without_a_limit(place: Place) -> None:
    await read(place)
    line = next(x for x in (await place.run("report", "seats")).stdout.splitlines() if "Software" in x).split("\t")
    assert line[2:6] == ["no limit", "8", "no limit", "0"]


async def test_people_who_wait_are_counted(place: Place) -> None:
    world = await read(place, seats=8)
    async with world.house() as tenure, world.provider(tenure) as client:
        one = (await client.post("/Users", json=person("ada@x.example", "Ada"))).json()
        await client.post(
            "/Groups", json={"schemas": [], "displayName": "Dev users", "members": [{"value": one["id"]}]}
        )
        await world.finish(tenure)
    software = next(one for one in await place.told("report", "seats") if "Software" in one["licence"])
    assert (software["free"], software["waiting"]) == (0, 1)


async def test_what_is_found_in_a_jira_as_it_is(place: Place) -> None:
    await read(place)
    found = {(one["kind"], one["account"]) for one in await place.told("report", "findings", code=1)}
    unused = {("unused-licence", name) for name in ("oivanov", "pkowal", "svc-backup")}
    assert found == {*unused, ("rights-not-read", "")}
    told = (await place.run("report", "findings", "jira")).stdout
    assert "A licence that is not used\tsvc-backup\tJira Software: never signed in" in told


async def test_groups_that_open_nothing_are_found_when_that_was_read(place: Place) -> None:
    world = await read(place)
    await world.sandbox_call("POST", "/jira/rest/api/2/group", {"name": "old crew"}, auth=True)
    said = await place.run("report", "findings", "jira")
    assert "jira: what its groups open was not read yet: `tenure report findings --read-rights`" in said.stdout
    async with world.house() as tenure:
        await world.finish(tenure)
        asked = await place.run("report", "findings", "--read-rights")
        assert "read now, where a Tenure runs" in asked.stderr
        await world.finish(tenure)
    found = await place.told("report", "findings", code=1)
    assert "rights-not-read" not in {one["kind"] for one in found}
    groups = {one["group"]: one["told"] for one in found if one["kind"] == "group-opens-nothing"}
    today = f"{world.clock.at:%Y-%m-%d}"
    assert groups["helpdesk"].startswith(f"nothing that the application tells of, read on {today}; ")
    assert groups.keys() == {"helpdesk", "old crew"}, "not those that open something, or give a licence"
    opens = await place.told("report", "opens", "jira", "Software_Dev")
    assert {"kind": "project role", "what": "OPS", "level": "Developers"} in opens["opens"]
    assert opens["read_at"].startswith(today)
    assert "who holds global permissions" in (await place.run("report", "opens", "jira", "helpdesk")).stdout
    assert (await place.run("report", "opens", "jira", "nowhere")).exit_code == 1


async def test_what_could_not_be_read_whole_is_no_finding_about_groups(place: Place) -> None:
    world = await read(place)
    await world.faults({"kind": "status", "status": 403, "path": "/jira/rest/api/2/project/10000/role/10100"})
    await place.run("report", "findings", "--read-rights")
    async with world.house() as tenure:
        await world.finish(tenure)
    found = {one["kind"]: one["told"] for one in await place.told("report", "findings", code=1)}
    assert "group-opens-nothing" not in found
    assert "could not be read whole on" in found["rights-not-read"]
    assert "project OPS" in found["rights-not-read"]


async def test_a_leaver_whose_account_is_open_people_twice_and_administrators(place: Place) -> None:
    world = await read(place)
    await world.sandbox_call("POST", "/jira/rest/api/2/group/user?groupname=jira-administrators", {"name": "jroy"},
                             auth=True)  # fmt: skip
    await world.sandbox_call("PUT", "/jira/rest/api/2/user?username=lchen", {"emailAddress": "Tom.Becker@example.com"},
                             auth=True)  # fmt: skip
    async with world.house() as tenure, world.provider(tenure) as client:
        one = (await client.post("/Users", json=person("ada@x.example", "Ada"))).json()
        await world.finish(tenure)
        await world.faults({"kind": "status", "status": 403, "method": "PUT", "path": "/jira/rest/api/2/user"})
        gone = patch({"op": "replace", "path": "active", "value": False})
        await client.patch(f"/Users/{one['id']}", json=gone)
        await world.finish(tenure)
        place.later(6 * 3600 + 1)
        await world.finish(tenure)
    found = {(one["kind"], one["account"]): one["told"] for one in await place.told("report", "findings", code=1)}
    assert found["leaver-active", "ada"].startswith("ada@x.example left 20")
    assert found["twice", "tbecker"] == "the address tom.becker@example.com is also that of lchen"
    assert ("twice", "lchen") in found
    assert found["unknown-administrator", "jroy"] == "is in jira-administrators"
    assert ("unknown-administrator", "admin") not in found  # we sign in with it


async def test_an_application_that_is_not_there(place: Place) -> None:
    await read(place)
    for command in ("seats", "findings"):
        done = await place.run("report", command, "confluence")
        assert (done.exit_code, done.stderr) == (1, "tenure: there is no application confluence in the configuration\n")

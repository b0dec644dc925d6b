"""A leaver's farewell at work: the account at once, groups in a month, and the end when a person says so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tenure.engine import decide
from tenure.store.decisions import Decider

from .world import ESTATE, World, ensure, patch, person

DAY = timedelta(days=1)
ANONYMIZE = "    leaver: {action: deactivate, anonymize: after 60d}\n"
LEAVER = "    leaver: {action: deactivate, new_lead: tbecker, remove_groups: after 30d, delete: after 365d}\n"


async def joined(world: World) -> dict[str, str]:
    """Ada, in a group that she has from us and in one that she has from others; gives the ids of the provider's."""
    ids: dict[str, str] = {}
    async with world.house() as tenure, world.provider(tenure) as client:
        await ensure(client, ids, "Users", "userName", person("ada@x.example", "Ada"))
        members = {"displayName": "Dev users", "members": [{"value": ids["ada@x.example"]}]}
        await ensure(client, ids, "Groups", "displayName", {"schemas": [], **members})
        await world.finish(tenure)
    await world.sandbox_call("POST", "/jira/rest/api/2/group/user?groupname=helpdesk", {"name": "ada"}, auth=True)
    return ids


async def leave(world: World, ids: dict[str, str]) -> None:
    async with world.house() as tenure, world.provider(tenure) as client:
        gone = patch({"op": "replace", "path": "active", "value": False})
        assert (await client.patch(f"/Users/{ids['ada@x.example']}", json=gone)).status_code == 200
        await world.finish(tenure)


async def wait(world: World, days: float) -> None:
    """Let so many days pass, with a house that was not open meanwhile."""
    world.clock.at += days * DAY
    async with world.house() as tenure:
        await world.finish(tenure, within=timedelta(hours=2))


async def ada(world: World) -> tuple[bool, list[str]] | None:
    account = await world.account("ada")
    return (account["active"], account["groups"]) if account else None


async def done(world: World) -> list[str]:
    """What was written about Ada since she was made, in order."""
    return [w["what"] for w in (await world.jira())["journal"] if w["subject"] == "ada"][1:]


async def test_each_step_comes_in_its_time_and_once(database: str) -> None:
    world = World(database, ESTATE + LEAVER)
    ids = await joined(world)
    before = len(await done(world))
    await leave(world, ids)
    assert await ada(world) == (False, ["helpdesk", "software_dev"])
    assert (await done(world))[before:].count("end sessions") == 1
    await wait(world, 29)
    assert await ada(world) == (False, ["helpdesk", "software_dev"])
    await wait(world, 2)
    assert await ada(world) == (False, ["helpdesk"]), "what others gave is theirs"
    assert (await done(world)).count("end sessions") == 1
    async with world.house() as tenure:
        assert await tenure.database.rows("SELECT * FROM plan WHERE current AND waiting") == []


async def test_a_lead_is_relieved_and_then_shut(database: str) -> None:
    world = World(database, ESTATE + LEAVER)
    ids = await joined(world)
    await world.sandbox_call("PUT", "/jira/rest/api/2/project/OPS", {"lead": "ada"}, auth=True)
    await leave(world, ids)
    project = await world.sandbox_call("GET", "/jira/rest/api/2/project/OPS", auth=True)
    assert project["lead"]["name"] == "tbecker"
    shut = await ada(world)
    assert shut is not None
    assert not shut[0]
    async with world.house() as tenure:
        assert await tenure.database.rows("SELECT * FROM plan WHERE current AND waiting") == []


async def test_who_comes_back_gets_the_groups_back_and_no_later_step_follows(database: str) -> None:
    world = World(database, ESTATE + LEAVER)
    ids = await joined(world)
    await leave(world, ids)
    await wait(world, 31)
    async with world.house() as tenure, world.provider(tenure) as client:
        back = patch({"op": "replace", "path": "active", "value": True})
        await client.patch(f"/Users/{ids['ada@x.example']}", json=back)
        await world.finish(tenure)
    assert await ada(world) == (True, ["helpdesk", "software_dev"])
    await wait(world, 400)
    assert await ada(world) == (True, ["helpdesk", "software_dev"])


@pytest.mark.parametrize("approved", [True, False])
async def test_to_delete_waits_for_a_person(database: str, approved: bool) -> None:
    world = World(database, ESTATE + LEAVER)
    ids = await joined(world)
    await leave(world, ids)
    await wait(world, 366)
    assert await ada(world) == (False, ["helpdesk"]), "all but what cannot be undone"
    async with world.house() as tenure:
        (held,) = await tenure.database.rows("SELECT revision FROM held WHERE class = 'erasures' AND state = 'held'")
        say = decide.approve if approved else decide.reject
        await say(tenure.database, world.clock.now(), "jira:erasures", held["revision"], Decider("cli:bo", "as agreed"))
        await world.finish(tenure)
    await wait(world, 3)
    assert (await ada(world) is None) is approved
    async with world.house() as tenure:
        assert await tenure.database.rows("SELECT * FROM held") == []
        links = await tenure.database.rows("SELECT end_cause FROM link WHERE ended_at IS NOT NULL")
    assert [link["end_cause"] for link in links] == (["the account was deleted"] if approved else [])


async def test_a_deletion_whose_answer_was_lost_is_seen_to_be_done(database: str) -> None:
    world = World(database, ESTATE + LEAVER.replace("after 365d", "true"))
    ids = await joined(world)
    await leave(world, ids)
    await world.faults({"kind": "drop", "method": "DELETE", "path": "/jira/rest/api/2/user", "when": "after", "nth": 1})
    async with world.house() as tenure:
        (held,) = await tenure.database.rows("SELECT revision FROM held WHERE class = 'erasures' AND state = 'held'")
        decider = Decider("cli:bo", "as agreed")
        await decide.approve(tenure.database, world.clock.now(), "jira:erasures", held["revision"], decider)
        await world.finish(tenure)
        outcomes = await tenure.database.rows("SELECT outcome FROM journal WHERE change->>'kind' = 'delete-account'")
        links = await tenure.database.rows("SELECT end_cause FROM link WHERE ended_at IS NOT NULL")
    assert await ada(world) is None
    assert [row["outcome"] for row in outcomes] == ["applied"]
    assert [link["end_cause"] for link in links] == ["the account was deleted"]


async def anonymized(world: World) -> list[str]:
    """Approve what waits to be anonymized, let it be done and seen; gives why links ended."""
    await wait(world, 61)
    assert await ada(world) is not None, "nothing is done before a person says so"
    async with world.house() as tenure:
        (held,) = await tenure.database.rows("SELECT revision FROM held WHERE class = 'erasures' AND state = 'held'")
        now, decider = world.clock.now(), Decider("cli:bo", "as agreed")
        await decide.approve(tenure.database, now, "jira:erasures", held["revision"], decider)
        await world.finish(tenure)
        outcomes = await tenure.database.rows(
            "SELECT outcome FROM journal WHERE change->>'kind' = 'anonymize-account' ORDER BY id"
        )
    assert [row["outcome"] for row in outcomes] == ["applied"], "the promise was looked after until it was kept"
    for _ in range(3):
        await wait(world, 0.3)
    async with world.house() as tenure:
        links = await tenure.database.rows("SELECT end_cause FROM link WHERE ended_at IS NOT NULL")
        assert await tenure.database.rows("SELECT * FROM plan WHERE current AND waiting") == []
    return [link["end_cause"] for link in links]


@pytest.mark.parametrize("key", ["kept", "changed"])
async def test_who_left_is_anonymized_when_a_person_says_so_and_the_link_ends_when_it_is_seen(
    database: str, key: str
) -> None:
    version = "10.3.24" if key == "kept" else "8.20.0"
    world = World(database, ESTATE + ANONYMIZE, jira_version=version)
    ids = await joined(world)
    state = world.sandbox.state.world.applications["jira"]
    made = state.accounts["ada"].key
    if key == "changed":  # as with an account that is older than 8.4
        async with world.house() as tenure, tenure.database.transaction() as connection:
            for table in ("link", "seen_account", "seen_member", "given_member"):
                await connection.execute(f"UPDATE {table} SET key = 'ada' WHERE key = %s", (made,))
        state.give_key(state.accounts["ada"], "ada")
    await leave(world, ids)
    assert await anonymized(world) == ["the account was anonymised"]
    assert await ada(world) is None
    assert "Ada" not in str(state.document()).replace("Ada Admin", "")
    assert len(state.anonymizations) == 1


async def test_who_comes_back_after_being_anonymized_gets_a_new_account(database: str) -> None:
    world = World(database, ESTATE + ANONYMIZE)
    ids = await joined(world)
    await leave(world, ids)
    await anonymized(world)
    async with world.house() as tenure, world.provider(tenure) as client:
        back = patch({"op": "replace", "path": "active", "value": True})
        await client.patch(f"/Users/{ids['ada@x.example']}", json=back)
        await world.finish(tenure)
    assert await ada(world) == (True, ["software_dev"])


async def test_a_linked_account_that_somebody_anonymized_by_hand_is_held_and_never_made_anew(database: str) -> None:
    world = World(database, ESTATE + ANONYMIZE)
    await joined(world)
    state = world.sandbox.state.world.applications["jira"]
    body = {"userKey": state.accounts["ada"].key, "newOwnerKey": "admin"}
    await world.sandbox_call("POST", "/jira/rest/api/2/user/anonymization", body, auth=True)
    for _ in range(3):
        await wait(world, 0.3)
    assert await ada(world) is None
    async with world.house() as tenure:
        (waiting,) = await tenure.database.rows("SELECT verdicts, situation FROM plan WHERE current AND waiting")
    assert waiting["situation"] == "MISSING"
    assert not [w for w in (await world.jira())["journal"] if w["what"] == "create"][1:]


async def test_who_leads_a_component_alone_is_relieved_and_then_shut(database: str) -> None:
    world = World(database, ESTATE + LEAVER)
    ids = await joined(world)
    component = "/jira/rest/api/2/component/10010"
    await world.sandbox_call("PUT", component, {"leadUserName": "ada"}, auth=True)
    since = len((await world.jira())["journal"])
    await leave(world, ids)
    assert (await world.sandbox_call("GET", component, auth=True))["lead"]["name"] == "tbecker"
    shut = await ada(world)
    assert shut is not None
    assert not shut[0]
    written = [(w["method"], w["path"], w["what"]) for w in (await world.jira())["journal"][since:]]
    relieved = next(n for n, (_, path, _) in enumerate(written) if path.endswith("/component/10010"))
    closed = next(n for n, (_, _, what) in enumerate(written) if "active" in what)
    assert relieved < closed, written
    async with world.house() as tenure:
        assert await tenure.database.rows("SELECT * FROM plan WHERE current AND waiting") == []


SCOPED = ESTATE.replace("    attributes:", "    scope: title != 'guest'\n    out_of_scope: @SCOPE@\n    attributes:")


@pytest.mark.parametrize("rule", ["keep", "deactivate"])
async def test_who_is_out_of_scope_is_kept_as_they_are_where_the_rules_say_so(database: str, rule: str) -> None:
    """Kept: nothing is taken, given or changed, and nothing waits; and who leaves then is a leaver all the same."""
    world = World(database, SCOPED.replace("@SCOPE@", rule))
    ids = await joined(world)
    before = await ada(world), await done(world)
    async with world.house() as tenure, world.provider(tenure) as client:
        guest = {"title": "guest", "displayName": "Another"}
        said = await client.patch(f"/Users/{ids['ada@x.example']}", json=patch({"op": "replace", "value": guest}))
        assert said.status_code == 200
        await world.finish(tenure)
        assert await tenure.database.rows("SELECT * FROM held") == []
        assert await tenure.database.rows("SELECT * FROM plan WHERE current AND waiting") == []
    await wait(world, 40)
    account = await ada(world)
    assert account is not None
    assert account[0] is (rule == "keep")
    assert ((account, await done(world)) == before) is (rule == "keep")
    if rule == "keep":
        await leave(world, ids)
        assert await ada(world) == (False, ["helpdesk", "software_dev"])

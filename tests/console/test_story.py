"""The store tells the story as the engine wrote it: whom a name means, what was done, and what led to it."""

from __future__ import annotations

import pytest

from tenure.model.story import Story
from tenure.report.parts import Part, PartState, parts
from tenure.report.plan import CLASSES, held
from tenure.store import overview
from tenure.store.database import Database
from tenure.store.story import stories_of, story_of

from .filling import CROWD, NOW, ODD, Filling


async def told(store: Database, name: str, target: str = "jira") -> Story:
    async with store.transaction() as connection:
        story = await story_of(connection, target, name)
    assert story is not None
    return story


def part(story: Story, cell: str) -> Part:
    return next(p for p in parts(story) if p.cell == cell)


@pytest.mark.parametrize("asked", ["alice.jones", "ALICE.JONES", " alice.jones", "JIRAUSER10101"])
async def test_an_account_is_found_by_name_or_key(store: Database, filling: Filling, asked: str) -> None:
    story = await told(store, asked)
    assert story.told is not None
    assert story.told.identity.id == filling.people["alice.jones"]
    assert story.found_by == ("key" if asked.startswith("JIRA") else "account name")


async def test_an_identity_is_found_by_user_name_and_by_id(store: Database, filling: Filling) -> None:
    for asked, by in (("bob.stone", "userName"), (str(filling.people["Bob.Stone"]), "id")):
        story = await told(store, asked)
        assert story.account is not None
        assert (story.account.name, story.found_by) == ("bstone", by)


async def test_nobody_of_that_name(store: Database, filling: Filling) -> None:
    async with store.transaction() as connection:
        assert await story_of(connection, "jira", "nobody") is None
        assert await story_of(connection, "no such application", "alice.jones") is None


async def test_every_step_is_read_back(store: Database, filling: Filling) -> None:
    email = part(await told(store, "alice.jones"), "email")
    assert email.state is PartState.WRITTEN
    assert email.reason is not None
    assert (email.reason.source, email.reason.rule) == ("emails.primary = alice.jones@example.com", "emails.primary")
    assert email.write is not None
    assert (email.write.detail, email.write.evidence) == ("201 Created", "body")
    assert email.actual == "alice.jones@example.com"
    cause = email.write.causes[0]
    assert (cause.actor, cause.action, cause.facts["method"]) == ("source:okta", "identity.created", "POST")


async def test_a_group_put_somebody_in_without_naming_all_its_members(store: Database, filling: Filling) -> None:
    story = await told(store, "bstone")
    facts = story.writes[0].causes[0].facts
    assert facts["added"] is True
    assert str(filling.people["Bob.Stone"]) not in str(facts)


async def test_what_the_source_told_is_read_whatever_caused_the_write(store: Database, filling: Filling) -> None:
    who = str(filling.people["alice.jones"])
    async with store.transaction() as connection:
        await connection.execute(
            """INSERT INTO audit (at, actor, action, subject, source, facts)
            SELECT %s, 'source:okta', 'group.members', id::text, source, jsonb_build_object('method', 'PATCH',
                'added', jsonb_build_array(%s::text, 'somebody else')) FROM source_group""",
            (NOW, who),
        )
        await connection.execute("UPDATE journal SET cause = NULL")
    story = await told(store, "alice.jones")
    assert [event.action for event in story.events] == ["group.members", "identity.created"]
    assert story.events[0].facts == {"method": "PATCH", "added": True, "group": "Dev users"}
    assert [e.action for e in (await told(store, "carol.diaz")).events] == ["identity.created"]


@pytest.mark.parametrize(
    ("asked", "cell", "state"),
    [
        ("bstone", "account", PartState.WRITTEN),
        ("bstone", "username", PartState.KEPT),
        ("bstone", "member:old-timers", PartState.NOT_OURS),
        ("bstone", "member:software_dev", PartState.SAME),
        ("carol.diaz", "account", PartState.HELD),
        ("dave.moss", "active", PartState.WRITTEN),
        ("erin.fox", "member:jira-administrators", PartState.WAITING),
        ("grace.hall", "account", PartState.FAILED),
        ("svc-backup", "account", PartState.REFUSED),
        ("henry.wu", "account", PartState.SENDING),
        ("sysadmin", "account", PartState.NOT_OURS),
        (ODD, "username", PartState.WRITTEN),
    ],
)
async def test_states(store: Database, filling: Filling, asked: str, cell: str, state: PartState) -> None:
    assert part(await told(store, asked), cell).state is state


async def test_a_membership_that_waits_tells_what_stops_its_group(store: Database, filling: Filling) -> None:
    waiting = part(await told(store, "erin.fox"), "member:jira-administrators")
    assert "jira-administrators gives administration" in waiting.why


async def test_of_several_people_of_one_name_the_others_are_named(store: Database, filling: Filling) -> None:
    story = await told(store, "pat.lee")
    assert story.told is not None
    assert story.told.identity.source == "okta"
    assert [(o.what, o.ask) for o in story.others] == [("Pat.Lee of corp, active", str(filling.people["Pat.Lee"]))]


async def test_an_account_of_somebody_else_is_told_as_such(store: Database, filling: Filling) -> None:
    async with store.transaction() as connection:
        await connection.execute(
            "UPDATE identity SET user_name = 'alice.jones', user_name_canon = 'alice.jones' WHERE id = %s",
            (filling.people["Pat.Lee"],),
        )
    story = await told(store, "alice.jones")
    assert story.told is not None
    assert story.told.identity.id == filling.people["alice.jones"]
    assert [o.what for o in story.others] == ["alice.jones of corp, active"]


async def test_the_account_that_would_be_taken_over_is_shown_with_the_person(store: Database, filling: Filling) -> None:
    async with store.transaction() as connection:
        stories = await stories_of(connection, filling.people["carol.diaz"])
    assert [s.target.name for s in stories] == ["code", "jira", "wiki"]
    assert stories[1].account is not None
    assert stories[1].account.key == "JIRAUSER10008"


async def test_a_chain_of_causes_is_followed_to_its_start(store: Database, filling: Filling) -> None:
    async with store.transaction() as connection:
        await connection.execute("ALTER TABLE audit DISABLE TRIGGER audit_keeps")  # an entry gets its cause afterwards
        cursor = await connection.execute(
            """WITH first AS (INSERT INTO audit (at, actor, action) VALUES (%s, 'cli:root', 'estate.activated')
                RETURNING id) UPDATE audit SET cause = first.id FROM first WHERE audit.subject = %s""",
            (NOW, str(filling.people["alice.jones"])),
        )
        assert cursor.rowcount == 1
    story = await told(store, "alice.jones")
    assert [c.action for c in story.writes[0].causes] == ["identity.created", "estate.activated"]


async def test_overview(store: Database, filling: Filling) -> None:
    async with store.transaction() as connection:
        found = await overview.overview(connection)
    okta = next(s for s in found.sources if s.name == "okta")
    assert (okta.active, okta.inactive, okta.gone, okta.groups) == (9 + len(CROWD), 1, 0, 1)
    assert okta.last_event_at is not None
    jira, code = (next(t for t in found.targets if t.name == n) for n in ("jira", "code"))
    assert (jira.linked, jira.waiting, jira.open_intents, jira.due) == (5 + len(CROWD), 6, 1, 1)
    assert (jira.read_accounts, jira.read_problem) == (61, None)
    assert (code.state, code.stop_reason, code.read_at) == ("stopped", "HTTP 401: the token was not accepted", None)
    assert code.read_problem == "HTTP 502 from the proxy in front of Bitbucket"


async def test_people_are_searched_literally_and_paged(store: Database, filling: Filling) -> None:
    async with store.transaction() as connection:
        everybody = await overview.people(connection)
        second = await overview.people(connection, offset=50)
        assert (everybody.total, len(everybody.persons), len(second.persons)) == (11 + len(CROWD), 50, 5)
        assert {p.id for p in everybody.persons}.isdisjoint({p.id for p in second.persons})
        assert [p.user_name for p in (await overview.people(connection, "STONE")).persons] == ["Bob.Stone"]
        for wild in ("%", "_", "\\"):
            assert (await overview.people(connection, wild)).total == 0
        bob = (await overview.people(connection, "Bob Stone")).persons[0]
    jira = next(p for p in bob.places if p.target == "jira")
    assert (jira.account, jira.state, jira.adopted, jira.waiting) == ("bstone", "active", True, False)


@pytest.mark.parametrize(
    ("name", "state", "waiting"),
    [
        ("dave.moss", "closed", False),
        ("erin.fox", "active", True),
        ("carol.diaz", "waiting", True),
        ("pat.lee", "none", False),
    ],
)
async def test_places(store: Database, filling: Filling, name: str, state: str, waiting: bool) -> None:
    async with store.transaction() as connection:
        places = (await overview.places_of(connection, [filling.people[name]]))[filling.people[name]]
    assert [(p.state, p.waiting) for p in places if p.target == "jira"] == [(state, waiting)]


async def test_changes_are_paged_back(store: Database, filling: Filling) -> None:
    async with store.transaction() as connection:
        newest = await overview.changes(connection, 3)
        older = await overview.changes(connection, 3, newest[-1].id)
    assert [w.id for w in newest] == sorted((w.id for w in newest), reverse=True)
    assert older[0].id < newest[-1].id
    assert newest[0].person == "bruno.costa"


async def test_stops_are_counted_as_the_plans_are_gathered(store: Database, filling: Filling) -> None:
    async with store.transaction() as connection:
        stops = await overview.stops(connection, {kind.value: name for kind, name in CLASSES.items()})
        gathered = held(await overview.waiting(connection))
    assert [(s.target, s.kind, s.people, s.newest) for s in stops] == [
        (h.target, h.kind, len(h.people), h.revision) for h in gathered
    ]
    assert stops[-1].reasons == ("mode observe: nothing is written",)
    assert len(stops[-1].some) == 6
    assert stops[0].some == ((str(filling.people["carol.diaz"]), "carol.diaz"),)


async def test_waiting_of_one_target(store: Database, filling: Filling) -> None:
    async with store.transaction() as connection:
        jira = await overview.waiting(connection, "jira")
        everywhere = await overview.waiting(connection)
    assert sorted(p.person for p in jira) == [
        "carol.diaz", "erin.fox", "grace.hall", "jira-administrators", "svc-backup", "tempo-users"
    ]  # fmt: skip
    assert len(everywhere) == len(jira) + 2 + len(CROWD)

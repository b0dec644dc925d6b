"""Approvals on the page: exactly what is on the screen is decided, by who is signed in, and it says for whom."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from tests.console.filling import ODD, TOKEN, Filling
from tests.console.held import LEAVERS, LOSERS, closing, fill_gates, hold, leave, losing, states
from tests.console.test_pages import SetClock, plain
from tests.engine.world import World, patch, person

from tenure.console import routes
from tenure.model.change import AdoptGroup
from tenure.store import gates
from tenure.store.database import Database
from tenure.store.estate import set_console_token

TOKEN_HASH = hashlib.sha256(TOKEN.encode()).digest()
FOREIGN = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture
async def guest(store: Database, filling: Filling) -> AsyncIterator[httpx2.AsyncClient]:
    await fill_gates(store, filling)
    app = Starlette(routes=routes.build(store, SetClock()))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://tenure.test") as client:
        yield client


@pytest.fixture
async def client(guest: httpx2.AsyncClient) -> httpx2.AsyncClient:
    assert (await guest.post("/sign-in", data={"token": TOKEN})).status_code == 303
    return guest


def form(plan: str = "jira:leavers", revision: int = 5, decision: str = "approve", **more: Any) -> dict[str, Any]:
    return {"plan": plan, "revision": revision, "decision": decision, **more}


async def decide(client: httpx2.AsyncClient, **fields: Any) -> tuple[int, str]:
    """Press a button; gives the status and the whole page as text."""
    answer = await client.post("/approvals", data=form(**fields))
    return answer.status_code, plain(answer.text).replace("&lt;", "<").replace("&gt;", ">")


async def decisions(store: Database) -> list[tuple[Any, ...]]:
    found = await store.rows("SELECT kind, by_whom, reason, ticket, people FROM decision ORDER BY id")
    return [tuple(r.values()) for r in found]


async def test_the_page_shows_what_waits(client: httpx2.AsyncClient) -> None:
    html = (await client.get("/approvals")).text
    text = plain(html)
    for told in (
        "Approvals 3 (3 waiting)",
        "People losing their account Gate is shut Revision 5",
        "jira · 5 people",
        "more than 25 people losing their account in this window (25 went through, 5 more are to).",
        "People leaving the group software_dev Gate is shut Revision 4",
        "Remove from group software_dev",
        "Deactivate account nadia.haddad",
        "Take over existing accounts Asked each time Revision 2",
        "Take over existing account carol.diaz An existing account agrees (match: username and email)",
        "Whose account it is, is in doubt The name pat.lee is taken by an account that differs.",
        "asked by identity provider okta",
    ):
        assert told in text, told
    assert text.index("People losing their account") < text.index("People leaving the group")
    assert "leavers" not in re.sub(r'value="[^"]*"', "", html)


async def test_an_approval_covers_what_was_on_the_screen(
    store: Database, filling: Filling, client: httpx2.AsyncClient
) -> None:
    async with store.transaction() as connection:
        await leave(connection, filling, ["hanna.nowak"])
        other = closing("another")
        await hold(connection, filling, "leavers", "mei.tanaka", other, "the gate is shut")
    status, text = await decide(client, everybody="1", ticket="CHG-7")
    assert status == 200
    assert "Approved for 4 people" in text
    assert "as of revision 5: nadia.haddad , tomás.ferreira , priya.raman , jonas.lindqvist . Decision 1." in text
    assert "open again" not in text
    found = await states(store, "leavers", filling.targets["jira"])
    approved = {str(filling.people[name]) for name in LEAVERS[:4]}
    assert {subject for subject, state in found.items() if state == "approved"} == approved
    assert len(found) == 6
    assert await decisions(store) == [("approve", "console", None, "CHG-7", 4)]
    marked = await store.rows("SELECT subject FROM due WHERE subject = ANY(%s)", sorted(approved))
    assert len(marked) == 4
    status, text = await decide(client, revision=7, everybody="1")
    assert "Approved for 2 people" in text
    assert "The gate is open again." in text
    assert "(2 waiting)" in text
    status, text = await decide(client, revision=7, everybody="1")
    assert (status, "Nothing was decided Nothing waits there any more" in text) == (409, True)


async def test_some_of_the_people(store: Database, filling: Filling, client: httpx2.AsyncClient) -> None:
    who = [str(filling.people[name]) for name in LEAVERS[:2]]
    status, text = await decide(client, who=who)
    assert (status, "Approved for 2 people" in text) == (200, True)
    found = await states(store, "leavers", filling.targets["jira"])
    assert sorted(subject for subject, state in found.items() if state == "approved") == sorted(who)


async def test_nobody_ticked_and_somebody_gone(store: Database, filling: Filling, client: httpx2.AsyncClient) -> None:
    status, text = await decide(client, reason="kept <in> the form")
    assert (status, "Nobody is ticked" in text) == (409, True)
    assert 'value="kept <in> the form"' not in text
    page = await client.post("/approvals", data=form(reason='"kept" in the form'))
    assert 'value="&#34;kept&#34; in the form"' in page.text
    async with store.transaction() as connection:
        await hold(connection, filling, "leavers", LEAVERS[0], closing("another"), "the gate is shut")
    status, text = await decide(client, who=[str(filling.people[name]) for name in LEAVERS[:2]])
    assert (status, "Nadia.haddad no longer waits as you saw it at revision 5" in text) == (409, True)
    status, text = await decide(client, revision=99, everybody="1")
    assert (status, "there is no revision 99 yet" in text) == (409, True)
    assert await decisions(store) == []


async def test_a_rejection_needs_a_reason(store: Database, filling: Filling, client: httpx2.AsyncClient) -> None:
    plan = {"plan": "jira:group:software_dev", "revision": 4, "decision": "reject", "everybody": "1"}
    for empty in ("", "  ", "\x00"):
        status, text = await decide(client, **plan, reason=empty)
        assert (status, "A rejection needs a reason: whoever asks later" in text) == (409, True)
    status, text = await decide(client, **plan, reason="the PUT\x00 was a mistake")
    assert (status, "Rejected for 4 people" in text) == (200, True)
    assert await decisions(store) == [("reject", "console", "the PUT was a mistake", None, 4)]
    assert await states(store, "group:software_dev", filling.targets["jira"]) == {}
    assert (await store.rows("SELECT count(*) AS n FROM veto WHERE ended_at IS NULL"))[0]["n"] == len(LOSERS)


async def test_no_rejection_keeps_somebody_who_left(client: httpx2.AsyncClient, store: Database) -> None:
    assert "No rejection keeps the account of somebody who has left" in plain((await client.get("/approvals")).text)
    status, text = await decide(client, decision="reject", everybody="1", reason="no")
    assert status == 409
    assert "this person has left, and no rejection keeps their account: mend it at the source" in text
    assert await decisions(store) == []


async def test_a_proposal_in_doubt_needs_its_account(
    store: Database, filling: Filling, client: httpx2.AsyncClient
) -> None:
    carol, pat = str(filling.people["carol.diaz"]), str(filling.people["pat.lee"])
    plan: dict[str, Any] = {"plan": "jira:adoptions", "revision": 2}
    for fields, why in (
        ({"who": [pat]}, "give the account’s key beside them"),
        ({"who": [carol, pat], f"account:{pat}": "JIRAUSER10000"}, "tick nobody else with them"),
        ({"who": [pat], f"account:{pat}": "nobody"}, "no account with the key 'nobody'"),
    ):
        status, text = await decide(client, **plan, **fields)
        assert (status, why in text) == (409, True), text
    page = plain((await client.get("/approvals")).text)
    assert "Which account is theirs JIRAUSER10031 (pat.lee, patricia.lee@example.com, closed)" in page
    status, text = await decide(client, **plan, who=[pat], **{f"possible:{pat}": "nobody", f"account:{pat}": ""})
    assert (status, "no account with the key 'nobody'" in text) == (409, True), text
    given = {f"possible:{pat}": "JIRAUSER10031", f"account:{pat}": " JIRAUSER10000 "}
    status, text = await decide(client, **plan, who=[pat], **given)
    assert (status, "Approved for 1 person" in text) == (200, True)
    cleared = await store.rows("SELECT identity::text, account FROM clearance WHERE kind = 'account'")
    assert [tuple(r.values()) for r in cleared] == [(pat, "JIRAUSER10000")]
    status, text = await decide(client, **plan, everybody="1")
    assert "Approved for 1 person" in text


async def test_a_ticket_where_the_configuration_asks_for_one(store: Database, client: httpx2.AsyncClient) -> None:
    async with store.transaction() as connection:
        await connection.execute("UPDATE target SET approve_with_ticket = true WHERE name = 'jira'")
    assert "Ticket needed to approve" in plain((await client.get("/approvals")).text)
    status, text = await decide(client, everybody="1")
    assert (status, "ticket" in text.split("Nothing was decided")[1][:60]) == (409, True)
    assert (await decide(client, everybody="1", ticket="CHG-7"))[0] == 200


async def test_only_from_our_own_page_and_signed_in(
    store: Database, filling: Filling, client: httpx2.AsyncClient
) -> None:
    everybody = form(everybody="1")
    answer = await client.post("/approvals", data=everybody, headers=FOREIGN)
    assert (answer.status_code, "came from another site" in answer.text) == (403, True)
    same = await client.post("/approvals", data=everybody, headers={"Sec-Fetch-Site": "same-site"})
    assert same.status_code == 403
    freeze = {"target": "jira", "act": "freeze"}
    assert (await client.post("/freeze", data=freeze, headers=FOREIGN)).status_code == 403
    client.cookies.clear()
    for path, data in (("/approvals", everybody), ("/freeze", freeze)):
        answer = await client.post(path, data=data)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-in?next={path}")
    assert (await client.get("/approvals")).status_code == 303
    assert await decisions(store) == []
    assert set((await states(store, "leavers", filling.targets["jira"])).values()) == {"held"}


@pytest.mark.parametrize(
    "body",
    [b"", b"decision=approve", b"plan=jira:leavers&revision=-1&decision=approve&everybody=1",
     b"plan=jira:leavers&revision=%D9%A1&decision=approve", b"plan=jira:leavers&revision=5&decision=drop",
     b"&".join(b"who=%d" % n for n in range(1000)), b"reason=" + b"x" * 600_000, b"\xff\xfe=%00"],
)  # fmt: skip
async def test_forms_that_are_not_ours(client: httpx2.AsyncClient, store: Database, body: bytes) -> None:
    answer = await client.post("/approvals", content=body)
    assert (answer.status_code, "could not be read" in answer.text) == (400, True)
    assert await decisions(store) == []


async def test_plans_that_are_not_there(client: httpx2.AsyncClient) -> None:
    for plan in ("", "jira", "jira:nothing", "nowhere:leavers", "jira:leavers\x00x", "<script>alert(1)</script>:x"):
        status, text = await decide(client, plan=plan, everybody="1")
        assert (status, "Nothing waits there any more" in text) == (409, True)
        assert "<script>alert(1)</script>:x" not in text


async def test_odd_names_are_only_names(client: httpx2.AsyncClient, filling: Filling) -> None:
    odd = str(filling.people[ODD])
    for answer in (
        await client.get("/approvals"),
        await client.get("/approvals?plan=%3Cscript%3Ealert(1)%3C/script%3E"),
        await client.post("/approvals", data=form(plan="jira:group:software_dev", revision=1, who=[odd])),
        await client.post("/approvals", data=form(plan="jira:group:software_dev", revision=4, who=[odd])),
    ):
        assert "<script>alert" not in answer.text
        assert "\u202e" not in answer.text
    assert "Approved for 1 person" in answer.text
    assert re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", answer.text) is None


async def test_a_large_plan_is_shown_in_part_and_decided_on_whole(
    store: Database, filling: Filling, client: httpx2.AsyncClient
) -> None:
    jira = filling.targets["jira"]
    async with store.transaction() as connection:
        await hold(connection, filling, "renames", "greta.vogel", losing("greta.vogel"), "more than 20 renames")
        await connection.execute(
            """INSERT INTO held (target, class, subject, changes, inverses, digests, reason, revision, since)
            SELECT target, class, gen_random_uuid(), changes, inverses, digests, reason, revision, since
            FROM held, generate_series(1, 300) WHERE target = %s AND class = 'renames'""",
            (jira,),
        )
    html = (await client.get("/approvals?plan=jira:renames")).text
    assert html.count('name="who"') == 100
    assert "201 more are not shown" in html
    assert "People losing their account" not in html
    _, text = await decide(client, plan="jira:renames", revision=1, everybody="1")
    assert "Approved for 301 people" in text
    assert "and 291 more" in text


async def test_a_shut_gate_at_which_nobody_waits_is_opened(store: Database, client: httpx2.AsyncClient) -> None:
    async with store.transaction() as connection:
        await connection.execute("DELETE FROM held WHERE class = 'leavers'")
    assert "Open the gate" in (await client.get("/approvals")).text
    status, text = await decide(client)
    assert (status, "The gate is open again" in text) == (200, True)


async def test_the_overview_says_why_nothing_is_written(store: Database, client: httpx2.AsyncClient) -> None:
    assert "2 gates are shut People losing their account : 5" in plain((await client.get("/")).text)
    answer = await client.post("/freeze", data={"target": "jira", "act": "freeze"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    async with store.transaction() as connection:
        await connection.execute("UPDATE target SET caution = 'another <server> answers' WHERE name = 'wiki'")
    text = (await client.get("/parts/overview")).text
    assert "Frozen Somebody at the console stopped all writing, just now" in plain(text)
    assert "Another &lt;server&gt; answers." in text
    await client.post("/freeze", data={"target": "jira", "act": "unfreeze"})
    assert "Frozen" not in (await client.get("/")).text
    assert (await client.post("/freeze", data={"target": "nowhere", "act": "freeze"})).status_code == 409
    assert (await client.post("/freeze", data={"target": "jira", "act": "melt"})).status_code == 400
    assert [kind for kind, *_ in await decisions(store)] == ["freeze", "unfreeze"]


async def test_another_server_is_accepted_on_the_page(store: Database, client: httpx2.AsyncClient) -> None:
    assert "This server is meant" not in (await client.get("/")).text
    async with store.transaction() as connection:
        await connection.execute(
            """UPDATE target SET pinned_server_id = 'one', server_id = 'two', caution = 'another server answers'
            WHERE name = 'jira'"""
        )
    text = plain((await client.get("/")).text)
    assert "It holds the same people’s accounts: it was moved or restored This server is meant at jira" in text
    answer = await client.post("/freeze", data={"target": "jira", "act": "accept-server"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    found = await store.rows("SELECT pinned_server_id, caution FROM target WHERE name = 'jira'")
    assert [tuple(r.values()) for r in found] == [("two", None)]
    assert [kind for kind, *_ in await decisions(store)] == ["accept-server"]


async def test_through_the_whole_house(database: str) -> None:
    world = World(database)
    world.estate += "    limits: {leavers: {people: 1}}\n"
    async with world.house() as tenure, world.provider(tenure) as provider:
        ids = {}
        for name in ("anna", "ben", "cleo"):
            ids[name] = (await provider.post("/Users", json=person(f"{name}@x.example", name))).json()["id"]
        await world.finish(tenure)
        for name in ids:
            off = patch({"op": "replace", "value": {"active": False}})
            assert (await provider.patch(f"/Users/{ids[name]}", json=off)).status_code in (200, 204)
            await world.finish(tenure)
        await set_console_token(tenure.database, TOKEN_HASH, world.clock.now())
        transport = httpx2.ASGITransport(app=tenure.web)
        async with httpx2.AsyncClient(transport=transport, base_url="http://tenure.test") as client:
            await client.post("/sign-in", data={"token": TOKEN})
            assert "2 people" in plain((await client.get("/approvals")).text)
            _, text = await decide(client, revision=2, who=[ids["ben"]])
            assert "Approved for 1 person" in text
        await world.finish(tenure)
        active = {a["name"]: a["active"] for a in (await world.jira())["accounts"]}
        assert [active[name] for name in ids] == [False, False, True]


async def test_what_a_group_opens_stands_beside_it_whole_and_harmless(
    client: httpx2.AsyncClient, store: Database, filling: Filling
) -> None:
    places = ", ".join(f"PROJECT-{number}" for number in range(60))
    opens = (f"project role Developers in {places}", "<b>page create</b> in the space DEV")
    adoption = AdoptGroup("helpdesk", opens, "not told: who holds global permissions")
    async with store.transaction() as connection:
        jira, why = filling.targets["jira"], "helpdesk was there before: existing: hold"
        await gates.lock(connection, jira, ["groups"])
        await gates.hold(connection, jira, "group:helpdesk", "groups", [adoption], [], why, None, None, filling.tick())
    text = plain((await client.get("/approvals?plan=jira:groups")).text)
    assert f"Take over existing group helpdesk What it opens project role Developers in {places}" in text
    assert "&lt;b&gt;page create&lt;/b&gt; in the space DEV not told: who holds global permissions" in text

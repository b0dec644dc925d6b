"""The console: nobody looks without the token, odd names are only names, and a person's page shows each step."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2
import pytest
from starlette.applications import Starlette

from tenure.console import routes
from tenure.console.session import COOKIE
from tenure.store.database import Database, rows

from .filling import NOW, ODD, TOKEN, Filling

PAGES = [
    "/",
    "/people",
    "/people/0b7d1f8e-0000-4000-8000-00000000000a",
    "/changes",
    "/approvals",
    "/parts/overview",
    "/parts/changes",
]


@dataclass
class SetClock:
    """A clock that the test sets."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def guest(store: Database, filling: Filling, clock: SetClock) -> AsyncIterator[httpx2.AsyncClient]:
    app = Starlette(routes=routes.build(store, clock))
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://tenure.test") as client:
        yield client


@pytest.fixture
async def client(guest: httpx2.AsyncClient) -> httpx2.AsyncClient:
    answer = await guest.post("/sign-in", data={"token": TOKEN})
    assert answer.status_code == 303
    return guest


@pytest.mark.parametrize("page", PAGES)
async def test_no_page_without_signing_in(guest: httpx2.AsyncClient, page: str) -> None:
    answer = await guest.get(page)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in?next={page}"
    assert "okta" not in answer.text


async def test_a_part_that_refreshes_itself_leads_to_sign_in(guest: httpx2.AsyncClient) -> None:
    answer = await guest.get("/parts/overview", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"], answer.text) == (401, "/sign-in", "")


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "\u00e9", "x" * 5000])
async def test_a_wrong_token_is_refused(guest: httpx2.AsyncClient, token: str) -> None:
    answer = await guest.post("/sign-in", data={"token": token})
    assert answer.status_code == 403
    assert "not the token of this installation" in answer.text
    assert "set-cookie" not in answer.headers
    assert (await guest.get("/", params={"token": token})).headers["location"] == "/sign-in"


async def test_nobody_gets_in_before_there_is_a_token(store: Database, guest: httpx2.AsyncClient) -> None:
    async with store.transaction() as connection:
        await connection.execute("DELETE FROM installation")
    assert (await guest.post("/sign-in", data={"token": TOKEN})).status_code == 403
    assert (await guest.get("/")).status_code == 303


async def test_the_printed_address_signs_in_and_forgets_the_token(guest: httpx2.AsyncClient) -> None:
    answer = await guest.get("/people", params={"q": "a&b", "token": TOKEN})
    assert (answer.status_code, answer.headers["location"]) == (303, "/people?q=a%26b")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert (await guest.get("/")).status_code == 200


async def test_a_session_over_tls_is_for_tls_alone(guest: httpx2.AsyncClient) -> None:
    answer = await guest.post("https://tenure.test/sign-in", data={"token": TOKEN})
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize("after", ["//evil.test", "/\\evil.test", "https://evil.test", "/a\r\nSet-Cookie: x=y"])
async def test_signing_in_leads_to_no_other_site(guest: httpx2.AsyncClient, after: str) -> None:
    answer = await guest.post("/sign-in", data={"token": TOKEN, "next": after})
    assert answer.headers["location"] == "/"


async def test_signing_in_leads_to_where_one_wanted_to_go(guest: httpx2.AsyncClient) -> None:
    answer = await guest.post("/sign-in", data={"token": TOKEN, "next": "/changes"})
    assert answer.headers["location"] == "/changes"


async def test_a_form_on_another_site_cannot_sign_anybody_in_or_out(client: httpx2.AsyncClient) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    answer = await client.post("/sign-in", data={"token": TOKEN}, headers=foreign)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "set-cookie" not in (await client.post("/sign-out", headers=foreign)).headers


async def test_signing_out(client: httpx2.AsyncClient) -> None:
    await client.post("/sign-out")
    assert (await client.get("/")).status_code == 303


async def test_a_session_ends(client: httpx2.AsyncClient, clock: SetClock) -> None:
    clock.at += timedelta(hours=11, minutes=59)
    assert (await client.get("/")).status_code == 200
    clock.at += timedelta(minutes=2)
    assert (await client.get("/")).status_code == 303


async def test_a_session_cannot_be_lengthened_or_made_up(client: httpx2.AsyncClient) -> None:
    end, _, signature = client.cookies[COOKIE].partition(".")
    for forged in (f"{int(end) + 60}.{signature}", f"{end}.", end, "", f"\u0661.{signature}", f"{end}.{'0' * 64}"):
        answer = await client.get("/", headers={"Cookie": f"{COOKIE}={forged}".encode()})
        assert answer.status_code == 303, forged


async def test_a_new_token_ends_every_session(store: Database, client: httpx2.AsyncClient) -> None:
    async with store.transaction() as connection:
        await connection.execute("UPDATE installation SET console_token_hash = %s", (b"another",))
    assert (await client.get("/")).status_code == 303


@pytest.mark.parametrize("page", ["/", "/approvals", "/people", "/changes", "/sign-in", "/people/nobody"])
async def test_headers(client: httpx2.AsyncClient, page: str) -> None:
    answer = await client.get(page)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("page", ["/", "/approvals", "/people", "/changes", "/sign-in"])
async def test_nothing_inline_that_the_policy_would_stop(client: httpx2.AsyncClient, page: str) -> None:
    text = (await client.get(page)).text
    assert re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text) is None
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


@pytest.mark.parametrize("path", ["/static/console.css", "/static/vendor/htmx.min.js", "/static/favicon.svg"])
async def test_style_and_script_are_served(guest: httpx2.AsyncClient, path: str) -> None:
    answer = await guest.get(path)
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_home_speaks_the_words_of_screens(client: httpx2.AsyncClient) -> None:
    text = (await client.get("/")).text
    for word in ("Identity providers", "Applications", "Preview only", "Add and update only", "Full", "Stopped",
                 "HTTP 401: the token was not accepted", "Take over existing accounts",
                 "Preview only: nothing is written",
                 "HTTP 502 from the proxy in front of Bitbucket"):  # fmt: skip
        assert word in text
    assert "observe" not in text


async def test_home_says_what_is_not_certified(store: Database, client: httpx2.AsyncClient) -> None:
    text = (await client.get("/")).text
    said = "Not certified: nobody has tried out what this server in this version really does."
    async with store.transaction() as connection:
        full = await rows(connection, "SELECT id, name FROM target WHERE mode = 'full' AND retired_at IS NULL")
        await connection.execute(
            """INSERT INTO certification (target, began_at, began_by, mode, url, version, cleared_at, ended_at, verdict)
            SELECT id, now(), 'x', 'full', '', version, now(), now(), 'certified' FROM target"""
        )
    assert full
    assert text.count(said) == len(full)
    assert "ertified" not in (await client.get("/")).text


async def test_home_of_an_empty_house(store: Database, client: httpx2.AsyncClient) -> None:
    async with store.transaction() as connection:
        await connection.execute("UPDATE source SET retired_at = now()")
        await connection.execute("UPDATE target SET retired_at = now()")
    text = (await client.get("/")).text
    assert "No identity provider yet" in text
    assert "No application yet" in text
    assert "Nothing waits for a person" in text


async def test_odd_names_are_only_names(client: httpx2.AsyncClient, filling: Filling) -> None:
    for page in ("/people", "/people?q=o'neil", f"/people/{filling.people[ODD]}", "/changes", "/changes?before=30",
                 "/people?q=%3Cscript%3Ealert(1)%3C/script%3E"):  # fmt: skip
        text = (await client.get(page)).text
        assert "<script>alert" not in text
        assert "<b>Odd" not in text
        assert "\u202e" not in text
    text = (await client.get(f"/people/{filling.people[ODD]}")).text
    assert "o&#39;neil &lt;script&gt;alert(1)&lt;/script&gt;\\u202e&amp;amp;" in text
    assert "&lt;b&gt;Odd&lt;/b&gt; &#34;Name&#34;" in text


async def test_search_and_paging(client: httpx2.AsyncClient) -> None:
    first = (await client.get("/people")).text
    assert "1 to 50 of 55" in first
    assert "from=50" in first
    assert "51 to 55 of 55" in (await client.get("/people?from=50")).text
    found = (await client.get("/people", params={"q": "Stone"})).text
    assert "Bob.Stone" in found
    assert "carol.diaz" not in found
    assert "Nobody found" in (await client.get("/people", params={"q": "nobody\x00"})).text
    assert (await client.get("/people?from=-1&q=")).status_code == 200


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'").replace("&amp;", "&")


async def test_a_person_page_shows_each_step(client: httpx2.AsyncClient, filling: Filling) -> None:
    html = (await client.get(f"/people/{filling.people['alice.jones']}")).text
    email = next(d for d in html.split("<details")[1:] if "<bdi>email</bdi>" in d)
    text = plain(email.split("</details>")[0])
    steps = [
        "Identity provider said emails.primary = alice.jones@example.com",
        "Rule emails.primary",
        "Should be alice.jones@example.com",
        "Plan and write plan 1 Create account, journal 1",
        "Application answered Done: 201 Created",
        "Seen in the application's answer itself",
    ]
    places = [text.find(step) for step in steps]
    assert -1 not in places, text
    assert places == sorted(places)
    assert "identity provider okta created the person, by POST" in plain(html)


async def test_a_person_page_shows_why_not(client: httpx2.AsyncClient, filling: Filling) -> None:
    for name, why in (
        ("carol.diaz", "An existing account agrees (match: username and email): taking it over is asked first"),
        ("erin.fox", "jira-administrators gives administration"),
        ("grace.hall", "the e-mail address is not of an allowed domain"),
        ("svc-backup", "Svc-backup is protected"),
        ("henry.wu", "the answer is not known yet"),
        ("dave.moss", "The person has left."),
    ):
        assert why in plain((await client.get(f"/people/{filling.people[name]}")).text)


@pytest.mark.parametrize("who", ["nobody", "0b7d1f8e-0000-4000-8000-00000000000a", "%2e%2e"])
async def test_nobody_of_that_number(client: httpx2.AsyncClient, who: str) -> None:
    answer = await client.get(f"/people/{who}")
    assert answer.status_code == 404
    assert "Not found" in answer.text


async def test_changes_refresh_only_while_they_show_the_newest(client: httpx2.AsyncClient) -> None:
    newest, older = (await client.get("/changes")).text, (await client.get("/changes?before=40")).text
    assert 'hx-get="/parts/changes"' in newest
    assert "hx-get" not in older
    assert (await client.get("/changes?before=x")).status_code == 200
    part = (await client.get("/parts/changes")).text
    assert "<html" not in part
    assert "bruno.costa" in part

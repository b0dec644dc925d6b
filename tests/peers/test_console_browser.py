"""The console in a real browser: sign in, look at people, open a story, approve; the error console stays silent."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from tests.console.filling import NOW, ODD, TOKEN, fill
from tests.console.held import fill_gates

from tenure.console import routes
from tenure.store.database import Database

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test-peers installs it")
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
LEFT_THE_PAGE = "net::ERR_ABORTED"
AXE = Path(__file__).parents[2] / ".peers/node/node_modules/axe-core/axe.min.js"

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}: install Debian's chromium"),
]


class SetClock:
    """The time at which the filled house stands still."""

    def now(self) -> datetime:
        return NOW + timedelta(minutes=5)

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@contextmanager
def served(dsn: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The console of a filled house on a free port; gives its address, and the people's ids by name."""
    listener = socket.create_server(("127.0.0.1", 0))
    people: dict[str, str] = {}
    servers: list[uvicorn.Server] = []
    ready = threading.Event()

    async def serve() -> None:
        database = Database(dsn, connections=4)
        await database.open()
        filling = await fill(database)
        await fill_gates(database, filling)
        people.update({name: str(who) for name, who in filling.people.items()})
        app = Starlette(routes=routes.build(database, SetClock()))
        servers.append(uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off")))
        ready.set()
        await servers[0].serve(sockets=[listener])
        await database.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(30)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", people
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(20)
        listener.close()


@pytest.fixture
def house(database: str) -> Iterator[tuple[str, dict[str, str]]]:
    with served(database) as found:
        yield found


@pytest.fixture
def browser() -> Iterator[sync_api.Browser]:
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield found
        found.close()


def page_of(browser: sync_api.Browser, said: list[str], **options: object) -> sync_api.Page:
    """A new page; what goes wrong in it is added to `said`."""
    page = browser.new_context(**options).new_page()
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(f"not loaded: {request.url}: {request.failure}")
            if request.failure != LEFT_THE_PAGE else None)  # fmt: skip
    page.on("dialog", lambda dialog: (said.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    return page


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_from_signing_in_to_a_story(
    house: tuple[str, dict[str, str]], browser: sync_api.Browser, width: int, scheme: str
) -> None:
    address, people = house
    said: list[str] = []
    page = page_of(browser, said, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(f"{address}/people")
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/people")
    page.get_by_role("searchbox").fill("alice")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="alice.jones").click()
    page.wait_for_url(f"{address}/people/{people['alice.jones']}")
    trail = page.locator("details", has_text="emails.primary = alice.jones@example.com").first
    assert trail.locator(".step").count() == 6
    assert "Done: 201 Created" in trail.inner_text()
    for path in ("/", "/approvals", "/people", "/changes", f"/people/{people[ODD]}", f"/people/{people['erin.fox']}"):
        page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{path} is wider than the screen"
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{address}/sign-in")
    assert said == []


def test_the_overview_refreshes_itself(house: tuple[str, dict[str, str]], browser: sync_api.Browser) -> None:
    address, _ = house
    said: list[str] = []
    page = page_of(browser, said)
    page.goto(f"{address}/?token={TOKEN}")
    assert page.url == f"{address}/"
    with page.expect_response(f"{address}/parts/overview", timeout=15_000) as answered:
        pass
    assert answered.value.ok
    page.wait_for_timeout(200)
    assert page.locator("#overview").count() == 1
    assert page.get_by_role("heading", name="Overview").is_visible()
    assert said == []


def test_every_page_is_readable_without_javascript(
    house: tuple[str, dict[str, str]], browser: sync_api.Browser
) -> None:
    address, people = house
    said: list[str] = []
    page = page_of(browser, said, java_script_enabled=False)
    page.goto(f"{address}/?token={TOKEN}")
    assert page.get_by_role("heading", name="Applications").is_visible()
    page.goto(f"{address}/people/{people['alice.jones']}")
    assert page.get_by_text("userName.lowerAscii()").first.is_visible()
    assert said == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "dark"), (390, "light")])
def test_approving(house: tuple[str, dict[str, str]], browser: sync_api.Browser, width: int, scheme: str) -> None:
    address, _ = house
    said: list[str] = []
    page = page_of(browser, said, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(f"{address}/?token={TOKEN}")
    page.get_by_role("link", name=re.compile("Approvals.*3 waiting")).click()
    page.wait_for_url(f"{address}/approvals")
    card = page.locator("section.card", has=page.get_by_role("heading", name="People losing their account"))
    card.get_by_role("button", name="Reject").click()
    assert page.url == f"{address}/approvals", "the browser asks for the reason first"
    assert page.get_by_role("alert").count() == 0
    card.get_by_label("mei.tanaka", exact=True).check()
    card.get_by_role("button", name="Approve").click()
    page.get_by_role("status").get_by_text("Approved for 1 person").wait_for()
    assert card.get_by_label("mei.tanaka", exact=True).count() == 0
    assert problems(page) == []
    card.get_by_label("All 4 people").check()
    card.get_by_role("button", name="Approve").click()
    page.get_by_role("status").get_by_text("The gate is open again").wait_for()
    assert card.count() == 0
    assert page.get_by_role("link", name=re.compile("Approvals.*2 waiting")).is_visible()
    adoptions = page.locator("section.card", has=page.get_by_role("heading", name="Take over existing accounts"))
    adoptions.get_by_label("pat.lee", exact=True).check()
    adoptions.get_by_label("JIRAUSER10031").check()
    adoptions.get_by_role("button", name="Approve").click()
    page.get_by_role("status").get_by_text("Approved for 1 person").wait_for()
    page.goto(address)
    assert problems(page) == []
    page.get_by_role("button", name="Freeze jira").click()
    page.get_by_text("Somebody at the console stopped all writing").wait_for()
    page.get_by_role("button", name="Unfreeze jira").click()
    page.get_by_role("button", name="Freeze jira").wait_for()
    assert said == []


def problems(page: sync_api.Page) -> list[str]:
    """What axe finds wrong with a page, in short."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ')))"
    )
    return [str(one) for one in found]

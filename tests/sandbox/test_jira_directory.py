"""A Jira of the sandbox that takes its people from the Crowd beside it."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from tenure_sandbox.serve import build

ADA = {"name": "Ada", "first-name": "Ada", "last-name": "Byron", "display-name": "Ada Byron", "email": "ada@x.example"}


class Both:
    """Crowd and Jira over HTTP."""

    def __init__(self, app: Starlette) -> None:
        self._app = app

    async def call(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        transport = httpx2.ASGITransport(app=self._app)
        async with httpx2.AsyncClient(transport=transport, base_url="http://x.test", auth=("admin", "admin")) as client:
            return await client.request(method, path, json=body)

    async def crowd(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self.call(method, f"/crowd/rest/usermanagement/1/{path}", body)

    async def jira(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await self.call(method, f"/jira/rest/api/2/{path}", body)

    async def shown(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.jira("GET", "user?username=ada&expand=groups")).json()
        return found


@pytest.fixture
async def both() -> Both:
    both = Both(build())
    made = await both.crowd("POST", "user", {**ADA, "active": True, "password": {"value": "secret"}})
    assert made.status_code == 201
    await both.crowd("POST", "user/group/direct?username=Ada", {"name": "software_dev"})
    return both


async def test_nothing_shows_before_jira_reads_its_directory(both: Both) -> None:
    assert (await both.jira("GET", "user?username=ada")).status_code == 404
    assert (await both.call("POST", "/_synchronise/jira")).json() == {"accounts": 1}
    ada = await both.shown()
    assert (ada["displayName"], ada["active"]) == ("Ada Byron", True)
    assert [group["name"] for group in ada["groups"]["items"]] == ["software_dev"]
    await both.crowd("PUT", "user?username=Ada", {**ADA, "display-name": "Ada King", "active": False})
    await both.crowd("DELETE", "user/group/direct?username=Ada&groupname=software_dev")
    assert (await both.shown())["active"]
    await both.call("POST", "/_synchronise/jira")
    ada = await both.shown()
    assert (ada["displayName"], ada["active"], ada["groups"]["size"]) == ("Ada King", False, 0)
    await both.crowd("DELETE", "user?username=Ada")
    await both.call("POST", "/_synchronise/jira")
    assert (await both.jira("GET", "user?username=ada")).status_code == 404


async def test_a_renamed_account_keeps_its_key(both: Both) -> None:
    await both.call("POST", "/_synchronise/jira")
    key = (await both.shown())["key"]
    await both.crowd("POST", "user/rename?username=Ada", {"new-name": "ada.king"})
    await both.call("POST", "/_synchronise/jira")
    assert (await both.jira("GET", f"user?key={key}")).json()["name"] == "ada.king"


async def test_what_lives_in_crowd_cannot_be_changed_in_jira(both: Both) -> None:
    await both.call("POST", "/_synchronise/jira")
    for method, path, body in (
        ("PUT", "user?username=ada", {"active": False}),
        ("DELETE", "user?username=ada", None),
        ("PUT", "user/password?username=ada", {"password": "x"}),
        ("DELETE", "group/user?groupname=software_dev&username=ada", None),
        ("POST", "group/user?groupname=helpdesk", {"name": "ada"}),
    ):
        assert (await both.jira(method, path, body)).status_code == 403, path
    assert (await both.call("GET", "/_state/jira")).json()["writes"] == 0


async def test_a_local_group_may_be_joined_where_the_directory_allows_it(both: Both) -> None:
    assert (await both.jira("POST", "group", {"name": "local"})).status_code == 201
    await both.call("POST", "/_synchronise/jira")
    assert (await both.jira("POST", "group/user?groupname=local", {"name": "ada"})).status_code == 403
    await both.call("POST", "/_synchronise/jira?local_groups=1")
    assert (await both.jira("POST", "group/user?groupname=local", {"name": "ada"})).status_code == 201
    assert (await both.jira("POST", "group/user?groupname=helpdesk", {"name": "ada"})).status_code == 403


async def test_a_name_that_jira_has_itself_is_in_two_directories(both: Both) -> None:
    made = {"name": "ada", "emailAddress": "ada@y.example", "displayName": "Another Ada"}
    assert (await both.jira("POST", "user", made)).status_code == 201
    assert (await both.call("POST", "/_synchronise/jira")).json() == {"accounts": 0}
    assert (await both.shown())["displayName"] == "Another Ada"
    assert "ada" in (await both.jira("GET", "user/duplicated/list")).json()

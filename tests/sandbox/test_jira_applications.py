"""Who is let into an application of the stand-in Jira, and for how long a session lasts."""

from __future__ import annotations

from typing import Any

import httpx2

API = "/jira/rest/api/2"
SESSION = "/jira/rest/auth/1/session"


def person(name: str) -> dict[str, Any]:
    given = {"name": name, "password": f"secret-of-{name}", "emailAddress": f"{name}@x.org", "displayName": name}
    return {**given, "applicationKeys": []}


async def seats(client: httpx2.AsyncClient) -> int:
    return (await client.get(f"{API}/applicationrole/jira-software")).json()["userCount"]


async def test_nobody_is_let_in_when_no_seat_is_left(opened: Any) -> None:
    taken = await seats(opened())
    client = opened(seats=taken + 1)
    for name in ("fay", "gus"):
        await client.post(f"{API}/user", json=person(name))
    entry = f"{API}/user/application?applicationKey=jira-software&username="
    assert (await client.post(f"{entry}fay")).status_code == 200
    assert (await client.post(f"{entry}fay")).status_code == 200, "who has a seat needs no other"
    assert (await client.post(f"{entry}gus")).status_code == 400
    assert (await client.delete(f"{entry}fay")).status_code == 204
    assert (await client.post(f"{entry}gus")).status_code == 200
    assert await seats(client) == taken + 1


async def test_a_deleted_group_opens_no_application(jira: httpx2.AsyncClient) -> None:
    before = (await jira.get(f"{API}/applicationrole/jira-software")).headers["etag"]
    assert (await jira.delete(f"{API}/group?groupname=jira-software-users")).status_code == 200
    role = await jira.get(f"{API}/applicationrole/jira-software")
    assert (role.json()["groups"], role.json()["defaultGroups"], role.json()["userCount"]) == ([], [], 0)
    assert role.headers["etag"] != before


async def test_the_hash_that_was_read_is_accepted_and_then_outdated(jira: httpx2.AsyncClient) -> None:
    held = {"If-Match": (await jira.get(f"{API}/applicationrole")).headers["etag"]}
    change = {"groups": ["software_dev"], "defaultGroups": []}
    assert (await jira.put(f"{API}/applicationrole/jira-core", json=change, headers=held)).status_code == 200
    assert (await jira.put(f"{API}/applicationrole/jira-core", json=change, headers=held)).status_code == 412
    apart = {"groups": [], "defaultGroups": ["software_dev"]}
    assert (await jira.put(f"{API}/applicationrole/jira-core", json=apart)).status_code == 400


async def test_a_session_ends_with_its_account(app: Any, opened: Any) -> None:
    admin, guest = opened(app), opened(app, auth=None)
    for name, end in (("fay", {"active": False}), ("gus", None)):
        await admin.post(f"{API}/user", json=person(name))
        sign_in = {"username": name, "password": f"secret-of-{name}"}
        assert (await guest.post(SESSION, json=sign_in)).status_code == 200
        assert (await guest.get(SESSION)).json()["name"] == name
        where = f"{API}/user?username={name}"
        await (admin.put(where, json=end) if end else admin.delete(where))
        assert (await guest.get(SESSION)).status_code == 401

"""Roles and grants of the stand-in Jira follow the accounts and groups that have them."""

from __future__ import annotations

from typing import Any

import httpx2

API = "/jira/rest/api/2"


async def held(jira: httpx2.AsyncClient) -> list[str]:
    """What grants and the role of a project's developers name: keys of accounts, and groups."""
    (scheme,) = (await jira.get(f"{API}/permissionscheme?expand=all")).json()["permissionSchemes"]
    actors = (await jira.get(f"{API}/project/OPS/role/10100")).json()["actors"]
    return [grant["holder"]["parameter"] for grant in scheme["permissions"]] + [actor["name"] for actor in actors]


async def test_a_deleted_group_plays_no_role_and_holds_no_grant(jira: httpx2.AsyncClient) -> None:
    assert (await held(jira)).count("software_dev") == 2
    assert (await jira.delete(f"{API}/group?groupname=software_dev")).status_code == 200
    assert "software_dev" not in await held(jira)


async def test_a_deleted_account_plays_no_role(jira: httpx2.AsyncClient) -> None:
    made = (await jira.post(f"{API}/user", json=person("fay"))).json()
    await jira.post(f"{API}/project/OPS/role/10100", json={"user": ["fay"]})
    assert "fay" in await held(jira)
    assert (await jira.delete(f"{API}/user?key={made['key']}")).status_code == 204
    assert "fay" not in await held(jira)


async def test_who_is_anonymized_keeps_the_grant_under_the_new_key(jira: httpx2.AsyncClient) -> None:
    assert "pnowak" in await held(jira)
    task = await jira.post(f"{API}/user/anonymization", json={"userKey": "pnowak", "newOwnerKey": "admin"})
    assert task.status_code == 202
    while (await jira.get(f"{API}/user/anonymization/progress")).json()["status"] == "IN_PROGRESS":
        pass
    found = await held(jira)
    assert "pnowak" not in found
    assert any(one.startswith("JIRAUSER") for one in found)


async def test_only_who_administers_a_project_changes_its_roles(app: Any, opened: Any) -> None:
    admin = opened(app)
    await admin.post(f"{API}/user", json=person("gus"))
    gus = opened(app, auth=("gus", "secret-of-gus"))
    wanted = {"user": ["gus"]}
    assert (await gus.post(f"{API}/project/OPS/role/10100", json=wanted)).status_code == 404
    await admin.post(f"{API}/project/OPS/role/10002", json=wanted)
    assert (await gus.post(f"{API}/project/OPS/role/10100", json=wanted)).status_code == 200


def person(name: str) -> dict[str, Any]:
    return {"name": name, "password": f"secret-of-{name}", "emailAddress": f"{name}@x.org", "displayName": name}

"""Groups of reviewers, restrictions of branches and limits of requests in the stand-in Bitbucket."""

from __future__ import annotations

from typing import Any

import pytest

API, BRANCHES = "/bitbucket/rest/api/latest", "/bitbucket/rest/branch-permissions/latest/projects/OPS/restrictions"
REVIEWERS = f"{API}/projects/OPS/settings/reviewer-groups"
LIMITS = f"{API}/admin/rate-limit/settings/users"
BULK = {"Content-Type": "application/vnd.atl.bitbucket.bulk+json"}
MAIN = {"id": "refs/heads/main", "type": {"id": "BRANCH"}}
FEW = {"settings": {"capacity": 10, "fillRate": 1}}
NEW = {"name": "nfox", "displayName": "Nina Fox", "emailAddress": "nina.fox@example.com", "password": "s3cret"}


@pytest.fixture
def bitbucket(opened: Any) -> Any:
    return opened()


async def restricted(bitbucket: Any, **more: Any) -> Any:
    """Forbid to write to a branch."""
    return await bitbucket.post(BRANCHES, json=[{"type": "read-only", "matcher": MAIN, **more}], headers=BULK)


async def as_jroy(bitbucket: Any) -> None:
    """Let somebody sign in who administers nothing, and the calls that follow be theirs."""
    body = {"name": "jroy", "password": "their-own", "passwordConfirm": "their-own"}
    await bitbucket.put(f"{API}/admin/users/credentials", json=body)
    bitbucket.auth = ("jroy", "their-own")


async def test_who_is_deleted_reviews_no_more_and_is_no_exception(bitbucket):
    await bitbucket.post(f"{API}/admin/users", params=NEW)
    group = (await bitbucket.post(REVIEWERS, json={"name": "all", "users": [{"name": "nfox"}]})).json()
    made = (await restricted(bitbucket, userSlugs=["nfox"], groupNames=["helpdesk"])).json()[0]
    assert [user["name"] for user in (*group["users"], *made["users"])] == ["nfox", "nfox"]
    await bitbucket.delete(f"{API}/admin/users", params={"name": "nfox"})
    await bitbucket.delete(f"{API}/admin/groups", params={"name": "helpdesk"})
    assert (await bitbucket.get(f"{REVIEWERS}/{group['id']}")).json()["users"] == []
    left = (await bitbucket.get(f"{BRANCHES}/{made['id']}")).json()
    assert (left["users"], left["groups"]) == ([], [])


async def test_who_does_not_administer_a_project_changes_no_rule_of_it(bitbucket):
    group = (await bitbucket.post(REVIEWERS, json={"name": "all"})).json()
    made = (await restricted(bitbucket)).json()[0]
    await bitbucket.put(f"{LIMITS}/jroy", json=FEW)
    await bitbucket.put(f"{LIMITS}/lchen", json=FEW)
    await as_jroy(bitbucket)
    answers = [
        await bitbucket.put(f"{REVIEWERS}/{group['id']}", json={"name": "few"}),
        await bitbucket.delete(f"{REVIEWERS}/{group['id']}"),
        await bitbucket.get(f"{BRANCHES}/{made['id']}"),
        await bitbucket.delete(f"{BRANCHES}/{made['id']}"),
        await restricted(bitbucket),
        await bitbucket.get(LIMITS),
        await bitbucket.put(f"{LIMITS}/jroy", json={"whitelisted": True}),
        await bitbucket.get(f"{LIMITS}/lchen"),
    ]
    assert [one.status_code for one in answers] == [401] * 8
    assert (await bitbucket.get(f"{LIMITS}/jroy")).json()["settings"] == FEW["settings"]


async def test_restrictions_come_as_a_list_of_their_own_kind(bitbucket):
    assert (await bitbucket.post(BRANCHES, json=[{"type": "read-only", "matcher": MAIN}])).status_code == 415
    assert (
        await bitbucket.post(BRANCHES, json={"type": "read-only", "matcher": MAIN}, headers=BULK)
    ).status_code == 400
    for wrong in ({"userSlugs": ["nobody"]}, {"accessKeyIds": [7]}, {"groups": "helpdesk"}, {"matcher": {"id": "x"}}):
        assert (await restricted(bitbucket, **wrong)).status_code == 400
    assert (await bitbucket.get(BRANCHES)).json()["size"] == 0


async def test_an_older_bitbucket_has_no_groups_of_reviewers(opened):
    for version, status in (("7.21.0", 404), ("9.2.0", 200)):
        assert (await opened(bitbucket_version=version).get(REVIEWERS)).status_code == status

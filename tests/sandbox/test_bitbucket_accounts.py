"""Accounts and groups in the stand-in Bitbucket keep the vendor's rules and sins."""

from __future__ import annotations

from typing import Any

import pytest

from .test_odd_names import ODD

API = "/bitbucket/rest/api/latest"
USERS, GROUPS = f"{API}/admin/users", f"{API}/admin/groups"
ANNA = {"name": "anna", "displayName": "Anna Abel", "emailAddress": "anna@example.com", "password": "long-enough"}


def exception(answer: Any) -> str:
    (row,) = answer.json()["errors"]
    assert set(row) == {"context", "message", "exceptionName"}
    return (row["exceptionName"] or "").removeprefix("com.atlassian.bitbucket.")


async def found(bitbucket: Any, name: str) -> dict[str, Any] | None:
    page = (await bitbucket.get(USERS, params={"filter": name, "limit": 1000})).json()
    return next((user for user in page["values"] if user["name"] == name), None)


async def names(bitbucket: Any, path: str, **params: Any) -> list[str]:
    return [row["name"] for row in (await bitbucket.get(f"{API}{path}", params=params)).json()["values"]]


async def test_an_account_is_made_of_query_parameters_with_its_password_in_the_address(bitbucket, app):
    made = await bitbucket.post(USERS, params=ANNA)
    assert (made.status_code, made.content) == (204, b"")
    anna = await found(bitbucket, "anna")
    assert anna["slug"] == "anna"
    assert anna["type"] == "NORMAL"
    assert "lastAuthenticationTimestamp" not in anna
    assert (anna["mutableDetails"], anna["directoryName"]) == (True, "Bitbucket Internal Directory")
    assert await names(bitbucket, "/admin/users/more-members", context="anna") == ["stash-users"]
    twice = await bitbucket.post(USERS, params={**ANNA, "name": "ANNA"})
    assert (twice.status_code, exception(twice)) == (409, "IntegrityException")
    for wrong in ({"name": ""}, {"name": " x "}, {"name": "n" * 256}, {"emailAddress": "none"}, {"displayName": ""}):
        assert (await bitbucket.post(USERS, params={**ANNA, "name": "berta", **wrong})).status_code == 400
    assert (await bitbucket.post(USERS, params={**ANNA, "name": "berta", "password": ""})).status_code == 400
    notify = await bitbucket.post(USERS, params={**ANNA, "name": "berta", "notify": "true"})
    assert notify.status_code == 400
    bare = await bitbucket.post(USERS, params={**ANNA, "name": "berta", "addToDefaultGroup": "false"})
    assert bare.status_code == 204
    assert await names(bitbucket, "/admin/users/more-members", context="berta") == []
    assert "long-enough" not in str(app.state.world.applications["bitbucket"].journal)


async def test_nobody_is_deactivated(bitbucket):
    answer = await bitbucket.put(USERS, json={"name": "mwolf", "active": False})
    assert answer.status_code == 400
    assert 'Unrecognized field "active"' in answer.json()["errors"][0]["message"]
    skim = await found(bitbucket, "skim")
    assert (skim["active"], skim["mutableDetails"], skim["mutableGroups"]) == (False, False, False)
    assert skim["directoryName"] == "Corporate LDAP"
    for method, path, how in (
        ("PUT", USERS, {"json": {"name": "skim", "email": "s@example.com"}}),
        ("POST", f"{USERS}/rename", {"json": {"name": "skim", "newName": "soo"}}),
        ("POST", f"{USERS}/add-groups", {"json": {"user": "skim", "groups": ["software_dev"]}}),
        ("DELETE", USERS, {"params": {"name": "skim"}}),
    ):
        assert (await bitbucket.request(method, path, **how)).status_code == 403


async def test_updates_renames_and_passwords(bitbucket, app, opened):
    updated = await bitbucket.put(USERS, json={"name": "MWOLF", "displayName": "M. Wolf", "email": "m@example.com"})
    assert (updated.json()["displayName"], updated.json()["emailAddress"]) == ("M. Wolf", "m@example.com")
    renamed = await bitbucket.post(f"{USERS}/rename", json={"name": "mwolf", "newName": "m.wolf@example.com"})
    assert (renamed.json()["id"], renamed.json()["slug"]) == (updated.json()["id"], "m.wolf_example.com")
    assert await names(bitbucket, "/admin/groups/more-members", context="stash-users", filter="m.wolf") == [
        "m.wolf@example.com"
    ]
    taken = await bitbucket.post(f"{USERS}/rename", json={"name": "m.wolf@example.com", "newName": "Jroy"})
    assert (taken.status_code, exception(taken)) == (409, "IntegrityException")
    gone = await bitbucket.put(USERS, json={"name": "mwolf", "email": "m@example.com"})
    assert (gone.status_code, exception(gone)) == (404, "user.NoSuchUserException")
    pair = {"password": "new-secret", "passwordConfirm": "new-secret"}
    differ = {**pair, "name": "jroy", "passwordConfirm": "other"}
    assert (await bitbucket.put(f"{USERS}/credentials", json=differ)).status_code == 400
    assert (await bitbucket.put(f"{USERS}/credentials", json={**pair, "name": "jroy"})).status_code == 204
    assert (await opened(app, ("jroy", "new-secret")).get(f"{API}/users/jroy")).status_code == 200
    assert (await opened(app, ("jroy", "other")).get(f"{API}/users/jroy")).status_code == 401


async def test_the_deleted_keep_name_and_keys_until_they_are_erased(bitbucket, app):
    state = app.state.world.applications["bitbucket"]
    before = await found(bitbucket, "svc-backup")
    state.keep("ssh", state.accounts["svc-backup"], "laptop", "ssh-ed25519 AAAA")
    early = await bitbucket.post(f"{USERS}/erasure", params={"name": "svc-backup"})
    assert early.status_code == 409
    deleted = await bitbucket.delete(USERS, params={"name": "svc-backup"})
    assert (deleted.status_code, deleted.json()["name"]) == (200, "svc-backup")
    assert await found(bitbucket, "svc-backup") is None
    assert (await bitbucket.delete(USERS, params={"name": "svc-backup"})).status_code == 404
    assert state.document()["keys"]["ssh"] == ["svc-backup"]
    assert (await bitbucket.get("/bitbucket/rest/ssh/latest/keys", params={"user": "svc-backup"})).status_code == 404
    await bitbucket.post(USERS, params={**ANNA, "name": "svc-backup"})
    assert (await found(bitbucket, "svc-backup"))["id"] == before["id"]
    keys = (await bitbucket.get("/bitbucket/rest/ssh/latest/keys", params={"user": "svc-backup"})).json()
    assert keys["size"] == 1
    assert state.grants.users == {}
    await bitbucket.delete(USERS, params={"name": "svc-backup"})
    assert (await bitbucket.get(f"{USERS}/erasure", params={"name": "svc-backup"})).status_code == 204
    erased = await bitbucket.post(f"{USERS}/erasure", params={"name": "svc-backup"})
    assert erased.json()["newIdentifier"].startswith("user-")
    assert (await bitbucket.get(f"{USERS}/erasure", params={"name": "svc-backup"})).status_code == 404
    assert state.document()["keys"]["ssh"] == []
    assert (await bitbucket.delete(USERS, params={"name": "admin"})).status_code == 409


async def test_groups_are_joined_in_bulk_all_or_none_and_left_one_by_one(bitbucket):
    made = await bitbucket.post(GROUPS, params={"name": "Night Shift"})
    assert (made.status_code, made.json()) == (200, {"name": "Night Shift", "deletable": True})
    assert (await bitbucket.post(GROUPS, params={"name": "night shift"})).status_code == 409
    assert (await bitbucket.post(GROUPS, params={"name": ""})).status_code == 400
    wrong = {"user": "hdiaz", "groups": ["night shift", "nowhere"]}
    answer = await bitbucket.post(f"{USERS}/add-groups", json=wrong)
    assert (answer.status_code, exception(answer)) == (404, "user.NoSuchGroupException")
    assert await names(bitbucket, "/admin/users/more-members", context="hdiaz") == ["helpdesk"]
    for _ in range(2):
        both = {"user": "hdiaz", "groups": ["night shift", "software_dev"]}
        assert (await bitbucket.post(f"{USERS}/add-groups", json=both)).status_code == 200
    inside = await names(bitbucket, "/admin/users/more-members", context="hdiaz")
    assert inside == ["helpdesk", "Night Shift", "software_dev"]
    outside = await names(bitbucket, "/admin/users/more-non-members", context="hdiaz")
    assert outside == ["bitbucket-administrators", "stash-users"]
    assert (
        await bitbucket.post(f"{GROUPS}/add-users", json={"group": "Night Shift", "users": ["mwolf", "jroy"]})
    ).is_success
    assert await names(bitbucket, "/admin/groups/more-members", context="night shift") == ["hdiaz", "jroy", "mwolf"]
    assert "skim" in await names(bitbucket, "/admin/groups/more-non-members", context="night shift")
    leave = {"context": "jroy", "itemName": "Night Shift"}
    for _ in range(2):
        assert (await bitbucket.post(f"{USERS}/remove-group", json=leave)).status_code == 200
    reversed_names = {"context": "Night Shift", "itemName": "mwolf"}
    assert (await bitbucket.post(f"{GROUPS}/remove-user", json=reversed_names)).status_code == 200
    assert await names(bitbucket, "/admin/groups/more-members", context="night shift") == ["hdiaz"]
    assert await names(bitbucket, "/admin/groups/more-members", context="nowhere") == []
    own = {"context": "admin", "itemName": "bitbucket-administrators"}
    assert (await bitbucket.post(f"{USERS}/remove-group", json=own)).status_code == 403
    assert (await bitbucket.delete(GROUPS, params={"name": "bitbucket-administrators"})).status_code == 409
    assert (await bitbucket.delete(GROUPS, params={"name": "Night Shift"})).status_code == 200
    assert "Night Shift" not in await names(bitbucket, "/admin/groups")


async def test_pages_end_at_a_thousand_and_tell_where_the_next_begins(opened):
    bitbucket = opened(users=1500)
    first = (await bitbucket.get(USERS, params={"limit": 5000})).json()
    assert (first["size"], first["limit"], first["isLastPage"], first["nextPageStart"]) == (1000, 1000, False, 1000)
    second = (await bitbucket.get(USERS, params={"limit": 1000, "start": 1000})).json()
    assert (second["size"], second["isLastPage"], second["nextPageStart"]) == (510, True, None)
    assert (await bitbucket.get(USERS)).json()["limit"] == 25
    assert (await bitbucket.get(USERS, params={"limit": "many"})).status_code == 400


@pytest.mark.parametrize("name", ODD)
async def test_odd_names_survive(bitbucket, name):
    answer = await bitbucket.post(USERS, params={**ANNA, "name": name})
    assert answer.status_code == 204
    user = await found(bitbucket, name)
    assert (await bitbucket.get(f"{API}/users/{user['slug']}")).json()["name"] == name or user["slug"] in (".", "..")
    await bitbucket.post(GROUPS, params={"name": name})
    await bitbucket.post(f"{USERS}/add-groups", json={"user": name, "groups": [name]})
    assert await names(bitbucket, "/admin/groups/more-members", context=name) == [name]

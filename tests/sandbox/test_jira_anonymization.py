"""Anonymization, names in two directories, roles and schemes, as the stand-in for Jira plays them."""

from __future__ import annotations

API = "/jira/rest/api/2"
TASK = f"{API}/user/anonymization"


async def start(jira, key, owner="admin"):
    return await jira.post(TASK, json={"userKey": key, "newOwnerKey": owner})


async def finish(jira):
    for _ in range(5):
        told = (await jira.get(f"{TASK}/progress")).json()
        if told["status"] == "COMPLETED":
            return told
    raise AssertionError(told)


async def user(jira, **query):
    return await jira.get(f"{API}/user", params=query)


async def test_an_old_account_loses_its_key_and_its_names(jira):
    assert (await jira.get(f"{TASK}/progress")).status_code == 404
    looked = (await jira.get(TASK, params={"userKey": "oivanov"})).json()
    assert looked["success"] is True
    assert {"USER_KEY_CHANGE", "USER_TRANSFER_OWNERSHIP_PLUGIN_POINTS"} <= set(looked["operations"])
    begun = await start(jira, "oivanov")
    assert (begun.status_code, begun.json()["status"]) == (202, "IN_PROGRESS")
    assert (await user(jira, key="oivanov")).status_code == 200, "not yet"
    done = await finish(jira)
    assert (done["userKey"], done["errors"]) == ("oivanov", {})
    assert (await user(jira, key="oivanov")).status_code == 404
    assert (await user(jira, username="oivanov")).status_code == 404
    (component,) = (await jira.get(f"{API}/project/OPS/components")).json()
    assert component["lead"]["key"] == "admin"


async def test_a_newer_account_keeps_its_key(jira):
    await start(jira, "JIRAUSER10004")
    await finish(jira)
    left = (await user(jira, key="JIRAUSER10004")).json()
    assert (left["name"], left["active"]) == ("jirauser10004", False)
    assert "Helena" not in str(left)
    assert "diaz" not in str(left).lower()


async def test_one_at_a_time(jira):
    await start(jira, "JIRAUSER10004")
    assert (await start(jira, "mwolf")).status_code == 409
    await finish(jira)
    assert (await start(jira, "mwolf")).status_code == 202


async def test_what_cannot_be_anonymized(jira):
    assert (await jira.get(TASK)).status_code == 400
    assert (await jira.get(TASK, params={"userKey": "nobody"})).status_code == 400
    assert (await jira.post(TASK, json={})).status_code == 400
    assert (await start(jira, "nobody")).status_code == 400
    assert (await start(jira, "mwolf", "nobody")).status_code == 400
    own = await jira.get(TASK, params={"userKey": "admin"})
    assert (own.status_code, own.json()["success"], list(own.json()["errors"])) == (400, False, ["USER_DISABLE"])


async def test_a_read_only_directory_is_found_out_before_or_meanwhile(jira):
    fault = {"kind": "read_only", "status": 403, "path": TASK}
    await jira.put("/_faults", json=[fault])
    looked = await jira.get(TASK, params={"userKey": "mwolf"})
    assert looked.status_code == 400
    assert "USER_NAME_CHANGE" in looked.json()["errors"]
    assert (await start(jira, "mwolf")).status_code == 202
    assert "USER_DISABLE" in (await finish(jira))["errors"]
    assert (await user(jira, username="mwolf")).json()["active"] is True


async def test_versions_that_anonymize_nobody_and_tell_no_duplicates(opened):
    old, later = opened(jira_version="8.6.0"), opened(jira_version="8.18.0")
    assert (await old.get(TASK, params={"userKey": "mwolf"})).status_code == 404
    assert (await later.get(TASK, params={"userKey": "mwolf"})).status_code == 200
    assert (await later.get(f"{API}/user/duplicated/list")).status_code == 404


async def test_names_in_two_directories(jira, app):
    assert (await jira.get(f"{API}/user/duplicated/count")).json() == {"count": 0}
    app.state.world.applications["jira"].shadow("mwolf")
    told = (await jira.get(f"{API}/user/duplicated/list")).json()
    assert [place["directoryId"] for place in told["mwolf"]] == [1, 10000]


async def test_roles_and_schemes(jira):
    (short,) = (await jira.get(f"{API}/permissionscheme")).json()["permissionSchemes"]
    assert "permissions" not in short
    (scheme,) = (await jira.get(f"{API}/permissionscheme?expand=user")).json()["permissionSchemes"]
    holders = {one["permission"]: one["holder"] for one in scheme["permissions"]}
    assert holders["EDIT_ISSUES"] == {"type": "group", "parameter": "software_dev"}
    assert holders["DELETE_ALL_COMMENTS"]["user"]["name"] == "pkowal"
    roles = {role["name"]: role for role in (await jira.get(f"{API}/role")).json()}
    places = (await jira.get(f"{API}/project/OPS/role")).json()
    assert places.keys() == roles.keys()
    number = roles["Developers"]["id"]
    actors = (await jira.get(f"{API}/project/OPS/role/{number}")).json()["actors"]
    assert [(one["type"], one["name"]) for one in actors] == [
        ("atlassian-group-role-actor", "software_dev"),
        ("atlassian-user-role-actor", "tbecker"),
    ]
    assert (await jira.get(f"{API}/project/OPS/role/1")).status_code == 404

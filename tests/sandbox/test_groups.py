"""Groups in the stand-in Jira keep the vendor's rules and sins."""

from __future__ import annotations

from typing import Any

API = "/jira/rest/api/2"


async def names(jira: Any, **params: Any) -> list[str]:
    answer = await jira.get(f"{API}/group/member", params=params)
    return [user["name"] for user in answer.json()["values"]]


async def test_groups_are_made_once_and_deleted(jira):
    made = await jira.post(f"{API}/group", json={"name": "Night Shift"})
    assert (made.status_code, made.json()["name"], made.json()["users"]["size"]) == (201, "Night Shift", 0)
    for name in ("night shift", "", " ", "g" * 256, None):
        assert (await jira.post(f"{API}/group", json={"name": name})).status_code == 400
    await jira.post(f"{API}/group/user", params={"groupname": "night shift"}, json={"name": "mwolf"})
    swap = {"groupname": "NIGHT SHIFT", "swapGroup": "nowhere"}
    assert (await jira.delete(f"{API}/group", params=swap)).status_code == 400
    swap["swapGroup"] = "helpdesk"
    assert (await jira.delete(f"{API}/group", params=swap)).status_code == 200
    assert (await jira.delete(f"{API}/group", params=swap)).status_code == 404
    user = (await jira.get(f"{API}/user", params={"username": "mwolf", "expand": "groups"})).json()
    assert [group["name"] for group in user["groups"]["items"]] == ["jira-software-users"]
    assert "mwolf" not in await names(jira, groupname="helpdesk")  # only what is restricted to the group goes over


async def test_joining_twice_and_leaving_twice_are_refused(jira):
    dev = {"groupname": "software_dev"}
    joined = await jira.post(f"{API}/group/user", params=dev, json={"name": "MWolf"})
    assert (joined.status_code, joined.json()["name"]) == (201, "software_dev")
    again = await jira.post(f"{API}/group/user", params=dev, json={"name": "mwolf"})
    assert again.status_code == 400
    assert again.json()["errorMessages"] == ["Cannot add user 'mwolf', user is already a member of 'software_dev'"]
    assert (await jira.delete(f"{API}/group/user", params=dev | {"username": "mwolf"})).status_code == 200
    assert (await jira.delete(f"{API}/group/user", params=dev | {"username": "mwolf"})).status_code == 400


async def test_unknown_and_missing_names(jira):
    async def join(group: str, name: str) -> int:
        return (await jira.post(f"{API}/group/user", params={"groupname": group}, json={"name": name})).status_code

    async def leave(group: str, name: str) -> int:
        params = {"groupname": group, "username": name}
        return (await jira.delete(f"{API}/group/user", params=params)).status_code

    assert [await join("software_dev", "nobody"), await join("nowhere", "mwolf")] == [404, 404]
    assert [await join("", "mwolf"), await join("software_dev", "")] == [400, 400]
    assert [await leave("software_dev", "nobody"), await leave("nowhere", "mwolf")] == [404, 404]
    assert [await leave("", "mwolf"), await leave("software_dev", "")] == [400, 400]
    assert (await jira.get(f"{API}/group/member", params={"groupname": "nowhere"})).status_code == 404
    assert (await jira.get(f"{API}/group/member")).status_code == 400


async def test_members_come_fifty_at_a_time_whatever_is_asked(opened):
    jira = opened(users=120)
    page = (
        await jira.get(f"{API}/group/member", params={"groupname": "jira-software-users", "maxResults": 500})
    ).json()
    assert (len(page["values"]), page["maxResults"], page["total"], page["isLast"]) == (50, 50, 126, False)
    seen = [user["name"] for user in page["values"]]
    while not page["isLast"]:
        page = (await jira.get(page["nextPage"])).json()
        seen += [user["name"] for user in page["values"]]
    assert seen == sorted(set(seen))
    assert len(seen) == 126
    assert "nextPage" not in page


async def test_inactive_members_are_hidden_unless_asked_for(jira):
    assert await names(jira, groupname="helpdesk") == ["hdiaz", "jroy", "oivanov"]
    assert await names(jira, groupname="HELPDESK", includeInactiveUsers="true") == ["hdiaz", "jroy", "oivanov", "skim"]


async def test_members_of_groups_inside_appear_and_cannot_leave(jira, app):
    app.state.world.applications["jira"].nest("software_dev", "helpdesk")
    app.state.world.applications["jira"].nest("helpdesk", "software_dev")  # even when two groups hold each other
    assert await names(jira, groupname="software_dev") == ["hdiaz", "jroy", "lchen", "oivanov", "pkowal", "tbecker"]
    params = {"groupname": "software_dev", "username": "hdiaz"}
    assert (await jira.delete(f"{API}/group/user", params=params)).status_code == 400
    document = (await jira.get("/_state/jira")).json()
    (direct,) = [group["members"] for group in document["groups"] if group["name"] == "software_dev"]
    assert direct == ["lchen", "pkowal", "tbecker"]


async def test_the_picker_stops_at_twenty_and_tells_the_total(jira):
    for number in range(25):
        await jira.post(f"{API}/group", json={"name": f"team-{number:02}"})
    page = (await jira.get(f"{API}/groups/picker", params={"query": "TEAM", "maxResults": 1000})).json()
    assert (len(page["groups"]), page["total"]) == (20, 25)
    assert page["header"] == "Showing 20 of 25 matching groups"
    assert page["groups"][0]["html"] == "<b>team</b>-00"
    narrow = [("query", "team-1"), ("exclude", "team-10"), ("exclude", "TEAM-11")]
    found = (await jira.get(f"{API}/groups/picker", params=narrow)).json()
    assert [group["name"] for group in found["groups"]] == [f"team-1{digit}" for digit in range(2, 10)]


async def test_the_group_with_its_users_ended_with_version_9(opened):
    old = opened(jira_version="9.12.0", users=60)
    group = (await old.get(f"{API}/group", params={"groupname": "jira-software-users", "expand": "users"})).json()
    assert (group["users"]["size"], len(group["users"]["items"]), group["users"]["end-index"]) == (67, 50, 49)
    rest = {"groupname": "jira-software-users", "expand": "users[50:99]"}
    group = (await old.get(f"{API}/group", params=rest)).json()
    assert (len(group["users"]["items"]), group["users"]["end-index"]) == (17, 66)
    assert (await opened().get(f"{API}/group", params=rest)).status_code == 405

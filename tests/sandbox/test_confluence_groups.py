"""Groups, permissions and spaces of the stand-in Confluence."""

from __future__ import annotations

import pytest

API = "/confluence/rest/api"
USE = {"targetType": "application", "operationKey": "use"}
SPACES = {"targetType": "space", "operationKey": "create"}
READ = {"targetType": "space", "operationKey": "read"}
WRITE = {"targetType": "page", "operationKey": "create"}


def names(answer, key="name"):
    return [one[key] for one in answer.json()["results"]]


def held(answer):
    return {(one["operation"]["targetType"], one["operation"]["operationKey"]) for one in answer.json()}


async def test_groups_are_made_once_found_in_any_case_and_deleted(confluence):
    made = await confluence.post(f"{API}/admin/group", json={"name": "Walkers Club", "type": "group"})
    assert (made.status_code, made.json()["name"], made.json()["type"]) == (200, "Walkers Club", "group")
    assert (await confluence.post(f"{API}/admin/group", json={"name": "WALKERS club"})).status_code == 409
    for wrong in ({}, {"name": " "}, {"name": "x" * 256}):
        assert (await confluence.post(f"{API}/admin/group", json=wrong)).status_code == 400
    found = await confluence.get(f"{API}/group/walkers%20CLUB")
    assert found.json()["name"] == "Walkers Club"
    assert "Walkers Club" in names(await confluence.get(f"{API}/group"))
    assert (await confluence.put(f"{API}/user/mwolf/group/Walkers%20Club")).status_code == 204
    assert (await confluence.delete(f"{API}/admin/group/Walkers%20Club")).status_code == 204
    for method, path in (("GET", "group"), ("DELETE", "admin/group")):
        gone = await confluence.request(method, f"{API}/{path}/Walkers%20Club")
        assert (gone.status_code, gone.json()["statusCode"]) == (404, 404)
    assert names(await confluence.get(f"{API}/user/memberof?username=mwolf")) == ["confluence-users"]


async def test_the_last_group_of_administrators_stays(confluence):
    refused = await confluence.delete(f"{API}/admin/group/confluence-administrators")
    assert refused.status_code == 400
    administer = [{"targetType": "system", "operationKey": "administer"}]
    assert (await confluence.put(f"{API}/permissions/group/helpdesk/grant", json=administer)).status_code == 204
    assert (await confluence.delete(f"{API}/admin/group/confluence-administrators")).status_code == 204


async def test_joining_and_leaving_twice_is_as_once(confluence):
    at = f"{API}/user/mwolf/group/helpdesk"
    for method, there in (("PUT", True), ("PUT", True), ("DELETE", False), ("DELETE", False)):
        assert (await confluence.request(method, at)).status_code == 204
        members = names(await confluence.get(f"{API}/group/helpdesk/member"), "username")
        assert ("mwolf" in members) is there
    for path in ("nobody/group/helpdesk", "mwolf/group/nothing"):
        for method in ("PUT", "DELETE"):
            assert (await confluence.request(method, f"{API}/user/{path}")).status_code == 404


async def test_groups_inside_groups_show_both_ways(confluence, app):
    app.state.world.applications["confluence"].nest("helpdesk", "software_dev")
    members = names(await confluence.get(f"{API}/group/helpdesk/member"), "username")
    assert {"hdiaz", "lchen"} <= set(members)
    assert names(await confluence.get(f"{API}/group/helpdesk/groupmember")) == ["software_dev"]
    assert names(await confluence.get(f"{API}/group/software_dev/groupparent")) == ["helpdesk"]
    assert names(await confluence.get(f"{API}/group/software_dev/groupancestor")) == ["helpdesk"]
    assert names(await confluence.get(f"{API}/group/helpdesk/groupancestor")) == []
    assert "helpdesk" in names(await confluence.get(f"{API}/user/memberof?username=lchen"))
    assert (await confluence.delete(f"{API}/user/lchen/group/helpdesk")).status_code == 204
    assert "lchen" in names(await confluence.get(f"{API}/group/helpdesk/member"), "username")


@pytest.mark.parametrize(
    ("place", "given"),
    [("permissions", [USE, SPACES]), ("space/OPS/permissions", [READ, WRITE])],
    ids=["the site", "a space"],
)
async def test_permissions_are_granted_and_revoked(confluence, app, place, given):
    key = app.state.world.applications["confluence"].accounts["lchen"].key
    wanted = {(one["targetType"], one["operationKey"]) for one in given}
    for who in (f"user/{key}", "group/software_dev"):
        at = f"{API}/{place}/{who}"
        assert held(await confluence.get(at)) == set()
        for _ in range(2):
            assert (await confluence.put(f"{at}/grant", json=given)).status_code == 204
            assert held(await confluence.get(at)) == wanted
        assert (await confluence.put(f"{at}/revoke", json=given[1:])).status_code == 204
        assert held(await confluence.get(at)) == {(given[0]["targetType"], given[0]["operationKey"])}
        wrong = [{"targetType": "page", "operationKey": "fly"}]
        assert (await confluence.put(f"{at}/grant", json=wrong)).status_code == 400
        assert (await confluence.put(f"{at}/grant", json={"x": 1})).status_code == 400
        assert (await confluence.put(f"{at}/revoke", json=given)).status_code == 204
        assert held(await confluence.get(at)) == set()
    for who in ("user/nobody", "group/nothing"):
        assert (await confluence.get(f"{API}/{place}/{who}")).status_code == 404
        assert (await confluence.put(f"{API}/{place}/{who}/grant", json=given)).status_code == 404


async def test_losing_the_use_of_confluence_is_losing_all_of_it(confluence):
    at = f"{API}/permissions/user/oivanov"
    assert held(await confluence.get(at)) == {("application", "use"), ("space", "create")}
    assert (await confluence.put(f"{at}/revoke", json=[USE])).status_code == 204
    assert held(await confluence.get(at)) == set()


async def test_all_permissions_of_some_are_set_at_once_and_of_others_kept(confluence):
    at = f"{API}/permissions"
    before = [one for one in (await confluence.get(at)).json() if one["subject"].get("name") == "confluence-users"]
    oivanov = (await confluence.get(f"{API}/user?username=oivanov")).json()["userKey"]
    body = [{"userKey": oivanov, "operations": []}, {"groupName": "helpdesk", "operations": [USE]}]
    assert (await confluence.put(at, json=body)).status_code == 204
    now = (await confluence.get(at)).json()
    assert [one for one in now if one["subject"].get("name") == "confluence-users"] == before
    assert not any(one["subject"].get("userKey") == oivanov for one in now)
    assert held(await confluence.get(f"{at}/group/helpdesk")) == {("application", "use")}
    many = [{"groupName": "helpdesk", "operations": []}] * 41
    for wrong, status in ((many, 400), ([{"groupName": "nothing"}], 404), ([{"userKey": "x"}], 404), ({}, 400)):
        assert (await confluence.put(at, json=wrong)).status_code == status
    space = f"{API}/space/DEV/permissions"
    assert (await confluence.post(space, json=[{"operations": [READ]}])).status_code == 200
    assert held(await confluence.get(f"{space}/anonymous")) == {("space", "read")}


async def test_nobody_and_the_unlicensed_have_permissions_of_their_own(confluence):
    for who, given in (("anonymous", [USE]), ("unlicensed", [{"targetType": "user", "operationKey": "read"}])):
        at = f"{API}/permissions/{who}"
        assert (await confluence.put(f"{at}/grant", json=given)).status_code == 204
        assert len(held(await confluence.get(at))) == 1
        assert (await confluence.put(f"{at}/grant", json=[SPACES])).status_code == 400
        assert (await confluence.put(f"{at}/revoke", json=given)).status_code == 204
        assert held(await confluence.get(at)) == set()


async def test_spaces_are_listed_and_found_and_deleted_people_hold_nothing(confluence):
    assert names(await confluence.get(f"{API}/space"), "key") == ["DEV", "LAB", "OPS", "~mwolf"]
    assert names(await confluence.get(f"{API}/space?spaceKey=OPS&spaceKey=LAB"), "key") == ["LAB", "OPS"]
    assert (await confluence.get(f"{API}/space/OPS")).json()["name"] == "Operations"
    for path in ("space/NONE", "space/NONE/permissions", "space/NONE/permissions/anonymous"):
        assert (await confluence.get(f"{API}/{path}")).status_code == 404
    lab = f"{API}/space/LAB/permissions"
    assert len((await confluence.get(lab)).json()) == 2
    await confluence.delete(f"{API}/admin/user/tbecker")
    for _ in range(3):
        left = await confluence.get(lab)
    assert left.json() == []

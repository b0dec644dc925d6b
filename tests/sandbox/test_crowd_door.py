"""Groups in groups, XML and the front door of the stand-in Crowd."""

from __future__ import annotations

import xml.etree.ElementTree as Tree

import pytest

from tenure_sandbox.atlassian.crowd import version

from .test_odd_names import ODD

API = "/crowd/rest/usermanagement/1"
XML = {"Accept": "application/xml", "Content-Type": "application/xml"}
DEV, DESK = {"groupname": "software_dev"}, {"groupname": "helpdesk"}


async def names(crowd, path, **params):
    answer = (await crowd.get(f"{API}{path}", params=params)).json()
    return [one["name"] for one in answer.get("users", answer.get("groups"))]


async def test_an_application_signs_in_and_a_person_does_not(crowd, app, opened):
    answer = await crowd.get(f"{API}/config/cookie")
    assert (answer.json()["name"], answer.headers["x-embedded-crowd-version"]) == ("crowd.token_key", "Crowd/6.3.0")
    await crowd.put(f"{API}/user/password", params={"username": "mwolf"}, json={"value": "pw"})
    for auth in (("admin", "wrong"), ("mwolf", "pw"), None):
        denied = await opened(app, auth).get(f"{API}/config/cookie")
        assert (denied.status_code, denied.text) == (401, "Application failed to authenticate")
        assert denied.headers["content-type"].startswith("text/plain")
        assert denied.headers["x-embedded-crowd-version"]
    bearer = opened(app, None)
    bearer.headers["Authorization"] = "Bearer sandbox"
    assert (await bearer.get(f"{API}/config/cookie")).status_code == 401


async def test_unknown_addresses_are_pages_and_latest_is_one(crowd):
    for path in ("/crowd/", "/crowd/rest/admin/1.0/nowhere", f"{API}/nowhere"):
        answer = await crowd.get(path)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html")
    assert (await crowd.get("/crowd/rest/usermanagement/latest/config/cookie")).status_code == 200
    refused = await crowd.put(f"{API}/session", json={})
    assert (refused.status_code, refused.headers["allow"]) == (405, "DELETE, POST")
    assert (await crowd.post(f"{API}/user", data={"name": "x"})).status_code == 415
    for body in (b"{", b"[]", b""):
        answer = await crowd.post(f"{API}/user", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["reason"]) == (400, "ILLEGAL_ARGUMENT")


@pytest.mark.parametrize(("text", "word"), [("3.7.0", "4.0 to 6.x"), ("new", "5.1.0"), ("7.0", "4.0 to 6.x")])
def test_versions_that_are_not_known_are_refused(text, word):
    with pytest.raises(ValueError, match=word):
        version(text)


async def test_faults_deny_reading_by_a_page_and_writing_by_an_entity(crowd):
    await crowd.post("/_faults", json=[{"kind": "forbidden"}])
    page = await crowd.get(f"{API}/user", params={"username": "mwolf"})
    assert (page.status_code, "refuses to authorize it" in page.text) == (403, True)
    answer = await crowd.delete(f"{API}/user", params={"username": "mwolf"})
    assert (answer.status_code, answer.json()["reason"]) == (403, "APPLICATION_PERMISSION_DENIED")
    await crowd.put("/_faults", json=[{"kind": "read_only", "status": 400}])
    answer = await crowd.delete(f"{API}/user", params={"username": "mwolf"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "APPLICATION_PERMISSION_DENIED")


async def test_groups_are_made_changed_and_deleted_but_not_renamed(crowd):
    body = {"name": "Team", "type": "GROUP", "description": "All", "active": True}
    answer = await crowd.post(f"{API}/group", json=body)
    assert (answer.status_code, answer.headers["location"].endswith("/group?groupname=Team")) == (201, True)
    assert (await crowd.post(f"{API}/group", json=body | {"name": "TEAM"})).json()["reason"] == "INVALID_GROUP"
    assert (await crowd.post(f"{API}/group", json={"name": "r", "type": "ROLE"})).status_code == 400
    changed = await crowd.put(f"{API}/group", params={"groupname": "team"}, json={"name": "team", "active": True})
    assert (changed.status_code, changed.json()["description"], changed.json()["name"]) == (200, "", "Team")
    renamed = await crowd.put(f"{API}/group", params={"groupname": "team"}, json={"name": "crew"})
    assert (renamed.status_code, renamed.json()["reason"]) == (400, "ILLEGAL_ARGUMENT")
    kept = {"attributes": [{"name": "k", "values": ["v"]}]}
    assert (await crowd.post(f"{API}/group/attribute", params={"groupname": "team"}, json=kept)).status_code == 204
    shown = (await crowd.get(f"{API}/group", params={"groupname": "team", "expand": "attributes"})).json()
    assert shown["attributes"]["attributes"] == kept["attributes"]
    assert (await crowd.delete(f"{API}/group", params={"groupname": "team"})).status_code == 204
    assert (await crowd.delete(f"{API}/group", params={"groupname": "team"})).json()["reason"] == "GROUP_NOT_FOUND"


async def test_who_is_not_there_is_told_apart_by_status_and_reason(crowd):
    async def joined(path, params, name):
        answer = await crowd.post(f"{API}{path}", params=params, json={"name": name})
        return answer.status_code, answer.json()["reason"] if answer.content else None

    user = {"username": "mwolf"}
    assert await joined("/user/group/direct", {"username": "x"}, "helpdesk") == (404, "USER_NOT_FOUND")
    assert await joined("/user/group/direct", user, "x") == (400, "GROUP_NOT_FOUND")
    assert await joined("/user/group/direct", user, "helpdesk") == (201, None)
    assert await joined("/user/group/direct", user, "helpdesk") == (409, "MEMBERSHIP_ALREADY_EXISTS")
    assert await joined("/group/user/direct", {"groupname": "x"}, "mwolf") == (404, "GROUP_NOT_FOUND")
    assert await joined("/group/user/direct", DESK, "x") == (400, "USER_NOT_FOUND")
    assert await joined("/group/user/direct", DESK, "mwolf") == (409, "MEMBERSHIP_ALREADY_EXISTS")
    assert (await crowd.delete(f"{API}/user/group/direct", params={**user, **DESK})).status_code == 204
    gone = await crowd.delete(f"{API}/user/group/direct", params={**user, **DESK})
    assert (gone.status_code, gone.json()["reason"]) == (404, "MEMBERSHIP_NOT_FOUND")


async def test_groups_in_groups(crowd):
    async def put(parent, child):
        body = {"name": child}
        answer = await crowd.post(f"{API}/group/child-group/direct", params={"groupname": parent}, json=body)
        return answer.status_code, answer.json()["reason"] if answer.content else None

    assert await put("helpdesk", "software_dev") == (201, None)
    assert await put("jira-administrators", "helpdesk") == (201, None)
    assert await put("helpdesk", "software_dev") == (409, "MEMBERSHIP_ALREADY_EXISTS")
    assert await put("software_dev", "jira-administrators") == (400, "INVALID_MEMBERSHIP")
    assert await put("helpdesk", "helpdesk") == (400, "INVALID_MEMBERSHIP")
    assert await put("helpdesk", "x") == (400, "GROUP_NOT_FOUND")
    assert "tbecker" not in await names(crowd, "/group/user/direct", **DESK)
    assert "tbecker" in await names(crowd, "/group/user/nested", groupname="jira-administrators")
    assert await names(crowd, "/user/group/nested", username="hdiaz") == ["helpdesk", "jira-administrators"]
    assert await names(crowd, "/user/group/direct", username="hdiaz") == ["helpdesk"]
    assert await names(crowd, "/group/child-group/nested", groupname="jira-administrators") == [
        "helpdesk",
        "software_dev",
    ]
    assert await names(crowd, "/group/child-group/direct", groupname="jira-administrators") == ["helpdesk"]
    assert await names(crowd, "/group/parent-group/nested", **DEV) == ["helpdesk", "jira-administrators"]
    assert await names(crowd, "/group/parent-group/direct", **DEV) == ["helpdesk"]
    parent = {"groupname": "crowd-administrators"}
    assert (
        await crowd.post(f"{API}/group/parent-group/direct", params=parent, json={"name": "helpdesk"})
    ).status_code == 201
    one = await crowd.get(f"{API}/group/user/nested", params={**DESK, "username": "TBecker"})
    assert one.json()["name"] == "tbecker"
    assert (await crowd.get(f"{API}/group/user/direct", params={**DESK, "username": "tbecker"})).status_code == 404
    out = {"params": {**DESK, "child-groupname": "software_dev"}}
    codes = [(await crowd.delete(f"{API}/group/child-group/direct", **out)).status_code for _ in range(2)]
    assert codes == [204, 404]
    assert (await crowd.delete(f"{API}/group", params=DESK)).status_code == 204
    assert await names(crowd, "/group/child-group/nested", groupname="jira-administrators") == []


async def test_xml_is_what_is_answered_to_who_does_not_ask_for_json(crowd):
    answer = await crowd.get(f"{API}/user", params={"username": "mwolf"}, headers={"Accept": "*/*"})
    root = Tree.fromstring(answer.content)
    assert (answer.headers["content-type"], root.tag, root.get("name")) == ("application/xml", "user", "mwolf")
    assert root.findtext("first-name") == "Maria"
    assert root.findtext("active") == "true"
    assert root.findtext("created-date", "").startswith("2026-01-05T08:00:00.000")
    assert root.find("link").get("rel") == "self"
    error = await crowd.get(f"{API}/user", params={"username": "<&>"}, headers={"Accept": "application/xml"})
    assert Tree.fromstring(error.content).findtext("message") == "User <<&>> does not exist"
    listed = await crowd.get(f"{API}/group/user/direct", params={**DESK, "expand": "user"}, headers=XML)
    assert [one.get("name") for one in Tree.fromstring(listed.content)] == ["hdiaz", "jroy", "oivanov", "skim"]


async def test_xml_is_read_as_json_is(crowd):
    user = (
        '<?xml version="1.0"?><user name="fox"><first-name>F</first-name><last-name>Ox</last-name><active>true</active>'
        "<email>f@example.com</email><password><value>s</value></password><attributes><attribute name='k'><values>"
        "<value>v</value><value>w</value></values></attribute></attributes></user>"
    )
    assert (await crowd.post(f"{API}/user", content=user, headers=XML)).status_code == 201
    shown = (await crowd.get(f"{API}/user", params={"username": "fox", "expand": "attributes"})).json()
    assert (shown["display-name"], shown["active"]) == ("F Ox", True)
    assert shown["attributes"]["attributes"] == [{"name": "k", "values": ["v", "w"]}]
    rename = await crowd.post(f"{API}/user/rename?username=fox", content="<new-name>foxy</new-name>", headers=XML)
    assert Tree.fromstring(rename.content).get("name") == "foxy"
    context = (
        "<authentication-context><username>foxy</username><password>s</password><validation-factors><validation-factor>"
        "<name>remote_address</name><value>::1</value></validation-factor></validation-factors></authentication-context>"
    )
    made = await crowd.post(f"{API}/session", content=context, headers=XML)
    token = Tree.fromstring(made.content).findtext("token")
    factors = {"validationFactors": [{"name": "remote_address", "value": "::1"}]}
    assert (await crowd.post(f"{API}/session/{token}", json=factors)).status_code == 200
    both = (
        '<boolean-search-restriction boolean-logic="or"><restrictions><property-search-restriction><property><name>name'
        "</name><type>STRING</type></property><match-mode>STARTS_WITH</match-mode><value>fo</value>"
        "</property-search-restriction></restrictions></boolean-search-restriction>"
    )
    for body, count in ((both, 1), ("<null-search-restriction/>", 11)):
        found = await crowd.post(
            f"{API}/search?entity-type=user", content=body, headers={**XML, "Accept": "application/json"}
        )
        assert len(found.json()["users"]) == count


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><user name="&a;"/>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><user name="x"/>',
        "<a>" * 5000 + "</a>" * 5000,
        "<user",
        "",
        "\ufeff<!DOCTYPE x><user name='x'/>".encode("utf-16"),
    ],
)
async def test_xml_that_plays_tricks_is_refused(crowd, document):
    answer = await crowd.post(f"{API}/user", content=document, headers={**XML, "Accept": "application/json"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "ILLEGAL_ARGUMENT")


async def test_all_memberships_come_as_xml_alone(crowd):
    await crowd.post(f"{API}/group/child-group/direct", params=DESK, json={"name": "software_dev"})
    assert (await crowd.get(f"{API}/group/membership")).status_code == 406
    answer = await crowd.get(f"{API}/group/membership", headers={"Accept": "application/xml"})
    told = {
        one.get("group"): ([u.get("name") for u in one.find("users")], [g.get("name") for g in one.find("groups")])
        for one in Tree.fromstring(answer.content)
    }
    assert told["helpdesk"] == (["hdiaz", "jroy", "oivanov", "skim"], ["software_dev"])
    assert len(told) == 5


@pytest.mark.parametrize("name", ODD)
async def test_odd_names_go_all_the_way(crowd, name):
    body = {"name": name, "password": {"value": "s"}, "active": True}
    made = await crowd.post(f"{API}/user", json=body)
    assert made.json()["name"] == name
    assert (await crowd.get(made.headers["location"])).json()["name"] == name
    assert (await crowd.post(f"{API}/group", json={"name": f"g{name}"[:255]})).status_code == 201
    group = {"groupname": f"g{name}"[:255]}
    assert (await crowd.post(f"{API}/group/user/direct", params=group, json={"name": name})).status_code == 201
    as_xml = await crowd.get(f"{API}/group/user/direct", params=group, headers={"Accept": "application/xml"})
    assert [one.get("name") for one in Tree.fromstring(as_xml.content)] == [name]
    assert (await crowd.delete(f"{API}/user", params={"username": name})).status_code == 204

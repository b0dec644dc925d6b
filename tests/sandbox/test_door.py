"""Sign-in, addresses and answers outside the REST operations behave as a real Jira's do."""

from __future__ import annotations

import httpx2
import pytest

API = "/jira/rest/api/2"


def is_page(answer: httpx2.Response) -> bool:
    return answer.headers["content-type"].startswith("text/html") and answer.text.startswith("<")


async def test_basic_and_bearer_sign_in(jira, app, opened):
    ok = await jira.get(f"{API}/myself")
    assert (ok.status_code, ok.headers["x-ausername"], ok.headers["x-seraph-loginreason"]) == (200, "admin", "OK")
    bearer = opened(app, None)
    bearer.headers["Authorization"] = "Bearer sandbox"
    assert (await bearer.get(f"{API}/myself")).json()["name"] == "admin"
    assert (await bearer.get("/jira/rest/auth/1/session")).json()["name"] == "admin"


@pytest.mark.parametrize(
    "header", ["Bearer wrong", "Basic %%%", "Basic YWRtaW46d3Jvbmc=", "Digest x", "Basic bXdvbGY6"]
)
async def test_wrong_credentials_get_a_page_and_a_reason(app, opened, header):
    client = opened(app, None)
    client.headers["Authorization"] = header
    for address in (f"{API}/myself", f"{API}/serverInfo"):
        answer = await client.get(address)
        assert (answer.status_code, is_page(answer)) == (401, True)
        assert answer.headers["x-seraph-loginreason"] == "AUTHENTICATED_FAILED"


async def test_nobody_is_let_in_except_to_server_info_and_manifest(app, opened):
    nobody = opened(app, None)
    answer = await nobody.get(f"{API}/user", params={"username": "admin"})
    assert (answer.status_code, is_page(answer)) == (401, True)
    assert (await nobody.get(f"{API}/serverInfo")).json()["versionNumbers"] == [10, 3, 24]
    manifest = "/jira/rest/applinks/1.0/manifest"
    as_json = (await nobody.get(manifest, headers={"Accept": "application/json"})).json()
    assert as_json["id"] == app.state.world.applications["jira"].server_id
    assert f"<id>{as_json['id']}</id>" in (await nobody.get(manifest)).text


async def test_tokens_came_with_8_14(opened):
    client = opened(None, None, jira_version="8.13.0")
    client.headers["Authorization"] = "Bearer sandbox"
    assert (await client.get(f"{API}/myself")).status_code == 401


async def test_an_ordinary_account_may_look_but_not_touch(jira, app, opened):
    person = {"name": "plain", "emailAddress": "p@example.com", "displayName": "Plain", "password": "pw"}
    await jira.post(f"{API}/user", json=person)
    plain = opened(app, ("plain", "pw"))
    assert (await plain.get(f"{API}/user", params={"username": "mwolf"})).status_code == 200
    permissions = (await plain.get(f"{API}/mypermissions")).json()["permissions"]
    assert not permissions["ADMINISTER"]["havePermission"]
    for answer in (
        await plain.put(f"{API}/user", params={"username": "mwolf"}, json={"active": False}),
        await plain.get(f"{API}/group/member", params={"groupname": "helpdesk"}),
        await plain.delete(f"{API}/user/session/mwolf"),
    ):
        assert answer.status_code == 403
        assert set(answer.json()) == {"errorMessages", "errors"}
    await jira.put(f"{API}/user", params={"username": "plain"}, json={"active": False})
    assert (await plain.get(f"{API}/myself")).status_code == 401


@pytest.mark.parametrize("path", ["/jira/", "/jira/rest/api/2/nowhere", "/jira/rest/api/3/user", f"{API}/user/a/b/c"])
async def test_unknown_addresses_answer_a_page_not_an_error_collection(jira, path):
    answer = await jira.get(path)
    assert (answer.status_code, is_page(answer)) == (404, True)


async def test_latest_is_version_two_and_other_methods_are_refused(jira):
    assert (await jira.get("/jira/rest/api/latest/user", params={"username": "mwolf"})).status_code == 200
    assert (await jira.delete("/jira/rest/api/latest/user/", params={"username": "mwolf"})).status_code == 204
    refused = await jira.post(f"{API}/myself", json={})
    assert (refused.status_code, refused.headers["allow"], is_page(refused)) == (405, "GET, PUT", True)


async def test_bodies_must_be_json_objects_and_say_so(jira):
    form = await jira.post(f"{API}/user", data={"name": "x"})
    assert (form.status_code, is_page(form)) == (415, True)
    for body in (b"{", b"[]", b'"x"', b""):
        answer = await jira.post(f"{API}/user", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert set(answer.json()) == {"errorMessages", "errors"}


async def test_a_browser_without_the_token_header_is_suspected(jira):
    browser = {"User-Agent": "Mozilla/5.0"}
    answer = await jira.post(f"{API}/group", json={"name": "x"}, headers=browser)
    assert (answer.status_code, answer.text) == (403, "XSRF check failed")
    browser["X-Atlassian-Token"] = "no-check"
    assert (await jira.post(f"{API}/group", json={"name": "x"}, headers=browser)).status_code == 201

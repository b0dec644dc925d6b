"""The front door of the stand-in Confluence: sign-in, versions, faults, and what is no REST answer."""

from __future__ import annotations

import httpx2
import pytest

from tenure_sandbox.atlassian.confluence import ROUTES, version
from tenure_sandbox.serve import build

API = "/confluence/rest/api"


def is_page(answer: httpx2.Response) -> bool:
    return answer.headers["content-type"].startswith("text/html") and answer.text.startswith("<")


async def test_basic_and_bearer_sign_in_and_wrong_ones_get_a_page(confluence, app, opened):
    ok = await confluence.get(f"{API}/user/current")
    assert (ok.json()["username"], ok.headers["x-ausername"]) == ("admin", "admin")
    assert (await confluence.get("/confluence/rest/api/latest/user/current")).json() == ok.json()
    bearer = opened(app, None)
    bearer.headers["Authorization"] = "Bearer sandbox"
    assert (await bearer.get(f"{API}/user/current")).json()["username"] == "admin"
    for header in ("Bearer wrong", "Basic %%%", "Basic YWRtaW46d3Jvbmc=", "Digest x"):
        bearer.headers["Authorization"] = header
        answer = await bearer.get(f"{API}/user/current")
        assert (answer.status_code, is_page(answer)) == (401, True)
    old = opened(None, None, confluence_version="7.4.0")
    old.headers["Authorization"] = "Bearer sandbox"
    assert (await old.get(f"{API}/user/current")).status_code == 401


async def test_nobody_is_told_so_in_the_applications_own_form(app, opened):
    nobody = opened(app, None)
    assert (await nobody.get(f"{API}/user/current")).json()["type"] == "anonymous"
    for method, path, status in (
        ("GET", "user?username=admin", 403),
        ("GET", "permissions", 401),
        ("PUT", "admin/user/mwolf/disable", 401),
    ):
        answer = await nobody.request(method, f"{API}/{path}")
        assert (answer.status_code, answer.json()["statusCode"]) == (status, status)
    answer = await nobody.get(f"{API}/space")
    assert (answer.status_code, is_page(answer)) == (401, True)
    manifest = "/confluence/rest/applinks/1.0/manifest"
    shown = (await nobody.get(manifest, headers={"Accept": "application/json"})).json()
    assert (shown["typeId"], shown["version"]) == ("confluence", "10.0.3")
    assert f"<id>{shown['id']}</id>" in (await nobody.get(manifest)).text


async def test_somebody_who_does_not_administer_may_look_and_not_touch(confluence, app, opened):
    await confluence.post(f"{API}/admin/user/mwolf/password", json={"password": "pw"})
    mwolf = opened(app, ("mwolf", "pw"))
    for path in ("user?username=admin", "user/list", "group", "user/current", "server-information"):
        assert (await mwolf.get(f"{API}/{path}")).status_code == 200, path
    for method, path in (
        ("GET", "group/helpdesk/member"),
        ("GET", "permissions"),
        ("GET", "admin/users/list/active"),
        ("PUT", "admin/user/jroy/disable"),
        ("PUT", "user/jroy/group/software_dev"),
    ):
        answer = await mwolf.request(method, f"{API}/{path}")
        assert (answer.status_code, answer.json()["statusCode"]) == (403, 403), path


@pytest.mark.parametrize(
    ("number", "has", "has_not"),
    [
        ("7.19.0", "group", "user/list"),
        ("8.2.0", "group/helpdesk/groupmember", "user/list"),
        ("8.4.0", "user/list", "server-information"),
        ("9.2.0", "space/OPS/permissions", "permissions"),
        ("9.3.0", "permissions", None),
    ],
)
async def test_each_version_has_what_it_had(opened, number, has, has_not):
    confluence = opened(confluence_version=number)
    assert (await confluence.get(f"{API}/{has}")).status_code == 200
    if has_not:
        answer = await confluence.get(f"{API}/{has_not}")
        assert (answer.status_code, is_page(answer)) == (404, True)
    assert (await confluence.put(f"{API}/admin/user/mwolf", json={"fullName": "M"})).status_code in (404, 405)


def test_versions_that_are_not_known_are_refused():
    for text, word in (("6.15.0", "7.0 to 10.x"), ("new", "8.5.4"), ("11.0", "7.0 to 10.x")):
        with pytest.raises(ValueError, match=word):
            version(text)
    with pytest.raises(ValueError, match=r"7\.0 to 10\.x"):
        build(confluence_version="5.0")


async def test_every_feature_is_used_by_a_route_and_known():
    newest = version("10.0.3")
    assert {route.feature for route in ROUTES if route.feature} == newest.features - {"bearer"}


async def test_faults_that_the_application_carries_out(confluence):
    async def first(kind: str, method: str, path: str, **more) -> int:
        await confluence.put("/_faults", json=[{"kind": kind, **more}])
        return (await confluence.request(method, f"{API}/{path}")).status_code

    assert await first("forbidden", "GET", "user/list") == 403
    assert await first("forbidden", "PUT", "admin/user/mwolf/disable") == 403
    assert await first("read_only", "PUT", "admin/user/mwolf/disable") == 403
    assert await first("read_only", "GET", "user/list") == 200
    assert await first("captcha", "GET", "user/list") == 403
    await confluence.put("/_faults", json=[{"kind": "cap", "keep": 2}])
    assert len((await confluence.get(f"{API}/user/list")).json()["results"]) == 2


async def test_what_is_no_operation_is_a_page(confluence):
    for path in ("", "/confluence/rest/api/nothing", "/confluence/pages/viewpage.action"):
        assert is_page(await confluence.get(path or "/confluence/"))
    refused = await confluence.post(f"{API}/user/list", json={})
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    assert (await confluence.post(f"{API}/admin/group", data={"name": "x"})).status_code == 415
    for body in (b"{", b"[]"):
        answer = await confluence.post(f"{API}/admin/group", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["statusCode"]) == (400, 400)
    browser = {"User-Agent": "Mozilla/5.0"}
    assert (await confluence.put(f"{API}/admin/user/mwolf/disable", headers=browser)).text == "XSRF check failed"
    assert (await confluence.get(f"{API}/accessmode")).json() == "READ_WRITE"
    assert (await confluence.get(f"{API}/instance-metrics")).json()["spaces"] == 4
    assert (await confluence.get(f"{API}/user/anonymous")).json()["type"] == "anonymous"

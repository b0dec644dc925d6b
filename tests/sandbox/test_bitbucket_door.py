"""Sign-in, rights, permissions, licence, keys and tokens of the stand-in Bitbucket."""

from __future__ import annotations

from typing import Any

import pytest

from tenure_sandbox.atlassian.bitbucket import version

from .test_bitbucket_accounts import ANNA, API, USERS, exception

PERMISSIONS = f"{API}/admin/permissions"
SSH, GPG = "/bitbucket/rest/ssh/latest/keys", "/bitbucket/rest/gpg/latest/keys"
TOKENS = "/bitbucket/rest/access-tokens/latest/users"


def state_of(app: Any) -> Any:
    return app.state.world.applications["bitbucket"]


async def test_who_signs_in_is_named_in_every_answer(bitbucket, app, opened):
    for path in (f"{API}/application-properties", f"{API}/users/nobody", "/bitbucket/rest/api/1.0/admin/license"):
        assert (await bitbucket.get(path)).headers["x-ausername"] == "admin"
    nobody = opened(app, None)
    answer = await nobody.get(f"{API}/application-properties")
    assert (answer.json()["version"], "x-ausername" in answer.headers) == ("9.2.0", False)
    answer = await nobody.get(USERS)
    assert (answer.status_code, exception(answer)) == (401, "AuthorisationException")
    answer = await opened(app, ("admin", "wrong")).get(f"{API}/application-properties")
    assert (answer.status_code, exception(answer)) == (401, "auth.IncorrectPasswordAuthenticationException")
    assert "x-ausername" not in answer.headers


async def test_a_token_signs_in_and_administers_nothing(app, opened):
    bearer = opened(app, None)
    bearer.headers["Authorization"] = "Bearer sandbox"
    assert (await bearer.get(USERS)).status_code == 200
    for path in (f"{API}/admin/license", f"{PERMISSIONS}/users"):
        answer = await bearer.get(path)
        assert (answer.status_code, exception(answer)) == (401, "AuthorisationException")
        assert answer.headers["x-ausername"] == "admin"
    bearer.headers["Authorization"] = "Bearer wrong"
    assert (await bearer.get(USERS)).status_code == 401


async def test_a_licensed_person_sees_people_and_changes_nobody(app, opened):
    state_of(app).accounts["jroy"].password = "pw"
    jroy = opened(app, ("jroy", "pw"))
    assert (await jroy.get(USERS)).status_code == 200
    for method, path, how in (
        ("GET", f"{API}/admin/license", {}),
        ("DELETE", USERS, {"params": {"name": "mwolf"}}),
        ("GET", SSH, {"params": {"user": "mwolf"}}),
        ("GET", f"{TOKENS}/mwolf", {}),
        ("GET", f"{API}/projects/OPS/permissions/users", {}),
    ):
        assert (await jroy.request(method, path, **how)).status_code == 401
    assert (await jroy.get(SSH)).json()["size"] == 0


async def test_unknown_addresses_bodies_and_forms(bitbucket):
    for path in ("/bitbucket/", f"{API}/nowhere"):
        answer = await bitbucket.get(path)
        assert (answer.status_code, answer.headers["content-type"][:9]) == (404, "text/html")
    assert (await bitbucket.delete(f"{API}/projects")).headers["allow"] == "GET"
    form = await bitbucket.post(f"{USERS}/rename", data={"name": "x"})
    assert (form.status_code, form.text) == (403, "XSRF check failed")
    for body in (b"{", b"[]", b'{"name": "mwolf", "shoe": 43}'):
        answer = await bitbucket.put(USERS, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        exception(answer)


async def test_global_permissions_are_one_for_each_and_nobody_rises_above_themselves(bitbucket, app, opened):
    users, groups = f"{PERMISSIONS}/users", f"{PERMISSIONS}/groups"
    assert (await bitbucket.put(users, params={"name": "jroy", "permission": "ADMIN"})).status_code == 204
    held = {r["user"]["name"]: r["permission"] for r in (await bitbucket.get(users)).json()["values"]}
    assert held == {"jroy": "ADMIN", "svc-backup": "PROJECT_CREATE"}
    given = {r["group"]["name"]: r["permission"] for r in (await bitbucket.get(groups)).json()["values"]}
    assert given == {"bitbucket-administrators": "SYS_ADMIN", "stash-users": "LICENSED_USER"}
    state_of(app).accounts["jroy"].password = "pw"
    jroy = opened(app, ("jroy", "pw"))
    refusals = [
        (await jroy.put(users, params={"name": "mwolf", "permission": "SYS_ADMIN"}), 401),
        (await jroy.delete(users, params={"name": "admin"}), 409),
        (await jroy.delete(users, params={"name": "jroy"}), 409),
        (await jroy.delete(USERS, params={"name": "admin"}), 403),
        (await jroy.put(USERS, json={"name": "admin", "email": "x@example.com"}), 401),
        (await jroy.post(f"{USERS}/add-groups", json={"user": "mwolf", "groups": ["bitbucket-administrators"]}), 403),
        (await bitbucket.put(users, params={"name": "jroy", "permission": "KING"}), 400),
        (await bitbucket.delete(users, params={"name": "nobody"}), 404),
        (await bitbucket.delete(groups, params={"name": "bitbucket-administrators"}), 409),
    ]
    assert [answer.status_code for answer, _ in refusals] == [status for _, status in refusals]
    for _ in range(2):
        assert (await bitbucket.delete(users, params={"name": "jroy"})).status_code == 204
    assert "jroy" in [r["name"] for r in (await bitbucket.get(f"{users}/none")).json()["values"]]
    assert (await bitbucket.delete(groups, params={"name": "stash-users"})).status_code == 204
    assert (await bitbucket.get(f"{API}/admin/license")).json()["status"]["currentNumberOfUsers"] == 2


async def test_the_licence_counts_who_is_active_and_may_anything(opened):
    bitbucket = opened(seats=9)
    told = (await bitbucket.get(f"{API}/admin/license")).json()
    assert (told["maximumNumberOfUsers"], told["status"]["currentNumberOfUsers"]) == (9, 8)
    assert (await bitbucket.post(USERS, params=ANNA)).status_code == 204
    full = await bitbucket.post(USERS, params={**ANNA, "name": "berta"})
    assert (full.status_code, exception(full)) == (403, "license.LicenseLimitException")
    bare = {**ANNA, "name": "berta", "addToDefaultGroup": "false"}
    assert (await bitbucket.post(USERS, params=bare)).status_code == 204
    joined = await bitbucket.post(f"{USERS}/add-groups", json={"user": "berta", "groups": ["helpdesk"]})
    assert joined.status_code == 200
    for answer in (
        await bitbucket.post(f"{USERS}/add-groups", json={"user": "berta", "groups": ["stash-users"]}),
        await bitbucket.put(f"{PERMISSIONS}/users", params={"name": "berta", "permission": "LICENSED_USER"}),
        await bitbucket.put(f"{PERMISSIONS}/groups", params={"name": "helpdesk", "permission": "LICENSED_USER"}),
    ):
        assert answer.status_code == 403


async def test_projects_and_repositories_have_permissions_of_their_own(bitbucket):
    project, repository = f"{API}/projects/OPS", f"{API}/projects/OPS/repos/deploy"
    assert [p["key"] for p in (await bitbucket.get(f"{API}/projects")).json()["values"]] == ["OPS"]
    slugs = [r["slug"] for r in (await bitbucket.get(f"{project}/repos")).json()["values"]]
    assert slugs == ["deploy", "runbooks"]
    for place, level in ((project, "PROJECT_READ"), (repository, "REPO_WRITE")):
        grant = {"name": "mwolf", "permission": level}
        assert (await bitbucket.put(f"{place}/permissions/users", params=grant)).status_code == 204
        held = (await bitbucket.get(f"{place}/permissions/users", params={"filter": "wolf"})).json()["values"]
        assert [row["permission"] for row in held] == [level]
        assert (
            await bitbucket.put(f"{place}/permissions/users", params={**grant, "permission": "ADMIN"})
        ).status_code == 400
        both = {"user": "mwolf", "group": "helpdesk"}
        assert (await bitbucket.delete(f"{place}/permissions", params=both)).status_code == 204
        assert (await bitbucket.delete(f"{place}/permissions")).status_code == 400
        assert (await bitbucket.get(f"{place}/permissions/users", params={"filter": "wolf"})).json()["size"] == 0
    assert (await bitbucket.get(f"{API}/projects/NO/permissions/users")).status_code == 404
    assert (await bitbucket.get(f"{project}/repos/no/permissions/users")).status_code == 404


async def test_keys_and_tokens(bitbucket, opened):
    key = {"text": "ssh-ed25519 AAAA m@laptop", "label": "laptop"}
    made = await bitbucket.post(SSH, params={"user": "mwolf"}, json=key)
    assert (made.status_code, made.json()["label"]) == (201, "laptop")
    assert (await bitbucket.post(SSH, params={"user": "jroy"}, json=key)).status_code == 409
    assert (await bitbucket.post(SSH, json={"text": "nonsense"})).status_code == 400
    for name in ("user", "userName"):
        assert (await bitbucket.get(SSH, params={name: "mwolf"})).json()["size"] == 1
    older = opened(bitbucket_version="7.21.0")
    await older.post(SSH, params={"user": "mwolf"}, json=key)
    assert (await older.get(SSH, params={"userName": "mwolf"})).json()["size"] == 0, "the caller's own"
    assert (await older.get(f"{SSH}/1")).status_code == 405
    for _ in range(2):
        assert (await bitbucket.delete(f"{SSH}/{made.json()['id']}")).status_code == 204
    gpg = await bitbucket.post(GPG, params={"user": "mwolf"}, json={"text": "-----BEGIN PGP PUBLIC KEY BLOCK-----"})
    assert (await bitbucket.get(GPG, params={"user": "mwolf"})).json()["values"][0]["id"] == gpg.json()["id"]
    assert (await bitbucket.delete(f"{GPG}/{gpg.json()['fingerprint']}")).status_code == 204
    wanted = {"name": "build", "permissions": ["REPO_READ"]}
    token = (await bitbucket.put(f"{TOKENS}/mwolf", json=wanted)).json()
    listed = (await bitbucket.get(f"{TOKENS}/mwolf")).json()["values"]
    assert ([one["id"] for one in listed], "token" in listed[0]) == ([token["id"]], False)
    assert (await bitbucket.put(f"{TOKENS}/mwolf", json={**wanted, "permissions": ["ADMIN"]})).status_code == 400
    assert (await bitbucket.delete(f"{TOKENS}/jroy/{token['id']}")).status_code == 404
    assert (await bitbucket.delete(f"{TOKENS}/mwolf/{token['id']}")).status_code == 204
    assert (await bitbucket.get(f"{TOKENS}/nobody")).status_code == 404


async def test_faults(bitbucket):
    await bitbucket.post("/_faults", json=[{"kind": "forbidden"}])
    for path in (USERS, f"{API}/admin/license", SSH, f"{API}/projects/OPS/permissions/users"):
        answer = await bitbucket.get(path)
        assert (answer.status_code, exception(answer)) == (401, "AuthorisationException")
    await bitbucket.put("/_faults", json=[{"kind": "read_only"}])
    assert (await bitbucket.delete(USERS, params={"name": "mwolf"})).status_code == 403
    assert (await bitbucket.get(USERS)).status_code == 200
    await bitbucket.put("/_faults", json=[{"kind": "captcha"}])
    answer = await bitbucket.get(USERS)
    assert (answer.status_code, answer.headers["x-authentication-denied-reason"][:17]) == (403, "CAPTCHA_CHALLENGE")
    await bitbucket.put("/_faults", json=[{"kind": "licence_full"}])
    assert (await bitbucket.post(USERS, params=ANNA)).status_code == 403
    told = (await bitbucket.get(f"{API}/admin/license")).json()
    assert told["maximumNumberOfUsers"] == told["status"]["currentNumberOfUsers"]


@pytest.mark.parametrize(("text", "word"), [("6.10.0", "7.0 to 9.x"), ("new", "8.19.5"), ("10.0", "7.0 to 9.x")])
def test_versions_that_are_not_known_are_refused(text, word):
    with pytest.raises(ValueError, match=word):
        version(text)

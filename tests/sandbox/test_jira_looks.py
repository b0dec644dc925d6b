"""How the stand-in Jira looks to one person: pictures, columns, preferences, and who may change them for whom."""

from __future__ import annotations

API = "/jira/rest/api/2"
MARIA = {"username": "mwolf"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def as_maria(jira):
    """Let Maria sign in, and the calls that follow be hers."""
    await jira.put(f"{API}/user/password", params=MARIA, json={"password": "her-own-secret"})
    jira.auth = ("mwolf", "her-own-secret")


async def test_a_picture_is_chosen_among_those_that_every_jira_has(jira):
    known = [one["id"] for one in (await jira.get(f"{API}/avatar/user/system")).json()["system"]]
    answer = await jira.put(f"{API}/user/avatar", params=MARIA, json={"id": known[2]})
    assert (answer.status_code, answer.json()) == (200, {"id": known[2], "selected": True})
    listed = (await jira.get(f"{API}/user/avatars", params=MARIA)).json()
    assert [one["id"] for one in listed["system"] if one["selected"]] == [known[2]]
    assert known[2] in (await jira.get(f"{API}/user", params=MARIA)).json()["avatarUrls"]["48x48"]
    assert (await jira.put(f"{API}/user/avatar", params=MARIA, json={"id": "1"})).status_code == 400
    assert (await jira.put(f"{API}/user/avatar", params={"username": "nobody"}, json={"id": "1"})).status_code == 404
    assert (await jira.get(f"{API}/user/avatars", params={"username": "nobody"})).status_code == 404
    await as_maria(jira)
    assert (await jira.put(f"{API}/user/avatar", params={"username": "jroy"}, json={"id": known[0]})).status_code == 403
    assert (await jira.put(f"{API}/user/avatar", json={"id": known[0]})).status_code == 200


async def test_columns_are_chosen_by_a_form_and_reset(jira):
    async def shown():
        return [one["value"] for one in (await jira.get(f"{API}/user/columns", params=MARIA)).json()]

    usual = await shown()
    chosen = "username=mwolf&columns=issuekey&columns=status"
    assert (await jira.put(f"{API}/user/columns", content=chosen, headers=FORM)).status_code == 200
    assert await shown() == ["issuekey", "status"]
    assert (await jira.put(f"{API}/user/columns", content="columns=mood", headers=FORM)).status_code == 500
    assert (await jira.put(f"{API}/user/columns", json={"columns": ["status"]})).status_code == 415
    for _ in range(2):
        assert (await jira.delete(f"{API}/user/columns", params=MARIA)).status_code == 204
    assert await shown() == usual
    await as_maria(jira)
    assert (await jira.get(f"{API}/user/columns", params={"username": "jroy"})).status_code == 401
    assert (await jira.get(f"{API}/user/columns")).status_code == 200


async def test_preferences_are_ones_own(jira):
    key = {"key": "user.notifications.mimetype"}
    assert (await jira.get(f"{API}/mypreferences", params=key)).status_code == 404
    assert (await jira.put(f"{API}/mypreferences", params=key, json="html")).status_code == 204
    assert (await jira.get(f"{API}/mypreferences", params=key)).json() == "html"
    assert (await jira.put(f"{API}/mypreferences", json="html")).status_code == 404
    admin = jira.auth
    await as_maria(jira)
    assert (await jira.get(f"{API}/mypreferences", params=key)).status_code == 404
    jira.auth = admin
    assert (await jira.delete(f"{API}/mypreferences", params=key)).status_code == 204
    assert (await jira.delete(f"{API}/mypreferences", params=key)).status_code == 404


async def test_an_older_jira_has_no_settings_of_accessibility(opened):
    for version, status in (("8.2.0", 404), ("10.3.24", 200)):
        jira = opened(jira_version=version)
        assert (await jira.get(f"{API}/user/a11y/personal-settings")).status_code == status

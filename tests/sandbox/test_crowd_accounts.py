"""Accounts, searches, sessions and events in the stand-in Crowd keep the vendor's rules and sins."""

from __future__ import annotations

from typing import Any

import pytest

API = "/crowd/rest/usermanagement/1"
NEW = {
    "name": "NFox",
    "first-name": "Nina",
    "last-name": "Fox",
    "display-name": "Nina Fox",
    "email": "nina.fox@example.com",
    "password": {"value": "s3cret"},
    "active": True,
}
NINA = {"username": "nfox"}


async def state_of(crowd: Any, name: str) -> dict[str, Any]:
    document = (await crowd.get("/_state/crowd")).json()
    return next(account for account in document["accounts"] if account["name"].lower() == name)


async def test_the_fixed_inhabitants_were_there_before(crowd):
    document = (await crowd.get("/_state/crowd")).json()
    assert document["writes"] == 0
    assert {g["name"] for g in document["groups"]} == {
        "crowd-administrators",
        "jira-administrators",
        "jira-software-users",
        "software_dev",
        "helpdesk",
    }
    assert [a["name"] for a in document["accounts"] if not a["active"]] == ["skim"]
    mwolf = (await crowd.get(f"{API}/user", params={"username": "MWolf"})).json()
    assert (mwolf["name"], mwolf["first-name"], mwolf["last-name"]) == ("mwolf", "Maria", "Wolf")
    assert mwolf["key"].startswith("32769:")
    assert mwolf["attributes"]["attributes"] == []


async def test_an_account_keeps_its_letter_case_and_is_found_in_any(crowd):
    answer = await crowd.post(f"{API}/user", json=NEW)
    assert (answer.status_code, answer.json()["name"]) == (201, "NFox")
    assert answer.headers["location"].endswith("/user?username=NFox")
    again = await crowd.post(f"{API}/user", json=NEW | {"name": "nfox"})
    assert (again.status_code, again.json()["reason"]) == (400, "INVALID_USER")
    found = (await crowd.get(f"{API}/user", params={"key": answer.json()["key"]})).json()
    assert found["name"] == "NFox"
    assert (await crowd.get(f"{API}/user", params={"username": "nobody"})).json()["reason"] == "USER_NOT_FOUND"


async def test_sessions_tell_more_from_version_5_on(opened):
    for version, told in (("4.4.0", False), ("5.1.0", True)):
        crowd = opened(crowd_version=version)
        crowd.headers["Accept"] = "application/json"
        where = {"params": {"validate-password": "false"}}
        session = (await crowd.post(f"{API}/session", **where, json={"username": "mwolf"})).json()
        assert ("unaliased-username" in session) is told


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"name": ""}, "INVALID_USER"),
        ({"name": " fox"}, "INVALID_USER"),
        ({"name": "n" * 256}, "INVALID_USER"),
        ({"email": "e" * 256}, "INVALID_USER"),
        ({"email": 7}, "ILLEGAL_ARGUMENT"),
        ({"password": None}, "INVALID_CREDENTIAL"),
        ({"password": {"value": ""}}, "INVALID_CREDENTIAL"),
    ],
)
async def test_a_wrong_field_is_refused_and_nothing_is_made(crowd, change, reason):
    answer = await crowd.post(f"{API}/user", json=NEW | change)
    assert (answer.status_code, answer.json()["reason"]) == (400, reason)
    assert set(answer.json()) == {"reason", "message"}
    assert (await crowd.get("/_state/crowd")).json()["writes"] == 0


async def test_a_put_blanks_what_it_leaves_out_and_must_name_whom_it_means(crowd):
    await crowd.post(f"{API}/user", json=NEW)
    await crowd.post(f"{API}/user/attribute", params=NINA, json={"attributes": [{"name": "k", "values": ["v"]}]})
    wrong = await crowd.put(f"{API}/user", params=NINA, json={"name": "other", "active": True})
    assert (wrong.status_code, wrong.json()["reason"]) == (400, "ILLEGAL_ARGUMENT")
    more = {"name": "nfox", "display-name": "Nina", "colour": "blue", "link": {}, "attributes": {}}
    assert (await crowd.put(f"{API}/user", params=NINA, json=more)).status_code == 204
    nina = await state_of(crowd, "nfox")
    assert (nina["name"], nina["email"], nina["display_name"], nina["active"]) == ("NFox", "", "Nina", False)
    assert nina["properties"] == {"k": "v"}  # attributes are not what a PUT is about
    assert (await crowd.put(f"{API}/user", params={"username": "x"}, json={"name": "x"})).status_code == 404


@pytest.mark.parametrize("body", [{"new-name": "nina"}, {"newName": "nina"}, "nina"])
async def test_a_rename_keeps_the_key_and_the_groups(crowd, body):
    key = (await crowd.post(f"{API}/user", json=NEW)).json()["key"]
    await crowd.post(f"{API}/user/group/direct", params=NINA, json={"name": "helpdesk"})
    answer = await crowd.post(f"{API}/user/rename", params=NINA, json=body)
    assert (answer.status_code, answer.json()["name"], answer.json()["key"]) == (200, "nina", key)
    nina = await state_of(crowd, "nina")
    assert nina["groups"] == ["helpdesk"]
    assert (await crowd.get(f"{API}/user", params=NINA)).status_code == 404
    members = (await crowd.get(f"{API}/group/user/direct", params={"groupname": "helpdesk"})).json()["users"]
    assert "nina" in [user["name"] for user in members]
    taken = await crowd.post(f"{API}/user/rename", params={"username": "nina"}, json={"new-name": "MWOLF"})
    assert (taken.status_code, taken.json()["reason"]) == (400, "INVALID_USER")


async def test_attributes_are_merged_and_removed_by_name(crowd):
    where = {"params": {"username": "mwolf"}}
    first = {"attributes": [{"name": "a", "values": ["1"]}, {"name": "b", "values": ["2", "3"]}]}
    assert (await crowd.post(f"{API}/user/attribute", **where, json=first)).status_code == 204
    second = {"attributes": [{"name": "a", "values": ["9"]}]}
    await crowd.post(f"{API}/user/attribute", **where, json=second)
    told = (await crowd.get(f"{API}/user/attribute", **where)).json()["attributes"]
    assert told == [{"name": "a", "values": ["9"]}, {"name": "b", "values": ["2", "3"]}]
    gone = {"params": {"username": "mwolf", "attributename": "a"}}
    for _ in range(2):
        assert (await crowd.delete(f"{API}/user/attribute", **gone)).status_code == 204
    whole = (await crowd.get(f"{API}/user", params={"username": "mwolf", "expand": "attributes"})).json()
    assert [one["name"] for one in whole["attributes"]["attributes"]] == ["b"]
    long = {"attributes": [{"name": "a", "values": ["x" * 256]}]}
    assert (await crowd.post(f"{API}/user/attribute", **where, json=long)).status_code == 400


async def test_passwords_are_checked_and_a_wrong_one_is_no_401(crowd):
    await crowd.post(f"{API}/user", json=NEW)

    async def tried(password: str, name: str = "nfox") -> tuple[int, Any]:
        answer = await crowd.post(f"{API}/authentication", params={"username": name}, json={"value": password})
        return answer.status_code, answer.json().get("reason")

    assert await tried("s3cret") == (200, None)
    assert await tried("wrong") == (400, "INVALID_USER_AUTHENTICATION")
    assert await tried("x", "nobody") == (400, "USER_NOT_FOUND")
    assert (await crowd.put(f"{API}/user/password", params=NINA, json={"value": "other"})).status_code == 204
    assert await tried("s3cret") == (400, "INVALID_USER_AUTHENTICATION")
    assert (await crowd.delete(f"{API}/user/password", params=NINA)).status_code == 204
    assert await tried("other") == (400, "INVALID_USER_AUTHENTICATION")
    await crowd.put(f"{API}/user/password", params=NINA, json={"value": "other"})
    await crowd.put(f"{API}/user", params=NINA, json={"name": "nfox", "active": False})
    assert await tried("other") == (400, "INACTIVE_ACCOUNT")


async def test_sessions_begin_are_validated_and_end(crowd):
    await crowd.post(f"{API}/user", json=NEW)
    factors = {"validationFactors": [{"name": "remote_address", "value": "127.0.0.1"}]}
    body = {"username": "nfox", "password": "s3cret", "validation-factors": factors}
    answer = await crowd.post(f"{API}/session", json=body)
    token = answer.json()["token"]
    assert (answer.status_code, answer.json()["user"]["name"]) == (201, "NFox")
    assert answer.json()["unaliased-username"] == "NFox"
    assert (await crowd.post(f"{API}/session/{token}", json=factors)).status_code == 200
    assert (await crowd.post(f"{API}/session/{token}", json={})).json()["reason"] == "INVALID_SSO_TOKEN"
    vouched = await crowd.post(f"{API}/session", params={"validate-password": "false"}, json={"username": "nfox"})
    other = vouched.json()["token"]
    for expand in ({"expand": "user"}, {}):  # its answer has the account whole, the vendor says, asked for or not
        shown = (await crowd.get(f"{API}/session/{other}", params=expand)).json()
        assert shown["user"]["email"] == "nina.fox@example.com"
    again = await crowd.post(f"{API}/session", json=body)  # with the same factors, the session that goes on is told
    assert (again.status_code, again.json()["token"]) == (201, token)
    await crowd.delete(f"{API}/session", params={"username": "nfox", "exclude": other})
    assert [(await crowd.get(f"{API}/session/{one}")).status_code for one in (token, other)] == [404, 200]
    for _ in range(2):
        assert (await crowd.delete(f"{API}/session", params=NINA)).status_code == 204
        assert (await crowd.delete(f"{API}/session/{other}")).status_code == 204
    assert (await crowd.get(f"{API}/session/{other}")).status_code == 404
    wrong = await crowd.post(f"{API}/session", json={"username": "nfox", "password": "x"})
    assert (wrong.status_code, wrong.json()["reason"]) == (400, "INVALID_USER_AUTHENTICATION")


async def test_events_are_told_after_a_token_and_old_tokens_expire(crowd, app):
    token = (await crowd.get(f"{API}/event")).json()["newEventToken"]
    await crowd.post(f"{API}/user", json=NEW)
    await crowd.post(f"{API}/user/group/direct", params=NINA, json={"name": "helpdesk"})
    await crowd.delete(f"{API}/user", params=NINA)
    told = (await crowd.get(f"{API}/event/{token}")).json()
    assert [(kind, one[kind]["operation"]) for one in told["events"] for kind in one] == [
        ("userEvent", "CREATED"),
        ("userMembershipEvent", "CREATED"),
        ("userEvent", "DELETED"),
    ]
    assert (await crowd.get(f"{API}/event/{told['newEventToken']}")).json()["events"] == []
    as_xml = (await crowd.get(f"{API}/event/{token}", headers={"Accept": "application/xml"})).text
    assert '<childUser name="NFox"></childUser><parentGroups><group name="helpdesk"></group></parentGroups>' in as_xml
    app.state.world.applications["crowd"].forgotten = 2
    for old in (token, "1:0", "nonsense"):
        answer = await crowd.get(f"{API}/event/{old}")
        assert (answer.status_code, answer.json()["reason"]) == (410, "EVENT_TOKEN_EXPIRED")


@pytest.mark.parametrize(
    ("cql", "names"),
    [
        ("firstName = Maria", ["mwolf"]),
        ('name = "M*" and active = true', ["mwolf"]),
        ("active = false", ["skim"]),
        ('email = "*@example.com" and (lastName = wolf or lastName = Becker)', ["mwolf", "tbecker"]),
        ("name = admin or lastName = wolf and active = false", ["admin"]),
        ("displayName = *wol*", ["mwolf"]),
        ("createdDate > 2999-01 or name = skim", ["skim"]),
        ("createdDate < 2010", []),
        ("badge = 7", ["mwolf"]),
    ],
)
async def test_the_query_language(crowd, cql, names):
    badge = {"attributes": [{"name": "badge", "values": ["7"]}]}
    await crowd.post(f"{API}/user/attribute", params={"username": "mwolf"}, json=badge)
    answer = await crowd.get(f"{API}/search", params={"entity-type": "user", "restriction": cql})
    assert [user["name"] for user in answer.json()["users"]] == names
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "cql", ["name", "name =", "name = a b", "(name = a", "= a", "name ( a", "createdDate > x", "(" * 99]
)
async def test_a_query_that_cannot_be_read_is_refused(crowd, cql):
    answer = await crowd.get(f"{API}/search", params={"entity-type": "user", "restriction": cql})
    assert (answer.status_code, answer.json()["reason"]) == (400, "ILLEGAL_ARGUMENT")


async def test_search_pages_and_expands(opened):
    crowd = opened(users=1200)
    crowd.headers["Accept"] = "application/json"

    async def found(**params: Any) -> list[Any]:
        return (await crowd.get(f"{API}/search", params={"entity-type": "user", **params})).json()["users"]

    assert len(await found()) == 1000
    assert len(await found(**{"max-results": -1})) == 1210
    assert len(await found(**{"start-index": 1000, "max-results": 500})) == 210
    (one,) = await found(**{"max-results": 1, "expand": "user,attributes"})
    assert (one["name"], one["active"]) == ("admin", True)
    assert set((await found(**{"max-results": 1}))[0]) == {"name", "link"}
    assert (await crowd.get(f"{API}/search")).status_code == 400
    assert (await crowd.get(f"{API}/search", params={"entity-type": "user", "start-index": "x"})).status_code == 400


async def test_search_by_a_body_in_json(crowd):
    everything = {"restriction-type": "null-search-restriction"}
    active = {
        "restriction-type": "property-search-restriction",
        "property": {"name": "active", "type": "BOOLEAN"},
        "match-mode": "EXACTLY_MATCHES",
        "value": "false",
    }
    no_name = {"restriction-type": "property-search-restriction", "property": {"name": "name"}, "match-mode": "NULL"}
    both = {
        "restriction-type": "boolean-search-restriction",
        "boolean-logic": "and",
        "restrictions": [everything, active],
    }
    counts = []
    for body in (everything, active, no_name, both):
        answer = await crowd.post(f"{API}/search", params={"entity-type": "user"}, json=body)
        counts.append(len(answer.json()["users"]))
    assert counts == [10, 1, 0, 1]
    for wrong in (
        {},
        [],
        {**active, "match-mode": "LIKE"},
        {**both, "boolean-logic": "xor"},
        {**active, "property": 1},
    ):
        answer = await crowd.post(f"{API}/search", params={"entity-type": "user"}, json=wrong)
        assert answer.status_code == 400, wrong


async def test_mail_is_for_those_who_are_there(crowd):
    assert (await crowd.post(f"{API}/user/mail/password", params={"username": "mwolf"})).status_code == 204
    assert (await crowd.post(f"{API}/user/mail/password", params={"username": "x"})).status_code == 404
    email = {"email": "maria.wolf@example.com"}
    assert (await crowd.post(f"{API}/user/mail/usernames", params=email)).status_code == 204
    answer = await crowd.post(f"{API}/user/mail/usernames", params={"email": "x@y.example"})
    assert (answer.status_code, answer.json()["reason"]) == (400, "INVALID_EMAIL")

"""Accounts in the stand-in Jira keep the vendor's rules and sins."""

from __future__ import annotations

from typing import Any

import pytest

API = "/jira/rest/api/2"
NEW = {"name": "nfox", "emailAddress": "nina.fox@example.com", "displayName": "Nina Fox"}


async def account_named(jira: Any, name: str) -> dict[str, Any]:
    document = (await jira.get("/_state/jira")).json()
    return next(account for account in document["accounts"] if account["name"] == name)


async def test_the_fixed_inhabitants_were_there_before(jira):
    document = (await jira.get("/_state/jira")).json()
    assert document["writes"] == 0
    assert [a["name"] for a in document["accounts"]] == sorted(a["name"] for a in document["accounts"])
    assert {g["name"] for g in document["groups"]} == {
        "jira-administrators",
        "jira-software-users",
        "software_dev",
        "helpdesk",
    }
    assert await account_named(jira, "mwolf") == {
        "name": "mwolf",
        "key": "mwolf",
        "email": "maria.wolf@example.com",
        "display_name": "Maria Wolf",
        "active": True,
        "groups": ["jira-software-users"],
        "properties": {},
    }
    assert [a["name"] for a in document["accounts"] if not a["active"]] == ["skim"]


async def test_create_gives_a_numbered_key_and_the_default_access(jira):
    answer = await jira.post(f"{API}/user", json=NEW | {"name": "NFox"})
    assert answer.status_code == 201
    assert (answer.json()["name"], answer.json()["key"]) == ("nfox", "JIRAUSER10100")
    assert (await account_named(jira, "nfox"))["groups"] == ["jira-software-users"]
    second = await jira.post(f"{API}/user", json=NEW | {"name": "second", "applicationKeys": []})
    assert second.json()["key"] == "JIRAUSER10101"
    assert (await account_named(jira, "second"))["groups"] == []


async def test_before_8_4_the_key_is_the_first_username(opened):
    jira = opened(jira_version="8.2.0")
    assert (await jira.post(f"{API}/user", json=NEW)).json()["key"] == "nfox"
    await jira.put(f"{API}/user", params={"key": "nfox"}, json={"name": "other"})
    assert (await jira.post(f"{API}/user", json=NEW)).json()["key"] == "ID10100"
    await jira.put(f"{API}/user", params={"username": "nfox"}, json={"active": False})
    assert (await account_named(jira, "nfox"))["active"] is True  # this version cannot deactivate


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "MWOLF"}, "username"),
        ({"name": ""}, "username"),
        ({"name": "n" * 256}, "username"),
        ({"name": "a<b"}, "username"),
        ({"name": 7}, "username"),
        ({"emailAddress": "nobody"}, "email"),
        ({"emailAddress": ""}, "email"),
        ({"emailAddress": "e" * 250 + "@x.org"}, "email"),
        ({"displayName": " "}, "displayName"),
        ({"displayName": "d" * 256}, "displayName"),
        ({"active": "perhaps"}, "active"),
        ({"applicationKeys": ["jira-moon"]}, "applicationKeys"),
    ],
)
async def test_a_wrong_field_is_refused_by_name_and_nothing_is_made(jira, change, field):
    answer = await jira.post(f"{API}/user", json=NEW | change)
    assert answer.status_code == 400
    assert answer.json()["errorMessages"] == []
    assert list(answer.json()["errors"]) == [field]
    assert (await jira.get("/_state/jira")).json()["writes"] == 0


async def test_a_rename_keeps_the_key_and_frees_the_name(jira):
    assert (await jira.put(f"{API}/user", params={"username": "MWolf"}, json={"name": "Maria.Wolf"})).status_code == 200
    found = (await jira.get(f"{API}/user", params={"key": "mwolf"})).json()
    assert (found["name"], found["key"]) == ("maria.wolf", "mwolf")
    assert (await jira.get(f"{API}/user", params={"username": "mwolf"})).status_code == 404
    assert (await jira.post(f"{API}/user", json=NEW | {"name": "mwolf"})).json()["key"] == "JIRAUSER10100"
    taken = await jira.put(f"{API}/user", params={"key": "mwolf"}, json={"name": "TBECKER"})
    assert (taken.status_code, list(taken.json()["errors"])) == (400, ["username"])


async def test_an_update_changes_what_is_given_and_all_or_nothing(jira):
    await jira.put(f"{API}/user", params={"username": "mwolf"}, json={"displayName": "Maria Wolff"})
    assert (await account_named(jira, "mwolf"))["email"] == "maria.wolf@example.com"
    wrong = {"displayName": "Somebody Else", "emailAddress": "broken"}
    assert (await jira.put(f"{API}/user", params={"username": "mwolf"}, json=wrong)).status_code == 400
    assert (await account_named(jira, "mwolf"))["display_name"] == "Maria Wolff"


@pytest.mark.parametrize("value", [False, "false"])
async def test_deactivation_takes_both_spellings_and_keeps_the_groups(jira, value):
    answer = await jira.put(f"{API}/user", params={"username": "mwolf"}, json={"name": "mwolf", "active": value})
    assert (answer.status_code, answer.json()["active"]) == (200, False)
    assert (await account_named(jira, "mwolf"))["groups"] == ["jira-software-users"]


async def test_a_lead_cannot_be_deactivated_until_somebody_else_leads(jira):
    for name in ("lchen", "oivanov"):
        refused = await jira.put(f"{API}/user", params={"username": name}, json={"active": False})
        assert refused.status_code == 400
        assert (await jira.delete(f"{API}/user", params={"username": name})).status_code == 400
    assert (await jira.put(f"{API}/project/ops", json={"lead": "tbecker"})).json()["lead"]["name"] == "tbecker"
    parts = (await jira.get(f"{API}/project/OPS/components")).json()
    await jira.put(f"{API}/component/{parts[0]['id']}", json={"leadUserName": "tbecker"})
    for name in ("lchen", "oivanov"):
        answer = await jira.put(f"{API}/user", params={"username": name}, json={"active": False})
        assert answer.status_code == 200


async def test_names_ignore_case_and_keys_do_not(jira):
    assert (await jira.get(f"{API}/user", params={"username": "TBecker"})).json()["key"] == "JIRAUSER10001"
    assert (await jira.get(f"{API}/user", params={"key": "JIRAUSER10001"})).json()["name"] == "tbecker"
    answer = await jira.get(f"{API}/user", params={"key": "jirauser10001"})
    assert answer.status_code == 404
    assert answer.json()["errors"] == {}
    assert len(answer.json()["errorMessages"]) == 1


async def test_expand_lists_groups_and_roles(jira):
    plain = (await jira.get(f"{API}/user", params={"username": "tbecker"})).json()
    assert plain["groups"] == {"size": 2, "items": []}
    full = (await jira.get(f"{API}/user", params={"username": "tbecker", "expand": "groups,applicationRoles"})).json()
    assert [group["name"] for group in full["groups"]["items"]] == ["jira-software-users", "software_dev"]
    assert [role["key"] for role in full["applicationRoles"]["items"]] == ["jira-software"]


async def test_delete_forgets_all_but_the_key_and_spares_authors(jira):
    assert (await jira.delete(f"{API}/user", params={"username": "mwolf"})).status_code == 204
    assert (await jira.get(f"{API}/user", params={"key": "mwolf"})).status_code == 404
    ghost = await jira.get(f"{API}/user", params={"key": "mwolf", "includeDeleted": "true"})
    assert ghost.json()["deleted"] is True
    assert (await jira.delete(f"{API}/user", params={"username": "mwolf"})).status_code == 404
    assert (await jira.delete(f"{API}/user", params={"username": "pkowal"})).status_code == 400
    assert (await jira.delete(f"{API}/user")).status_code == 400


async def test_the_caller_cannot_shut_itself_out(jira):
    assert (await jira.put(f"{API}/user", params={"username": "admin"}, json={"active": False})).status_code == 400
    assert (await jira.delete(f"{API}/user", params={"username": "admin"})).status_code == 400
    out = {"groupname": "jira-administrators", "username": "admin"}
    assert (await jira.delete(f"{API}/group/user", params=out)).status_code == 400
    assert (await jira.delete(f"{API}/group", params={"groupname": "jira-administrators"})).status_code == 400


async def test_properties_are_created_updated_and_removed(jira):
    address, mwolf = f"{API}/user/properties", {"username": "mwolf"}
    assert (await jira.get(f"{address}/phone", params=mwolf)).status_code == 404
    assert (await jira.put(f"{address}/phone", params=mwolf, json="+49 30 1")).status_code == 201
    assert (await jira.put(f"{address}/phone", params={"userKey": "mwolf"}, json={"w": [1]})).status_code == 200
    assert (await jira.get(f"{address}/phone", params=mwolf)).json() == {"key": "phone", "value": {"w": [1]}}
    assert [entry["key"] for entry in (await jira.get(address, params=mwolf)).json()["keys"]] == ["phone"]
    assert (await account_named(jira, "mwolf"))["properties"] == {"phone": {"w": [1]}}
    assert (await jira.delete(f"{address}/phone", params=mwolf)).status_code == 204
    assert (await jira.delete(f"{address}/phone", params=mwolf)).status_code == 404


async def test_properties_have_limits(jira):
    address, mwolf = f"{API}/user/properties", {"username": "mwolf"}
    assert (await jira.put(f"{address}/{'ä' * 127}a", params=mwolf, json=1)).status_code == 201  # 255 bytes
    assert (await jira.put(f"{address}/{'ä' * 128}", params=mwolf, json=1)).status_code == 400
    assert (await jira.put(f"{address}/long", params=mwolf, json="x" * 32767)).status_code == 400
    assert (await jira.get(address)).status_code == 400
    assert (await jira.get(address, params={"username": "nobody"})).status_code == 404
    json_type = {"Content-Type": "application/json"}
    assert (await jira.put(f"{address}/p", params=mwolf, content=b"{", headers=json_type)).status_code == 400


async def test_search_looks_into_name_display_name_and_address(jira):
    async def found(**params: Any) -> list[str]:
        return [user["name"] for user in (await jira.get(f"{API}/user/search", params=params)).json()]

    assert await found(username="WOLF") == ["mwolf"]
    assert await found(username="helena d") == ["hdiaz"]
    assert await found(username="jules.roy@") == ["jroy"]
    assert "skim" not in await found(username=".")
    assert "skim" in await found(username=".", includeInactive="true")
    assert await found(username=".", includeInactive="true", includeActive="false") == ["skim"]
    assert await found(username=".", startAt=1, maxResults=2) == ["hdiaz", "jroy"]
    assert (await jira.get(f"{API}/user/search")).status_code == 400
    assert (await jira.get(f"{API}/user/search", params={"username": ".", "startAt": "-1"})).status_code == 400


@pytest.mark.parametrize(
    ("version", "start", "size", "count"),
    [
        ("8.20.0", 0, 5000, 1000),
        ("9.12.0", 98, 20, 20),
        ("10.0.0", 98, 20, 2),
        ("10.2.1", 0, 1000, 100),
        ("10.2.1", 100, 50, 0),
        ("10.3.24", 0, 5000, 1000),
        ("10.3.24", 1000, 1000, 185),
    ],
)
async def test_search_is_capped_as_the_version_does(opened, version, start, size, count):
    jira = opened(users=1200, jira_version=version)
    params = {"username": ".", "startAt": start, "maxResults": size}
    assert len((await jira.get(f"{API}/user/search", params=params)).json()) == count


async def test_the_user_list_streams_everybody_once(opened):
    jira = opened(users=100)
    seen: list[str] = []
    page = (await jira.get(f"{API}/user/list", params={"maxResults": 30})).json()
    while not page["isLast"]:
        seen += [user["key"] for user in page["values"]]
        await jira.delete(f"{API}/user", params={"key": seen[-1]})  # the stream goes on after one who left
        page = (await jira.get(page["nextPage"])).json()
    seen += [user["key"] for user in page["values"]]
    assert len(seen) == len(set(seen)) == 110
    assert "skim" in seen
    assert "nextCursor" not in page
    assert (await jira.get(f"{API}/user/list", params={"cursor": 999999})).json()["values"] == []


async def test_the_user_list_begins_with_10_3(opened):
    answer = await opened(jira_version="10.2.9").get(f"{API}/user/list")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert (await opened(jira_version="10.3.0").get(f"{API}/user/list")).status_code == 200


async def test_a_full_licence_refuses_access_but_not_accounts(opened):
    jira = opened(seats=9)
    (role,) = [r for r in (await jira.get(f"{API}/applicationrole")).json() if r["key"] == "jira-software"]
    assert (role["numberOfSeats"], role["remainingSeats"], role["userCount"]) == (9, 1, 8)
    assert (await jira.post(f"{API}/user", json=NEW)).status_code == 201
    assert (await jira.post(f"{API}/user", json=NEW | {"name": "late"})).status_code == 400
    assert (await jira.post(f"{API}/user", json=NEW | {"name": "late", "applicationKeys": []})).status_code == 201
    join = await jira.post(f"{API}/group/user", params={"groupname": "jira-software-users"}, json={"name": "late"})
    assert join.status_code == 201  # the vendor does not stop this, and then has too many
    await jira.put(f"{API}/user", params={"username": "mwolf"}, json={"active": False})
    one = await jira.get(f"{API}/applicationrole/jira-software")
    assert (one.json()["userCount"], one.json()["remainingSeats"]) == (9, 0)
    assert one.headers["etag"]
    assert (await jira.get(f"{API}/applicationrole/jira-moon")).status_code == 404


async def test_sessions_and_passwords(jira, app, opened):
    assert (await jira.delete(f"{API}/user/session/mwolf")).status_code == 200
    assert (await jira.delete(f"{API}/user/session/nobody")).status_code == 404
    assert (
        await jira.put(f"{API}/user/password", params=[("username", "mwolf")], json={"password": "s"})
    ).status_code == 204
    assert (await opened(app, ("mwolf", "s")).get(f"{API}/myself")).json()["name"] == "mwolf"
    policy = f"{API}/password/policy/createUser"
    assert (await jira.post(policy, json={"username": "a", "password": "b"})).json() == []
    assert (await jira.post(policy, json={"username": "a"})).status_code == 400


async def test_myself_can_be_changed_but_not_renamed(jira):
    answer = await jira.put(f"{API}/myself", json={"displayName": "Ada", "name": "root", "active": False})
    assert answer.status_code == 200
    me = (await jira.get(f"{API}/myself")).json()
    assert (me["name"], me["displayName"], me["active"]) == ("admin", "Ada", True)


async def test_the_journal_shows_a_write_that_changed_nothing(jira):
    for _ in range(2):
        await jira.put(f"{API}/user", params={"username": "mwolf"}, json={"active": False})
    await jira.put(f"{API}/user", params={"username": "nobody"}, json={"active": False})
    document = (await jira.get("/_state/jira", params={"journal": 1})).json()
    assert document["writes"] == 2
    assert document["journal"] == [
        {
            "n": n,
            "method": "PUT",
            "path": "/rest/api/2/user",
            "subject": "mwolf",
            "what": 'update {"active":false}',
            "changed": n == 1,
        }
        for n in (1, 2)
    ]

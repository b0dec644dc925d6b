"""`tenure plan --identity`: source value, expression, result, for each attribute of one person at each application."""

from __future__ import annotations

import json
from typing import Any

from .test_decision_commands import tenure
from .test_names import LONG, SHORT, TRIED, called, change, hire, stranger
from .world import World, person

TOLD = TRIED.replace("display_name: displayName", "display_name: [displayName, nickName, userName]")


async def told(database: str, name: str) -> dict[str, Any]:
    (found,) = json.loads(await tenure(database, "plan", "--identity", name, "--json"))
    return {one["attribute"]: one for one in found["attributes"]} | {"whole": found}


async def test_each_attribute_from_source_to_result(database: str) -> None:
    world, ids = World(database, TOLD), dict[str, str]()
    await stranger(world, "jdoe", "old@y.test")
    await hire(world, ids, called("Jo", "Doe", "jo@x.example", phone="+49 30 1"))
    said = " ".join((await tenure(database, "plan", "--identity", "jo@x.example")).split())
    assert f"name.givenName = Jo, name.familyName = Doe -> {SHORT} -> jdoe" in said
    assert "username: computed jdoe, taken by the account jdoe (key JIRAUSER" in said
    assert f"chosen jo.doe by alternative 1, {LONG}" in said
    assert "emails.primary = jo@x.example -> emails.primary -> jo@x.example" in said
    assert "phoneNumbers.work = +49 30 1 -> phoneNumbers.work -> +49 30 1" in said
    assert "nothing is planned that has not gone" in said
    found = await told(database, "jo.doe")
    username = found["username"]
    assert (username["expression"], username["result"], username["desired"]) == (SHORT, "jdoe", "jo.doe")
    assert username["choice"]["rule"] == f"alternative 1, {LONG}"
    assert found["email"] | {"why": "", "state": ""} == {
        "attribute": "email", "source": "emails.primary = jo@x.example", "expression": "emails.primary",
        "result": "jo@x.example", "desired": "jo@x.example", "actual": "jo@x.example", "state": "", "why": "",
    }  # fmt: skip
    assert "chosen jo.doe by alternative 1" in " ".join((await tenure(database, "why", "jira", "jo.doe")).split())


async def test_no_value_clears_and_what_cannot_be_cleared_is_said(database: str) -> None:
    world, ids = World(database, TRIED), dict[str, str]()
    await hire(world, ids, called("Jo", "Doe", "jo@x.example", phone="+49 30 1"))
    await change(world, ids["jo@x.example"], {"displayName": None, "phoneNumbers": []})
    found = await told(database, "jo@x.example")
    phone, name = found["properties.phone"], found["display_name"]
    assert (phone["source"], phone["result"], phone["actual"]) == ("phoneNumbers.work = no value", None, None)
    assert (name["result"], name["actual"], name["state"]) == (None, "Jo Doe", "kept")
    assert "the application cannot clear this field" in name["why"]
    assert "cannot clear this field" in " ".join((await tenure(database, "why", "jira", "jdoe")).split())
    account = await world.account("jdoe")
    assert account is not None
    assert (account["display_name"], account["properties"]) == ("Jo Doe", {})


async def test_fallbacks_are_told_and_what_lacks_a_value_is_passed_over(database: str) -> None:
    estate = TOLD.replace("[displayName, nickName, userName]", "[\"nickName + '!'\", title, userName]")
    world, ids = World(database, estate), dict[str, str]()
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"))
    found = (await told(database, "jo@x.example"))["display_name"]
    assert found["expression"] == "nickName + '!', else title, else userName"
    assert found["source"] == "nickName = no value, title = no value, userName = jo@x.example"
    assert (found["result"], found["actual"]) == ("jo@x.example", "jo@x.example")


async def test_an_expression_that_fails_is_told(database: str) -> None:
    world, ids = World(database, TRIED), dict[str, str]()
    await hire(world, ids, person("nameless@x.example", "Nobody"))
    said = " ".join((await tenure(database, "plan", "jira", "--identity", "nameless@x.example")).split())
    assert "name.givenName and name.familyName have no value" in said
    await hire(world, ids, called("Jo", "Doe", "jo@x.example"))
    lines = (await tenure(database, "plan", "jira", "--identity", "jo@x.example")).splitlines()
    at = lines.index("  display_name")  # a name as long as the column of labels stands on a line of its own
    assert [line[:14].strip() for line in lines[at + 1 : at + 3]] == ["value", "state"]
    whole = (await told(database, "nameless@x.example"))["whole"]
    assert (whole["standing"], whole["problems"] != []) == ("member", True)
    assert "nobody is called" in await tenure(database, "plan", "--identity", "who", code=1)
    assert "there is no application" in await tenure(database, "plan", "wiki", "--identity", "who", code=1)

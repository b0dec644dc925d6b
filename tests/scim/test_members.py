"""Members of a group: every way in which providers add and remove them."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import GROUP, Provider, join, leave, people

NOBODY = "6b1f0f4c-0000-4000-8000-00000000dead"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": 'members[value eq "ONE"]'},
        {"op": "Remove", "path": 'Members[Value EQ "ONE"]'},
        {"op": "remove", "path": "members", "value": [{"value": "ONE"}]},
        {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": "ONE"}]},
        {"op": "remove", "path": "members", "value": {"value": "ONE"}},
        {"op": "remove", "path": "members", "value": "ONE"},
        {"op": "remove", "path": 'members[value eq "ONE" or value eq "NOBODY"]'},
        {"op": "remove", "path": f"{GROUP}:members", "value": ["ONE"]},
        {"op": "replace", "path": "members", "value": [{"value": "TWO"}]},
        {"op": "replace", "value": {"members": [{"value": "TWO"}]}},
        {"op": "replace", "path": 'members[value eq "ONE"]', "value": {"value": "TWO"}},
    ],
)
async def test_one_member_is_removed_in_many_forms(provider: Provider, operation: dict[str, Any]) -> None:
    one, two = await people(provider, 2)
    group = await provider.group("g", one, two)
    provider.forget_marks()

    def meant(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("ONE", one).replace("TWO", two).replace("NOBODY", NOBODY)
        if isinstance(value, dict):
            return {k: meant(v) for k, v in value.items()}
        return [meant(v) for v in value] if isinstance(value, list) else value

    assert await provider.patch(f"/Groups/{group['id']}", meant(operation), status=204) is None
    assert await provider.members(group["id"]) == [two]
    assert provider.marks() == {one: 1}
    assert provider.audit()[-1]["facts"] == {"method": "PATCH", "added": [], "removed": [one]}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "members"},
        {"op": "remove", "path": "members", "value": None},
        {"op": "Replace", "path": "members", "value": None},
        {"op": "replace", "path": "members", "value": []},
        {"op": "replace", "value": {"members": []}},
    ],
)
async def test_a_group_is_emptied(provider: Provider, operation: dict[str, Any]) -> None:
    group = await provider.group("g", *await people(provider, 2))
    await provider.patch(f"/Groups/{group['id']}", operation, status=204)
    assert await provider.members(group["id"]) == []


@pytest.mark.parametrize("value", ["ID", {"value": "ID"}, ["ID"], [{"value": "ID", "displayName": "x", "$ref": None}]])
async def test_a_member_is_added_in_many_forms_once(provider: Provider, value: Any) -> None:
    (one,) = await people(provider, 1)
    group = await provider.group()
    provider.forget_marks()
    given = eval(repr(value).replace("ID", one))
    operation = {"op": "Add", "path": "members", "value": given, "name": "addMember"}
    await provider.patch(f"/Groups/{group['id']}", operation, status=204)
    assert provider.marks() == {one: 5}
    version = (await provider.ask("GET", f"/Groups/{group['id']}"))["meta"]["version"]
    entries = provider.audit()
    provider.forget_marks()
    await provider.patch(f"/Groups/{group['id']}", operation, status=204)
    assert provider.marks() == {}
    assert provider.commits == []
    assert provider.audit() == entries
    after = await provider.ask("GET", f"/Groups/{group['id']}")
    assert (len(after["members"]), after["meta"]["version"]) == (1, version)


async def test_operations_take_effect_in_their_order(provider: Provider) -> None:
    one, two, three = await people(provider, 3)
    group = await provider.group("g", one)
    path = f"/Groups/{group['id']}"
    await provider.patch(path, leave(one), join(two), leave(two), join(one, three), status=204)
    assert await provider.members(group["id"]) == sorted([one, three])
    await provider.patch(path, {"op": "remove", "path": "members"}, join(two), status=204)
    assert await provider.members(group["id"]) == [two]


@pytest.mark.parametrize("bad", [NOBODY, "", "not-an-id", "OTHER", "DELETED"])
@pytest.mark.parametrize("verb", ["add", "replace"])
async def test_an_unknown_member_changes_nothing(provider: Provider, bad: str, verb: str) -> None:
    one, two, deleted = await people(provider, 3)
    await provider.ask("DELETE", f"/Users/{deleted}", status=204)
    other = await provider.client.post(
        "http://tenure.test/scim/entra/v2/Users", json={"userName": "x"}, headers={"Authorization": "Bearer other"}
    )
    bad = bad.replace("OTHER", other.json()["id"]).replace("DELETED", deleted)
    group = await provider.group("g", one)
    provider.forget_marks()
    entries = provider.audit()
    value = [{"value": two}, {"value": bad}]
    operations = [{"op": "replace", "value": {"displayName": "h"}}, {"op": verb, "path": "members", "value": value}]
    for attempt in (operations, operations[1:]):
        error = await provider.patch(f"/Groups/{group['id']}", *attempt, status=400)
        assert error["scimType"] == "invalidValue"
    await provider.ask("POST", "/Groups", {"displayName": "n", "members": value}, 400)
    await provider.ask("PUT", f"/Groups/{group['id']}", {"displayName": "n", "members": value}, 400)
    assert await provider.members(group["id"]) == [one]
    assert (provider.audit(), provider.marks()) == (entries, {})
    assert (await provider.ask("GET", "/Groups"))["totalResults"] == 1
    await provider.patch(f"/Groups/{group['id']}", leave(bad), status=204)


async def test_a_filter_that_selects_no_member_has_no_target(provider: Provider) -> None:
    one, two = await people(provider, 2)
    group = await provider.group("g", one)
    path = f"/Groups/{group['id']}"
    for verb in ("add", "replace"):
        operation = {"op": verb, "path": f'members[value eq "{two}"]', "value": {"value": one}}
        error = await provider.patch(path, operation, status=400)
        assert error["scimType"] == "noTarget"
    await provider.patch(path, {"op": "remove", "path": f'members[value eq "{two}"]'}, status=204)
    assert await provider.members(group["id"]) == [one]


async def test_okta_sends_the_name_with_every_change_of_members(provider: Provider) -> None:
    one, two = await people(provider, 2)
    group = await provider.group("g", one)
    provider.forget_marks()
    unchanged = {"op": "replace", "value": {"id": group["id"], "displayName": "g"}}
    await provider.patch(f"/Groups/{group['id']}", unchanged, leave(one), join(two), status=204)
    assert provider.marks() == {one: 1, two: 5}
    assert [e["action"] for e in provider.audit()][-1] == "group.members"

"""What the SCIM connector sends: no more than differs, with what is beside it kept, and never over somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pydantic
import pytest
import stamina

from tenure.model.change import (
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    JoinGroups,
    LeaveGroups,
    Outcome,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.error import Conflict, OutcomeUnknown, Rejected
from tenure.model.secret import Secret
from tenure.model.seen import Accounts, ByKey, Groups, ReadComplete, Seats
from tenure.targets import TARGETS
from tenure.targets.scim import fields
from tenure.targets.scim.calls import Attribute
from tenure.targets.scim.discovery import Server as Discovered

from .scim_parts import ANNA, ENTERPRISE, Server, read

PATCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
GROUPS = {ChangeKind.JOIN_GROUPS, ChangeKind.LEAVE_GROUPS, ChangeKind.CREATE_GROUP, ChangeKind.DELETE_GROUP}
SWITCHES = {ChangeKind.DEACTIVATE_ACCOUNT, ChangeKind.REACTIVATE_ACCOUNT}


@pytest.fixture(autouse=True)
def _quick_retries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def test_settings_take_a_token_or_a_name_and_hide_the_secret() -> None:
    kind = TARGETS["scim"]
    for auth in ({"bearer": Secret("hunter2hunter2")}, {"username": "tenure", "password": Secret("hunter2hunter2")}):
        settings = kind.settings.model_validate({"url": "https://app.example/scim/v2", "auth": auth})
        assert "hunter2" not in f"{settings!r} {settings}"
    for wrong in ({"url": "http://x"}, {"auth": {"bearer": Secret("t")}}, {"url": "http://x", "auth": {}}):
        with pytest.raises(pydantic.ValidationError):
            kind.settings.model_validate(wrong)


async def test_a_token_tells_nobody_whose_it_is() -> None:
    health = await Server().open(bearer=True).check()
    assert health.ok
    assert health.account is None


async def test_a_patch_says_what_differs_and_no_more() -> None:
    server = Server()
    target, mwolf = server.open(), server.handle("mwolf")
    values = {
        "display_name": "Maria Wolf",
        "email": "mw@example.com",
        "last_name": "Wolff",
        "properties.department": "R",
    }
    answer = await target.apply(UpdateAccount(mwolf, values))
    assert answer.outcome is Outcome.APPLIED
    assert answer.shown["email"] == "mw@example.com"
    assert server.bodies == [
        {
            **PATCH,
            "Operations": [
                {"op": "replace", "path": "name.familyName", "value": "Wolff"},
                {
                    "op": "replace",
                    "path": "emails",
                    "value": [{"value": "mw@example.com", "type": "work", "primary": True}],
                },
                {"op": "add", "path": f"{ENTERPRISE}:department", "value": "R"},
            ],
        }
    ]
    again = await target.apply(UpdateAccount(mwolf, values))
    assert again.outcome is Outcome.ALREADY
    assert len(server.bodies) == 1


async def test_to_clear_is_to_remove() -> None:
    server = Server()
    target, mwolf = server.open(), server.handle("mwolf")
    await target.apply(UpdateAccount(mwolf, {"properties.department": "R", "properties.title": "Lead"}))
    server.bodies.clear()
    await target.apply(UpdateAccount(mwolf, {"properties.department": None, "properties.title": "", "email": None}))
    assert server.bodies[0]["Operations"] == [
        {"op": "remove", "path": "emails"},
        {"op": "remove", "path": "title"},
        {"op": "remove", "path": f"{ENTERPRISE}:department"},
    ]


@pytest.mark.parametrize("version", ["2.0", "2.0-put"])
async def test_what_stands_beside_a_value_is_kept(version: str) -> None:
    server = Server(version)
    target, mwolf = server.open(), server.user("mwolf")
    home = {"value": "m@home.example", "type": "home"}
    phones = [{"value": "1", "type": "work"}, {"value": "2", "type": "mobile"}]
    more = {"phoneNumbers": phones, "nickName": "Mia", ENTERPRISE: {"manager": {"value": "boss"}, "costCenter": "7"}}
    server.state.change(mwolf, {**mwolf.document, **more, "emails": [home, *mwolf.document["emails"]]})
    properties = {"properties.phoneNumbers.mobile": "3", "properties.manager": "chief", "properties.roles": "user"}
    await target.apply(UpdateAccount(server.handle("mwolf"), {"email": "new@example.com", **properties}))
    kept = server.user("mwolf").document
    assert kept["emails"] == [home, {"value": "new@example.com", "type": "work", "primary": True}]
    assert kept["phoneNumbers"] == [phones[0], {"value": "3", "type": "mobile"}]
    assert (kept["nickName"], kept[ENTERPRISE]) == ("Mia", {"manager": {"value": "chief"}, "costCenter": "7"})
    assert kept["roles"] == [{"value": "user", "type": "work", "primary": True}]
    (seen, _) = await read(target, ByKey(mwolf.id, tuple(properties)))
    assert {name: seen.fields[name] for name in properties} == properties
    await target.apply(UpdateAccount(server.handle("mwolf"), {"properties.manager": None, "properties.roles": None}))
    kept = server.user("mwolf").document
    assert (kept[ENTERPRISE], "roles" in kept) == ({"costCenter": "7"}, False)


async def test_a_put_says_again_all_that_may_be_written() -> None:
    server = Server("2.0-put")
    await server.open().apply(DeactivateAccount(server.handle("mwolf")))
    (body,) = server.bodies
    assert body["active"] is False
    assert body["emails"] == server.user("mwolf").document["emails"]
    assert not {"meta", "groups"} & body.keys()


async def test_a_put_of_a_group_keeps_every_other_member() -> None:
    server = Server("2.0-put")
    target, before = server.open(), {row["value"] for row in server.group("helpdesk").document["members"]}
    await target.apply(JoinGroups(server.handle("mwolf"), ("helpdesk",)))
    mwolf = server.user("mwolf").id
    assert {row["value"] for row in server.group("helpdesk").document["members"]} == before | {mwolf}
    await target.apply(LeaveGroups(server.handle("jroy"), ("helpdesk",)))
    left = before - {server.user("jroy").id}
    assert {row["value"] for row in server.group("helpdesk").document["members"]} == left | {mwolf}


async def test_a_member_is_removed_by_a_path_that_names_them_and_never_by_the_whole_list() -> None:
    server = Server()
    jroy = server.handle("jroy")
    await server.open().apply(LeaveGroups(jroy, ("helpdesk",)))
    step = {"op": "remove", "path": f'members[value eq "{jroy.key}"]'}
    assert server.bodies == [{**PATCH, "Operations": [step]}]


async def test_a_version_that_was_overtaken_is_read_again_and_the_others_change_stays() -> None:
    server = Server()
    mwolf = server.user("mwolf")
    overtaking = 1

    def overtake(request: httpx2.Request, body: Any) -> Any:
        nonlocal overtaking
        if request.method == "GET" and body.get("id") == mwolf.id and overtaking:
            overtaking -= 1
            server.state.change(mwolf, {**mwolf.document, "nickName": f"Mia {overtaking}"})
        return body

    server.network.bend = overtake
    await server.open().apply(UpdateAccount(server.handle("mwolf"), {"display_name": "M. Wolf"}))
    assert (mwolf.document["nickName"], mwolf.document["displayName"]) == ("Mia 0", "M. Wolf")
    assert len(server.wrote) == 2
    overtaking = 2
    with pytest.raises(Conflict, match="overtaken"):
        await server.open().apply(UpdateAccount(server.handle("mwolf"), {"display_name": "Maria"}))
    assert mwolf.document["displayName"] == "M. Wolf"


async def test_a_version_is_also_taken_from_the_document() -> None:
    def without_header(request: httpx2.Request, body: Any) -> Any:
        return httpx2.Response(200, json=body) if request.method == "GET" else body

    server = Server(bend=without_header)
    sent: list[str | None] = []
    inner = server.network.inner.handle_async_request

    async def watched(request: httpx2.Request) -> httpx2.Response:
        if request.method == "PATCH":
            sent.append(request.headers.get("if-match"))
        return await inner(request)

    server.network.inner.handle_async_request = watched  # type: ignore[method-assign]
    await server.open().apply(UpdateAccount(server.handle("mwolf"), {"display_name": "M. Wolf"}))
    assert sent == ['W/"1"']


async def test_an_answer_without_a_body_is_looked_at() -> None:
    def nothing(request: httpx2.Request, body: Any) -> Any:
        return httpx2.Response(204) if request.method in ("PATCH", "POST") else body

    target = (server := Server(bend=nothing)).open()
    made = await target.apply(CreateAccount(ANNA))
    assert made.account == server.handle("anna")
    assert made.shown["display_name"] == "Anna Abel"
    answer = await target.apply(RenameAccount(server.handle("anna"), "anna2"))
    assert answer.shown["username"] == "anna2"


async def test_an_answer_about_somebody_else_is_an_unknown_outcome() -> None:
    server = Server(bend=lambda request, body: {**body, "id": "x"} if request.method == "PATCH" else body)
    with pytest.raises(OutcomeUnknown):
        await server.open().apply(RenameAccount(server.handle("mwolf"), "mw"))


async def test_a_name_that_is_taken_is_a_conflict_also_where_the_server_says_400() -> None:
    def blunt(request: httpx2.Request, body: Any) -> Any:
        told = {**body, "status": "400"}
        return httpx2.Response(400, json=told) if body.get("status") == "409" else body

    server = Server(bend=blunt)
    for change in (CreateAccount({**ANNA, "username": "mwolf"}), RenameAccount(server.handle("jroy"), "MWOLF")):
        with pytest.raises(Conflict):
            await server.open().apply(change)


async def test_a_group_is_not_made_twice_though_the_server_would() -> None:
    server = Server()
    with pytest.raises(Conflict):
        await server.open().apply(CreateGroup("HELPDESK"))
    assert server.wrote == []


async def test_a_server_that_shuts_nobody_and_has_no_groups_is_asked_for_neither() -> None:
    server = Server("2.0-no-active")
    target = server.open()
    health = await target.check()
    assert health.ok
    assert "without cursors, groups, active" in health.detail
    assert not target.capabilities.operations & (GROUPS | SWITCHES)
    assert target.capabilities.operations >= {ChangeKind.CREATE_ACCOUNT, ChangeKind.DELETE_ACCOUNT}
    made = (await target.apply(CreateAccount(ANNA))).account
    assert made is not None
    (seen, _) = await read(target, ByKey(made.key))
    assert (seen.active, seen.groups) == (True, frozenset())
    (end,) = await read(target, Groups())
    assert isinstance(end, ReadComplete)
    with pytest.raises(Rejected, match="no attribute"):
        await target.apply(UpdateAccount(made, {"properties.shoeSize": "43"}))


async def test_the_external_id_is_written_and_read() -> None:
    server = Server()
    target = server.open()
    made = (await target.apply(CreateAccount({**ANNA, "properties.externalId": "hr-1"}))).account
    assert made is not None
    assert server.user("anna").document["externalId"] == "hr-1"
    (seen, _) = await read(target, ByKey(made.key, ("properties.externalId",)))
    assert seen.fields["properties.externalId"] == "hr-1"


@pytest.mark.parametrize("field", ["properties.active", "properties.userName", "properties.password", "properties.id"])
async def test_what_has_a_change_of_its_own_is_no_property(field: str) -> None:
    server = Server()
    with pytest.raises(Rejected):
        await server.open().apply(UpdateAccount(server.handle("mwolf"), {field: "false"}))
    assert server.wrote == []


def test_values_are_sent_in_the_type_that_the_schema_says() -> None:
    user = (Attribute("badge", "integer"), Attribute("remote", "boolean"), Attribute("share", "decimal"))
    served = Discovered(True, True, True, False, 100, user, (), None)
    values = {"properties.badge": "7", "properties.remote": "False", "properties.share": "0.5"}
    made = fields.edited(served, {}, values)
    assert made == {"badge": 7, "remote": False, "share": 0.5}
    assert {name: fields.needed(served, name).read(made) for name in values} == {**values, "properties.remote": "false"}
    for name, value in (("badge", "seven"), ("remote", "perhaps")):
        with pytest.raises(Rejected, match=name):
            fields.edited(served, {}, {f"properties.{name}": value})
    assert fields.edited(served, made, dict.fromkeys(values)) == {}


def bare(request: httpx2.Request, body: Any) -> Any:
    """Discovery as a bare list, as some servers have it."""
    listed = request.url.path.endswith(("/Schemas", "/ResourceTypes"))
    return body["Resources"] if listed and isinstance(body, dict) else body


def untold(request: httpx2.Request, body: Any) -> Any:
    """No discovery beyond the configuration."""
    if not request.url.path.endswith(("/Schemas", "/ResourceTypes")):
        return body
    told = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404", "detail": "no"}
    return httpx2.Response(404, json=told)


@pytest.mark.parametrize("bend", [bare, untold])
async def test_discovery_may_be_a_bare_list_or_left_out(bend: Any) -> None:
    target = Server(bend=bend).open()
    assert (await target.check()).ok
    assert (await target.apply(CreateAccount(ANNA))).shown["email"] == "anna@example.com"


async def test_people_at_another_place_are_not_guessed_at() -> None:
    def moved(request: httpx2.Request, body: Any) -> Any:
        if not request.url.path.endswith("/ResourceTypes"):
            return body
        rows = [{**row, "endpoint": f"/x{row['endpoint']}"[:-1]} for row in body["Resources"]]
        return {**body, "Resources": rows}

    health = await Server(bend=moved).open().check()
    assert not health.ok
    assert "/Users alone" in health.detail


async def test_deleting_and_reading_seats_say_what_they_do() -> None:
    server = Server()
    target, jroy = server.open(), server.handle("jroy")
    await target.apply(DeleteAccount(jroy))
    assert server.wrote == [("DELETE", f"/Users/{jroy.key}")]
    (end,) = await read(target, Seats())
    assert isinstance(end, ReadComplete)
    assert end.proof["unknown"]
    *rest, end = await read(target, Accounts())
    assert jroy.key not in {one.key for one in rest}

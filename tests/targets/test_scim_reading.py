"""What the SCIM connector believes: filters, totals, pages, members and absence, at servers that bend them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import stamina

from tenure.model.change import ChangeKind, CreateAccount, CreateGroup, JoinGroups
from tenure.model.error import NotFound, Rejected, Unreachable
from tenure.model.seen import (
    Accounts,
    AccountSeen,
    ByKey,
    ByName,
    GroupByName,
    Groups,
    GroupSeen,
    MemberSeen,
    MembersOf,
    NotThere,
    ReadComplete,
)
from tenure_sandbox.scim.schemas import GROUP

from .scim_parts import ANNA, Server, asked, listing, read, whole

LR = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
NOBODY = {"schemas": [LR], "totalResults": 0, "itemsPerPage": 0, "startIndex": 1, "Resources": []}


@pytest.fixture(autouse=True)
def _quick_retries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def filtered(request: httpx2.Request) -> bool:
    return "filter" in asked(request)


def exact(request: httpx2.Request, body: Any) -> Any:
    """A filter that tells letter cases apart, whatever its schema says."""
    if not filtered(request):
        return body
    wanted = asked(request)["filter"].split('"')[1]
    rows = [row for row in body["Resources"] if wanted in (row.get("userName"), row.get("displayName"))]
    return {**body, "Resources": rows, "totalResults": len(rows)}


def silent(request: httpx2.Request, body: Any) -> Any:
    """A filter that never finds anybody."""
    return NOBODY if filtered(request) else body


async def test_a_filter_that_tells_letter_cases_apart_does_not_hide_anybody() -> None:
    target = Server(bend=exact).open()
    for name in ("MWOLF", "mwolf"):
        (seen, _) = await read(target, ByName(name))
        assert isinstance(seen, AccountSeen)
    (gone, end) = await read(target, ByName("nobody"))
    assert isinstance(gone, NotThere)
    assert isinstance(end, ReadComplete)


@pytest.mark.parametrize("bend", [silent, None], ids=["finds nobody", "shows everybody"])
async def test_a_filter_that_does_not_work_is_seen_and_everybody_is_walked_through(bend: Any) -> None:
    server = Server("2.0" if bend else "2.0-plain", bend=bend)
    if bend is None:
        server.network.bend = lambda request, body: {**body, "filter": {"supported": True}} if "patch" in body else body
    target = server.open()
    (seen, _) = await read(target, ByName("mwolf"))
    assert isinstance(seen, AccountSeen)
    assert isinstance((await read(target, ByName("nobody")))[0], NotThere)
    (group, _) = await read(target, GroupByName("helpdesk"))
    assert isinstance(group, GroupSeen)


async def test_an_empty_server_proves_nothing_about_its_filter() -> None:
    server = Server(bend=exact)
    for one in list(server.state.found["User"].values()):
        server.state.remove(one)
    target = server.open()
    assert isinstance((await read(target, ByName("anna")))[0], NotThere)
    await target.apply(CreateAccount(ANNA))
    assert isinstance((await read(target, ByName("ANNA")))[0], AccountSeen)


async def test_a_name_is_found_in_either_normal_form() -> None:
    server = Server()
    server.state.add(server.state.users, {"userName": "jose\u0301"})
    (seen, _) = await read(server.open(), ByName("jos\u00e9"))
    assert isinstance(seen, AccountSeen)


async def test_a_server_without_such_filters_is_walked_through() -> None:
    def refuses(request: httpx2.Request, body: Any) -> Any:
        no = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400", "scimType": "invalidFilter"}
        return httpx2.Response(400, json=no) if filtered(request) else body

    target = Server(bend=refuses).open()
    assert isinstance((await read(target, ByName("mwolf")))[0], AccountSeen)
    assert isinstance((await read(target, ByName("nobody")))[0], NotThere)


def fewer(_: httpx2.Request, body: Any) -> Any:
    return {**body, "Resources": body["Resources"][:-1]}


def more(_: httpx2.Request, body: Any) -> Any:
    return {**body, "totalResults": body["totalResults"] - 1}


def twice(_: httpx2.Request, body: Any) -> Any:
    return {**body, "Resources": [*body["Resources"][:-1], body["Resources"][0]]}


def elsewhere(_: httpx2.Request, body: Any) -> Any:
    return {**body, "startIndex": body["startIndex"] + 1}


def no_total(_: httpx2.Request, body: Any) -> Any:
    return {name: value for name, value in body.items() if name != "totalResults"}


def no_id(_: httpx2.Request, body: Any) -> Any:
    return {**body, "Resources": [{"userName": "x"}, *body["Resources"][1:]]}


def moving(request: httpx2.Request, body: Any) -> Any:
    """A row that went while we turned the page: all behind it move up."""
    return {**body, "Resources": body["Resources"][1:]} if int(asked(request)["startIndex"]) > 1 else body


def growing(request: httpx2.Request, body: Any) -> Any:
    return {**body, "totalResults": body["totalResults"] + int(asked(request)["startIndex"])}


@pytest.mark.parametrize("bend", [fewer, more, twice, elsewhere, no_total, no_id, moving, growing])
async def test_a_listing_that_does_not_add_up_is_not_whole(bend: Any) -> None:
    server = Server(
        "2.0-plain", users=150, bend=lambda request, body: bend(request, body) if listing(request) else body
    )
    with pytest.raises(Unreachable):
        await read(server.open(), Accounts())
    server.network.bend = None
    assert await whole(server.open(), Accounts())


async def test_a_total_that_is_cut_at_a_round_number_is_not_believed() -> None:
    def counts_what_it_shows(request: httpx2.Request, body: Any) -> Any:
        return {**body, "totalResults": min(body["totalResults"], 100)} if listing(request) else body

    with pytest.raises(Unreachable, match="goes on behind its total"):
        await read(Server("2.0-plain", users=150, bend=counts_what_it_shows).open(), Accounts())
    assert await whole(Server("2.0-plain", users=90).open(), Accounts())


@pytest.mark.parametrize("end", [{"nextCursor": "again"}, {"totalResults": 999}], ids=["repeats", "counts more"])
async def test_a_walk_by_cursor_that_does_not_add_up_is_not_whole(end: Any) -> None:
    bent = Server("2.0-cursor", users=300, bend=lambda request, body: {**body, **end} if listing(request) else body)
    with pytest.raises(Unreachable):
        await read(bent.open(), Accounts())


async def test_a_server_that_pages_by_cursor_may_leave_out_its_total() -> None:
    server = Server(
        "2.0-cursor", users=300, bend=lambda request, body: no_total(request, body) if listing(request) else body
    )
    *seen, end = await read(server.open(), Accounts())
    assert isinstance(end, ReadComplete)
    assert (end.count, len(seen)) == (310, 310)


async def test_two_groups_of_one_name_are_told_apart_by_nobody() -> None:
    server = Server()
    server.state.add(GROUP, {"displayName": "Helpdesk"})
    target = server.open()
    for what in (GroupByName("helpdesk"), MembersOf("helpdesk")):
        with pytest.raises(Rejected, match="2 groups"):
            await read(target, what)
    with pytest.raises(Rejected, match="2 groups"):
        await target.apply(JoinGroups(server.handle("mwolf"), ("helpdesk",)))
    *groups, end = await read(target, Groups())
    assert sorted(group.name for group in groups).count("helpdesk") == 1
    assert isinstance(end, ReadComplete)
    assert server.wrote == []


async def test_a_known_id_is_asked_for_before_it_is_believed() -> None:
    server = Server()
    target = server.open()
    await read(target, GroupByName("helpdesk"))
    old = server.group("helpdesk")
    server.state.change(old, {**old.document, "displayName": "service desk"})
    assert isinstance((await read(target, GroupByName("helpdesk")))[0], NotThere)
    new = server.state.add(GROUP, {"displayName": "helpdesk"})
    await target.apply(JoinGroups(server.handle("mwolf"), ("helpdesk",)))
    assert new.id in server.user("mwolf").groups
    assert old.id not in server.user("mwolf").groups
    server.state.remove(new)
    with pytest.raises(NotFound):
        await target.apply(JoinGroups(server.handle("mwolf"), ("helpdesk",)))


async def test_somebody_elses_404_is_no_absence() -> None:
    def not_ours(request: httpx2.Request, body: Any) -> Any:
        return httpx2.Response(404, json={"message": "no route"}) if body.get("status") == "404" else body

    target = Server(bend=not_ours).open()
    with pytest.raises(Unreachable):
        await read(target, ByKey("nobody"))


async def test_an_answer_about_somebody_else_is_not_believed() -> None:
    server = Server(bend=lambda request, body: {**body, "id": "x"} if "userName" in body else body)
    with pytest.raises(Unreachable, match="answered about x"):
        await read(server.open(), ByKey(server.user("mwolf").id))


def hides_members(_: httpx2.Request, body: Any) -> Any:
    rows = body.get("Resources")
    bare = {name: value for name, value in body.items() if name != "members"}
    return {**body, "Resources": [hides_members(_, row) for row in rows]} if rows else bare


async def test_nobody_in_a_group_is_believed_where_members_are_shown_at_all() -> None:
    server = Server()
    await server.open().apply(CreateGroup("empty"))
    assert await whole(server.open(), MembersOf("empty"))
    server.network.bend = hides_members
    assert not await whole(server.open(), MembersOf("empty"))
    assert not await whole(server.open(), MembersOf("helpdesk"))


async def test_memberships_come_from_the_groups_where_people_do_not_show_theirs() -> None:
    def only_by_itself(request: httpx2.Request, body: Any) -> Any:
        return hides_members(request, body) if listing(request, "Groups") else body

    for bend in (None, only_by_itself):
        server = Server("2.0-put", bend=bend)
        target = server.open()
        (seen, _) = await read(target, ByKey(server.user("tbecker").id))
        assert seen.groups == {"jira-software-users", "software_dev"}
        name = (await target.apply(CreateAccount(ANNA))).account
        assert name is not None
        (seen, _) = await read(target, ByKey(name.key))
        assert seen.groups == frozenset()


async def test_what_somebody_is_in_through_a_group_is_not_shown_as_theirs() -> None:
    def nested(request: httpx2.Request, body: Any) -> Any:
        if "groups" in body:
            inner = [{"value": "x", "display": "outer", "type": "indirect"}]
            return {**body, "groups": [*body["groups"], *inner]}
        if "members" in body:
            return {**body, "members": [*body["members"], {"value": "g", "$ref": "http://app.test/scim/Groups/g"}]}
        return body

    server = Server(bend=nested)
    (seen, _) = await read(server.open(), ByKey(server.user("hdiaz").id))
    assert seen.groups == {"helpdesk"}
    *members, end = await read(server.open(), MembersOf("helpdesk"))
    assert {one.name for one in members if isinstance(one, MemberSeen)} == {"hdiaz", "jroy", "oivanov", "skim"}
    assert isinstance(end, ReadComplete)
    assert end.proof["groups inside"] == 1


async def test_a_group_without_a_display_name_in_a_person_is_asked_for() -> None:
    def terse(request: httpx2.Request, body: Any) -> Any:
        if "userName" in body and "groups" in body:
            return {**body, "groups": [{"value": row["value"]} for row in body["groups"]]}
        return body

    server = Server(bend=terse)
    (seen, _) = await read(server.open(), ByKey(server.user("hdiaz").id))
    assert seen.groups == {"helpdesk"}


def countless(request: httpx2.Request, body: Any) -> Any:
    """A server that breaks down over any `count`, as Canaille 0.3 does."""
    return httpx2.Response(500, text="Internal Server Error") if "count" in asked(request) else body


@pytest.mark.parametrize("version", ["2.0", "2.0-plain", "2.0-cursor"])
async def test_a_server_that_fails_over_any_count_is_paged_as_it_gives(version: str) -> None:
    target = Server(version, bend=countless, users=250).open()
    health = await target.check()
    assert (health.ok, "without" in health.detail, "counts" in health.detail) == (True, True, True)
    accounts = await read(target, Accounts())
    assert isinstance(accounts[-1], ReadComplete)
    assert accounts[-1].count == len(accounts) - 1 > 250
    (seen, _) = await read(target, ByName("mwolf"))
    assert isinstance(seen, AccountSeen)
    assert isinstance((await read(target, ByName("nobody")))[0], NotThere)
    assert isinstance((await read(target, Groups()))[-1], ReadComplete)


async def test_a_server_that_is_down_is_not_taken_for_one_that_fails_over_counts() -> None:
    down = True

    def bend(request: httpx2.Request, body: Any) -> Any:
        return httpx2.Response(500, text="down") if down and request.url.path.endswith("/Users") else body

    target = Server(bend=bend).open()
    assert not (await target.check()).ok
    down = False
    assert "counts" not in (await target.check()).detail.partition("without")[2]


async def test_a_name_that_stays_is_set_when_the_account_is_made_and_never_again() -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        """Canaille's schema: userName is immutable, and an address has no type."""
        if not request.url.path.endswith("/Schemas"):
            return body
        for one in body["Resources"]:
            for attribute in one["attributes"]:
                if attribute["name"] == "userName":
                    attribute["mutability"] = "immutable"
                elif attribute["name"] == "emails":
                    parts = attribute["subAttributes"]
                    attribute["subAttributes"] = [part for part in parts if part["name"] in ("value", "primary")]
        return body

    server = Server(bend=bend)
    target = server.open()
    assert (await target.check()).ok
    assert ChangeKind.RENAME_ACCOUNT not in target.capabilities.operations
    made = await target.apply(CreateAccount(ANNA))
    assert made.account is not None
    assert server.user("anna").document["emails"] == [{"value": "anna@example.com", "primary": True}]
    seen = (await read(target, ByKey(made.account.key)))[0]
    assert seen.fields["email"] == "anna@example.com"

"""What is Confluence's own in reading: which listing proves what, and what it never tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
import stamina
from starlette.applications import Starlette

from tenure.model.error import NotFound, Unreachable
from tenure.model.seen import (
    Accounts,
    AccountSeen,
    ByKey,
    ByName,
    GroupOpens,
    Groups,
    GroupSeen,
    MemberSeen,
    MembersOf,
    NotThere,
    ReadComplete,
    RightSeen,
    RightsOfAccount,
    RightsOfGroups,
    Seats,
    SeatsSeen,
    Unread,
)
from tenure.targets.atlassian import confluence_rights
from tenure_sandbox.serve import build

from .confluence_world import API, confluence, fault, handle, read, whole, world
from .recorder import Recorder

NEVER_TOLD = ["restrictions of single pages", "spaces that are not shown to the account that we sign in with"]
Bend = Callable[[httpx2.Request, Any], Any]


@pytest.fixture(autouse=True)
def _quick_retries() -> Any:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def app() -> Starlette:
    return build()


def only(path: str, change: Callable[[Any], Any]) -> Bend:
    """Change the answers of one path."""

    def bend(request: httpx2.Request, body: Any) -> Any:
        return change(body) if request.url.path == f"/confluence{path}" else body

    return bend


def without(name: str, key: str = "username") -> Callable[[Any], Any]:
    """A page that has lost one row, and all traces of it."""

    def change(page: Any) -> Any:
        rows = [row for row in page["results"] if row.get(key) != name]
        return {**page, "results": rows, "size": len(rows)}

    return change


async def test_an_address_is_never_shown(app: Starlette) -> None:
    target = confluence(Recorder(app))
    seen = [*await read(target, Accounts()), *await read(target, ByName("mwolf", ("email",)))]
    assert all("email" not in one.fields for one in seen if isinstance(one, AccountSeen))
    assert not target.capabilities.fields["email"].listed


async def test_before_there_is_a_list_people_in_groups_are_shown_once_and_nobody_is_proven_absent() -> None:
    app = build(users=250, confluence_version="8.2.0")
    state = world(app)
    state.add("loner", "l@example.org", "In No Group")
    state.add_group("a/b")
    seen = await read(confluence(Recorder(app)), Accounts())
    assert not any(isinstance(one, ReadComplete) for one in seen)
    names = [one.name for one in seen if isinstance(one, AccountSeen)]
    assert sorted(names) == sorted(set(state.accounts) - {"loner"})
    assert any(not one.active for one in seen)


@pytest.mark.parametrize("version", ["8.4.0", "10.0.3"])
async def test_a_listing_without_us_or_with_too_few_licensed_people_is_not_whole(version: str) -> None:
    app = build(confluence_version=version)
    assert await whole(confluence(Recorder(app)), Accounts())
    for name in ("admin", "mwolf"):
        bend = only(f"{API}/user/list", without(name))
        assert not await whole(confluence(Recorder(app, bend)), Accounts())


async def test_a_listing_without_us_is_not_whole_whatever_the_licence_counts(app: Starlette) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        if request.url.path.endswith("/userCount"):
            return {"count": 1}
        return without("admin")(body) if request.url.path.endswith("/user/list") else body

    assert not await whole(confluence(Recorder(app, bend)), Accounts())


@pytest.mark.parametrize(("version", "believed"), [("9.2.0", False), ("10.0.3", True)])
async def test_where_the_licence_does_not_tell_the_active_people_are_compared(version: str, believed: bool) -> None:
    app = build(confluence_version=version)
    await fault(app, "status", status=404, path="/confluence/rest/license")
    assert await whole(confluence(Recorder(app)), Accounts()) is believed
    bend = only(f"{API}/user/list", without("mwolf"))
    assert not await whole(confluence(Recorder(app, bend)), Accounts())


@pytest.mark.parametrize("users", [989, 990, 991])
async def test_a_listing_that_stops_at_a_round_number_is_not_whole(users: int) -> None:
    app = build(users=users)
    assert await whole(confluence(Recorder(app)), Accounts()) is (users != 990)


async def test_a_listing_that_moves_or_counts_otherwise_is_not_whole() -> None:
    app = build(users=300)

    def moved(request: httpx2.Request, page: Any) -> Any:
        later = request.url.path.endswith("/user/list") and request.url.params["start"] != "0"
        return {**page, "results": page["results"][1:]} if later else page

    with pytest.raises(Unreachable, match="moved"):
        await read(confluence(Recorder(app, moved)), Accounts())
    for total, good in ((310, True), (311, False)):
        bend = only(f"{API}/user/list", lambda page, total=total: {**page, "totalCount": total})
        target = confluence(Recorder(app, bend))
        if good:
            assert await whole(target, Accounts())
        else:
            with pytest.raises(Unreachable, match="of 311"):
                await read(target, Accounts())


async def test_a_server_that_shows_fewer_rows_than_it_is_asked_for_ends_no_walk_early() -> None:
    app = build(users=70)

    def small(request: httpx2.Request, page: Any) -> Any:
        if not request.url.path.endswith("/user/list"):
            return page
        rows = page["results"][:25]
        links = {name: link for name, link in page["_links"].items() if name != "next"}
        return {**page, "results": rows, "limit": 25, "size": len(rows), "_links": links}

    seen = await read(confluence(Recorder(app, small)), Accounts())
    assert isinstance(seen[-1], ReadComplete)
    assert seen[-1].count == 80


async def test_groups_that_we_are_in_or_that_hold_a_permission_must_be_listed(app: Starlette) -> None:
    seen = await read(confluence(Recorder(app)), Groups())
    assert {one.name: set(one.gives) for one in seen if isinstance(one, GroupSeen)} == {
        "confluence-administrators": {"licence", "administration"},
        "confluence-users": {"licence"},
        "helpdesk": set(),
        "software_dev": set(),
    }
    world(app).granted["group", "helpdesk"] = {("application", "use")}
    for name in ("confluence-users", "helpdesk"):
        bend = only(f"{API}/group", without(name, "name"))
        assert not await whole(confluence(Recorder(app, bend)), Groups())


async def test_before_permissions_are_told_two_groups_are_known_by_name() -> None:
    app = build(confluence_version="8.5.0")
    seen = await read(confluence(Recorder(app)), Groups())
    assert {one.name: set(one.gives) for one in seen if isinstance(one, GroupSeen)} == {
        "confluence-administrators": {"administration"},
        "confluence-users": {"licence"},
        "helpdesk": set(),
        "software_dev": set(),
    }


async def test_who_is_in_a_group_inside_may_not_be_a_direct_member(app: Starlette) -> None:
    state = world(app)
    state.nest("helpdesk", "software_dev")
    state.join(state.accounts["jroy"], state.groups["software_dev"])
    seen = await read(confluence(Recorder(app)), MembersOf("helpdesk"))
    direct = {one.name: one.direct for one in seen if isinstance(one, MemberSeen)}
    assert direct == {
        "oivanov": True,
        "hdiaz": True,
        "skim": True,
        "jroy": False,
        "lchen": False,
        "pkowal": False,
        "tbecker": False,
    }
    with pytest.raises(NotFound):
        await read(confluence(Recorder(app)), MembersOf("nothing"))
    state.nest("software_dev", "helpdesk")  # in a circle, everybody may be there through the other group
    seen = await read(confluence(Recorder(app)), MembersOf("helpdesk"))
    assert {one.name: one.direct for one in seen if isinstance(one, MemberSeen)} == dict.fromkeys(direct, False)


async def test_a_group_of_a_round_number_of_members_is_not_whole() -> None:
    app = build(users=990)
    state = world(app)
    state.join(state.accounts["hdiaz"], state.groups["confluence-users"])
    assert len(state.groups["confluence-users"].members) == 1000
    with pytest.raises(Unreachable, match="round number"):
        await read(confluence(Recorder(app)), MembersOf("confluence-users"))


@pytest.mark.parametrize("status", [None, "frozen"])
async def test_a_status_that_is_not_understood_is_not_guessed(app: Starlette, status: str | None) -> None:
    bend = only(f"{API}/user", lambda user: {**user, "status": status})
    with pytest.raises(Unreachable, match="whether mwolf is active"):
        await read(confluence(Recorder(app, bend)), ByName("mwolf"))


async def test_either_word_for_an_open_account_is_understood(app: Starlette) -> None:
    def active(page: Any) -> Any:
        rows = [{**row, "status": row["status"].replace("current", "Active")} for row in page["results"]]
        return {**page, "results": rows}

    seen = await read(confluence(Recorder(app, only(f"{API}/user/list", active))), Accounts())
    assert isinstance(seen[-1], ReadComplete)
    assert {one.name for one in seen[:-1] if not one.active} == {"skim"}


@pytest.mark.parametrize("status", ["externally-deleted", "EXTERNALLY_DELETED"])
async def test_an_account_that_is_gone_in_its_directory_is_not_ours_to_write(app: Starlette, status: str) -> None:
    bend = only(f"{API}/user", lambda user: {**user, "status": status})
    (seen, _) = await read(confluence(Recorder(app, bend)), ByName("mwolf"))
    assert (seen.active, seen.authority, seen.writable) == (False, "external", False)


async def test_an_unknown_user_is_nobody_and_another_one_proves_nothing(app: Starlette) -> None:
    key = handle(app, "mwolf").key
    unknown = only(f"{API}/user", lambda user: {**user, "type": "unknown"})
    (seen, _) = await read(confluence(Recorder(app, unknown)), ByKey(key))
    assert isinstance(seen, NotThere)
    other = only(f"{API}/user", lambda user: {**user, "userKey": "0" * 32})
    with pytest.raises(Unreachable, match="nothing is concluded"):
        await read(confluence(Recorder(app, other)), ByKey(key))


@pytest.mark.parametrize(("seats", "total"), [(None, None), (25, 25)])
async def test_seats(seats: int | None, total: int | None) -> None:
    (seen, _) = await read(confluence(Recorder(build(seats=seats))), Seats())
    groups = frozenset({"confluence-users", "confluence-administrators"})
    assert seen == SeatsSeen("Confluence", total, 8, groups)


async def test_what_a_group_opens_and_an_account_holds(app: Starlette) -> None:
    target = confluence(Recorder(app))
    *rights, end = await read(target, RightsOfGroups())
    assert {one.right for one in rights if one.group == "confluence-users"} == {
        RightSeen("global permission", "application", "use"),
        RightSeen("global permission", "personal_space", "create"),
        RightSeen("space", "OPS", "space read"),
    }
    assert "helpdesk" in {one.group for one in rights}
    assert end.count == len(rights)
    assert end.proof["unknown"] == NEVER_TOLD
    tbecker = handle(app, "tbecker")
    *rights, _ = await read(target, RightsOfAccount(tbecker.key, "tbecker"))
    assert set(rights) == {
        RightSeen("space", "LAB", "space read"),
        RightSeen("space", "LAB", "space administer"),
    }


@pytest.mark.parametrize("status", [403, 404])
async def test_a_space_that_is_closed_to_us_is_named_and_hides_no_other(app: Starlette, status: int) -> None:
    class Closed(Recorder):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if "/space/DEV/permissions" in request.url.path:
                return httpx2.Response(status, json={"statusCode": status, "message": "no", "reason": "No"})
            return await super().handle_async_request(request)

    seen = await read(confluence(Closed(app)), RightsOfGroups())
    assert {one.right.what for one in seen if isinstance(one, GroupOpens) and one.group == "helpdesk"} == {"OPS"}
    assert [one for one in seen if not isinstance(one, GroupOpens)] == [Unread("permissions in the space DEV")]


async def test_no_more_spaces_are_asked_than_a_reading_may_cost(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confluence_rights, "MOST_SPACES", 1)
    network = Recorder(app)
    assert (await read(confluence(network), RightsOfGroups()))[-1] == Unread("permissions in spaces beyond the first 1")
    assert len([path for _, path in network.calls if path.endswith("/permissions") and "/space/" in path]) == 1


@pytest.mark.parametrize("version", ["10.0.3", "8.5.0"])
async def test_nobody_has_no_rights_to_tell_of(version: str) -> None:
    target = confluence(Recorder(build(confluence_version=version)))
    with pytest.raises(NotFound):
        await read(target, RightsOfAccount("0" * 32, "nobody"))


@pytest.mark.parametrize(("version", "unknown", "rights"), [("9.2.0", 3, True), ("8.5.0", 4, False)])
async def test_rights_that_a_version_does_not_tell_are_named(version: str, unknown: int, rights: bool) -> None:
    target = confluence(Recorder(build(confluence_version=version)))
    *seen, end = await read(target, RightsOfGroups())
    assert (bool(seen), len(end.proof["unknown"])) == (rights, unknown)
    assert not [one for one in seen if one.right.kind == "global permission"]
    await target.check()
    assert target.capabilities.tells_rights is rights


async def test_an_answer_in_another_form_tells_no_absence(app: Starlette) -> None:
    class NoSuchAddress(Recorder):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if request.url.path.endswith("/user"):
                return httpx2.Response(404, json={"message": "null for uri", "status-code": 404})
            return await super().handle_async_request(request)

    with pytest.raises(Unreachable):
        await read(confluence(NoSuchAddress(app)), ByName("nobody"))

"""What is Jira's own: its sins, its versions, and how the connector lives with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pydantic
import pytest
import stamina
from starlette.applications import Starlette

from tenure.model.capability import Mode
from tenure.model.change import (
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    EndSessions,
    Handle,
    HandOverLeads,
    JoinGroups,
    LeaveGroups,
    Outcome,
    UpdateAccount,
)
from tenure.model.error import NotFound, OutcomeUnknown, Rejected, Unreachable
from tenure.model.secret import Secret
from tenure.model.seen import (
    Accounts,
    AccountSeen,
    ByKey,
    ByName,
    GroupByName,
    MembersOf,
    NotThere,
    ReadComplete,
    Seats,
    SeatsSeen,
)
from tenure.targets import TARGETS
from tenure.targets.atlassian.group_walk import GroupWalk
from tenure.targets.atlassian.jira import JiraSettings, JiraTarget
from tenure.wire import Bearer, PacedLimiter
from tenure_sandbox.serve import build

from .clock import JumpingClock
from .recorder import Recorder

API = "/jira/rest/api/2"
ANNA = {"username": "anna", "email": "anna@example.com", "display_name": "Anna Abel"}


@pytest.fixture(autouse=True)
def _quick_retries() -> Any:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def app() -> Starlette:
    return build()


def jira(transport: httpx2.AsyncBaseTransport, mode: Mode = Mode.FULL) -> JiraTarget:
    clock = JumpingClock()
    settings = JiraSettings(url="http://app.test/jira", auth=Bearer(bearer=Secret("sandbox")))
    limiter = PacedLimiter(clock, per_second=1000, concurrency=8)
    return JiraTarget(settings, mode=mode, limiter=limiter, clock=clock, transport=transport)


async def fault(app: Starlette, kind: str, **how: Any) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://app.test") as out:
        assert (await out.post("/_faults", json=[{"kind": kind, **how}])).status_code == 200


def handle(name: str, key: str = "") -> Handle:
    return Handle(key or name, name)


def test_settings_hide_secrets_and_refuse_what_they_do_not_know() -> None:
    kind = TARGETS["jira"]
    auth = {"username": "admin", "password": Secret("hunter2hunter2")}
    settings = kind.settings.model_validate({"url": "http://x", "auth": auth})
    assert "hunter2" not in f"{settings!r} {settings}"
    for wrong in (
        {"url": "http://x", "auth": {**auth, "token": "x"}},
        {"url": "http://x", "auth": {"username": "admin", "password": "hunter2hunter2"}},
        {"url": "http://x", "auth": auth, "colour": "blue"},
        {"url": "http://x"},
    ):
        with pytest.raises(pydantic.ValidationError) as caught:
            kind.settings.model_validate(wrong)
        assert "hunter2" not in str(caught.value)


async def test_a_create_is_one_request_gives_no_access_and_looks_nothing_up() -> None:
    app = build(seats=5)
    network = Recorder(app)
    answer = await jira(network).apply(CreateAccount(ANNA))
    assert answer.outcome is Outcome.APPLIED
    assert network.calls == [("POST", "/rest/api/2/user")]
    assert app.state.world.applications["jira"].accounts["anna"].groups == set()


async def test_a_join_is_one_request() -> None:
    network = Recorder(build())
    answer = await jira(network).apply(JoinGroups(handle("mwolf"), ("helpdesk",)))
    assert answer.outcome is Outcome.APPLIED
    assert network.calls == [("POST", "/rest/api/2/group/user")]


async def test_a_property_that_fails_does_not_unmake_the_account() -> None:
    app = build()
    target = jira(Recorder(app))
    await fault(app, "status", method="PUT", path=f"{API}/user/properties", status=500)
    answer = await target.apply(CreateAccount({**ANNA, "properties.phone": "1"}))
    assert answer.outcome is Outcome.APPLIED
    assert answer.account is not None
    assert answer.account.key == app.state.world.applications["jira"].accounts["anna"].key
    assert "properties.phone" not in answer.shown
    assert "without its properties" in answer.detail


async def test_an_update_that_fails_half_way_is_unknown_and_one_that_fails_at_once_is_not() -> None:
    app = build()
    target = jira(Recorder(app))
    long = "x" * 40_000
    mwolf = handle("mwolf")
    with pytest.raises(OutcomeUnknown, match="in part"):
        await target.apply(UpdateAccount(mwolf, {"email": "new@example.com", "properties.phone": long}))
    with pytest.raises(Rejected):
        await target.apply(UpdateAccount(mwolf, {"properties.phone": long}))
    with pytest.raises(Rejected, match="slash"):
        await target.apply(UpdateAccount(mwolf, {"properties.a/b": "1"}))


async def test_several_groups_in_one_change() -> None:
    app = build()
    target = jira(Recorder(app))
    mwolf = handle("mwolf")
    answer = await target.apply(JoinGroups(mwolf, ("jira-software-users", "helpdesk")))
    assert answer.outcome is Outcome.APPLIED
    with pytest.raises(OutcomeUnknown, match="in part"):
        await target.apply(JoinGroups(mwolf, ("software_dev", "no such group")))
    both = await target.apply(LeaveGroups(mwolf, ("software_dev", "helpdesk")))
    assert both.outcome is Outcome.APPLIED
    assert app.state.world.applications["jira"].accounts["mwolf"].groups == {"jira-software-users"}


async def test_a_lead_is_not_deactivated_and_jira_says_why() -> None:
    with pytest.raises(Rejected, match="leads"):
        await jira(Recorder(build())).apply(DeactivateAccount(handle("lchen", "JIRAUSER10002")))


async def test_a_member_by_an_inner_group_is_not_taken_out() -> None:
    app = build()
    app.state.world.applications["jira"].nest("helpdesk", "software_dev")
    before = app.state.world.applications["jira"].document()
    answer = await jira(Recorder(app)).apply(LeaveGroups(handle("tbecker", "JIRAUSER10001"), ("helpdesk",)))
    assert answer.outcome is Outcome.ALREADY
    assert app.state.world.applications["jira"].document() == before


async def test_a_structured_property_is_shown_as_json() -> None:
    app = build()
    app.state.world.applications["jira"].accounts["mwolf"].properties["seat"] = {"floor": 2}
    (seen, _) = [one async for one in jira(Recorder(app)).read(ByName("mwolf", ("properties.seat",)))]
    assert isinstance(seen, AccountSeen)
    assert seen.fields["properties.seat"] == '{"floor":2}'


async def test_old_versions_cannot_deactivate() -> None:
    target = jira(httpx2.MockTransport(lambda r: httpx2.Response(401)))
    assert ChangeKind.DEACTIVATE_ACCOUNT in target.capabilities.operations

    def old(request: httpx2.Request) -> httpx2.Response:
        return (
            httpx2.Response(200, json={"version": "8.2.4"})
            if "serverInfo" in request.url.path
            else httpx2.Response(401)
        )

    target = jira(httpx2.MockTransport(old))
    health = await target.check()
    assert (health.ok, health.version) == (False, "8.2.4")
    assert ChangeKind.DEACTIVATE_ACCOUNT not in target.capabilities.operations


@pytest.mark.parametrize(
    ("info", "ok", "words"),
    [
        ({"version": "11.0.0"}, True, "not known"),
        ({"version": "10.1.2"}, True, "first 100"),
        ({"version": "1001.0", "deploymentType": "Cloud"}, False, "atlassian-cloud"),
    ],
)
async def test_check_says_what_is_odd_about_the_server(info: dict[str, Any], ok: bool, words: str) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        return info if request.url.path.endswith("serverInfo") else body

    health = await jira(Recorder(build(), bend)).check()
    assert health.ok is ok
    assert words in health.detail


async def whole(target: JiraTarget) -> bool:
    seen = [one async for one in target.read(Accounts())]
    return isinstance(seen[-1], ReadComplete)


def listed(*names: str) -> Callable[[httpx2.Request, Any], Any]:
    """An answer of user/list without these people."""

    def bend(request: httpx2.Request, body: Any) -> Any:
        if request.url.path.endswith("user/list"):
            body["values"] = [user for user in body["values"] if user["name"] not in names]
        return body

    return bend


async def test_a_stream_without_ourselves_or_short_of_one_is_not_whole() -> None:
    assert await whole(jira(Recorder(build(), listed())))
    assert not await whole(jira(Recorder(build(), listed("admin"))))
    assert not await whole(jira(Recorder(build(), listed("skim"))))  # inactive: no licence counts her, the search does


async def test_a_stream_that_goes_in_circles_is_not_whole() -> None:
    for cursor in (None, "7"):

        def bend(request: httpx2.Request, body: Any, cursor: str | None = cursor) -> Any:
            if request.url.path.endswith("user/list"):
                body |= {"isLast": False, "nextCursor": cursor}
            return body

        with pytest.raises(Unreachable):
            await whole(jira(Recorder(build(), bend)))


async def test_a_search_that_moves_under_the_walk_is_not_whole() -> None:
    app = build(1500, jira_version="9.12.0")
    gone = []

    def bend(request: httpx2.Request, body: Any) -> Any:
        if request.url.path.endswith("user/search") and not gone:
            gone.append(body[3]["name"])  # between two pages somebody is deleted, and everybody moves up
            world = app.state.world.applications["jira"]
            world.remove(world.accounts[gone[0]])
        return body

    with pytest.raises(Unreachable, match="moved"):
        await whole(jira(Recorder(app, bend)))


async def test_a_search_that_ends_at_a_round_number_proves_nothing() -> None:
    app = build(990, jira_version="9.12.0")
    assert len(app.state.world.applications["jira"].accounts) == 1000
    assert not await whole(jira(Recorder(app)))
    assert await whole(jira(Recorder(build(991, jira_version="9.12.0"))))


async def test_somebody_else_s_answer_is_no_answer() -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        return {**body, "key": "JIRAUSER1", "name": "other"} if request.url.path.endswith("/user") else body

    target = jira(Recorder(build(), bend))
    for what in (ByKey("mwolf"), ByName("mwolf")):
        with pytest.raises(Unreachable, match="other"):
            _ = [one async for one in target.read(what)]
    with pytest.raises(OutcomeUnknown):
        await target.apply(UpdateAccount(handle("mwolf"), {"email": "new@example.com"}))


async def test_a_deleted_account_is_not_there() -> None:
    app = build()
    world = app.state.world.applications["jira"]
    world.remove(world.accounts["mwolf"])
    for what in (ByKey("mwolf"), ByName("mwolf")):
        seen = [one async for one in jira(Recorder(app)).read(what)]
        assert isinstance(seen[0], NotThere)
        assert isinstance(seen[1], ReadComplete)
        assert seen[1].proof == {"signed_in_as": "admin"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"isLast": True}, "ended after 50 of 69"),
        ({"startAt": 50}, "moved"),
        ({"values": []}, "empty page"),
    ],
)
async def test_members_that_do_not_add_up_are_not_whole(change: dict[str, Any], words: str) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        first = request.url.path.endswith("group/member") and request.url.params["startAt"] == "0"
        return {**body, **change} if first else body

    with pytest.raises(Unreachable, match=words):
        _ = [one async for one in jira(Recorder(build(60), bend)).read(MembersOf("jira-software-users"))]


async def test_members_whose_number_changes_on_the_way_are_not_whole() -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        later = request.url.path.endswith("group/member") and request.url.params["startAt"] != "0"
        return {**body, "total": body["total"] + 1} if later else body

    with pytest.raises(Unreachable, match="moved"):
        _ = [one async for one in jira(Recorder(build(60), bend)).read(MembersOf("jira-software-users"))]


async def test_a_group_hidden_behind_twenty_others_is_found_by_name() -> None:
    app = build()
    target = jira(Recorder(app))
    for name in (*(f"a-dev-{number}" for number in range(25)), "dev"):
        await target.apply(CreateGroup(name))
    seen = [one async for one in target.read(GroupByName("dev"))]
    assert getattr(seen[0], "name", None) == "dev"


async def test_the_walk_knows_when_it_found_too_few() -> None:
    names = [f"g{n:03}" for n in range(50)]

    async def lying(text: str) -> tuple[list[str], int]:
        found = [name for name in names if text in name]
        return found[:20], len(found) + (text == "")

    walk = GroupWalk(lying)
    assert sorted([name async for name in walk.run()]) == names
    assert not walk.whole
    assert walk.questions < 5100


async def test_sessions_are_ended_and_nobody_has_none(app: Starlette) -> None:
    target = jira(Recorder(app))
    answer = await target.apply(EndSessions(Handle("mwolf", "mwolf")))
    assert (answer.outcome, dict(answer.shown)) == (Outcome.APPLIED, {"sessions": None})
    assert app.state.world.applications["jira"].journal[-1]["what"] == "end sessions"
    with pytest.raises(NotFound):
        await target.apply(EndSessions(Handle("no-such-key", "ghost")))


async def test_a_lead_is_relieved_and_can_be_shut_then(app: Starlette) -> None:
    target, world = jira(Recorder(app)), app.state.world.applications["jira"]
    for name in ("lchen", "oivanov"):  # the lead of a project, and of a component
        lead = Handle(world.accounts[name].key, name)
        with pytest.raises(Rejected):
            await target.apply(DeactivateAccount(lead))
        answer = await target.apply(HandOverLeads(lead, "tbecker"))
        assert (answer.outcome, dict(answer.shown)) == (Outcome.APPLIED, {"leads": None})
        assert (await target.apply(HandOverLeads(lead, "tbecker"))).outcome is Outcome.ALREADY
        assert (await target.apply(DeactivateAccount(lead))).shown["active"] == "false"
    assert {led.lead.name for led in (*world.projects.values(), *world.components.values())} == {"tbecker"}
    boss = Handle(world.accounts["tbecker"].key, "tbecker")
    with pytest.raises(Rejected):
        await target.apply(HandOverLeads(boss, "nobody-of-this-name"))


async def test_an_account_is_deleted_unless_jira_keeps_it(app: Starlette) -> None:
    target, world = jira(Recorder(app)), app.state.world.applications["jira"]
    gone = Handle("mwolf", "mwolf")
    answer = await target.apply(DeleteAccount(gone))
    assert (answer.outcome, dict(answer.shown)) == (Outcome.APPLIED, {"account": None})
    assert "mwolf" not in world.accounts
    assert (await target.apply(DeleteAccount(gone))).outcome is Outcome.ALREADY
    with pytest.raises(Rejected):
        await target.apply(DeleteAccount(Handle("skim", "skim")))  # wrote an issue
    assert "skim" in world.accounts


async def test_a_group_is_deleted_once(app: Starlette) -> None:
    target = jira(Recorder(app))
    await target.apply(CreateGroup("Dev Team"))
    assert (await target.apply(DeleteGroup("Dev Team"))).outcome is Outcome.APPLIED
    assert (await target.apply(DeleteGroup("Dev Team"))).outcome is Outcome.ALREADY
    with pytest.raises(Rejected):
        await target.apply(DeleteGroup("jira-administrators"))


async def test_seats_are_those_of_each_licence() -> None:
    app = build(seats=12)
    seen = [one async for one in jira(Recorder(app)).read(Seats())]
    seats = {one.licence: one for one in seen if isinstance(one, SeatsSeen)}
    world = app.state.world.applications["jira"]
    taken = world.seated(world.roles["jira-software"])
    assert seats["Jira Software"] == SeatsSeen("Jira Software", 12, taken, frozenset({"jira-software-users"}))
    assert isinstance(seen[-1], ReadComplete)
    unlimited = [one async for one in jira(Recorder(build())).read(Seats())]
    assert [one.total for one in unlimited if isinstance(one, SeatsSeen)] == [None, None]

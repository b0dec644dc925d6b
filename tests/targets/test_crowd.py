"""What is Crowd's own: its sins, its versions, and how the connector lives with them."""

from __future__ import annotations

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
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    EndSessions,
    Handle,
    JoinGroups,
    LeaveGroups,
    Outcome,
    RenameAccount,
    UpdateAccount,
)
from tenure.model.error import Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected, Unreachable
from tenure.model.secret import Secret
from tenure.model.seen import (
    Accounts,
    AccountSeen,
    ByKey,
    ByName,
    Groups,
    MemberSeen,
    MembersOf,
    NotThere,
    ReadComplete,
    Seats,
    Selector,
)
from tenure.targets import TARGETS
from tenure.targets.atlassian.crowd import CrowdSettings, CrowdTarget
from tenure.wire import Basic, PacedLimiter
from tenure_sandbox.atlassian.crowd import Crowd
from tenure_sandbox.serve import build

from .clock import JumpingClock
from .recorder import Recorder

API = "/rest/usermanagement/1"
ANNA = {"username": "anna", "email": "anna@example.com", "display_name": "Anna Abel"}


@pytest.fixture(autouse=True)
def _quick_retries() -> Any:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def app() -> Starlette:
    return build()


def crowd(transport: httpx2.AsyncBaseTransport) -> CrowdTarget:
    clock = JumpingClock()
    settings = CrowdSettings(url="http://app.test/crowd", auth=Basic(username="admin", password=Secret("admin")))
    limiter = PacedLimiter(clock, per_second=1000, concurrency=8)
    return CrowdTarget(settings, mode=Mode.FULL, limiter=limiter, clock=clock, transport=transport)


def world(app: Starlette) -> Crowd:
    state: Crowd = app.state.world.applications["crowd"]
    return state


def handle(app: Starlette, name: str) -> Handle:
    return Handle(world(app).accounts[name].key, name)


async def fault(app: Starlette, kind: str, **how: Any) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://app.test") as out:
        assert (await out.post("/_faults", json=[{"kind": kind, **how}])).status_code == 200


async def read(target: CrowdTarget, what: Selector) -> list[Any]:
    return [one async for one in target.read(what)]


async def whole(target: CrowdTarget, what: Selector) -> bool:
    seen = await read(target, what)
    return bool(seen) and isinstance(seen[-1], ReadComplete)


def test_settings_want_an_application_and_hide_its_password() -> None:
    kind = TARGETS["crowd"]
    auth = {"username": "tenure", "password": Secret("hunter2hunter2")}
    settings = kind.settings.model_validate({"url": "http://x/crowd", "auth": auth})
    assert "hunter2" not in f"{settings!r} {settings}"
    for wrong in ({"url": "http://x", "auth": {"bearer": Secret("t")}}, {"url": "http://x"}, {"auth": auth}):
        with pytest.raises(pydantic.ValidationError):
            kind.settings.model_validate(wrong)


async def test_an_update_says_again_what_a_put_would_blank(app: Starlette) -> None:
    target, mwolf = crowd(Recorder(app)), world(app).accounts["mwolf"]
    await target.apply(UpdateAccount(handle(app, "mwolf"), {"first_name": "Mary"}))
    assert (mwolf.first_name, mwolf.last_name, mwolf.display_name) == ("Mary", "Wolf", "Maria Wolf")
    assert (mwolf.email, mwolf.active) == ("maria.wolf@example.com", True)
    await target.apply(DeactivateAccount(handle(app, "mwolf")))
    await target.apply(UpdateAccount(handle(app, "mwolf"), {"email": None}))
    assert (mwolf.first_name, mwolf.email, mwolf.active) == ("Mary", "", False)


async def test_each_account_gets_a_password_of_its_own_that_nobody_is_told(app: Starlette) -> None:
    target, names = crowd(Recorder(app)), ("anna", "berta")
    answers = [await target.apply(CreateAccount({**ANNA, "username": name})) for name in names]
    passwords = [world(app).accounts[name].password or "" for name in names]
    assert len(set(passwords)) == 2
    assert all(len(password) > 40 and password not in repr(answers) for password in passwords)


async def test_a_password_that_crowd_repeats_is_not_told() -> None:
    sent: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        version = {"X-Embedded-Crowd-Version": "Crowd/6.3.0"}
        if request.method == "GET":
            return httpx2.Response(404, json={"reason": "USER_NOT_FOUND", "message": ""}, headers=version)
        sent.append(request.read().decode().partition('"value":"')[2].partition('"')[0])
        body = {"reason": "INVALID_CREDENTIAL", "message": f"{sent[0]} is not complex enough"}
        return httpx2.Response(400, json=body, headers=version)

    with pytest.raises(Rejected, match=r"INVALID_CREDENTIAL: \*\*\* is not") as caught:
        await crowd(httpx2.MockTransport(answer)).apply(CreateAccount(ANNA))
    assert len(sent[0]) > 40
    assert sent[0] not in str(caught.value)


async def test_a_create_that_answers_nothing_is_read(app: Starlette) -> None:
    class Silent(Recorder):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            answer = await super().handle_async_request(request)
            kept = {"X-Embedded-Crowd-Version": "Crowd/4.0.0"}
            return httpx2.Response(201, headers=kept) if request.method == "POST" else answer

    target = crowd(Silent(app))
    answer = await target.apply(CreateAccount(ANNA))
    assert answer.account == handle(app, "anna")
    assert answer.shown["email"] == "anna@example.com"
    await fault(app, "status", method="GET", status=503)
    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        await target.apply(CreateAccount({**ANNA, "username": "berta"}))
    assert "berta" in world(app).accounts


async def test_a_join_is_one_request(app: Starlette) -> None:
    network = Recorder(app)
    answer = await crowd(network).apply(JoinGroups(handle(app, "mwolf"), ("helpdesk",)))
    assert answer.outcome is Outcome.APPLIED
    assert network.calls == [("POST", f"{API}/user/group/direct")]


async def test_members_of_inner_groups_are_told_apart_and_not_taken_out(app: Starlette) -> None:
    state, target = world(app), crowd(Recorder(app))
    state.groups["helpdesk"].children.add("software_dev")
    seen = await read(target, MembersOf("helpdesk"))
    direct = {one.name: one.direct for one in seen if isinstance(one, MemberSeen)}
    assert direct == {
        **dict.fromkeys(("hdiaz", "jroy", "oivanov", "skim"), True),
        **dict.fromkeys(("lchen", "pkowal", "tbecker"), False),
    }
    assert seen[-1].count == 7
    (account, _) = await read(target, ByName("tbecker"))
    assert account.groups == {"jira-software-users", "software_dev"}
    before = state.document()
    answer = await target.apply(LeaveGroups(handle(app, "tbecker"), ("helpdesk",)))
    assert answer.outcome is Outcome.ALREADY
    assert state.document() == before


@pytest.mark.parametrize("keep", [1, 5, 20])
async def test_a_cut_listing_is_seen_even_where_everybody_is_active(keep: int) -> None:
    app = build(40)
    for account in world(app).accounts.values():
        account.active = True
    assert await whole(crowd(Recorder(app)), Accounts())
    await fault(app, "cap", path=f"/crowd{API}/search", keep=keep)
    assert not await whole(crowd(Recorder(app)), Accounts())


async def test_a_cut_listing_of_groups_is_seen(app: Starlette) -> None:
    assert await whole(crowd(Recorder(app)), Groups())
    await fault(app, "cap", path=f"/crowd{API}/search", keep=2)
    assert not await whole(crowd(Recorder(app)), Groups())


async def test_members_that_end_at_a_round_number_are_not_called_whole() -> None:
    app = build(993)
    members = world(app).groups["jira-software-users"].members
    assert len(members) == 1002
    target = crowd(Recorder(app))
    assert await whole(target, MembersOf("jira-software-users"))
    for name in ("mwolf", "jroy"):
        del members[name]
    assert not await whole(target, MembersOf("jira-software-users"))


async def test_a_server_that_shows_fewer_rows_than_it_is_asked_for_ends_no_walk_early() -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        return {**body, "users": body["users"][:70]} if "users" in body else body

    app = build(300)
    seen = await read(crowd(Recorder(app, bend)), Accounts())
    assert isinstance(seen[-1], ReadComplete)
    assert seen[-1].count == 310


async def test_a_listing_that_moves_under_the_walk_is_not_whole() -> None:
    app, gone = build(1500), []

    def bend(request: httpx2.Request, body: Any) -> Any:
        if request.url.path.endswith("/search") and not gone:
            gone.append(world(app).accounts[body["users"][3]["name"]])
            world(app).remove(gone[0])  # between two pages somebody is deleted, and everybody moves up
        return body

    with pytest.raises(Unreachable, match="moved"):
        await read(crowd(Recorder(app, bend)), Accounts())


async def test_a_directory_that_was_taken_away_is_no_absence(app: Starlette) -> None:
    key = handle(app, "mwolf").key
    world(app).accounts.clear()
    world(app).by_key.clear()
    target = crowd(Recorder(app))
    for what in (ByKey(key), ByName("mwolf")):
        with pytest.raises(Forbidden, match="directory"):
            await read(target, what)
    assert not await whole(target, Accounts())
    with pytest.raises(Forbidden):
        await target.apply(DeleteAccount(Handle(key, "mwolf")))
    health = await target.check()
    assert (health.ok, len(health.missing)) == (False, 1)


async def test_a_404_without_crowd_s_version_is_somebody_else_s() -> None:
    def proxy(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(404, json={"reason": "USER_NOT_FOUND", "message": "no"})

    with pytest.raises(Unreachable):
        await read(crowd(httpx2.MockTransport(proxy)), ByName("mwolf"))


def keyless(request: httpx2.Request, body: Any) -> Any:
    """Answers as of a server whose accounts have no keys."""
    rows = [*body.get("users", []), body] if isinstance(body, dict) else []
    for row in rows:
        row.pop("key", None)
    return body


async def test_without_keys_the_name_is_the_anchor_and_nobody_is_renamed(app: Starlette) -> None:
    network = Recorder(app, keyless)
    target = crowd(network)
    (seen, _) = await read(target, ByKey("mwolf"))
    assert (seen.key, seen.name) == ("mwolf", "mwolf")
    assert ChangeKind.RENAME_ACCOUNT in target.capabilities.operations
    health = await target.check()
    assert health.ok
    assert "no keys" in health.detail
    assert ChangeKind.RENAME_ACCOUNT not in target.capabilities.operations
    await target.apply(UpdateAccount(Handle("mwolf", "mwolf"), {"email": "new@example.com"}))
    assert world(app).accounts["mwolf"].email == "new@example.com"


@pytest.mark.parametrize(
    ("server", "ok", "words"),
    [
        ("Crowd/6.9.9", True, None),
        ("Crowd/7.0.0", True, "not known"),
        ("JIRA/9.12.0", True, "is none"),
        ("Crowd/x", True, "not known"),
    ],
)
async def test_check_is_careful_with_servers_that_it_does_not_know(
    app: Starlette, server: str, ok: bool, words: str | None
) -> None:
    class Other(Recorder):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            answer = await super().handle_async_request(request)
            answer.headers["X-Embedded-Crowd-Version"] = server
            return answer

    health = await crowd(Other(app)).check()
    assert health.ok is ok
    assert (health.caution is None) is (words is None)
    assert words is None or words in (health.caution or "")
    assert health.version == server.partition("/")[2]


async def test_a_person_s_password_is_no_application_s() -> None:
    health = await crowd(httpx2.MockTransport(lambda r: httpx2.Response(401, text="Application failed"))).check()
    assert not health.ok
    assert "of an application, not of a person" in health.detail


async def test_an_update_that_fails_half_way_is_unknown_and_one_that_fails_at_once_is_not(app: Starlette) -> None:
    target, mwolf, long = crowd(Recorder(app)), handle(app, "mwolf"), "x" * 256
    with pytest.raises(OutcomeUnknown, match="in part"):
        await target.apply(UpdateAccount(mwolf, {"email": "new@example.com", "properties.phone": long}))
    with pytest.raises(Rejected):
        await target.apply(UpdateAccount(mwolf, {"properties.phone": long}))
    with pytest.raises(OutcomeUnknown, match="in part"):
        await target.apply(JoinGroups(mwolf, ("software_dev", "no such group")))


async def test_attributes_that_fail_do_not_unmake_the_account(app: Starlette) -> None:
    await fault(app, "status", path=f"/crowd{API}/user/attribute", status=500)
    answer = await crowd(Recorder(app)).apply(CreateAccount({**ANNA, "properties.phone": "1"}))
    assert answer.account == handle(app, "anna")
    assert "without its properties" in answer.detail


async def test_several_values_are_shown_as_a_list_and_the_last_sign_in_as_a_time(app: Starlette) -> None:
    kept = world(app).accounts["mwolf"].attributes
    kept |= {"seats": ["b", "a"], "lastAuthenticated": ["1767600001000"]}
    (seen, _) = await read(crowd(Recorder(app)), ByName("mwolf", ("properties.seats", "properties.none")))
    assert isinstance(seen, AccountSeen)
    assert seen.fields["properties.seats"] == '["a","b"]'
    assert seen.fields["properties.none"] is None
    assert seen.last_used is not None
    assert seen.last_used.isoformat() == "2026-01-05T08:00:01+00:00"
    kept["lastAuthenticated"] = ["yesterday"]
    (seen, _) = await read(crowd(Recorder(app)), ByName("mwolf"))
    assert seen.last_used is None


async def test_a_change_goes_to_whom_the_key_names_and_not_to_who_bears_the_name_now(app: Starlette) -> None:
    state, target, old = world(app), crowd(Recorder(app)), handle(app, "mwolf")
    state.rename(state.accounts["mwolf"], "maria")
    await target.apply(CreateAccount({**ANNA, "username": "mwolf"}))
    await target.apply(UpdateAccount(old, {"email": "maria@example.com"}))
    assert state.accounts["maria"].email == "maria@example.com"
    with pytest.raises(Conflict):
        await target.apply(RenameAccount(old, "MWOLF"))
    gone = [(await target.apply(DeleteAccount(old))).outcome for _ in range(2)]
    assert gone == [Outcome.APPLIED, Outcome.ALREADY]
    assert "maria" not in state.accounts
    assert state.accounts["mwolf"].email == "anna@example.com"


async def test_somebody_else_s_answer_is_no_answer(app: Starlette) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        return (
            {**body, "key": "32769:other", "name": "other"} if request.url.path.endswith(("/user", "/rename")) else body
        )

    target = crowd(Recorder(app, bend))
    for what in (ByKey(handle(app, "mwolf").key), ByName("mwolf")):
        with pytest.raises(Unreachable, match="other"):
            await read(target, what)


async def test_sessions_end_and_nobody_has_none(app: Starlette) -> None:
    state, target = world(app), crowd(Recorder(app))
    body = {"username": "mwolf"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://app.test", auth=("admin", "admin")
    ) as out:
        await out.post(f"/crowd{API}/session", params={"validate-password": "false"}, json=body)
        await out.post(f"/crowd{API}/session", params={"validate-password": "false"}, json={"username": "jroy"})
    answer = await target.apply(EndSessions(handle(app, "mwolf")))
    assert (answer.outcome, dict(answer.shown)) == (Outcome.APPLIED, {"sessions": None})
    assert [session.account.name for session in state.sessions.values()] == ["jroy"]
    with pytest.raises(NotFound):
        await target.apply(EndSessions(Handle("no-such-key", "ghost")))


async def test_groups_are_deleted_once(app: Starlette) -> None:
    target = crowd(Recorder(app))
    answers = [await target.apply(DeleteGroup("helpdesk")) for _ in range(2)]
    assert [answer.outcome for answer in answers] == [Outcome.APPLIED, Outcome.ALREADY]
    assert all(dict(answer.shown) == {"group": None} for answer in answers)
    assert "helpdesk" not in world(app).groups


async def test_seats_cannot_be_known(app: Starlette) -> None:
    (end,) = await read(crowd(Recorder(app)), Seats())
    assert isinstance(end, ReadComplete)
    assert "licence" in str(end.proof["unknown"])


async def test_a_deleted_account_is_not_there(app: Starlette) -> None:
    key = handle(app, "mwolf").key
    world(app).remove(world(app).accounts["mwolf"])
    for what in (ByKey(key), ByName("mwolf")):
        seen = await read(crowd(Recorder(app)), what)
        assert isinstance(seen[0], NotThere)
        assert seen[1].proof == {"sees": "other accounts"}


async def test_a_new_account_lacks_what_the_source_does_not_say(app: Starlette) -> None:
    await crowd(Recorder(app)).apply(CreateAccount({**ANNA, "email": None, "first_name": None, "last_name": "Bell"}))
    anna = world(app).accounts["anna"]
    assert (anna.email, anna.first_name, anna.last_name) == ("", "Anna", "Bell")

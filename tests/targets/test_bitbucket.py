"""What is Bitbucket's own in reading: its sins, its versions, and how the connector lives with them."""

from __future__ import annotations

from typing import Any

import httpx2
import pydantic
import pytest
import stamina
from starlette.applications import Starlette

from tenure.model.capability import Mode
from tenure.model.change import ChangeKind, DeleteAccount, Handle, JoinGroups, LeaveGroups, Outcome, UpdateAccount
from tenure.model.error import Forbidden, NotFound, OutcomeUnknown, Unreachable
from tenure.model.secret import Secret
from tenure.model.seen import (
    Accounts,
    AccountSeen,
    ByKey,
    ByName,
    GroupOpens,
    Groups,
    GroupSeen,
    NotThere,
    ReadComplete,
    RightSeen,
    RightsOfAccount,
    RightsOfGroups,
    Seats,
    SeatsSeen,
    Selector,
    Unread,
)
from tenure.targets import TARGETS
from tenure.targets.atlassian import bitbucket_rights
from tenure.targets.atlassian.bitbucket import BitbucketSettings, BitbucketTarget
from tenure.wire import Basic, PacedLimiter
from tenure_sandbox.atlassian.bitbucket import Bitbucket
from tenure_sandbox.serve import build

from .clock import JumpingClock
from .recorder import Recorder

API = "/rest/api/latest"
USERS = f"/bitbucket{API}/admin/users"


@pytest.fixture(autouse=True)
def _quick_retries() -> Any:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def app() -> Starlette:
    return build()


def bitbucket(transport: httpx2.AsyncBaseTransport, name: str = "admin", password: str = "admin") -> BitbucketTarget:
    clock = JumpingClock()
    settings = BitbucketSettings(url="http://app.test/bitbucket", auth=Basic(username=name, password=Secret(password)))
    limiter = PacedLimiter(clock, per_second=1000, concurrency=8)
    return BitbucketTarget(settings, mode=Mode.FULL, limiter=limiter, clock=clock, transport=transport)


def world(app: Starlette) -> Bitbucket:
    state: Bitbucket = app.state.world.applications["bitbucket"]
    return state


def handle(app: Starlette, name: str) -> Handle:
    return Handle(str(world(app).accounts[name].id), name)


async def fault(app: Starlette, kind: str, **how: Any) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://app.test") as out:
        assert (await out.post("/_faults", json=[{"kind": kind, **how}])).status_code == 200


async def read(target: BitbucketTarget, what: Selector) -> list[Any]:
    return [one async for one in target.read(what)]


async def whole(target: BitbucketTarget, what: Selector) -> bool:
    seen = await read(target, what)
    return bool(seen) and isinstance(seen[-1], ReadComplete)


def test_settings_want_a_name_and_a_password_and_hide_it() -> None:
    kind = TARGETS["bitbucket"]
    auth = {"username": "tenure", "password": Secret("hunter2hunter2")}
    settings = kind.settings.model_validate({"url": "http://x/bitbucket", "auth": auth})
    assert "hunter2" not in f"{settings!r} {settings}"
    for wrong in ({"url": "http://x", "auth": {"bearer": Secret("t")}}, {"url": "http://x"}, {"auth": auth}):
        with pytest.raises(pydantic.ValidationError):
            kind.settings.model_validate(wrong)


def test_nobody_is_deactivated_there(app: Starlette) -> None:
    can = bitbucket(Recorder(app)).capabilities.operations
    assert not can & {ChangeKind.DEACTIVATE_ACCOUNT, ChangeKind.REACTIVATE_ACCOUNT, ChangeKind.END_SESSIONS}
    assert can > {ChangeKind.REVOKE_PERMISSIONS, ChangeKind.REVOKE_TOKENS}


async def test_who_is_licensed_alone_sees_people_and_proves_nothing(app: Starlette) -> None:
    world(app).accounts["jroy"].password = "a-long-password"
    target = bitbucket(Recorder(app), "jroy", "a-long-password")
    health = await target.check()
    assert (health.ok, health.version, len(health.missing)) == (False, "9.2.0", 1)
    assert "ADMIN" in health.detail
    for what in (Accounts(), Groups(), ByName("nobody"), ByKey("2"), Seats()):
        with pytest.raises(Forbidden, match="lack the permission"):
            await read(target, what)
    with pytest.raises(Forbidden):
        await target.apply(UpdateAccount(handle(app, "mwolf"), {"email": "m@example.com"}))


async def test_an_answer_that_names_nobody_proves_nothing(app: Starlette) -> None:
    class Anonymous(Recorder):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            answer = await super().handle_async_request(request)
            answer.headers.pop("X-AUSERNAME", None)
            return answer

    with pytest.raises(Unreachable, match="as whom"):
        await read(bitbucket(Anonymous(app)), ByName("nobody"))


@pytest.mark.parametrize(("text", "words"), [("9.9.9", None), ("10.0.0", "not known"), ("x", "not known")])
async def test_check_is_careful_with_versions_that_it_does_not_know(
    app: Starlette, text: str, words: str | None
) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        return {**body, "version": text} if request.url.path.endswith("properties") else body

    target = bitbucket(Recorder(app, bend))
    health = await target.check()
    assert (health.ok, health.version, health.account) == (True, text, "admin")
    assert health.server_id == "B5XK-PQ2T-7HWD-3M9C"
    assert (health.caution is None) is (words is None)
    assert words is None or words in (health.caution or "")
    assert target.capabilities.version == text


async def test_a_server_without_a_licence_is_worked_with() -> None:
    app = build()

    class Bare(Recorder):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            answer = await super().handle_async_request(request)
            if not request.url.path.endswith("/license"):
                return answer
            row = {"context": None, "message": "no", "exceptionName": None}
            return httpx2.Response(404, json={"errors": [row]}, headers={"X-AUSERNAME": "admin"})

    target = bitbucket(Bare(app))
    health = await target.check()
    assert (health.ok, health.server_id) == (True, None)
    assert await whole(target, Accounts())


async def test_an_account_shows_its_directory_permission_and_last_sign_in(app: Starlette) -> None:
    target = bitbucket(Recorder(app))
    shown = {one.name: one for one in await read(target, Accounts()) if isinstance(one, AccountSeen)}
    skim, backup, mwolf = shown["skim"], shown["svc-backup"], shown["mwolf"]
    assert (skim.active, skim.writable, skim.authority) == (False, False, "Corporate LDAP")
    assert (backup.permissions, mwolf.permissions) == ({"PROJECT_CREATE"}, frozenset())
    assert (mwolf.writable, mwolf.authority, mwolf.groups) == (True, "internal", None)
    assert mwolf.last_used is not None
    assert mwolf.last_used.isoformat() == "2026-01-05T08:00:00+00:00"
    (backup, _) = await read(target, ByName("SVC-backup"))
    assert (backup.permissions, backup.groups) == ({"PROJECT_CREATE"}, {"stash-users"})
    (skim, _) = await read(target, ByName("skim"))
    assert skim.permissions == frozenset()


async def test_groups_tell_what_they_give_and_the_licence_who_takes_seats() -> None:
    app = build(seats=12)
    world(app).grants.groups["helpdesk"] = "PROJECT_CREATE"
    target = bitbucket(Recorder(app))
    gives = {one.name: one.gives for one in await read(target, Groups()) if isinstance(one, GroupSeen)}
    assert gives == {
        "bitbucket-administrators": {"licence", "administration"},
        "stash-users": {"licence"},
        "helpdesk": {"licence"},
        "software_dev": frozenset(),
    }
    (seats, _) = await read(target, Seats())
    assert seats == SeatsSeen("Bitbucket", 12, 9, frozenset({"bitbucket-administrators", "stash-users", "helpdesk"}))
    (seats, _) = await read(bitbucket(Recorder(build())), Seats())
    assert seats.total is None


async def test_who_was_renamed_elsewhere_is_found_by_id_and_who_was_deleted_is_proven_gone(app: Starlette) -> None:
    state, key = world(app), handle(app, "mwolf").key
    network = Recorder(app)
    target = bitbucket(network)
    await read(target, ByKey(key))
    looked = network.calls.count(("GET", f"{API}/admin/users"))
    assert (await read(target, ByKey(key)))[0].name == "mwolf"
    assert network.calls.count(("GET", f"{API}/admin/users")) == looked + 1, "the name is remembered"
    state.rename(state.accounts["mwolf"], "maria")
    assert (await read(target, ByKey(key)))[0].name == "maria"
    state.remove(state.accounts["maria"])
    seen = await read(target, ByKey(key))
    assert isinstance(seen[0], NotThere)
    assert seen[1].proof == {"signed_in_as": "admin"}
    await fault(app, "cap", path=USERS, keep=3)
    with pytest.raises(Unreachable, match="doubted"):
        await read(target, ByKey(key))


async def test_a_change_goes_to_whom_the_key_names_and_not_to_who_bears_the_name_now(app: Starlette) -> None:
    state, target, old = world(app), bitbucket(Recorder(app)), handle(app, "mwolf")
    state.rename(state.accounts["mwolf"], "maria")
    newcomer = state.add("mwolf", "other@example.com", "Other")
    await target.apply(UpdateAccount(old, {"email": "maria@example.com"}))
    await target.apply(JoinGroups(old, ("helpdesk",)))
    gone = [(await target.apply(DeleteAccount(old))).outcome for _ in range(2)]
    assert gone == [Outcome.APPLIED, Outcome.ALREADY]
    assert "maria" not in state.accounts
    assert (newcomer.email, newcomer.groups) == ("other@example.com", set())


async def test_a_cut_listing_is_seen_by_the_list_that_everybody_may_see(app: Starlette) -> None:
    state = world(app)
    for name in ("zoe", "zora"):
        state.add(name, f"{name}@example.com", name)  # no seat is taken, so the licence counts nobody more
    assert await whole(bitbucket(Recorder(app)), Accounts())
    await fault(app, "cap", path=USERS, keep=11)
    assert not await whole(bitbucket(Recorder(app)), Accounts())


async def test_a_cut_listing_of_groups_is_seen(app: Starlette) -> None:
    assert await whole(bitbucket(Recorder(app)), Groups())
    await fault(app, "cap", path=f"/bitbucket{API}/admin/groups", keep=2)
    assert not await whole(bitbucket(Recorder(app)), Groups())


@pytest.mark.parametrize(
    ("bent", "words"),
    [
        ({"start": 7}, "another page"),
        ({"isLastPage": False, "nextPageStart": None}, "does not go on"),
        ({"isLastPage": False, "nextPageStart": 0}, "goes backwards"),
        ({"isLastPage": False, "values": [], "nextPageStart": 5}, "empty page"),
    ],
)
async def test_pages_that_do_not_fit_are_no_listing(app: Starlette, bent: dict[str, Any], words: str) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        return {**body, **bent} if request.url.path.endswith("/admin/users") else body

    with pytest.raises(Unreachable, match=words):
        await read(bitbucket(Recorder(app, bend)), Accounts())


async def test_a_404_in_another_form_is_somebody_else_s() -> None:
    def proxy(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(404, json={"errors": ["no"]}, headers={"X-AUSERNAME": "admin"})

    with pytest.raises(Unreachable):
        await read(bitbucket(httpx2.MockTransport(proxy)), ByName("mwolf"))


async def test_somebody_else_s_answer_is_no_answer(app: Starlette) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        return {**body, "id": 77} if request.method in ("PUT", "DELETE") else body

    target = bitbucket(Recorder(app, bend))
    for change in (UpdateAccount(handle(app, "mwolf"), {"email": "m@example.com"}), DeleteAccount(handle(app, "jroy"))):
        with pytest.raises(OutcomeUnknown, match="answered about"):
            await target.apply(change)


async def test_many_groups_are_joined_in_one_request_and_left_in_one_each(app: Starlette) -> None:
    network, hdiaz = Recorder(app), handle(app, "hdiaz")
    target = bitbucket(network)
    three = ("software_dev", "stash-users", "bitbucket-administrators")
    assert (await target.apply(JoinGroups(hdiaz, three))).outcome is Outcome.APPLIED
    assert network.calls.count(("POST", f"{API}/admin/users/add-groups")) == 1
    assert world(app).accounts["hdiaz"].groups == {*three, "helpdesk"}
    assert (await target.apply(LeaveGroups(hdiaz, three))).outcome is Outcome.APPLIED
    assert network.calls.count(("POST", f"{API}/admin/users/remove-group")) == 3
    with pytest.raises(NotFound):
        await target.apply(JoinGroups(hdiaz, ("software_dev", "nowhere")))
    assert world(app).accounts["hdiaz"].groups == {"helpdesk"}
    await fault(app, "status", method="POST", path=f"{USERS}/remove-group", status=503, nth=[2])
    await target.apply(JoinGroups(hdiaz, three))
    with pytest.raises(OutcomeUnknown, match="in part"):
        await target.apply(LeaveGroups(hdiaz, three))


async def test_the_rights_of_an_account_and_of_a_group(app: Starlette) -> None:
    target = bitbucket(Recorder(app))
    seen = await read(target, RightsOfAccount(handle(app, "lchen").key, "lchen"))
    assert seen[:-1] == [RightSeen("repository", "OPS/deploy", "REPO_ADMIN")]
    assert (seen[-1].count, seen[-1].proof["places"]) == (1, 3)
    assert "branch permissions" in seen[-1].proof["unknown"]
    seen = await read(target, RightsOfAccount("", "svc-backup"))
    assert seen[:-1] == [RightSeen("global permission", "Bitbucket", "PROJECT_CREATE")]
    *seen, end = await read(target, RightsOfGroups())
    opened = {(one.group, one.right) for one in seen}
    assert ("software_dev", RightSeen("project", "OPS", "PROJECT_WRITE")) in opened
    assert {right for group, right in opened if group == "stash-users"} == {
        RightSeen("global permission", "Bitbucket", "LICENSED_USER")
    }
    assert (end.count, end.proof["places"]) == (len(opened), 3)
    with pytest.raises(NotFound):
        await read(target, RightsOfAccount("999", "nobody"))


async def test_what_may_not_be_seen_is_named_among_the_unknown(app: Starlette) -> None:
    await fault(app, "forbidden", path=f"/bitbucket{API}/projects/OPS/repos/runbooks")
    seen = await read(bitbucket(Recorder(app)), RightsOfGroups())
    assert GroupOpens("helpdesk", RightSeen("repository", "OPS/deploy", "REPO_READ")) in seen
    assert ["OPS/runbooks" in one.what for one in seen if isinstance(one, Unread)] == [True]
    assert not [one for one in seen if isinstance(one, ReadComplete)]


async def test_a_place_beyond_the_last_that_is_asked_is_named_among_the_unknown(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bitbucket_rights, "MOST_PLACES", 1)
    seen = await read(bitbucket(Recorder(app)), RightsOfGroups())
    assert seen[-1] == Unread("projects and repositories beyond the first 1")

"""What is Confluence's own in writing: its versions, names, default group, and deletions that come later."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
import stamina
from starlette.applications import Starlette

from tenure.model.change import (
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    Handle,
    JoinGroups,
    LeaveGroups,
    Outcome,
    ReactivateAccount,
    RenameAccount,
    RevokePermissions,
    UpdateAccount,
)
from tenure.model.error import Conflict, NotFound, OutcomeUnknown, Rejected, Unauthorized
from tenure.model.secret import Secret
from tenure.model.seen import AccountSeen, ByKey, GroupByName, NotThere, ReadComplete, TaskOf, TaskSeen, TaskState
from tenure.targets import TARGETS
from tenure_sandbox.serve import build

from .clock import JumpingClock
from .confluence_world import ANNA, API, confluence, fault, handle, read, world
from .recorder import Recorder


@pytest.fixture(autouse=True)
def _quick_retries() -> Any:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
def app() -> Starlette:
    return build()


def test_settings_hide_the_token() -> None:
    kind = TARGETS["confluence"]
    settings = kind.settings.model_validate({"url": "http://x/c", "auth": {"bearer": Secret("hunter2hunter2")}})
    assert "hunter2" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("version", "lacks", "words"),
    [
        ("10.0.3", set(), "signed in as admin"),
        ("9.4.0", {"revoke-permissions"}, "signed in as admin"),
        ("8.4.0", {"revoke-permissions", "update-account"}, "changes no names"),
        ("8.2.0", {"revoke-permissions", "update-account", "create-account"}, "lists no accounts"),
    ],
)
async def test_the_version_narrows_what_can_be_done(version: str, lacks: set[str], words: str) -> None:
    target = confluence(Recorder(build(confluence_version=version)))
    every = target.capabilities.operations
    health = await target.check()
    assert (health.ok, health.version, health.caution) == (True, version, None)
    assert words in health.detail
    assert {kind.value for kind in every - target.capabilities.operations} == lacks


async def test_a_version_without_operations_is_looked_at_only() -> None:
    recorder = Recorder(build(confluence_version="7.19.0"))
    target = confluence(recorder)
    health = await target.check()
    assert health.ok
    assert "preview only" in (health.caution or "")
    assert target.capabilities.operations == frozenset()
    recorder.calls.clear()
    for change in (CreateAccount(ANNA), DeactivateAccount(Handle("k", "mwolf")), CreateGroup("g")):
        with pytest.raises(Rejected, match=r"Confluence 7\.19\.0 has no way to"):
            await target.apply(change)
    assert recorder.calls == []


@pytest.mark.parametrize(("field", "value", "ok"), [("version", "11.2.0", True), ("typeId", "jira", False)])
async def test_an_unknown_version_is_a_caution_and_another_product_an_error(
    app: Starlette, field: str, value: str, ok: bool
) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        return {**body, field: value} if request.url.path.endswith("manifest") else body

    health = await confluence(Recorder(app, bend)).check()
    assert health.ok is ok
    assert (health.caution is not None) is ok
    assert value in health.detail


async def test_nobody_is_renamed(app: Starlette) -> None:
    target = confluence(Recorder(app))
    assert ChangeKind.RENAME_ACCOUNT not in target.capabilities.operations
    with pytest.raises(ValueError, match="not a request"):
        await target.apply(RenameAccount(handle(app, "mwolf"), "mw"))
    with pytest.raises(Rejected):
        await target.apply(UpdateAccount(handle(app, "mwolf"), {"username": "mw"}))


async def test_a_new_account_is_taken_out_of_the_group_that_confluence_put_it_into(app: Starlette) -> None:
    recorder = Recorder(app)
    answer = await confluence(recorder).apply(CreateAccount(ANNA))
    assert (answer.outcome, answer.detail) == (Outcome.APPLIED, "")
    assert answer.shown == {"email": "anna@example.com"}
    assert world(app).accounts["anna"].groups == set()
    assert recorder.calls == [
        ("POST", f"{API}/admin/user"),
        ("GET", f"{API}/user/memberof"),
        ("DELETE", f"{API}/user/anna/group/confluence-users"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "shown"),
    [("GET", ".*/memberof", set()), ("DELETE", ".*/group/.*", {"member:confluence-users"})],
)
async def test_a_group_that_stays_is_said(app: Starlette, method: str, path: str, shown: set[str]) -> None:
    await fault(app, "status", status=503, method=method, path_regex=path)
    answer = await confluence(Recorder(app)).apply(CreateAccount(ANNA))
    assert answer.outcome is Outcome.APPLIED
    assert answer.detail.startswith("made")
    assert set(answer.shown) - {"email"} == shown
    assert world(app).accounts["anna"].groups == {"confluence-users"}


async def test_a_server_that_puts_nobody_into_a_group_is_asked_once_only(app: Starlette) -> None:
    world(app).remove_group(world(app).groups["confluence-users"])
    recorder = Recorder(app)
    await confluence(recorder).apply(CreateAccount(ANNA))
    assert [method for method, _ in recorder.calls] == ["POST", "GET"]


async def test_each_account_gets_a_password_of_its_own_that_nobody_is_told(app: Starlette) -> None:
    target = confluence(Recorder(app))
    answers = [await target.apply(CreateAccount({**ANNA, "username": name})) for name in ("anna", "berta")]
    passwords = [world(app).accounts[name].password or "" for name in ("anna", "berta")]
    assert len(set(passwords)) == 2
    assert all(len(password) > 40 and password not in repr(answers) for password in passwords)


async def test_a_password_that_confluence_repeats_is_not_told() -> None:
    sent: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.read().decode().partition('"password":"')[2].partition('"')[0])
        return httpx2.Response(400, json={"statusCode": 400, "message": f"{sent[0]} is too weak", "reason": "Bad"})

    with pytest.raises(Rejected, match=r"\*\*\* is too weak") as caught:
        await confluence(httpx2.MockTransport(answer)).apply(CreateAccount(ANNA))
    assert len(sent[0]) > 40
    assert sent[0] not in str(caught.value)


async def test_a_name_that_no_address_can_hold_is_refused_before_it_is_made(app: Starlette) -> None:
    recorder = Recorder(app)
    target = confluence(recorder)
    for name in ("a/b", "a\\b", ".", ".."):
        with pytest.raises(Rejected):
            await target.apply(CreateAccount({**ANNA, "username": name}))
        for change in (CreateGroup(name), DeleteGroup(name)):
            with pytest.raises(Rejected):
                await target.apply(change)
        with pytest.raises(Rejected):
            await read(target, GroupByName(name))
    assert recorder.calls == []


@pytest.mark.parametrize("how", ["seats", "fault"])
async def test_without_a_seat_nobody_is_made_and_somebody_is_told(how: str) -> None:
    app = build(seats=8 if how == "seats" else None)
    if how == "fault":
        await fault(app, "licence_full")
    with pytest.raises(Rejected, match="402"):
        await confluence(Recorder(app)).apply(CreateAccount(ANNA))
    assert "anna" not in world(app).accounts


async def test_an_update_says_only_what_is_to_change(app: Starlette) -> None:
    target, mwolf = confluence(Recorder(app)), world(app).accounts["mwolf"]
    answer = await target.apply(UpdateAccount(handle(app, "mwolf"), {"display_name": "Mary"}))
    assert (answer.shown, mwolf.display_name, mwolf.email) == ({}, "Mary", "maria.wolf@example.com")
    answer = await target.apply(UpdateAccount(handle(app, "mwolf"), {"email": "m@example.org"}))
    assert (answer.shown, mwolf.display_name, mwolf.email) == ({"email": "m@example.org"}, "Mary", "m@example.org")


@pytest.mark.parametrize("kind", ["disable", "update", "leave", "join", "delete", "revoke"])
async def test_a_write_goes_to_the_account_with_the_key_whatever_it_is_called_now(app: Starlette, kind: str) -> None:
    state, mine = world(app), handle(app, "oivanov")
    state.rename("oivanov", "oskar")
    other = state.add("oivanov", "other@example.org", "Olga Ivanova")
    state.join(other, state.groups["helpdesk"])
    state.granted["user", other.key] = {("application", "use")}
    target = confluence(Recorder(app))
    changes = {
        "disable": DeactivateAccount(mine),
        "update": UpdateAccount(mine, {"display_name": "Oskar"}),
        "leave": LeaveGroups(mine, ("helpdesk",)),
        "join": JoinGroups(mine, ("software_dev",)),
        "delete": DeleteAccount(mine),
        "revoke": RevokePermissions(mine),
    }
    assert (await target.apply(changes[kind])).outcome in (Outcome.APPLIED, Outcome.PENDING)
    for _ in range(4):
        await target.check()
    assert (other.active, other.display_name, other.groups) == (True, "Olga Ivanova", {"helpdesk"})
    assert state.accounts["oivanov"] is other
    assert state.granted["user", other.key]
    mine_now = state.by_key.get(mine.key)
    done = {
        "disable": lambda: mine_now and not mine_now.active,
        "update": lambda: mine_now and mine_now.display_name == "Oskar",
        "leave": lambda: mine_now and "helpdesk" not in mine_now.groups,
        "join": lambda: mine_now and "software_dev" in mine_now.groups,
        "delete": lambda: mine_now is None,
        "revoke": lambda: not state.granted.get(("user", mine.key)),
    }
    assert done[kind]()


async def test_joins_that_follow_each_other_closely_read_the_name_once(app: Starlette) -> None:
    recorder, clock = Recorder(app), JumpingClock()
    target, mwolf = confluence(recorder, clock), handle(app, "mwolf")
    for group in ("helpdesk", "software_dev"):
        await target.apply(JoinGroups(mwolf, (group,)))
    assert [method for method, _ in recorder.calls] == ["GET", "PUT", "PUT"]
    recorder.calls.clear()
    await clock.sleep(301)
    await target.apply(JoinGroups(mwolf, ("helpdesk",)))
    assert [method for method, _ in recorder.calls] == ["GET", "PUT"]


async def test_a_membership_that_is_moved_in_part_is_unknown(app: Starlette) -> None:
    with pytest.raises(OutcomeUnknown, match="in part"):
        await confluence(Recorder(app)).apply(JoinGroups(handle(app, "mwolf"), ("helpdesk", "no such group")))
    assert "helpdesk" in world(app).accounts["mwolf"].groups


async def test_a_deletion_is_pending_until_the_account_is_gone(app: Starlette) -> None:
    target, mwolf = confluence(Recorder(app)), handle(app, "mwolf")
    first = await target.apply(DeleteAccount(mwolf))
    assert (first.outcome, first.shown) == (Outcome.PENDING, {})
    assert next(iter(world(app).tasks)) in first.detail
    (seen, _) = await read(target, ByKey(mwolf.key))
    assert isinstance(seen, AccountSeen)
    await target.check()
    (gone, _) = await read(target, ByKey(mwolf.key))
    assert isinstance(gone, NotThere)
    again = await target.apply(DeleteAccount(mwolf))
    assert (again.outcome, again.shown) == (Outcome.ALREADY, {"account": None})


async def test_a_deletion_that_is_asked_for_twice_comes_to_the_same(app: Starlette) -> None:
    target, mwolf = confluence(Recorder(app)), handle(app, "mwolf")
    for _ in range(2):
        assert (await target.apply(DeleteAccount(mwolf))).outcome is Outcome.PENDING
    for _ in range(4):
        await target.check()
    assert "mwolf" not in world(app).accounts
    assert len(world(app).accounts) == 9


async def test_a_refused_deletion_that_cannot_be_is_unknown(app: Starlette) -> None:
    class Refusing(Recorder):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if request.method == "DELETE":
                return httpx2.Response(404, json={"statusCode": 404, "message": "no", "reason": "Not Found"})
            return await super().handle_async_request(request)

    target = confluence(Refusing(app))
    with pytest.raises(OutcomeUnknown):
        await target.apply(DeleteAccount(handle(app, "mwolf")))
    with pytest.raises(OutcomeUnknown):
        await target.apply(DeleteGroup("helpdesk"))


async def test_groups_are_deleted_once_and_the_last_of_administrators_stays(app: Starlette) -> None:
    target = confluence(Recorder(app))
    for outcome in (Outcome.APPLIED, Outcome.ALREADY):
        answer = await target.apply(DeleteGroup("helpdesk"))
        assert (answer.outcome, answer.shown) == (outcome, {"group": None})
    with pytest.raises(Rejected):
        await target.apply(DeleteGroup("confluence-administrators"))
    with pytest.raises(Conflict):
        await target.apply(CreateGroup("CONFLUENCE-users"))


async def test_global_permissions_of_an_account_are_revoked(app: Starlette) -> None:
    target, mine = confluence(Recorder(app)), handle(app, "oivanov")
    for outcome in (Outcome.APPLIED, Outcome.ALREADY):
        answer = await target.apply(RevokePermissions(mine))
        assert (answer.outcome, answer.shown) == (outcome, {"permissions": None})
    with pytest.raises(NotFound):
        await target.apply(RevokePermissions(Handle("0" * 32, "ghost")))


async def test_permissions_that_stay_are_shown(app: Starlette) -> None:
    def bend(request: httpx2.Request, body: Any) -> Any:
        if request.url.path.endswith(f"/permissions/user/{handle(app, 'oivanov').key}"):
            return [{"operation": {"targetType": "space", "operationKey": "create"}, "subject": {"type": "known"}}]
        return body

    answer = await confluence(Recorder(app, bend)).apply(RevokePermissions(handle(app, "oivanov")))
    assert answer.shown == {"permissions": "space create"}


async def test_someone_who_is_gone_is_said_to_be_so(app: Starlette) -> None:
    ghost, target = Handle("0" * 32, "mwolf"), confluence(Recorder(app))
    for change in (DeactivateAccount(ghost), ReactivateAccount(ghost), LeaveGroups(ghost, ("helpdesk",))):
        with pytest.raises(NotFound):
            await target.apply(change)
    assert world(app).accounts["mwolf"].active


@pytest.mark.parametrize("status", [404, 200])
async def test_nobody_is_gone_for_somebody_who_is_not_signed_in(app: Starlette, status: int) -> None:
    class SignedOut(Recorder):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if request.url.path.endswith("/user/current"):
                return httpx2.Response(200, json={"type": "anonymous", "displayName": "Anonymous"})
            if request.url.path.endswith("/user"):
                unknown = {"type": "unknown", "statusCode": status, "message": "no", "displayName": "Unknown"}
                return httpx2.Response(status, json=unknown)
            return await super().handle_async_request(request)

    for change in (DeleteAccount(handle(app, "mwolf")), DeactivateAccount(handle(app, "mwolf"))):
        with pytest.raises(Unauthorized):
            await confluence(SignedOut(app)).apply(change)


async def test_a_long_task_is_told_by_how_far_it_is_and_how_it_ended(app: Starlette) -> None:
    target = confluence(Recorder(app))
    answer = await target.apply(DeleteAccount(handle(app, "mwolf")))
    assert answer.task is not None
    assert await read(target, TaskOf(answer.task)) == [
        TaskSeen(answer.task, TaskState.RUNNING, "Confluence does not say why"),
        ReadComplete(f"task:{answer.task}", 1),
    ]
    world(app).tasks[answer.task].fails = "The database was locked."
    for _ in range(3):
        seen = (await read(target, TaskOf(answer.task)))[0]
    assert seen == TaskSeen(answer.task, TaskState.FAILED, "The database was locked.")
    assert (await read(target, TaskOf("none")))[0] == NotThere("none")

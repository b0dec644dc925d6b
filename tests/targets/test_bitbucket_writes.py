"""What is Bitbucket's own in writing: a password in an address, and what a leaver loses there."""

from __future__ import annotations

import logging
from urllib.parse import parse_qs

import httpx2
import orjson
import pytest
import structlog
from starlette.applications import Starlette

from tenure.model.change import (
    AnonymizeAccount,
    CreateAccount,
    DeleteAccount,
    DeleteGroup,
    LeaveGroups,
    Outcome,
    RevokePermissions,
    RevokeTokens,
)
from tenure.model.error import Conflict, Forbidden, OutcomeUnknown, Rejected, TargetError
from tenure.model.seen import ByName
from tenure_sandbox.serve import build

from .recorder import Recorder
from .test_bitbucket import API, USERS, bitbucket, fault, handle, read, world

ANNA = {"username": "anna", "email": "anna@example.com", "display_name": "Anna Abel"}
SSH, TOKENS = "/bitbucket/rest/ssh/latest/keys", "/bitbucket/rest/access-tokens/latest/users"


@pytest.fixture
def app() -> Starlette:
    return build()


class Watching(Recorder):
    """A network that keeps each password that passes, by where it stood, and may answer a create itself."""

    def __init__(self, app: Starlette, answer: httpx2.Response | None = None) -> None:
        super().__init__(app)
        self.answer = answer
        self.in_address: list[str] = []
        self.in_body: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        query = parse_qs(request.url.query.decode())
        self.in_address += query.get("password", [])
        if request.url.path.endswith("/credentials"):
            self.in_body.append(orjson.loads(request.read())["password"])
        if self.answer is None or "password" not in query:
            return await super().handle_async_request(request)
        self.calls.append((request.method, request.url.path))
        row = {"context": None, "message": f"no: {request.url}", "exceptionName": None}
        return httpx2.Response(self.answer.status_code, json={"errors": [row]})


async def test_the_password_in_the_address_is_replaced_by_one_in_a_body(app: Starlette) -> None:
    network = Watching(app)
    answers = [await bitbucket(network).apply(CreateAccount({**ANNA, "username": name})) for name in ("anna", "berta")]
    assert [answer.detail for answer in answers] == ["", ""]
    assert len({*network.in_address, *network.in_body}) == 4
    assert all(len(password) > 40 for password in (*network.in_address, *network.in_body))
    assert [world(app).accounts[name].password for name in ("anna", "berta")] == network.in_body
    assert world(app).accounts["anna"].groups == set(), "the default group would take a seat"


@pytest.mark.parametrize("status", [None, 400, 401, 403, 409, 500])
async def test_no_password_is_in_a_log_an_error_or_an_answer(
    app: Starlette, status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    network = Watching(app, httpx2.Response(status) if status else None)
    target = bitbucket(network)
    with structlog.testing.capture_logs() as lines:
        try:
            said = repr(await target.apply(CreateAccount(ANNA)))
        except TargetError as problem:
            said = f"{problem} {problem!r} {problem.args}"
    assert network.in_address
    assert [line["event"] for line in lines].count("request") == len(network.calls)
    for password in (*network.in_address, *network.in_body):
        assert password not in f"{said} {lines} {caplog.text} {target!r} {world(app).journal}"


async def test_a_password_that_cannot_be_replaced_is_told(app: Starlette) -> None:
    await fault(app, "status", path=f"{USERS}/credentials", status=503)
    network = Watching(app)
    answer = await bitbucket(network).apply(CreateAccount(ANNA))
    assert (answer.outcome, answer.account) == (Outcome.APPLIED, handle(app, "anna"))
    assert "could not be replaced" in answer.detail
    assert not any(password in answer.detail for password in (*network.in_address, *network.in_body))


async def test_a_create_that_cannot_be_read_is_unknown(app: Starlette) -> None:
    await fault(app, "status", method="GET", path=USERS, status=503)
    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        await bitbucket(Recorder(app)).apply(CreateAccount(ANNA))
    assert "anna" in world(app).accounts


async def test_an_account_needs_all_three_fields(app: Starlette) -> None:
    network = Recorder(app)
    for field in ("email", "display_name"):
        with pytest.raises(Rejected, match=field):
            await bitbucket(network).apply(CreateAccount({k: v for k, v in ANNA.items() if k != field}))
    assert network.calls == []


async def test_a_leaver_loses_groups_permissions_tokens_and_keys_and_frees_the_seat() -> None:
    app = build(seats=9)
    state, target, backup = world(app), bitbucket(Recorder(app)), handle(app, "svc-backup")
    account = state.accounts["svc-backup"]
    for kind in ("token", "token", "ssh", "gpg"):
        state.keep(kind, account, "laptop", f"ssh-ed25519 {kind}")
    (before, _) = await read(target, ByName("svc-backup"))
    revoked = await target.apply(RevokePermissions(backup))
    assert (revoked.outcome, revoked.shown) == (Outcome.APPLIED, {"permissions": None})
    tokens = await target.apply(RevokeTokens(backup))
    assert (tokens.outcome, tokens.shown) == (Outcome.APPLIED, {"tokens": None})
    assert tokens.detail == "2 access tokens, 1 SSH keys, 1 GPG keys"
    assert (await target.apply(LeaveGroups(backup, tuple(before.groups)))).outcome is Outcome.APPLIED
    (after, _) = await read(target, ByName("svc-backup"))
    assert (after.permissions, after.groups, after.active) == (frozenset(), frozenset(), True)
    assert state.document()["keys"] == {"ssh": [], "gpg": [], "token": []}


async def test_permissions_are_called_gone_when_they_are_seen_to_be(app: Starlette) -> None:
    backup, permissions = handle(app, "svc-backup"), f"/bitbucket{API}/admin/permissions/users"
    await fault(app, "status", method="GET", path=permissions, status=503, nth=[2, 3, 4])
    answer = await bitbucket(Recorder(app)).apply(RevokePermissions(backup))
    assert (answer.outcome, answer.shown) == (Outcome.APPLIED, {})
    assert "could not be read again" in answer.detail
    answer = await bitbucket(Recorder(app)).apply(RevokePermissions(backup))
    assert (answer.outcome, answer.shown) == (Outcome.ALREADY, {"permissions": None})
    world(app).grants.users[int(backup.key)] = "ADMIN"

    class Deaf(Recorder):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(204) if request.method == "DELETE" else await super().handle_async_request(request)

    with pytest.raises(OutcomeUnknown, match="still shows ADMIN"):
        await bitbucket(Deaf(app)).apply(RevokePermissions(backup))


async def test_nobody_takes_from_somebody_higher(app: Starlette) -> None:
    state = world(app)
    for name, level in (("jroy", "ADMIN"), ("mwolf", "SYS_ADMIN")):
        state.grants.users[state.accounts[name].id] = level
    state.accounts["jroy"].password = "a-long-password"
    target = bitbucket(Recorder(app), "jroy", "a-long-password")
    with pytest.raises(Rejected, match="does not take SYS_ADMIN"):
        await target.apply(RevokePermissions(handle(app, "mwolf")))
    with pytest.raises(Forbidden):
        await target.apply(DeleteAccount(handle(app, "mwolf")))
    for change in (DeleteAccount(handle(app, "jroy")), RevokePermissions(handle(app, "jroy"))):
        with pytest.raises(Rejected):
            await target.apply(change)
    with pytest.raises(Rejected):
        await bitbucket(Recorder(app)).apply(DeleteGroup("bitbucket-administrators"))


async def test_what_cannot_be_listed_is_told_and_nothing_is_claimed_of_the_whole(app: Starlette) -> None:
    state, jroy = world(app), handle(app, "jroy")
    for kind in ("token", "ssh"):
        state.keep(kind, state.accounts["jroy"], "laptop", "ssh-ed25519 AAAA")
    await fault(app, "forbidden", method="GET", path=TOKENS)
    answer = await bitbucket(Recorder(app)).apply(RevokeTokens(jroy))
    assert (answer.outcome, answer.shown) == (Outcome.APPLIED, {})
    assert answer.detail.startswith("1 SSH keys; access tokens cannot be listed (")
    assert state.document()["keys"] == {"ssh": [], "gpg": [], "token": ["jroy"]}
    await fault(app, "forbidden", method="GET", path="/bitbucket/rest/ssh")
    await fault(app, "forbidden", method="GET", path="/bitbucket/rest/gpg")
    with pytest.raises(Forbidden, match="GPG keys cannot be listed"):
        await bitbucket(Recorder(app)).apply(RevokeTokens(jroy))


async def test_our_own_keys_are_not_taken_for_somebody_s(app: Starlette) -> None:
    class Ignoring(Recorder):
        """A server that knows another name of the parameter, and so means whoever calls."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if "/keys" in request.url.path:
                params = {name: value for name, value in request.url.params.items() if "user" not in name.lower()}
                request = httpx2.Request(request.method, request.url.copy_with(params=params), headers=request.headers)
            return await super().handle_async_request(request)

    state = world(app)
    state.keep("ssh", state.accounts["admin"], "ours", "ssh-ed25519 OURS")
    answer = await bitbucket(Ignoring(app)).apply(RevokeTokens(handle(app, "jroy")))
    assert (answer.outcome, answer.shown) == (Outcome.ALREADY, {})
    assert "those of the account that we sign in with" in answer.detail
    assert state.document()["keys"]["ssh"] == ["admin"]


async def test_keys_that_fail_half_way_are_unknown_and_then_finished(app: Starlette) -> None:
    state, jroy = world(app), handle(app, "jroy")
    for number in range(3):
        state.keep("ssh", state.accounts["jroy"], "laptop", f"ssh-ed25519 {number}")
    await fault(app, "status", method="DELETE", path=SSH, status=503, nth=[2])
    with pytest.raises(OutcomeUnknown, match="in part"):
        await bitbucket(Recorder(app)).apply(RevokeTokens(jroy))
    assert (await bitbucket(Recorder(app)).apply(RevokeTokens(jroy))).detail == "2 SSH keys"
    assert (await bitbucket(Recorder(app)).apply(RevokeTokens(jroy))).outcome is Outcome.ALREADY


async def test_erasing_deletes_first_and_goes_on_where_it_stopped(app: Starlette) -> None:
    state, mwolf = world(app), handle(app, "mwolf")
    await fault(app, "status", method="POST", path=f"{USERS}/erasure", status=503, nth=[1])
    with pytest.raises(OutcomeUnknown, match="deleted and not erased"):
        await bitbucket(Recorder(app)).apply(AnonymizeAccount(mwolf))
    assert list(state.deleted) == ["mwolf"]
    answers = [await bitbucket(Recorder(app)).apply(AnonymizeAccount(mwolf)) for _ in range(2)]
    assert [answer.outcome for answer in answers] == [Outcome.APPLIED, Outcome.ALREADY]
    assert all(answer.shown == {"person": None} for answer in answers)
    assert (state.deleted, len(state.erased)) == ({}, 1)


async def test_nobody_who_bears_the_name_now_is_erased(app: Starlette) -> None:
    state, mwolf = world(app), handle(app, "mwolf")
    state.remove(state.accounts["mwolf"])
    state.rename(state.accounts["jroy"], "mwolf")
    with pytest.raises(Conflict, match="somebody else's name"):
        await bitbucket(Recorder(app)).apply(AnonymizeAccount(mwolf))
    assert "mwolf" in state.accounts


async def test_an_account_of_a_directory_outside_is_not_written(app: Starlette) -> None:
    skim = handle(app, "skim")
    for change in (DeleteAccount(skim), AnonymizeAccount(skim), LeaveGroups(skim, ("helpdesk",))):
        with pytest.raises(Forbidden):
            await bitbucket(Recorder(app)).apply(change)
    assert (await bitbucket(Recorder(app)).apply(RevokeTokens(skim))).outcome is Outcome.ALREADY


async def test_a_group_that_cannot_be_left_keeps_nobody_in_the_others(app: Starlette) -> None:
    state = world(app)
    state.grants.users[state.accounts["jroy"].id] = "ADMIN"
    state.accounts["jroy"].password = "a-long-password"
    mwolf = state.accounts["mwolf"]
    for group in ("bitbucket-administrators", "helpdesk"):
        state.join(mwolf, state.groups[group])
    target = bitbucket(Recorder(app), "jroy", "a-long-password")
    with pytest.raises(OutcomeUnknown, match="in part"):
        await target.apply(LeaveGroups(handle(app, "mwolf"), ("bitbucket-administrators", "helpdesk", "stash-users")))
    assert mwolf.groups == {"bitbucket-administrators"}
    with pytest.raises(Forbidden):
        await target.apply(LeaveGroups(handle(app, "mwolf"), ("bitbucket-administrators",)))

"""What is Atlassian Cloud's own: its two keys, its two ways to shut an account, and what it says in its own forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pydantic
import pytest
import stamina
from starlette.applications import Starlette

from tenure.model.capability import Mode
from tenure.model.change import (
    CreateAccount,
    DeactivateAccount,
    DeleteAccount,
    Handle,
    Outcome,
    ReactivateAccount,
    UpdateAccount,
)
from tenure.model.error import Conflict, Forbidden, NotFound, OutcomeUnknown, Rejected
from tenure.model.secret import Secret
from tenure.model.seen import ByKey, ByName, NotThere
from tenure.targets.atlassian.cloud import GONE_FOR_GOOD, CloudSettings, CloudTarget
from tenure.wire import PacedLimiter
from tenure_sandbox.atlassian.cloud import DIRECTORY, ORGANISATION, Cloud
from tenure_sandbox.serve import build

from .clock import JumpingClock
from .recorder import Recorder

SCIM = f"/cloud/scim/directory/{DIRECTORY}"
ANNA = {"username": "anna", "email": "anna@example.com", "display_name": "Anna Abel"}
FILTER_ALONE = {"filter", "startIndex", "count"}


@pytest.fixture(autouse=True)
def _quick_retries() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


class World:
    """A directory, and what was asked of it."""

    def __init__(self, bend: Callable[[httpx2.Request, Any], Any] | None = None) -> None:
        self.app: Starlette = build()
        self.queries: list[tuple[str, set[str]]] = []

        def seen(request: httpx2.Request, body: Any) -> Any:
            self.queries.append((request.url.path, set(request.url.params)))
            return bend(request, body) if bend else body

        self.network = Recorder(self.app, seen)

    @property
    def state(self) -> Cloud:
        state: Cloud = self.app.state.world.applications["cloud"]
        return state

    def open(self, manage: str | None = None) -> CloudTarget:
        clock = JumpingClock()
        given = {"manage": {"bearer": Secret(manage)}} if manage else {}
        settings = CloudSettings.model_validate(
            {"url": f"http://app.test{SCIM}/", "auth": {"bearer": Secret("sandbox")}, **given}
        )
        limiter = PacedLimiter(clock, per_second=1000, concurrency=8)
        return CloudTarget(settings, mode=Mode.FULL, limiter=limiter, clock=clock, transport=self.network)

    def handle(self, name: str) -> Handle:
        return Handle(self.state.names[name], name)

    def disabled(self, name: str) -> bool:
        return self.state.accounts[self.state.names[name]].disabled

    @property
    def wrote(self) -> list[str]:
        return [f"{method} {path.rpartition('/')[2]}" for method, path in self.network.calls if method != "GET"]


async def read(target: CloudTarget, what: Any) -> list[Any]:
    return [one async for one in target.read(what)]


def test_the_address_is_that_of_a_directory_and_the_keys_are_hidden() -> None:
    auth = {"bearer": Secret("hunter2hunter2")}
    good = {"url": "https://api.atlassian.com/scim/directory/abc", "auth": auth, "manage": auth}
    assert "hunter2" not in repr(CloudSettings.model_validate(good))
    for wrong in (
        {**good, "url": "https://api.atlassian.com"},
        {**good, "url": "https://api.atlassian.com/scim/directory/"},
        {**good, "auth": {"username": "a", "password": Secret("b")}},
    ):
        with pytest.raises(pydantic.ValidationError):
            CloudSettings.model_validate(wrong)


async def test_a_check_tries_both_keys() -> None:
    world = World()
    health = await world.open().check()
    assert (health.ok, health.server_id, health.version) == (True, DIRECTORY, "Atlassian Cloud")
    assert "no key of the organisation" in health.detail
    assert "disabled and enabled" in (await world.open(ORGANISATION).check()).detail
    wrong = await world.open("another-key-of-somebody").check()
    assert not wrong.ok
    assert wrong.missing
    assert "another-key-of-somebody" not in wrong.detail


async def test_with_the_organisations_key_the_account_is_shut_before_the_directory_says_so() -> None:
    world = World()
    target, jroy = world.open(ORGANISATION), world.handle("jroy")
    answer = await target.apply(DeactivateAccount(jroy))
    assert answer.shown["active"] == "false"
    assert world.disabled("jroy")
    assert world.wrote == ["POST disable", f"PATCH {jroy.key}"]
    assert (await target.apply(DeactivateAccount(jroy))).outcome is Outcome.ALREADY
    await target.apply(ReactivateAccount(jroy))
    assert not world.disabled("jroy")
    assert world.wrote[2:] == ["POST enable", f"PATCH {jroy.key}"]


async def test_without_it_the_directory_alone_is_told() -> None:
    world = World()
    jroy = world.handle("jroy")
    await world.open().apply(DeactivateAccount(jroy))
    assert world.wrote == [f"PATCH {jroy.key}"]
    assert not world.disabled("jroy")


async def test_what_is_done_in_one_place_alone_is_not_called_done() -> None:
    world = World()
    out = httpx2.AsyncClient(transport=httpx2.ASGITransport(world.app), base_url="http://app.test")
    await out.post("/_faults", json=[{"kind": "status", "status": 500, "method": "PATCH"}])
    with pytest.raises(OutcomeUnknown, match="in part"):
        await world.open(ORGANISATION).apply(DeactivateAccount(world.handle("jroy")))
    assert world.disabled("jroy")
    (seen, _) = await read(world.open(), ByKey(world.handle("jroy").key))
    assert seen.active, "so that it is done again"


EXTERNAL = "urn:scim:schemas:extension:atlassian-external:1.0"


def linked_elsewhere(_: httpx2.Request, body: Any) -> Any:
    """The directory links to an account that the organisation does not manage."""
    return {**body, EXTERNAL: {"atlassianAccountId": "557058:nobody"}} if "userName" in body else body


def not_linked(_: httpx2.Request, body: Any) -> Any:
    return {name: value for name, value in body.items() if name != EXTERNAL}


@pytest.mark.parametrize(("bend", "said"), [(linked_elsewhere, "not manage"), (not_linked, "no account is linked")])
async def test_an_account_that_cannot_be_managed_is_shut_in_the_directory_and_that_is_said(
    bend: Any, said: str
) -> None:
    world = World(bend)
    answer = await world.open(ORGANISATION).apply(DeactivateAccount(world.handle("jroy")))
    assert answer.shown["active"] == "false"
    assert said in answer.detail


async def test_deleting_says_what_atlassian_does_then() -> None:
    world = World()
    target, jroy = world.open(), world.handle("jroy")
    account = world.state.accounts[jroy.key]
    answer = await target.apply(DeleteAccount(jroy))
    assert (answer.outcome, answer.detail) == (Outcome.APPLIED, GONE_FOR_GOOD)
    assert account.disabled
    assert isinstance((await read(target, ByKey(jroy.key)))[0], NotThere)
    with pytest.raises(NotFound):
        await target.apply(DeactivateAccount(jroy))
    back = (await target.apply(CreateAccount({**ANNA, "username": "jroy", "email": "jules.roy@example.com"}))).account
    assert back is not None
    assert back.key != jroy.key
    assert world.state.accounts[back.key] is account


async def test_only_what_the_vendor_documents_is_asked() -> None:
    world = World()
    target = world.open()
    await target.check()
    await read(target, ByName("mwolf"))
    await read(target, ByName("nobody"))
    await target.apply(CreateAccount(ANNA))
    assert all(asked <= FILTER_ALONE for path, asked in world.queries if path.endswith(("/Users", "/Groups")))
    assert not any(asked for path, asked in world.queries if not path.endswith(("/Users", "/Groups")))


async def test_an_address_outside_the_verified_domains_is_refused_and_somebody_elses_is_a_conflict() -> None:
    target = World().open()
    with pytest.raises(Rejected, match="verified"):
        await target.apply(CreateAccount({**ANNA, "email": "anna@elsewhere.test"}))
    with pytest.raises(Conflict):
        await target.apply(CreateAccount({**ANNA, "email": "maria.wolf@example.com"}))


async def test_the_primary_address_cannot_be_cleared() -> None:
    world = World()
    target = world.open()
    await target.check()
    assert not target.capabilities.fields["email"].clearable
    with pytest.raises(Rejected):
        await target.apply(UpdateAccount(world.handle("mwolf"), {"email": None}))


async def test_a_key_that_may_not_is_told_in_atlassians_words() -> None:
    def no(request: httpx2.Request, body: Any) -> Any:
        return httpx2.Response(403, json={"error": "not you", "traceId": "t1"}) if request.method == "POST" else body

    with pytest.raises(Forbidden, match=r"not you \(trace t1\)"):
        await World(no).open().apply(CreateAccount(ANNA))

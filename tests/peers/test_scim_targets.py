"""The SCIM connector lives a person's life at PyPI's scim2-server, at npm's SCIMMY, and at our own door."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tenure.model.capability import Mode
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
    UpdateAccount,
)
from tenure.model.clock import Clock
from tenure.model.error import Conflict, NotFound, Rejected
from tenure.model.secret import Secret
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
from tenure.targets.scim.target import ScimSettings, ScimTarget
from tenure.wire import Bearer, PacedLimiter

from .conftest import HERE, PEERS, TOKEN, free_port, running

pytestmark = pytest.mark.peers
PEOPLE = 130
PROPERTIES = ("properties.department", "properties.title")


@dataclass(frozen=True)
class Served:
    """A server, and what it says that it can do."""

    address: str
    can: str


@contextmanager
def scim2_server(folder: Path, *, patch: bool = True) -> Iterator[Served]:
    """PyPI's scim2-server, which can be told to have no PATCH and no versions."""
    port = free_port()
    command = [str(PEERS / "scim2-server" / "bin" / "scim2-server"), "--bearer-token", TOKEN, "--port", str(port)]
    can = "with PATCH, filters, versions, groups, active, without cursors"
    if not patch:
        command += ["--service-provider-config", str(_without_patch(folder))]
        can = "with filters, groups, active, without PATCH, versions, cursors"
    with running(command, folder / "scim2-server.log", {"PYTHONUNBUFFERED": "1"}) as address:
        yield Served(f"{address}/v2", can)


def _without_patch(folder: Path) -> Path:
    no = {"supported": False}
    told = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": no,
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": 100},
        "changePassword": no,
        "sort": no,
        "etag": no,
        "authenticationSchemes": [],
    }
    folder.joinpath("config.json").write_text(json.dumps(told), encoding="utf-8")
    return folder / "config.json"


@contextmanager
def scimmy(folder: Path) -> Iterator[Served]:
    modules = PEERS / "node" / "node_modules"
    assert (modules / "scimmy").exists(), f"there is no {modules}/scimmy: run make test-peers, which installs the peers"
    command = ["node", str(HERE / "scimmy_peer.mjs"), str(modules), TOKEN]
    with running(command, folder / "scimmy.log") as address:
        yield Served(f"{address}/scim", "with PATCH, filters, groups, active, without versions, cursors")


@pytest.fixture(params=["scim2-server", "scim2-server by PUT", "scimmy", "tenure"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    if request.param == "tenure":
        can = "with PATCH, filters, versions, cursors, groups, active"
        yield Served(f"{request.getfixturevalue('house')}/scim/target/v2", can)
        return
    by_put = request.param.endswith("PUT")
    with scimmy(tmp_path) if request.param == "scimmy" else scim2_server(tmp_path, patch=not by_put) as one:
        yield one


class WallClock:
    """The time of this machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@asynccontextmanager
async def opened(served: Served) -> AsyncIterator[ScimTarget]:
    clock: Clock = WallClock()
    settings = ScimSettings(url=served.address, auth=Bearer(bearer=Secret(TOKEN)))
    limiter = PacedLimiter(clock, per_second=2000, concurrency=8)
    target = ScimTarget(settings, mode=Mode.FULL, limiter=limiter, clock=clock)
    try:
        yield target
    finally:
        await target.aclose()


async def read(target: ScimTarget, what: Any) -> list[Any]:
    return [one async for one in target.read(what)]


async def account(target: ScimTarget, what: Any) -> AccountSeen | None:
    first, end = await read(target, what)
    assert isinstance(end, ReadComplete)
    if isinstance(first, NotThere):
        return None
    assert isinstance(first, AccountSeen)
    return first


def person(number: int) -> CreateAccount:
    """Somebody with a name, an address and a department."""
    name = f"worker{number:03}@example.org"
    fields = {"username": name, "email": name, "display_name": f"Worker {number}", "properties.department": "Ops"}
    return CreateAccount({**fields, "first_name": "Wo", "last_name": "Rker", "properties.title": None})


async def test_a_person_and_a_group_live_their_lives(served: Served) -> None:
    async with opened(served) as target:
        health = await target.check()
        assert health.ok, health.detail
        assert health.detail == f"SCIM 2.0 {served.can}"
        assert target.capabilities.operations >= {ChangeKind.DEACTIVATE_ACCOUNT, ChangeKind.DELETE_GROUP}
        assert await account(target, ByName("nobody@example.org")) is None
        made = await target.apply(person(1))
        assert made.account is not None
        anna = made.account
        with pytest.raises(Conflict):
            await target.apply(CreateAccount({**person(1).fields, "username": "WORKER001@example.org"}))
        assert await account(target, ByName("worker00@example.org")) is None
        await changes(target, anna)
        await belongs(target, anna, looks="with PATCH" not in served.can)
        gone = DeleteAccount(anna)
        assert [(await target.apply(gone)).outcome for _ in range(2)] == [Outcome.APPLIED, Outcome.ALREADY]
        assert await account(target, ByKey(anna.key)) is None
        with pytest.raises((NotFound, Rejected)):
            await target.apply(DeactivateAccount(anna))


async def changes(target: ScimTarget, anna: Handle) -> None:
    """Every field, twice; a rename; shut and opened again."""
    fields = {"email": "new@example.org", "display_name": "O'Brien, #1 😀", "last_name": "Öz"}
    fields |= {"properties.department": "R&D", "properties.title": "Lead"}
    outcomes = [(await target.apply(UpdateAccount(anna, fields))).outcome for _ in range(2)]
    assert outcomes == [Outcome.APPLIED, Outcome.ALREADY]
    seen = await account(target, ByKey(anna.key, PROPERTIES))
    assert seen is not None
    assert seen.fields == {**fields, "username": anna.name, "first_name": "Wo"}
    await target.apply(UpdateAccount(anna, {"properties.title": None, "email": None, "properties.department": None}))
    seen = await account(target, ByName(anna.name.upper(), PROPERTIES))
    assert seen is not None
    assert (seen.fields["email"], seen.fields["properties.title"], seen.fields["properties.department"]) == (None,) * 3
    assert (seen.fields["last_name"], seen.active, seen.key) == ("Öz", True, anna.key)
    renamed = await target.apply(RenameAccount(anna, "anna.bell@example.org"))
    assert renamed.account == Handle(anna.key, "anna.bell@example.org")
    assert await account(target, ByName(anna.name)) is None
    for change, active in ((DeactivateAccount(anna), False), (ReactivateAccount(anna), True)):
        answers = [await target.apply(change) for _ in range(2)]
        assert [answer.outcome for answer in answers] == [Outcome.APPLIED, Outcome.ALREADY]
        seen = await account(target, ByKey(anna.key))
        assert seen is not None
        assert seen.active is active


async def belongs(target: ScimTarget, anna: Handle, *, looks: bool) -> None:
    """Two people in a group; one goes, the other stays. `looks`: whoever joins is looked for first."""
    ben = (await target.apply(person(2))).account
    assert ben is not None
    with pytest.raises(NotFound):
        await target.apply(JoinGroups(anna, ("Team / Ä",)))
    await target.apply(CreateGroup("Team / Ä"))
    with pytest.raises(Conflict):
        await target.apply(CreateGroup("TEAM / Ä"))
    await target.apply(CreateGroup("Others"))
    if target.capabilities.accounts_a_call > 1:
        for _ in range(2):
            assert set(await target.join("Others", [anna, ben])) <= {anna.key, ben.key}
        *members, _ = await read(target, MembersOf("Others"))
        assert {one.key for one in members if isinstance(one, MemberSeen)} == {anna.key, ben.key}
        for one in (anna, ben):
            await target.apply(LeaveGroups(one, ("Others",)))
    for one in (anna, ben):
        outcomes = [(await target.apply(JoinGroups(one, ("Team / Ä",)))).outcome for _ in range(2)]
        assert outcomes == [Outcome.APPLIED, Outcome.ALREADY if looks else Outcome.APPLIED]
    seen = await account(target, ByKey(anna.key))
    assert seen is not None
    assert seen.groups == {"Team / Ä"}
    outcomes = [(await target.apply(LeaveGroups(anna, ("team / ä",)))).outcome for _ in range(2)]
    assert outcomes == [Outcome.APPLIED, Outcome.ALREADY]
    *members, end = await read(target, MembersOf("Team / Ä"))
    assert members == [MemberSeen("Team / Ä", ben.key, ben.name)]
    assert isinstance(end, ReadComplete)
    seen = await account(target, ByKey(anna.key))
    assert seen is not None
    assert seen.groups == frozenset()
    *groups, end = await read(target, Groups())
    assert sorted(group.name for group in groups if isinstance(group, GroupSeen)) == ["Others", "Team / Ä"]
    assert isinstance(end, ReadComplete)
    for name in ("Team / Ä", "Others"):
        outcomes = [(await target.apply(DeleteGroup(name))).outcome for _ in range(2)]
        assert outcomes == [Outcome.APPLIED, Outcome.ALREADY]
        assert isinstance((await read(target, GroupByName(name)))[0], NotThere)
    await target.apply(DeleteAccount(ben))


async def test_everybody_is_listed_once(served: Served) -> None:
    async with opened(served) as target:
        before = {one.name for one in await read(target, Accounts()) if isinstance(one, AccountSeen)}
        made = [await target.apply(person(number)) for number in range(100, 100 + PEOPLE)]
        *seen, end = await read(target, Accounts())
        assert isinstance(end, ReadComplete)
        assert end.count == len(seen) == len(before) + PEOPLE
        assert {one.name for one in seen} == before | {f"worker{n:03}@example.org" for n in range(100, 100 + PEOPLE)}
        assert {answer.account.key for answer in made if answer.account} <= {one.key for one in seen}

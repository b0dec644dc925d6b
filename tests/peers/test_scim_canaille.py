"""The SCIM connector at Canaille's own server: no count, no filters, names that stay, and no group without a member."""

from __future__ import annotations

from pathlib import Path

import pytest

from tenure.model.capability import Mode
from tenure.model.change import (
    ChangeKind,
    CreateAccount,
    CreateGroup,
    DeactivateAccount,
    DeleteAccount,
    DeleteGroup,
    JoinGroups,
    Outcome,
    ReactivateAccount,
    UpdateAccount,
)
from tenure.model.error import Rejected
from tenure.model.secret import Secret
from tenure.model.seen import Accounts, AccountSeen, ByKey, ByName, GroupByName, NotThere
from tenure.targets.scim.target import ScimSettings, ScimTarget
from tenure.wire import Bearer, PacedLimiter

from .test_canaille import GROUP, HR, canaille
from .test_scim_targets import WallClock, account, read

pytestmark = pytest.mark.peers
PEOPLE = 60
CAN = "SCIM 2.0 with PATCH, versions, groups, active, without filters, cursors, counts"


def person(number: int) -> CreateAccount:
    """Somebody with all that Canaille requires."""
    name = f"worker{number:03}"
    fields = {"username": name, "email": f"{name}@example.org", "display_name": f"Worker {number}"}
    fields |= {"first_name": "Wo", "last_name": "Rker", "properties.name.formatted": f"Wo {number}"}
    return CreateAccount(fields)


async def test_people_live_their_lives_in_canaille_and_are_put_into_its_groups(tmp_path: Path) -> None:
    with canaille(tmp_path, "https://nobody.example") as hr:
        clock = WallClock()
        settings = ScimSettings(url=str(hr.base_url).rstrip("/"), auth=Bearer(bearer=Secret(HR)))
        limiter = PacedLimiter(clock, per_second=2000, concurrency=8)
        target = ScimTarget(settings, mode=Mode.FULL, limiter=limiter, clock=clock)
        assert (await target.check()).detail == CAN
        assert ChangeKind.RENAME_ACCOUNT not in target.capabilities.operations, "its schema says that names stay"
        made = [(await target.apply(person(number))).account for number in range(PEOPLE)]
        ada, ben = made[0], made[1]
        assert ada is not None
        assert ben is not None
        *seen, end = await read(target, Accounts())
        assert (end.count, {one.name for one in seen}) == (PEOPLE, {f"worker{n:03}" for n in range(PEOPLE)})
        assert await account(target, ByName("nobody")) is None
        await target.apply(UpdateAccount(ada, {"display_name": "Ada Berg", "email": "b@example.org"}))
        for change, active in ((DeactivateAccount(ada), False), (ReactivateAccount(ada), True)):
            assert (await target.apply(change)).outcome is Outcome.APPLIED
            found = await account(target, ByKey(ada.key))
            assert isinstance(found, AccountSeen)
            assert (found.active, found.fields["display_name"], found.fields["email"]) == (
                active, "Ada Berg", "b@example.org"
            )  # fmt: skip
        with pytest.raises(Rejected, match="members"):
            await target.apply(CreateGroup("empty"))
        team = {
            "schemas": [GROUP],
            "displayName": "readers",
            "members": [{"value": ben.key, "$ref": str(hr.base_url) + f"Users/{ben.key}"}],
        }
        assert hr.post("/Groups", json=team).status_code == 201
        assert (await target.apply(JoinGroups(ada, ("readers",)))).outcome is Outcome.APPLIED
        there = hr.get("/Groups").json()["Resources"][0]["members"]
        assert {one["value"] for one in there} == {"worker000", "worker001"}, "by name, and not by id as RFC 7643 says"
        await target.apply(DeleteGroup("readers"))
        assert isinstance((await read(target, GroupByName("readers")))[0], NotThere)
        assert [(await target.apply(DeleteAccount(ada))).outcome for _ in range(2)] == [
            Outcome.APPLIED, Outcome.ALREADY
        ]  # fmt: skip
        await target.aclose()

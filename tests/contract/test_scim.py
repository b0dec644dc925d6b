"""The contract of a target, held by the SCIM connector against servers that can more and less."""

from __future__ import annotations

from typing import ClassVar

from starlette.applications import Starlette

from tenure.model.change import ChangeKind
from tenure_sandbox.serve import build

from .suite_base import SETTLED
from .suite_joins import Joined
from .target_suite import TargetContract

USER, GROUP = "/scim/Users/[^/]+", "/scim/Groups/[^/]+"


class ScimContract(TargetContract):
    kind = "scim"
    version = "2.0"
    listing = "/scim/Users"
    writes: ClassVar = {
        ChangeKind.CREATE_ACCOUNT: ("POST", "/scim/Users"),
        ChangeKind.UPDATE_ACCOUNT: ("PATCH", USER),
        ChangeKind.RENAME_ACCOUNT: ("PATCH", USER),
        ChangeKind.DEACTIVATE_ACCOUNT: ("PATCH", USER),
        ChangeKind.REACTIVATE_ACCOUNT: ("PATCH", USER),
        ChangeKind.JOIN_GROUPS: ("PATCH", GROUP),
        ChangeKind.LEAVE_GROUPS: ("PATCH", GROUP),
        ChangeKind.CREATE_GROUP: ("POST", "/scim/Groups"),
        ChangeKind.DELETE_ACCOUNT: ("DELETE", USER),
        ChangeKind.DELETE_GROUP: ("DELETE", GROUP),
    }
    silent = frozenset(
        {ChangeKind.JOIN_GROUPS, ChangeKind.LEAVE_GROUPS, ChangeKind.DELETE_ACCOUNT, ChangeKind.DELETE_GROUP}
    )
    settled = SETTLED - {ChangeKind.JOIN_GROUPS} | {
        ChangeKind.UPDATE_ACCOUNT,
        ChangeKind.RENAME_ACCOUNT,
        ChangeKind.DEACTIVATE_ACCOUNT,
        ChangeKind.REACTIVATE_ACCOUNT,
    }
    refused = ({"properties.groups.value": "x"}, {"properties.meta": "x"})  # the server's own
    gives: ClassVar = frozenset()  # SCIM does not tell what a group opens
    immune = frozenset({"captcha"})
    has_id = False
    extra = "properties.department"
    beside = "properties.title"
    pages_members = False  # they come with the group

    def app(self, users: int = 0) -> Starlette:
        return build(users=users, scim_version=self.version)


class TestScim(Joined, ScimContract):
    """PATCH, filters and versions."""

    joins = ("PATCH", GROUP)


class TestScimByPut(ScimContract):
    """No PATCH, no versions, and a person does not show their groups."""

    version = "2.0-put"
    writes: ClassVar = {
        kind: ("PUT" if method == "PATCH" else method, path) for kind, (method, path) in ScimContract.writes.items()
    }
    silent = frozenset({ChangeKind.DELETE_ACCOUNT, ChangeKind.DELETE_GROUP})
    settled = ScimContract.settled | {ChangeKind.JOIN_GROUPS}

    async def test_everybody_joins_alone(self) -> None:
        target = self.place().open()
        await target.check()
        assert target.capabilities.accounts_a_call == 1


class TestScimWithoutFilters(ScimContract):
    """Pages of 100, and a filter shows everybody."""

    version = "2.0-plain"


class TestScimByCursor(Joined, ScimContract):
    joins = ("PATCH", GROUP)
    version = "2.0-cursor"

"""The contract of a target, held by the Crowd connector against three major versions of Crowd."""

from __future__ import annotations

from typing import ClassVar

from starlette.applications import Starlette

from tenure.model.change import ChangeKind
from tenure_sandbox.serve import build

from .suite_base import SETTLED
from .target_suite import TargetContract

API = "/crowd/rest/usermanagement/1"


class CrowdContract(TargetContract):
    kind = "crowd"
    version = "6.3.0"
    listing = f"{API}/search"
    writes: ClassVar = {
        ChangeKind.CREATE_ACCOUNT: ("POST", f"{API}/user"),
        ChangeKind.UPDATE_ACCOUNT: ("PUT", f"{API}/user"),
        ChangeKind.RENAME_ACCOUNT: ("POST", f"{API}/user/rename"),
        ChangeKind.DEACTIVATE_ACCOUNT: ("PUT", f"{API}/user"),
        ChangeKind.REACTIVATE_ACCOUNT: ("PUT", f"{API}/user"),
        ChangeKind.JOIN_GROUPS: ("POST", f"{API}/user/group/direct"),
        ChangeKind.LEAVE_GROUPS: ("DELETE", f"{API}/user/group/direct"),
        ChangeKind.CREATE_GROUP: ("POST", f"{API}/group"),
        ChangeKind.END_SESSIONS: ("DELETE", f"{API}/session"),
        ChangeKind.DELETE_ACCOUNT: ("DELETE", f"{API}/user"),
        ChangeKind.DELETE_GROUP: ("DELETE", f"{API}/group"),
    }
    silent = frozenset(writes) - {ChangeKind.CREATE_ACCOUNT, ChangeKind.RENAME_ACCOUNT}
    settled = SETTLED | {ChangeKind.RENAME_ACCOUNT}
    beside_directory = frozenset({ChangeKind.END_SESSIONS})
    refused = ({"display_name": None}, {"first_name": ""})  # it takes any text for an address, and none
    gives = frozenset({"administration"})  # which groups open other applications, they alone know
    immune = frozenset({"captcha"})
    has_id = False

    def app(self, users: int = 0) -> Starlette:
        return build(users=users, crowd_version=self.version)


class TestCrowd6(CrowdContract):
    """The newest."""


class TestCrowd5(CrowdContract):
    version = "5.1.0"


class TestCrowd4(CrowdContract):
    version = "4.4.0"

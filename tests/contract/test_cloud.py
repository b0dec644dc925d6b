"""The contract of a target, held by the Atlassian Cloud connector, with and without a key of the organisation."""

from __future__ import annotations

from typing import Any, ClassVar

from starlette.applications import Starlette

from tenure.model.change import ChangeKind
from tenure.model.secret import Secret
from tenure_sandbox.atlassian.cloud import DIRECTORY, ORGANISATION
from tenure_sandbox.serve import build

from .place import Place
from .suite_base import SETTLED
from .suite_joins import Joined
from .target_suite import TargetContract

SCIM = f"/cloud/scim/directory/{DIRECTORY}"
USER, GROUP = f"{SCIM}/Users/[^/]+", f"{SCIM}/Groups/[^/]+"
LIFECYCLE = "/cloud/users/[^/]+/manage/lifecycle"
RIGHT = "admin"  # what the suite takes for the right password


class CloudContract(TargetContract):
    kind = "atlassian-cloud"
    listing = f"{SCIM}/Users"
    writes: ClassVar = {
        ChangeKind.CREATE_ACCOUNT: ("POST", f"{SCIM}/Users"),
        ChangeKind.UPDATE_ACCOUNT: ("PATCH", USER),
        ChangeKind.RENAME_ACCOUNT: ("PATCH", USER),
        ChangeKind.DEACTIVATE_ACCOUNT: ("PATCH", USER),
        ChangeKind.REACTIVATE_ACCOUNT: ("PATCH", USER),
        ChangeKind.JOIN_GROUPS: ("PATCH", GROUP),
        ChangeKind.LEAVE_GROUPS: ("PATCH", GROUP),
        ChangeKind.CREATE_GROUP: ("POST", f"{SCIM}/Groups"),
        ChangeKind.DELETE_ACCOUNT: ("DELETE", USER),
        ChangeKind.DELETE_GROUP: ("DELETE", GROUP),
    }
    silent = frozenset({ChangeKind.DELETE_ACCOUNT, ChangeKind.DELETE_GROUP})
    settled = SETTLED - {ChangeKind.JOIN_GROUPS} | {
        ChangeKind.UPDATE_ACCOUNT,
        ChangeKind.RENAME_ACCOUNT,
        ChangeKind.DEACTIVATE_ACCOUNT,
        ChangeKind.REACTIVATE_ACCOUNT,
    }
    gives: ClassVar = frozenset()
    immune = frozenset({"captcha"})
    signed_in = None
    extra = "properties.department"
    beside = "properties.title"
    pages_members = False
    manage: ClassVar[dict[str, Any]] = {}

    def app(self, users: int = 0) -> Starlette:
        return build(users=users)

    def place(self, users: int = 0) -> Place:
        return Place(self.app(users), self.kind, "cloud", self.settings)

    def settings(self, url: str, password: str) -> dict[str, Any]:
        key = "sandbox" if password == RIGHT else password
        return {"url": f"{url}/scim/directory/{DIRECTORY}", "auth": {"bearer": Secret(key)}, **self.manage}


class TestCloud(Joined, CloudContract):
    """The directory alone."""

    joins = ("PATCH", GROUP)


class TestCloudManaged(CloudContract):
    """Accounts are disabled and enabled too."""

    manage: ClassVar = {"manage": {"bearer": Secret(ORGANISATION)}}
    writes: ClassVar = {
        **CloudContract.writes,
        ChangeKind.DEACTIVATE_ACCOUNT: ("POST", f"{LIFECYCLE}/disable"),
        ChangeKind.REACTIVATE_ACCOUNT: ("POST", f"{LIFECYCLE}/enable"),
    }
    silent = CloudContract.silent | {ChangeKind.DEACTIVATE_ACCOUNT, ChangeKind.REACTIVATE_ACCOUNT}

"""The contract of a target, held by the Confluence connector against versions that can do more and less."""

from __future__ import annotations

from typing import ClassVar

from starlette.applications import Starlette

from tenure.model.change import ChangeKind
from tenure_sandbox.serve import build

from .suite_base import SuiteBase
from .target_suite import ReadOnlyContract, TargetContract

API = "/confluence/rest/api"
ONE = "[^/]+"
WRITES = {
    ChangeKind.CREATE_ACCOUNT: ("POST", f"{API}/admin/user"),
    ChangeKind.UPDATE_ACCOUNT: ("PUT", f"{API}/admin/user/{ONE}"),
    ChangeKind.DEACTIVATE_ACCOUNT: ("PUT", f"{API}/admin/user/{ONE}/disable"),
    ChangeKind.REACTIVATE_ACCOUNT: ("PUT", f"{API}/admin/user/{ONE}/enable"),
    ChangeKind.JOIN_GROUPS: ("PUT", f"{API}/user/{ONE}/group/{ONE}"),
    ChangeKind.LEAVE_GROUPS: ("DELETE", f"{API}/user/{ONE}/group/{ONE}"),
    ChangeKind.CREATE_GROUP: ("POST", f"{API}/admin/group"),
    ChangeKind.REVOKE_PERMISSIONS: ("PUT", f"{API}/permissions/user/{ONE}/revoke"),
    ChangeKind.DELETE_ACCOUNT: ("DELETE", f"{API}/admin/user/{ONE}"),
    ChangeKind.DELETE_GROUP: ("DELETE", f"{API}/admin/group/{ONE}"),
}
WITHOUT_REVOKING = {kind: call for kind, call in WRITES.items() if kind is not ChangeKind.REVOKE_PERMISSIONS}
WITHOUT_UPDATES = {kind: call for kind, call in WITHOUT_REVOKING.items() if kind is not ChangeKind.UPDATE_ACCOUNT}
TELLING = frozenset({ChangeKind.CREATE_ACCOUNT, ChangeKind.CREATE_GROUP, ChangeKind.DELETE_ACCOUNT})


class Confluence(SuiteBase):
    kind = "confluence"
    version = "10.0.3"
    listing = f"{API}/user/list"
    writes: ClassVar = WRITES
    silent = frozenset(WRITES) - TELLING
    beside_directory = frozenset({ChangeKind.REVOKE_PERMISSIONS})
    holder = "oivanov"
    later = frozenset({ChangeKind.DELETE_ACCOUNT})
    # Joining and leaving are idempotent at Confluence itself, and answer the same twice.
    settled = frozenset({ChangeKind.REVOKE_PERMISSIONS, ChangeKind.DELETE_ACCOUNT, ChangeKind.DELETE_GROUP})
    extra = None
    shows = frozenset({"username", "display_name"})
    tells = frozenset({"email"})
    licensed = "confluence-users"
    given = frozenset({"confluence-users"})

    def app(self, users: int = 0) -> Starlette:
        return build(users=users, confluence_version=self.version)


class TestConfluence10(Confluence, TargetContract):
    """The newest."""


class TestConfluence9(Confluence, TargetContract):
    version = "9.4.0"
    writes: ClassVar = WITHOUT_REVOKING


class TestConfluence9WithoutUpdates(Confluence, TargetContract):
    """The first versions of 9 change neither names nor addresses, and tell no permissions of the whole site."""

    version = "9.2.5"
    writes: ClassVar = WITHOUT_UPDATES


class TestConfluence8(TestConfluence9WithoutUpdates):
    version = "8.5.4"


class TestConfluence7(Confluence, ReadOnlyContract):
    """No operation of REST writes accounts or groups, and none lists them all."""

    version = "7.19.0"
    listing = None
    writes: ClassVar = {}

    def capped(self, accounts: int) -> bool:
        return True

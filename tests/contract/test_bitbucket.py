"""The contract of a target, held by the Bitbucket connector against three major versions of Bitbucket."""

from __future__ import annotations

from typing import ClassVar

from starlette.applications import Starlette

from tenure.model.change import ChangeKind, Handle
from tenure_sandbox.atlassian.bitbucket import Bitbucket
from tenure_sandbox.serve import build

from .suite_base import SETTLED
from .suite_joins import Joined
from .target_suite import TargetContract

API = "/bitbucket/rest/api/latest/admin"


class BitbucketContract(Joined, TargetContract):
    kind = "bitbucket"
    version = "9.2.0"
    listing = f"{API}/users"
    writes: ClassVar = {
        ChangeKind.CREATE_ACCOUNT: ("POST", f"{API}/users"),
        ChangeKind.UPDATE_ACCOUNT: ("PUT", f"{API}/users"),
        ChangeKind.RENAME_ACCOUNT: ("POST", f"{API}/users/rename"),
        ChangeKind.JOIN_GROUPS: ("POST", f"{API}/users/add-groups"),
        ChangeKind.LEAVE_GROUPS: ("POST", f"{API}/users/remove-group"),
        ChangeKind.CREATE_GROUP: ("POST", f"{API}/groups"),
        ChangeKind.DELETE_GROUP: ("DELETE", f"{API}/groups"),
        ChangeKind.REVOKE_PERMISSIONS: ("DELETE", f"{API}/permissions/users"),
        ChangeKind.REVOKE_TOKENS: ("DELETE", "/bitbucket/rest/access-tokens/latest/users/anna/1"),
        ChangeKind.ANONYMIZE_ACCOUNT: ("DELETE", f"{API}/users"),
        ChangeKind.DELETE_ACCOUNT: ("DELETE", f"{API}/users"),
    }
    silent = frozenset(
        {
            ChangeKind.CREATE_ACCOUNT,
            ChangeKind.JOIN_GROUPS,
            ChangeKind.LEAVE_GROUPS,
            ChangeKind.REVOKE_PERMISSIONS,
            ChangeKind.REVOKE_TOKENS,
        }
    )
    beside_directory = frozenset({ChangeKind.REVOKE_PERMISSIONS, ChangeKind.REVOKE_TOKENS})
    settled = SETTLED - {ChangeKind.JOIN_GROUPS, ChangeKind.LEAVE_GROUPS} | {ChangeKind.RENAME_ACCOUNT}
    extra = None
    licensed = "stash-users"
    joins = ("POST", f"{API}/groups/add-users")
    world: Bitbucket

    def app(self, users: int = 0) -> Starlette:
        app = build(users=users, bitbucket_version=self.version)
        self.world = app.state.world.applications["bitbucket"]
        return app

    def equip(self, account: Handle, kind: ChangeKind) -> None:
        known = self.world.by_id[int(account.key)]
        if kind is ChangeKind.REVOKE_PERMISSIONS:
            self.world.grants.users[known.id] = "LICENSED_USER"
        if kind is ChangeKind.REVOKE_TOKENS:
            for one in ("token", "ssh", "gpg"):
                self.world.keep(one, known, "laptop", "ssh-ed25519 AAAA")


class TestBitbucket9(BitbucketContract):
    """The newest."""


class TestBitbucket8(BitbucketContract):
    version = "8.19.5"


class TestBitbucket7(BitbucketContract):
    version = "7.21.0"

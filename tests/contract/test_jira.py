"""The contract of a target, held by the Jira connector against four versions of Jira."""

from __future__ import annotations

from typing import ClassVar

from starlette.applications import Starlette

from tenure.model.change import ChangeKind, Handle
from tenure_sandbox.serve import build

from .target_suite import TargetContract

API = "/jira/rest/api/2"


class JiraContract(TargetContract):
    kind = "jira"
    version = "10.3.24"
    listing = f"{API}/user/list"
    writes: ClassVar = {
        ChangeKind.CREATE_ACCOUNT: ("POST", f"{API}/user"),
        ChangeKind.UPDATE_ACCOUNT: ("PUT", f"{API}/user"),
        ChangeKind.RENAME_ACCOUNT: ("PUT", f"{API}/user"),
        ChangeKind.DEACTIVATE_ACCOUNT: ("PUT", f"{API}/user"),
        ChangeKind.REACTIVATE_ACCOUNT: ("PUT", f"{API}/user"),
        ChangeKind.JOIN_GROUPS: ("POST", f"{API}/group/user"),
        ChangeKind.LEAVE_GROUPS: ("DELETE", f"{API}/group/user"),
        ChangeKind.CREATE_GROUP: ("POST", f"{API}/group"),
        ChangeKind.END_SESSIONS: ("DELETE", f"{API}/user/session/anna"),
        ChangeKind.HAND_OVER_LEADS: ("PUT", f"{API}/project/10000"),
        ChangeKind.ANONYMIZE_ACCOUNT: ("POST", f"{API}/user/anonymization"),
        ChangeKind.DELETE_ACCOUNT: ("DELETE", f"{API}/user"),
        ChangeKind.DELETE_GROUP: ("DELETE", f"{API}/group"),
    }
    silent = frozenset(
        {ChangeKind.LEAVE_GROUPS, ChangeKind.END_SESSIONS, ChangeKind.DELETE_ACCOUNT, ChangeKind.DELETE_GROUP}
    )
    # A directory that is read-only is found out when Jira looks into anonymizing, and told in another form.
    beside_directory = frozenset({ChangeKind.END_SESSIONS, ChangeKind.HAND_OVER_LEADS, ChangeKind.ANONYMIZE_ACCOUNT})
    later = frozenset({ChangeKind.ANONYMIZE_ACCOUNT})
    lead = Handle("JIRAUSER10002", "lchen")

    def app(self, users: int = 0) -> Starlette:
        return build(users=users, jira_version=self.version)


class TestJira10List(JiraContract):
    """The newest: accounts come as a stream."""


class TestJira9(JiraContract):
    version = "9.12.0"
    listing = f"{API}/user/search"


class TestJira8(JiraContract):
    version = "8.20.0"
    listing = f"{API}/user/search"


class TestJira10Capped(JiraContract):
    version = "10.0.0"
    listing = f"{API}/user/search"

    def capped(self, accounts: int) -> bool:
        return accounts >= 100

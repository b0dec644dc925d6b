"""One request as Jira's operations see it."""

from __future__ import annotations

from dataclasses import dataclass

from tenure_sandbox.atlassian import call

from . import accounts
from .state import Account, Jira
from .texts import refused


@dataclass(slots=True, kw_only=True)
class Call(call.Call):
    """A request that was let in: who calls, with what, on which state."""

    jira: Jira
    signed_in: Account | None

    @property
    def caller(self) -> Account:
        """The account that signed in; only for routes that need one."""
        if self.signed_in is None:
            raise RuntimeError(f"{self.route.path} has no caller: its right is {self.route.right}")
        return self.signed_in

    def administers(self) -> bool:
        """Say whether the caller may administer, which a scheduled fault can deny."""
        return not self.faces("forbidden") and self.jira.administers(self.caller)

    def account(self, key: str = "key", unnamed: int = 400, deleted: bool = False) -> Account:
        """The account that the query names by username or key; `unnamed` is the status when it names none."""
        name, by_key = self.text("username"), self.text(key)
        if name:
            return accounts.by_name(self.jira, name)
        if by_key:
            return accounts.by_key(self.jira, by_key, deleted)
        raise refused(unnamed, "user_not_named")

    def wrote(self, subject: str, what: str, changed: bool = True) -> None:
        """Journal that this request was carried out."""
        self.jira.wrote(self.route.method, self.path, subject, what, changed)

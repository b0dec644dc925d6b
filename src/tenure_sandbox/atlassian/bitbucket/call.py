"""One request as Bitbucket's operations see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenure_sandbox.atlassian import call
from tenure_sandbox.atlassian.call import Reply
from tenure_sandbox.faults import capped

from . import accounts, membership
from .permissions import level
from .state import Account, Bitbucket, Group
from .texts import refused

PAGE, MOST = 25, 1000


@dataclass(slots=True, kw_only=True)
class Call(call.Call):
    """A request that was let in. `by_token`: with a token, which carries no permission above that to be licensed."""

    bitbucket: Bitbucket
    signed_in: Account | None
    by_token: bool

    @property
    def caller(self) -> Account:
        """The account that signed in; only for routes that need one."""
        if self.signed_in is None:
            raise RuntimeError(f"{self.route.path} has no caller: its right is {self.route.right}")
        return self.signed_in

    @property
    def full(self) -> bool:
        """Whether a scheduled fault says that the licence has no seat left."""
        return self.faces("licence_full") is not None

    def level(self) -> int:
        """How far the caller's global permission goes, which a scheduled fault can take away."""
        held = -1 if self.faces("forbidden") or self.signed_in is None else level(self.bitbucket, self.signed_in)
        return min(held, 0) if self.by_token else held

    def needed(self, name: str, text: str = "no_name") -> str:
        """A query parameter that must be there; 400 if it is not."""
        value = self.text(name)
        if not value:
            raise refused(text)
        return value

    def account(self, name: str = "name") -> Account:
        """The account that a query parameter names; 404 if there is none."""
        return accounts.by_name(self.bitbucket, self.text(name))

    def group(self, name: str = "name") -> Group:
        """The group that a query parameter names; 404 if there is none."""
        return membership.by_name(self.bitbucket, self.text(name))

    def slugged(self) -> Account:
        """The account whose slug is in the path; 404 if there is none."""
        slug = self.arguments["userSlug"]
        account = self.bitbucket.by_slug.get(slug)
        if account is None:
            raise refused("no_such_slug", name=slug)
        return account

    def known(self, *names: str) -> dict[str, Any]:
        """The body as a JSON object; 400 for a field that is none of these."""
        body = self.fields()
        for name in body:
            if name not in names:
                raise refused("unknown_field", name=name)
        return body

    def page(self, rows: list[Any]) -> Reply:
        """A page of a listing: 25 rows unless asked otherwise, 1000 at most."""
        start, size = self.number("start", 0), min(self.number("limit", PAGE) or PAGE, MOST)
        rows = capped(self.scope, rows)
        shown, last = rows[start : start + size], start + size >= len(rows)
        told = {"size": len(shown), "limit": size, "isLastPage": last, "values": shown, "start": start}
        return Reply(200, told | {"nextPageStart": None if last else start + size})

    def wrote(self, subject: str, what: str) -> None:
        """Journal that this request was carried out; no passwords in `what`."""
        self.bitbucket.wrote(self.route.method, self.path, subject, what)

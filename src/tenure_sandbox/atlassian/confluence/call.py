"""One request as Confluence's operations see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from tenure_sandbox.atlassian import call
from tenure_sandbox.atlassian.call import Reply
from tenure_sandbox.faults import capped

from .entities import quoted
from .state import Account, Confluence, Group, Space
from .texts import refused

Row = TypeVar("Row")
MOST = 200  # rows of a page, whatever is asked for; that there is a limit is documented, its number is a guess


@dataclass(slots=True, kw_only=True)
class Call(call.Call):
    """A request that was let in: who calls, with what, on which state."""

    confluence: Confluence
    signed_in: Account | None

    @property
    def caller(self) -> Account:
        """The account that signed in; only for routes that need one."""
        if self.signed_in is None:
            raise RuntimeError(f"{self.route.path} has no caller: its right is {self.route.right}")
        return self.signed_in

    def administers(self) -> bool:
        """Say whether the caller may administer, which a scheduled fault can deny."""
        return not self.faces("forbidden") and self.confluence.administers(self.caller)

    def expand(self) -> frozenset[str]:
        """The names that are to be expanded."""
        return frozenset(word.strip() for text in self.texts("expand") for word in text.split(","))

    def named(self, name: str) -> Account:
        """The account of this username, in any case; 404 if there is none."""
        account = self.confluence.accounts.get(name.lower())
        if account is None:
            raise refused("no_such_user", name=name)
        return account

    def account(self) -> Account:
        """The account that the query names by key or username; 404 if it names none."""
        key, name = self.text("key"), self.text("username")
        if key:
            account = self.confluence.by_key.get(key)
            if account is None:
                raise refused("no_such_key", key=key)
            return account
        if name:
            return self.named(name)
        raise refused("user_not_named")

    def group(self) -> Group:
        """The group that the path names, in any case; 404 if there is none."""
        name = self.arguments["groupName"]
        group = self.confluence.groups.get(name.lower())
        if group is None:
            raise refused("no_such_group", name=name)
        return group

    def space(self) -> Space:
        """The space that the path names; 404 if there is none."""
        key = self.arguments["spaceKey"]
        space = self.confluence.spaces.get(key)
        if space is None:
            raise refused("no_such_space", key=key)
        return space

    def page(self, rows: list[Row], shown: Callable[[Row], dict[str, Any]], default: int) -> Reply:
        """The part of a listing that is asked for, with a link to the next one while there is more."""
        start, limit = self.number("start", 0), min(self.number("limit", default), MOST)
        rows = capped(self.scope, rows)
        part, own = rows[start : start + limit], f"{self.base}{self.path}"
        rest = "".join(f"&{name}={quoted(value)}" for name in self._others() if (value := self.text(name)))
        links = {"base": self.base, "context": self.scope.get("root_path", "")}
        links["self"] = f"{own}?start={start}&limit={limit}{rest}"
        if limit and start + limit < len(rows):
            links["next"] = f"{own}?start={start + limit}&limit={limit}{rest}"
        if start:
            links["prev"] = f"{own}?start={max(0, start - limit)}&limit={limit}{rest}"
        answer = {"results": [shown(row) for row in part], "start": start, "limit": limit, "size": len(part)}
        return Reply(200, answer | {"_links": links})

    def _others(self) -> list[str]:
        return [name for name in self.route.query if name not in ("start", "limit")]

    def wrote(self, subject: str, what: str) -> None:
        """Journal that this request was carried out; no passwords in `what`."""
        self.confluence.wrote(self.route.method, self.path, subject, what)

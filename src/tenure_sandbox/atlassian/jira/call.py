"""One request as Jira's operations see it, and one answer as they give it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson

from tenure_sandbox.faults import Fault, condition

from . import accounts
from .state import Account, Jira
from .texts import refused


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: JSON unless `headers` names another content type for a body of bytes; None is an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: the query parameters that it reads and the status codes that it answers are checked at each call.

    `right` is what the caller needs: nothing (`anyone`), a sign-in (`caller`), to see people (`browse`) or to
    administer (`administer`). `feature` names a row of the version table; `directory` marks writes to a user directory.
    """

    method: str
    path: str
    handler: Callable[[Call], Reply]
    query: tuple[str, ...]
    statuses: tuple[int, ...]
    right: str = "administer"
    feature: str = ""
    directory: bool = False


@dataclass(slots=True)
class Call:
    """A request that was let in: who calls, with what, on which state."""

    jira: Jira
    route: Route
    scope: Mapping[str, Any]
    base: str
    path: str
    arguments: Mapping[str, str]
    body: bytes
    signed_in: Account | None
    _query: dict[str, list[str]] | None = None

    @property
    def caller(self) -> Account:
        """The account that signed in; only for routes that need one."""
        if self.signed_in is None:
            raise RuntimeError(f"{self.route.path} has no caller: its right is {self.route.right}")
        return self.signed_in

    def faces(self, kind: str) -> Fault | None:
        """The scheduled fault of this kind that this request has to suffer, if any."""
        return condition(self.scope, kind)

    def administers(self) -> bool:
        """Say whether the caller may administer, which a scheduled fault can deny."""
        return not self.faces("forbidden") and self.jira.administers(self.caller)

    def texts(self, name: str) -> list[str]:
        """All values of a query parameter."""
        if name not in self.route.query:
            raise RuntimeError(f"{self.route.method} {self.route.path} does not declare the parameter {name}")
        if self._query is None:
            query: bytes = self.scope["query_string"]
            self._query = parse_qs(query.decode("latin-1"), keep_blank_values=True)
        return self._query.get(name, [])

    def text(self, name: str) -> str | None:
        """The first value of a query parameter."""
        values = self.texts(name)
        return values[0] if values else None

    def number(self, name: str, default: int) -> int:
        """A query parameter as a number from 0; 400 for anything else."""
        text = self.text(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise refused(400, "parameter", name=name, value=text)
        return int(text)

    def flag(self, name: str, default: bool) -> bool:
        """A query parameter as true or false; anything but true is false."""
        text = self.text(name)
        return default if text is None else text.lower() == "true"

    def account(self, key: str = "key", unnamed: int = 400, deleted: bool = False) -> Account:
        """The account that the query names by username or key; `unnamed` is the status when it names none."""
        name, by_key = self.text("username"), self.text(key)
        if name:
            return accounts.by_name(self.jira, name)
        if by_key:
            return accounts.by_key(self.jira, by_key, deleted)
        raise refused(unnamed, "user_not_named")

    def json(self) -> Any:
        """The body as JSON; 400 if it is not."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise refused(400, "body") from None

    def fields(self) -> dict[str, Any]:
        """The body as a JSON object; 400 if it is not."""
        value = self.json()
        if not isinstance(value, dict):
            raise refused(400, "body")
        return value

    def wrote(self, subject: str, what: str, changed: bool = True) -> None:
        """Journal that this request was carried out."""
        self.jira.wrote(self.route.method, self.path, subject, what, changed)

"""One request as an application's operations see it, and one answer as they give it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson

from tenure_sandbox.faults import Fault, condition


class Malformed(ValueError):
    """The request is not one that the operation can read: each application says so in its own error form."""

    def __init__(self, name: str = "", value: str = "") -> None:
        """Name the query parameter and its value, or nothing for a body."""
        super().__init__(name, value)
        self.name = name
        self.value = value


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: JSON unless `headers` names another content type for a body of bytes; None is an empty body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: the query parameters that it reads and the status codes that it answers are checked at each call.

    `right` is what the caller needs, in the words of the application's door. `feature` names a row of its version
    table; `directory` marks writes to a user directory; `media` is the content type of a body,
    where a door looks at it.
    """

    method: str
    path: str
    handler: Callable[[Any], Reply]
    query: tuple[str, ...]
    statuses: tuple[int, ...]
    right: str = "administer"
    feature: str = ""
    directory: bool = False
    media: str = "application/json"


@dataclass(slots=True, kw_only=True)
class Call:
    """A request that was let in: with what, to which operation; each application adds its state and the caller."""

    route: Route
    scope: Mapping[str, Any]
    base: str
    path: str
    arguments: Mapping[str, str]
    body: bytes
    _query: dict[str, list[str]] | None = None

    def faces(self, kind: str) -> Fault | None:
        """The scheduled fault of this kind that this request has to suffer, if any."""
        return condition(self.scope, kind)

    def task_fails(self) -> str:
        """The words with which what this request promises will fail later, "" when it will be done."""
        fault = self.faces("task_fails")
        return str(fault.fields["message"]) if fault else ""

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
        """A query parameter as a number from 0; Malformed for anything else."""
        text = self.text(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise Malformed(name, text)
        return int(text)

    def flag(self, name: str, default: bool) -> bool:
        """A query parameter as true or false; anything but true is false."""
        text = self.text(name)
        return default if text is None else text.lower() == "true"

    def json(self) -> Any:
        """The body as JSON; Malformed if it is not."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Malformed from None

    def fields(self) -> dict[str, Any]:
        """The body as a JSON object; Malformed if it is not."""
        value = self.json()
        if not isinstance(value, dict):
            raise Malformed
        return value

"""One request as Crowd's operations see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from tenure_sandbox.atlassian import call
from tenure_sandbox.atlassian.call import Malformed
from tenure_sandbox.faults import capped

from . import xml
from .state import Account, Crowd, Group
from .texts import refused

Row = TypeVar("Row")
MOST = 1000  # what a listing shows when max-results is not given; the number is a guess


@dataclass(frozen=True, slots=True)
class Document:
    """What an answer says: the name of its XML element, and its data in the shape of JSON."""

    name: str
    data: Any


@dataclass(slots=True, kw_only=True)
class Call(call.Call):
    """A request of an application that was let in."""

    crowd: Crowd
    headers: Mapping[bytes, bytes]

    def needed(self, name: str) -> str:
        """A query parameter that must be there; 400 if it is not."""
        value = self.text(name)
        if not value:
            raise refused("missing", name=name)
        return value

    def expand(self) -> frozenset[str]:
        """The names that are to be expanded."""
        return frozenset(word.strip() for text in self.texts("expand") for word in text.split(","))

    def page(self, rows: list[Row]) -> list[Row]:
        """The part of a listing that is asked for; a max-results of -1 is everything."""
        start, most = self.number("start-index", 0), self.text("max-results")
        rows = capped(self.scope, rows)[start:]
        return rows if most == "-1" else rows[: self.number("max-results", MOST)]

    def account(self, name: str = "username") -> Account:
        """The account that a query parameter names, in any case; 404 if there is none."""
        wanted = self.needed(name)
        found = self.crowd.accounts.get(wanted.lower())
        if found is None:
            raise refused("no_such_user", name=wanted)
        return found

    def group(self, name: str = "groupname") -> Group:
        """The group that a query parameter names, in any case; 404 if there is none."""
        wanted = self.needed(name)
        found = self.crowd.groups.get(wanted.lower())
        if found is None:
            raise refused("no_such_group", name=wanted)
        return found

    def entity(self) -> Any:
        """The body, from XML or JSON by its content type, in the shape of JSON; Malformed if it cannot be read."""
        return xml.read(self.body)[1] if b"xml" in self.headers.get(b"content-type", b"") else self.json()

    def mapping(self) -> dict[str, Any]:
        """The body as a mapping; Malformed for anything else."""
        value = self.entity()
        if not isinstance(value, dict):
            raise Malformed
        return value

    def wrote(self, subject: str, what: str) -> None:
        """Journal that this request was carried out; no passwords in `what`."""
        self.crowd.wrote(self.route.method, self.path, subject, what)

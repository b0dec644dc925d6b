"""An operation is one kind of request that a connector may make: change kind, method and path template."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from tenure.model.capability import Mode
from tenure.model.change import ChangeKind
from tenure.model.error import Rejected

READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of request. `kind` is the change that it serves, or None for a read.

    `template` is the path below the base address, with `{name}` for each value: `/rest/api/2/user/avatar/{id}`.
    """

    kind: ChangeKind | None
    method: str
    template: str

    def __post_init__(self) -> None:
        """Refuse a read that is not a GET or a HEAD: it would slip past the mode."""
        if (self.kind is None) != (self.method in READING):
            raise ValueError(f"{self.method} {self.template}: a read is a GET or HEAD, and every other method a change")

    @property
    def writes(self) -> bool:
        """True when the request may change the application."""
        return self.kind is not None

    def allowed(self, mode: Mode) -> bool:
        """True when a target in this mode may be sent this request."""
        return self.kind is None or mode.allows(self.kind)

    def path(self, values: Mapping[str, str] | None) -> str:
        """The path with each value percent-encoded, slashes too (RFC 3986 section 2.1).

        Raises Rejected for a value that no path can carry: empty, `.` or `..` (a server would walk up the path), or
        text that is not valid Unicode.
        """
        given = values or {}
        wanted = {name for _, name, _, _ in string.Formatter().parse(self.template) if name}
        if wanted != set(given):
            raise ValueError(f"{self.template} needs the values {sorted(wanted)}, got {sorted(given)}")
        return self.template.format_map({name: _segment(value) for name, value in given.items()})

    def __str__(self) -> str:
        """Method and template, without values."""
        return f"{self.method} {self.template}"


def _segment(value: str) -> str:
    if value in ("", ".", ".."):
        raise Rejected(f"the name {value!r} cannot be part of a web address: choose another")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise Rejected(f"the name {value!a} is not valid Unicode: mend it at the source") from None

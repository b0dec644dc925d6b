"""Schema extensions that the estate declares for the people of a source (RFC 7643 section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ExtensionType = Literal["string", "boolean", "integer", "decimal", "dateTime", "reference", "binary"]


@dataclass(frozen=True, slots=True)
class ExtensionAttribute:
    """One simple attribute. `required`: who has the extension has this attribute."""

    name: str
    type: ExtensionType
    multi_valued: bool = False
    case_exact: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Extension:
    """What stands below one URN in a User."""

    urn: str
    attributes: tuple[ExtensionAttribute, ...]

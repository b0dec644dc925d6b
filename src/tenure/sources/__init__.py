"""The registry of identity providers that Tenure knows: kind, settings, and how to open one that is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from tenure.connector import Source
from tenure.sources.csv import CsvSettings, CsvSource
from tenure.sources.scim import ScimSettings


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of source: the model of its part of the estate, and what opens one; None for one that pushes."""

    settings: type[BaseModel]
    open: Callable[[Any], Source] | None = None


SOURCES: dict[str, SourceKind] = {
    "scim": SourceKind(ScimSettings),
    "csv": SourceKind(CsvSettings, CsvSource),
}

"""The registry of identity providers that Tenure knows: kind, and the model of its part of the estate."""

from __future__ import annotations

from pydantic import BaseModel

from tenure.sources.scim import ScimSettings

SOURCES: dict[str, type[BaseModel]] = {
    "scim": ScimSettings,
}

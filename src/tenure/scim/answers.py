"""Shapes what the store holds into what an identity provider is answered, and no more than it asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tenure.scim.definitions import GROUP
from tenure.scim.preconditions import etag
from tenure.scim.scalars import time_text
from tenure.scim.schema import Place, ResourceType
from tenure.store.directory import GroupRow, IdentityRow

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_ALWAYS = frozenset({"schemas", "id"})

Names = dict[tuple[str | None, str], frozenset[str] | None]
"""By extension (None for the core) and attribute: the sub-attributes meant, or None for all of it."""


@dataclass(frozen=True, slots=True)
class Projection:
    """Which attributes to answer with (RFC 7644 section 3.9): only those named, or all but the excluded."""

    named: Names | None = None
    excluded: Names | None = None

    def wants(self, name: str) -> bool:
        """True when the core attribute, or a part of it, is to be answered."""
        if self.named is not None:
            return (None, name) in self.named
        return self.excluded is None or self.excluded.get((None, name), frozenset()) is not None

    def asks_for(self, name: str, sub: str) -> bool:
        """True when this very sub-attribute was asked for: one that is returned on request (RFC 7643 section 7)."""
        return self.named is not None and sub in (self.named.get((None, name)) or ())

    def apply(self, resource: dict[str, Any], kind: ResourceType) -> dict[str, Any]:
        """The resource with what is wanted of it."""
        if self.named is None and self.excluded is None:
            return resource
        extensions = {schema.urn for schema in kind.extensions}
        shown: dict[str, Any] = {}
        for name, value in resource.items():
            if name in _ALWAYS:
                shown[name] = value
            elif name in extensions:
                inner = {n: kept for n, v in value.items() if (kept := self.part(name, n, v)) is not None}
                if inner:
                    shown[name] = inner
            elif (kept := self.part(None, name, value)) is not None:
                shown[name] = kept
        return shown

    def part(self, extension: str | None, name: str, value: Any) -> Any:
        """What is wanted of one attribute's value, or None."""
        if self.named is not None:
            if (extension, name) not in self.named:
                return None
            only = self.named[(extension, name)]
            return value if only is None else _restrict(value, only.__contains__)
        if self.excluded is None or (extension, name) not in self.excluded:
            return value
        without = self.excluded[(extension, name)]
        return None if without is None else _restrict(value, lambda sub: sub not in without)


EVERYTHING = Projection()


def projection(attributes: str | None, excluded: str | None, kind: ResourceType) -> Projection:
    """The projection that the query parameters ask for. Unknown names are passed over; `attributes` wins over both."""
    if attributes:
        return Projection(named=_names(attributes, kind))
    return Projection(excluded=_names(excluded, kind)) if excluded else EVERYTHING


def user(row: IdentityRow, base: str, kind: ResourceType, wanted: Projection = EVERYTHING) -> dict[str, Any]:
    """A User resource. `base` is the URL of the source's SCIM root, `kind` the type User as the source has it."""
    key = str(row.id)
    resource: dict[str, Any] = {"schemas": kind.schemas_of(row.document), "id": key, **row.document}
    if row.groups is not None:
        resource["groups"] = [
            {
                "value": group,
                "$ref": f"{base}/Groups/{group}",
                "display": name,
                "type": "direct" if directly else "indirect",
            }
            for group, name, directly in row.groups
        ]
    resource["meta"] = _meta("User", row, f"{base}/Users/{key}")
    return wanted.apply(resource, kind)


def group(row: GroupRow, base: str, wanted: Projection = EVERYTHING) -> dict[str, Any]:
    """A Group resource without its members."""
    key = str(row.id)
    resource = {"schemas": [GROUP.schema.urn], "id": key, **row.document}
    resource["meta"] = _meta("Group", row, f"{base}/Groups/{key}")
    return wanted.apply(resource, GROUP)


def member(key: str, name: str | None, kind: str, base: str) -> dict[str, str]:
    """One element of a group's members; its kind is User or Group. `name` is None when it was not asked for."""
    element = {"value": key, "$ref": f"{base}/{kind}s/{key}", "type": kind}
    return element if name is None else element | {"display": name}


def _meta(kind: str, row: IdentityRow | GroupRow, location: str) -> dict[str, str]:
    return {
        "resourceType": kind,
        "created": time_text(row.created_at),
        "lastModified": time_text(row.modified_at),
        "location": location,
        "version": etag(row.version),
    }


def _names(text: str, kind: ResourceType) -> Names:
    found: Names = {}
    for name in text.split(","):
        place = kind.find(name)
        for key, sub in _keys(place, kind) if place else ():
            known = found.get(key, frozenset())
            found[key] = None if sub is None or known is None else known | {sub}
    return found


def _keys(place: Place, kind: ResourceType) -> list[tuple[tuple[str | None, str], str | None]]:
    if place.attribute is not None:
        return [((place.extension, place.attribute.name), place.sub.name if place.sub else None)]
    schema = next(s for s in kind.extensions if s.urn == place.extension)
    return [((schema.urn, attribute.name), None) for attribute in schema.attributes]


def _restrict(value: Any, keep: Callable[[str], bool]) -> Any:
    """The value with the sub-attributes to keep, or None when nothing is left."""
    if isinstance(value, list):
        return [kept for element in value if (kept := _restrict(element, keep))] or None
    if isinstance(value, dict):
        return {name: inner for name, inner in value.items() if keep(name)} or None
    return value

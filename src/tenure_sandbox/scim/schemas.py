"""The schemas of the stand-in (RFC 7643 sections 3.1, 4, 8.7), as data that its answers and its checks come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CORE = "urn:ietf:params:scim:schemas:core:2.0:"
USER_URN, GROUP_URN = f"{CORE}User", f"{CORE}Group"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"

Attribute = dict[str, Any]
NO_CASE = ("boolean", "integer", "decimal", "dateTime", "complex")


def _a(name: str, kind: str = "string", *, exact: bool = False, **more: Any) -> Attribute:
    sub = more.pop("sub", ())
    made: Attribute = {
        "name": name,
        "type": kind,
        "multiValued": more.pop("multi", False),
        "description": more.pop("description", f"The {name} of RFC 7643."),
        "required": more.pop("required", False),
        "mutability": more.pop("mutability", "readWrite"),
        "returned": more.pop("returned", "default"),
        "uniqueness": more.pop("uniqueness", "none"),
    }
    if kind not in NO_CASE:
        made["caseExact"] = exact or kind in ("reference", "binary")
    if kind == "reference":
        made["referenceTypes"] = more.pop("references", ["external"])
    if sub:
        made["subAttributes"] = list(sub)
    if "canonical" in more:
        made["canonicalValues"] = more["canonical"]
    return made


def _several(name: str, kind: str = "string") -> Attribute:
    sub = (_a("value", kind), _a("display"), _a("type"), _a("primary", "boolean"))
    return _a(name, "complex", multi=True, sub=sub)


def shown(name: str, kind: str = "string", **more: Any) -> Attribute:
    """An attribute that only the server writes."""
    return _a(name, kind, mutability="readOnly", **more)


_NAME_PARTS = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_PLAIN = ("title", "userType", "preferredLanguage", "locale", "timezone")
_GROUPS_OF = (
    shown("value", exact=True),
    shown("$ref", "reference", references=["Group"]),
    shown("display"),
    shown("type"),
)
USER_ATTRIBUTES = (
    _a("userName", required=True, uniqueness="server"),
    _a("name", "complex", sub=[_a(part) for part in _NAME_PARTS]),
    _a("displayName"),
    _a("nickName"),
    _a("profileUrl", "reference"),
    *(_a(name) for name in _PLAIN),
    _a("active", "boolean"),
    _a("password", mutability="writeOnly", returned="never"),
    _several("emails"),
    _several("phoneNumbers"),
    shown("groups", "complex", multi=True, sub=_GROUPS_OF),
    _several("entitlements"),
    _several("roles"),
)
_MANAGER = (
    _a("value", exact=True),
    _a("$ref", "reference", references=["User"]),
    shown("displayName"),
)
ENTERPRISE_ATTRIBUTES = (
    *(_a(name) for name in ("employeeNumber", "costCenter", "organization", "division", "department")),
    _a("manager", "complex", sub=_MANAGER),
)
_MEMBER = (
    _a("value", exact=True, mutability="immutable"),
    _a("$ref", "reference", mutability="immutable", references=["User", "Group"]),
    _a("type", mutability="immutable", canonical=["User", "Group"]),
    shown("display"),
)
GROUP_ATTRIBUTES = (_a("displayName", required=True), _a("members", "complex", multi=True, sub=_MEMBER))
COMMON = (
    shown("schemas", "reference", multi=True, returned="always", references=["uri"]),
    shown("id", exact=True, returned="always"),
    _a("externalId", exact=True),
    shown(
        "meta",
        "complex",
        sub=(
            shown("resourceType", exact=True),
            shown("created", "dateTime"),
            shown("lastModified", "dateTime"),
            shown("location", "reference", references=["uri"]),
            shown("version", exact=True),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a name points to: `urn` is the extension that it stands below, None for the core."""

    urn: str | None
    attribute: Attribute
    sub: Attribute | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource type with the attributes of its core schema and of its extensions."""

    name: str
    endpoint: str
    urn: str
    core: tuple[Attribute, ...]
    extensions: tuple[tuple[str, tuple[Attribute, ...]], ...] = ()

    def find(self, name: str) -> Place | None:
        """What a name means, in any letter case (RFC 7643 section 2.1), or None."""
        wanted = name.lower()
        for urn, attributes in ((None, (*self.core, *COMMON)), (self.urn, self.core), *self.extensions):
            if urn is None or wanted.startswith(f"{urn.lower()}:"):
                below = wanted if urn is None else wanted[len(urn) + 1 :]
                place = _within(None if urn == self.urn else urn, attributes, below)
                if place is not None:
                    return place
        return None


def _within(urn: str | None, attributes: Sequence[Attribute], name: str) -> Place | None:
    top, dot, below = name.partition(".")
    attribute = named(attributes, top)
    if attribute is None or not dot:
        return Place(urn, attribute) if attribute else None
    sub = named(attribute.get("subAttributes", ()), below)
    return Place(urn, attribute, sub) if sub else None


def named(attributes: Sequence[Attribute], name: str) -> Attribute | None:
    """The attribute of that name, in any letter case."""
    return next((one for one in attributes if one["name"].lower() == name.lower()), None)


def user_kind(active: bool) -> Kind:
    """People, at a server that can shut accounts or cannot."""
    core = tuple(one for one in USER_ATTRIBUTES if active or one["name"] != "active")
    return Kind("User", "/Users", USER_URN, core, ((ENTERPRISE_URN, ENTERPRISE_ATTRIBUTES),))


GROUP = Kind("Group", "/Groups", GROUP_URN, GROUP_ATTRIBUTES)

"""SCIM schemas as data: one definition drives parsing, names, PATCH, filters, answers and /Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tenure.model.identity import LONGEST_TEXT

Type = Literal["string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"]
Mutability = Literal["readOnly", "readWrite", "immutable", "writeOnly"]
Returned = Literal["always", "default", "request", "never"]
Uniqueness = Literal["none", "server", "global"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute and its characteristics (RFC 7643 section 2.2).

    `longest` bounds a text, in characters. `kept` is False for what is accepted and dropped.
    `clearable` is False for what null does not unassign: `active` has to be removed in so many words.
    """

    name: str
    description: str
    type: Type = "string"
    multi: bool = False
    sub: tuple[Attribute, ...] = ()
    case_exact: bool = False
    mutability: Mutability = "readWrite"
    returned: Returned = "default"
    required: bool = False
    uniqueness: Uniqueness = "none"
    canonical: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    longest: int = LONGEST_TEXT
    kept: bool = True
    clearable: bool = True
    names: Mapping[str, Attribute] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the sub-attributes by their names in lower case."""
        object.__setattr__(self, "names", {a.name.lower(): a for a in self.sub})

    @property
    def exact(self) -> bool:
        """True when two values that differ by letter case are two values."""
        return self.case_exact or self.type in ("reference", "binary")


@dataclass(frozen=True, slots=True)
class Schema:
    """A named set of attributes, known by its URN."""

    urn: str
    name: str
    description: str
    attributes: tuple[Attribute, ...]
    names: Mapping[str, Attribute] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the attributes by their names in lower case."""
        object.__setattr__(self, "names", {a.name.lower(): a for a in self.attributes})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name points to in a document: `extension` is the URN of its container, None for the core.

    `attribute` is None for an extension as a whole.
    """

    extension: str | None
    attribute: Attribute | None
    sub: Attribute | None = None


@dataclass(frozen=True)
class ResourceType:
    """A kind of resource: its core schema, its extensions and where it is served."""

    name: str
    endpoint: str
    description: str
    schema: Schema
    extensions: tuple[Schema, ...]
    common: tuple[Attribute, ...]
    _found: dict[str, Place | None] = field(default_factory=dict, repr=False, compare=False)

    def find(self, name: str) -> Place | None:
        """What a name means, or None. Names are compared without regard to case (RFC 7643 section 2.1).

        A name may be qualified by its schema's URN. One without a URN that the core does not have is looked for in
        the extensions, as some providers leave the URN out.
        """
        try:
            return self._found[name]
        except KeyError:
            place = self._find(name.strip().lower())
            if len(self._found) < 2_000 and len(name) < 200:
                self._found[name] = place
            return place

    def _find(self, name: str) -> Place | None:
        schemas = {s.urn.lower(): s for s in (self.schema, *self.extensions)}
        if name in schemas and schemas[name] is not self.schema:
            return Place(schemas[name].urn, None)
        urn, colon, tail = name.rpartition(":")
        if colon:
            schema = schemas.get(urn)
            return self._within(schema, tail) if schema else None
        return next((p for s in (self.schema, *self.extensions) if (p := self._within(s, tail))), None)

    def _within(self, schema: Schema, name: str) -> Place | None:
        top, dot, below = name.partition(".")
        attribute = schema.names.get(top)
        core = schema is self.schema
        if attribute is None and core:
            attribute = next((a for a in self.common if a.name.lower() == top), None)
        if attribute is None:
            return None
        sub = attribute.names.get(below) if dot else None
        if dot and sub is None:
            return None
        return Place(None if core else schema.urn, attribute, sub)

    @property
    def required(self) -> tuple[Attribute, ...]:
        """The attributes that a resource cannot be without."""
        return tuple(a for a in self.schema.attributes if a.required)

    def schemas_of(self, document: Mapping[str, Any]) -> list[str]:
        """The URNs to show: the core, and the extensions that have a value."""
        return [self.schema.urn, *(s.urn for s in self.extensions if s.urn in document)]


def render_schema(schema: Schema) -> dict[str, Any]:
    """A schema as /Schemas shows it (RFC 7643 section 7), without `meta`."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": [_render(a) for a in schema.attributes],
    }


def _render(attribute: Attribute) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": attribute.name,
        "type": attribute.type,
        "multiValued": attribute.multi,
        "description": attribute.description,
        "required": attribute.required,
        "mutability": attribute.mutability,
        "returned": attribute.returned,
        "uniqueness": attribute.uniqueness,
    }
    if attribute.type not in ("boolean", "complex", "dateTime", "integer", "decimal"):
        shown["caseExact"] = attribute.exact
    if attribute.canonical:
        shown["canonicalValues"] = list(attribute.canonical)
    if attribute.type == "reference":
        shown["referenceTypes"] = list(attribute.references)
    if attribute.type == "complex":
        shown["subAttributes"] = [_render(sub) for sub in attribute.sub]
    return shown

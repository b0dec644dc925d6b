"""Takes documents in, strictly by the schemas, and shows what is asked for (RFC 7644 sections 3.3, 3.5.1, 3.9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from .schemas import Attribute, Kind, named
from .texts import invalid

Document = dict[str, Any]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "reference": str,
    "binary": str,
    "dateTime": str,
    "boolean": bool,
    "integer": int,
    "decimal": (int, float),
    "complex": dict,
}


def taken(kind: Kind, body: Mapping[str, Any]) -> Document:
    """The document of a POST or a PUT: only what the schemas know, without what only the server writes.

    Refused: no `schemas`, or without the kind's own; an unknown attribute; a value of another type; a required
    attribute that is missing.
    """
    urns = body.get("schemas")
    if not isinstance(urns, list) or kind.urn not in urns:
        raise invalid(f"schemas must name {kind.urn}", "invalidSyntax")
    document: Document = {}
    extensions = dict(kind.extensions)
    for name, value in body.items():
        urn = next((one for one in extensions if one.lower() == name.lower()), None)
        if urn is not None:
            if not isinstance(value, dict):
                raise invalid(f"{urn} must be an object", "invalidSyntax")
            inner = {key: kept for one, each in value.items() for key, kept in _read(extensions[urn], one, each)}
            document |= {urn: inner} if inner else {}
            continue
        place = kind.find(name)
        if place is None or place.sub is not None:
            raise invalid(f"there is no attribute {name}", "invalidSyntax")
        document |= dict(_read((place.attribute,), place.attribute["name"], value))
    required(kind, document)
    return document


def required(kind: Kind, document: Document) -> None:
    """Refuse a document that lacks what its kind cannot be without."""
    for one in kind.core:
        if one["required"] and not document.get(one["name"]):
            raise invalid(f"{one['name']} is required")


def _read(attributes: Sequence[Attribute], name: str, value: Any) -> list[tuple[str, Any]]:
    attribute = named(attributes, name)
    if attribute is None:
        raise invalid(f"there is no attribute {name}", "invalidSyntax")
    if attribute["mutability"] == "readOnly" or value in (None, []):
        return []
    return [(attribute["name"], read(attribute, value))]


def read(attribute: Attribute, value: Any) -> Any:
    """A value of the attribute, whole; refused when it is of another type."""
    if not attribute["multiValued"]:
        return read_one(attribute, value)
    if not isinstance(value, list):
        raise invalid(f"{attribute['name']} has several values: it must be a list", "invalidSyntax")
    kept = [read_one(attribute, one) for one in value]
    if sum(isinstance(one, dict) and one.get("primary") is True for one in kept) > 1:
        raise invalid(f"{attribute['name']} has more than one primary value")
    return kept


def read_one(attribute: Attribute, value: Any) -> Any:
    """One value of the attribute."""
    kind = attribute["type"]
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        raise invalid(f"{attribute['name']} must be of type {kind}")
    if kind != "complex":
        return value
    below, given = attribute["subAttributes"], cast(Document, value)
    return {key: kept for name, one in given.items() for key, kept in _read(below, name, one)}


def chosen(kind: Kind, document: Document, only: Sequence[str], without: Sequence[str]) -> Document:
    """The document with the attributes that are asked for; `id` and `schemas` are always among them."""
    shown = {name: value for name, value in document.items() if name != "password"}
    if only:
        wanted = _tops(kind, only)
        return {name: value for name, value in shown.items() if name in wanted | {"id", "schemas"}}
    unwanted = _tops(kind, without) - {"id", "schemas"}
    return {name: value for name, value in shown.items() if name not in unwanted}


def _tops(kind: Kind, names: Sequence[str]) -> set[str]:
    extensions = {urn for urn, _ in kind.extensions if urn.lower() in {name.strip().lower() for name in names}}
    places = [place for name in names if (place := kind.find(name.strip())) is not None]
    return extensions | {place.urn or place.attribute["name"] for place in places}

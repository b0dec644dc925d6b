"""Cleans what a provider sends, by the schema: canonical names, right types, and only what is theirs to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from tenure.scim import dialects
from tenure.scim.errors import invalid_value
from tenure.scim.scalars import moment_in, number_in, time_text
from tenure.scim.schema import Attribute, Place, ResourceType

Document = dict[str, Any]
MOST_ELEMENTS = 1_000
"""Elements of one multi-valued attribute (members of groups are not kept in documents)."""


def clean(body: Mapping[str, Any], kind: ResourceType) -> Document:
    """The document to keep from the body of a POST or PUT.

    Read-only and unknown attributes, null and empty values are left out; what is required has to be there. Values
    are kept as they were sent. Raises ScimError (400 invalidValue) for a value of the wrong type or length.
    """
    document: Document = {}
    for name, value in body.items():
        place = kind.find(name)
        if place is None or place.sub is not None:
            continue
        if place.attribute is None:
            _clean_extension(document, place, value, kind)
        elif writable(place.attribute):
            put(container(document, place), place.attribute, clean_value(place.attribute, value))
    prune(document, kind)
    check_required(document, kind)
    return document


def _clean_extension(document: Document, place: Place, value: object, kind: ResourceType) -> None:
    if value is None:
        return
    if not isinstance(value, dict):
        raise invalid_value(f"{place.extension} must be an object.")
    for name, inner in value.items():
        found = kind.find(f"{place.extension}:{name}")
        if found and found.attribute and found.sub is None and writable(found.attribute):
            put(container(document, found), found.attribute, clean_value(found.attribute, inner))


def writable(attribute: Attribute) -> bool:
    """True when a provider may set the attribute, and we keep it."""
    return attribute.kept and attribute.mutability != "readOnly"


def container(document: Document, place: Place) -> Document:
    """The object that holds the place's attribute: the document itself or the extension's part, made when missing."""
    if place.extension is None:
        return document
    found: Document = document.setdefault(place.extension, {})
    return found


def put(holder: Document, attribute: Attribute, value: Any) -> None:
    """Set or, with None, unassign an attribute: null, [] and absent are one state (RFC 7643 section 2.5)."""
    if value is None:
        holder.pop(attribute.name, None)
    else:
        holder[attribute.name] = value


def prune(document: Document, kind: ResourceType) -> None:
    """Drop extensions that have no value left."""
    for extension in kind.extensions:
        if not document.get(extension.urn, True):
            del document[extension.urn]


def check_required(document: Mapping[str, Any], kind: ResourceType) -> None:
    """Raises ScimError (400 invalidValue) when a required attribute is missing or blank."""
    for attribute in kind.required:
        if not str(document.get(attribute.name, "")).strip():
            raise invalid_value(f"{attribute.name} is required and must not be blank.")
    for extension in kind.extensions:
        held = document.get(extension.urn) or {}
        for attribute in extension.attributes if held else ():
            if attribute.required and attribute.name not in held:
                raise invalid_value(f"{extension.urn}:{attribute.name} is required for whoever has this extension.")


def clean_value(attribute: Attribute, value: Any) -> Any:
    """The value as it is kept, or None for "no value". Raises ScimError (400 invalidValue)."""
    if value is None:
        return None
    if not attribute.multi:
        return _clean_one(attribute, (dialects.single if attribute.type == "complex" else dialects.simple)(value))
    sent = dialects.listed(value)
    if len(sent) > MOST_ELEMENTS:
        raise invalid_value(f"{attribute.name} has more than {MOST_ELEMENTS} elements.")
    elements = [c for v in sent if (c := _clean_one(attribute, v)) is not None]
    return tidy(attribute, elements) or None


def tidy(attribute: Attribute, elements: list[Any]) -> list[Any]:
    """The elements without repetitions; of several that claim to be primary the last one stays so."""
    if len(elements) < 2:
        return elements
    kept = list({orjson.dumps(element, option=orjson.OPT_SORT_KEYS): element for element in elements}.values())
    if "primary" in attribute.names:
        primary = [i for i, element in enumerate(kept) if element.get("primary") is True]
        for place in primary[:-1]:
            kept[place] = {**kept[place], "primary": False}
    return kept


def _clean_one(attribute: Attribute, value: Any) -> Any:
    if value is None:
        return None
    if attribute.type == "complex":
        return _clean_complex(attribute, value)
    if attribute.type == "boolean":
        truth = dialects.boolean(value)
        if truth is None:
            raise invalid_value(f"{attribute.name} must be true or false, not {str(value)[:50]!r}.")
        return truth
    if attribute.type in ("integer", "decimal"):
        return _clean_number(attribute, value)
    if attribute.type == "dateTime":
        moment = moment_in(value) if isinstance(value, str) else None
        if moment is None:
            raise invalid_value(f"{attribute.name} must be a time such as 2026-01-31T08:00:00Z.")
        return time_text(moment)
    return _clean_text(attribute, value)


def _clean_number(attribute: Attribute, value: Any) -> int | float:
    number = number_in(str(value)) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else None
    if number is None or (attribute.type == "integer" and not isinstance(number, int)):
        wanted = "a whole number" if attribute.type == "integer" else "a number"
        raise invalid_value(f"{attribute.name} must be {wanted} of at most 18 digits.")
    return number


def _clean_text(attribute: Attribute, value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise invalid_value(f"{attribute.name} must be a text.")
    if len(value) > attribute.longest:
        raise invalid_value(f"{attribute.name} is longer than {attribute.longest} characters.")
    if "\0" in value:
        raise invalid_value(f"{attribute.name} contains a NUL character.")
    return value


def _clean_complex(attribute: Attribute, value: Any) -> Document | None:
    if "value" in attribute.names:
        value = dialects.referenced(value)
        if value is None:
            return None
    if not isinstance(value, dict):
        raise invalid_value(f"{attribute.name} must be an object.")
    names = attribute.names
    cleaned: Document = {}
    for name, inner in value.items():
        sub = names.get(name.lower())
        if sub is not None and sub.mutability != "readOnly" and (one := clean_value(sub, inner)) is not None:
            cleaned[sub.name] = one
    if "$ref" in names and cleaned.get("value") == "":
        return None  # Entra ID clears `manager` by a blank id
    return cleaned or None

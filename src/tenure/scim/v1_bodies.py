"""SCIM 1.1 and 2.0 turned into one another: names, resources, and a PATCH of 1.1 as operations of 2.0.

Pure functions. "Core" and "Protocol" are the two documents of SCIM 1.1: draft-scim-core-schema-01, draft-scim-api-01.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from tenure.scim import dialects
from tenure.scim.definitions import ENTERPRISE_URN, GROUP, USER
from tenure.scim.documents import MOST_ELEMENTS, writable
from tenure.scim.errors import invalid_syntax, invalid_value
from tenure.scim.members import MEMBERS

CORE = "urn:scim:schemas:core:1.0"
ENTERPRISE = "urn:scim:schemas:extension:enterprise:1.0"

_PLURAL = {
    attribute.name.lower(): attribute.name
    for kind in (USER, GROUP)
    for attribute in kind.schema.attributes
    if attribute.multi and writable(attribute)
}
_URNS = {USER.schema.urn: CORE, GROUP.schema.urn: CORE, ENTERPRISE_URN: ENTERPRISE}
_NAMES = re.compile(rf'"(?:[^"\\]|\\.)*"|{re.escape(CORE)}[:.]|{re.escape(ENTERPRISE)}|\bmanagerId\b', re.IGNORECASE)


def names(text: str) -> str:
    """A filter, or a list of names, with the names of 2.0; what stands in quotes is a value and stays as it is."""

    def name(found: re.Match[str]) -> str:
        one = found[0]
        if one.startswith('"'):
            return one
        if one.lower() == "managerid":
            return "value"
        return ENTERPRISE_URN if one.lower() == ENTERPRISE else ""

    return _NAMES.sub(name, text)


def resource(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a POST or PUT with the names of 2.0 (Core sections 6 and 7)."""
    return {ENTERPRISE_URN if name.lower() == ENTERPRISE else name: _inner(name, body[name]) for name in body}


def _inner(name: str, value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if name.lower() == ENTERPRISE:
        return {inner: _inner(inner, value[inner]) for inner in value}
    if name.lower() == "manager":
        return {"value" if inner.lower() == "managerid" else inner: value[inner] for inner in value}
    return value


def patch(body: Mapping[str, Any]) -> dict[str, Any]:
    """A PATCH of 1.1, which is a part of a resource, as operations (Protocol section 3.3.2).

    First what `meta.attributes` names is cleared. Then the elements of multi-valued attributes are added, merged into
    the one with the same `value`, or, marked by `operation`, deleted; all else is replaced. Raises ScimError (400).
    """
    if any(name.lower() == "operations" for name in body):
        raise invalid_syntax("Operations are of SCIM 2.0, which is under /v2/; a PATCH here is a part of a resource.")
    todo: list[dict[str, Any]] = []
    rest: dict[str, Any] = {}
    for name, value in resource(body).items():
        lower = name.lower()
        if lower == "meta":
            todo[:0] = _cleared(value)
        elif lower in _PLURAL:
            todo += _elements(_PLURAL[lower], value)
        else:
            rest[name] = value
    return {"Operations": [*todo, {"op": "replace", "value": rest}]}


def _cleared(meta: object) -> Iterator[dict[str, Any]]:
    found = meta if isinstance(meta, dict) else {}
    for name in dialects.listed(next((found[key] for key in found if key.lower() == "attributes"), [])):
        if not isinstance(name, str):
            raise invalid_value("meta.attributes must be a list of the names of attributes to clear.")
        yield {"op": "remove", "path": names(name)}


def _elements(name: str, value: object) -> Iterator[dict[str, Any]]:
    """The operations on one multi-valued attribute; members as lists, so that nobody's group has to be read."""
    marked = [_marked(name, element) for element in dialects.listed(value) if element is not None]
    if name == MEMBERS:
        joining, leaving = ([element for gone, element in marked if gone is wanted] for wanted in (False, True))
        if joining:
            yield {"op": "add", "path": name, "value": joining}
        if leaving:
            yield {"op": "remove", "path": name, "value": leaving}
        return
    if len(marked) > MOST_ELEMENTS:
        raise invalid_value(f"{name} has more than {MOST_ELEMENTS} elements.")
    for gone, element in marked:
        if not element.get("value"):
            yield {"op": "add", "path": name, "value": [element]}
            continue
        path = f"{name}[value eq {orjson.dumps(str(element['value'])).decode()}]"
        yield {"op": "remove", "path": path} if gone else {"op": "replace", "path": path, "value": element}


def _marked(name: str, element: object) -> tuple[bool, dict[str, Any]]:
    """Whether an element is to be deleted, and the element without that mark, its `value` by that name."""
    found = dialects.referenced(element) or {}
    if not isinstance(found, dict):
        raise invalid_value(f"The elements of {name} must be objects.")
    found = {"value" if key.lower() == "value" else key: inner for key, inner in found.items()}
    mark = next((found.pop(key) for key in list(found) if key.lower() == "operation"), None)
    verb = mark.strip().lower() if isinstance(mark, str) else mark
    if verb not in (None, "", "add", "delete"):
        raise invalid_value(f"The operation of an element of {name} can only be delete.")
    if verb == "delete" and not found.get("value"):
        raise invalid_value(f"An element of {name} is deleted by its value; all of them by meta.attributes.")
    return verb == "delete", found


def shown(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource of 2.0 as 1.1 shows it (Core sections 5 to 8)."""
    found = {ENTERPRISE if name == ENTERPRISE_URN else name: unlinked(value) for name, value in resource.items()}
    found["schemas"] = [_URNS.get(urn, urn) for urn in found["schemas"]]
    if manager := found.get(ENTERPRISE, {}).get("manager"):
        named = {"managerId" if name == "value" else name: value for name, value in manager.items()}
        found[ENTERPRISE] = {**found[ENTERPRISE], "manager": named}
    if "meta" in found:
        found["meta"] = {name: value for name, value in found["meta"].items() if name != "resourceType"}
    return found


def unlinked(value: Any) -> Any:
    """The elements of a list without the `$ref` that 1.1 does not know there; any other value as it is."""
    if not isinstance(value, list):
        return value
    return [{n: v for n, v in e.items() if n != "$ref"} if isinstance(e, dict) else e for e in value]

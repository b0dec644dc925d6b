"""What a change comes to: the operations of a PATCH, or the document of a PUT (RFC 7644 sections 3.5.1, 3.5.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from tenure.targets.scim import calls
from tenure.targets.scim.calls import Attribute, Document
from tenure.targets.scim.discovery import Server

BY_SERVER = ("schemas", "id", "meta")


def operations(server: Server, before: Document, after: Document) -> list[Document]:
    """The operations that make one document of the other, an attribute each.

    An attribute with several values is said again whole, with the values that stay; of a complex one, the parts that
    differ.
    """
    urns = [urn for urn, _ in server.extensions]
    steps = [step for name in _names(before, after) if name not in urns for step in _step(name, before, after)]
    for urn in urns:
        inner = before.get(urn) or {}, after.get(urn) or {}
        steps += [step for name in _names(*inner) for step in _step(name, *inner, above=f"{urn}:")]
    return steps


def _names(before: Document, after: Document) -> list[str]:
    return [name for name in dict.fromkeys((*before, *after)) if name not in BY_SERVER]


def _step(name: str, before: Document, after: Document, above: str = "") -> list[Document]:
    old, new = before.get(name), after.get(name)
    if old == new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        parts = dict.fromkeys((*old, *new))
        return [step for part in parts for step in _step(part, old, new, above=f"{above}{name}.")]
    path = f"{above}{name}"
    if new is None:
        return [{"op": "remove", "path": path}]
    return [{"op": "add" if old is None else "replace", "path": path, "value": new}]


def joining(keys: Iterable[str]) -> Document:
    """The operation that adds members."""
    return {"op": "add", "path": "members", "value": [{"value": key} for key in keys]}


def leaving(key: str) -> Document:
    """The operation that removes one member, whom its path names."""
    return {"op": "remove", "path": f"members[value eq {orjson.dumps(key).decode()}]"}


def writable(server: Server, document: Document) -> Document:
    """A document without what only the server writes: a strict one refuses to be told that."""
    core = server.user if calls.USER_URN in document.get("schemas", ()) else server.group or ()
    extensions = dict(server.extensions)
    kept = {name: _kept(extensions.get(name), value) for name, value in document.items() if name in extensions}
    unwanted = {one.name for one in core if one.mutability == "readOnly"} | {"meta"}
    plain = {name: value for name, value in document.items() if name not in unwanted and name not in extensions}
    for one in core:
        if one.name in plain and one.type == "complex":
            plain[one.name] = _without(one, plain[one.name])
    return {**plain, **kept}


def _kept(attributes: tuple[Attribute, ...] | None, value: Any) -> Any:
    known = {one.name: one for one in attributes or ()}
    told = {name: one for name, one in value.items() if name not in known or known[name].mutability != "readOnly"}
    return {name: _without(known[name], one) if name in known else one for name, one in told.items()}


def _without(attribute: Attribute, value: Any) -> Any:
    """A complex value without the parts that only the server writes."""
    unwanted = {one.name for one in attribute.sub_attributes if one.mutability == "readOnly"}
    if isinstance(value, list):
        return [_without(attribute, one) for one in value]
    return {name: one for name, one in value.items() if name not in unwanted} if isinstance(value, dict) else value

"""PATCH (RFC 7644 section 3.5.2): one operation after the other on a copy, all or nothing.

Of a group of 10,000 nothing is copied but what an operation changes: a load adds people to it one by one.
"""

from __future__ import annotations

import copy
from typing import Any, cast

from .documents import Document, read, read_one, required
from .filters import Parser
from .schemas import MESSAGES, Attribute, Kind, Place, named
from .texts import invalid


def patched(kind: Kind, before: Document, body: dict[str, Any]) -> Document:
    """The document after the operations of a PatchOp; refused as a whole if one of them is wrong."""
    if f"{MESSAGES}PatchOp" not in (body.get("schemas") or []):
        raise invalid(f"schemas must name {MESSAGES}PatchOp", "invalidSyntax")
    operations = body.get("Operations")
    if not isinstance(operations, list) or not operations:
        raise invalid("Operations must be a list with something in it", "invalidSyntax")
    document = dict(before)
    for operation in operations:
        if not isinstance(operation, dict):
            raise invalid("an operation must be an object", "invalidSyntax")
        _carry_out(kind, document, operation)
    required(kind, document)
    return document


def _carry_out(kind: Kind, document: Document, operation: dict[str, Any]) -> None:
    op, path, value = operation.get("op"), operation.get("path"), operation.get("value")
    if not isinstance(op, str) or op.lower() not in ("add", "remove", "replace"):
        raise invalid(f"there is no operation {op}", "invalidSyntax")
    if op.lower() != "remove" and "value" not in operation:
        raise invalid(f"{op} needs a value")
    extensions = {urn.lower(): urn for urn, _ in kind.extensions}
    if isinstance(path, str) and path.lower() in extensions:
        _extension(kind, document, extensions[path.lower()], op.lower(), value)
    elif path is not None:
        _Step(kind, document, str(path)).carry_out(op.lower(), value)
    elif op.lower() == "remove":
        raise invalid("remove needs a path", "noTarget")
    elif not isinstance(value, dict):
        raise invalid("without a path, value must be an object")
    else:
        for name, one in value.items():
            if name.lower() in extensions:
                _extension(kind, document, extensions[name.lower()], op.lower(), one)
            elif name.lower() != "schemas":
                _Step(kind, document, name).carry_out(op.lower(), one)


def _extension(kind: Kind, document: Document, urn: str, op: str, value: Any) -> None:
    """One operation at everything that stands below an extension's URN."""
    if op == "remove":
        document.pop(urn, None)
        return
    if not isinstance(value, dict):
        raise invalid(f"{urn} must be an object")
    for name, one in value.items():
        if name.lower() != "schemas":
            _Step(kind, document, f"{urn}:{name}").carry_out(op, one)


class _Step:
    """One operation at one path: `displayName`, `name.givenName`, `emails[type eq "work"].value`, `urn:...:title`."""

    def __init__(self, kind: Kind, document: Document, path: str) -> None:
        self._document = document
        self._path = path
        name, bracket, rest = path.partition("[")
        condition, _, tail = rest.rpartition("]")
        place = kind.find(name.strip())
        if place is None:
            raise invalid(f"there is nothing at {path}", "invalidPath")
        self._place: Place = place
        self._attribute: Attribute = place.attribute
        self._test = Parser(condition, kind, place.attribute).whole() if bracket else None
        self._sub = place.sub
        if tail:
            self._sub = named(self._attribute.get("subAttributes", ()), tail.removeprefix("."))
            if self._sub is None or not tail.startswith("."):
                raise invalid(f"there is nothing at {path}", "invalidPath")

    def carry_out(self, op: str, value: Any) -> None:
        last = self._sub or self._attribute
        if "readOnly" in (last["mutability"], self._attribute["mutability"]):
            raise invalid(f"{self._path} cannot be written", "mutability")
        if self._sub is not None and self._sub["mutability"] == "immutable":
            raise invalid(f"{self._path} cannot be changed", "mutability")
        if op != "remove" and value is None:
            op = "remove"
        holder = self._holder(op)
        if self._test is not None:
            self._at_values(holder, op, value)
        elif self._sub is not None:
            self._at_sub(holder, op, value)
        elif op == "remove":
            holder.pop(self._attribute["name"], None)
        else:
            self._at_attribute(holder, op, value)
        if self._place.urn is not None and not holder:
            del self._document[self._place.urn]

    def _holder(self, op: str) -> Document:
        """Where the attribute stands, with a copy of what is changed in place; lists are only ever replaced."""
        name, urn = self._attribute["name"], self._place.urn
        if urn is not None:
            self._document[urn] = copy.deepcopy(self._document.get(urn, {}))
            return cast(Document, self._document[urn])
        if name in self._document and (self._sub is not None or (self._test is not None and op != "remove")):
            self._document[name] = copy.deepcopy(self._document[name])
        return self._document

    def _at_values(self, holder: Document, op: str, value: Any) -> None:
        name = self._attribute["name"]
        rows = holder.get(name, [])
        met = [row for row in rows if self._test is not None and self._test(row)]
        if not met and op == "replace":
            raise invalid(f"no value is at {self._path}", "noTarget")
        if op == "remove" and self._sub is None:
            holder[name] = [row for row in rows if row not in met]
        elif not met and op == "add":
            raise invalid(f"no value is at {self._path}", "noTarget")
        for row in met:
            if self._sub is not None:
                row.pop(self._sub["name"], None)
                row |= {} if op == "remove" else {self._sub["name"]: read_one(self._sub, value)}
            elif op != "remove":
                row |= read_one(self._attribute, value)
        if not holder.get(name):
            holder.pop(name, None)

    def _at_sub(self, holder: Document, op: str, value: Any) -> None:
        name, sub = self._attribute["name"], self._sub
        assert sub is not None
        if self._attribute["multiValued"]:
            raise invalid(f"{self._path}: which of the values of {name}?", "invalidPath")
        inner = holder.setdefault(name, {})
        inner.pop(sub["name"], None)
        if op != "remove":
            inner[sub["name"]] = read_one(sub, value)
        if not inner:
            del holder[name]

    def _at_attribute(self, holder: Document, op: str, value: Any) -> None:
        name = self._attribute["name"]
        if not self._attribute["multiValued"]:
            given = read_one(self._attribute, value)
            merged = isinstance(given, dict) and name in holder
            holder[name] = {**holder[name], **given} if merged else given
            return
        given = read(self._attribute, value if isinstance(value, list) else [value])
        kept = holder.get(name, []) if op == "add" else []
        if any(row.get("primary") for row in given):
            kept = [{key: one for key, one in row.items() if key != "primary"} for row in kept]
        values = [row.get("value") for row in given]
        there = {_known_by(row) for row in kept if row.get("value") in values}
        holder[name] = kept + [row for row in given if _known_by(row) not in there]
        if not holder[name]:
            del holder[name]


def _known_by(row: Document) -> tuple[Any, Any]:
    """What makes two values of a list the same."""
    return row.get("value"), row.get("type")

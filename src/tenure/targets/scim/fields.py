"""Where each field of an account stands in a SCIM document, by the server's own schemas."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenure.model.capability import FieldSpec, canon_exact, canon_name, canon_trimmed
from tenure.model.error import Rejected
from tenure.targets.scim import calls
from tenure.targets.scim.calls import Attribute, Document
from tenure.targets.scim.discovery import Server

PROPERTY = "properties."
IN_SCIM = {
    "username": "userName",
    "email": "emails",
    "display_name": "displayName",
    "first_name": "name.givenName",
    "last_name": "name.familyName",
}
"""The fields that every estate knows: our name, SCIM's. Any other attribute is `properties.<its name>`."""

NO_PROPERTY = ("userName", "active")
"""What is changed by changes of its own, which limits and modes know."""

TRUE, FALSE = "true", "false"
USUAL = "work"


@dataclass(frozen=True, slots=True)
class Place:
    """One value in a document.

    `urn` is the extension that it stands below, None for the core; `sub` the part of a complex attribute. Of several
    values, `label` is the `type` of the one that is meant; without it that is the primary one.
    """

    urn: str | None
    attribute: Attribute
    sub: Attribute | None = None
    label: str | None = None

    @property
    def leaf(self) -> Attribute:
        """The attribute that holds the value itself."""
        return self.sub or self.attribute

    @property
    def writable(self) -> bool:
        """True when it may be set and cleared."""
        return self.attribute.writable and (self.leaf.writable or self.attribute.multi_valued)

    @property
    def settable(self) -> bool:
        """True when it may be set in somebody who is made."""
        return self.attribute.settable and (self.leaf.settable or self.attribute.multi_valued)

    def read(self, document: Document) -> str | None:
        """The value as text, or None."""
        value = (document if self.urn is None else document.get(self.urn) or {}).get(self.attribute.name)
        if self.attribute.multi_valued:
            value = self._row(value if isinstance(value, list) else [])
        if isinstance(value, Mapping):
            value = value.get(self.sub.name if self.sub else "value")
        if value is None or value == "":
            return None
        return (TRUE if value else FALSE) if isinstance(value, bool) else str(value)

    def write(self, document: Document, value: str | None) -> None:
        """Set the value in the document, or clear it; what stands beside it is kept."""
        holder = document if self.urn is None else document.setdefault(self.urn, {})
        changed = self._changed(holder.get(self.attribute.name), value)
        if changed in (None, [], {}):
            holder.pop(self.attribute.name, None)
        else:
            holder[self.attribute.name] = changed
        if self.urn is not None:
            _settle(document, self.urn)

    def _changed(self, before: Any, value: str | None) -> object:
        if self.attribute.multi_valued:
            return self._with(before or [], value)
        if self.sub is None:
            return self._typed(value)
        kept = {name: one for name, one in (before or {}).items() if name != self.sub.name and self._stays(name)}
        return {**kept, self.sub.name: self._typed(value)} if value else kept

    def _stays(self, name: str) -> bool:
        """A reference and a name that belong to the value go with it."""
        return self.sub is None or self.sub.name != "value" or name not in ("$ref", "displayName", "display")

    def _row(self, rows: list[Document]) -> Document | None:
        if self.label is not None:
            return next((row for row in rows if str(row.get("type", "")).lower() == self.label.lower()), None)
        first = [row for row in rows if row.get("primary") is True] or [
            row for row in rows if str(row.get("type", "")).lower() == USUAL
        ]
        return next(iter(first or rows), None)

    def _with(self, rows: list[Document], value: str | None) -> list[Document]:
        mine = self._row(rows)
        others = [row for row in rows if row is not mine]
        if not value:
            return others
        if mine is not None:
            kept = {name: one for name, one in mine.items() if name not in ("display", "$ref")}
            return [{**kept, "value": value} if row is mine else row for row in rows]
        row = {"value": value, "type": self.label or USUAL, **({"primary": True} if self.label is None else {})}
        known = {part.name for part in self.attribute.sub_attributes} or row.keys()
        return [*others, {name: part for name, part in row.items() if name in known}]

    def _typed(self, value: str | None) -> object:
        """The value as its attribute's type wants it. Raises Rejected when it is none."""
        if not value:
            return None
        kind = self.leaf.type
        if kind == "boolean":
            if value.lower() not in (TRUE, FALSE):
                raise Rejected(f"{self.leaf.name} is true or false, and not {value}")
            return value.lower() == TRUE
        if kind not in ("integer", "decimal"):
            return value
        try:
            return int(value) if kind == "integer" else float(value)
        except ValueError:
            raise Rejected(f"{self.leaf.name} is a number, and not {value}") from None


def _settle(document: Document, urn: str) -> None:
    """Name the extensions that a document has among its schemas, and those alone."""
    if not document[urn]:
        del document[urn]
    urns = [one for one in document.get("schemas", []) if one != urn]
    document["schemas"] = [*urns, urn] if urn in document else urns


def place(server: Server, field: str) -> Place | None:
    """Where a field stands, or None when this server has no such attribute, or none that is a field."""
    if field in IN_SCIM:
        return _named(server, IN_SCIM[field])
    if not field.startswith(PROPERTY):
        return None
    found = _named(server, field.removeprefix(PROPERTY))
    return None if found is not None and found.urn is None and found.attribute.name in NO_PROPERTY else found


def _named(server: Server, path: str) -> Place | None:
    """What a path names: `title`, `name.middleName`, `phoneNumbers.work`, `department`, `urn:...:User:department`."""
    if path == "externalId":
        return Place(None, Attribute("externalId", case_exact=True))
    for urn, attributes in server.extensions:
        if path.lower().startswith(f"{urn.lower()}:"):
            return _within(urn, attributes, path[len(urn) + 1 :])
    core = path.removeprefix(f"{calls.USER_URN}:")
    known = [(None, server.user), *server.extensions]
    return next((found for urn, attributes in known if (found := _within(urn, attributes, core))), None)


def _within(urn: str | None, attributes: tuple[Attribute, ...], path: str) -> Place | None:
    name, _, below = path.partition(".")
    attribute = calls.named(attributes, name)
    if attribute is None:
        return None
    if attribute.multi_valued:
        return Place(urn, attribute, label=below or None) if attribute.sub("value") else None
    if attribute.type != "complex":
        return None if below else Place(urn, attribute)
    sub = attribute.sub(below or "value")
    return Place(urn, attribute, sub) if sub else None


def needed(server: Server, field: str, *, anew: bool = False) -> Place:
    """Where a field stands; raises Rejected when this server has no such attribute, or does not let it be written.

    `anew`: in somebody who is made, where also that may be set which stays as it is from then on.
    """
    found = place(server, field)
    if found is None:
        raise Rejected(f"the server's schemas have no attribute for the field {field}")
    if not anew and found.settable and not found.writable:
        raise Rejected(f"{found.leaf.name} stays as it was when the account was made")
    if not found.settable:
        raise Rejected(f"only the server writes {found.leaf.name}")
    return found


def specs(server: Server) -> dict[str, FieldSpec]:
    """The rules of the fields that this server has."""
    found = {field: where for field in IN_SCIM if (where := place(server, field)) is not None and where.settable}
    rules = {
        field: FieldSpec(canon=_canon(field, where), clearable=field != "username" and not where.attribute.required)
        for field, where in found.items()
    }
    return {**rules, PROPERTY: FieldSpec(canon=canon_exact, longest=4096, clearable=True, listed=False)}


def _canon(field: str, where: Place) -> Callable[[str], str]:
    return canon_name if field == "username" and not where.leaf.case_exact else canon_trimmed


def edited(server: Server, document: Document, fields: Mapping[str, str | None], *, anew: bool = False) -> Document:
    """A copy of the document with the fields set; None clears. Raises Rejected for what cannot be written."""
    made = copy.deepcopy(document)
    for field, value in fields.items():
        needed(server, field, anew=anew).write(made, value or None)
    return made


def shown(server: Server, document: Document, more: tuple[str, ...] = ()) -> dict[str, str | None]:
    """The fields of a document in our names: those that every estate knows, and those asked for."""
    asked = (*IN_SCIM, *(field for field in more if field.startswith(PROPERTY)))
    return {field: where.read(document) for field in asked if (where := place(server, field)) is not None}

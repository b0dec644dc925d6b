"""Gives a filter its meaning: names resolved by the schema, values typed, case rules chosen; the store makes it SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tenure.scim import dialects
from tenure.scim.dialects import our_id
from tenure.scim.errors import invalid_filter
from tenure.scim.filters import And, Comparison, Filter, Not, Or, Presence, Unreadable, ValuePath, parse
from tenure.scim.matching import compare_texts
from tenure.scim.scalars import moment_in, number_in, time_text
from tenure.scim.schema import Attribute, Place, ResourceType
from tenure.store.filters import (
    Catalogue,
    Column,
    Compare,
    Condition,
    Elements,
    Every,
    Inside,
    Kind,
    Never,
    Present,
    Related,
    Relation,
    Some,
    fold,
)

_ALWAYS, _NOT_EVER = Every(()), Some(())


def condition(text: str, kind: ResourceType, catalogue: Catalogue, others: Sequence[ResourceType] = ()) -> Condition:
    """The filter of a request as a condition of the store. `others` are searched as well: what only they have is
    without a value here (RFC 7644 section 3.4.2.1). Raises ScimError (400 invalidFilter).
    """
    try:
        tree = parse(text)
    except Unreadable as problem:
        raise invalid_filter(f"The filter cannot be read: {problem}.") from None
    return _Meaning(kind, catalogue, others).of(tree)


class _Meaning:
    def __init__(self, kind: ResourceType, catalogue: Catalogue, others: Sequence[ResourceType]) -> None:
        self.kind, self.catalogue, self.others = kind, catalogue, others

    def of(self, tree: Filter) -> Condition:
        match tree:
            case Comparison(name) | Presence(name) | ValuePath(name) if self.is_of_others(name):
                return _ALWAYS if _holds_of_nothing(tree) else _NOT_EVER
            case And(parts):
                return Every(tuple([self.of(part) for part in parts]))
            case Or(parts):
                return Some(tuple([self.of(part) for part in parts]))
            case Not(inner):
                return Never(self.of(inner))
            case ValuePath(name, inner):
                return self.within(name, inner)
            case Presence(name):
                return self.presence(self.place(name))
            case Comparison(name):
                return self.comparison(tree, self.place(name))

    def is_of_others(self, name: str) -> bool:
        return self.kind.find(name) is None and any(other.find(name) for other in self.others)

    def place(self, name: str) -> Place:
        place = self.kind.find(name)
        if place is None or (place.attribute is not None and not place.attribute.kept):
            raise invalid_filter(f"{self.kind.name} has no attribute {name[:100]!r} that can be filtered.")
        return place

    def presence(self, place: Place) -> Condition:
        attribute = place.attribute
        if attribute is None:
            return Present(Inside((place.extension or "",), "folded"))
        if attribute.name in ("schemas", "meta") and place.sub is None:
            return _ALWAYS
        if attribute.name in self.catalogue.relations:
            return Related(self.catalogue.relations[attribute.name], _ALWAYS)
        if attribute.multi and place.sub is not None:
            return Elements(path_of(place), Present(inside(place.sub)))
        return self.leaf(place, attribute, lambda field: Present(field))

    def comparison(self, tree: Comparison, place: Place) -> Condition:
        attribute = place.attribute
        if attribute is None:
            raise invalid_filter(f"{tree.name[:100]} is a whole extension; name one of its attributes.")
        if tree.value is None and tree.op in ("eq", "ne"):
            there = self.presence(place)
            return Never(there) if tree.op == "eq" else there
        if attribute.name == "schemas":
            return self.schemas(tree)
        sub = place.sub or _default_sub(attribute, tree.name)
        value = _typed(sub or attribute, tree)
        if attribute.name in self.catalogue.relations:
            return self.related(self.catalogue.relations[attribute.name], attribute, sub, tree, value)
        if attribute.multi:
            field = inside(sub) if sub else Inside((), kind_of(attribute))
            found: Condition = Elements(path_of(place), _compare(field, tree.op, value))
            return Some((found, Never(Present(Inside(path_of(place), "folded"))))) if tree.op == "ne" else found
        exactly = Place(place.extension, attribute, sub)
        return self.leaf(exactly, attribute, lambda field: _compare(field, tree.op, value))

    def leaf(self, place: Place, attribute: Attribute, make: Any) -> Condition:
        """A condition on a single value: in a column of its own, or inside the document."""
        name = f"{attribute.name}.{place.sub.name}" if place.sub else attribute.name
        column = self.catalogue.columns.get(name) if place.extension is None else None
        if column is not None:
            made: Condition = make(column)
            return made
        if name == "meta.resourceType":
            constant: Condition = make(Column(f"'{self.kind.name}'::text", "exact"))
            return constant
        if attribute.name == "meta":
            raise invalid_filter(f"{name} cannot be filtered.")
        held = inside(place.sub or attribute)
        path = (*path_of(place), place.sub.name) if place.sub else path_of(place)
        found: Condition = make(Inside(path, held.kind))
        return found

    def related(
        self, relation: Relation, attribute: Attribute, sub: Attribute | None, tree: Comparison, value: Any
    ) -> Condition:
        column = relation.fields.get(sub.name) if sub else None
        if column is None:
            raise invalid_filter(f"{tree.name[:100]} cannot be filtered; {attribute.name}.value can.")
        found: Condition = Related(relation, _compare(column, tree.op, value))
        return Some((found, Never(Related(relation, _ALWAYS)))) if tree.op == "ne" else found

    def schemas(self, tree: Comparison) -> Condition:
        """The list of schemas is not stored: each URN that the type can have is compared here."""
        if tree.op not in ("eq", "ne", "co", "sw", "ew"):
            raise invalid_filter("schemas can be compared by eq, ne, co, sw and ew.")
        hits = [
            _ALWAYS if schema is self.kind.schema else Present(Inside((schema.urn,), "folded"))
            for schema in (self.kind.schema, *self.kind.extensions)
            if compare_texts(fold(schema.urn), tree.op, fold(tree.raw))
        ]
        return Some(tuple(hits))

    def within(self, name: str, inner: Filter) -> Condition:
        """`name[filter]`; on an attribute with one value the filter is about that value, which has to be there."""
        place = self.place(name)
        attribute = place.attribute
        if attribute is None or place.sub is not None or attribute.type != "complex":
            raise invalid_filter(f"{name[:100]} has no sub-attributes that a filter in brackets could look at.")
        relation = self.catalogue.relations.get(attribute.name)
        if relation is not None:
            return Related(relation, self.element(inner, place, attribute, relation))
        if attribute.multi:
            return Elements(path_of(place), self.element(inner, place, attribute, None))
        return Every((self.presence(place), self.element(inner, place, attribute, None)))

    def element(self, tree: Filter, place: Place, attribute: Attribute, relation: Relation | None) -> Condition:
        """The meaning of a filter in brackets, whose names are sub-attributes."""
        match tree:
            case And(parts):
                return Every(tuple([self.element(part, place, attribute, relation) for part in parts]))
            case Or(parts):
                return Some(tuple([self.element(part, place, attribute, relation) for part in parts]))
            case Not(inner):
                return Never(self.element(inner, place, attribute, relation))
            case ValuePath(name):
                raise invalid_filter(f"{name[:100]} cannot have a filter of its own inside another one.")
            case Presence(name) | Comparison(name):
                return self.element_leaf(tree, place, attribute, relation)

    def element_leaf(
        self, tree: Presence | Comparison, place: Place, attribute: Attribute, relation: Relation | None
    ) -> Condition:
        sub = attribute.names.get(tree.name.lower())
        if sub is None:
            raise invalid_filter(f"{attribute.name} has no sub-attribute {tree.name[:100]!r}.")

        def make(field: Column | Inside) -> Condition:
            if isinstance(tree, Presence):
                return Present(field)
            if tree.value is None and tree.op in ("eq", "ne"):
                return Never(Present(field)) if tree.op == "eq" else Present(field)
            return _compare(field, tree.op, _typed(sub, tree))

        if relation is not None:
            column = relation.fields.get(sub.name)
            if column is None:
                raise invalid_filter(f"{attribute.name}.{sub.name} cannot be filtered; {attribute.name}.value can.")
            return make(column)
        if attribute.multi:
            return make(inside(sub))
        return self.leaf(Place(place.extension, attribute, sub), attribute, make)


def _compare(field: Column | Inside, op: str, value: Any) -> Condition:
    """A comparison; with an id that cannot be one of ours the answer is known."""
    if isinstance(field, Column) and field.kind == "id" and op in ("eq", "ne") and our_id(value) is None:
        return _ALWAYS if op == "ne" else _NOT_EVER
    if isinstance(field, Inside) and isinstance(value, datetime):
        value = time_text(value)
    return Compare(field, op, value)


def _holds_of_nothing(tree: Comparison | Presence | ValuePath) -> bool:
    """Whether the filter holds where there is no value."""
    return isinstance(tree, Comparison) and (tree.op == "eq" if tree.value is None else tree.op == "ne")


def path_of(place: Place) -> tuple[str, ...]:
    """Where the place's attribute is in a document."""
    assert place.attribute is not None
    return (place.extension, place.attribute.name) if place.extension else (place.attribute.name,)


def inside(attribute: Attribute) -> Inside:
    """The attribute in the object that holds it, compared as its schema says."""
    return Inside((attribute.name,), kind_of(attribute))


def kind_of(attribute: Attribute) -> Kind:
    """How the values of the attribute are compared."""
    if attribute.type in ("integer", "decimal"):
        return "number"
    if attribute.type == "boolean":
        return "boolean"
    return "exact" if attribute.exact or attribute.type == "dateTime" else "folded"


def _default_sub(attribute: Attribute, name: str) -> Attribute | None:
    """What a complex attribute is compared by when no sub-attribute is named: its `value` (RFC 7643 section 2.4)."""
    if attribute.type != "complex":
        return None
    sub = attribute.names.get("value")
    if sub is None:
        raise invalid_filter(f"{name[:100]} has parts; name one, as in {attribute.name}.{attribute.sub[0].name}.")
    return sub


def _typed(attribute: Attribute, tree: Comparison) -> Any:
    """The value in the attribute's type. Raises ScimError (400 invalidFilter) when type, operator and value differ."""
    if attribute.type == "boolean":
        truth = dialects.boolean(tree.raw)
        if truth is None or tree.op not in ("eq", "ne"):
            raise invalid_filter(f"{attribute.name} can only be compared with true or false, by eq or ne.")
        return truth
    if attribute.type == "dateTime":
        moment = moment_in(tree.raw)
        if moment is None or tree.op in ("co", "sw", "ew"):
            raise invalid_filter(f"{attribute.name} is compared with a time such as 2026-01-31T08:00:00Z, by eq to le.")
        return moment
    if attribute.type in ("integer", "decimal"):
        number = number_in(tree.raw)
        if number is None or tree.op in ("co", "sw", "ew"):
            raise invalid_filter(f"{attribute.name} is compared with a number, by eq to le.")
        return number
    if attribute.type == "binary" and tree.op in ("gt", "ge", "lt", "le"):
        raise invalid_filter(f"{attribute.name} has no order.")
    if tree.value is None:
        raise invalid_filter("null can only be compared by eq or ne.")
    return tree.raw

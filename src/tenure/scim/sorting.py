"""Gives sortBy and sortOrder their meaning by the schema (RFC 7644 section 3.4.2.3); the store makes it SQL."""

from __future__ import annotations

from collections.abc import Sequence

from tenure.scim.errors import ScimError, invalid_path, invalid_value
from tenure.scim.query import inside, kind_of, path_of
from tenure.scim.schema import Attribute, Place, ResourceType
from tenure.store.filters import Catalogue, Column, Inside
from tenure.store.paging import OLDEST_FIRST, FirstRelated, Order, Preferred

_ORDERS = {"ascending": False, "descending": True}
_NOTHING = Column("NULL", "exact")


def order(
    by: str | None, direction: str | None, kind: ResourceType, catalogue: Catalogue, others: Sequence[ResourceType] = ()
) -> Order:
    """The order that is asked for; oldest first without sortBy. `others` are searched as well: what only they have is
    without a value here. Raises ScimError (400 invalidPath or invalidValue).
    """
    descending = _ORDERS.get((direction or "ascending").strip().lower())
    if descending is None:
        raise invalid_value("sortOrder must be ascending or descending.")
    if not by:
        return OLDEST_FIRST
    place = kind.find(by)
    if place is None and any(other.find(by) for other in others):
        return Order(_NOTHING, descending)
    if place is None or place.attribute is None or not place.attribute.kept:
        raise _unsortable(kind, by)
    return Order(_field(place, place.attribute, kind, catalogue, by), descending)


def _field(
    place: Place, attribute: Attribute, kind: ResourceType, catalogue: Catalogue, by: str
) -> Column | Inside | Preferred | FirstRelated:
    sub = place.sub
    if sub is None and attribute.type == "complex":
        sub = attribute.names.get("value")
        if sub is None:
            raise invalid_path(f"{by[:100]} has parts; sort by one, as in {attribute.name}.{attribute.sub[0].name}.")
    name = f"{attribute.name}.{sub.name}" if sub else attribute.name
    if attribute.name in catalogue.relations:
        relation = catalogue.relations[attribute.name]
        if sub is None or sub.name not in relation.fields:
            raise _unsortable(kind, by)
        return FirstRelated(relation, relation.fields[sub.name])
    if place.extension is None and name in catalogue.columns:
        return catalogue.columns[name]
    if attribute.name in ("schemas", "meta"):  # the same for all, but for the id at the end of meta.location
        return catalogue.columns["id"]
    if attribute.multi and sub is None and kind_of(attribute) == "number":
        raise _unsortable(kind, by)
    if attribute.multi:
        return Preferred(path_of(place), Inside((sub.name,) if sub else (), kind_of(sub or attribute)))
    return Inside((*path_of(place), *((sub.name,) if sub else ())), inside(sub or attribute).kind)


def _unsortable(kind: ResourceType, by: str) -> ScimError:
    return invalid_path(f"{kind.name} has no attribute {by[:100]!r} that it can be sorted by.")

"""Random SCIM documents, PATCHes, filters and parameters, built from what a server publishes at /Schemas.

Runs in the environments of the peers too, so it needs hypothesis alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
Strategy = st.SearchStrategy[Any]

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH_URN = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "EQ")
DEEP: Any = [[]]
for _ in range(400):
    DEEP = [DEEP]
HUGE = ("x" * 40_000, "\u0130" * 700, 10**400, 1e308, -(2**63) - 1, [{"value": str(n)} for n in range(1_001)], DEEP)
ODD_TEXTS = (
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "\U0001f600",
    "\u202e",
    "%00",
    "' OR 1=1 --",
    "a\\",
    '"',
    "null",
    "\ufeff",
)

words = st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=1, max_size=12)
texts = words | words | words | st.text(max_size=8) | st.sampled_from(ODD_TEXTS)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts | st.sampled_from(HUGE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def mostly(usual: Strategy, odd: Strategy, one_in: int = 30) -> Strategy:
    """The usual, and the odd one now and then."""
    return st.integers(0, one_in - 1).flatmap(lambda drawn: odd if drawn == one_in - 1 else usual)


@dataclass(frozen=True)
class Kind:
    """A resource type as the server publishes it: the attributes of its schema, and those of each extension by URN."""

    name: str
    endpoint: str
    schema: str
    attributes: Sequence[Json]
    extensions: dict[str, Sequence[Json]]

    def paths(self) -> list[str]:
        """Every name that a path or a filter can start with."""
        found = ["id", "externalId", "meta.created", "meta.lastModified", "meta.resourceType", "schemas"]
        found += names(self.attributes)
        for urn, attributes in self.extensions.items():
            found += [urn, *(f"{urn}:{name}" for name in names(attributes))]
        return found


def names(attributes: Sequence[Json]) -> list[str]:
    """The names of attributes and, after a dot, of their sub-attributes."""
    found = []
    for one in attributes:
        found += [one["name"], *(f"{one['name']}.{sub['name']}" for sub in one.get("subAttributes", ()))]
    return found


def kinds(resource_types: Json, schemas: Json) -> list[Kind]:
    """The resource types from the answers of /ResourceTypes and /Schemas."""
    by_id = {schema["id"]: schema["attributes"] for schema in schemas["Resources"]}
    return [
        Kind(
            one["name"],
            one["endpoint"],
            one["schema"],
            by_id[one["schema"]],
            {extension["schema"]: by_id[extension["schema"]] for extension in one.get("schemaExtensions", ())},
        )
        for one in resource_types["Resources"]
    ]


def simple(attribute: Json) -> Strategy:
    """A value of the right type for an attribute that has no parts."""
    kind = attribute["type"]
    if kind == "boolean":
        return st.booleans() | st.sampled_from(["True", "false"])
    if kind == "integer":
        return st.integers(-5, 5)
    if kind == "binary":
        return st.just("AAEC")
    if kind == "reference":
        return st.just("https://example.org/1")
    if attribute.get("canonicalValues"):
        return st.sampled_from(attribute["canonicalValues"]) | texts
    return texts


def value(
    attribute: Json, odd: Strategy, refer: Callable[[], Strategy], plain: Callable[[Json], Strategy] = simple
) -> Strategy:
    """A value of an attribute, odd now and then; `refer` gives ids of members, `plain` values that have no parts."""
    if attribute["type"] == "complex":
        parts = {sub["name"]: value(sub, odd, refer, plain) for sub in attribute.get("subAttributes", ())}
        if attribute["name"] == "members":
            parts["value"] = refer()
        one: Strategy = st.fixed_dictionaries({}, optional=parts)
    else:
        one = plain(attribute)
    return mostly(st.lists(one, max_size=3) if attribute.get("multiValued") else one, odd)


def document(kind: Kind, odd: Strategy, refer: Callable[[], Strategy]) -> Strategy:
    """A body for POST or PUT: what is required is mostly there, the rest sometimes."""
    required = {one["name"]: value(one, odd, refer) for one in kind.attributes if one["required"]}
    optional = {one["name"]: value(one, odd, refer) for one in kind.attributes if not one["required"]}
    optional |= {"externalId": mostly(texts, odd), "schemas": mostly(st.just([kind.schema, *kind.extensions]), odd)}
    for urn, attributes in kind.extensions.items():
        inside = st.fixed_dictionaries({}, optional={one["name"]: value(one, odd, refer) for one in attributes})
        optional[urn] = mostly(inside, odd)
    whole = st.fixed_dictionaries(required, optional=optional)
    spelled = whole.map(lambda body: {name.swapcase(): inner for name, inner in body.items()})
    return mostly(whole, spelled | st.dictionaries(texts, odd, max_size=3))


def literal() -> Strategy:
    """A value to compare with, as a filter spells it."""
    quoted = texts.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
    others = [
        "true",
        "false",
        "null",
        "1",
        "-1.5e3",
        "2026-01-01T00:00:00Z",
        '"2026-01-01T00:00:00Z"',
        '"\\ud800"',
        "x",
    ]
    return quoted | st.sampled_from(others)


def filters(paths: Sequence[str]) -> Strategy:
    """A filter by the grammar of RFC 7644 section 3.4.2.2, broken now and then."""
    name = mostly(st.sampled_from(paths), texts)
    compared = st.tuples(name, st.sampled_from(OPERATORS), literal()).map(" ".join)
    leaf = compared | name.map(lambda one: f"{one} pr")
    tree = st.recursive(
        leaf,
        lambda inner: (
            st.tuples(inner, st.sampled_from([" and ", " or ", " AND "]), inner).map("".join)
            | inner.map(lambda one: f"({one})")
            | inner.map(lambda one: f"not ({one})")
            | st.tuples(name, inner).map(lambda pair: f"{pair[0]}[{pair[1]}]")
        ),
        max_leaves=5,
    )
    broken = texts | st.sampled_from(
        ["(" * 300 + "id pr" + ")" * 300, "id pr and " * 300 + "id pr", "id", "id eq", "[]"]
    )
    return mostly(tree, broken)


def patch(kind: Kind, odd: Strategy, refer: Callable[[], Strategy]) -> Strategy:
    """A PATCH with up to three operations."""
    attributes = [*kind.attributes, *(one for inner in kind.extensions.values() for one in inner)]
    values = st.sampled_from(attributes).flatmap(lambda one: value(one, odd, refer))
    selected = st.tuples(st.sampled_from(kind.paths()), filters(kind.paths()), st.sampled_from(["", ".value", ".type"]))
    path = mostly(
        st.sampled_from(kind.paths()), selected.map(lambda three: f"{three[0]}[{three[1]}]{three[2]}") | odd, 4
    )
    fitting = st.sampled_from(kind.attributes).flatmap(
        lambda one: st.fixed_dictionaries({"op": verbs, "path": st.just(one["name"]), "value": value(one, odd, refer)})
    )
    verbs = mostly(st.sampled_from(["add", "replace", "remove", "Add", "Replace"]), odd)
    anyhow = st.fixed_dictionaries(
        {"op": verbs}, optional={"path": path, "value": values | odd | document(kind, odd, refer)}
    )
    operations = st.lists(fitting | anyhow, min_size=1, max_size=3)
    body = st.fixed_dictionaries({"schemas": st.just([PATCH_URN]), "Operations": mostly(operations, odd)})
    return mostly(body, odd)


def parameters(kind: Kind, odd: Strategy) -> Strategy:
    """The parameters of a list or a search, by their names of RFC 7644 section 3.4.3."""
    some = st.lists(st.sampled_from(kind.paths()) | texts, min_size=1, max_size=3)
    number = st.integers(-2, 12) | st.sampled_from([2**31, 2**64, -(2**40)])
    usual: dict[str, Strategy] = {
        "filter": filters(kind.paths()),
        "attributes": some,
        "excludedAttributes": some,
        "startIndex": number,
        "count": number,
        "sortBy": st.sampled_from(kind.paths()) | texts,
        "sortOrder": st.sampled_from(["ascending", "descending"]) | texts,
        "cursor": texts,
    }
    return st.fixed_dictionaries({}, optional={name: mostly(one, odd, 12) for name, one in usual.items()})

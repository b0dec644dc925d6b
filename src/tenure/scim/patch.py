"""PATCH as a pure function: a document and operations in, the new document or an error out (RFC 7644 section 3.5.2)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tenure.scim import dialects, documents
from tenure.scim.documents import Document
from tenure.scim.errors import ScimError, invalid_path, invalid_syntax, invalid_value, mutability, no_target
from tenure.scim.filters import Filter, PathText, Unreadable, parse_path
from tenure.scim.matching import Unmatchable, element_of, matches
from tenure.scim.schema import Attribute, Place, ResourceType

MOST_OPERATIONS = 20_000


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on one place. `verb` is add, replace or remove; `filter` selects elements."""

    verb: str
    place: Place
    attribute: Attribute
    filter: Filter | None
    sub: Attribute | None
    value: Any


def steps(body: Mapping[str, Any], kind: ResourceType) -> list[Step]:
    """The operations of a PATCH body, each on one place.

    An operation without a path becomes one step for each name in its value; names there that are unknown or
    read-only are passed over, as they are in a POST. Raises ScimError (400).
    """
    operations = dialects.operations(dict(body))
    if not isinstance(operations, list):
        raise invalid_syntax("The body must have a list named Operations.")
    if len(operations) > MOST_OPERATIONS:
        raise ScimError(413, f"The body has more than {MOST_OPERATIONS} operations; send less at a time.")
    found: list[Step] = []
    for operation in operations:
        if not isinstance(operation, dict):
            raise invalid_syntax("Each of the Operations must be an object.")
        verb = dialects.verb(operation)
        if verb not in ("add", "replace", "remove"):
            raise invalid_syntax("The op of an operation must be add, replace or remove.")
        path, value = dialects.path_and_value(operation)
        if path is None or path == "":
            found += _pathless(verb, value, kind)
        elif not isinstance(path, str):
            raise invalid_path("A path must be a text.")
        else:
            found += _addressed(verb, path, value, kind)
    return found


def apply(document: Document, todo: Iterable[Step], kind: ResourceType) -> Document:
    """The document after the steps, in their order; the one given is left as it was. Raises ScimError (400)."""
    changed = copy.deepcopy(document)
    for step in todo:
        holder = documents.container(changed, step.place)
        if step.attribute.multi:
            _on_elements(holder, step)
        else:
            _on_single(holder, step)
        documents.prune(changed, kind)
    documents.check_required(changed, kind)
    return changed


def _pathless(verb: str, value: object, kind: ResourceType) -> Iterator[Step]:
    if verb == "remove":
        raise no_target("A remove operation needs a path.")
    value = dialects.document(value)
    if not isinstance(value, dict):
        raise invalid_value("An operation without a path needs an object of attributes as its value.")
    for name, inner in value.items():
        for step in _steps_at(verb, name, inner, kind, strict=False):
            if documents.writable(step.attribute) and not (step.sub and step.sub.mutability == "readOnly"):
                yield step


def _addressed(verb: str, path: str, value: object, kind: ResourceType) -> Iterator[Step]:
    for step in _steps_at(verb, path, value, kind, strict=True):
        if step.attribute.mutability == "readOnly" or (step.sub and step.sub.mutability == "readOnly"):
            raise mutability(f"{path[:100]} is read-only.")
        if step.attribute.kept:
            yield step


def _steps_at(verb: str, path: str, value: object, kind: ResourceType, *, strict: bool) -> Iterator[Step]:
    """The steps at one path; none for a schema that we do not know, nor, when not strict, for an unknown name."""
    try:
        text = parse_path(path)
    except Unreadable as problem:
        if strict:
            raise invalid_path(f"The path {path[:100]!r} cannot be read: {problem}.") from None
        return
    place = kind.find(text.name)
    if place is None:
        if strict and ":" not in text.name:
            raise invalid_path(f"{kind.name} has no attribute {text.name[:100]!r}.")
    elif place.attribute is not None:
        yield _step(verb, place, place.attribute, text, value)
    elif verb == "remove":
        schema = next(s for s in kind.extensions if s.urn == place.extension)
        yield from (Step(verb, Place(place.extension, a), a, None, None, None) for a in schema.attributes)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _steps_at(verb, f"{place.extension}:{name}", inner, kind, strict=False)
    elif value is not None:
        raise invalid_value(f"{place.extension} must be an object.")


def _step(verb: str, place: Place, attribute: Attribute, text: PathText, value: object) -> Step:
    sub = place.sub
    if text.sub is not None:
        sub = attribute.names.get(text.sub.lower())
        if sub is None:
            raise invalid_path(f"{attribute.name} has no sub-attribute {text.sub[:100]!r}.")
    if text.filter is not None and attribute.type != "complex" and not attribute.multi:
        raise invalid_path(f"{attribute.name} has no sub-attributes that a filter could look at.")
    return Step(verb, place, attribute, text.filter, sub, value)


def _on_single(holder: Document, step: Step) -> None:
    attribute, held = step.attribute, holder.get(step.attribute.name)
    if step.filter is not None and step.verb == "remove" and not (held and _test(step.filter, attribute)(held)):
        return
    new = None if step.verb == "remove" else documents.clean_value(step.sub or attribute, step.value)
    if step.sub is not None:
        merged = {} if _points(attribute) and step.sub.name == "value" else dict(held or {})
        documents.put(merged, step.sub, new or None if _points(attribute) else new)
        new = merged or None
    elif attribute.type == "complex" and step.verb != "remove":
        new = _merged(attribute, held or {}, step.value, new)
    if new is None and not attribute.clearable and (attribute.required or step.verb != "remove"):
        raise mutability(f"{attribute.name} cannot be removed.")
    documents.put(holder, attribute, new)


def _points(attribute: Attribute) -> bool:
    """True for a reference, such as `manager`: its parts are one value, so that another id needs another `$ref`."""
    return "$ref" in attribute.names


def _merged(attribute: Attribute, held: Document, sent: object, new: Document | None) -> Document | None:
    """A complex value keeps the sub-attributes that were not named (RFC 7644 section 3.5.2.3); null clears one."""
    sent = dialects.single(sent)
    if not isinstance(sent, dict) or not sent:
        return new
    named = {s.name: v for n, v in sent.items() if (s := attribute.names.get(n.lower())) and s.mutability != "readOnly"}
    if named and _points(attribute):
        return new
    return {name: value for name, value in held.items() if named.get(name, value) is not None} | (new or {}) or None


def _on_elements(holder: Document, step: Step) -> None:
    attribute = step.attribute
    held: list[Any] = list(holder.get(attribute.name, ()))
    if step.filter is None and step.sub is None:
        new = _whole(attribute, held, step)
    elif attribute.type != "complex":
        new = _selected_values(attribute, held, step)
    else:
        new = _selected(attribute, held, step)
    documents.put(holder, attribute, _one_primary(attribute, held, new) or None)


def _whole(attribute: Attribute, held: list[Any], step: Step) -> list[Any]:
    """The elements after an operation on the attribute as a whole; a remove with a list takes those in it away."""
    sent: list[Any] = documents.clean_value(attribute, step.value) or []
    if step.verb == "add":
        return held + [element for element in sent if element not in held]
    if step.verb == "replace":
        return sent
    if not sent:
        return []
    if attribute.type != "complex":
        return [element for element in held if element not in sent]
    return [element for element in held if not any(one.items() <= element.items() for one in sent)]


def _selected(attribute: Attribute, held: list[Any], step: Step) -> list[Any]:
    """The elements after an operation on those that the filter selects; without a filter, on all of them."""
    hit = _test(step.filter, attribute)
    written = {} if step.verb == "remove" else _written(step)
    if not written:
        kept = [_without(element, step.sub) if hit(element) else element for element in held]
        return [element for element in kept if element]
    if not any(hit(element) for element in held):
        return [*held, _new_element(attribute, step) | written]
    return [element | written if hit(element) else element for element in held]


def _selected_values(attribute: Attribute, held: list[Any], step: Step) -> list[Any]:
    """The same for plain values, each of which is the `value` that the filter speaks of (RFC 7643 section 2.4)."""
    value = replace(attribute, name="value", multi=False)
    as_elements = replace(attribute, type="complex", sub=(value,))
    wrapped = replace(step, attribute=as_elements, sub=value)
    return [element["value"] for element in _selected(as_elements, [{"value": one} for one in held], wrapped)]


def _without(element: Document, sub: Attribute | None) -> Document:
    """What is left of an element: nothing when it loses its `value`, without which the rest says nothing."""
    if sub is None or sub.name == "value":
        return {}
    return {name: value for name, value in element.items() if name != sub.name}


def _written(step: Step) -> Document:
    """What is to be written on the elements; nothing when the value is null (or a blank `value`), which clears."""
    if step.sub is None:
        return documents.clean_value(replace(step.attribute, multi=False), step.value) or {}
    value = documents.clean_value(step.sub, step.value)
    cleared = value is None or (value == "" and step.sub.name == "value")
    return {} if cleared else {step.sub.name: value}


def _new_element(attribute: Attribute, step: Step) -> Document:
    """The element to make when none matches: Entra ID expects `emails[type eq "work"].value` to make one."""
    if step.filter is None:
        return {}
    try:
        described = element_of(step.filter, attribute)
    except Unmatchable as problem:
        raise invalid_path(f"The filter of the path cannot be used: {problem}.") from None
    if described is None:
        raise no_target(f"No element of {attribute.name} matches the filter of the path.")
    made: Document = documents.clean_value(replace(attribute, multi=False), described) or {}
    return made


def _test(filter: Filter | None, attribute: Attribute) -> Callable[[Document], bool]:
    def hit(element: Document) -> bool:
        try:
            return filter is None or matches(filter, element, attribute)
        except Unmatchable as problem:
            raise invalid_path(f"The filter of the path cannot be used: {problem}.") from None

    return hit


def _one_primary(attribute: Attribute, held: list[Any], new: list[Any]) -> list[Any]:
    """At most one element is primary: one that has just become so, else the last (RFC 7644 section 3.5.2)."""
    if "primary" not in attribute.names:
        return documents.tidy(attribute, new)
    primary = [element for element in new if element.get("primary") is True]
    if len(primary) > 1:
        fresh = [element for element in primary if element not in held] or primary
        new = [{**e, "primary": False} if e.get("primary") is True and e is not fresh[-1] else e for e in new]
    return documents.tidy(attribute, new)

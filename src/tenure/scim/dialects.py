"""What identity providers really send, read as what it means; `quirks` lists each habit, by whom, and its source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson

_BOOLEANS = {"true": True, "false": False}


def boolean(value: object) -> bool | None:
    """A boolean, also as text in any case; None when it is neither. Quirk `boolean-as-text`."""
    if isinstance(value, bool):
        return value
    return _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None


def listed(value: object) -> list[Any]:
    """The values of a multi-valued attribute: a list, or the one value instead. Quirk `one-for-list`."""
    return value if isinstance(value, list) else [value]


def single(value: object) -> object:
    """The value of a single-valued attribute, also out of a list of one. Quirk `list-for-one`."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def simple(value: object) -> object:
    """The value of a simple attribute, also out of a list of one object whose `value` it is. Quirk `wrapped-value`."""
    match value:
        case [{"value": inner, **others}] if all(other is None for other in others.values()):
            return inner
    return single(value)


def referenced(value: object) -> object:
    """An element as an object: a bare text stands for its `value`, a blank one for none.

    Quirks `bare-reference` and `blank-reference`.
    """
    if isinstance(value, str):
        return {"value": value} if value else None
    return value


def document(value: object) -> object:
    """A PATCH value that is a whole document, also as JSON inside a text. Quirk `document-as-text`."""
    if isinstance(value, str):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def verb(operation: dict[str, Any]) -> str:
    """The verb of a PATCH operation, in lower case. Quirk `verb-case`."""
    found = entry(operation, "op")
    return found.strip().lower() if isinstance(found, str) else ""


def path_and_value(operation: dict[str, Any]) -> tuple[object, object]:
    """The path and the value of a PATCH operation; other keys are passed over. Quirk `extra-keys`."""
    return entry(operation, "path"), entry(operation, "value")


def operations(body: dict[str, Any]) -> object:
    """The operations of a PATCH body, whose key some write in lower case."""
    return entry(body, "Operations")


def member_ids(value: object) -> Iterator[object]:
    """The ids in a list of members: objects with a `value`, bare ids, or one of either instead of a list.

    Quirks `one-for-list` and `members-by-value`; what else is said of a member is passed over (`null-parts`).
    """
    for element in listed(value):
        if isinstance(element, dict):
            element = entry(element, "value")
        if element is not None:
            yield element


def our_id(value: object) -> UUID | None:
    """An id that we may have given, or None: ours are UUIDs in lower case, and ids are compared exactly."""
    if not isinstance(value, str) or len(value) != 36:
        return None
    try:
        found = UUID(value)
    except ValueError:
        return None
    return found if str(found) == value else None


def entry(entries: dict[str, Any], name: str) -> Any:
    """The entry of this name, in whatever case it is written."""
    if name in entries:
        return entries[name]
    lower = name.lower()
    return next((v for k, v in entries.items() if k.lower() == lower), None)

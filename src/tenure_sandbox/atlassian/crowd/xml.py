"""Crowd's documents as XML: the same data as in JSON, with some of it in attributes and lists by repetition.

Reading uses expat itself and refuses every document type declaration: without one there are no entities to expand and
nothing outside to fetch, which is what a hostile document would need.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from tenure_sandbox.atlassian.call import Malformed

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
DEEPEST = 100
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# What stands in attributes of an element; everything else is an element of its own.
_IN_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "link": ("href", "rel"),
    "attribute": ("name",),
    "childUser": ("name",),
    "membership": ("group",),
    "boolean-search-restriction": ("boolean-logic",),
    "events": ("newEventToken", "incrementalSynchronisationAvailable"),
}
_NAMED = ("name", "expand")
for _name in ("user", "group", "users", "groups", "session"):
    _IN_ATTRIBUTES[_name] = _NAMED
# The elements of a list; a list in an element of its own name repeats them without another element around.
_ONE_OF = {
    "users": "user",
    "groups": "group",
    "parentGroups": "group",
    "childGroups": "group",
    "attributes": "attribute",
    "values": "value",
    "memberships": "membership",
    "validation-factors": "validation-factor",
}


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if name.endswith("-date"):
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")
    return str(value)


def write(name: str, value: Any) -> str:
    """One element with everything in it."""
    if isinstance(value, list):
        return f"<{name}>{_repeated(name, value)}</{name}>"
    if not isinstance(value, dict):
        return f"<{name}>{escape(_text(name, value))}</{name}>"
    inside = _IN_ATTRIBUTES.get(name, ())
    marks = "".join(f" {k}={quoteattr(_text(k, value[k]))}" for k in inside if value.get(k) is not None)
    parts = [
        _repeated(key, part) if key == name and isinstance(part, list) else write(key, part)
        for key, part in value.items()
        if key not in inside and part is not None
    ]
    return f"<{name}{marks}>{''.join(parts)}</{name}>"


def _repeated(name: str, values: list[Any]) -> str:
    if name == "events":  # each is a mapping of its own element's name to what is in it
        return "".join(write(kind, event) for one in values for kind, event in one.items())
    return "".join(write(_ONE_OF[name], value) for value in values)


def document(name: str, value: Any) -> bytes:
    """A whole document. Characters that XML 1.0 cannot hold are left out, as they cannot be sent."""
    return (HEAD + _NOT_XML.sub("", write(name, value))).encode()


class _Node:
    def __init__(self, name: str, marks: dict[str, str]) -> None:
        self.name, self.marks = name, marks
        self.text = ""
        self.children: list[_Node] = []


def read(body: bytes) -> tuple[str, Any]:
    """The name of a document's element, and its data in the shape of JSON; Malformed if it is none."""
    root = _Node("", {})
    stack = [root]
    parser = expat.ParserCreate()

    def start(name: str, marks: dict[str, str]) -> None:
        if len(stack) > DEEPEST:
            raise Malformed
        node = _Node(name, marks)
        stack[-1].children.append(node)
        stack.append(node)

    def text(more: str) -> None:
        stack[-1].text += more

    def refuse(*_: Any) -> None:
        raise Malformed

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, UnicodeError):
        raise Malformed from None
    return root.children[0].name, _data(root.children[0])


def _data(node: _Node) -> Any:
    """What a node says: a text, a mapping, or, of a restriction, a mapping that tells its kind as JSON does."""
    if node.name == "restrictions":
        return [_data(child) for child in node.children]
    if node.name == "values":
        return [child.text for child in node.children]
    if not node.children and not node.marks and not node.name.endswith("restriction"):
        return node.text
    data: dict[str, Any] = dict(node.marks)
    if node.name.endswith("-search-restriction"):
        data["restriction-type"] = node.name
    for child in node.children:
        if _ONE_OF.get(node.name) == child.name:
            data.setdefault(_json_name(node.name), []).append(_data(child))
        else:
            data[child.name] = _data(child)
    return data


def _json_name(name: str) -> str:
    """The list of validation factors is the one whose name JSON spells in another way."""
    return "validationFactors" if name == "validation-factors" else name

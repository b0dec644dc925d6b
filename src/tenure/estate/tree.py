"""YAML as a tree in which everything knows its line; nothing in a file can make it large, deep or slow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml

from tenure.estate.problem import EstateInvalid, Problem

LARGEST, MOST_NODES, DEEPEST = 1024 * 1024, 20_000, 30

_QUOTE = (
    "a value that begins with a quote or with one of * & ! % @ ` { [ or that has ': ' or ' #' in it "
    "stands in double quotes as a whole"
)


@dataclass(slots=True)
class Scalar:
    """A single value. Only an unquoted `true`, `false`, `null`, `~` or nothing is more than a text."""

    line: int
    column: int
    text: str
    quoted: bool
    size: int = 1


@dataclass(slots=True)
class Entry:
    """A key of a mapping, with its place and its value."""

    line: int
    column: int
    node: Node


@dataclass(slots=True)
class Branch:
    """A mapping: each key once."""

    line: int
    column: int
    entries: dict[str, Entry] = field(default_factory=dict)
    size: int = 1


@dataclass(slots=True)
class Sequel:
    """A list."""

    line: int
    column: int
    elements: list[Node] = field(default_factory=list)
    size: int = 1


Node = Scalar | Branch | Sequel


def read_yaml(content: bytes, file: str) -> Branch:
    """The tree of one YAML document that is a mapping.

    Raises EstateInvalid: for what is not YAML, for a key that stands twice, for tags, and beyond 1 MiB, 20,000 nodes
    (an alias counts as what it stands for) or 30 levels.
    """
    if len(content) > LARGEST:
        raise EstateInvalid([Problem(1, 1, "", f"the file is larger than {LARGEST // 2**20} MiB", file=file)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise EstateInvalid([Problem(line, 1, "", "the file is not in UTF-8", "save it as UTF-8", file)]) from None
    reading = _Reading(file)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            reading.take(event)
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        reading.refuse(line, 1, "the file has a character that YAML does not allow")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = f"this is not YAML: {error.problem or error.context or 'it cannot be read'}"
        start = "".join(text.split("\n")[mark.line : mark.line + 1] if mark else "")
        tabs = "\t" in start[: len(start) - len(start.lstrip())]
        hint = "indent with spaces, not tabs" if tabs else _QUOTE
        reading.refuse(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, said, hint)
    except yaml.YAMLError:
        reading.refuse(1, 1, "this is not YAML")
    return reading.document()


class _Reading:
    """Builds the tree out of the parser's events, with a stack of its own: depth costs no recursion."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._root: Node | None = None
        self._open: list[tuple[Branch | Sequel, str | None]] = []
        self._keys: list[Scalar | None] = []
        self._anchors: dict[str, Node] = {}
        self._problems: list[Problem] = []

    def refuse(self, line: int, column: int, message: str, hint: str = "") -> NoReturn:
        raise EstateInvalid([*self._problems, Problem(line, column, "", message, hint, self.file)])

    def document(self) -> Branch:
        if isinstance(self._root, Branch) and not self._problems:
            return self._root
        if not self._problems:
            line = self._root.line if self._root else 1
            self.refuse(line, 1, "an estate is a mapping", "write the keys sources: and targets:")
        raise EstateInvalid(self._problems)

    def take(self, event: Any) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
            self.refuse(line, column, "the file holds more than one document", "remove the line ---")
        if getattr(event, "tag", None) not in (None, "!", "tag:yaml.org,2002:str"):
            self.refuse(line, column, "tags (a word after !) are not used here", "remove it, or quote the value")
        if isinstance(event, yaml.AliasEvent):
            meant = self._anchors.get(event.anchor or "")
            if meant is None:
                self.refuse(line, column, f"the alias *{event.anchor} stands for nothing, or for what it stands in")
            self._place(meant)
        elif isinstance(event, yaml.ScalarEvent):
            self._whole(Scalar(line, column, event.value, bool(event.style)), event.anchor)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if len(self._open) >= DEEPEST:
                self.refuse(line, column, f"this is nested deeper than {DEEPEST} levels")
            opened = Branch(line, column) if isinstance(event, yaml.MappingStartEvent) else Sequel(line, column)
            self._open.append((opened, event.anchor))
            self._keys.append(None)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            closed, anchor = self._open.pop()
            self._keys.pop()
            self._whole(closed, anchor)

    def _whole(self, node: Node, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node
        self._place(node)

    def _place(self, node: Node) -> None:
        if self._open and self._open[-1][0].size + node.size > MOST_NODES:
            self.refuse(node.line, node.column, f"the file holds more than {MOST_NODES:,} values")
        if not self._open:
            self._root = node
            return
        parent = self._open[-1][0]
        parent.size += node.size
        if isinstance(parent, Sequel):
            parent.elements.append(node)
            return
        key, self._keys[-1] = self._keys[-1], None
        if key is None:
            self._keys[-1] = self._key(node)
        else:
            self._enter(parent, key, node)

    def _key(self, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            self.refuse(node.line, node.column, "a key is a plain word or a text in quotes")
        return node

    def _enter(self, parent: Branch, key: Scalar, node: Node) -> None:
        known = parent.entries.get(key.text)
        if known is not None:
            said = f'the key "{shown(key.text)}" stands here twice (first in line {known.line})'
            self._problems.append(Problem(key.line, key.column, "", said, "keep one of the two", self.file))
            return
        parent.entries[key.text] = Entry(key.line, key.column, node)


def plain(node: Node) -> Any:
    """The tree as dicts, lists, texts, truths and None."""
    if isinstance(node, Branch):
        return {key: plain(entry.node) for key, entry in node.entries.items()}
    if isinstance(node, Sequel):
        return [plain(element) for element in node.elements]
    if node.quoted:
        return node.text
    return {"true": True, "false": False, "null": None, "~": None, "": None}.get(node.text, node.text)


def locate(root: Branch, path: Sequence[str | int]) -> tuple[int, int]:
    """Line and column of what stands at a path; for what is not there, of the nearest thing above it that is."""
    node: Node = root
    place = (root.line, root.column)
    for part in path:
        if isinstance(node, Branch) and isinstance(part, str) and part in node.entries:
            entry = node.entries[part]
            node, place = entry.node, (entry.line, entry.column)
        elif isinstance(node, Sequel) and isinstance(part, int) and part < len(node.elements):
            node = node.elements[part]
            place = (node.line, node.column)
        else:
            break
    return place


def dotted(path: Sequence[str | int]) -> str:
    """A path as it is written in messages: `targets.jira.protected[2]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{shown(part)}" if text else shown(part)
    return text


def shown(text: str) -> str:
    """A text as it may stand in a message: printable, and not too long."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= 60 else clean[:57] + "..."

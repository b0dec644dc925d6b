"""The people and groups of CSV files, as the documents of RFC 7643 that an identity provider would push."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenure.model.capability import canon_name
from tenure.model.identity import LONGEST_EXTERNAL_ID, LONGEST_NAME, LONGEST_TEXT
from tenure.sources.csv_table import Faults, Table, edges, nearest, read_table, shown

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
GROUPS = "groups"

# fmt: off
_TEXTS = (
    "userName", "externalId", "displayName", "nickName", "profileUrl", "title", "userType", "preferredLanguage",
    "locale", "timezone",
)
_NAMES = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_EMAILS = ("primary", "work", "home", "other")
_PHONES = ("work", "mobile", "home", "fax", "pager", "other")
_ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
_COMPANY = ("employeeNumber", "costCenter", "organization", "division", "department", "manager")
# fmt: on
FIELDS: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in (*_TEXTS, "active", GROUPS)},
    **{f"name.{part}": ("name", part) for part in _NAMES},
    **{f"emails.{kind}": ("emails", kind) for kind in _EMAILS},
    **{f"phoneNumbers.{kind}": ("phoneNumbers", kind) for kind in _PHONES},
    **{f"addresses.{kind}.{part}": ("addresses", kind, part) for kind in ("work", "home") for part in _ADDRESS},
    **{part: (ENTERPRISE, part) for part in _COMPANY},
}
"""What a column may be: the names of RFC 7643 sections 4.1 and 4.3, and where each stands in a document."""
_LONGEST = {"userName": LONGEST_NAME, "externalId": LONGEST_EXTERNAL_ID}
_ALIASES = {"email": "emails.primary", **{f"enterprise.{part}": part for part in _COMPANY}}
_BY_NAME = {name.lower(): name for name in FIELDS} | {short.lower(): name for short, name in _ALIASES.items()}
_WHOLE = ("userName", "externalId", "emails.primary", "emails.work", "emails.home", "emails.other")
"""By these people are told apart or found: white space at an end is never meant."""
_BOOLEANS = {"true": True, "false": False}

Document = dict[str, Any]


def field_named(name: str) -> str | None:
    """The field that a name means, whatever its letter case; None when there is none."""
    return _BY_NAME.get(name.lower())


@dataclass(frozen=True, slots=True)
class Format:
    """How the files are written: which header means which field, what is not read, and the two separators."""

    delimiter: str
    separator: str
    columns: Mapping[str, str]
    ignore: frozenset[str]


@dataclass(slots=True)
class People:
    """Everybody in the files: documents by canonical userName, members by group; None when groups are not told."""

    documents: dict[str, Document] = field(default_factory=dict)
    groups: dict[str, dict[str, None]] | None = None
    names: dict[str, str] = field(default_factory=dict)
    digests: list[str] = field(default_factory=list)


def read_people(path: Path, memberships: Path | None, form: Format) -> People:
    """Everybody in the file of people, with the groups that it or the file of memberships tells.

    Raises NotRead when anything at all is wrong in one of them.
    """
    faults, found = Faults(), People()
    table = read_table(path, form.delimiter, faults)
    if table is not None:
        _People(table, form, faults, found).read(apart=memberships is not None)
    if memberships is not None and table is not None:
        members = read_table(memberships, form.delimiter, faults)
        if members is not None:
            _memberships(members, faults, found)
    faults.refuse()
    return found


class _People:
    """One reading of the file of people."""

    def __init__(self, table: Table, form: Format, faults: Faults, found: People) -> None:
        self._table, self._form, self._faults, self._found = table, form, faults, found
        self._lines: dict[str, int] = {}
        self._ids: dict[str, int] = {}
        self._groups = _Groups(table.file, faults, found)

    def read(self, *, apart: bool) -> None:
        """Take every line; `apart`: who is in which group stands in another file."""
        columns = self._columns()
        if "userName" not in columns:
            hint = "name a column so, or write columns: {userName: <its header>} in the configuration"
            self._add(1, "", "there is no column userName", hint)
            return
        if apart and GROUPS in columns:
            said = "groups are told here and in the file of memberships"
            self._add(1, self._table.columns[columns[GROUPS]], said, "keep one of the two")
        if apart or GROUPS in columns:
            self._found.groups = {}
        if not self._table.rows:
            self._add(1, "", "there are no people in it", "write a line for each person below the header")
        self._found.digests.append(self._table.digest)
        for line, cells in self._table.rows:
            self._person(line, {name: (self._table.columns[n], cells[n]) for name, n in columns.items()})

    def _add(self, line: int, column: str, message: str, hint: str = "") -> None:
        self._faults.add(self._table.file, line, column, message, hint)

    def _columns(self) -> dict[str, int]:
        """The place of each field in a line, in the order of FIELDS."""
        mapped = {header: name for name, header in self._form.columns.items()}
        found: dict[str, int] = {}
        for place, header in enumerate(self._table.columns):
            name = mapped.get(header) or field_named(header.strip())
            if header in self._form.ignore:
                continue
            if name is None:
                near = nearest(header, (*FIELDS, *_ALIASES))
                hint = (f"did you mean {near}? Rename it, or " if near else "") + "write it under columns: or ignore:"
                self._add(1, header, "this column is not known", hint)
            elif name in found or (name in self._form.columns and self._form.columns[name] != header):
                other = self._form.columns.get(name) or self._table.columns[found[name]]
                said = f"this column is {name} as well as the column {shown(other)}"
                self._add(1, header, said, "write the one that is not read under ignore: in the configuration")
            else:
                found[name] = place
        for name, header in self._form.columns.items():
            if header not in self._table.columns:
                self._add(1, header, "there is no such column, though the configuration names it", f"for {name}")
        return {name: found[name] for name in FIELDS if name in found}

    def _person(self, line: int, cells: Mapping[str, tuple[str, str]]) -> None:
        document: Document = {"active": True}
        for name, (header, value) in cells.items():
            if name == "active":
                self._active(line, header, value, document)
            elif name != GROUPS and self._usable(line, name, header, value):
                put(document, FIELDS[name], value)
        canon = self._unique(line, cells)
        if canon is None:
            return
        self._found.documents[canon] = document
        if GROUPS in cells:
            header, value = cells[GROUPS]
            for group in value.split(self._form.separator) if value.strip() else ():
                self._groups.add(line, header, group.strip(), canon)

    def _active(self, line: int, header: str, value: str, document: Document) -> None:
        truth = _BOOLEANS.get(value.strip().lower())
        if truth is None:
            read = f"{shown(value)} is neither true nor false" if value.strip() else "it is blank"
            self._add(line, header, read, "write true, or false for somebody who has left")
        document["active"] = truth

    def _usable(self, line: int, name: str, header: str, value: str) -> bool:
        """Whether the cell has a value to keep; a blank one has none."""
        if name in _WHOLE and edges(value):
            self._add(line, header, f"{shown(value)} has white space at an end", "remove it")
        longest = _LONGEST.get(name, LONGEST_TEXT)
        if len(value) > longest:
            self._add(line, header, f"this has {len(value):,} characters", f"write at most {longest:,}")
        return bool(value.strip())

    def _unique(self, line: int, cells: Mapping[str, tuple[str, str]]) -> str | None:
        """The canonical userName; None when it is blank, or somebody's above."""
        header, name = cells["userName"]
        canon = canon_name(name)
        if not canon:
            self._add(line, header, "userName is blank", "write the name by which the person signs in")
            return None
        first = self._lines.setdefault(canon, line)
        if first != line:
            said = f"{shown(name)} is the userName in line {first} too (letter case does not count)"
            self._add(line, header, said, "keep one of the two lines")
        self._identifier(line, *cells.get("externalId", ("", None)))
        return canon if first == line else None

    def _identifier(self, line: int, header: str, value: str | None) -> None:
        if value is None:
            return
        if not value.strip():
            said = "externalId is blank, and others have one: nobody could say who is who when a name changes"
            self._add(line, header, said, "write it, or write the column under ignore:")
            return
        first = self._ids.setdefault(value, line)
        if first != line:
            self._add(line, header, f"{shown(value)} is the externalId in line {first} too", "each person has one")


class _Groups:
    """Who is in which group, and in which spelling the group was named first."""

    def __init__(self, file: str, faults: Faults, found: People) -> None:
        self._file, self._faults, self._found = file, faults, found
        self._lines: dict[str, int] = {}

    def add(self, line: int, column: str, group: str, person: str) -> None:
        """Somebody is in the group."""
        canon = canon_name(group)
        if not canon:
            said, hint = "the name of a group is blank", "write one between the separators, and none at the end"
            self._faults.add(self._file, line, column, said, hint)
            return
        if len(group) > LONGEST_NAME:
            said = f"the name of a group has {len(group):,} characters"
            self._faults.add(self._file, line, column, said, f"write at most {LONGEST_NAME}")
        first = self._found.names.setdefault(canon, group)
        where = self._lines.setdefault(canon, line)
        if first != group:
            said = f"the group {shown(group)} is written {shown(first)} in line {where}"
            self._faults.add(self._file, line, column, said, "write it the same everywhere")
        assert self._found.groups is not None
        self._found.groups.setdefault(canon, {})[person] = None


def _memberships(table: Table, faults: Faults, found: People) -> None:
    """Take the file of memberships: a line for each person in each group."""
    places = {name.strip().lower(): n for n, name in enumerate(table.columns)}
    for name in table.columns:
        if name.strip().lower() not in ("group", "username"):
            faults.add(table.file, 1, name, "this column is not known", "there are two: group, userName")
    if not places.keys() >= {"group", "username"}:
        faults.add(table.file, 1, "", "there has to be a column group and a column userName", "name them so")
        return
    found.digests.append(table.digest)
    groups, group, person = _Groups(table.file, faults, found), places["group"], places["username"]
    for line, cells in table.rows:
        canon = canon_name(cells[person])
        if canon not in found.documents:
            said = f"{shown(cells[person])} is not the userName of anybody in the file of people"
            faults.add(table.file, line, table.columns[person], said, "add the person there, or remove this line")
        else:
            groups.add(line, table.columns[group], cells[group].strip(), canon)


def put(document: Document, place: Sequence[str], value: str) -> None:
    """Set what stands at a place of FIELDS."""
    head, *below = place
    if head == "emails":
        primary = {"primary": True} if below[0] == "primary" else {}
        document.setdefault(head, []).append({"value": value, "type": "work" if primary else below[0], **primary})
    elif head == "phoneNumbers":
        document.setdefault(head, []).append({"value": value, "type": below[0]})
    elif head == "addresses":
        _address(document.setdefault(head, []), below[0])[below[1]] = value
    elif below:
        document.setdefault(head, {})[below[0]] = {"value": value} if below[0] == "manager" else value
    else:
        document[head] = value


def _address(addresses: list[Document], kind: str) -> Document:
    found = next((one for one in addresses if one["type"] == kind), None)
    if found is None:
        found = {"type": kind}
        addresses.append(found)
    return found


def members(found: People) -> Iterator[tuple[str, str]]:
    """Each canonical group name with a canonical userName, group after group."""
    for group, people in (found.groups or {}).items():
        yield from ((group, person) for person in people)

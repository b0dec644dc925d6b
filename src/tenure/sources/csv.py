"""People from a CSV file: read strictly and whole, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated
from uuid import UUID, uuid5

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from tenure.model.event import (
    PEOPLE,
    PEOPLE_AND_GROUPS,
    GroupSeen,
    IdentitySeen,
    MemberSeen,
    ReadComplete,
    SourceEvent,
)
from tenure.model.reading import NotRead
from tenure.model.seen import Health
from tenure.sources.csv_people import FIELDS, Format, People, field_named, members, read_people
from tenure.sources.csv_table import DELIMITERS, nearest, shown

_OURS = UUID("5b0cbd4a-6b3c-4a0e-9a37-0b9ff7cf3c5a")
"""The namespace of the ids that tell people and groups of one reading apart."""


def _located(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError("the path of a file belongs here, such as people.csv")
    return Path((info.context or {}).get("folder", "."), value)


def _known(name: str) -> str:
    found = field_named(name)
    if found is None:
        near = nearest(name, tuple(FIELDS))
        told = f"did you mean {near}?" if near else "columns are named as in SCIM, such as userName or emails.primary"
        raise ValueError(f"there is no {name} to read into; {told}")
    return found


def _delimiter(sign: str) -> str:
    if sign not in DELIMITERS:
        raise ValueError("""this does not part the cells of a line: write one of ',' ';' '|' "\\t\"""")
    return sign


def _one_sign(sign: str) -> str:
    if len(sign) != 1:
        raise ValueError("one sign parts the names of groups, such as ';'")
    return sign


def _each_once(columns: dict[str, str]) -> dict[str, str]:
    twice = next((one for one in columns.values() if list(columns.values()).count(one) > 1), None)
    if twice is not None:
        raise ValueError(f"the header {shown(twice)} stands twice: each is read into one attribute")
    return columns


Located = Annotated[Path, BeforeValidator(_located)]
"""A path; a relative one starts from the folder of the estate file."""
Header = Annotated[str, Field(min_length=1)]


class CsvSettings(BaseModel):
    """The settings of a CSV source.

    `path`: the people, a line each. Who is in which group stands there in a column `groups`, its names told apart by
    `groups_separator`, or in the file `memberships` with the columns group and userName. `columns` maps names of
    RFC 7643 to headers, for columns that are named otherwise; those under `ignore` are not read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: Located
    memberships: Located | None = None
    delimiter: Annotated[str, AfterValidator(_delimiter)] = ","
    groups_separator: Annotated[str, AfterValidator(_one_sign)] = ";"
    columns: Annotated[dict[Annotated[str, AfterValidator(_known)], Header], AfterValidator(_each_once)] = Field(
        default_factory=dict
    )
    ignore: tuple[Header, ...] = ()


class CsvSource:
    """Reads the files anew each time."""

    def __init__(self, settings: CsvSettings) -> None:
        """Touches no file yet."""
        self._settings = settings

    async def check(self) -> Health:
        """Read the files and take nothing."""
        try:
            found = await asyncio.to_thread(self._read)
        except NotRead as problem:
            return Health(False, str(problem))
        return Health(True, f"{self._settings.path.name} can be read: {len(found.documents)} people")

    async def read(self, since: str | None) -> AsyncIterator[SourceEvent | ReadComplete]:
        """Everybody, then the groups and who is in them; there is no reading since a moment.

        Raises NotRead, before the first event, when anything is wrong in the files.
        """
        found = await asyncio.to_thread(self._read)
        ids = {canon: uuid5(_OURS, f"person:{canon}") for canon in found.documents}
        groups = {canon: uuid5(_OURS, f"group:{canon}") for canon in found.groups or {}}
        for canon, document in found.documents.items():
            yield IdentitySeen(ids[canon], document)
        for canon, key in groups.items():
            yield GroupSeen(key, found.names[canon])
        for group, person in members(found):
            yield MemberSeen(groups[group], ids[person])
        population = PEOPLE if found.groups is None else PEOPLE_AND_GROUPS
        yield ReadComplete(population, {"sha256": found.digests})

    def _read(self) -> People:
        said = self._settings
        form = Format(said.delimiter, said.groups_separator, said.columns, frozenset(said.ignore))
        return read_people(said.path, said.memberships, form)

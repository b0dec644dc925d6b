"""A CSV file read strictly: every problem is gathered with its line and column, and one is enough to take nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from tenure.model.reading import MOST_FAULTS, Fault, NotRead

MOST_BYTES, MOST_ROWS = 64 * 2**20, 200_000
DELIMITERS = (",", ";", "\t", "|")
_LONGEST_SHOWN = 60


class Faults:
    """What was found wrong so far, in all files of a reading."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._found: list[Fault] = []
        self._count = 0

    def add(self, file: str, line: int, column: str, message: str, hint: str = "") -> None:
        """One more; beyond the first hundred they are only counted."""
        self._count += 1
        if len(self._found) < MOST_FAULTS:
            self._found.append(Fault(file, line, column, message, hint))

    def refuse(self) -> None:
        """Raises NotRead when there is any."""
        if self._found:
            raise NotRead(self._found, self._count)


@dataclass(frozen=True, slots=True)
class Table:
    """A file that can be read: its header, and its rows with the line on which each begins."""

    file: str
    columns: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    digest: str


@dataclass(slots=True)
class _Rows:
    header: list[str] = field(default_factory=list)
    header_line: int = 1
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


def read_table(path: Path, delimiter: str, faults: Faults) -> Table | None:
    """The table in a file. None when no column of it can be told from another; what is wrong is in `faults`."""
    content = _content(path, faults)
    text = None if content is None else _text(content, path.name, faults)
    if content is None or text is None:
        return None
    found = _rows(text, path.name, delimiter, faults)
    if not _named(found, path.name, delimiter, faults):
        return None
    for line, cells in found.rows:
        if len(cells) != len(found.header):
            said = f"this line has {_cells(len(cells))}, the header has {len(found.header)}"
            hint = "put a value that has the delimiter in it in double quotes, and write nothing for what is not there"
            faults.add(path.name, line, "", said, hint)
    rows = [(line, cells) for line, cells in found.rows if len(cells) == len(found.header)]
    return Table(path.name, tuple(found.header), rows, hashlib.sha256(content).hexdigest())


def shown(value: str) -> str:
    """A value as it may stand in a message: printable, in quotes, and not too long."""
    clean = "".join(c if c.isprintable() else "?" for c in value)
    return f'"{clean if len(clean) <= _LONGEST_SHOWN else clean[: _LONGEST_SHOWN - 3] + "..."}"'


def _content(path: Path, faults: Faults) -> bytes | None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            faults.add(path.name, 1, "", "this is not a file", "name a CSV file in the configuration")
            return None
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        hint = f"see that {path} is there, and that this user may read it"
        faults.add(path.name, 1, "", f"the file cannot be read: {error.strerror}", hint)
        return None
    if len(content) > MOST_BYTES:
        faults.add(path.name, 1, "", f"the file is larger than {MOST_BYTES // 2**20} MiB", "leave out what is not read")
        return None
    return content


def _text(content: bytes, file: str, faults: Faults) -> str | None:
    save = "save it as UTF-8 (a spreadsheet calls that CSV UTF-8)"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        faults.add(file, 1, "", "the file is in UTF-16", save)
        return None
    place = content.find(b"\0")
    if place >= 0:
        faults.add(file, content.count(b"\n", 0, place) + 1, "", "there is a NUL character", "remove it")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        faults.add(file, line, "", "there are characters that are not UTF-8", save)
        return None


def _rows(text: str, file: str, delimiter: str, faults: Faults) -> _Rows:
    found, blank = _Rows(), 0
    for line, cells in _records(text, file, delimiter, faults):
        if not cells:
            blank = blank or line
            continue
        if blank and found.header:
            faults.add(file, blank, "", "there is an empty line between others", "remove it")
        blank = 0
        if not found.header:
            found.header, found.header_line = cells, line
        elif len(found.rows) == MOST_ROWS:
            faults.add(file, line, "", f"there are more than {MOST_ROWS:,} lines of people", "split the source in two")
            break
        else:
            found.rows.append((line, cells))
    return found


def _records(text: str, file: str, delimiter: str, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line that it begins on; what cannot be told apart ends the reading with a fault."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "end of data" in str(error):
                said, hint = "a double quote opens a value here, and none closes it", 'write "" for one inside a value'
            else:
                said, hint = f"this line is not CSV: {error}", 'write "" for a double quote inside a value in quotes'
            faults.add(file, line, "", said + "; what comes after it was not looked at", hint)
            return
        yield line, cells


def _named(found: _Rows, file: str, delimiter: str, faults: Faults) -> bool:
    """Whether each column has a name of its own."""
    if not found.header:
        faults.add(file, 1, "", "the file is empty", "write a header line, and a line for each person below it")
        return False
    line, header = found.header_line, found.header
    other = next((one for one in DELIMITERS if len(header) == 1 and one in header[0]), None)
    if other is not None:
        written = {"\t": r'"\t"'}.get(other, f"'{other}'")
        said = f"the header is one column only when it is split at {_sign(delimiter)}"
        faults.add(file, line, "", said, f"write delimiter: {written} in the configuration")
        return False
    good = True
    for place, name in enumerate(header):
        if not name.strip():
            faults.add(file, line, "", f"column {place + 1} has no name", "name it, or remove it")
            good = False
        elif name in header[:place]:
            faults.add(file, line, name, "two columns have this name", "keep one of the two")
            good = False
    return good


def _sign(delimiter: str) -> str:
    return "tabs" if delimiter == "\t" else f'"{delimiter}"'


def _cells(number: int) -> str:
    return f"{number} cell{'' if number == 1 else 's'}"


def edges(value: str) -> bool:
    """Whether there is white space at an end of the value."""
    return value != value.strip()


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The name that was probably meant."""
    close = get_close_matches(name.lower(), [one.lower() for one in known], n=1, cutoff=0.7)
    return next((one for one in known if close and one.lower() == close[0]), None)

"""Numbers and times in texts, and the one form in which a time is kept."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)?\Z", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?(e[+-]?\d{1,2})?\Z", re.IGNORECASE)


def number_in(text: str) -> int | float | None:
    """The number that a text is, a whole one where there is neither a point nor an exponent; None when it is none."""
    found = _NUMBER.match(text.strip())
    if found is None:
        return None
    return float(text) if found[1] or found[2] else int(text)


def moment_in(text: str) -> datetime | None:
    """A time with any number of fraction digits (Microsoft's suite sends seven); without a zone it is UTC."""
    found = _TIME.match(text)
    if found is None:
        return None
    clock, fraction, zone = found.groups()
    try:
        moment = datetime.fromisoformat(clock.upper()).replace(microsecond=int((fraction or "0").ljust(6, "0")))
        offset = datetime.fromisoformat(f"2000-01-01T00:00:00{(zone or 'Z').upper()}").tzinfo
        return moment.replace(tzinfo=offset).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time_text(moment: datetime) -> str:
    """A time in UTC with microseconds: two such texts are in the order of their times."""
    if moment.utcoffset():
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:26] + "Z"

"""Lengths of time as people write and read them: `90d`, `24h`, `30m`, `10s`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_FORM = re.compile(r"(\d{1,6})(s|m|h|d)")


def parse(text: str) -> timedelta | None:
    """The length that a number with s, m, h or d says; None when the text is none."""
    found = _FORM.fullmatch(text)
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else None


def told(length: timedelta) -> str:
    """A length in its largest unit that is not smaller than it, rounded down: `26h` for a day and two hours and a half.

    What is negative is told as `0s`.
    """
    seconds = max(0, int(length.total_seconds()))
    for unit, one in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= 2 * one:
            return f"{seconds // one}{unit}"
    return f"{seconds}s"

"""The numbers of an application's version."""

from __future__ import annotations

import re


def version_numbers(text: str) -> tuple[int, ...]:
    """The numbers of a version: (10, 3, 24). Empty when there is none to see."""
    return tuple(int(number) for number in re.findall(r"\d+", text)[:3])

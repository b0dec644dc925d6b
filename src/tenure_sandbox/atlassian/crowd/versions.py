"""What each version of Crowd can do, in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUPPORTED = ((4, 0), (7, 0))
FOREVER = (999, 0)

# Feature: from this version, up to but without that one. The first version is a guess: sources say "newer" alone.
SPANS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "unaliased_username": ((5, 0), FOREVER),  # a session tells it
}


@dataclass(frozen=True, slots=True)
class Version:
    """A version of Crowd, with the features that it has."""

    text: str
    features: frozenset[str]

    def has(self, feature: str) -> bool:
        """Say whether this version has a feature of the table."""
        return feature in self.features


def version(text: str) -> Version:
    """Read a version such as 5.1.0; ValueError says what is wrong with any other text."""
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise ValueError(f"the Crowd version {text!r} is not a number like 5.1.0 or 6.3.0")
    numbers = (int(match[1]), int(match[2]))
    if not SUPPORTED[0] <= numbers < SUPPORTED[1]:
        raise ValueError(f"the Crowd version {text} is not one that the sandbox knows: choose one from 4.0 to 6.x")
    features = frozenset(name for name, (first, end) in SPANS.items() if first <= numbers < end)
    return Version(f"{numbers[0]}.{numbers[1]}.{int(match[3] or 0)}", features)

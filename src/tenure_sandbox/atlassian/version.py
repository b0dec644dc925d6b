"""Versions of the applications: what one is called, and which features of its application's table it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

Minor = tuple[int, int]
FOREVER: Minor = (999, 0)
Spans = Mapping[str, tuple[Minor, Minor]]
"""By feature: from this version, up to but without that one."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an application, with the features that it has."""

    text: str
    numbers: tuple[int, int, int]
    features: frozenset[str]

    def has(self, feature: str) -> bool:
        """Say whether this version has a feature of the application's table."""
        return feature in self.features


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of one application that the sandbox knows: the first, the first that it does not, their features.

    `examples` are two of them, for whoever writes another one.
    """

    product: str
    first: Minor
    end: Minor
    spans: Spans
    examples: tuple[str, str]

    def __call__(self, text: str) -> Version:
        """Read a version such as 9.12.0; ValueError says what is wrong with any other text."""
        match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
        if match is None:
            raise ValueError(f"the {self.product} version {text!r} is not a number like {' or '.join(self.examples)}")
        numbers = (int(match[1]), int(match[2]), int(match[3] or 0))
        if not self.first <= numbers[:2] < self.end:
            known = f"{self.first[0]}.{self.first[1]} to {self.end[0] - 1}.x"
            raise ValueError(
                f"the {self.product} version {text} is not one that the sandbox knows: choose one from {known}"
            )
        features = frozenset(name for name, (first, end) in self.spans.items() if first <= numbers[:2] < end)
        return Version(".".join(map(str, numbers)), numbers, features)

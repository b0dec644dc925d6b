"""What each version of Confluence can do, in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUPPORTED = ((7, 0), (11, 0))

# Feature: the first version that has it. Where that is a guess, the comment says what it rests on.
FIRST: dict[str, tuple[int, int]] = {
    "bearer": (7, 9),  # personal access tokens
    "admin_user": (8, 2),  # disable, enable, delete: the vendor's class for them is "since 8.2.0"
    "groups": (8, 2),  # making and deleting groups, memberships: a guess, they were announced together with the above
    "nested": (8, 2),  # groups in a group and around it: a guess, they are documented for 9 and later
    "create_user": (8, 4),  # with passwords and the list of all accounts, by the vendor's own note
    "server_information": (9, 2),  # with instance metrics: the first that documents them, so a guess
    "space_permissions": (9, 2),  # the first that documents them, so a guess
    "global_permissions": (9, 3),  # with the list of active users: the first that documents them, so a guess
    "update_user": (9, 4),  # the first that documents it, so a guess
    "grants": (10, 0),  # changing permissions: the first that documents it, so a guess
}


@dataclass(frozen=True, slots=True)
class Version:
    """A version of Confluence, with the features that it has."""

    text: str
    numbers: tuple[int, int, int]
    features: frozenset[str]

    def has(self, feature: str) -> bool:
        """Say whether this version has a feature of the table."""
        return feature in self.features


def version(text: str) -> Version:
    """Read a version such as 8.5.4; ValueError says what is wrong with any other text."""
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise ValueError(f"the Confluence version {text!r} is not a number like 8.5.4 or 10.0.3")
    numbers = (int(match[1]), int(match[2]), int(match[3] or 0))
    if not SUPPORTED[0] <= numbers[:2] < SUPPORTED[1]:
        raise ValueError(
            f"the Confluence version {text} is not one that the sandbox knows: choose one from 7.0 to 10.x"
        )
    features = frozenset(name for name, first in FIRST.items() if first <= numbers[:2])
    return Version(".".join(map(str, numbers)), numbers, features)

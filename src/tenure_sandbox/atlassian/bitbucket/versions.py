"""What each version of Bitbucket can do, in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUPPORTED = ((7, 0), (10, 0))
FOREVER = (999, 0)

# Feature: from this version, up to but without that one. All first versions are guesses: the document of 9.2 has all
# of them, and the pages of 7.x lack them.
SPANS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "ssh_user_name": ((8, 0), FOREVER),  # the parameter `userName` of the SSH keys, beside `user`
    "ssh_key_by_id": ((8, 0), FOREVER),  # GET of one SSH key
    "permissions_of_many": ((8, 0), FOREVER),  # DELETE of the permissions of several at a project or repository
    "permission_search": ((8, 0), FOREVER),  # at a project or repository
    "key_expiry": ((8, 0), FOREVER),  # keys tell when they were made, and when they end
}


@dataclass(frozen=True, slots=True)
class Version:
    """A version of Bitbucket, with the features that it has."""

    text: str
    features: frozenset[str]

    def has(self, feature: str) -> bool:
        """Say whether this version has a feature of the table."""
        return feature in self.features


def version(text: str) -> Version:
    """Read a version such as 8.19.5; ValueError says what is wrong with any other text."""
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise ValueError(f"the Bitbucket version {text!r} is not a number like 8.19.5 or 9.2.0")
    numbers = (int(match[1]), int(match[2]))
    if not SUPPORTED[0] <= numbers < SUPPORTED[1]:
        raise ValueError(f"the Bitbucket version {text} is not one that the sandbox knows: choose one from 7.0 to 9.x")
    features = frozenset(name for name, (first, end) in SPANS.items() if first <= numbers < end)
    return Version(f"{numbers[0]}.{numbers[1]}.{int(match[3] or 0)}", features)

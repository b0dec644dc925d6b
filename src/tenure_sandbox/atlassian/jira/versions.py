"""What each version of Jira can do, in one table."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUPPORTED = ((8, 0), (11, 0))
FOREVER = (999, 0)

# Feature: from this version, up to but without that one. Where a minor version is a guess, the comment says so.
SPANS: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "deactivate": ((8, 3), FOREVER),  # PUT /user takes `active`
    "numbered_keys": ((8, 4), FOREVER),  # JIRAUSER10100 instead of the first username
    "anonymize": ((8, 7), FOREVER),  # users are anonymized
    "bearer": ((8, 14), FOREVER),  # personal access tokens
    "duplicates": ((8, 19), FOREVER),  # names that more than one directory has are told
    "group_with_users": ((8, 0), (10, 0)),  # GET /group, absent from the document of 10.3; the last version is a guess
    "user_list": ((10, 3), FOREVER),  # the first version is a guess; 10.3.24 documents it
    "first_hundred": ((10, 0), (10, 3)),  # user search ends at the hundredth result; when it was lifted is a guess
}


@dataclass(frozen=True, slots=True)
class Version:
    """A version of Jira, with the features that it has."""

    text: str
    numbers: tuple[int, int, int]
    features: frozenset[str]

    def has(self, feature: str) -> bool:
        """Say whether this version has a feature of the table."""
        return feature in self.features


def version(text: str) -> Version:
    """Read a version such as 9.12.0; ValueError says what is wrong with any other text."""
    match = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?", text)
    if match is None:
        raise ValueError(f"the Jira version {text!r} is not a number like 9.12.0 or 10.3.24")
    numbers = (int(match[1]), int(match[2]), int(match[3] or 0))
    if not SUPPORTED[0] <= numbers[:2] < SUPPORTED[1]:
        raise ValueError(f"the Jira version {text} is not one that the sandbox knows: choose one from 8.0 to 10.x")
    features = frozenset(name for name, (first, end) in SPANS.items() if first <= numbers[:2] < end)
    return Version(".".join(map(str, numbers)), numbers, features)

"""What each version of Confluence can do, in one table."""

from __future__ import annotations

from tenure_sandbox.atlassian.version import FOREVER, Minor, Versions

# Feature: the first version that has it. Where that is a guess, the comment says what it rests on.
FIRST: dict[str, Minor] = {
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

SPANS = {name: (first, FOREVER) for name, first in FIRST.items()}

version = Versions("Confluence", (7, 0), (11, 0), SPANS, ("8.5.4", "10.0.3"))

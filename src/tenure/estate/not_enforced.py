"""What an estate may say in a later version: refused until it is enforced, for a promise ignored is worse than none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

WORDS = "is not enforced yet by this version, so it is refused rather than ignored"

NOT_ENFORCED: tuple[tuple[tuple[str, ...], tuple[Any, ...] | None], ...] = (
    (
        ("sources", "*", "kind"),
        ("keycloak", "okta", "entra", "onelogin", "oracle", "google", "ldap", "crowd", "jumpcloud", "ping"),
    ),
    (("targets", "*", "groups", "keep_foreign_members"), (False,)),
)
"""Keys and values of the design that nothing acts on yet: the path (`*` is any name), and its values (None: any)."""

ENFORCED_AT: tuple[tuple[tuple[str, ...], tuple[Any, ...] | None, tuple[str, ...]], ...] = (
    (("targets", "*", "leaver", "action"), ("anonymize",), ("bitbucket", "jira")),
    (("targets", "*", "leaver", "anonymize"), None, ("bitbucket", "jira")),
    (("targets", "*", "leaver", "revoke_tokens"), (True,), ("bitbucket",)),
)
"""The same for what some applications alone can do yet: the kinds of those where it is enforced come last."""


def not_enforced(document: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The paths in a document, with their values, that this version does not enforce."""
    everywhere = ((pattern, values, ()) for pattern, values in NOT_ENFORCED)
    for pattern, values, kinds in (*everywhere, *ENFORCED_AT):
        for path, value in _matching(document, pattern):
            if kinds and document[path[0]][path[1]].get("kind") in kinds:
                continue
            if values is None or any(value == one and type(value) is type(one) for one in values):
                yield path, value


def _matching(document: Any, pattern: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not pattern:
        yield (), document
    elif isinstance(document, dict):
        for name in list(document) if pattern[0] == "*" else [pattern[0]]:
            if name in document:
                yield from (((name, *path), value) for path, value in _matching(document[name], pattern[1:]))

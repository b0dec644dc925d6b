"""The SCIM servers that the stand-in can be: what RFC 7644 leaves to a server, in four choices of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variant:
    """What one server can do. `page` is the most that a page holds, whatever is asked for.

    A server without `filter` passes a filter over and shows everybody, as real ones do; one that does not `tell`
    memberships shows no `groups` of a person.
    """

    name: str
    patch: bool = True
    filter: bool = True
    etag: bool = True
    cursor: bool = False
    active: bool = True
    groups: bool = True
    tell: bool = True
    page: int = 500

    def has(self, feature: str) -> bool:
        """Whether this server has the operations of that feature."""
        return bool(getattr(self, feature))


VARIANTS = {
    one.name: one
    for one in (
        Variant("2.0"),
        Variant("2.0-put", patch=False, etag=False, tell=False),
        Variant("2.0-plain", filter=False, etag=False, page=100),
        Variant("2.0-cursor", cursor=True, page=200),
        Variant("2.0-no-active", active=False, groups=False),
    )
}


def variant(name: str) -> Variant:
    """The server of this name; ValueError with the names that there are."""
    found = VARIANTS.get(name)
    if found is None:
        raise ValueError(f"the sandbox has no SCIM server {name}: it has {', '.join(VARIANTS)}")
    return found

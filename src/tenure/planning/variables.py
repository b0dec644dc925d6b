"""What an expression of the estate may read of a person: the names, and their values for one identity."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from tenure.model.identity import Identity, SourceGroup

EXTENSION = "extension"
CORE = "urn:ietf:params:scim:schemas:core:"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

# fmt: off
_TEXTS = [
    "id", "userName", "displayName", "externalId", "title", "nickName", "userType", "preferredLanguage", "locale",
    "timezone", "profileUrl",
]
_NAMES = ["formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"]
_EMAILS = ["primary", "work", "home", "other"]
_PHONES = ["primary", "work", "mobile", "home", "fax", "pager", "other"]
_ADDRESSES = ["work", "home"]
_ADDRESS = ["formatted", "streetAddress", "locality", "region", "postalCode", "country"]
_COMPANY = ["employeeNumber", "costCenter", "organization", "division", "department", "manager"]
# fmt: on

Branch = Mapping[str, Any]


def _leaves(names: Sequence[str]) -> dict[str, str]:
    return dict.fromkeys(names, "text")


class _AnyTexts(Mapping[str, str]):
    """A branch whose parts are texts of any name: which there are, the estate says of each source."""

    def __getitem__(self, name: str) -> str:
        return "text"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


SCHEMA: Branch = {
    **_leaves(_TEXTS),
    "active": "truth",
    "groups": "list",
    "name": _leaves(_NAMES),
    "emails": _leaves(_EMAILS),
    "phoneNumbers": _leaves(_PHONES),
    "addresses": {kind: _leaves(_ADDRESS) for kind in _ADDRESSES},
    "enterprise": _leaves(_COMPANY),
    EXTENSION: _AnyTexts(),
}
"""Every variable: a text (or null), a truth (`active`), a list of texts (`groups`), or a branch with parts.

The names are those of RFC 7643 sections 4.1 and 4.3; of a list with types, the entry of a type is a part.
`extension` has the attributes of the extensions that the estate declares for a source.
"""


def variables(identity: Identity, groups: Sequence[SourceGroup]) -> dict[str, Any]:
    """The values of all variables for one identity: every one is there, and null when the source gives nothing.

    An empty text is no value. Of several entries of one type the one marked primary counts, else the first;
    `emails.primary` is the first address when none is marked. `enterprise.manager` is the manager's name, or the id
    when the source gives no name. `groups` are display names, in code point order. Of `extension` there is
    what the source gives.
    """
    document = identity.attributes
    company = _branch(document.get(ENTERPRISE))
    emails, phones = _entries(document.get("emails")), _entries(document.get("phoneNumbers"))
    addresses = _entries(document.get("addresses"))
    values: dict[str, Any] = {name: _text(document.get(name)) for name in _TEXTS}
    values |= {"id": str(identity.id), "userName": _text(identity.user_name), "externalId": _text(identity.external_id)}
    values["active"] = identity.active
    values["groups"] = sorted(group.display_name for group in groups)
    name = _branch(document.get("name"))
    values["name"] = {part: _text(name.get(part)) for part in _NAMES}
    values["emails"] = {kind: _text(_of(emails, kind).get("value")) for kind in _EMAILS}
    if not any(entry.get("primary") is True for entry in emails):
        values["emails"]["primary"] = _text(emails[0].get("value")) if emails else None
    values["phoneNumbers"] = {kind: _text(_of(phones, kind).get("value")) for kind in _PHONES}
    values["addresses"] = {
        kind: {part: _text(_of(addresses, kind).get(part)) for part in _ADDRESS} for kind in _ADDRESSES
    }
    values["enterprise"] = {part: _text(company.get(part)) for part in _COMPANY}
    values["enterprise"]["manager"] = _manager(company.get("manager"))
    others = [urn for urn in document if urn.startswith("urn:") and urn != ENTERPRISE and not urn.startswith(CORE)]
    values[EXTENSION] = {part: _text(value) for urn in others for part, value in _branch(document[urn]).items()}
    return values


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path, or None."""
    found: Any = values
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def texts_in(value: Any) -> Iterator[str]:
    """The texts that a variable, a branch or a list holds."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for below in value.values():
            yield from texts_in(below)
    elif isinstance(value, list):
        yield from (text for text in value if isinstance(text, str))


def paths(branch: Branch = SCHEMA, above: str = "") -> Iterator[str]:
    """Every variable that is no branch, as a dotted path."""
    for name, below in branch.items():
        if isinstance(below, Mapping):
            yield from paths(below, f"{above}{name}.")
        else:
            yield above + name


def wrong_path(path: Sequence[str]) -> tuple[str, str] | None:
    """What is wrong with a path of names, and what to write instead; None when there is such a variable."""
    below: Any = SCHEMA
    for place, name in enumerate(path):
        above = ".".join(path[:place])
        if not isinstance(below, Mapping):
            return f"{above} has no parts, so there is no {'.'.join(path)}", f"write {above}"
        if name not in below:
            hint = nearest_path(name, above) or f"{above or 'the variables'}: {', '.join(below)}"
            return f"there is no variable {'.'.join(path[: place + 1])}", hint
        below = below[name]
    return None


def nearest_path(name: str, above: str = "") -> str | None:
    """A sentence that offers the variable which was probably meant, or None."""
    known = {path: path.rpartition(".")[2].lower() for path in paths()}
    here = {path: last for path, last in known.items() if not above or path.startswith(above + ".")}
    for choice in (here, known):
        close = get_close_matches(name.lower(), list(choice.values()), n=1, cutoff=0.6)
        if close:
            return f"did you mean {next(path for path, last in choice.items() if last == close[0])}?"
    return None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    return value or None if isinstance(value, str) else None


def _branch(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _entries(value: Any) -> list[Mapping[str, Any]]:
    """The entries of a list of a person's values; a bare text, as some providers send it, is one entry."""
    if isinstance(value, (str, Mapping)):
        value = [value]
    if not isinstance(value, (list, tuple)):
        return []
    entries = [{"value": entry} if isinstance(entry, str) else _branch(entry) for entry in value]
    return [entry for entry in entries if entry]


def _of(entries: Sequence[Mapping[str, Any]], kind: str) -> Mapping[str, Any]:
    if kind == "primary":
        return next((entry for entry in entries if entry.get("primary") is True), {})
    of_kind = [entry for entry in entries if str(entry.get("type") or "").lower() == kind]
    return _of(of_kind, "primary") or (of_kind[0] if of_kind else {})


def _manager(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return _text(value.get("displayName")) or _text(value.get("value"))
    return _text(value)

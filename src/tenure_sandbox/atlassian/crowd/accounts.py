"""Crowd's rules for accounts and attributes: who may be made, changed and renamed, and what a PUT forgets."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Malformed

from .state import Account, Crowd
from .texts import refused

LONGEST = 255
LONGEST_VALUE = 255  # as a client of others says; the code of the refusal is a guess
FIELDS = {"first-name": "first_name", "last-name": "last_name", "display-name": "display_name", "email": "email"}


def text(body: dict[str, Any], name: str) -> str:
    """A text of a body; what is left out, or null, is the empty text, which is how a PUT blanks it."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed
    return value


def flag(body: dict[str, Any], name: str) -> bool:
    """A flag of a body, as JSON or as text; what is left out is false, as in the vendor's own entity classes."""
    return body.get(name) is True or str(body.get(name)).lower() == "true"


def proper_name(name: Any) -> bool:
    """Whether a name can be that of an account or a group. The rule on white space is a guess."""
    return isinstance(name, str) and 1 <= len(name) <= LONGEST and name == name.strip()


def _named(fields: dict[str, str], username: str) -> dict[str, str]:
    """Names that are blank come from those that are not, at last from the username: a guess, sources are silent."""
    first, last, shown = fields["first-name"], fields["last-name"], fields["display-name"]
    shown = shown or f"{first} {last}".strip() or username
    before, _, behind = shown.rpartition(" ")
    return fields | {"display-name": shown, "last-name": last or behind, "first-name": first or before}


def _fields(body: dict[str, Any], username: str) -> dict[str, str]:
    fields = {name: text(body, name) for name in FIELDS}
    for name, value in fields.items():
        if len(value) > LONGEST:
            raise refused("user_field", field=name)
    return _named(fields, username)


def password_of(value: Any) -> str:
    """The password in `{"value": ...}` or a bare text; 400 if it is empty."""
    found = value.get("value") if isinstance(value, dict) else value
    if not isinstance(found, str) or not found:
        raise refused("no_password")
    return found


def create(crowd: Crowd, body: dict[str, Any]) -> Account:
    """Make an account with its password and attributes; its name keeps its letter case."""
    name = body.get("name")
    if not isinstance(name, str) or not proper_name(name):
        raise refused("user_name")
    if name.lower() in crowd.accounts:
        raise refused("user_name_taken", name=name)
    fields, password = _fields(body, name), password_of(body.get("password"))
    attributes = attributes_of(body["attributes"]) if body.get("attributes") else {}
    account = crowd.add(name, *(fields[field] for field in FIELDS))
    account.password, account.active, account.attributes = password, flag(body, "active"), attributes
    account.created_ms = account.updated_ms = crowd.now_ms()
    return account


def same_name(body: dict[str, Any], name: str) -> None:
    """Refuse a body that names somebody or something else than the address does; letter case alone is no difference."""
    given = text(body, "name")
    if given.lower() != name.lower():
        raise refused("names_differ", given=given, name=name)


def update(crowd: Crowd, account: Account, body: dict[str, Any]) -> None:
    """Set everything that an account has; what the body leaves out is blanked, an `active` left out shuts it."""
    same_name(body, account.name)
    for name, value in _fields(body, account.name).items():
        setattr(account, FIELDS[name], value)
    account.active, account.updated_ms = flag(body, "active"), crowd.now_ms()


def rename(crowd: Crowd, account: Account, body: Any) -> None:
    """Give an account another name. The body's shape is a guess: clients of others send all of these."""
    names = [body.get(key) for key in ("new-name", "newName")] if isinstance(body, dict) else [body]
    name = next((one for one in names if one is not None), None)
    if not isinstance(name, str) or not proper_name(name):
        raise refused("user_name")
    if crowd.accounts.get(name.lower(), account) is not account:
        raise refused("user_name_taken", name=name)
    crowd.rename(account, name)
    account.updated_ms = crowd.now_ms()


def attributes_of(body: Any) -> dict[str, list[str]]:
    """Attributes by name, each with its values; 400 for what has no name or does not fit."""
    rows = body.get("attributes") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise Malformed
    found: dict[str, list[str]] = {}
    for row in rows:
        name, values = (row.get("name"), row.get("values")) if isinstance(row, dict) else (None, None)
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST or not isinstance(values, list):
            raise refused("attribute")
        if any(not isinstance(value, str) or len(value) > LONGEST_VALUE for value in values):
            raise refused("attribute")
        found[name] = list(dict.fromkeys(values))
    return found


def authenticate(crowd: Crowd, name: str, password: str | None) -> Account:
    """The account behind a name and its password (None: the password is not asked for); 400 says why not."""
    account = crowd.accounts.get(name.lower())
    if account is None:
        raise refused("unknown_principal", name=name)
    if password is not None and (not password or account.password != password):
        raise refused("wrong_password")
    if not account.active:
        raise refused("inactive", name=account.name)
    return account

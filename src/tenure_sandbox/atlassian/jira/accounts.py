"""Jira's rules for accounts: who may be made, changed, renamed, deactivated, deleted and found."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from .state import Account, Jira, Role
from .texts import refused, refused_fields

LONGEST = 255
LONGEST_VALUE = 32768


def by_name(jira: Jira, name: str) -> Account:
    """Find an account by username, in any case; 404 if there is none."""
    account = jira.accounts.get(name.lower())
    if account is None:
        raise refused(404, "no_such_user", name=name)
    return account


def by_key(jira: Jira, key: str, deleted: bool = False) -> Account:
    """Find an account by its exact key, among the deleted ones too if asked; 404 if there is none."""
    account = jira.by_key.get(key) or (jira.deleted.get(key) if deleted else None)
    if account is None:
        raise refused(404, "no_such_key", key=key)
    return account


def _name_complaint(jira: Jira, name: Any, owner: Account | None) -> str | None:
    if not isinstance(name, str) or not name.strip():
        return "name_empty"
    if len(name.lower()) > LONGEST:
        return "name_long"
    if set(name) & set("<>&"):
        return "name_characters"
    taken = jira.accounts.get(name.lower())
    return "name_taken" if taken is not None and taken is not owner else None


def _email_complaint(email: Any) -> str | None:
    if not isinstance(email, str) or not email.strip():
        return "email_empty"
    if len(email) > LONGEST:
        return "email_long"
    local, at, domain = email.rpartition("@")
    return None if at and local and domain and not any(c.isspace() for c in email) else "email_invalid"


def _display_name_complaint(display_name: Any) -> str | None:
    if not isinstance(display_name, str) or not display_name.strip():
        return "display_name_empty"
    return "display_name_long" if len(display_name) > LONGEST else None


def _flag(value: Any) -> bool:
    """Read `active`, which clients in the field send as a boolean or as the text true or false."""
    flags = {"true": True, "false": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in flags:
        return flags[value.lower()]
    raise refused(400, "active_invalid")


def _access(jira: Jira, keys: Any) -> list[Role]:
    """The roles that a new account gets: the default ones if `applicationKeys` is absent, none if it is empty."""
    if keys is None:
        return [role for role in jira.roles.values() if role.selected_by_default]
    if not isinstance(keys, list) or any(not isinstance(key, str) for key in keys):
        raise refused(400, "body")
    roles = [jira.roles[key] for key in keys if key in jira.roles and jira.roles[key].default_groups]
    if len(roles) != len(keys):
        missing = next(key for key in keys if key not in jira.roles or not jira.roles[key].default_groups)
        raise refused(400, "application_unknown", key=missing)
    return roles


def new_key(jira: Jira, name: str) -> str:
    """The key that a new account of this name gets in this version."""
    if not jira.version.has("numbered_keys") and name not in jira.by_key and name not in jira.deleted:
        return name
    return numbered_key(jira) if jira.version.has("numbered_keys") else f"ID{_next_number(jira)}"


def _next_number(jira: Jira) -> int:
    jira.next_key += 1
    return jira.next_key - 1


def numbered_key(jira: Jira) -> str:
    """A key that tells nothing of a name."""
    return f"JIRAUSER{_next_number(jira)}"


def create(jira: Jira, body: dict[str, Any], licence_full: bool = False) -> Account:
    """Make an account and give it its application access; 400 names each field that is wrong."""
    complaints = (
        _name_complaint(jira, body.get("name"), None),
        _email_complaint(body.get("emailAddress")),
        _display_name_complaint(body.get("displayName")),
    )
    wrong = [complaint for complaint in complaints if complaint]
    if wrong:
        raise refused_fields(wrong)
    active = _flag(body["active"]) if body.get("active") is not None else True
    roles = _access(jira, body.get("applicationKeys"))
    for role in roles if active else ():
        if licence_full or jira.seats_left(role) == 0:
            raise refused(400, "licence_full", key=role.key)
    name: str = body["name"].lower()
    account = jira.add(new_key(jira, name), name, body["emailAddress"], body["displayName"])
    account.active = active
    password = body.get("password")
    account.password = password if isinstance(password, str) and password else None
    for group in {group for role in roles for group in role.default_groups}:
        if group in jira.groups:
            jira.join(account, jira.groups[group])
    return account


def update(jira: Jira, account: Account, body: dict[str, Any], caller: Account) -> dict[str, Any]:
    """Change the fields that the body has, all or none; return those that were given, with their new values."""
    checks = {
        "name": lambda value: _name_complaint(jira, value, account),
        "emailAddress": _email_complaint,
        "displayName": _display_name_complaint,
    }
    given = {field: body[field] for field in checks if body.get(field) is not None}
    wrong = [complaint for field, value in given.items() if (complaint := checks[field](value))]
    if wrong:
        raise refused_fields(wrong)
    if body.get("active") is not None and jira.version.has("deactivate"):
        given["active"] = _flag(body["active"])
        if account.active and not given["active"]:
            _may_deactivate(jira, account, caller)
    if "name" in given:
        given["name"] = given["name"].lower()
        jira.rename(account, given["name"])
    account.email = given.get("emailAddress", account.email)
    account.display_name = given.get("displayName", account.display_name)
    account.active = given.get("active", account.active)
    account.index()
    return given


def _may_deactivate(jira: Jira, account: Account, caller: Account) -> None:
    if account is caller:
        raise refused(400, "self_deactivation")
    led = jira.leads(account)
    if led:
        raise refused(400, "leads_project", name=account.name, what=led)


def delete(jira: Jira, account: Account, caller: Account) -> None:
    """Delete an account that leads nothing and has written nothing; else 400."""
    if account is caller:
        raise refused(400, "delete_self")
    led = jira.leads(account)
    if led:
        raise refused(400, "delete_lead", name=account.name, what=led)
    if account.issues:
        raise refused(400, "delete_content", name=account.name, count=account.issues)
    jira.remove(account)


def search(jira: Jira, term: str, active: bool, inactive: bool) -> list[Account]:
    """All accounts with `term` in username, display name or e-mail address, by username; a dot finds everybody."""
    if not term:
        return []
    needle = "" if term == "." else term.lower()
    everybody = map(jira.accounts.__getitem__, jira.names)
    return [a for a in everybody if (active if a.active else inactive) and needle in a.haystack]


def after(accounts: list[Account], cursor: int) -> list[Account]:
    """The part of a listing that a cursor has not passed yet; any cursor is good, as the vendor promises."""
    return accounts[bisect_right(accounts, cursor, key=lambda account: account.number) :]


def check_property_key(key: str) -> None:
    """Refuse a property key of more than 255 bytes with 400."""
    if not 1 <= len(key.encode()) <= LONGEST:
        raise refused(400, "property_key")


def property_value(account: Account, key: str) -> Any:
    """The value of one property; 404 if the account has none of that key."""
    check_property_key(key)
    if key not in account.properties:
        raise refused(404, "property_missing", key=key)
    return account.properties[key]


def password_reasons(body: dict[str, Any], field: str) -> list[str]:
    """Why the password policy would refuse a password: never, since a new Jira has no policy; 400 if one is missing."""
    if not isinstance(body.get("username"), str) or not body["username"] or not body.get(field):
        raise refused(400, "policy_incomplete")
    return []


def set_password(account: Account, body: dict[str, Any]) -> None:
    """Give an account a password; 400 if it is empty."""
    password = body.get("password")
    if not isinstance(password, str) or not password:
        raise refused(400, "password_empty")
    account.password = password

"""How Crowd writes accounts, groups, memberships, sessions and lists; the field names are the vendor's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from .state import DIRECTORY, Account, Crowd, Group, Session

API = "/rest/usermanagement/1"


def address(base: str, path: str, rel: str = "self", **query: str) -> dict[str, str]:
    """A link to something."""
    text = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    return {"href": f"{base}{API}{path}?{text}", "rel": rel}


def attributes(kept: dict[str, list[str]], link: dict[str, str], shown: bool = True) -> dict[str, Any]:
    """The attributes of an account or a group, or the link to them alone."""
    rows = [{"name": name, "values": values} for name, values in sorted(kept.items())] if shown else []
    return {"attributes": rows, "link": link}


def user_name(account: Account, base: str) -> dict[str, Any]:
    """An account by its name and address alone."""
    return {"link": address(base, "/user", username=account.name), "name": account.name}


def user(account: Account, base: str, with_attributes: bool = False) -> dict[str, Any]:
    """The whole of an account."""
    own = address(base, "/user/attribute", username=account.name)
    return {
        "expand": "attributes",
        **user_name(account, base),
        "password": {"link": address(base, "/user/password", "edit", username=account.name)},
        "key": account.key,
        "created-date": account.created_ms,
        "updated-date": account.updated_ms,
        "first-name": account.first_name,
        "last-name": account.last_name,
        "display-name": account.display_name,
        "email": account.email,
        "directory-id": DIRECTORY,
        "directory-name": "Crowd",
        "active": account.active,
        "attributes": attributes(account.attributes, own, with_attributes),
    }


def group_name(group: Group, base: str) -> dict[str, Any]:
    """A group by its name and address alone."""
    return {"link": address(base, "/group", groupname=group.name), "name": group.name}


def group(one: Group, base: str, with_attributes: bool = False) -> dict[str, Any]:
    """The whole of a group."""
    own = address(base, "/group/attribute", groupname=one.name)
    return {
        "expand": "attributes",
        **group_name(one, base),
        "description": one.description,
        "type": "GROUP",
        "active": one.active,
        "attributes": attributes(one.attributes, own, with_attributes),
    }


def users(rows: Iterable[Account], base: str, expand: frozenset[str]) -> dict[str, Any]:
    """A list of accounts: names, or the whole of each when `user` is expanded."""
    whole = "user" in expand
    shown = [user(one, base, "attributes" in expand) if whole else user_name(one, base) for one in rows]
    return {"expand": "user", "users": shown}


def groups(rows: Iterable[Group], base: str, expand: frozenset[str]) -> dict[str, Any]:
    """A list of groups: names, or the whole of each when `group` is expanded."""
    whole = "group" in expand
    shown = [group(one, base, "attributes" in expand) if whole else group_name(one, base) for one in rows]
    return {"expand": "group", "groups": shown}


def memberships(crowd: Crowd) -> dict[str, Any]:
    """Who and what is directly in each group."""
    rows = [
        {
            "group": one.name,
            "users": [{"name": one.members[name].name} for name in sorted(one.members)],
            "groups": [{"name": crowd.groups[name].name} for name in sorted(one.children)],
        }
        for one in sorted(crowd.groups.values(), key=lambda one: one.name.lower())
    ]
    return {"memberships": rows}


def session(crowd: Crowd, one: Session, base: str, expand: frozenset[str]) -> dict[str, Any]:
    """A session with the name of its account, or the whole of it when `user` is expanded."""
    told = {
        "expand": "user",
        "token": one.token,
        "user": user(one.account, base) if "user" in expand else user_name(one.account, base),
        "link": {"href": f"{base}{API}/session/{one.token}", "rel": "self"},
        "created-date": one.created_ms,
        "expiry-date": one.expiry_ms,
    }
    return told | ({"unaliased-username": one.account.name} if crowd.version.has("unaliased_username") else {})

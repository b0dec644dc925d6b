"""How Jira writes accounts, groups, roles and pages as JSON; the field names are the vendor's."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import quote

from tenure_sandbox.people import ADMINISTRATORS

from .state import Account, Group, Jira, Led, Role

PERMISSIONS = {
    "ADMINISTER": "Jira Administrators",
    "SYSTEM_ADMIN": "Jira System Administrators",
    "USER_PICKER": "Browse Users",
    "BULK_CHANGE": "Bulk Change",
    "CREATE_SHARED_OBJECTS": "Create Shared Objects",
    "MANAGE_GROUP_FILTER_SUBSCRIPTIONS": "Manage Group Filter Subscriptions",
}
FOR_ADMINISTRATORS = frozenset({"ADMINISTER", "SYSTEM_ADMIN"})
_SIZES = {"48x48": "", "24x24": "small", "16x16": "xsmall", "32x32": "medium"}


def quoted(text: str) -> str:
    """A text as it stands in a URL."""
    return quote(text, safe="")


def user_json(account: Account, base: str) -> dict[str, Any]:
    """The short form of an account, as in a list of members (UserJsonBean)."""
    name, picture = quoted(account.name), f"{base}/secure/useravatar?avatarId={account.picture}"
    return {
        "self": f"{base}/rest/api/2/user?username={name}",
        "name": account.name,
        "key": account.key,
        "emailAddress": account.email,
        "avatarUrls": {s: picture if not size else f"{picture}&size={size}" for s, size in _SIZES.items()},
        "displayName": account.display_name,
        "active": account.active,
        "timeZone": "Europe/Berlin",
    }


def listed_user(account: Account, base: str) -> dict[str, Any]:
    """An account in a listing: the vendor's document says UserBean, and real ones leave the memberships out."""
    last = {"lastLoginTime": f"{account.last_login:%Y-%m-%dT%H:%M:%S%z}"} if account.last_login else {}
    return {**user_json(account, base), **last, "deleted": False}


def user(jira: Jira, account: Account, base: str, expand: frozenset[str] = frozenset()) -> dict[str, Any]:
    """The full form of an account (UserBean); groups and roles are listed only when they are asked for."""
    groups = [group_name(jira.groups[name], base) for name in sorted(account.groups)] if "groups" in expand else []
    held = [role for role in jira.roles.values() if account.active and not account.groups.isdisjoint(role.groups)]
    roles = [{"key": role.key, "name": role.name} for role in held] if "applicationRoles" in expand else []
    return {
        **listed_user(account, base),
        "deleted": account.key in jira.deleted,
        "locale": "en_UK",
        "groups": {"size": len(account.groups), "items": groups},
        "applicationRoles": {"size": len(held), "items": roles},
        "expand": "groups,applicationRoles",
    }


def written_user(account: Account, base: str) -> dict[str, Any]:
    """What a create or an update answers (UserWriteBean): the account without its memberships."""
    return {**user_json(account, base), "deleted": False, "locale": "en_UK", "expand": "groups,applicationRoles"}


def group_name(group: Group, base: str) -> dict[str, str]:
    """A group by its name and address alone."""
    return {"name": group.name, "self": f"{base}/rest/api/2/group?groupname={quoted(group.name)}"}


def group_with_users(jira: Jira, group: Group, base: str, first: int = 0, last: int = -1) -> dict[str, Any]:
    """A group with its active members from `first` to `last`, none by default (GroupBean)."""
    # Joining answers a group without its members, so a join into a large group must not sort them all.
    wanted = jira.members(group) if last >= first or group.nested else group.members
    members = [account for account in wanted if account.active]
    shown = members[first : min(last, first + 49) + 1]
    users = {
        "size": len(members),
        "items": [user_json(account, base) for account in shown],
        "max-results": 50,
        "start-index": first,
        "end-index": first + len(shown) - 1 if shown else 0,
    }
    return {**group_name(group, base), "users": users, "expand": "users"}


def suggestion(jira: Jira, group: Group, query: str) -> dict[str, Any]:
    """A group as the picker suggests it, with what was looked for in bold and a label for what it opens."""
    name, at = group.name, group.name.lower().find(query.lower()) if query else -1
    end = at + len(query)
    html = escape(name) if at < 0 else f"{escape(name[:at])}<b>{escape(name[at:end])}</b>{escape(name[end:])}"
    labels = [
        {"text": r.name, "title": r.name, "type": "SINGLE"} for r in jira.roles.values() if name.lower() in r.groups
    ]
    if name == ADMINISTRATORS:
        labels.append({"text": "Admin", "title": "Jira administrators", "type": "ADMIN"})
    return {"name": name, "html": html, "labels": labels}


def role(jira: Jira, one: Role, full: bool = False) -> dict[str, Any]:
    """An application role with its seats; -1 stands for an unlimited number, `full` for a licence with none left."""
    left = jira.seats_left(one)
    taken = jira.seated(one)
    seats = taken if full else one.seats
    return {
        "key": one.key,
        "groups": list(one.groups),
        "name": one.name,
        "defaultGroups": list(one.default_groups),
        "selectedByDefault": one.selected_by_default,
        "defined": True,
        "numberOfSeats": -1 if seats is None else seats,
        "remainingSeats": 0 if full else -1 if left is None else left,
        "userCount": taken,
        "userCountDescription": f"{taken} users",
        "hasUnlimitedSeats": seats is None,
        "platform": one.key == "jira-core",
    }


def every_permission(of_projects: tuple[str, ...]) -> dict[str, Any]:
    """All permissions, without saying who has them."""
    table = {
        key: {"key": key, "name": name, "type": "GLOBAL", "description": name} for key, name in PERMISSIONS.items()
    }
    for key in of_projects:
        name = key.replace("_", " ").title()
        table[key] = {"key": key, "name": name, "type": "PROJECT", "description": name}
    return {"permissions": {key: {"id": str(number), **one} for number, (key, one) in enumerate(table.items())}}


def permissions(administers: bool) -> dict[str, Any]:
    """The global permissions, and whether the caller has them."""
    table = {
        key: {
            "id": str(number),
            "key": key,
            "name": name,
            "type": "GLOBAL",
            "description": name,
            "havePermission": administers or key not in FOR_ADMINISTRATORS,
        }
        for number, (key, name) in enumerate(PERMISSIONS.items())
    }
    return {"permissions": table}


def project(led: Led, base: str) -> dict[str, Any]:
    """A project with its lead."""
    address = f"{base}/rest/api/2/project/{led.id}"
    return {
        "self": address,
        "id": led.id,
        "key": led.key,
        "name": led.name,
        "archived": False,
        "lead": user_json(led.lead, base),
    }


def component(led: Led, base: str) -> dict[str, Any]:
    """A component with its lead."""
    return {
        "self": f"{base}/rest/api/2/component/{led.id}",
        "id": led.id,
        "name": led.name,
        "lead": user_json(led.lead, base),
        "leadUserName": led.lead.name,
        "project": led.project,
        "archived": False,
        "deleted": False,
    }

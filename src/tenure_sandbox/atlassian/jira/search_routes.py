"""Jira's searches for accounts beside the plain one: to pick them, and by what they may do in a project."""

from __future__ import annotations

from html import escape
from typing import Any

from tenure_sandbox.atlassian.call import Reply
from tenure_sandbox.faults import capped

from . import accounts, beans
from .call import Call
from .holding import holds
from .rights import PROJECT_PERMISSIONS
from .site_routes import suggested
from .state import Account, Led
from .texts import refused

PAGE = 50
MOST = 1000
MOST_OF_A_PROJECT = 100


def _bold(text: str, query: str) -> str:
    at = text.lower().find(query.lower())
    if at < 0:
        return escape(text)
    end = at + len(query)
    return f"{escape(text[:at])}<strong>{escape(text[at:end])}</strong>{escape(text[end:])}"


def _picked(call: Call, account: Account, query: str, avatar: bool) -> dict[str, Any]:
    name, display, email = (_bold(one, query) for one in (account.name, account.display_name, account.email))
    picked = {"name": account.name, "key": account.key, "displayName": account.display_name}
    picked["html"] = f"{display} - {email} ({name})"
    return picked | (
        {"avatarUrl": f"{call.base}/secure/useravatar?size=xsmall&avatarId={account.picture}"} if avatar else {}
    )


def _suggested(call: Call, exclude: list[str]) -> dict[str, Any]:
    query, size = call.text("query") or "", min(call.number("maxResults", PAGE), MOST)
    left_out = {name.lower() for name in exclude}
    found = [] if call.faces("forbidden") else accounts.search(call.jira, query, True, False)
    found = capped(call.scope, [account for account in found if account.name not in left_out])
    avatar = call.flag("showAvatar", False)
    shown = [_picked(call, account, query, avatar) for account in found[:size]]
    header = f"Showing {len(shown)} of {len(found)} matching users"
    return {"users": shown, "total": len(found), "header": header}


def pick(call: Call) -> Reply:
    """Suggest active accounts for what somebody types; `total` says how many there are."""
    return Reply(200, _suggested(call, call.texts("exclude")))


def pick_both(call: Call) -> Reply:
    """Suggest active accounts, and groups beside them."""
    return Reply(200, {"users": _suggested(call, []), "groups": suggested(call, [])})


def _project(call: Call, key: str) -> Led:
    if key.upper() not in call.jira.projects:
        raise refused(404, "no_such_project", key=key)
    return call.jira.projects[key.upper()]


def _where(call: Call, parameter: str) -> Led:
    """The project that the query names, by itself or by an issue of it; 400 if it names none."""
    issue, key = call.text("issueKey"), call.text(parameter)
    if issue:
        return _project(call, issue.rpartition("-")[0])
    if not key:
        raise refused(400, "no_project_named")
    return _project(call, key)


def _holding(call: Call, places: list[Led], permissions: list[str], most: int, start: int = 0) -> Reply:
    """The active accounts that match and have all these permissions in all these projects."""
    size = min(call.number("maxResults", PAGE), most)
    matching = accounts.search(call.jira, call.text("username") or ".", True, False)
    wanted = [(place, permission) for place in places for permission in permissions]
    found = [one for one in matching if all(holds(call.jira, one, place, what) for place, what in wanted)]
    found = [] if call.faces("forbidden") else capped(call.scope, found)
    return Reply(200, [beans.listed_user(account, call.base) for account in found[start : start + size]])


def assignable(call: Call) -> Reply:
    """Find who can be given the issues of a project."""
    return _holding(call, [_where(call, "project")], ["ASSIGNABLE_USER"], MOST_OF_A_PROJECT)


def assignable_everywhere(call: Call) -> Reply:
    """Find who can be given the issues of each of several projects."""
    keys = [key.strip() for key in (call.text("projectKeys") or "").split(",") if key.strip()]
    if not keys:
        raise refused(400, "no_project_named")
    return _holding(call, [_project(call, key) for key in keys], ["ASSIGNABLE_USER"], MOST_OF_A_PROJECT)


def permitted(call: Call) -> Reply:
    """Find who has all the permissions that the query names; for who administers the project."""
    place = _where(call, "projectKey")
    if not call.administers() and not holds(call.jira, call.caller, place, "ADMINISTER_PROJECTS"):
        raise refused(403, "forbidden")
    permissions = [one.strip() for one in (call.text("permissions") or "").split(",") if one.strip()]
    unknown = [one for one in permissions if one not in PROJECT_PERMISSIONS]
    if unknown or not permissions:
        raise refused(400, "no_such_permission", key=", ".join(unknown))
    return _holding(call, [place], permissions, MOST, call.number("startAt", 0))


def viewers(call: Call) -> Reply:
    """Find who may see a project; nobody if the query names no part of a name."""
    place = _where(call, "projectKey")
    if not call.text("username"):
        return Reply(200, [])
    return _holding(call, [place], ["BROWSE_PROJECTS"], MOST_OF_A_PROJECT)

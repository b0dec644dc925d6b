"""Jira's operations on groups, leads, permissions and the server itself."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from tenure_sandbox.atlassian.call import Reply
from tenure_sandbox.faults import capped

from . import accounts, beans, membership
from .call import Call
from .state import Account, Group, Led
from .texts import refused

MEMBER_PAGE = 50
PICKER_LIMIT = 20  # the default of the system property jira.ajax.autocomplete.limit
STARTED = "2026-01-05T08:00:00.000+0000"  # a fixed time: the state must not depend on when it is asked for


def get_group(call: Call) -> Reply:
    """Answer a group, with a range of its members if that is expanded."""
    group = membership.by_name(call.jira, call.text("groupname"))
    expand = call.text("expand") or ""
    match = re.fullmatch(r"users(?:\[(\d{1,9}):(\d{1,9})\])?", expand)
    first, last = (0, -1) if match is None else (int(match[1] or 0), int(match[2] or MEMBER_PAGE - 1))
    return Reply(200, beans.group_with_users(call.jira, group, call.base, first, last))


def create_group(call: Call) -> Reply:
    """Make a group."""
    group = membership.create(call.jira, call.fields().get("name"))
    call.wrote(group.name, "create group")
    return Reply(201, beans.group_with_users(call.jira, group, call.base))


def delete_group(call: Call) -> Reply:
    """Delete a group."""
    group = membership.by_name(call.jira, call.text("groupname"))
    membership.delete(call.jira, group, call.text("swapGroup"))
    call.wrote(group.name, "delete group")
    return Reply(200)


def group_members(call: Call) -> Reply:
    """Answer a page of at most 50 members, those of groups inside too, inactive ones only if asked."""
    group = membership.by_name(call.jira, call.text("groupname"))
    inactive = call.flag("includeInactiveUsers", False)
    start, size = call.number("startAt", 0), min(call.number("maxResults", MEMBER_PAGE), MEMBER_PAGE)
    found = [account for account in call.jira.members(group) if inactive or account.active]
    found = capped(call.scope, found)
    own = f"{call.base}/rest/api/2/group/member?groupname={beans.quoted(group.name)}&maxResults={size}"
    own += "&includeInactiveUsers=true" if inactive else ""
    answer: dict[str, Any] = {
        "self": f"{own}&startAt={start}",
        "maxResults": size,
        "startAt": start,
        "total": len(found),
        "isLast": start + size >= len(found),
        "values": [beans.user_json(account, call.base) for account in found[start : start + size]],
    }
    if not answer["isLast"]:
        answer["nextPage"] = f"{own}&startAt={start + size}"
    return Reply(200, answer)


def add_member(call: Call) -> Reply:
    """Put an account into a group; a licence that is full does not stop it."""
    group = membership.by_name(call.jira, call.text("groupname"))
    account = membership.join(call.jira, group, call.fields().get("name"))
    call.wrote(account.name, f"join {group.name}")
    return Reply(201, beans.group_with_users(call.jira, group, call.base))


def remove_member(call: Call) -> Reply:
    """Take an account out of a group."""
    group = membership.by_name(call.jira, call.text("groupname"))
    name = call.text("username")
    if not name:
        raise refused(400, "user_not_named")
    account = accounts.by_name(call.jira, name)
    membership.leave(call.jira, group, account, call.caller)
    call.wrote(account.name, f"leave {group.name}")
    return Reply(200)


def suggested(call: Call, exclude: list[str]) -> dict[str, Any]:
    """The groups for what somebody types, at most 20 whatever is asked; `total` says how many there are."""
    query, size = call.text("query") or "", min(call.number("maxResults", PICKER_LIMIT), PICKER_LIMIT)
    found: list[Group] = [] if call.faces("forbidden") else membership.matching(call.jira, query, exclude)
    found = capped(call.scope, found)
    shown = [beans.suggestion(call.jira, group, query) for group in found[:size]]
    header = f"Showing {len(shown)} of {len(found)} matching groups"
    return {"header": header, "total": len(found), "groups": shown}


def pick_groups(call: Call) -> Reply:
    """Suggest groups, without those that are left out."""
    return Reply(200, suggested(call, call.texts("exclude")))


def my_permissions(call: Call) -> Reply:
    """Answer the global permissions, and which of them the caller has."""
    return Reply(200, beans.permissions(call.administers()))


def server_info(call: Call) -> Reply:
    """Answer version and title, to anybody; Jira gives no identifier of the server here."""
    version = call.jira.version
    major, minor, patch = version.numbers
    body = {
        "baseUrl": call.base,
        "version": version.text,
        "versionNumbers": [major, minor, patch],
        "deploymentType": "Server",
        "buildNumber": major * 100_000 + minor * 1000 + patch,
        "buildDate": STARTED,
        "databaseBuildNumber": major * 100_000 + minor * 1000 + patch,
        "serverTime": STARTED,
        "scmInfo": "0000000000000000000000000000000000000000",
        "serverTitle": "Sandbox Jira",
    }
    return Reply(200, body)


def manifest(call: Call) -> Reply:
    """Answer the manifest for application links, to anybody: the server's own identifier, as XML or JSON."""
    version = call.jira.version.text
    body = {"id": call.jira.server_id, "name": "Sandbox Jira", "typeId": "jira", "version": version, "url": call.base}
    accepted = dict(call.scope["headers"]).get(b"accept", b"").decode("latin-1")
    if "application/json" in accepted:
        return Reply(200, body)
    text = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in body.items())
    xml = f'<?xml version="1.0" encoding="UTF-8"?><manifest>{text}</manifest>'
    return Reply(200, xml.encode(), {"Content-Type": "application/xml"})


def _lead(call: Call, name: Any) -> Account:
    account = call.jira.accounts.get(name.lower()) if isinstance(name, str) else None
    if account is None or not account.active:
        raise refused(400, "lead_unknown", name=name)
    return account


def _hand_over(call: Call, led: Led, name: Any) -> None:
    before, led.lead = led.lead, _lead(call, name)
    call.wrote(led.key or led.name, f"lead {led.lead.name}", before is not led.lead)


def project_of(call: Call) -> Led:
    """The project that the path names by its key or number; 404 if there is none."""
    wanted = call.arguments["projectIdOrKey"]
    for led in call.jira.projects.values():
        if wanted.upper() == led.key or wanted == led.id:
            return led
    raise refused(404, "no_such_project", key=wanted)


def projects(call: Call) -> Reply:
    """List the projects, with their leads."""
    return Reply(200, [beans.project(led, call.base) for led in capped(call.scope, list(call.jira.projects.values()))])


def get_project(call: Call) -> Reply:
    """Answer one project, with its lead."""
    return Reply(200, beans.project(project_of(call), call.base))


def update_project(call: Call) -> Reply:
    """Give a project another lead."""
    led, body = project_of(call), call.fields()
    if body.get("lead") is not None:
        _hand_over(call, led, body["lead"])
    return Reply(200, beans.project(led, call.base))


def project_components(call: Call) -> Reply:
    """List the components of a project, with their leads."""
    key = project_of(call).key
    return Reply(200, [beans.component(led, call.base) for led in call.jira.components.values() if led.project == key])


def _component(call: Call) -> Led:
    number = call.arguments["id"]
    if number not in call.jira.components:
        raise refused(404, "no_such_component", key=number)
    return call.jira.components[number]


def get_component(call: Call) -> Reply:
    """Answer one component, with its lead."""
    return Reply(200, beans.component(_component(call), call.base))


def update_component(call: Call) -> Reply:
    """Give a component another lead."""
    led, body = _component(call), call.fields()
    if body.get("leadUserName") is not None:
        _hand_over(call, led, body["leadUserName"])
    return Reply(200, beans.component(led, call.base))

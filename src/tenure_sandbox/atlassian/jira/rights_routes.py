"""Jira's operations on project roles and permission schemes."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Reply

from . import beans
from .call import Call
from .rights import ROLES, Actor, Grant, Scheme
from .site_routes import project_of
from .texts import refused


def _holder(call: Call, grant: Grant, expand: frozenset[str]) -> dict[str, Any]:
    holder: dict[str, Any] = {"type": grant.holder, "parameter": grant.parameter}
    if grant.holder == "user" and expand & {"user", "all"}:
        holder["user"] = beans.user_json(call.jira.by_key[grant.parameter], call.base)
    if grant.holder == "group" and expand & {"group", "all"}:
        holder["group"] = beans.group_name(call.jira.groups[grant.parameter.lower()], call.base)
    return holder


def _scheme(call: Call, scheme: Scheme, expand: frozenset[str]) -> dict[str, Any]:
    address = f"{call.base}/rest/api/2/permissionscheme/{scheme.number}"
    short = {"expand": "permissions,user,group,projectRole,field,all", "id": scheme.number, "self": address}
    short |= {"name": scheme.name, "description": scheme.name}
    if not expand:
        return short
    permissions = [
        {
            "id": grant.number,
            "self": f"{address}/permission/{grant.number}",
            "holder": _holder(call, grant, expand),
            "permission": grant.permission,
        }
        for grant in scheme.grants
    ]
    return {**short, "permissions": permissions}


def schemes(call: Call) -> Reply:
    """List the permission schemes, with their grants if anything is expanded."""
    expand = frozenset(word.strip() for text in call.texts("expand") for word in text.split(",") if word.strip())
    return Reply(200, {"permissionSchemes": [_scheme(call, scheme, expand) for scheme in call.jira.schemes]})


def roles(call: Call) -> Reply:
    """List the project roles of the server."""
    return Reply(200, [_role(call, "role", number, []) for number in ROLES])


def project_roles(call: Call) -> Reply:
    """Answer where each role of a project is, by its name."""
    address = f"{call.base}/rest/api/2/project/{project_of(call).id}/role"
    return Reply(200, {name: f"{address}/{number}" for number, name in ROLES.items()})


def project_role(call: Call) -> Reply:
    """Answer a role of a project with its actors."""
    project, number = project_of(call), call.arguments["id"]
    if number not in ROLES:
        raise refused(404, "no_such_project_role", key=number)
    actors = call.jira.actors.get((project.key, number), [])
    return Reply(200, _role(call, f"project/{project.id}/role", number, actors))


def _role(call: Call, where: str, number: str, actors: list[Actor]) -> dict[str, Any]:
    return {
        "self": f"{call.base}/rest/api/2/{where}/{number}",
        "name": ROLES[number],
        "id": int(number),
        "description": f"A project role for {ROLES[number].lower()}",
        "actors": [_actor(call, actor) for actor in actors],
    }


def _actor(call: Call, actor: Actor) -> dict[str, Any]:
    """The vendor's document shows an actor's name and picture alone; real ones tell its kind too."""
    account = call.jira.by_key[actor.who] if actor.kind == "user" else None
    return {
        "id": actor.number,
        "displayName": account.display_name if account else actor.who,
        "type": f"atlassian-{actor.kind}-role-actor",
        "name": account.name if account else actor.who,
        "avatarUrl": f"{call.base}/secure/useravatar?size=xsmall&avatarId=10122",
    }

"""Jira's operations on permissions, permission schemes with their grants, and which scheme a project has."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Malformed, Reply

from . import beans
from .call import Call
from .rights import PROJECT_PERMISSIONS, Grant, Scheme
from .role_routes import role_json
from .site_routes import project_of
from .texts import refused

UNNAMED_HOLDERS = ("anyone", "assignee", "reporter", "projectLead", "applicationRole")  # the last with a key or without


def _expand(call: Call) -> frozenset[str]:
    return frozenset(word.strip() for text in call.texts("expand") for word in text.split(",") if word.strip())


def _holder(call: Call, grant: Grant, expand: frozenset[str]) -> dict[str, Any]:
    holder: dict[str, Any] = {"type": grant.holder}
    if grant.parameter:
        holder["parameter"] = grant.parameter
    if grant.holder == "user" and expand & {"user", "all"}:
        holder["user"] = beans.user_json(call.jira.by_key[grant.parameter], call.base)
    if grant.holder == "group" and expand & {"group", "all"}:
        holder["group"] = beans.group_name(call.jira.groups[grant.parameter.lower()], call.base)
    if grant.holder == "projectRole" and expand & {"projectRole", "all"}:
        holder["projectRole"] = role_json(call, call.jira.rights.roles[grant.parameter])
    return holder


def _address(call: Call, scheme: Scheme) -> str:
    return f"{call.base}/rest/api/2/permissionscheme/{scheme.number}"


def _grant(call: Call, scheme: Scheme, grant: Grant, expand: frozenset[str]) -> dict[str, Any]:
    return {
        "id": grant.number,
        "self": f"{_address(call, scheme)}/permission/{grant.number}",
        "holder": _holder(call, grant, expand),
        "permission": grant.permission,
    }


def _json(call: Call, scheme: Scheme, expand: frozenset[str]) -> dict[str, Any]:
    short = {
        "expand": "permissions,user,group,projectRole,field,all",
        "id": scheme.number,
        "self": _address(call, scheme),
        "name": scheme.name,
        "description": scheme.description,
    }
    grants = {"permissions": [_grant(call, scheme, grant, expand) for grant in scheme.grants]} if expand else {}
    return short | grants


def schemes(call: Call) -> Reply:
    """List the permission schemes, with their grants if anything is expanded."""
    expand = _expand(call)
    found = [_json(call, scheme, expand) for scheme in call.jira.rights.schemes.values()]
    return Reply(200, {"permissionSchemes": found})


def _numbered(call: Call, number: Any) -> Scheme:
    found = {str(one.number): one for one in call.jira.rights.schemes.values()}.get(str(number))
    if found is None:
        raise refused(404, "no_such_scheme", key=number)
    return found


def _scheme(call: Call) -> Scheme:
    return _numbered(call, call.arguments["schemeId"])


def get_scheme(call: Call) -> Reply:
    """Answer one permission scheme."""
    return Reply(200, _json(call, _scheme(call), _expand(call)))


def _name(call: Call, name: Any, own: Scheme | None = None) -> str:
    if not isinstance(name, str) or not name.strip():
        raise refused(400, "scheme_name")
    if any(one.name.lower() == name.lower() and one is not own for one in call.jira.rights.schemes.values()):
        raise refused(400, "scheme_taken", name=name)
    return name


def _read(call: Call, given: Any) -> Grant:
    """A grant as a client writes it; 400 for a permission or a holder that is not there."""
    holder = given.get("holder") if isinstance(given, dict) else None
    if not isinstance(holder, dict):
        raise Malformed
    kind, parameter = holder.get("type"), str(holder.get("parameter") or "")
    if given.get("permission") not in PROJECT_PERMISSIONS:
        raise refused(400, "no_such_permission", key=given.get("permission"))
    jira = call.jira
    there = {"group": parameter.lower() in jira.groups, "user": parameter in jira.by_key}
    there |= {"projectRole": parameter in jira.rights.roles}
    there |= dict.fromkeys(UNNAMED_HOLDERS, not parameter)
    there["applicationRole"] = not parameter or parameter in jira.roles
    if not there.get(str(kind)):
        raise refused(400, "no_such_holder", kind=kind, name=parameter)
    if kind == "group":
        parameter = jira.groups[parameter.lower()].name
    return Grant(jira.rights.number(), given["permission"], str(kind), parameter)


def _grants(call: Call, given: Any) -> list[Grant]:
    if not isinstance(given, list):
        raise Malformed
    return [_read(call, one) for one in given]


def create_scheme(call: Call) -> Reply:
    """Make a permission scheme, with grants or without."""
    body, rights = call.fields(), call.jira.rights
    name, grants = _name(call, body.get("name")), _grants(call, body.get("permissions") or [])
    scheme = Scheme(rights.number(), name, str(body.get("description") or ""), grants)
    rights.schemes[scheme.number] = scheme
    call.wrote(scheme.name, "create scheme")
    return Reply(201, _json(call, scheme, _expand(call)))


def update_scheme(call: Call) -> Reply:
    """Change name and description of a scheme, and all its grants if the body has a list of them."""
    scheme, body = _scheme(call), call.fields()
    name = scheme.name if body.get("name") is None else _name(call, body["name"], scheme)
    grants = scheme.grants if body.get("permissions") is None else _grants(call, body["permissions"])
    before = scheme.name, scheme.description, scheme.grants
    description = scheme.description if body.get("description") is None else str(body["description"])
    scheme.name, scheme.description, scheme.grants = name, description, grants
    call.wrote(scheme.name, "change scheme", before != (name, description, grants))
    return Reply(200, _json(call, scheme, _expand(call)))


def delete_scheme(call: Call) -> Reply:
    """Delete a scheme that no project has; the default one stays."""
    scheme, rights = _scheme(call), call.jira.rights
    if scheme.number == 0 or scheme.number in rights.assigned.values():
        raise refused(400, "scheme_used", name=scheme.name)
    del rights.schemes[scheme.number]
    call.wrote(scheme.name, "delete scheme")
    return Reply(204)


def grants(call: Call) -> Reply:
    """List the grants of a scheme."""
    scheme, expand = _scheme(call), _expand(call)
    found = [_grant(call, scheme, grant, expand) for grant in scheme.grants]
    return Reply(200, {"permissions": found, "expand": "user,group,projectRole,field,all"})


def add_grant(call: Call) -> Reply:
    """Grant one permission more in a scheme; 400 for one that is there already."""
    scheme, grant = _scheme(call), _read(call, call.fields())
    wanted = (grant.permission, grant.holder, grant.parameter)
    if any((one.permission, one.holder, one.parameter) == wanted for one in scheme.grants):
        raise refused(400, "granted", key=grant.permission)
    scheme.grants.append(grant)
    call.wrote(scheme.name, f"grant {grant.permission} to {grant.holder} {grant.parameter}".rstrip())
    return Reply(201, _grant(call, scheme, grant, _expand(call)))


def _one(call: Call, scheme: Scheme) -> Grant:
    number = call.arguments["permissionId"]
    found = next((one for one in scheme.grants if str(one.number) == number), None)
    if found is None:
        raise refused(404, "no_such_grant", key=number)
    return found


def get_grant(call: Call) -> Reply:
    """Answer one grant of a scheme."""
    scheme = _scheme(call)
    return Reply(200, _grant(call, scheme, _one(call, scheme), _expand(call)))


def delete_grant(call: Call) -> Reply:
    """Take one grant back."""
    scheme = _scheme(call)
    grant = _one(call, scheme)
    scheme.grants = [one for one in scheme.grants if one is not grant]
    call.wrote(scheme.name, f"take back {grant.permission}")
    return Reply(204)


def get_attribute(call: Call) -> Reply:
    """Answer one attribute of a scheme."""
    scheme, key = _scheme(call), call.arguments["key"]
    if key not in scheme.attributes:
        raise refused(404, "no_such_attribute", key=key)
    return Reply(200, {"key": key, "value": scheme.attributes[key]})


def set_attribute(call: Call) -> Reply:
    """Set one attribute of a scheme to the text that the body is."""
    scheme, key = _scheme(call), call.arguments["key"]
    try:
        value = call.body.decode()
    except UnicodeDecodeError:
        raise Malformed from None
    changed = scheme.attributes.get(key) != value
    scheme.attributes[key] = value
    call.wrote(scheme.name, f"attribute {key}", changed)
    return Reply(204)


def project_scheme(call: Call) -> Reply:
    """Answer which permission scheme a project has."""
    return Reply(200, _json(call, call.jira.rights.scheme_of(project_of(call).key), _expand(call)))


def assign_scheme(call: Call) -> Reply:
    """Give a project another permission scheme."""
    project, rights = project_of(call), call.jira.rights
    scheme = _numbered(call, call.fields().get("id"))
    changed = rights.scheme_of(project.key) is not scheme
    rights.assigned[project.key] = scheme.number
    call.wrote(project.key, f"scheme {scheme.name}", changed)
    return Reply(200, _json(call, scheme, _expand(call)))


def permissions(call: Call) -> Reply:
    """List every permission there is, global ones and those of projects."""
    return Reply(200, beans.every_permission(PROJECT_PERMISSIONS))

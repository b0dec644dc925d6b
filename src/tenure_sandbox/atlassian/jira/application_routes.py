"""Jira's operations on application roles: which groups open an application, and who is let into it."""

from __future__ import annotations

import zlib
from typing import Any

from tenure_sandbox.atlassian.call import Malformed, Reply

from . import beans, directory
from .call import Call
from .state import Account, Jira, Role
from .texts import refused


def _version(jira: Jira) -> str:
    """The hash of what may be changed in all roles, which a client can make a condition of its change."""
    told = [(role.key, role.groups, role.default_groups) for role in jira.roles.values()]
    return f"{zlib.crc32(repr(told).encode()):08x}"


def _tagged(call: Call, body: Any) -> Reply:
    return Reply(200, body, {"ETag": f'"{_version(call.jira)}"'})


def _json(call: Call, role: Role) -> dict[str, Any]:
    return beans.role(call.jira, role, call.faces("licence_full") is not None)


def _role(call: Call, key: Any) -> Role:
    if not isinstance(key, str) or key not in call.jira.roles:
        raise refused(404, "no_such_role", key=key)
    return call.jira.roles[key]


def roles(call: Call) -> Reply:
    """Answer all application roles, with the seats that are left."""
    return _tagged(call, [_json(call, role) for role in call.jira.roles.values()])


def one_role(call: Call) -> Reply:
    """Answer one application role."""
    return _tagged(call, _json(call, _role(call, call.arguments["key"])))


def _unchanged(call: Call) -> None:
    """412 if the client names a version of the roles that is not the server's."""
    headers = dict(call.scope["headers"])
    for name in (b"if-match", b"versionhash"):
        wanted = headers.get(name, b"").decode("latin-1").strip('"')
        if wanted not in ("", "*", _version(call.jira)):
            raise refused(412, "role_version")


def _groups(call: Call, names: Any, before: tuple[str, ...]) -> tuple[str, ...]:
    """The groups that a body names, by lower-cased name; those from before if it names none."""
    if names is None:
        return before
    if not isinstance(names, list) or any(not isinstance(name, str) for name in names):
        raise Malformed
    for name in names:
        if name.lower() not in call.jira.groups:
            raise refused(400, "no_such_group", name=name)
    return tuple(dict.fromkeys(name.lower() for name in names))


def _read(call: Call, role: Role, body: Any) -> tuple[Role, tuple[str, ...], tuple[str, ...]]:
    if not isinstance(body, dict):
        raise Malformed
    groups = _groups(call, body.get("groups"), role.groups)
    default = _groups(call, body.get("defaultGroups"), role.default_groups)
    if not set(default) <= set(groups):
        raise refused(400, "default_groups", key=role.key)
    return role, groups, default


def _set(call: Call, role: Role, groups: tuple[str, ...], default: tuple[str, ...]) -> None:
    changed = (role.groups, role.default_groups) != (groups, default)
    role.groups, role.default_groups = groups, default
    call.wrote(role.key, f"groups {', '.join(groups)}; by default {', '.join(default)}", changed)


def update_role(call: Call) -> Reply:
    """Let other groups open an application; its key and name stay, whatever the body says."""
    role = _role(call, call.arguments["key"])
    _unchanged(call)
    _set(call, *_read(call, role, call.fields()))
    return _tagged(call, _json(call, role))


def update_roles(call: Call) -> Reply:
    """Let other groups open several applications, all or none; roles that are left out stay as they are."""
    _unchanged(call)
    bodies = call.json()
    if not isinstance(bodies, list) or any(not isinstance(body, dict) for body in bodies):
        raise Malformed
    wanted = [_read(call, _role(call, body.get("key")), body) for body in bodies]
    for role, groups, default in wanted:
        _set(call, role, groups, default)
    return _tagged(call, [_json(call, role) for role, _, _ in wanted])


def _who_and_where(call: Call) -> tuple[Account, Role]:
    """The account and the application that the query names; 400 for one that is not there."""
    name, key = call.text("username") or "", call.text("applicationKey") or ""
    account, role = call.jira.accounts.get(name.lower()), call.jira.roles.get(key)
    if account is None:
        raise refused(400, "no_such_user", name=name)
    if role is None or not role.default_groups:
        raise refused(400, "application_unknown", key=key)
    return account, role


def let_in(call: Call) -> Reply:
    """Put an account into the groups that open an application by default, if it has a seat for it."""
    account, role = _who_and_where(call)
    jira = call.jira
    seated = any(account in jira.members(jira.groups[name]) for name in role.groups)
    if account.active and not seated and (call.faces("licence_full") or jira.seats_left(role) == 0):
        raise refused(400, "licence_full", key=role.key)
    missing = [jira.groups[name] for name in role.default_groups if account not in jira.groups[name].members]
    for group in missing:
        directory.joinable(jira, account, group)
    for group in missing:
        jira.join(account, group)
    call.wrote(account.name, f"enter {role.key}", bool(missing))
    return Reply(200)


def shut_out(call: Call) -> Reply:
    """Take an account out of every group that opens an application."""
    account, role = _who_and_where(call)
    held = [group for name in role.groups if account in (group := call.jira.groups[name]).members]
    for group in held:
        directory.joinable(call.jira, account, group)
    for group in held:
        call.jira.leave(account, group)
    call.wrote(account.name, f"leave {role.key}", bool(held))
    return Reply(204)

"""Bitbucket's operations on permissions: the global ones, and those on a project or a repository."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Reply

from . import accounts, beans, membership, permissions
from .call import Call
from .state import Grants, Project, Repository
from .texts import refused


def _filtered(call: Call, rows: list[dict[str, Any]], of: str) -> Reply:
    low = (call.text("filter") or "").lower()
    return call.page([row for row in rows if low in row[of]["name"].lower()])


def global_users(call: Call) -> Reply:
    """Answer who holds a global permission themselves."""
    return _filtered(call, beans.permitted_users(call.bitbucket, call.bitbucket.grants, call.base), "user")


def global_groups(call: Call) -> Reply:
    """Answer which groups give a global permission."""
    return _filtered(call, beans.permitted_groups(call.bitbucket, call.bitbucket.grants), "group")


def _without_users(call: Call, grants: Grants) -> Reply:
    low = (call.text("filter") or "").lower()
    left = [a for key, a in sorted(call.bitbucket.accounts.items()) if a.id not in grants.users and low in key]
    return call.page([beans.user(account, call.base) for account in left])


def _without_groups(call: Call, grants: Grants) -> Reply:
    low = (call.text("filter") or "").lower()
    left = [g for key, g in sorted(call.bitbucket.groups.items()) if key not in grants.groups and low in key]
    return call.page([beans.group(group) for group in left])


def global_users_without(call: Call) -> Reply:
    """Answer who holds no global permission themselves."""
    return _without_users(call, call.bitbucket.grants)


def global_groups_without(call: Call) -> Reply:
    """Answer which groups give no global permission."""
    return _without_groups(call, call.bitbucket.grants)


def grant_global_user(call: Call) -> Reply:
    """Give accounts a global permission, instead of what they held."""
    permission = permissions.named(call.bitbucket.grants, call.text("permission"))
    call.needed("name")
    for account in [accounts.by_name(call.bitbucket, name) for name in call.texts("name")]:
        permissions.grant_user(call.bitbucket, account, permission, call.caller, call.full)
        call.wrote(account.name, f"grant {permission}")
    return Reply(204)


def grant_global_group(call: Call) -> Reply:
    """Let groups give a global permission, instead of what they gave."""
    permission = permissions.named(call.bitbucket.grants, call.text("permission"))
    call.needed("name")
    for group in [membership.by_name(call.bitbucket, name) for name in call.texts("name")]:
        permissions.grant_group(call.bitbucket, group, permission, call.caller, call.full)
        call.wrote(group.name, f"grant {permission}")
    return Reply(204)


def revoke_global_user(call: Call) -> Reply:
    """Take an account's own global permissions away."""
    account = accounts.by_name(call.bitbucket, call.text("name"))
    permissions.revoke_user(call.bitbucket, account, call.caller)
    call.wrote(account.name, "revoke")
    return Reply(204)


def revoke_global_group(call: Call) -> Reply:
    """Take a group's global permissions away."""
    group = membership.by_name(call.bitbucket, call.text("name"))
    permissions.revoke_group(call.bitbucket, group, call.caller)
    call.wrote(group.name, "revoke")
    return Reply(204)


def named_place(call: Call, key: str, slug: str | None) -> tuple[Project, Project | Repository]:
    """The project of this key and, if a slug is given, its repository, else itself; 404 if there is none."""
    project = call.bitbucket.projects.get(key.upper())
    if project is None:
        raise refused("no_such_project", name=key)
    if slug is None:
        return project, project
    if slug not in project.repositories:
        raise refused("no_such_repository", name=slug)
    return project, project.repositories[slug]


def administers(call: Call, project: Project, place: Project | Repository) -> bool:
    """Say whether the caller administers a place: itself, by its project, or as an administrator of all."""
    highest = len(place.grants.levels) - 1
    own = any(permissions.level(call.bitbucket, call.caller, one.grants) == highest for one in (project, place))
    return call.level() >= permissions.ADMIN or (own and not call.faces("forbidden"))


def administered(call: Call) -> Project | Repository:
    """The project or repository of the path; 401 unless the caller administers it."""
    project, place = named_place(call, call.arguments["projectKey"], call.arguments.get("repositorySlug"))
    if not administers(call, project, place):
        raise refused("not_permitted")
    return place


def _grants(call: Call) -> Grants:
    return administered(call).grants


def _of_all(call: Call) -> tuple[Grants, str]:
    grants = _grants(call)
    return grants, permissions.named(grants, call.arguments["permission"])


def held_by_all(call: Call) -> Reply:
    """Answer whether a permission is the one that everybody holds on a project."""
    grants, permission = _of_all(call)
    return Reply(200, {"permitted": grants.everyone == permission})


def grant_all(call: Call) -> Reply:
    """Let everybody hold a permission on a project, instead of what they held, or take it from them."""
    grants, permission = _of_all(call)
    allow = call.needed("allow", "allow").lower()  # the vendor reads it in any case, and a client writes True
    if allow not in ("true", "false"):
        raise refused("allow")
    if allow == "true":
        grants.everyone = permission
    elif grants.everyone == permission:
        grants.everyone = None
    call.wrote(call.arguments["projectKey"], f"{'grant' if allow == 'true' else 'revoke'} {permission} to all")
    return Reply(204)


def users(call: Call) -> Reply:
    """Answer who holds something themselves."""
    return _filtered(call, beans.permitted_users(call.bitbucket, _grants(call), call.base), "user")


def groups(call: Call) -> Reply:
    """Answer which groups give something."""
    return _filtered(call, beans.permitted_groups(call.bitbucket, _grants(call)), "group")


def users_without(call: Call) -> Reply:
    """Answer who holds nothing themselves."""
    return _without_users(call, _grants(call))


def groups_without(call: Call) -> Reply:
    """Answer which groups give nothing. A project answers 202, as the vendor documents."""
    reply = _without_groups(call, _grants(call))
    return reply if "repositorySlug" in call.arguments else Reply(202, reply.body)


def grant_users(call: Call) -> Reply:
    """Give accounts a permission, instead of what they held."""
    grants = _grants(call)
    permission = permissions.named(grants, call.text("permission"))
    for account in [accounts.by_name(call.bitbucket, name) for name in call.texts("name")]:
        grants.users[account.id] = permission
        call.wrote(account.name, f"grant {permission}")
    return Reply(204)


def grant_groups(call: Call) -> Reply:
    """Let groups give a permission, instead of what they gave."""
    grants = _grants(call)
    permission = permissions.named(grants, call.text("permission"))
    for group in [membership.by_name(call.bitbucket, name) for name in call.texts("name")]:
        grants.groups[group.name.lower()] = permission
        call.wrote(group.name, f"grant {permission}")
    return Reply(204)


def revoke_user(call: Call) -> Reply:
    """Take an account's own permissions away."""
    grants, account = _grants(call), call.account()
    grants.users.pop(account.id, None)
    call.wrote(account.name, "revoke")
    return Reply(204)


def revoke_group(call: Call) -> Reply:
    """Take a group's permissions away."""
    grants, group = _grants(call), call.group()
    grants.groups.pop(group.name.lower(), None)
    call.wrote(group.name, "revoke")
    return Reply(204)


def revoke_many(call: Call) -> Reply:
    """Take the permissions of several accounts and groups away."""
    grants = _grants(call)
    whom = [accounts.by_name(call.bitbucket, name) for name in call.texts("user")]
    which = [membership.by_name(call.bitbucket, name) for name in call.texts("group")]
    if not whom and not which:
        raise refused("nobody_named")
    for account in whom:
        grants.users.pop(account.id, None)
        call.wrote(account.name, "revoke")
    for group in which:
        grants.groups.pop(group.name.lower(), None)
        call.wrote(group.name, "revoke")
    return Reply(204)


def search(call: Call) -> Reply:
    """Answer who and which groups hold something, in one page; what global permissions imply is left out."""
    grants, low = _grants(call), (call.text("filterText") or "").lower()
    rows = beans.permitted_users(call.bitbucket, grants, call.base) if call.text("type") != "GROUP" else []
    rows += beans.permitted_groups(call.bitbucket, grants) if call.text("type") != "USER" else []
    wanted = call.texts("permission")
    shown = [r for r in rows if low in (r.get("user") or r["group"])["name"].lower()]
    return call.page([row for row in shown if not wanted or row["permission"] in wanted])

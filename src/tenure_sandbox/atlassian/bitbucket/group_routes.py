"""Bitbucket's operations on groups, the licence, directories, projects and the server itself."""

from __future__ import annotations

from tenure_sandbox.atlassian.call import Reply

from . import accounts, beans, membership, permissions
from .call import Call
from .state import EXTERNAL, INTERNAL, Group, Project
from .texts import refused


def _found(call: Call) -> list[Group]:
    low = (call.text("filter") or "").lower()
    return [group for key, group in sorted(call.bitbucket.groups.items()) if low in key]


def list_groups(call: Call) -> Reply:
    """Answer a page of all groups."""
    return call.page([beans.group(one) for one in _found(call)])


def group_names(call: Call) -> Reply:
    """Answer a page of the names of all groups."""
    return call.page([one.name for one in _found(call)])


def create_group(call: Call) -> Reply:
    """Make a group."""
    group = membership.create(call.bitbucket, call.text("name"))
    call.wrote(group.name, "create group")
    return Reply(200, beans.group(group))


def delete_group(call: Call) -> Reply:
    """Delete a group."""
    group = call.group()
    membership.delete(call.bitbucket, group, call.caller)
    call.wrote(group.name, "delete group")
    return Reply(200, beans.group(group))


def add_users(call: Call) -> Reply:
    """Put several accounts into a group, all or none."""
    body = call.known("group", "users")
    users = body.get("users")
    membership.join(
        call.bitbucket, users if isinstance(users, list) else [], [body.get("group")], call.caller, call.full
    )
    call.wrote(str(body.get("group")), f"join {users}")
    return Reply(200)


def add_user(call: Call) -> Reply:
    """Put an account into a group, the `context`: deprecated."""
    body = call.known("context", "itemName")
    membership.join(call.bitbucket, [body.get("itemName")], [body.get("context")], call.caller, call.full)
    call.wrote(str(body["itemName"]), f"join {body['context']}")
    return Reply(200)


def remove_user(call: Call) -> Reply:
    """Take an account out of a group, the `context`: deprecated."""
    body = call.known("context", "itemName")
    account = accounts.by_name(call.bitbucket, body.get("itemName"))
    group = membership.by_name(call.bitbucket, body.get("context"))
    membership.leave(call.bitbucket, account, group, call.caller)
    call.wrote(account.name, f"leave {group.name}")
    return Reply(200)


def licence(call: Call) -> Reply:
    """Answer the licence with how many people it counts."""
    return Reply(200, beans.licence(call.bitbucket, len(permissions.licensed(call.bitbucket)), call.full))


def directories(call: Call) -> Reply:
    """Answer the directories, that of the internal accounts first."""
    call.flag("includeInactive", False)
    known = {INTERNAL: "Bitbucket Internal Directory", EXTERNAL: "Delegated LDAP"}
    return Reply(200, [{"name": n, "type": t, "active": True, "description": ""} for n, t in known.items()])


def properties(call: Call) -> Reply:
    """Answer which server this is, to anybody."""
    told = {"version": call.bitbucket.version.text, "buildNumber": "1", "buildDate": "1767600000000"}
    return Reply(200, told | {"displayName": "Bitbucket"})


def _project(call: Call) -> Project:
    key = call.arguments["projectKey"]
    project = call.bitbucket.projects.get(key.upper())
    if project is None:
        raise refused("no_such_project", name=key)
    return project


def projects(call: Call) -> Reply:
    """Answer a page of all projects."""
    low = (call.text("name") or "").lower()
    return call.page([beans.project(p) for p in call.bitbucket.projects.values() if low in p.name.lower()])


def project(call: Call) -> Reply:
    """Answer one project."""
    return Reply(200, beans.project(_project(call)))


def repositories(call: Call) -> Reply:
    """Answer a page of a project's repositories."""
    of = _project(call)
    return call.page([beans.repository(one, of) for one in of.repositories.values()])

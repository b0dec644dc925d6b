"""Jira's operations on project roles: those of the server, and who plays them in a project."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tenure_sandbox.atlassian.call import Malformed, Reply

from .call import Call
from .holding import holds
from .rights import Actor, ProjectRole
from .site_routes import project_of
from .state import PICTURE, Led
from .texts import refused

KINDS = {"user": "atlassian-user-role-actor", "group": "atlassian-group-role-actor"}


def _actor(call: Call, actor: Actor) -> dict[str, Any]:
    """The vendor's document shows an actor's name and picture alone; real ones tell its kind too."""
    account = call.jira.by_key[actor.who] if actor.kind == "user" else None
    return {
        "id": actor.number,
        "displayName": account.display_name if account else actor.who,
        "type": KINDS[actor.kind],
        "name": account.name if account else actor.who,
        "avatarUrl": f"{call.base}/secure/useravatar?size=xsmall&avatarId={account.picture if account else PICTURE}",
    }


def role_json(call: Call, role: ProjectRole, where: str = "role", actors: list[Actor] | None = None) -> dict[str, Any]:
    """A role at its address, with the actors of a project, or with its own for new projects."""
    return {
        "self": f"{call.base}/rest/api/2/{where}/{role.number}",
        "name": role.name,
        "id": int(role.number),
        "description": role.description,
        "actors": [_actor(call, actor) for actor in (role.actors if actors is None else actors)],
    }


def _role(call: Call) -> ProjectRole:
    number = call.arguments["id"]
    if number not in call.jira.rights.roles:
        raise refused(404, "no_such_project_role", key=number)
    return call.jira.rights.roles[number]


def roles(call: Call) -> Reply:
    """List the project roles of the server."""
    return Reply(200, [role_json(call, role) for role in call.jira.rights.roles.values()])


def get_role(call: Call) -> Reply:
    """Answer one project role of the server."""
    return Reply(200, role_json(call, _role(call)))


def _name(call: Call, name: Any, taken: int, own: ProjectRole | None = None) -> str:
    """A name that a role may have; `taken` is the status when another one has it."""
    if not isinstance(name, str) or not name or name != name.strip():
        raise refused(400, "role_name")
    if any(one.name.lower() == name.lower() and one is not own for one in call.jira.rights.roles.values()):
        raise refused(taken, "role_taken", name=name)
    return name


def create_role(call: Call) -> Reply:
    """Make a project role."""
    body = call.fields()
    name = _name(call, body.get("name"), 409)
    role = ProjectRole(str(call.jira.rights.number()), name, str(body.get("description") or ""))
    call.jira.rights.roles[role.number] = role
    call.wrote(role.name, "create role")
    return Reply(200, role_json(call, role))


def _change(call: Call, whole: bool) -> Reply:
    role, body = _role(call), call.fields()
    given = [body[field] for field in ("name", "description") if body.get(field) is not None]
    if len(given) < (2 if whole else 1):
        raise refused(400, "role_fields")
    name = role.name if body.get("name") is None else _name(call, body["name"], 400, role)
    description = role.description if body.get("description") is None else str(body["description"])
    changed = (role.name, role.description) != (name, description)
    role.name, role.description = name, description
    call.wrote(role.name, "change role", changed)
    return Reply(200, role_json(call, role))


def replace_role(call: Call) -> Reply:
    """Give a role another name and description, both of which are needed."""
    return _change(call, True)


def update_role(call: Call) -> Reply:
    """Give a role another name, another description, or both."""
    return _change(call, False)


def delete_role(call: Call) -> Reply:
    """Delete a role; one that schemes grant something to only if another, `swap`, gets that instead."""
    role, rights, swap = _role(call), call.jira.rights, call.text("swap")
    if swap is not None and (swap not in rights.roles or swap == role.number):
        raise refused(400, "no_such_project_role", key=swap)
    of_role = ("projectRole", role.number)
    if swap is None and any((g.holder, g.parameter) == of_role for s in rights.schemes.values() for g in s.grants):
        raise refused(409, "role_used", name=role.name)
    for scheme in rights.schemes.values():
        scheme.grants = [
            replace(one, parameter=swap) if swap is not None and (one.holder, one.parameter) == of_role else one
            for one in scheme.grants
        ]
    for place in [place for place in rights.actors if place[1] == role.number]:
        del rights.actors[place]
    del rights.roles[role.number]
    call.wrote(role.name, "delete role")
    return Reply(204)


def _names(value: Any) -> list[str]:
    if not isinstance(value, list) or any(not isinstance(one, str) for one in value):
        raise Malformed
    return value


def _found(call: Call, kind: str, name: str) -> str | None:
    """What an actor is kept by: an account's key, a group's name; None if there is none of this name."""
    if kind == "user":
        account = call.jira.accounts.get(name.lower())
        return account.key if account else None
    group = call.jira.groups.get(name.lower())
    return group.name if group else None


def _add(call: Call, cast: list[Actor], kind: str, found: list[str]) -> bool:
    """Let more play a role; who does already stays as they are. Say whether anybody was added."""
    new = [who for who in dict.fromkeys(found) if not any((a.kind, a.who) == (kind, who) for a in cast)]
    cast.extend(Actor(call.jira.rights.number(), kind, who) for who in new)
    return bool(new)


def _one_named(call: Call, status: int) -> tuple[str, str]:
    """The kind and name of the one actor that the query names: `user` or `group`, never both."""
    given = [(kind, name) for kind in KINDS if (name := call.text(kind))]
    if len(given) != 1:
        raise refused(status, "one_actor")
    return given[0]


def role_actors(call: Call) -> Reply:
    """Answer who plays a role in a new project."""
    return Reply(200, {"actors": role_json(call, _role(call))["actors"]})


def add_role_actors(call: Call) -> Reply:
    """Add accounts or groups to those who play a role in a new project."""
    role, body = _role(call), call.fields()
    kinds = [kind for kind in KINDS if body.get(kind)]
    if len(kinds) != 1:
        raise refused(400, "one_actor")
    names = _names(body[kinds[0]])
    found = [_found(call, kinds[0], name) for name in names]
    if None in found:
        raise refused(400, "no_such_actor", name=names[found.index(None)])
    changed = _add(call, role.actors, kinds[0], [who for who in found if who is not None])
    call.wrote(role.name, f"add default {kinds[0]} {', '.join(names)}", changed)
    return role_actors(call)


def remove_role_actor(call: Call) -> Reply:
    """Take an account or a group from those who play a role in a new project."""
    role = _role(call)
    kind, name = _one_named(call, 400)
    who = _found(call, kind, name)
    if who is None:
        raise refused(400, "no_such_actor", name=name)
    kept = [actor for actor in role.actors if (actor.kind, actor.who) != (kind, who)]
    changed, role.actors = len(kept) != len(role.actors), kept
    call.wrote(role.name, f"remove default {kind} {name}", changed)
    return role_actors(call)


def project_roles(call: Call) -> Reply:
    """Answer where each role of a project is, by its name."""
    address = f"{call.base}/rest/api/2/project/{project_of(call).id}/role"
    return Reply(200, {role.name: f"{address}/{number}" for number, role in call.jira.rights.roles.items()})


def project_role(call: Call) -> Reply:
    """Answer a role of a project with its actors."""
    project, role = project_of(call), _role(call)
    cast = call.jira.rights.actors.get((project.key, role.number), [])
    return Reply(200, role_json(call, role, f"project/{project.id}/role", cast))


def _cast(call: Call) -> tuple[Led, ProjectRole, list[Actor]]:
    """The project, its role and who plays it, for one who may change that; 404 to anybody else."""
    project, role = project_of(call), _role(call)
    if not call.administers() and not holds(call.jira, call.caller, project, "ADMINISTER_PROJECTS"):
        raise refused(404, "no_such_project", key=project.key)
    return project, role, call.jira.rights.actors.setdefault((project.key, role.number), [])


def set_project_role(call: Call) -> Reply:
    """Let exactly these accounts and groups play a role in a project; 404 if one of them does not exist."""
    project, role, cast = _cast(call)
    given = call.fields().get("categorisedActors")
    if not isinstance(given, dict) or not given.keys() <= set(KINDS.values()):
        raise Malformed
    wanted = [(kind, name) for kind, category in KINDS.items() for name in _names(given.get(category, []))]
    found = [(kind, _found(call, kind, name)) for kind, name in wanted]
    for (_, name), (_, who) in zip(wanted, found, strict=True):
        if who is None:
            raise refused(404, "no_such_actor", name=name)
    kept = [actor for actor in cast if (actor.kind, actor.who) in found]
    changed, cast[:] = len(kept) != len(cast), kept
    for kind, who in found:
        changed |= _add(call, cast, kind, [who or ""])
    call.wrote(project.key, f"set role {role.name}", changed)
    return project_role(call)


def add_to_project_role(call: Call) -> Reply:
    """Let more accounts and groups play a role in a project; 410 if none of those named exists."""
    project, role, cast = _cast(call)
    body = call.fields()
    found = {kind: [_found(call, kind, name) for name in _names(body.get(kind) or [])] for kind in KINDS}
    there = {kind: [who for who in all_of_kind if who is not None] for kind, all_of_kind in found.items()}
    if not any(there.values()):
        raise refused(410, "no_actors")
    changed = [_add(call, cast, kind, whos) for kind, whos in there.items()]
    call.wrote(project.key, f"add to role {role.name}", any(changed))
    return project_role(call)


def remove_from_project_role(call: Call) -> Reply:
    """End that an account or a group plays a role in a project; 404 if it does not, 410 if it does not exist."""
    project, role, cast = _cast(call)
    kind, name = _one_named(call, 410)
    who = _found(call, kind, name)
    if who is None:
        raise refused(410, "no_actors")
    kept = [actor for actor in cast if (actor.kind, actor.who) != (kind, who)]
    if len(kept) == len(cast):
        raise refused(404, "no_such_actor", name=name)
    cast[:] = kept
    call.wrote(project.key, f"remove {kind} {name} from role {role.name}")
    return Reply(204)

"""Bitbucket's operations on access keys: SSH keys that open projects and repositories, and belong to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tenure_sandbox.atlassian.call import Malformed, Reply

from . import beans
from .call import Call
from .permission_routes import administered, administers, named_place
from .state import Project, Repository, Secret
from .texts import refused

Place = Project | Repository


def _name(place: Place) -> str:
    return place.key if isinstance(place, Project) else place.slug


def _levels(place: Place) -> tuple[str, ...]:
    """What a key may be allowed: to read or to write, never to administer."""
    return tuple(one for one in place.grants.levels if one.endswith(("_READ", "_WRITE")))


def _json(call: Call, project: Project, place: Place, key: Secret) -> dict[str, Any]:
    where = {"project": beans.project(project)}
    if isinstance(place, Repository):
        where = {"repository": beans.repository(place, project)}
    return {"key": beans.secret(call.bitbucket, "ssh", key), "permission": place.keys[key.id], **where}


def _project(call: Call) -> Project:
    return call.bitbucket.projects[call.arguments["projectKey"].upper()]


def _here(call: Call) -> tuple[Place, Secret]:
    """The place of the path and the key that opens it; 404 if that key does not."""
    place, number = administered(call), call.arguments["keyId"]
    if number not in place.keys:
        raise refused("no_such_key", name=number)
    return place, call.bitbucket.access_keys[number]


def _places(call: Call) -> Iterator[tuple[Project, Place]]:
    for project in call.bitbucket.projects.values():
        yield project, project
        for repository in project.repositories.values():
            yield project, repository


def list_keys(call: Call) -> Reply:
    """Answer the keys that open a place, and those of the project too if `effective` is asked of a repository."""
    place, project = administered(call), _project(call)
    low, wanted = (call.text("filter") or "").lower(), call.text("permission")
    both = place is not project and call.flag("effective", False)
    rows = [
        _json(call, project, one, call.bitbucket.access_keys[number])
        for one in ([place, project] if both else [place])
        for number, permission in one.keys.items()
        if wanted in (None, permission) and low in call.bitbucket.access_keys[number].name.lower()
    ]
    return call.page(rows)


def add_key(call: Call) -> Reply:
    """Let a key open a place; a key that opens another one already stays one key."""
    place, body = administered(call), call.known("key", "permission")
    given, permission = body.get("key"), body.get("permission")
    if not isinstance(given, dict):
        raise Malformed
    text = given.get("text")
    if not isinstance(text, str) or not text.startswith(("ssh-", "ecdsa-")):
        raise refused("key_text")
    if permission not in _levels(place):
        raise refused("no_such_permission", name=permission)
    known = next((one for one in call.bitbucket.access_keys.values() if one.text == text), None)
    personal = any(one.text == text for one in call.bitbucket.secrets["ssh"].values())
    if personal or (known and known.id in place.keys):
        raise refused("access_key_taken")
    key = known or call.bitbucket.secret("ssh", 0, str(given.get("label") or text.split(" ")[-1]), text)
    call.bitbucket.access_keys[key.id] = key
    place.keys[key.id] = permission
    call.wrote(_name(place), f"access key {permission}")
    return Reply(201, _json(call, _project(call), place, key))


def get_key(call: Call) -> Reply:
    """Answer one key that opens a place."""
    return Reply(200, _json(call, _project(call), *_here(call)))


def set_permission(call: Call) -> Reply:
    """Let a key do something else at a place."""
    place, key = _here(call)
    permission = call.arguments["permission"]
    if permission not in _levels(place):
        raise refused("no_such_permission", name=permission)
    place.keys[key.id] = permission
    call.wrote(_name(place), f"access key {permission}")
    return Reply(200, _json(call, _project(call), place, key))


def _close(call: Call, places: list[Place], number: str) -> Reply:
    """Let a key open these places no more; one that opens nothing is forgotten."""
    for place in places:
        place.keys.pop(number, None)
        call.wrote(_name(place), "revoke access key")
    if not any(number in place.keys for _, place in _places(call)):
        call.bitbucket.access_keys.pop(number, None)
    return Reply(204)


def revoke_key(call: Call) -> Reply:
    """Let a key open a place no more; one that does not is no error."""
    return _close(call, [administered(call)], call.arguments["keyId"])


def _key(call: Call) -> Secret:
    number = call.arguments["keyId"]
    if number not in call.bitbucket.access_keys:
        raise refused("no_such_key", name=number)
    return call.bitbucket.access_keys[number]


def _opened(call: Call, kind: type[Place]) -> Reply:
    key = _key(call)
    opened = [(project, place) for project, place in _places(call) if isinstance(place, kind) and key.id in place.keys]
    shown = [(project, place) for project, place in opened if administers(call, project, place)]
    return call.page([_json(call, project, place, key) for project, place in shown])


def projects_of(call: Call) -> Reply:
    """Answer which projects a key opens, of those that the caller administers."""
    return _opened(call, Project)


def repositories_of(call: Call) -> Reply:
    """Answer which repositories a key opens, of those that the caller administers."""
    return _opened(call, Repository)


def revoke_everywhere(call: Call) -> Reply:
    """Let a key open several projects and repositories no more, all or none."""
    key, body = _key(call), call.known("projects", "repositories")
    wanted: list[tuple[Any, Any]] = []
    for row in _rows(body.get("projects")):
        wanted.append((row.get("key"), None))
    for row in _rows(body.get("repositories")):
        of = row.get("project")
        wanted.append((of.get("key") if isinstance(of, dict) else None, str(row.get("slug"))))
    found = [named_place(call, str(name), slug) for name, slug in wanted]
    if not all(administers(call, project, place) for project, place in found):
        raise refused("not_permitted")
    return _close(call, [place for _, place in found], key.id)


def _rows(value: Any) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or any(not isinstance(row, dict) for row in value):
        raise Malformed
    return value

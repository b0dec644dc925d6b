"""Bitbucket's operations on groups of reviewers of projects and repositories; they are no groups of a directory."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Reply

from . import accounts, beans, permissions
from .call import Call
from .permission_routes import administered, administers, named_place
from .state import Account, Project, Repository, Reviewers
from .texts import refused

LONGEST = 50
FIELDS = ("name", "description", "users", "id", "scope", "avatarUrl")
Place = Project | Repository


def _place(call: Call) -> tuple[Project, Place]:
    """The project and the place of the path; 401 unless the caller may read there."""
    project, place = named_place(call, call.arguments["projectKey"], call.arguments.get("repositorySlug"))
    if not (_reads(call, call.caller, project, place) or administers(call, project, place)):
        raise refused("not_permitted")
    return project, place


def _reads(call: Call, account: Account, project: Project, place: Place) -> bool:
    return any(permissions.level(call.bitbucket, account, one.grants) >= 0 for one in (project, place))


def _json(call: Call, group: Reviewers, place: Place) -> dict[str, Any]:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "scope": beans.scope(place),
        "users": [beans.user(one, call.base) for one in _users(call, group)],
    }


def _users(call: Call, group: Reviewers) -> list[Account]:
    """Those of a group who were not deleted since."""
    return [call.bitbucket.by_id[one] for one in group.users if one in call.bitbucket.by_id]


def _found(call: Call, place: Place) -> Reviewers:
    number = call.arguments["id"]
    group = place.reviewers.get(int(number)) if number.isascii() and number.isdigit() else None
    if group is None:
        raise refused("no_such_reviewers", name=number)
    return group


def _name(place: Place, given: Any, group: Reviewers | None) -> str:
    if not isinstance(given, str) or not 1 <= len(given.strip()) <= LONGEST:
        raise refused("reviewers_name")
    if any(one is not group and one.name.lower() == given.lower() for one in place.reviewers.values()):
        raise refused("reviewers_taken", name=given)
    return given


def _named(call: Call, given: Any) -> tuple[int, ...]:
    rows = given if isinstance(given, list) else [given]
    return tuple(
        accounts.by_name(call.bitbucket, one.get("name") if isinstance(one, dict) else None).id for one in rows
    )


def list_groups(call: Call) -> Reply:
    """Answer the groups of reviewers of a place; a repository has those of its project too."""
    project, place = _place(call)
    places = [place] if place is project else [place, project]
    return call.page([_json(call, group, one) for one in places for group in one.reviewers.values()])


def get_group(call: Call) -> Reply:
    """Answer one group of reviewers."""
    _, place = _place(call)
    return Reply(200, _json(call, _found(call, place), place))


def create_group(call: Call) -> Reply:
    """Make a group of reviewers."""
    place, given = administered(call), call.known(*FIELDS)
    name, users = _name(place, given.get("name"), None), _named(call, given.get("users", []))
    group = Reviewers(call.bitbucket.number("reviewers"), name, str(given.get("description") or ""), users)
    place.reviewers[group.id] = group
    call.wrote(name, "reviewer group")
    return Reply(201, _json(call, group, place))


def update_group(call: Call) -> Reply:
    """Change what is given of a group of reviewers."""
    place, given = administered(call), call.known(*FIELDS)
    group = _found(call, place)
    group.name = _name(place, given["name"], group) if "name" in given else group.name
    group.description = str(given.get("description", group.description) or "")
    group.users = _named(call, given["users"]) if "users" in given else group.users
    call.wrote(group.name, f"reviewer group {', '.join(sorted(given))}")
    return Reply(200, _json(call, group, place))


def delete_group(call: Call) -> Reply:
    """Delete a group of reviewers."""
    place = administered(call)
    group = _found(call, place)
    del place.reviewers[group.id]
    call.wrote(group.name, "delete reviewer group")
    return Reply(204)


def users(call: Call) -> Reply:
    """Answer those of a group of reviewers who have a licence and may read the repository."""
    project, place = _place(call)
    licensed = permissions.licensed(call.bitbucket)
    found = [one for one in _users(call, _found(call, place)) if one in licensed]
    return Reply(200, [beans.user(one, call.base) for one in found if _reads(call, one, project, place)])

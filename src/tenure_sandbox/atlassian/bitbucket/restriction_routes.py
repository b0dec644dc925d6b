"""Bitbucket's operations on restrictions of branches, with the accounts, groups and keys that are excepted."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Malformed, Reply

from . import beans
from .call import Call
from .permission_routes import administered
from .state import Project, Repository, Restriction
from .texts import refused

TYPES = ("read-only", "no-deletes", "fast-forward-only", "pull-request-only")
MATCHERS = {
    "ANY_REF": "Any ref",
    "BRANCH": "Branch",
    "PATTERN": "Pattern",
    "MODEL_CATEGORY": "Branching model category",
    "MODEL_BRANCH": "Branching model branch",
}
Place = Project | Repository


def _json(call: Call, one: Restriction, place: Place) -> dict[str, Any]:
    """A restriction, with those of its exceptions who were not deleted since."""
    house = call.bitbucket
    return {
        "id": one.id,
        "scope": beans.scope(place),
        "type": one.kind,
        "matcher": {
            "id": one.where,
            "displayId": one.where.removeprefix("refs/heads/"),
            "type": {"id": one.matcher, "name": MATCHERS[one.matcher]},
            "active": True,
        },
        "users": [beans.user(house.by_id[number], call.base) for number in one.users if number in house.by_id],
        "groups": [house.groups[name].name for name in one.groups if name in house.groups],
        "accessKeys": [
            {"key": beans.secret(house, "ssh", house.access_keys[key])} for key in one.keys if key in house.access_keys
        ],
    }


def _matcher(given: Any) -> tuple[str, str]:
    kind = given.get("type") if isinstance(given, dict) else None
    name = kind.get("id") if isinstance(kind, dict) else None
    if name not in MATCHERS or not isinstance(given.get("id"), str):
        raise refused("matcher")
    return name, given["id"]


def _rows(given: dict[str, Any], *names: str) -> list[Any]:
    """What is listed below any of these names; 400 for what is no list."""
    rows = [given.get(name) or [] for name in names]
    if not all(isinstance(one, list) for one in rows):
        raise Malformed
    return [row for one in rows for row in one]


def _users(call: Call, given: dict[str, Any]) -> tuple[int, ...]:
    """By slug, by name, or as they are shown; 400 for somebody who is not there."""
    shown = [row.get("name") if isinstance(row, dict) else row for row in _rows(given, "users", "userSlugs")]
    by_slug, by_name = call.bitbucket.by_slug, call.bitbucket.accounts
    found = [by_slug.get(str(name)) or by_name.get(str(name).lower()) for name in shown]
    if None in found:
        raise refused("nobody_named")
    return tuple(one.id for one in found if one)


def _keys(call: Call, given: dict[str, Any]) -> tuple[str, ...]:
    rows = [row.get("key") if isinstance(row, dict) else row for row in _rows(given, "accessKeys", "accessKeyIds")]
    found = tuple(str(row.get("id") if isinstance(row, dict) else row) for row in rows)
    if not call.bitbucket.access_keys.keys() >= set(found):
        raise refused("nobody_named")
    return found


def _made(call: Call, place: Place, given: Any) -> Restriction:
    if not isinstance(given, dict):
        raise Malformed
    if given.get("type") not in TYPES:
        raise refused("restriction_type")
    named = [str(name).lower() for name in _rows(given, "groups", "groupNames")]
    if not call.bitbucket.groups.keys() >= set(named):
        raise refused("nobody_named")
    matcher, where = _matcher(given.get("matcher"))
    exceptions = (_users(call, given), tuple(named), _keys(call, given))
    what = (given["type"], matcher, where)
    known = (one.id for one in place.restrictions.values() if (one.kind, one.matcher, one.where) == what)
    return Restriction(next(known, 0) or call.bitbucket.number("restriction"), *what, *exceptions)


def restrict(call: Call) -> Reply:
    """Restrict branches in several ways; the same way again gets other exceptions."""
    place, given = administered(call), call.json()
    if not isinstance(given, list):
        raise Malformed
    made = [_made(call, place, one) for one in given]
    for one in made:
        place.restrictions[one.id] = one
        call.wrote(one.where, f"restrict {one.kind}")
    return Reply(200, [_json(call, one, place) for one in made])


def restrictions(call: Call) -> Reply:
    """Answer how the branches of a place are restricted."""
    place = administered(call)
    kind, matcher, where = call.text("type"), call.text("matcherType"), call.text("matcherId")
    found = [
        one
        for one in place.restrictions.values()
        if kind in (None, one.kind) and matcher in (None, one.matcher) and where in (None, one.where)
    ]
    return call.page([_json(call, one, place) for one in found])


def _number(call: Call) -> int:
    number = call.arguments["id"]
    if not (number.isascii() and number.isdigit()):
        raise Malformed("id", number)
    return int(number)


def restriction(call: Call) -> Reply:
    """Answer one restriction."""
    place = administered(call)
    one = place.restrictions.get(_number(call))
    if one is None:
        raise refused("no_such_restriction", name=call.arguments["id"])
    return Reply(200, _json(call, one, place))


def lift(call: Call) -> Reply:
    """Take a restriction away; one that is not there is no error."""
    place = administered(call)
    one = place.restrictions.pop(_number(call), None)
    if one is not None:
        call.wrote(one.where, f"lift {one.kind}")
    return Reply(204)

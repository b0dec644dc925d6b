"""Confluence's operations on permissions, those of the whole site and those of one space."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

from tenure_sandbox.atlassian.call import Malformed, Reply
from tenure_sandbox.faults import capped

from . import entities
from .call import Call
from .state import USE, Granted, Operation, Subject
from .texts import refused

Handler = Callable[[Call], Reply]
MOST_SUBJECTS = 40
ANONYMOUS: Subject = ("anonymous", "")
UNLICENSED: Subject = ("unlicensed", "")
FOR_THE_SITE: frozenset[Operation] = frozenset(
    {
        USE,
        ("application", "administer"),
        ("system", "administer"),
        ("personal_space", "create"),
        ("space", "create"),
    }
)
FOR_NOBODY: dict[Subject, frozenset[Operation]] = {
    ANONYMOUS: frozenset({USE, ("user", "read")}),
    UNLICENSED: frozenset({("application", "use_unlicensed"), ("user", "read")}),
}
_IN_SPACES = (
    "space read, space administer, space export, space restrict, space delete_own, space delete_mail, page create, "
    "page delete, blogpost create, blogpost delete, comment create, comment delete, attachment create, "
    "attachment delete"
)
FOR_A_SPACE: frozenset[Operation] = frozenset((one.split()[0], one.split()[1]) for one in _IN_SPACES.split(", "))


def _granted(call: Call) -> Granted:
    return call.space().granted if "spaceKey" in call.arguments else call.confluence.granted


def _allowed(call: Call, who: Subject) -> Set[Operation]:
    return FOR_A_SPACE if "spaceKey" in call.arguments else FOR_NOBODY.get(who, FOR_THE_SITE)


def group_of(call: Call) -> Subject:
    """The group that the path names."""
    return "group", call.group().name.lower()


def user_of(call: Call) -> Subject:
    """The account that the path names, by its key; for a permission of the site by its username as well."""
    named = call.arguments.get("userKey") or call.arguments["user"]
    if named in call.confluence.by_key:
        return "user", named
    if "userKey" in call.arguments:
        raise refused("no_such_key", key=named)
    return "user", call.named(named).key


def anonymous_of(call: Call) -> Subject:
    """People who are not signed in."""
    del call
    return ANONYMOUS


def unlicensed_of(call: Call) -> Subject:
    """People who are signed in and count for no licence."""
    del call
    return UNLICENSED


def _shown(call: Call, held: Granted) -> Reply:
    space = call.space() if "spaceKey" in call.arguments else None
    where: dict[str, Any] = {"spaceKey": space.key, "spaceId": space.id} if space else {}
    rows = [
        {"operation": entities.operation(one), "subject": entities.subject(call.confluence, who, call.base), **where}
        for who in sorted(held)
        for one in sorted(held[who])
    ]
    return Reply(200, capped(call.scope, rows))


def list_all(call: Call) -> Reply:
    """Answer every permission with its holder."""
    return _shown(call, _granted(call))


def list_of(whose: Callable[[Call], Subject]) -> Handler:
    """An operation that answers the permissions of one holder."""

    def answer(call: Call) -> Reply:
        who = whose(call)
        return _shown(call, {who: _granted(call).get(who, set())})

    return answer


def _operations(call: Call, who: Subject, listed: Any) -> set[Operation]:
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Malformed
    found = {(str(one.get("targetType")), str(one.get("operationKey"))) for one in listed}
    for one in found - _allowed(call, who):
        raise refused("operation", operation=" ".join(one))
    return found


def grant_to(whose: Callable[[Call], Subject]) -> Handler:
    """An operation that gives permissions to one holder."""

    def answer(call: Call) -> Reply:
        who = whose(call)
        _granted(call).setdefault(who, set()).update(_operations(call, who, call.json()))
        call.wrote(" ".join(who), "grant")
        return Reply(204)

    return answer


def revoke_from(whose: Callable[[Call], Subject]) -> Handler:
    """An operation that takes permissions from one holder: all of them with the one to use Confluence."""

    def answer(call: Call) -> Reply:
        who = whose(call)
        granted, gone = _granted(call), _operations(call, who, call.json())
        left = set() if USE in gone else granted.get(who, set()) - gone
        granted[who] = left
        call.wrote(" ".join(who), "revoke")
        return Reply(204)

    return answer


def _holder(call: Call, entry: dict[str, Any]) -> Subject:
    key, name = entry.get("userKey"), entry.get("groupName")
    if key is not None:
        if key not in call.confluence.by_key:
            raise refused("no_such_key", key=key)
        return "user", key
    if name is None:
        return ANONYMOUS
    if str(name).lower() not in call.confluence.groups:
        raise refused("no_such_group", name=name)
    return "group", str(name).lower()


def set_all(call: Call) -> Reply:
    """Set all permissions of those who are named; the others keep theirs."""
    body = call.json()
    if not isinstance(body, list) or not all(isinstance(entry, dict) for entry in body):
        raise Malformed
    if len(body) > MOST_SUBJECTS:
        raise refused("too_many")
    wanted: Granted = {}
    for entry in body:
        who = _holder(call, entry)
        wanted[who] = _operations(call, who, entry.get("operations", []))
    _granted(call).update(wanted)
    call.wrote(", ".join(" ".join(who) for who in wanted), "set permissions")
    return Reply(200 if "spaceKey" in call.arguments else 204)

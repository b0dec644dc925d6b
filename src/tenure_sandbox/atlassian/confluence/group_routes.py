"""Confluence's operations on groups and on who is in them."""

from __future__ import annotations

from tenure_sandbox.atlassian.call import Reply

from . import entities
from .accounts import LONGEST
from .call import Call
from .people_routes import GROUPS_A_PAGE
from .state import ADMINISTER, SYSTEM, Group
from .texts import refused


def _groups(call: Call, found: list[Group]) -> Reply:
    rows = sorted(found, key=lambda group: group.name.lower())
    return call.page(rows, lambda one: entities.group(one, call.base), GROUPS_A_PAGE)


def list_groups(call: Call) -> Reply:
    """Answer a page of all groups."""
    return _groups(call, list(call.confluence.groups.values()))


def get_group(call: Call) -> Reply:
    """Answer one group, by its name in any case."""
    return Reply(200, entities.group(call.group(), call.base))


def create_group(call: Call) -> Reply:
    """Make a group; that its name keeps its letter case is a guess."""
    name = call.fields().get("name")
    if not isinstance(name, str) or not name.strip():
        raise refused("group_empty")
    if len(name) > LONGEST:
        raise refused("group_long")
    if name.lower() in call.confluence.groups:
        raise refused("group_taken", name=name)
    group = call.confluence.add_group(name)
    call.wrote(group.name, "create group")
    return Reply(200, entities.group(group, call.base))


def delete_group(call: Call) -> Reply:
    """Delete a group, unless it is the last that administers Confluence."""
    group, granted = call.group(), call.confluence.granted
    others = {who for who, held in granted.items() if who[0] == "group" and held & {ADMINISTER, SYSTEM}}
    if others == {("group", group.name.lower())}:
        raise refused("last_administrators", name=group.name)
    call.confluence.remove_group(group)
    call.wrote(group.name, "delete group")
    return Reply(204)


def _inside(call: Call, group: Group) -> list[Group]:
    """A group, and all groups inside it."""
    found, waiting = dict[str, Group](), [group]
    while waiting:
        one = waiting.pop()
        if one.name.lower() not in found:
            found[one.name.lower()] = one
            waiting += [call.confluence.groups[name] for name in one.children]
    return list(found.values())


def list_members(call: Call) -> Reply:
    """Answer a page of a group's members, disabled ones too, and those of groups inside it (a guess, the last two)."""
    names = {name for group in _inside(call, call.group()) for name in group.members}
    rows, expand = [call.confluence.accounts[name] for name in sorted(names)], call.expand()
    return call.page(rows, lambda one: entities.user(call.confluence, one, call.base, expand), GROUPS_A_PAGE)


def list_children(call: Call) -> Reply:
    """Answer a page of the groups directly inside a group."""
    return _groups(call, [call.confluence.groups[name] for name in call.group().children])


def list_parents(call: Call) -> Reply:
    """Answer a page of the groups that a group is directly inside of."""
    low = call.group().name.lower()
    return _groups(call, [group for group in call.confluence.groups.values() if low in group.children])


def list_ancestors(call: Call) -> Reply:
    """Answer a page of the groups that a group is inside of, directly or not."""
    group = call.group()
    return _groups(call, [one for one in call.confluence.groups.values() if group in _inside(call, one)[1:]])


def join(call: Call) -> Reply:
    """Make an account a member; one that is a member stays so, and a licence that is full does not stop it."""
    account, group = call.named(call.arguments["username"]), call.group()
    call.confluence.join(account, group)
    call.wrote(account.name, f"join {group.name}")
    return Reply(204)


def leave(call: Call) -> Reply:
    """End a membership; one that is not there stays so."""
    account, group = call.named(call.arguments["username"]), call.group()
    call.confluence.leave(account, group)
    call.wrote(account.name, f"leave {group.name}")
    return Reply(204)

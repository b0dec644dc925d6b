"""Crowd's operations on groups: themselves, their attributes, the accounts in them, and groups inside groups."""

from __future__ import annotations

from tenure_sandbox.atlassian.call import Reply
from tenure_sandbox.faults import capped

from . import accounts, entities, events, membership
from .call import Call, Document
from .state import Group
from .texts import refused


def get_group(call: Call) -> Reply:
    """Answer one group."""
    return Reply(200, Document("group", entities.group(call.group(), call.base, "attributes" in call.expand())))


def create_group(call: Call) -> Reply:
    """Make a group."""
    group = membership.create(call.crowd, call.mapping())
    call.wrote(group.name, "create group")
    events.group(call.crowd, "CREATED", group)
    return Reply(201, None, {"Location": entities.address(call.base, "/group", groupname=group.name)["href"]})


def update_group(call: Call) -> Reply:
    """Replace what a group has beside its name."""
    group = call.group()
    membership.update(group, call.mapping())
    call.wrote(group.name, "update group")
    events.group(call.crowd, "UPDATED", group)
    return Reply(200, Document("group", entities.group(group, call.base)))


def delete_group(call: Call) -> Reply:
    """Delete a group."""
    group = call.group()
    membership.delete(call.crowd, group)
    call.wrote(group.name, "delete group")
    events.group(call.crowd, "DELETED", group)
    return Reply(204)


def get_attributes(call: Call) -> Reply:
    """List a group's attributes."""
    group = call.group()
    link = entities.address(call.base, "/group/attribute", groupname=group.name)
    return Reply(200, Document("attributes", entities.attributes(group.attributes, link)))


def set_attributes(call: Call) -> Reply:
    """Set the attributes that the body names; the others stay."""
    group = call.group()
    group.attributes |= accounts.attributes_of(call.entity())
    call.wrote(group.name, "attributes")
    return Reply(204)


def delete_attribute(call: Call) -> Reply:
    """Remove one attribute; one that is not there is no error."""
    group = call.group()
    group.attributes.pop(call.needed("attributename"), None)
    call.wrote(group.name, "delete attribute")
    return Reply(204)


def _users(call: Call, nested: bool) -> Reply:
    group, name = call.group(), call.text("username")
    found = membership.members(call.crowd, group, nested)
    if name is None:
        return Reply(200, Document("users", entities.users(call.page(found), call.base, call.expand())))
    one = next((account for account in capped(call.scope, found) if account.name.lower() == name.lower()), None)
    if one is None:
        raise refused("no_such_membership", member=name, group=group.name)
    return Reply(200, Document("user", entities.user_name(one, call.base)))


def direct_users(call: Call) -> Reply:
    """The direct members of a group, or one of them."""
    return _users(call, nested=False)


def nested_users(call: Call) -> Reply:
    """The members of a group and of the groups inside it, or one of them."""
    return _users(call, nested=True)


def add_user(call: Call) -> Reply:
    """Put an account that the body names into a group."""
    group, name = call.group(), accounts.text(call.mapping(), "name")
    account = call.crowd.accounts.get(name.lower())
    if account is None:
        raise refused("unknown_member", name=name)
    membership.join(call.crowd, account, group)
    call.wrote(account.name, f"join {group.name}")
    events.member(call.crowd, "CREATED", account, group)
    query = {"groupname": group.name, "username": account.name}
    return Reply(201, None, {"Location": entities.address(call.base, "/group/user/direct", **query)["href"]})


def remove_user(call: Call) -> Reply:
    """Take an account out of a group."""
    group, account = call.group(), call.account()
    membership.leave(call.crowd, account, group)
    call.wrote(account.name, f"leave {group.name}")
    events.member(call.crowd, "DELETED", account, group)
    return Reply(204)


def _groups(call: Call, found: list[Group], name: str | None) -> Reply:
    if name is None:
        return Reply(200, Document("groups", entities.groups(call.page(found), call.base, call.expand())))
    one = next((group for group in capped(call.scope, found) if group.name.lower() == name.lower()), None)
    if one is None:
        raise refused("no_such_membership", member=name, group=call.needed("groupname"))
    return Reply(200, Document("group", entities.group_name(one, call.base)))


def direct_children(call: Call) -> Reply:
    """The groups directly in a group, or one of them."""
    return _groups(call, membership.children(call.crowd, call.group(), False), call.text("child-groupname"))


def nested_children(call: Call) -> Reply:
    """The groups in a group all the way down, or one of them."""
    return _groups(call, membership.children(call.crowd, call.group(), True), call.text("child-groupname"))


def direct_parents(call: Call) -> Reply:
    """The groups that a group is directly in, or one of them."""
    return _groups(call, membership.parents(call.crowd, call.group(), False), call.text("parent-groupname"))


def nested_parents(call: Call) -> Reply:
    """The groups that a group is in all the way up, or one of them."""
    return _groups(call, membership.parents(call.crowd, call.group(), True), call.text("parent-groupname"))


def _named(call: Call) -> Group:
    name = accounts.text(call.mapping(), "name")
    group = call.crowd.groups.get(name.lower())
    if group is None:
        raise refused("unknown_group", name=name)
    return group


def _nest(call: Call, parent: Group, child: Group) -> Reply:
    membership.nest(call.crowd, parent, child)
    call.wrote(child.name, f"into {parent.name}")
    events.nested(call.crowd, "CREATED", child, parent)
    query = {"groupname": parent.name, "child-groupname": child.name}
    return Reply(201, None, {"Location": entities.address(call.base, "/group/child-group/direct", **query)["href"]})


def add_child(call: Call) -> Reply:
    """Put a group that the body names into a group."""
    return _nest(call, call.group(), _named(call))


def add_parent(call: Call) -> Reply:
    """Put a group into one that the body names."""
    child = call.group()
    return _nest(call, _named(call), child)


def remove_child(call: Call) -> Reply:
    """Take a group out of another."""
    parent, child = call.group(), call.group("child-groupname")
    membership.unnest(parent, child)
    call.wrote(child.name, f"out of {parent.name}")
    events.nested(call.crowd, "DELETED", child, parent)
    return Reply(204)


def all_memberships(call: Call) -> Reply:
    """Who and what is directly in each group, for applications that copy everything; as XML alone."""
    return Reply(200, Document("memberships", entities.memberships(call.crowd)))

"""Crowd's operations on accounts: themselves, their attributes, passwords and groups."""

from __future__ import annotations

from tenure_sandbox.atlassian.call import Reply
from tenure_sandbox.faults import capped

from . import accounts, entities, events, membership
from .call import Call, Document
from .texts import refused


def get_user(call: Call) -> Reply:
    """Answer one account, by its name in any case or by its exact key."""
    key = call.text("key")
    account = call.crowd.by_key.get(key) if key else call.account()
    if account is None:
        raise refused("no_such_user", name=key)
    return Reply(200, Document("user", entities.user(account, call.base, "attributes" in call.expand())))


def create_user(call: Call) -> Reply:
    """Make an account."""
    account = accounts.create(call.crowd, call.mapping())
    call.wrote(account.name, "create")
    events.user(call.crowd, "CREATED", account)
    place = {"Location": entities.address(call.base, "/user", username=account.name)["href"]}
    return Reply(201, Document("user", entities.user(account, call.base)), place)


def update_user(call: Call) -> Reply:
    """Replace an account's fields."""
    account = call.account()
    accounts.update(call.crowd, account, call.mapping())
    call.wrote(account.name, "update")
    events.user(call.crowd, "UPDATED", account)
    return Reply(204)


def rename_user(call: Call) -> Reply:
    """Give an account another name."""
    account = call.account()
    old = account.name
    accounts.rename(call.crowd, account, call.entity())
    call.wrote(old, f"rename to {account.name}")
    events.user(call.crowd, "UPDATED", account)
    return Reply(200, Document("user", entities.user(account, call.base)))


def delete_user(call: Call) -> Reply:
    """Delete an account."""
    account = call.account()
    call.crowd.remove(account)
    call.wrote(account.name, "delete")
    events.user(call.crowd, "DELETED", account)
    return Reply(204)


def get_attributes(call: Call) -> Reply:
    """List an account's attributes."""
    account = call.account()
    link = entities.address(call.base, "/user/attribute", username=account.name)
    return Reply(200, Document("attributes", entities.attributes(account.attributes, link)))


def set_attributes(call: Call) -> Reply:
    """Set the attributes that the body names; the others stay."""
    account = call.account()
    account.attributes |= accounts.attributes_of(call.entity())
    call.wrote(account.name, "attributes")
    events.user(call.crowd, "UPDATED", account)
    return Reply(204)


def delete_attribute(call: Call) -> Reply:
    """Remove one attribute; one that is not there is no error."""
    account = call.account()
    account.attributes.pop(call.needed("attributename"), None)
    call.wrote(account.name, "delete attribute")
    events.user(call.crowd, "UPDATED", account)
    return Reply(204)


def set_password(call: Call) -> Reply:
    """Set somebody's password."""
    account = call.account()
    account.password = accounts.password_of(call.entity())
    call.wrote(account.name, "password")
    return Reply(204)


def clear_password(call: Call) -> Reply:
    """Take somebody's password away: nobody signs in with an empty one."""
    account = call.account()
    account.password = None
    call.wrote(account.name, "clear password")
    return Reply(204)


def mail_password(call: Call) -> Reply:
    """Mail a link to set a password with; the mail itself is left out."""
    call.account()
    return Reply(204)


def mail_usernames(call: Call) -> Reply:
    """Mail the usernames that have an address; the mail itself is left out."""
    email = call.needed("email")
    if not any(account.email.lower() == email.lower() for account in call.crowd.accounts.values()):
        raise refused("no_such_address", email=email)
    return Reply(204)


def _groups(call: Call, nested: bool) -> Reply:
    account, name = call.account(), call.text("groupname")
    found = membership.groups_of(call.crowd, account, nested)
    if name is None:
        return Reply(200, Document("groups", entities.groups(call.page(found), call.base, call.expand())))
    one = next((group for group in capped(call.scope, found) if group.name.lower() == name.lower()), None)
    if one is None:
        raise refused("no_such_membership", member=account.name, group=name)
    return Reply(200, Document("group", entities.group_name(one, call.base)))


def direct_groups(call: Call) -> Reply:
    """The groups that have an account as a direct member, or one of them."""
    return _groups(call, nested=False)


def nested_groups(call: Call) -> Reply:
    """The groups that an account is in, those around its own too, or one of them."""
    return _groups(call, nested=True)


def join(call: Call) -> Reply:
    """Put an account into a group that the body names."""
    account, name = call.account(), accounts.text(call.mapping(), "name")
    group = call.crowd.groups.get(name.lower())
    if group is None:
        raise refused("unknown_group", name=name)
    membership.join(call.crowd, account, group)
    call.wrote(account.name, f"join {group.name}")
    events.member(call.crowd, "CREATED", account, group)
    return Reply(201, None, {"Location": _place(call, account.name, group.name)})


def leave(call: Call) -> Reply:
    """Take an account out of a group."""
    account, group = call.account(), call.group()
    membership.leave(call.crowd, account, group)
    call.wrote(account.name, f"leave {group.name}")
    events.member(call.crowd, "DELETED", account, group)
    return Reply(204)


def _place(call: Call, username: str, groupname: str) -> str:
    return entities.address(call.base, "/user/group/direct", username=username, groupname=groupname)["href"]

"""Bitbucket's operations on accounts: those of administrators, and everybody's own."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Reply

from . import accounts, beans, membership
from .call import Call
from .permissions import ADMIN, level
from .state import GLOBAL, Account
from .texts import refused


def _filtered(rows: list[Account], text: str | None) -> list[Account]:
    """Those whose name, display name or e-mail address contains a text, in any case, by name."""
    low = (text or "").lower()
    found = [a for a in rows if low in f"{a.name}\n{a.display_name}\n{a.email}".lower()]
    return sorted(found, key=lambda account: account.name.lower())


def _page(call: Call, rows: list[Account]) -> Reply:
    found = _filtered(rows, call.text("filter"))
    reply = call.page(found)
    reply.body["values"] = [beans.detailed(account, call.base) for account in reply.body["values"]]
    return reply


def list_users(call: Call) -> Reply:
    """Answer a page of all accounts, inactive ones too."""
    return _page(call, list(call.bitbucket.accounts.values()))


def create_user(call: Call) -> Reply:
    """Make an account out of query parameters, its password among them; there is no mail server to notify with."""
    if call.flag("notify", False):
        raise refused("no_mail_server")
    fields = {name: call.text(name) for name in ("name", "displayName", "emailAddress", "password")}
    account = accounts.create(call.bitbucket, fields, call.flag("addToDefaultGroup", True), call.full)
    call.wrote(account.name, "create")
    return Reply(204)


def update_user(call: Call) -> Reply:
    """Change an account's display name and address. There is no way to change whether it is active."""
    body = call.known("name", "displayName", "email")
    account = accounts.by_name(call.bitbucket, body.get("name"))
    accounts.may_change(call.bitbucket, account, call.caller)
    accounts.update(account, body)
    call.wrote(account.name, "update")
    return Reply(200, beans.detailed(account, call.base))


def rename_user(call: Call) -> Reply:
    """Give an account another name."""
    body = call.known("name", "newName")
    account = accounts.by_name(call.bitbucket, body.get("name"))
    accounts.may_change(call.bitbucket, account, call.caller)
    old = account.name
    accounts.rename(call.bitbucket, account, body.get("newName"))
    call.wrote(old, f"rename to {account.name}")
    return Reply(200, beans.detailed(account, call.base))


def set_password(call: Call) -> Reply:
    """Set somebody's password."""
    body = call.known("name", "password", "passwordConfirm")
    account = accounts.by_name(call.bitbucket, body.get("name"))
    accounts.may_change(call.bitbucket, account, call.caller)
    accounts.set_password(account, body)
    call.wrote(account.name, "password")
    return Reply(204)


def delete_user(call: Call) -> Reply:
    """Delete an account with its permissions; its keys stay."""
    account = call.account()
    accounts.delete(call.bitbucket, account, call.caller)
    call.wrote(account.name, "delete")
    return Reply(200, beans.detailed(account, call.base))


def may_erase(call: Call) -> Reply:
    """Say whether a name is that of a deleted account."""
    accounts.erasable(call.bitbucket, call.text("name"))
    return Reply(204)


def erase_user(call: Call) -> Reply:
    """Forget who a deleted account was."""
    account = accounts.erasable(call.bitbucket, call.text("name"))
    identifier = call.bitbucket.erase(account)
    call.wrote(account.name, "erase")
    return Reply(200, {"newIdentifier": identifier})


def clear_captcha(call: Call) -> Reply:
    """Forget failed sign-ins; a stand-in counts none."""
    call.wrote(call.account().name, "captcha")
    return Reply(204)


def add_groups(call: Call) -> Reply:
    """Put an account into several groups, all or none."""
    body = call.known("user", "groups")
    groups = body.get("groups")
    membership.join(
        call.bitbucket, [body.get("user")], groups if isinstance(groups, list) else [], call.caller, call.full
    )
    call.wrote(str(body.get("user")), f"join {groups}")
    return Reply(200)


def add_group(call: Call) -> Reply:
    """Put an account, the `context`, into a group: deprecated."""
    body = call.known("context", "itemName")
    membership.join(call.bitbucket, [body.get("context")], [body.get("itemName")], call.caller, call.full)
    call.wrote(str(body["context"]), f"join {body['itemName']}")
    return Reply(200)


def remove_group(call: Call) -> Reply:
    """Take an account, the `context`, out of a group."""
    body = call.known("context", "itemName")
    account = accounts.by_name(call.bitbucket, body.get("context"))
    group = membership.by_name(call.bitbucket, body.get("itemName"))
    membership.leave(call.bitbucket, account, group, call.caller)
    call.wrote(account.name, f"leave {group.name}")
    return Reply(200)


def _groups(call: Call, inside: bool) -> Reply:
    name, low = call.needed("context", "no_context"), (call.text("filter") or "").lower()
    account = call.bitbucket.accounts.get(name.lower())
    mine = account.groups if account else set()
    found = [g for key, g in call.bitbucket.groups.items() if (key in mine) is inside and low in key]
    return call.page([beans.group(one) for one in sorted(found, key=lambda group: group.name.lower())])


def groups_of(call: Call) -> Reply:
    """Answer the groups of an account; of somebody who is not there, none: a guess, no code is documented."""
    return _groups(call, inside=True)


def groups_without(call: Call) -> Reply:
    """Answer the groups that an account is not in."""
    return _groups(call, inside=False)


def members(call: Call) -> Reply:
    """Answer the members of a group; of one that is not there, none: a guess, no code is documented."""
    group = call.bitbucket.groups.get(call.needed("context", "no_context").lower())
    return _page(call, list(group.members.values()) if group else [])


def non_members(call: Call) -> Reply:
    """Answer the accounts that are not in a group."""
    name = call.needed("context", "no_context").lower()
    return _page(call, [a for a in call.bitbucket.accounts.values() if name not in a.groups])


def find_users(call: Call) -> Reply:
    """Answer a page of active accounts as everybody sees them, of one group or with a global permission if asked."""
    group, wanted = call.text("group"), call.text("permission")
    found = [a for a in call.bitbucket.accounts.values() if a.active and (not group or group.lower() in a.groups)]
    if wanted is not None:
        if wanted not in GLOBAL:
            raise refused("no_such_permission", name=wanted)
        found = [a for a in found if level(call.bitbucket, a) >= GLOBAL.index(wanted)]
    return call.page([beans.user(account, call.base) for account in _filtered(found, call.text("filter"))])


def get_user(call: Call) -> Reply:
    """Answer one account by its slug."""
    return Reply(200, beans.user(call.slugged(), call.base))


def update_myself(call: Call) -> Reply:
    """Change the caller's own display name or address."""
    body: dict[str, Any] = call.known("name", "displayName", "email", "password")
    accounts.update(call.caller, {"displayName": call.caller.display_name, "email": call.caller.email, **body})
    call.wrote(call.caller.name, "update")
    return Reply(200, beans.user(call.caller, call.base))


def set_my_password(call: Call) -> Reply:
    """Set the caller's own password, who must know the old one."""
    body = call.known("password", "passwordConfirm", "oldPassword")
    if body.get("oldPassword") != call.caller.password:
        raise refused("old_password")
    accounts.set_password(call.caller, body)
    call.wrote(call.caller.name, "password")
    return Reply(204)


def _own_settings(call: Call) -> Account:
    account = call.slugged()
    if account is not call.caller and call.level() < ADMIN:
        raise refused("not_permitted")
    return account


def settings(call: Call) -> Reply:
    """Answer an account's settings, to itself or an administrator."""
    return Reply(200, _own_settings(call).settings)


def update_settings(call: Call) -> Reply:
    """Set some of an account's settings; the others stay."""
    account, given = _own_settings(call), call.fields()
    if not all(isinstance(value, bool | int | float | str) for value in given.values()):
        raise refused("setting")
    account.settings |= given
    call.wrote(account.name, f"settings {', '.join(sorted(given))}")
    return Reply(204)

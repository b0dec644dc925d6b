"""Confluence's operations on accounts and on the caller's own."""

from __future__ import annotations

from tenure_sandbox.atlassian.call import Reply

from . import accounts, entities
from .call import Call
from .state import Account
from .texts import refused

USERS_A_PAGE, GROUPS_A_PAGE = 100, 200


def get_user(call: Call) -> Reply:
    """Answer one account, by its exact key or by its username in any case."""
    return Reply(200, entities.user(call.confluence, call.account(), call.base, call.expand()))


def get_current(call: Call) -> Reply:
    """Answer who is signed in, or nobody."""
    if call.signed_in is None:
        return Reply(200, entities.anonymous())
    return Reply(200, entities.user(call.confluence, call.signed_in, call.base, call.expand()))


def get_anonymous(call: Call) -> Reply:
    """Answer how nobody looks."""
    del call
    return Reply(200, entities.anonymous())


def _users(call: Call, found: list[Account]) -> Reply:
    expand = call.expand()
    return call.page(found, lambda one: entities.user(call.confluence, one, call.base, expand), USERS_A_PAGE)


def list_users(call: Call) -> Reply:
    """Answer a page of all accounts, disabled ones too; the order, by username, is a guess."""
    return _users(call, [call.confluence.accounts[name] for name in sorted(call.confluence.accounts)])


def list_active(call: Call) -> Reply:
    """Answer a page of the accounts that count for the licence."""
    known = call.confluence.accounts
    return _users(call, [known[n] for n in sorted(known) if call.confluence.status(known[n]) == "current"])


def member_of(call: Call) -> Reply:
    """Answer a page of the groups that an account is in, those around its groups too (a guess)."""
    groups = call.confluence.groups
    found, waiting = set[str](), sorted(call.account().groups)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [low for low, other in groups.items() if name in other.children]
    rows = [groups[name] for name in sorted(found)]
    return call.page(rows, lambda one: entities.group(one, call.base), GROUPS_A_PAGE)


def create_user(call: Call) -> Reply:
    """Make an account; the answer tells its key alone."""
    account = accounts.create(call.confluence, call.fields(), call.faces("licence_full") is not None)
    call.wrote(account.name, "create")
    return Reply(201, {"userKey": account.key})


def update_user(call: Call) -> Reply:
    """Change name and address of an account; the vendor lists no 404, so that an unknown one is a bad request."""
    name = call.arguments["username"]
    account = call.confluence.accounts.get(name.lower())
    if account is None:
        raise refused("not_updated", name=name)
    call.wrote(account.name, f"update {', '.join(accounts.update(account, call.fields()))}")
    return Reply(204)


def delete_user(call: Call) -> Reply:
    """Promise to delete an account."""
    account = call.named(call.arguments["username"])
    task = call.confluence.begin_deletion(account, call.task_fails())
    call.wrote(account.name, "delete")
    return Reply(202, entities.submission(task, call.base))


def _switch(call: Call, active: bool) -> Reply:
    account = call.named(call.arguments["username"])
    account.active = active
    call.wrote(account.name, "enable" if active else "disable")
    return Reply(204)


def disable_user(call: Call) -> Reply:
    """Disable an account; one that is disabled stays so."""
    return _switch(call, False)


def enable_user(call: Call) -> Reply:
    """Enable an account; one that is enabled stays so."""
    return _switch(call, True)


def set_password(call: Call) -> Reply:
    """Set somebody's password."""
    account = call.named(call.arguments["username"])
    accounts.set_password(account, call.fields().get("password"))
    call.wrote(account.name, "password")
    return Reply(204)


def update_current(call: Call) -> Reply:
    """Change the caller's own name, or with the current password the address."""
    body = call.fields()
    if body.get("email") is not None and body.get("currentPassword") != call.caller.password:
        raise refused("wrong_password")
    call.wrote(call.caller.name, f"update {', '.join(accounts.update(call.caller, body))}")
    return Reply(204)


def set_own_password(call: Call) -> Reply:
    """Change the caller's own password."""
    body = call.fields()
    if body.get("oldPassword") != call.caller.password:
        raise refused("wrong_password")
    accounts.set_password(call.caller, body.get("newPassword"))
    call.wrote(call.caller.name, "password")
    return Reply(204)

"""Jira's operations on accounts and their properties."""

from __future__ import annotations

from typing import Any

import orjson

from tenure_sandbox.atlassian.call import Reply
from tenure_sandbox.faults import capped

from . import accounts, beans, directory
from .call import Call
from .state import Account
from .texts import refused

SEARCH_PAGE = 1000
LIST_PAGE = 2000
FIRST_HUNDRED = 100


def get_user(call: Call) -> Reply:
    """Answer one account, by username in any case or by its exact key."""
    deleted = call.flag("includeDeleted", False) and call.administers()
    account = call.account(unnamed=404, deleted=deleted)
    expand = frozenset(word.strip() for text in call.texts("expand") for word in text.split(","))
    return Reply(200, beans.user(call.jira, account, call.base, expand))


def create_user(call: Call) -> Reply:
    """Make an account."""
    account = accounts.create(call.jira, call.fields(), call.faces("licence_full") is not None)
    call.wrote(account.name, "create")
    return Reply(201, beans.written_user(account, call.base))


def _written(account: Account) -> tuple[str, str, str, bool]:
    return account.name, account.email, account.display_name, account.active


def _update(call: Call, account: Account, body: dict[str, Any]) -> Reply:
    directory.writable(account)
    before = _written(account)
    given = accounts.update(call.jira, account, body, call.caller)
    what = orjson.dumps(given, option=orjson.OPT_SORT_KEYS).decode()
    call.wrote(before[0], f"update {what}", before != _written(account))
    return Reply(200, beans.written_user(account, call.base))


def update_user(call: Call) -> Reply:
    """Change the given fields of an account; a new name leaves the key as it is."""
    return _update(call, call.account(), call.fields())


def delete_user(call: Call) -> Reply:
    """Delete an account."""
    account = call.account()
    directory.writable(account)
    accounts.delete(call.jira, account, call.caller)
    call.wrote(account.name, "delete")
    return Reply(204)


def set_password(call: Call) -> Reply:
    """Set somebody's password."""
    account = call.account()
    directory.writable(account)
    accounts.set_password(account, call.fields())
    call.wrote(account.name, "password")
    return Reply(204)


def search_users(call: Call) -> Reply:
    """Find accounts by a part of username, display name or e-mail address, within the version's limits."""
    term = call.text("username")
    if term is None:
        raise refused(400, "search_not_named")
    start, size = call.number("startAt", 0), min(call.number("maxResults", 50), SEARCH_PAGE)
    active, inactive = call.flag("includeActive", True), call.flag("includeInactive", False)
    end = min(start + size, FIRST_HUNDRED) if call.jira.version.has("first_hundred") else start + size
    # Who may not browse people is not told so: the search just finds nobody.
    found = [] if call.faces("forbidden") else accounts.search(call.jira, term, active, inactive)
    return Reply(200, [beans.listed_user(a, call.base) for a in capped(call.scope, found)[start:end]])


def list_users(call: Call) -> Reply:
    """Answer a page of all accounts, inactive ones too, in a stream that a cursor continues."""
    cursor, size = call.text("cursor"), min(call.number("maxResults", LIST_PAGE) or LIST_PAGE, LIST_PAGE)
    rows = capped(call.scope, call.jira.listing)
    # The vendor never answers 404 to a cursor, so one that is no number has simply nothing after it.
    left = rows if cursor is None else accounts.after(rows, int(cursor)) if cursor.isdecimal() else []
    page, own = left[:size], f"{call.base}/rest/api/2/user/list?maxResults={size}"
    answer: dict[str, Any] = {
        "self": own if cursor is None else f"{own}&cursor={beans.quoted(cursor)}",
        "maxResults": size,
        "isLast": len(left) <= size,
        "values": [beans.listed_user(account, call.base) for account in page],
    }
    if not answer["isLast"]:
        answer |= {"nextCursor": str(page[-1].number), "nextPage": f"{own}&cursor={page[-1].number}"}
    return Reply(200, answer)


def property_keys(call: Call) -> Reply:
    """List the keys of an account's properties."""
    account = call.account("userKey")
    address, whose = f"{call.base}/rest/api/2/user/properties", f"?userKey={beans.quoted(account.key)}"
    keys = [{"self": f"{address}/{beans.quoted(key)}{whose}", "key": key} for key in sorted(account.properties)]
    return Reply(200, {"keys": keys})


def get_property(call: Call) -> Reply:
    """Answer one property of an account."""
    key = call.arguments["propertyKey"]
    return Reply(200, {"key": key, "value": accounts.property_value(call.account("userKey"), key)})


def set_property(call: Call) -> Reply:
    """Set one property to any JSON value: 201 when it is new, 200 when it was there."""
    account, key = call.account("userKey"), call.arguments["propertyKey"]
    accounts.check_property_key(key)
    if not 1 <= len(call.body) <= accounts.LONGEST_VALUE:
        raise refused(400, "property_value")
    value, new = call.json(), key not in account.properties
    changed = new or account.properties[key] != value
    account.properties[key] = value
    call.wrote(account.name, f"property {key}={orjson.dumps(value).decode()}", changed)
    return Reply(201 if new else 200)


def delete_property(call: Call) -> Reply:
    """Remove one property of an account."""
    account, key = call.account("userKey"), call.arguments["propertyKey"]
    accounts.property_value(account, key)
    del account.properties[key]
    call.wrote(account.name, f"delete property {key}")
    return Reply(204)


def myself(call: Call) -> Reply:
    """Answer the account that signed in, with its groups and roles."""
    return Reply(200, beans.user(call.jira, call.caller, call.base, frozenset({"groups", "applicationRoles"})))


def update_myself(call: Call) -> Reply:
    """Change the caller's own e-mail address or display name; the username is an administrator's business."""
    own = {name: value for name, value in call.fields().items() if name in ("emailAddress", "displayName")}
    return _update(call, call.caller, own)


def change_own_password(call: Call) -> Reply:
    """Set the caller's own password, for who knows the one from before."""
    body = call.fields()
    directory.writable(call.caller)
    if body.get("currentPassword") != call.caller.password:
        raise refused(400, "current_password")
    accounts.set_password(call.caller, body)
    call.wrote(call.caller.name, "password")
    return Reply(204)


def password_policy(call: Call) -> Reply:
    """Say why a password would be refused to a new account."""
    return Reply(200, accounts.password_reasons(call.fields(), "password"))


def password_policy_of_change(call: Call) -> Reply:
    """Say why a new password would be refused to an account that is there."""
    body = call.fields()
    reasons = accounts.password_reasons(body, "newPassword")
    accounts.by_name(call.jira, body["username"])
    return Reply(200, reasons)


def password_rules(call: Call) -> Reply:
    """List what the password policy asks for: nothing, since a new Jira has none."""
    call.text("hasOldPassword")
    return Reply(200, [])

"""Bitbucket's operations on how many requests an account may send; they are kept and told, and stop nobody here."""

from __future__ import annotations

from typing import Any

from tenure_sandbox.atlassian.call import Malformed, Reply

from . import accounts, beans
from .call import Call
from .permissions import ADMIN, level
from .state import Account
from .texts import Refused, refused

ORDERS = ("NEWEST", "FREQUENCY")


def settings(call: Call) -> Reply:
    """Answer what holds for everybody who has no limits of their own."""
    limits = call.bitbucket.limits
    return Reply(200, {"enabled": limits.enabled, "defaultSettings": limits.default})


def _bucket(given: Any) -> dict[str, int]:
    """How many requests are saved up at most, and how many come each second; 400 unless both are positive."""
    if not isinstance(given, dict) or given.keys() != {"capacity", "fillRate"}:
        raise refused("rate")
    if any(isinstance(one, bool) or not isinstance(one, int) or one < 1 for one in given.values()):
        raise refused("rate")
    return given


def set_settings(call: Call) -> Reply:
    """Switch the limits on or off, or change what holds for everybody."""
    given, limits = call.known("enabled", "defaultSettings"), call.bitbucket.limits
    if not given or not isinstance(given.get("enabled", True), bool):
        raise refused("rate")
    default = _bucket(given["defaultSettings"]) if "defaultSettings" in given else limits.default
    limits.enabled, limits.default = given.get("enabled", limits.enabled), default
    call.wrote("rate limits", f"enabled {limits.enabled}, default {limits.default}")
    return settings(call)


def _json(call: Call, account: Account) -> dict[str, Any]:
    """Limits of an account's own; without any, it is one that no limit holds for."""
    own = call.bitbucket.limits.own[account.id]
    told = {"user": beans.user(account, call.base), "whitelisted": own is None}
    return told | ({"settings": own} if own else {})


def history(call: Call) -> Reply:
    """Answer who was held up of late: nobody."""
    if (call.text("order") or ORDERS[0]) not in ORDERS:
        raise Malformed("order", call.text("order") or "")
    return call.page([])


def all_own(call: Call) -> Reply:
    """Answer the limits of those who have their own."""
    low, known = (call.text("filter") or "").lower(), call.bitbucket.by_id
    held = sorted((known[one] for one in call.bitbucket.limits.own if one in known), key=lambda one: one.name)
    return call.page([_json(call, one) for one in held if low in f"{one.name}\n{one.display_name}".lower()])


def _wanted(given: dict[str, Any]) -> dict[str, int] | None:
    """The limits that a body asks for; None for one that lets an account be held up by nothing."""
    if given.get("whitelisted") is True:
        if "settings" in given:
            raise refused("rate")
        return None
    return _bucket(given.get("settings"))


def _set(call: Call, account: Account, wanted: dict[str, int] | None) -> dict[str, Any]:
    call.bitbucket.limits.own[account.id] = wanted
    call.wrote(account.name, f"rate limit {wanted or 'none'}")
    return _json(call, account)


def set_many(call: Call) -> Reply:
    """Give several accounts limits of their own; one of them is shown in the vendor's document, and each here."""
    given = call.known("usernames", "whitelisted", "settings")
    named, wanted = given.get("usernames"), _wanted(given)
    if not isinstance(named, list) or not named:
        raise refused("nobody_named")
    try:
        found = [accounts.by_name(call.bitbucket, name) for name in named]
    except Refused:
        raise refused("nobody_named") from None
    return Reply(200, [_set(call, account, wanted) for account in found])


def set_own(call: Call) -> Reply:
    """Give an account limits of its own."""
    wanted = _wanted(call.known("whitelisted", "settings"))
    return Reply(200, _set(call, call.slugged(), wanted))


def _known(call: Call) -> Account:
    account = call.slugged()
    if account.id not in call.bitbucket.limits.own:
        raise refused("no_limits", name=account.name)
    return account


def get_own(call: Call) -> Reply:
    """Answer an account's own limits, to itself or to an administrator who is not below it."""
    account = call.slugged()
    below = call.level() < max(ADMIN, level(call.bitbucket, account))
    if account is not call.caller and below:
        raise refused("not_permitted")
    return Reply(200, _json(call, _known(call)))


def delete_own(call: Call) -> Reply:
    """Let what holds for everybody hold for an account again."""
    account = _known(call)
    del call.bitbucket.limits.own[account.id]
    call.wrote(account.name, "default rate limit")
    return Reply(204)

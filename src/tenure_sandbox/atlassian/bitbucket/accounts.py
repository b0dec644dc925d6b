"""Bitbucket's rules for accounts: who may be made, changed, renamed, deleted and erased, and what a password needs."""

from __future__ import annotations

from typing import Any

from .permissions import level, room_for
from .state import LICENSED, Account, Bitbucket
from .texts import refused

LONGEST = 255


def proper_name(name: Any) -> bool:
    """Whether a name can be that of an account or a group. The rule on white space is a guess."""
    return isinstance(name, str) and 1 <= len(name) <= LONGEST and name == name.strip()


def _checked(name: Any, display_name: Any, email: Any) -> tuple[str, str, str]:
    """The three fields; 400 for one that cannot be so. That an address needs an @ is a guess."""
    if not proper_name(name):
        raise refused("name")
    if not isinstance(display_name, str) or not display_name.strip() or len(display_name) > LONGEST:
        raise refused("display_name")
    if not isinstance(email, str) or not 1 <= len(email) <= LONGEST or "@" not in email:
        raise refused("email")
    return name, display_name, email


def by_name(bitbucket: Bitbucket, name: Any) -> Account:
    """Find an account by its name, in any case; 400 without a name, 404 if there is none."""
    if not isinstance(name, str) or not name:
        raise refused("no_name")
    account = bitbucket.accounts.get(name.lower())
    if account is None:
        raise refused("no_such_user", name=name)
    return account


def may_change(bitbucket: Bitbucket, account: Account, caller: Account) -> None:
    """401 for an account that holds more than the caller, 403 for one of a directory that is read-only."""
    if level(bitbucket, account) > level(bitbucket, caller):
        raise refused("higher_account", name=account.name)
    if not account.writable:
        raise refused("read_only", name=account.name)


def create(bitbucket: Bitbucket, fields: dict[str, str | None], to_default_group: bool, full: bool) -> Account:
    """Make an account; the default group gives it a licence."""
    name, display_name, email = _checked(fields["name"], fields["displayName"], fields["emailAddress"])
    if not fields["password"]:
        raise refused("no_password")
    if name.lower() in bitbucket.accounts:
        raise refused("user_taken", name=name)
    if to_default_group:
        room_for(bitbucket, {Account(0, name, "", email, display_name)}, full)
    account = bitbucket.add(name, email, display_name)
    account.password = fields["password"]
    if to_default_group:
        bitbucket.join(account, bitbucket.groups[LICENSED])
    return account


def update(account: Account, body: dict[str, Any]) -> None:
    """Set an account's display name and address; what the body leaves out stays: a guess."""
    given = body.get("displayName", account.display_name), body.get("email", account.email)
    _, account.display_name, account.email = _checked(account.name, *given)


def rename(bitbucket: Bitbucket, account: Account, name: Any) -> None:
    """Give an account another name; 409 if it is taken, also where the document lists none."""
    if not isinstance(name, str) or not proper_name(name):
        raise refused("name")
    if bitbucket.accounts.get(name.lower(), account) is not account:
        raise refused("user_taken", name=name)
    bitbucket.rename(account, name)


def delete(bitbucket: Bitbucket, account: Account, caller: Account) -> None:
    """Delete an account. Its keys and tokens stay, as its name does."""
    if account is caller:
        raise refused("self_deletion")
    if level(bitbucket, account) > level(bitbucket, caller):
        raise refused("higher_delete", name=account.name)
    if not account.writable:
        raise refused("read_only", name=account.name)
    bitbucket.remove(account)


def erasable(bitbucket: Bitbucket, name: str | None) -> Account:
    """The deleted account of a name; 409 for one that was not deleted, 404 for one that nobody had."""
    if not name:
        raise refused("no_name")
    if name.lower() in bitbucket.accounts:
        raise refused("not_deleted", name=name)
    if name.lower() not in bitbucket.deleted:
        raise refused("no_such_user", name=name)
    return bitbucket.deleted[name.lower()]


def set_password(account: Account, body: dict[str, Any], again: str = "passwordConfirm") -> None:
    """Give an account a password, which must be said twice."""
    password = body.get("password")
    if not isinstance(password, str) or not password:
        raise refused("no_password")
    if body.get(again) != password:
        raise refused("passwords_differ")
    account.password = password

"""Confluence's rules for accounts: who may be made and changed, and with what."""

from __future__ import annotations

from typing import Any

from .state import USERS, Account, Confluence
from .texts import refused

LONGEST = 255
NOT_IN_NAMES = frozenset("\\,+<>'\"")
RESERVED = "anonymous"


def _check_name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise refused("name_empty")
    if any(sign in NOT_IN_NAMES or sign.isspace() for sign in name):
        raise refused("name_characters")
    if name.lower() == RESERVED:
        raise refused("name_anonymous")
    if name != name.lower():
        raise refused("name_case")
    if len(name) > LONGEST:
        raise refused("name_long")
    return name


def _check_full_name(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise refused("full_name_empty")
    if set(name) & set("<>"):
        raise refused("full_name_characters")
    if name.lower() == RESERVED:
        raise refused("name_anonymous")
    if len(name) > LONGEST:
        raise refused("full_name_long")
    return name


def _check_email(email: Any) -> str:
    if not isinstance(email, str) or not email.strip():
        raise refused("email_empty")
    local, at, domain = email.rpartition("@")
    if not (at and local and domain) or len(email) > LONGEST or any(sign.isspace() for sign in email):
        raise refused("email_invalid")
    return email


def _password(body: dict[str, Any]) -> str | None:
    password, notify = body.get("password"), body.get("notifyViaEmail") in (True, "true")
    if notify and password is not None:
        raise refused("password_and_mail")
    if not notify and (not isinstance(password, str) or not password.strip()):
        raise refused("password_empty")
    return password if isinstance(password, str) else None


def create(confluence: Confluence, body: dict[str, Any], licence_full: bool = False) -> Account:
    """Make an active account.

    That it is put into the group of all users is a guess: every other way to make one does so, and a licence that is
    full would else not be in the way.
    """
    name, full_name, email = body.get("userName"), body.get("fullName"), body.get("email")
    name, full_name, email = _check_name(name), _check_full_name(full_name), _check_email(email)
    password = _password(body)
    if name in confluence.accounts:
        raise refused("name_taken", name=name)
    if licence_full or (confluence.seats is not None and confluence.seated() >= confluence.seats):
        raise refused("no_seats")
    account = confluence.add(name, email, full_name)
    account.password = password
    if USERS in confluence.groups:
        confluence.join(account, confluence.groups[USERS])
    return account


def update(account: Account, body: dict[str, Any]) -> list[str]:
    """Change the full name and the address, each if it is given; gives which were. That either may be left out is a
    guess: the vendor names no field as required.
    """
    full_name, email = body.get("fullName"), body.get("email")
    checked_name = _check_full_name(full_name) if full_name is not None else account.display_name
    checked_email = _check_email(email) if email is not None else account.email
    account.display_name, account.email = checked_name, checked_email
    return [name for name in ("fullName", "email") if body.get(name) is not None]


def set_password(account: Account, password: Any) -> None:
    """Give an account a password; 400 if it is blank."""
    if not isinstance(password, str) or not password.strip():
        raise refused("password_empty")
    account.password = password

"""Jira's sessions: signing in and out, and the cookie by which a session is known."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from http.cookies import CookieError, SimpleCookie

from tenure_sandbox.atlassian.call import Reply

from . import accounts, beans
from .call import Call
from .state import Account, Jira
from .texts import refused

COOKIE = "JSESSIONID"
INFO = {"loginCount": 1}


def _cookie(headers: Mapping[bytes, bytes]) -> str:
    try:
        found = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def by_cookie(jira: Jira, headers: Mapping[bytes, bytes]) -> Account | None:
    """Whose session a request belongs to; None without one, or once the account is inactive."""
    account = jira.sessions.get(_cookie(headers))
    return account if account is not None and account.active else None


def current(call: Call) -> Reply:
    """Answer who is signed in."""
    address = f"{call.base}/rest/api/latest/user?username={beans.quoted(call.caller.name)}"
    return Reply(200, {"self": address, "name": call.caller.name, "loginInfo": INFO})


def sign_in(call: Call) -> Reply:
    """Begin a session; 401 for the wrong password, 403 while Jira asks for a CAPTCHA."""
    if call.faces("captcha"):
        raise refused(403, "captcha")
    body = call.fields()
    name, password = body.get("username"), body.get("password")
    account = call.jira.accounts.get(name.lower()) if isinstance(name, str) else None
    if account is None or not account.active or not account.password or account.password != password:
        raise refused(401, "sign_in")
    number = secrets.token_hex(16)
    call.jira.sessions[number] = account
    account.last_login = datetime.now(UTC)
    cookie = {"Set-Cookie": f"{COOKIE}={number}; Path=/; HttpOnly"}
    return Reply(200, {"session": {"name": COOKIE, "value": number}, "loginInfo": INFO}, cookie)


def sign_out(call: Call) -> Reply:
    """End the session that the request belongs to."""
    call.jira.sessions.pop(_cookie(dict(call.scope["headers"])), None)
    return Reply(204)


def end_administration(call: Call) -> Reply:
    """End the caller's hour as an administrator, which begins on a page for browsers alone, and so never here."""
    return Reply(204)


def end_sessions(call: Call) -> Reply:
    """End all sessions of an account."""
    account = accounts.by_name(call.jira, call.arguments["username"])
    held = [number for number, owner in call.jira.sessions.items() if owner is account]
    for number in held:
        del call.jira.sessions[number]
    call.wrote(account.name, "end sessions")
    return Reply(200)

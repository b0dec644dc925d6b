"""Crowd's operations on searches, sign-ins, sessions, events and its single sign-on cookie."""

from __future__ import annotations

import hashlib
from typing import Any

from tenure_sandbox.atlassian.call import Malformed, Reply
from tenure_sandbox.faults import capped

from . import accounts, entities, events, search
from .call import Call, Document
from .state import Account, Session
from .texts import refused

LONGEST_SESSION_S = 1800


def _found(call: Call, restriction: Any) -> Reply:
    test, what = search.compiled(restriction), call.text("entity-type")
    no_cache = {"Cache-Control": "no-cache"}
    if what == "user":
        people = [call.crowd.accounts[name] for name in sorted(call.crowd.accounts)]
        shown = call.page([account for account in people if test(account)])
        return Reply(200, Document("users", entities.users(shown, call.base, call.expand())), no_cache)
    if what == "group":
        groups = [call.crowd.groups[name] for name in sorted(call.crowd.groups)]
        found = call.page([group for group in groups if test(group)])
        return Reply(200, Document("groups", entities.groups(found, call.base, call.expand())), no_cache)
    raise refused("entity_type")


def search_by_cql(call: Call) -> Reply:
    """Find accounts or groups by a text of the query language; without one, all of them."""
    return _found(call, search.from_cql(call.text("restriction") or ""))


def search_by_body(call: Call) -> Reply:
    """Find accounts or groups by a restriction in the body."""
    return _found(call, call.entity())


def authenticate(call: Call) -> Reply:
    """Say whether a password is somebody's; a wrong one is 400, never 401."""
    account = accounts.authenticate(call.crowd, call.needed("username"), accounts.password_of(call.entity()))
    account.attributes["lastAuthenticated"] = [str(call.crowd.now_ms())]
    return Reply(200, Document("user", entities.user(account, call.base)))


def notified(call: Call) -> Reply:
    """Hear that an application has signed somebody in itself."""
    account = accounts.authenticate(call.crowd, call.needed("username"), None)
    account.attributes["lastAuthenticated"] = [str(call.crowd.now_ms())]
    return Reply(200, Document("user", entities.user(account, call.base)))


def _factors(given: Any) -> dict[str, str]:
    rows = given.get("validationFactors") if isinstance(given, dict) else None
    if rows is None:
        return {}
    if not isinstance(rows, list) or any(not isinstance(row, dict) for row in rows):
        raise Malformed
    return {accounts.text(row, "name"): accounts.text(row, "value") for row in rows}


def _begun(call: Call, account: Account, factors: dict[str, str], lasts: int) -> Session:
    now, number = call.crowd.now_ms(), len(call.crowd.journal)
    token = hashlib.sha256(f"{number}:{account.key}".encode()).hexdigest()[:32]
    session = Session(token, account, factors, now, now + 1000 * lasts)
    call.crowd.sessions[token] = session
    call.wrote(account.name, "session")
    return session


def create_session(call: Call) -> Reply:
    """Sign somebody in, with the password unless the application vouches for them; who comes again gets the same."""
    body = call.mapping()
    checked = call.flag("validate-password", True)
    password = accounts.text(body, "password") if checked else None
    account = accounts.authenticate(call.crowd, accounts.text(body, "username"), password)
    lasts = min(call.number("duration", LONGEST_SESSION_S), LONGEST_SESSION_S)
    factors = _factors(body.get("validation-factors"))
    ongoing = (one for one in call.crowd.sessions.values() if one.account is account and one.factors == factors)
    session = next(ongoing, None) or _begun(call, account, factors, lasts)
    told = entities.session(call.crowd, session, call.base, call.expand())
    return Reply(201, Document("session", told), {"Location": told["link"]["href"]})


def _session(call: Call) -> Session:
    session = call.crowd.sessions.get(call.arguments["token"])
    if session is None or not session.account.active:
        raise refused("no_such_session")
    return session


def get_session(call: Call) -> Reply:
    """Answer a session by its token; its account comes whole, asked for or not."""
    told = entities.session(call.crowd, _session(call), call.base, frozenset({"user"}))
    return Reply(200, Document("session", told))


def validate_session(call: Call) -> Reply:
    """Say whether a token is somebody's, who comes with the same factors as at the sign-in."""
    session = _session(call)
    if _factors(call.entity()) != session.factors:
        raise refused("no_such_session")
    return Reply(200, Document("session", entities.session(call.crowd, session, call.base, call.expand())))


def end_session(call: Call) -> Reply:
    """End one session; one that is not there is no error."""
    session = call.crowd.sessions.pop(call.arguments["token"], None)
    if session is not None:
        call.wrote(session.account.name, "end session")
    return Reply(204)


def end_sessions(call: Call) -> Reply:
    """End every session of somebody but the excluded one; somebody who is not there has none."""
    account = call.crowd.accounts.get(call.needed("username").lower())
    if account is not None:
        call.crowd.end_sessions(account, call.text("exclude"))
        call.wrote(account.name, "end sessions")
    return Reply(204)


def cookie(call: Call) -> Reply:
    """Answer what the cookie of single sign-on is called; a new Crowd has no domain for it."""
    return Reply(200, Document("cookie-config", {"secure": False, "name": "crowd.token_key"}))


def current_token(call: Call) -> Reply:
    """Answer the token after which everything is news."""
    return Reply(200, Document("events", events.after(call.crowd, None)))


def events_after(call: Call) -> Reply:
    """Answer what happened after a token."""
    told = events.after(call.crowd, call.arguments["token"])
    return Reply(200, Document("events", told | {"events": capped(call.scope, told["events"])}))

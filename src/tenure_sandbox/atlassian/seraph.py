"""Seraph, by which Jira and Confluence let people in: passwords, tokens, the CAPTCHA, and what their answers tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar
from urllib.parse import quote

from starlette.types import Scope

from tenure_sandbox.faults import condition

from .call import Reply, Route
from .door import BEARER, base_of, basic, page

MISSED = {"WWW-Authenticate": 'OAuth realm="sandbox"', "X-Seraph-LoginReason": "AUTHENTICATED_FAILED"}


class Person(Protocol):
    """What is asked of an account that signs in."""

    name: str
    active: bool
    password: str | None


P = TypeVar("P", bound=Person)


class Seraph(Generic[P]):
    """The sign-in of one application."""

    def __init__(self, login: str, named: Callable[[str], P | None], owner: Callable[[], P | None] | None) -> None:
        """`login` is the page that a CAPTCHA sends to, `named` finds an account by its name in lower case.

        `owner` finds the one whose token is known; None for a version without tokens.
        """
        self._login, self._named, self._owner = login, named, owner

    def caller(self, scope: Scope, headers: Mapping[bytes, bytes]) -> P | Reply | None:
        """Who calls; None for nobody, or a page if the credentials are wrong or a CAPTCHA is due."""
        given = headers.get(b"authorization", b"").decode("latin-1")
        if not given:
            return None
        if condition(scope, "captcha"):
            login = f"CAPTCHA_CHALLENGE; login-url={base_of(scope, headers)}/{self._login}"
            denied = {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED", "X-Authentication-Denied-Reason": login}
            return page(403, "Forbidden (403)", "Basic Authentication Failure - Reason : AUTHENTICATION_DENIED", denied)
        account = self._of(given)
        if account is None or not account.active:
            reason = "Basic Authentication Failure - Reason : AUTHENTICATED_FAILED"
            return page(401, "Unauthorized (401)", reason, MISSED)
        return account

    def _of(self, given: str) -> P | None:
        if given.lower().startswith("bearer ") and self._owner is not None:
            return self._owner() if given[7:] == BEARER else None
        named = basic(given)
        account = self._named(named[0].lower()) if named else None
        return account if account is not None and named and named[1] and account.password == named[1] else None


def told(reply: Reply, signed_in: Person | None) -> Reply:
    """The answer, which tells as whom somebody is signed in."""
    if signed_in is None:
        return reply
    who = {"X-AUSERNAME": quote(signed_in.name), "X-Seraph-LoginReason": "OK"}
    return Reply(reply.status, reply.body, {**who, **reply.headers})


def untrusted(route: Route, headers: Mapping[bytes, bytes]) -> Reply | None:
    """The refusal of a write that a browser sends without the header by which it shows that it means it (XSRF)."""
    browser = headers.get(b"user-agent", b"").startswith(b"Mozilla/")
    if route.method != "GET" and browser and headers.get(b"x-atlassian-token") != b"no-check":
        return Reply(403, b"XSRF check failed", {"Content-Type": "text/plain"})
    return None

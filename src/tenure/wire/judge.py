"""Turns what came back, or did not, into an error named by what to do next."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import httpx2

from tenure.model.error import (
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    Rejected,
    TargetError,
    Unauthorized,
    Unreachable,
)
from tenure.wire.operation import Operation
from tenure.wire.reply import Reply, lost

OwnError = Callable[[Reply], str | None]
"""The words of an answer in the application's own error form, or None when somebody else wrote it (a proxy)."""

LONGEST_WORDS = 400
NOBODY = "anonymous"  # Atlassian's applications name in each answer who is signed in, also where they say 401
SIGN_IN_PAGE = re.compile(r"(^|[/._-])(login|sign-?in|sso|saml|oauth|authorize)", re.IGNORECASE)


def judge_failure(operation: Operation, problem: Exception) -> TargetError:
    """The error for an exchange without an answer.

    A connection that was never made cannot have carried a write; everything later may have. The text of a protocol
    error can quote a header, so only the texts of connection errors are passed on.
    """
    if isinstance(problem, (httpx2.ConnectError, httpx2.ConnectTimeout)):
        return Unreachable(f"no connection: {problem or 'timed out'}. Check address, network and certificate")
    if isinstance(problem, (httpx2.PoolTimeout, httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.ProxyError)):
        return Unreachable(f"the request could not be sent ({type(problem).__name__}): check address and proxy")
    if isinstance(problem, (httpx2.TimeoutException, TimeoutError)):
        return lost(operation, f"no answer in time to {operation}")
    return lost(operation, f"the connection broke during {operation} ({type(problem).__name__})")


def judge(reply: Reply, own_error: OwnError, now: datetime) -> TargetError | None:
    """The error that an answer stands for, or None when it is a success."""
    if 200 <= reply.status < 300:
        return None
    own = own_error(reply)
    said = f"{reply.operation} was answered {reply.status}: {_words(own)}"
    if reply.status == 429:
        return RateLimited(said, retry_after(reply.headers.get("retry-after"), now))
    if reply.status == 401 and own is not None and reply.headers.get("x-ausername", NOBODY) != NOBODY:
        return Forbidden(f"{said}. We are signed in, and lack the permission")
    if reply.status == 401:
        return Unauthorized(f"{said}. Check the credentials: are they right, and not expired?")
    if reply.status == 403:
        return Forbidden(f"{said}{_captcha(reply)}")
    if reply.status == 404 and own is not None:
        return NotFound(said)
    if 300 <= reply.status < 400:
        return _redirected(reply)
    if reply.status in (404, 408, 425) or reply.status >= 500 or reply.status < 200:
        return lost(reply.operation, said)
    return _refused(reply, own, said)


def _refused(reply: Reply, own: str | None, said: str) -> TargetError:
    if own is None and not reply.operation.writes:
        return Unreachable(said)
    return Conflict(said) if reply.status == 409 else Rejected(said)


def _words(own: str | None) -> str:
    if own is None:
        return "the answer is not in the application's own form (a proxy, or another address?)"
    return own if len(own) <= LONGEST_WORDS else own[:LONGEST_WORDS] + "..."


def _captcha(reply: Reply) -> str:
    reason = reply.headers.get("x-authentication-denied-reason", "")
    if "captcha" in reason.lower():
        return ". Too many failed sign-ins: somebody must sign in to this account in a browser and answer the CAPTCHA"
    return f" ({reason[:100]})" if reason else ""


def _redirected(reply: Reply) -> TargetError:
    place = urlsplit(reply.headers.get("location", ""))
    shown = f"{place.netloc}{place.path}"[:200]
    if SIGN_IN_PAGE.search(place.path):
        return Unauthorized(f"{reply.operation} was sent to a sign-in page ({shown}): check the credentials")
    return lost(reply.operation, f"{reply.operation} was redirected to {shown}: is the address in `url` the right one?")


def retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header, in either form of RFC 9110 section 10.2.3; None when it tells nothing."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value) if len(value) < 10 else None
    try:
        moment = email.utils.parsedate_to_datetime(value)
        return max(0.0, (moment - now).total_seconds())
    except (TypeError, ValueError):
        return None
